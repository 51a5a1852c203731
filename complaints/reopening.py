"""A complaint that comes back: within so many days it is the same one, later it is a new one that names the old."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from complaints import clocks, intake, satisfaction, telling
from complaints.handling import done
from complaints.models import Complaint
from complaints.models.complaints import Channel, Status
from config.platform.errors import Refusal
from config.platform.models import User
from config.platform.moves import check_version, transition


class AlreadyFollowed(Refusal):
    """It came back already as a new complaint that is open: `complaint` is its id. Write there."""

    code = "already_followed"
    advice = "Write in the complaint whose id is in `complaint`: the customer's matter goes on there."


@transaction.atomic
def reopen(
    complaint_id: UUID, *, reason: str, channel: str = Channel.CALL, if_version: int | None = None, by: User | None, now: datetime
) -> Complaint:
    """Begin it anew; what was promised is promised again. After COMPLAINT_REOPEN_DAYS a new one is received instead, and answered.

    Anybody may who sees it: whoever has the customer on the line.

    Raises:
        AlreadyFollowed, TransitionNotAllowed, VersionConflict
    """
    complaint = Complaint.objects.select_for_update(of=("self",)).get(pk=complaint_id)
    if complaint.status in Complaint.MOVES["reopen"].start and _is_too_late(complaint, now):
        check_version(complaint, if_version)
        return _come_back(complaint, reason, channel, by, now)
    with transition(Complaint, complaint_id, "reopen", by=by, now=now, reason=reason, if_version=if_version) as complaint:
        complaint.status = Status.REOPENED
        complaint.ended_at = complaint.resolved_at = complaint.duplicate_of = complaint.is_satisfied = None
        complaint.solved_on_call = False
        complaint.reopened_count += 1
        if complaint.assignee is not None and not complaint.assignee.is_active:
            complaint.assignee = None
        satisfaction.call_off(complaint, reason="It was reopened.", by=by, now=now)
        clocks.restart(complaint, now=now)
        done(complaint, "reopen", by=by, now=now)
        if complaint.assignee_id is None:
            telling.tell_of(complaint, "complaint.received", to=telling.leaders(complaint), but=by, now=now)
    return complaint


def _is_too_late(complaint: Complaint, now: datetime) -> bool:
    return complaint.ended_at is not None and complaint.ended_at + timedelta(days=settings.COMPLAINT_REOPEN_DAYS) < now


def _come_back(complaint: Complaint, reason: str, channel: str, by: User | None, now: datetime) -> Complaint:
    there = complaint.followed_by.open().first()
    if there is not None:
        raise AlreadyFollowed(f"It came back as {there.number}.", complaint=str(there.pk), number=there.number)
    same = {name: getattr(complaint, name) for name in ("kind", "severity", "impact", "language", "topic", "product", "order", "summary")}
    there_still = complaint.department if complaint.department is not None and complaint.department.is_active else None  # else by the rules
    return intake.receive(
        **same, contact=complaint.contact, phone=complaint.e164, department=there_still, description=reason, channel=channel,
        follows=complaint, by=by, now=now,
    )  # fmt: skip
