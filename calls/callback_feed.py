"""Whom a callback concerns, and what their screens are told of it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from calls import queues
from calls.models import Callback
from config.platform import feed
from config.platform.models import Role, User

EXAMPLE: dict[str, Any] = {
    "callback": "0199a1b2-7777-7000-8000-293a4b5c6d7e",
    "contact": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
    "state": "due",
    "at": "2026-11-24T15:00:00Z",
    "local_time": "2026-11-24T18:00:00",
    "time_zone": "Europe/Moscow",
    "recipient": "agent",
    "passed_on": 0,
}
KINDS = {
    "callback.due": "It is time to call somebody back. `passed_on` above 0: others had it before and nobody took it.",
    "callback.assigned": "A callback was given to you, your team, or anyone; it is not due yet.",
    "callback.settled": "Nothing is to be done any more: they were reached, or it was called off.",
    "callback.given_back": "You had it in hand too long; whoever comes first takes it.",
    "callback.missed": "Nobody called back in time. For those who lead.",
}


def declare() -> None:
    """Add the kinds of callbacks to the live feed."""
    for kind, tells in KINDS.items():
        feed.declare(kind, tells, EXAMPLE)


def recipients(row: Callback) -> list[UUID]:
    """Ids of those who may take it: one operator, the people of a team, those of its queue, or every operator."""
    if row.recipient == Callback.Recipient.AGENT and row.agent_id:
        return [row.agent_id]
    if row.recipient == Callback.Recipient.TEAM and row.team is not None:
        return list(row.team.members.filter(is_active=True).values_list("pk", flat=True))
    of_queue = queues.people_of(queues.usual(row.queue)) if row.queue else []
    return of_queue or list(User.objects.filter(role=Role.AGENT, is_active=True).values_list("pk", flat=True))


def tell_of(row: Callback, kind: str, *, now: datetime, to: Iterable[UUID] | None = None, besides: Iterable[UUID | None] = ()) -> None:
    """Tell those whom it concerns, or those named in ``to``, how it stands now. Whoever moves it tells before it is written."""
    state = {"callback.due": "due", "callback.missed": "missed", "callback.given_back": "due"}.get(kind, row.status)
    data = brief(row) | {"state": state}
    feed.tell([*(recipients(row) if to is None else to), *besides], kind, data, about=row.pk, contact=row.contact_id, now=now)


def brief(row: Callback) -> dict[str, Any]:
    """A callback as a screen shows it at once."""
    return {
        "callback": str(row.pk),
        "contact": str(row.contact_id) if row.contact_id else None,
        "state": row.status,
        "at": row.at,
        "local_time": row.wall.isoformat(),
        "time_zone": row.time_zone,
        "recipient": row.recipient,
        "passed_on": row.passed_on,
    }
