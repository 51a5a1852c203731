"""Who is told of transfers by the live feed: whom the call is to go to, and whoever asked for it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from calls.models import CallTransfer
from config.platform import feed

OFFERED, ANSWERED, ENDED = "transfer.offered", "transfer.answered", "transfer.ended"
EXAMPLE: dict[str, Any] = {
    "transfer": "0199a1b2-8888-7000-8000-293a4b5c6d7e",
    "call": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
    "state": "asked",
    "kind": "attended",
    "from_agent": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
}
CONTEXT: dict[str, Any] = {
    "call": {"direction": "inbound", "queue": "support", "started_at": "2026-11-23T07:15:00Z", "wait_s": 8.0},
    "contact": "0199a1b2-1111-7000-8000-293a4b5c6d7e",
    "topics": ["delivery-late"],
    "disposition": None,
    "script": {"run": "0199a1b2-7777-7000-8000-293a4b5c6d7e", "name": "Complaint", "version": 2, "passed": 3, "due": 5},
    "open": {"tasks": 1, "orders": 1, "calls": 1, "return_calls": 0},
}


def declare() -> None:
    """The kinds of messages; called once, when the app is ready."""
    offered = {**EXAMPLE, "note": "Her parcel is late for the second time.", "context": CONTEXT}
    feed.declare(OFFERED, "A call is to be passed to you, your queue or your department: what to know of it.", offered)
    feed.declare(ANSWERED, "A transfer that you asked for was accepted or declined.", EXAMPLE | {"state": "accepted", "reason": ""})
    feed.declare(ENDED, "What became of a transfer that you asked for.", EXAMPLE | {"state": "completed"})


def offered(row: CallTransfer, recipients: Iterable[UUID], *, now: datetime) -> None:
    """What the one who takes the call should know. The words go along only where an erasure of the contact will find them."""
    words = {"note": row.note if row.call.contact_id else "", "context": row.context}
    _tell(recipients, OFFERED, row, words, now)


def answered(row: CallTransfer, *, now: datetime) -> None:
    """Accepted or declined."""
    _tell([row.asked_by_id], ANSWERED, row, {"reason": row.decline_reason if row.call.contact_id else ""}, now)


def ended(row: CallTransfer, *, now: datetime) -> None:
    """What became of it."""
    _tell([row.asked_by_id], ENDED, row, {}, now)


def _tell(recipients: Iterable[UUID | None], kind: str, row: CallTransfer, more: dict[str, Any], now: datetime) -> None:
    data = {"transfer": row.pk, "call": row.call_id, "state": row.status, "kind": row.kind, "from_agent": row.from_agent_id, **more}
    feed.tell(recipients, kind, data, about=row.pk, contact=row.call.contact_id, now=now)
