"""Passing a complaint to another department: it moves at once, and that department takes it or gives it back. Its clocks go on.

A promise was made to the customer, whoever keeps it: no transfer gives anybody time. Only who has nobody any more is to be assigned anew.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from complaints import clocks, transfer_notices
from complaints.models import Complaint, ComplaintTransfer
from complaints.models.clocks import Metric
from complaints.models.complaints import Status
from complaints.ownership import require_may_handle
from config.platform.errors import Refusal
from config.platform.history import record, snapshot
from config.platform.models import LEADERS, User
from config.platform.moves import transition
from crm.models import Department

State = ComplaintTransfer.State


class AlreadyInDepartment(Refusal):
    """The complaint is in that department already. To give it to somebody there, assign it."""

    code = "already_in_department"
    advice = "Assign it to a person there (`POST /complaints/{id}/assign/`), or name another department."


class NoTransferWaits(Refusal):
    """No transfer of this complaint waits for an answer: it was answered already, or the complaint was passed on since."""

    code = "no_transfer_waits"
    advice = "Read the complaint again: `department` says where it is now."


class NotYourTransfer(Refusal):
    """The complaint was passed to another department: its people answer, or a supervisor."""

    code = "not_your_transfer"
    status = 403
    advice = "Let somebody of that department answer, or ask a supervisor."


def transfer(
    complaint_id: UUID,
    *,
    department: Department,
    person: User | None = None,
    reason: str,
    if_version: int | None = None,
    by: User | None,
    now: datetime,
    **facts: Any,
) -> ComplaintTransfer:
    """Pass a complaint to a department, and to somebody there if it is known whom. ``facts`` go into its history.

    Raises:
        TransitionNotAllowed, VersionConflict, NotYourComplaint, AlreadyInDepartment
    """
    told: dict[str, Any] = {"to": department.pk, **facts}
    with transition(Complaint, complaint_id, "transfer", by=by, now=now, reason=reason, if_version=if_version, **told) as complaint:
        require_may_handle(complaint, by)
        if complaint.department_id == department.pk:
            raise AlreadyInDepartment(f"It is in the department {department} already.")
        settle(complaint, now)
        row = ComplaintTransfer(
            complaint=complaint, from_department=complaint.department, from_assignee=complaint.assignee, to_department=department,
            to_person=person, reason=reason, is_ping_pong=_had_it(complaint, department), by=by, at=now,
        )  # fmt: skip
        row.save(force_insert=True)
        record(row, "ask", by=by, now=now, before={}, reason=reason)
        complaint.ping_pongs += row.is_ping_pong
        _move(complaint, department, person, now)
        transfer_notices.passed(row, now=now, but=by)
    return row


def accept(complaint_id: UUID, *, if_version: int | None = None, by: User, now: datetime) -> ComplaintTransfer:
    """Take what was passed to your department. Whoever takes it has it, unless somebody of the department has it already.

    Raises:
        TransitionNotAllowed, VersionConflict, NoTransferWaits, NotYourTransfer
    """
    with transition(Complaint, complaint_id, "accept_transfer", by=by, now=now, if_version=if_version) as complaint:
        row = _waiting(complaint, by)
        if complaint.assignee_id is None:
            complaint.assignee = by
            if complaint.status in (Status.RECEIVED, Status.ACKNOWLEDGED, Status.REOPENED):
                complaint.status = Status.ASSIGNED
        clocks.follow(complaint, now=now)
        _answer(row, State.ACCEPTED, by=by, now=now)
        transfer_notices.accepted(row, now=now, but=by)
    return row


def give_back(complaint_id: UUID, *, reason: str, if_version: int | None = None, by: User, now: datetime) -> ComplaintTransfer:
    """Return what was passed to your department to where it came from, and to whoever had it there.

    Raises:
        TransitionNotAllowed, VersionConflict, NoTransferWaits, NotYourTransfer
    """
    with transition(Complaint, complaint_id, "return_transfer", by=by, now=now, reason=reason, if_version=if_version) as complaint:
        row = _waiting(complaint, by)
        _answer(row, State.RETURNED, answer=reason, by=by, now=now)
        complaint.ping_pongs += 1
        had_it = row.from_assignee
        _move(complaint, row.from_department, had_it if had_it is not None and had_it.is_active else None, now)
        transfer_notices.returned(row, now=now, but=by)
    return row


def taken(complaint: Complaint, *, by: User | None, now: datetime) -> None:
    """Accept a transfer that waits when somebody of its department got the complaint in hand otherwise: it was assigned, or begun.

    Whoever gives it to somebody or begins it calls this, with the complaint held and its assignee set.
    """
    row = complaint.transfers.waiting().select_related("to_department").first()
    if row is not None and complaint.assignee is not None and _belongs(row, complaint.assignee):
        row.complaint = complaint
        _answer(row, State.ACCEPTED, by=by, now=now)
        transfer_notices.accepted(row, now=now, but=by)


def settle(complaint: Complaint, now: datetime) -> None:
    """End a transfer that waits for an answer which nobody needs any more: it was passed on, or it is over.

    Every end of a complaint calls this, with the complaint held. Without such a transfer nothing happens.
    """
    for row in complaint.transfers.waiting():
        _answer(row, State.OVERTAKEN, by=None, now=now)


def _waiting(complaint: Complaint, by: User) -> ComplaintTransfer:
    """The transfer that waits for an answer of ``by``."""
    waiting = complaint.transfers.waiting().select_related("from_department", "to_department", "from_assignee")
    row = waiting.first()
    if row is None:
        raise NoTransferWaits("No transfer of it waits for an answer.")
    if not may_answer(row, by):
        raise NotYourTransfer("The people of that department answer, or a supervisor.")
    row.complaint = complaint
    return row


def may_answer(row: ComplaintTransfer, by: User) -> bool:
    """Whoever it was passed to, the people of the department and its head, and supervisors."""
    return by.role in LEADERS or _belongs(row, by)


def _belongs(row: ComplaintTransfer, person: User) -> bool:
    return person.pk in (row.to_person_id, row.to_department.head_id) or row.to_department.members.filter(pk=person.pk).exists()


def _answer(row: ComplaintTransfer, state: str, *, answer: str = "", by: User | None, now: datetime) -> None:
    before = snapshot(row)
    row.state, row.answer, row.answered_by, row.answered_at = state, answer, by, now
    row.version += 1
    row.save()
    record(row, state, by=by, now=now, before=before, reason=answer)


def _move(complaint: Complaint, department: Department | None, person: User | None, now: datetime) -> None:
    """Put it there. The clocks go on: only when nobody has it any more, somebody is owed anew."""
    complaint.department, complaint.assignee = department, person
    if person is not None:
        complaint.status = Status.ASSIGNED
    else:
        complaint.status = Status.ACKNOWLEDGED if complaint.acknowledged_at is not None else Status.RECEIVED
        clocks.start(complaint, [Metric.ASSIGN], now=now)
    clocks.follow(complaint, now=now)


def _had_it(complaint: Complaint, department: Department) -> bool:
    """Whether the department had the complaint before."""
    passed = complaint.transfers.all()
    return passed.filter(from_department=department).exists() or passed.filter(to_department=department).exists()
