"""What calls tell the rest of the house: the open calls of a caller, and the calls in a contact's timeline."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q

from calls.models import Call, CallEvent
from crm.contact_filters import SLOW, YES_NO, Filter, days_ago
from crm.timeline import Happening, Position, older

OPEN = """
SELECT id, direction, state, wrap_up_state, started_at, agent_id AS agent FROM calls_call
WHERE customer_e164 = %(e164)s AND (wrap_up_state = 'pending' OR state <> 'ended') ORDER BY started_at DESC, id DESC LIMIT 10
"""


def events_by_state() -> dict[tuple[str, ...], float]:
    """Events that wait to be folded, and those that contradict an earlier one."""
    counts = CallEvent.objects.filter(state__in=["accepted", "quarantined"]).values_list("state").annotate(count=Count("id"))
    return {("accepted",): 0.0, ("quarantined",): 0.0} | {(state,): float(count) for state, count in counts}


def exists(call_id: UUID) -> bool:
    """Registered with ``config.platform.origins.kinds`` as `call`."""
    return Call.objects.filter(pk=call_id).exists()


def open_matters() -> str:
    """Registered with ``crm.lookup.open_matters``: calls of this number that go on, or wait to be written up."""
    return OPEN


def of_contact(contact_id: UUID, before: Position, limit: int) -> list[Happening]:
    """Registered with ``crm.timeline.sources``."""
    rows = (
        Call.objects.filter(older("started_at", before), contact=contact_id)
        .select_related("agent", "disposition")
        .order_by("-started_at", "-id")[:limit]
    )
    return [
        Happening(
            row.started_at,
            "call",
            row.pk,
            {
                "direction": row.direction,
                "state": row.state,
                "outcome": row.outcome,
                "talk_s": row.talk_s,
                "agent": str(row.agent) if row.agent else None,
                "disposition": row.disposition.code if row.disposition else None,
                "note": row.note,
            },
            by=str(row.agent) if row.agent else None,
            resource="calls",
        )
        for row in rows
    ]


def reached() -> Q:
    """Registered with ``crm.retention.reached``: somebody spoke with the contact."""
    return Q(Exists(Call.objects.filter(contact=OuterRef("pk"), outcome=Call.Outcome.ANSWERED)))


def _called(values: Sequence[str], now: datetime) -> Q:
    has_calls = Q(Exists(Call.objects.filter(contact=OuterRef("pk"))))
    return has_calls if values[0] == "true" else ~has_calls


def _called_within(values: Sequence[str], now: datetime) -> Q:
    return Q(Exists(Call.objects.filter(contact=OuterRef("pk"), started_at__gte=days_ago(values[0], now))))


#: Registered with ``crm.contact_filters.more``.
CALLED = Filter(_called, f"There was a call with it, ever. {SLOW}", "boolean", YES_NO, takes_one=True)
CALLED_WITHIN = Filter(_called_within, "There was a call with it in the last so many days.", "integer", takes_one=True)
