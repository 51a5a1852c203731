"""What calls asked for tell the rest of the house: a line in the timeline when none came of it, and what is kept about a person."""

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from calls.models import CallRequest
from config.platform import forgetting
from crm import traces
from crm.erasure import Holder
from crm.timeline import Happening, Position, older

#: What audit events of call requests may go on telling: it tells of nobody.
TELLING = frozenset(
    {
        "status", "agent_id", "by_id", "phone_system_id", "extension", "line", "contact_id", "reason", "purpose", "external_id", "call_id",
        "call", "asked_at", "expires_at", "ended_at", "origin_kind", "origin_id",
    }
)  # fmt: skip


def of_contact(contact_id: UUID, before: Position, limit: int) -> list[Happening]:
    """Registered with ``crm.timeline.sources``: those of which no call came; a call tells of itself."""
    rows = (
        CallRequest.objects.filter(older("asked_at", before), contact=contact_id)
        .exclude(status=CallRequest.Status.LINKED)
        .select_related("agent")
        .order_by("-asked_at", "-id")[:limit]
    )
    return [
        Happening(
            row.asked_at,
            "call_request",
            row.pk,
            {"state": row.status, "reason": row.reason, "purpose": row.purpose, "problem": row.problem, "agent": str(row.agent)},
            by=str(row.agent),
            resource="call-requests",
        )
        for row in rows
    ]


def _about(contact_id: UUID) -> QuerySet[CallRequest]:
    """Those for the contact, and those to a number that only this contact has."""
    return CallRequest.objects.filter(Q(contact=contact_id) | Q(contact=None, number__in=traces.own_numbers(contact_id)))


def personal_data(contact_id: UUID) -> list[dict[str, Any]]:
    """When somebody wanted to call, which number, and what came of it."""
    names = ("asked_at", "number", "reason", "purpose", "status", "problem", "verdict", "call")
    return list(_about(contact_id).order_by("asked_at", "id").values(*names))


def pseudonymise(contact_id: UUID) -> int:
    """The numbers go; that, when and by whom a call was asked for stays."""
    known = traces.of(contact_id)
    rows = list(_about(contact_id).select_for_update().order_by("pk"))
    for row in rows:
        row.number, row.problem, row.verdict = "", known.wiped(row.problem), known.wiped(row.verdict)
        row.version += 1
    CallRequest.objects.bulk_update(rows, ["number", "problem", "verdict", "version"], batch_size=500)
    forgetting.forget_changes([row.pk for row in rows], telling=TELLING)
    return len(rows)


HOLDER = Holder(personal_data, pseudonymise)
