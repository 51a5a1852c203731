"""Whom a complaint concerns, and what their screens and other systems are told of it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from complaints.models import Complaint
from config.platform import feed, outbox
from config.platform.models import User
from crm import duty

EXAMPLE: dict[str, Any] = {
    "complaint": "0199a1b2-8888-7000-8000-293a4b5c6d7e",
    "number": "C-2026-000123",
    "status": "assigned",
    "kind": "complaint",
    "summary": "The lamp came broken",
    "priority": "high",
    "severity": "medium",
    "contact": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
    "department": "0199a1b2-dddd-7000-8000-293a4b5c6d7e",
    "assignee": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
    "due_at": "2026-11-30T15:00:00Z",
    "is_breached": False,
}
KINDS = {
    "complaint.received": "A complaint came in and nobody has it yet. For those who lead its department.",
    "complaint.assigned": "A complaint is yours now.",
    "complaint.changed": "Something happened with a complaint that you have or watch: `verb` says what.",
    "complaint.clocks_moved": "Another promise holds for a complaint that you have: `clocks` tells each due time before and after.",
}
MORE: dict[str, dict[str, Any]] = {
    "complaint.changed": {"verb": "decide"},
    "complaint.clocks_moved": {"clocks": {"resolve": ["2026-12-01T12:00:00+00:00", "2026-11-30T18:00:00+00:00"]}},
}
NEWS = {
    "complaint.received": "A complaint came in.",
    "complaint.acknowledged": "The customer was told that it came in.",
    "complaint.assigned": "Somebody has it.",
    "complaint.decided": "It was decided whether they are right, and what they get.",
    "complaint.resolved": "What was decided is done.",
    "complaint.closed": "It was put away.",
    "complaint.rejected": "It is not looked into.",
    "complaint.withdrawn": "The customer took it back.",
    "complaint.reopened": "It came back.",
    "complaint.changed": "Something else happened with it: `verb` says what. `message` and `side` are there when somebody wrote (`write`).",
}
MAY_BE_NULL = ("contact", "department", "assignee", "due_at")
MESSAGE = {"message": "0199a1b2-9999-7000-8000-293a4b5c6d7e", "side": "customer"}
#: What other systems are told when a verb was done; of the others `complaint.changed`.
NEWS_OF = {
    "receive": "complaint.received",
    "acknowledge": "complaint.acknowledged",
    "assign": "complaint.assigned",
    "decide": "complaint.decided",
    "resolve": "complaint.resolved",
    "solve": "complaint.resolved",
    "close": "complaint.closed",
    "reject": "complaint.rejected",
    "withdraw": "complaint.withdrawn",
    "reopen": "complaint.reopened",
}


def declare() -> None:
    """Add the kinds of complaints to the live feed, and their types to the news for other systems."""
    for kind, tells in KINDS.items():
        feed.declare(kind, tells, EXAMPLE | MORE.get(kind, {}))
    for type_, tells in NEWS.items():
        verb = next((verb for verb, told in NEWS_OF.items() if told == type_), "")
        status = type_.partition(".")[2]
        more: dict[str, Any] = {"status": status, "verb": verb}
        if type_ == "complaint.changed":
            more |= {"status": "in_progress", "verb": "write"} | MESSAGE
        outbox.declare(type_, tells, EXAMPLE | more, may_be_null=MAY_BE_NULL, optional=MESSAGE)


def tell_of(
    complaint: Complaint,
    kind: str,
    *,
    now: datetime,
    but: User | None = None,
    to: Iterable[UUID | None] | None = None,
    besides: Iterable[UUID | None] = (),
    **more: Any,
) -> None:
    """Tell whoever has it and who watches it, or those named in ``to``, how it stands now. Whoever moves it tells before it is saved.

    ``besides`` are told too; ``but`` is who did it, and knows; ``more`` goes into the message beside ``brief``.
    """
    told = [one for one in [*(recipients(complaint) if to is None else to), *besides] if but is None or one != but.pk]
    feed.tell(told, kind, brief(complaint, now) | more, about=complaint.pk, contact=complaint.contact_id, now=now)


def recipients(complaint: Complaint) -> list[UUID | None]:
    """Whoever has it, and who watches it."""
    return [complaint.assignee_id, *complaint.watchers.values_list("user", flat=True)]


def leaders(complaint: Complaint) -> list[UUID]:
    """Those who answer for it: the head and the leads of its department, else of the nearest above, else every supervisor."""
    return duty.leaders_of(complaint.department)


def news(complaint: Complaint, type_: str, *, now: datetime, is_saved: bool = False, **more: Any) -> None:
    """Tell other systems, in the transaction that causes it. Whoever moves a complaint tells before it is saved, unless ``is_saved``."""
    subject = outbox.Subject("complaint", complaint.pk, complaint.version + (0 if is_saved else 1))
    data = brief(complaint, now) | more
    was = outbox.before(complaint, complaint.was, data)
    outbox.tell(type_, subject, data, contact=complaint.contact_id, previous=was, now=now)


def brief(complaint: Complaint, now: datetime) -> dict[str, Any]:
    """A complaint as a screen shows it at once."""
    return {
        "complaint": str(complaint.pk),
        "number": complaint.number,
        "status": complaint.status,
        "kind": complaint.kind,
        "summary": complaint.summary,
        "priority": complaint.priority,
        "severity": complaint.severity,
        "contact": str(complaint.contact_id) if complaint.contact_id else None,
        "department": str(complaint.department_id) if complaint.department_id else None,
        "assignee": str(complaint.assignee_id) if complaint.assignee_id else None,
        "due_at": complaint.due_at,
        "is_breached": complaint.is_breached(now),
    }
