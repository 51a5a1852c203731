"""Who is on duty by a roster and a calendar. Pure: no clock, no database. The rules stand in ``crm.models.duty``.

``on_duty`` is the definition, asked of one instant. ``stretches`` reckons with whole spans of time in which nobody comes or goes, and a
test holds it equal to asking minute by minute.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from crm import business_time
from crm.business_time import Interval, OpeningHours

#: Who comes later than this is nobody: a little more than a year, so that a yearly date is found.
HORIZON = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Shift:
    """Hours of a person on the days on which it falls: a date, or every ``weekday`` (None: every day) from ``since`` to ``until``."""

    person: UUID
    hours: Interval
    is_away: bool = False
    on: date | None = None
    weekday: int | None = None
    since: date | None = None
    until: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether it is in force on this date, be it the right day of the week or not."""
        if self.on is not None:
            return self.on == day
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)

    def falls_on(self, day: date) -> bool:
        """Whether its hours are hours of this date."""
        return self.holds_on(day) and (self.weekday is None or self.weekday == day.weekday())


@dataclass(frozen=True)
class Roster:
    """All that decides who is on duty in a department; ``hours`` None: it has no calendar."""

    zone: ZoneInfo
    shifts: Sequence[Shift] = ()
    members: Sequence[UUID] = ()
    hours: OpeningHours | None = None

    def on(self, day: date) -> "Plan":
        """What holds on a date of the department's zone."""
        mine: dict[UUID, list[Shift]] = {}
        away: dict[UUID, list[Interval]] = {}
        is_kept = False
        for shift in self.shifts:
            is_kept = is_kept or (not shift.is_away and shift.holds_on(day))
            if not shift.falls_on(day):
                continue
            if shift.is_away:
                away.setdefault(shift.person, []).append(shift.hours)
            else:
                mine.setdefault(shift.person, []).append(shift)
        on = {
            person: [one.hours for one in shifts if one.on is not None] or [one.hours for one in shifts] for person, shifts in mine.items()
        }
        return Plan(on if is_kept else None, away)


@dataclass(frozen=True, slots=True)
class Plan:
    """A date: who is on duty when (None: there is no roster for it), and who is away when."""

    on: Mapping[UUID, Sequence[Interval]] | None
    away: Mapping[UUID, Sequence[Interval]]

    def minutes(self) -> set[int]:
        """Minutes after midnight at which somebody may come or go."""
        return {minute for part in (self.on or {}, self.away) for hours in part.values() for one in hours for minute in one}


@dataclass(frozen=True, slots=True)
class Stretch:
    """From ``begin`` (included) until ``end`` (left out), in UTC: the same people, in order of their ids."""

    begin: datetime
    end: datetime
    people: tuple[UUID, ...]


def on_duty(roster: Roster, at: datetime) -> list[UUID]:
    """Who is on duty at an instant, in order of their ids."""
    return _present(roster, roster.on(at.astimezone(roster.zone).date()), at)


def stretches(roster: Roster, since: datetime, until: datetime) -> Iterator[Stretch]:
    """``[since, until)`` cut where the people on duty change, in order and without a gap; stretches with nobody too."""
    pending: Stretch | None = None
    for begin, end, plan in _pieces(roster, since.astimezone(UTC), until.astimezone(UTC)):
        people = tuple(_present(roster, plan, begin))
        if pending is not None and pending.people == people:
            pending = Stretch(pending.begin, end, people)
            continue
        if pending is not None:
            yield pending
        pending = Stretch(begin, end, people)
    if pending is not None:
        yield pending


def next_duty(roster: Roster, at: datetime) -> datetime | None:
    """``at`` itself when somebody is on duty then, else the next instant at which somebody is; None: not within ``HORIZON``."""
    return next((one.begin for one in stretches(roster, at, at + HORIZON) if one.people), None)


def _present(roster: Roster, plan: Plan, at: datetime) -> list[UUID]:
    wall = at.astimezone(roster.zone)
    second = wall.hour * 3600 + wall.minute * 60 + wall.second
    if plan.on is not None:
        came = {person for person, hours in plan.on.items() if _cover(hours, second)}
    else:
        came = set(roster.members) if roster.hours is None or business_time.is_open(roster.hours, at) else set()
    return sorted(person for person in came if not _cover(plan.away.get(person, ()), second))


def _cover(hours: Sequence[Interval], second: int) -> bool:
    return any(opens * 60 <= second < closes * 60 for opens, closes in hours)


def _pieces(roster: Roster, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime, Plan]]:
    """``[since, until)`` cut wherever somebody may come or go: at midnight, at the ends of shifts, when clocks are changed."""
    for begin, end, offset in business_time.stretches(roster.zone, since, until):
        day, last = (begin + offset).date(), (end + offset).replace(tzinfo=None)
        while datetime.combine(day, time.min) < last:
            midnight = datetime.combine(day, time.min, tzinfo=UTC) - offset
            low, high = max(midnight, begin), min(midnight + timedelta(days=1), end)
            plan = roster.on(day)
            cuts = {low, high, *(midnight + timedelta(minutes=minute) for minute in plan.minutes())}
            if plan.on is None and roster.hours is not None:
                cuts.update(edge for span in business_time.spans(roster.hours, low, high) for edge in span)
            found = sorted(cut for cut in cuts if low <= cut <= high)
            for one, other in pairwise(found):
                yield one, other, plan
            day += timedelta(days=1)
