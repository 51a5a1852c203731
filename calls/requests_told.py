"""What an operator's screen is told of their call request: each step, in the transaction that makes it."""

from datetime import datetime
from typing import Any

from calls.models import CallRequest
from config.platform import feed

KIND = "call_request.updated"
EXAMPLE: dict[str, Any] = {
    "id": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
    "state": "linked",
    "reason": "manual",
    "call": "0199a1b2-5555-7000-8000-293a4b5c6d7e",
    "problem": "",
    "expires_at": "2026-11-23T07:16:00+00:00",
    "version": 4,
}


def declare() -> None:
    """Make the kind of message known; once, when the app is ready."""
    feed.declare(KIND, "A step of your click-to-call: told to the phone system, taken, there is a call, refused, expired.", EXAMPLE)


def tell(request: CallRequest, *, now: datetime) -> None:
    """Tell the operator how far it is."""
    feed.tell([request.agent_id], KIND, brief(request), about=request.pk, contact=request.contact_id, now=now)


def brief(request: CallRequest) -> dict[str, Any]:
    """A call request as a screen shows it at once."""
    return {
        "id": str(request.pk),
        "state": request.status,
        "reason": request.reason,
        "call": str(request.call_id) if request.call_id else None,
        "problem": request.problem,
        "expires_at": request.expires_at.isoformat(),
        "version": request.version,
    }
