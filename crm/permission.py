"""May we contact them? Suppressions and consents put together, as one answer with its reasons and the time from which it is yes.

The windows, limits and attempts of a campaign are no matter of this room.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from crm import consent, suppression
from crm.consent import Standing
from crm.models import ContactPhone
from crm.old_ids import who_is_left
from crm.suppression import Asked, Reason


@dataclass(frozen=True)
class Verdict:
    """``next_at`` is when the last of the reasons ends: now when there is none, None when it never ends by itself."""

    asked: Asked
    allowed: bool
    suppressions: list[Reason]
    consent: Standing
    denials: list[Standing] = field(default_factory=list)
    next_at: datetime | None = None


def check(asked: Sequence[Asked], *, purpose: str, channel: str, at: datetime) -> list[Verdict]:
    """A verdict for each, in their order; five statements for however many. The id of a contact that was merged means the one that is left.

    A number alone is asked for whoever has it: what one of them refused or withdrew counts. That a consent is missing is told in
    ``consent`` and is no reason here: whether it is needed is the caller's policy.
    """
    left = who_is_left({one.contact_id for one in asked if one.contact_id})
    asked = [Asked(one.e164, left.get(one.contact_id, one.contact_id)) if one.contact_id else one for one in asked]
    owners = _owners([one.e164 for one in asked if one.e164 and not one.contact_id])
    also = [(i, Asked(contact_id=owner)) for i, one in enumerate(asked) if not one.contact_id for owner in owners.get(one.e164, ())]
    standings = consent.standing_of_many([*asked, *(one for _, one in also)], purpose=purpose, channel=channel, at=at)
    denials: list[list[Standing]] = [[one] if one.denies else [] for one in standings[: len(asked)]]
    for (i, _), one in zip(also, standings[len(asked) :], strict=True):
        if one.denies:
            denials[i].append(one)
    stops = suppression.unended_of_many(asked, purpose=purpose, channel=channel, at=at)
    return [_verdict(one, stops[i], standings[i], denials[i], at) for i, one in enumerate(asked)]


def _verdict(asked: Asked, stops: Sequence[Reason], standing: Standing, denials: list[Standing], at: datetime) -> Verdict:
    in_force = suppression.started(stops, at)
    return Verdict(
        asked,
        allowed=not in_force and not denials,
        suppressions=in_force,
        consent=standing,
        denials=denials,
        next_at=None if any(one.statement and not one.statement.valid_to for one in denials) else _free_at(stops, denials, at),
    )


def _free_at(stops: Sequence[Reason], denials: Sequence[Standing], at: datetime) -> datetime | None:
    """When the last denial and the suppressions around it are over."""
    ends = [one.statement.valid_to for one in denials if one.statement and one.statement.valid_to]
    return suppression.free_at(stops, max([at, *ends]))


def _owners(e164s: Sequence[str]) -> dict[str, list[UUID]]:
    found: dict[str, list[UUID]] = {}
    for e164, contact_id in ContactPhone.objects.filter(phone__e164__in=set(e164s)).values_list("phone__e164", "contact_id"):
        found.setdefault(e164, []).append(contact_id)
    return found
