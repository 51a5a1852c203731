"""Transfers that operators ask for, as commands to the phone system: by the same two ways as a click, where it says that it takes them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from calls import commands, transfer_notices
from calls.models import AgentExtension, Call, CallLeg, CallTransfer, PhoneCommand, Queue
from config.platform.models import User
from config.platform.moves import TransitionNotAllowed, transition


def ask(row: CallTransfer) -> None:
    """Registered with ``calls.transfers.asked``: tell the phone system of the call, when it takes transfers and can find whom it goes to."""
    call = row.call
    system = call.phone_system
    if call.source != Call.Source.EVENT or system is None or not (system.is_active and system.takes_commands and system.takes_transfers):
        return
    if _target(row):
        now = row.asked_at or row.at
        expires_at = now + timedelta(seconds=settings.CALL_REQUEST_SECONDS)
        commands.owe(PhoneCommand.Kind.TRANSFER, row.pk, system=system, expires_at=expires_at, now=now)


def told(ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """What the phone system is told, of those that are still asked for and whose call goes on."""
    rows = CallTransfer.objects.pending().filter(pk__in=ids).exclude(call__state=Call.State.ENDED).select_related("call")
    found = {}
    for row in rows:
        leg = CallLeg.objects.filter(call=row.call, agent=row.from_agent_id, ended_at=None).order_by("-answered_at").first()
        if target := _target(row):
            found[row.pk] = {
                "transfer_id": str(row.pk),
                "kind": row.kind,
                "call_id": row.call.external_id,
                "linked_ids": row.call.linked_ids,
                "from": {"extension": leg.extension if leg else "", "leg_id": leg.key if leg else ""},
                "to": target,
            }
    return found


def _target(row: CallTransfer) -> dict[str, str]:
    """Whom it goes to in the phone system's words; empty when it has none: a department is reached by its only queue, or not at all."""
    if row.to_agent_id:
        seats = AgentExtension.objects.filter(user=row.to_agent_id, phone_system=row.call.phone_system_id, is_active=True)
        extension = seats.order_by("extension").values_list("extension", flat=True).first()
        return {"extension": extension} if extension else {}
    if row.to_number:
        return {"number": row.to_number}
    if row.to_queue:
        return {"queue": row.to_queue}
    slugs = list(Queue.objects.filter(department=row.to_department_id, is_active=True).values_list("slug", flat=True)[:2])
    return {"queue": slugs[0]} if len(slugs) == 1 else {}


def sending(transfer_id: UUID, now: datetime) -> None:
    """The operator knows that it was asked for; there is no step between."""


def accepted(transfer_id: UUID, call_id: str, by: User | None, now: datetime) -> None:
    """The phone system does it: its events tell what comes of it."""


def refused(transfer_id: UUID, reason: str, by: User | None, now: datetime) -> None:
    """The phone system does not do it: whoever asked is told, and passes the call on by telephone."""
    if not CallTransfer.objects.pending().filter(pk=transfer_id).exists():
        return
    try:
        with transition(CallTransfer, transfer_id, "failed", by=by, now=now, reason=reason) as row:
            pass
    except TransitionNotAllowed:
        return
    transfer_notices.ended(row, now=now)


def failed(transfer_id: UUID, problem: str, now: datetime) -> None:
    """The phone system cannot be told."""
    refused(transfer_id, problem, None, now)


def unheard(transfer_id: UUID, problem: str, now: datetime) -> None:
    """The phone system did not take it in time. The operator may do it by telephone still: it stays asked for until its own time is over."""


TRANSFER = commands.Kind(told, sending, accepted, refused, failed, unheard)
