"""May we contact them? Suppressions and consents put together, as one answer with its reasons and the time from which it is yes.

The windows, limits and attempts of a campaign are no matter of this room.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from crm import consent, suppression
from crm.consent import Standing
from crm.models import Consent, ContactPhone
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


@dataclass(frozen=True)
class Said:
    """How it stands with one of those who have a say, and the statements of theirs that begin to count later."""

    standing: Standing
    to_come: Sequence[Consent] = ()

    def at(self, moment: datetime) -> Standing:
        """How it stands then."""
        begun = [row for row in self.to_come if row.valid_from <= moment]
        return consent.standing_of(max(begun, key=lambda row: (row.valid_from, row.pk), default=self.standing.statement), moment)

    def changes_at(self, moment: datetime) -> datetime | None:
        """When it will stand otherwise; None when nothing is known of that."""
        statement = self.at(moment).statement
        ends = [row.valid_from for row in self.to_come if row.valid_from > moment]
        ends += [statement.valid_to] if statement and statement.valid_to and statement.valid_to > moment else []
        return min(ends, default=None)


@dataclass(frozen=True)
class Known:
    """What stands for and against contacting somebody, from an instant on: pure, for that instant and all later ones.

    ``said`` is that of whom was asked first, then of the others who have the number.
    """

    asked: Asked
    stops: Sequence[Reason]
    said: Sequence[Said]

    def at(self, moment: datetime) -> Verdict:
        """The verdict then."""
        standings = [one.at(moment) for one in self.said]
        stops = [one for one in self.stops if one.expires_at is None or one.expires_at > moment]
        return _verdict(self.asked, stops, standings[0], [one for one in standings if one.denies], moment)


def check(asked: Sequence[Asked], *, purpose: str, channel: str, at: datetime) -> list[Verdict]:
    """A verdict for each, in their order; five statements for however many. The id of a contact that was merged means the one that is left.

    A number alone is asked for whoever has it: what one of them refused or withdrew counts. That a consent is missing is told in
    ``consent`` and is no reason here: whether it is needed is the caller's policy.
    """
    return [one.at(at) for one in _known(asked, purpose=purpose, channel=channel, at=at)]


def known(asked: Sequence[Asked], *, purpose: str, channel: str, at: datetime) -> list[Known]:
    """What ``check`` looks at, with the statements that begin to count later: for those who ask about other instants too."""
    return _known(asked, purpose=purpose, channel=channel, at=at, with_later=True)


def _known(asked: Sequence[Asked], *, purpose: str, channel: str, at: datetime, with_later: bool = False) -> list[Known]:
    left = who_is_left({one.contact_id for one in asked if one.contact_id})
    asked = [Asked(one.e164, left.get(one.contact_id, one.contact_id)) if one.contact_id else one for one in asked]
    owners = _owners([one.e164 for one in asked if one.e164 and not one.contact_id])
    also = [(i, Asked(contact_id=owner)) for i, one in enumerate(asked) if not one.contact_id for owner in owners.get(one.e164, ())]
    all_of_them = [*asked, *(one for _, one in also)]
    about: dict[str, Any] = {"purpose": purpose, "channel": channel, "at": at}
    standings = consent.standing_of_many(all_of_them, **about)
    later = consent.to_come_of_many(all_of_them, **about) if with_later else [[]] * len(all_of_them)
    said = [Said(standing, rows) for standing, rows in zip(standings, later, strict=True)]
    of_each = [[one] for one in said[: len(asked)]]
    for (i, _), one in zip(also, said[len(asked) :], strict=True):
        of_each[i].append(one)
    stops = suppression.unended_of_many(asked, **about)
    return [Known(one, stops[i], of_each[i]) for i, one in enumerate(asked)]


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
