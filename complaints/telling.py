"""Whom a complaint concerns, and what their screens are told of it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from complaints.models import Complaint
from config.platform import feed
from config.platform.models import User

EXAMPLE: dict[str, Any] = {
    "complaint": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
    "number": "C-2026-000123",
    "status": "in_progress",
    "message": "0199a1b2-9999-7000-8000-293a4b5c6d7e",
    "side": "customer",
    "visibility": "public",
}


def recipients(complaint: Complaint) -> list[UUID | None]:
    """Whoever has it, and whoever watches it."""
    return [complaint.assignee_id, *complaint.watchers.values_list("user_id", flat=True)]


def tell_of(
    complaint: Complaint, kind: str, *, now: datetime, but: User | None = None, besides: Iterable[UUID | None] = (), **more: Any
) -> None:
    """Tell those whom it concerns how it stands now; ``but`` is who did it and knows."""
    data = {"complaint": str(complaint.pk), "number": complaint.number, "status": complaint.status, **more}
    to = [one for one in [*recipients(complaint), *besides] if but is None or one != but.pk]
    feed.tell(to, kind, data, about=complaint.pk, contact=complaint.contact_id, now=now)
