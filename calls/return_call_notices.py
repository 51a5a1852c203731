"""What people are told of return calls by the live feed: those who have one in hand, and those who lead when one is overdue."""

from datetime import datetime
from typing import Any

from calls.models import ReturnCall
from config.platform import feed

ASSIGNED, CLOSED, OVERDUE = "return_call.assigned", "return_call.closed", "return_call.overdue"
EXAMPLE = {
    "return_call": "0199a1b2-9999-7000-8000-293a4b5c6d7e",
    "state": "assigned",
    "reason": "abandoned",
    "queue": "support",
    "times_called": 3,
    "due_at": "2026-11-23T11:15:00Z",
}


def declare() -> None:
    """The kinds of messages; called once, when the app is ready."""
    feed.declare(ASSIGNED, "A return call was given to you, or is yours again.", EXAMPLE)
    feed.declare(CLOSED, "A return call that you had in hand needs no call any more.", EXAMPLE | {"state": "auto_closed"})
    feed.declare(OVERDUE, "A return call of your department or in your hands is overdue.", EXAMPLE)


def assigned(row: ReturnCall, *, now: datetime) -> None:
    """It is somebody's now."""
    _tell([row.assignee_id], ASSIGNED, row, now)


def closed(row: ReturnCall, *, now: datetime) -> None:
    """Whoever had it need not call."""
    _tell([row.assignee_id], CLOSED, row, now)


def overdue(row: ReturnCall, leaders: list[Any], *, now: datetime) -> None:
    """Whoever has it, and those who lead."""
    _tell([row.assignee_id, *leaders], OVERDUE, row, now)


def _tell(recipients: list[Any], kind: str, row: ReturnCall, now: datetime) -> None:
    feed.tell(recipients, kind, brief(row), about=row.pk, contact=row.contact_id, now=now)


def brief(row: ReturnCall) -> dict[str, Any]:
    """A return call as a screen shows it at once."""
    return {
        "return_call": row.pk,
        "state": row.status,
        "reason": row.reason,
        "queue": row.queue,
        "times_called": row.times_called,
        "due_at": row.due_at,
    }
