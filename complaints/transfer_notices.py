"""Who is told of transfers by the live feed: those to whose department a complaint goes, those who have it no longer, and who watches."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from complaints import telling
from complaints.models import ComplaintTransfer
from config.platform import feed
from config.platform.models import User
from crm import duty
from crm.models import Department

TRANSFERRED, ACCEPTED, RETURNED = "complaint.transferred", "complaint.accepted", "complaint.returned"
EXAMPLE: dict[str, Any] = {
    "transfer": "0199a1b2-9999-7000-8000-293a4b5c6d7e",
    "complaint": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
    "number": "C-2026-000123",
    "contact": "0199a1b2-1111-7000-8000-293a4b5c6d7e",
    "state": "asked",
    "from_department": "0199a1b2-2222-7000-8000-293a4b5c6d7e",
    "to_department": "0199a1b2-3333-7000-8000-293a4b5c6d7e",
    "to_person": None,
    "reason": "It is about a bill.",
    "answer": "",
    "due_at": "2026-11-23T15:00:00Z",
}
#: How many the first screen shows.
MOST = 20
KINDS = {
    TRANSFERRED: "A complaint was passed to your department, or away from you: accept it, or return it.",
    ACCEPTED: "A complaint that you passed on, or had, was taken.",
    RETURNED: "A complaint that was passed on came back to your department.",
}


def declare() -> None:
    """Add the kinds of transfers to the live feed."""
    for kind, tells in KINDS.items():
        state = {TRANSFERRED: "asked", ACCEPTED: "accepted", RETURNED: "returned"}[kind]
        answer = "This is not of our department." if kind == RETURNED else ""
        feed.declare(kind, tells, EXAMPLE | {"state": state, "answer": answer})


def passed(row: ComplaintTransfer, *, now: datetime, but: User | None) -> None:
    """To those of the department, to the person named, and to whoever had it."""
    _tell("transfer", [*people_of(row.to_department, now), row.to_person_id, row.from_assignee_id], TRANSFERRED, row, now, but)


def accepted(row: ComplaintTransfer, *, now: datetime, but: User | None) -> None:
    """To whoever passed it on and whoever had it."""
    _tell("accept_transfer", [row.by_id, row.from_assignee_id], ACCEPTED, row, now, but)


def returned(row: ComplaintTransfer, *, now: datetime, but: User | None) -> None:
    """To those of the department that has it again, whoever passed it on, and whoever has it again."""
    _tell("return_transfer", [*people_of(row.from_department, now), row.by_id, row.from_assignee_id], RETURNED, row, now, but)


def people_of(department: Department | None, now: datetime) -> list[UUID]:
    """Those who lead a department and those who are on duty in it now; for no department every supervisor."""
    return [*duty.leaders_of(department), *(duty.on_duty(department, now) if department is not None else [])]


def brief(row: ComplaintTransfer) -> dict[str, Any]:
    """A transfer as a screen shows it at once. Words go along only where an erasure of the contact will find them."""
    complaint = row.complaint
    return {
        "transfer": str(row.pk),
        "complaint": str(complaint.pk),
        "number": complaint.number,
        "contact": str(complaint.contact_id) if complaint.contact_id else None,
        "state": row.state,
        "from_department": str(row.from_department_id) if row.from_department_id else None,
        "to_department": str(row.to_department_id),
        "to_person": str(row.to_person_id) if row.to_person_id else None,
        "reason": row.reason if complaint.contact_id else "",
        "answer": row.answer if complaint.contact_id else "",
        "due_at": complaint.due_at,
    }


def waiting(user: User, now: datetime) -> list[dict[str, Any]]:
    """What waits for an answer of this person's departments, or of this person; the eldest first. For the first screen."""
    theirs = Q(to_department__members=user) | Q(to_department__head=user) | Q(to_person=user)
    rows = ComplaintTransfer.objects.waiting().filter(theirs).select_related("complaint").distinct().order_by("id")
    return [brief(row) for row in rows[:MOST]]


def _tell(verb: str, to: Iterable[UUID | None], kind: str, row: ComplaintTransfer, now: datetime, but: User | None) -> None:
    complaint = row.complaint
    recipients = {one for one in to if one is not None and (but is None or one != but.pk)}
    feed.tell(recipients, kind, brief(row), about=complaint.pk, contact=complaint.contact_id, now=now)
    others = [one for one in complaint.watchers.values_list("user", flat=True) if one not in recipients]
    telling.tell_of(complaint, "complaint.changed", to=others, but=but, now=now, verb=verb)
    telling.news(complaint, telling.NEWS_OF.get(verb, "complaint.changed"), verb=verb, now=now)
