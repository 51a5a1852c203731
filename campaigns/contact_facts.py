"""What campaigns tell the rest of the house of a contact, and what they are told by it: the timeline, look-ups, choosing, merges."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from campaigns import settling
from campaigns.models import Attempt, Campaign, Conversion, Target
from campaigns.models.targets import WAITING
from config.platform import statements
from config.platform.models import User
from crm.contact_filters import Filter
from crm.timeline import Happening, Position, older

State = Target.State
#: Why a target is over whose contact is another one's by now.


# --- the timeline
def attempts_of_contact(contact_id: UUID, before: Position, limit: int) -> list[Happening]:
    """Registered with ``crm.timeline.sources``: that somebody had them in hand for a campaign, and how it came out."""
    rows = (
        Attempt.objects.filter(older("leased_at", before), contact=contact_id)
        .select_related("campaign", "agent", "leased_by", "disposition")
        .order_by("-leased_at", "-id")[:limit]
    )
    return [
        Happening(
            row.leased_at,
            "attempt",
            row.pk,
            {
                "campaign": str(row.campaign_id),
                "campaign_number": row.campaign.number,
                "campaign_name": row.campaign.name,
                "number": row.number,
                "state": row.state,
                "closing": row.closing,
                "outcome": row.outcome,
                "disposition": row.disposition.code if row.disposition else None,
                "call": str(row.call_id) if row.call_id else None,
                "closed_at": row.closed_at,
            },
            by=str(row.agent or row.leased_by),
            resource="attempts",
        )
        for row in rows
    ]


def conversions_of_contact(contact_id: UUID, before: Position, limit: int) -> list[Happening]:
    """Registered with ``crm.timeline.sources``: what a campaign brought of them."""
    rows = (
        Conversion.objects.filter(older("at", before), contact=contact_id)
        .select_related("campaign", "agent", "by")
        .order_by("-at", "-id")[:limit]
    )
    return [
        Happening(
            row.at,
            "conversion",
            row.pk,
            {
                "campaign": str(row.campaign_id),
                "campaign_number": row.campaign.number,
                "campaign_name": row.campaign.name,
                "kind": row.kind,
                "amount": row.amount,
                "currency": row.currency,
                "due_on": row.due_on,
                "order": str(row.order_id) if row.order_id else None,
                "reversed_at": row.reversed_at,
            },
            by=str(row.agent or row.by or "") or None,
            resource="conversions",
        )
        for row in rows
    ]


# --- look-ups
#: What is promised or in hand comes first, then what waits for another try, then who was not called yet; of running campaigns alone.
OPEN_MATTERS = """
SELECT t.id, t.campaign_id AS campaign, c.number, c.name, c.kind, c.about, t.state, t.attempts_total, t.last_attempt_at, t.outcome,
    t.next_attempt_at, t.callback_id AS callback, c.survey_version_id AS survey_version, a.id AS attempt, a.call_id AS call
FROM campaigns_target t JOIN campaigns_campaign c ON c.id = t.campaign_id
    LEFT JOIN campaigns_attempt a ON a.target_id = t.id AND a.state <> 'closed'
WHERE t.contact_id = ANY(%(contacts)s::uuid[]) AND c.status IN ('running', 'paused')
    AND t.state IN ('pending', 'leased', 'in_call', 'wrap', 'retry_wait', 'callback_wait')
ORDER BY t.state = 'callback_wait' DESC, t.state IN ('leased', 'in_call', 'wrap') DESC, c.priority DESC, t.id LIMIT 10
"""


def open_matters() -> str:
    """Registered with ``crm.lookup.open_matters``: what they are to be called for, so that whoever answers their call can settle it at once."""
    return OPEN_MATTERS


def reached() -> Q:
    """Registered with ``crm.retention.reached``: whoever was spoken with in a campaign is no lead whom nobody ever reached."""
    return Q(Exists(Target.objects.filter(contact=OuterRef("pk"), is_reached=True)))


# --- choosing
def _named(values: Sequence[str]) -> list[UUID]:
    """The campaigns that are meant, by id or by number."""
    ids, numbers = [], []
    for value in values:
        try:
            ids.append(UUID(value))
        except ValueError:
            numbers.append(value.strip().replace("\0", "").upper())
    found = Campaign.objects.filter(Q(pk__in=ids) | Q(number__in=numbers)).values_list("pk", "number")
    known = {str(pk) for pk, _ in found} | {number for _, number in found}
    missing = [one for one in [*map(str, ids), *numbers] if one not in known]
    if missing:
        raise ValueError(f"There is no campaign {missing[0][:40]}.")
    return [pk for pk, _ in found]


def _targets(**more: Any) -> Callable[[Sequence[str], datetime], Q]:
    def condition(values: Sequence[str], now: datetime) -> Q:
        return Q(Exists(Target.objects.filter(contact=OuterRef("pk"), campaign__in=_named(values), **more)))

    return condition


#: Registered with ``crm.contact_filters.more``. The unique index of campaign and contact serves each.
FILTERS = {
    "in_campaign": Filter(_targets(), "It is in the audience of this campaign: its id or number."),
    "campaign_reached": Filter(_targets(is_reached=True), "Somebody spoke with it in this campaign: its id or number."),
    "campaign_success": Filter(_targets(is_success=True), "It came out as wished in this campaign: its id or number."),
}


# --- merges
#: Targets of two contacts in one campaign, those of the loser and those of the survivor.
BOTH = """
SELECT l.id, l.state, s.id, s.state FROM campaigns_target l JOIN campaigns_target s ON s.campaign_id = l.campaign_id
WHERE l.contact_id = %s AND s.contact_id = %s ORDER BY l.campaign_id
"""


def joined(survivor: UUID, loser: UUID, by: User | None, now: datetime) -> dict[str, Any]:
    """Registered with ``crm.merging.joined``: where both are targets of one campaign, the survivor's goes on and the loser's is over.

    Whoever is done under the one name is not called under the other: then the survivor's is over. What is in hand goes on to its end.
    """
    over = []
    for lost, its_state, kept, state in statements.rows(BOTH, [loser, survivor]):
        if its_state in WAITING:
            over.append(lost)
        elif its_state == State.DONE and state in WAITING:
            over.append(kept)
    held = list(Target.objects.filter(pk__in=over, state__in=WAITING).select_for_update().order_by("pk"))
    for target in held:
        target.state, target.is_ready, target.reason, target.ended_at, target.checked_at = (
            State.SUPPRESSED,
            False,
            settling.MERGED,
            now,
            None,
        )
        target.version += 1
        target.save(update_fields=["state", "is_ready", "reason", "ended_at", "checked_at", "version", "updated_at"])
    return {"over": [str(target.pk) for target in held]}


def parted(survivor: UUID, loser: UUID, remembered: Mapping[str, Any], by: User | None, now: datetime) -> None:
    """Registered with ``crm.merging.parted``: those targets wait again."""
    over = Target.objects.filter(pk__in=remembered["over"], state=State.SUPPRESSED, reason=settling.MERGED)
    ids = list(over.values_list("pk", flat=True))
    Target.objects.filter(pk__in=ids).update(reason="")
    settling.settle_all(ids, now=now)
