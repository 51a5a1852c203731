"""Business time: when a calendar is open, and how much open time lies between two instants. Pure: no clock, no database.

One definition rules everything: **an instant is open when its wall time, in the calendar's zone, lies in an interval of its
date.** So an hour that the clocks skip is no open time, and an hour that they repeat is open twice. The functions below reckon
with whole spans, and a test holds them equal to asking minute by minute.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

#: Minutes after midnight: from (included), until (left out).
Interval = tuple[int, int]
#: Instants in UTC: from (included), until (left out).
Span = tuple[datetime, datetime]

HORIZON = timedelta(days=5 * 366)
FIRST, LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
ALWAYS: tuple[tuple[Interval, ...], ...] = (((0, 1440),),) * 7


class NeverOpen(Exception):
    """The calendar has not that much open time within five years."""


@dataclass(frozen=True)
class OpeningHours:
    """What a calendar says: seven days of intervals (Monday first), dates that differ, days off.

    A date in ``exceptions`` has exactly those intervals, be it a holiday or not; ``is_holiday`` empties any other date.
    """

    zone: ZoneInfo
    week: Sequence[Sequence[Interval]]
    exceptions: Mapping[date, Sequence[Interval]] = field(default_factory=dict)
    is_holiday: Callable[[date], bool] = lambda day: False

    def on(self, day: date) -> Sequence[Interval]:
        """The open intervals of a date, in order."""
        if day in self.exceptions:
            return self.exceptions[day]
        return () if self.is_holiday(day) else self.week[day.weekday()]


def is_open(hours: OpeningHours, at: datetime) -> bool:
    """Whether the calendar is open at this instant."""
    wall = at.astimezone(hours.zone)
    second = wall.hour * 3600 + wall.minute * 60 + wall.second
    return any(opens * 60 <= second < closes * 60 for opens, closes in hours.on(wall.date()))


def spans(hours: OpeningHours, since: datetime, until: datetime) -> Iterator[Span]:
    """The open spans within ``[since, until)``, in order, adjoining ones as one. Both are clipped to 1900 … 2200."""
    pending: Span | None = None
    for begin, end in _pieces(hours, max(since.astimezone(UTC), FIRST), min(until.astimezone(UTC), LAST)):
        if pending is not None and begin <= pending[1]:
            pending = pending[0], max(end, pending[1])
            continue
        if pending is not None:
            yield pending
        pending = begin, end
    if pending is not None:
        yield pending


def seconds_between(hours: OpeningHours, since: datetime, until: datetime) -> int:
    """Open seconds within ``[since, until)``; 0 when ``until`` is not later."""
    return int(sum((end - begin).total_seconds() for begin, end in spans(hours, since, until)))


def add_seconds(hours: OpeningHours, since: datetime, seconds: int) -> datetime:
    """The instant at which ``seconds`` of open time have passed since ``since``; for 0 it is ``since`` itself, open or not.

    Raises:
        NeverOpen: not within five years.
    """
    left = seconds
    if left <= 0:
        return since
    for begin, end in spans(hours, since, since + HORIZON):
        has = int((end - begin).total_seconds())
        if has >= left:
            return begin + timedelta(seconds=left)
        left -= has
    raise NeverOpen


def next_open(hours: OpeningHours, at: datetime) -> datetime | None:
    """``at`` itself when the calendar is open then, else the next opening; None when there is none within five years."""
    return next((begin for begin, _ in spans(hours, at, at + HORIZON)), None)


def next_close(hours: OpeningHours, at: datetime) -> datetime | None:
    """When the open span around ``at``, or the next one, ends; None when there is none within five years."""
    return next((end for _, end in spans(hours, at, at + HORIZON)), None)


def holidays_of(country: str, subdivision: str, year: int) -> Mapping[date, str]:
    """The public holidays of a year, by the ``holidays`` library; empty for an unknown country or no country."""
    return _holidays(country, subdivision, year) if country else {}


@lru_cache(maxsize=1024)
def _holidays(country: str, subdivision: str, year: int) -> Mapping[date, str]:
    try:
        found = holidays.country_holidays(country, subdiv=subdivision or None, years=year, language="en_US")
    except NotImplementedError:
        return {}
    return {day: name for day, name in found.items() if day.year == year}


@lru_cache(maxsize=1)
def countries_with_holidays() -> Mapping[str, Sequence[str]]:
    """Countries (ISO 3166-1 alpha-2) whose holidays are known, and their subdivisions."""
    return dict(holidays.list_supported_countries(include_aliases=False))


def _pieces(hours: OpeningHours, since: datetime, until: datetime) -> Iterator[Span]:
    """Open spans, date by date, within each stretch of time whose offset from UTC does not change."""
    for begin, end, offset in stretches(hours.zone, since, until):
        local, last = (begin + offset).replace(tzinfo=None), (end + offset).replace(tzinfo=None)
        day = local.date()
        while datetime.combine(day, datetime.min.time()) < last:
            midnight = datetime.combine(day, datetime.min.time())
            for opens, closes in hours.on(day):
                low = max(midnight + timedelta(minutes=opens), local)
                high = min(midnight + timedelta(minutes=closes), last)
                if low < high:
                    yield (low - offset).replace(tzinfo=UTC), (high - offset).replace(tzinfo=UTC)
            day += timedelta(days=1)


def stretches(zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """``[since, until)`` cut where the zone's offset changes."""
    begin = since
    while begin < until:
        year = begin.year
        cuts = [cut for cut in _changes(zone, year) if begin < cut < until]
        new_year = datetime(year + 1, 1, 1, tzinfo=UTC)
        end = min([*cuts[:1], new_year, until])
        yield begin, end, begin.astimezone(zone).utcoffset() or timedelta()
        begin = end


@lru_cache(maxsize=4096)
def _changes(zone: ZoneInfo, year: int) -> tuple[datetime, ...]:
    """The instants of a year at which the zone's offset changes, to the second. Two within a day would be seen as one."""
    found = []
    at, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    while at < end:
        later = min(at + timedelta(days=1), end)
        if at.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset():
            low, high = at, later
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
                if middle.astimezone(zone).utcoffset() == at.astimezone(zone).utcoffset():
                    low = middle
                else:
                    high = middle
            found.append(high)
        at = later
    return tuple(found)
