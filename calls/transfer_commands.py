"""Transfers that operators ask for, as commands to the phone system that has the call."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from calls import commands, transfer_notices
from calls.models import AgentExtension, CallTransfer, PhoneSystem
from config.platform.models import User
from config.platform.moves import TransitionNotAllowed, transition


def owe(row: CallTransfer) -> None:
    """Registered with ``calls.transfers.asked``: the phone system is to do it, where it takes commands; else the operator's telephone does."""
    system: PhoneSystem | None = row.call.phone_system
    if system is not None and system.is_active and system.takes_commands and row.asked_at is not None:
        commands.owe("transfer", row.pk, system=system, expires_at=row.asked_at + settings.TRANSFER_PENDING, now=row.asked_at)


def told(ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """What a phone system is told, of those that still wait to be carried out."""
    rows = list(CallTransfer.objects.pending().filter(pk__in=ids).select_related("call", "to_department"))
    people = {person for row in rows for person in (row.from_agent_id, row.to_agent_id) if person}
    seats = AgentExtension.objects.filter(user__in=people, is_active=True).order_by("-extension")
    at: dict[tuple[UUID | None, UUID | None], str] = {(one.phone_system_id, one.user_id): one.extension for one in seats}
    return {
        row.pk: {
            "call_id": row.call.external_id,
            "kind": row.kind,
            "from_extension": at.get((row.call.phone_system_id, row.from_agent_id), ""),
            "to": {
                "extension": at.get((row.call.phone_system_id, row.to_agent_id), ""),
                "queue": row.to_queue,
                "department": row.to_department.name if row.to_department else "",
                "number": row.to_number,
            },
        }
        for row in rows
    }


def sending(transfer_id: UUID, now: datetime) -> None:
    """Nothing to note: whoever asked waits for the result, not for the telling."""


def accepted(transfer_id: UUID, call_id: str, by: User | None, now: datetime) -> None:
    """Nothing to note: what becomes of it follows from the events."""


def refused(transfer_id: UUID, reason: str, by: User | None, now: datetime) -> None:
    """The phone system does not do it: whoever asked is told, with its reason, unless the events told better meanwhile."""
    try:
        with transition(CallTransfer, transfer_id, "fail_to_do", by=by, now=now, reason=reason) as row:
            row.decline_reason = reason[:500]
    except TransitionNotAllowed:
        return
    transfer_notices.ended(row, now=now)


def failed(transfer_id: UUID, problem: str, now: datetime) -> None:
    """The phone system cannot be told."""
    refused(transfer_id, problem, None, now)


def unheard(transfer_id: UUID, problem: str, now: datetime) -> None:
    """Its time is over; ``calls.transfers.expire`` ends what was asked, unless it is known that it could not be told."""
    if problem:
        refused(transfer_id, problem, None, now)


TRANSFER = commands.Kind(told, sending, accepted, refused, failed, unheard)
