"""When may somebody be called, by their own clocks? Pure: no clock, no database.

A window is open at an instant when it is open in **every** zone where the customer may be; it is open in a zone when the wall time
there lies in an interval of its date. No call begins in the last ``start_grace_s`` seconds before it closes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from crm import business_time
from crm.business_time import Interval, OpeningHours, Span

#: How much is reckoned at a time: the next opening is mostly a day away, so a year is not gone through for it.
FIRST_LOOK = timedelta(days=4)
#: What does not open within a year and a month counts as never.
HORIZON = timedelta(days=400)


@dataclass(frozen=True)
class Hours:
    """The hours of a week (Monday first), the dates left out, and the seconds before closing in which no call begins."""

    week: Sequence[Sequence[Interval]]
    is_closed_on: Callable[[date], bool] = lambda day: False
    start_grace_s: int = 0

    def in_zone(self, zone: ZoneInfo) -> OpeningHours:
        """The same hours by the clocks of one zone."""
        return OpeningHours(zone, self.week, is_holiday=self.is_closed_on)


def is_open(hours: Hours, zones: Sequence[ZoneInfo], at: datetime) -> bool:
    """Whether a call may begin at this instant."""
    return opening(hours, zones, at) == at.astimezone(UTC)


def opening(hours: Hours, zones: Sequence[ZoneInfo], at: datetime) -> datetime | None:
    """``at`` itself when a call may begin then, else the first instant at which one may; None when there is none within ``HORIZON``. In UTC."""
    at = at.astimezone(UTC)  # by the wall clock, the second of two repeated hours compares as nothing
    looked, step = at, FIRST_LOOK
    while looked < at + HORIZON:
        until = min(looked + step, at + HORIZON)
        # the grace looks past the end, so that a span that is cut there is not taken for one that closes
        for begin, end in spans(hours, zones, looked, until + timedelta(seconds=hours.start_grace_s)):
            if begin + timedelta(seconds=hours.start_grace_s) < end and begin < until:
                return begin
        looked, step = until, step * 4
    return None


def spans(hours: Hours, zones: Sequence[ZoneInfo], since: datetime, until: datetime) -> Iterator[Span]:
    """The spans within ``[since, until)`` in which it is open in every one of the zones; the grace is not taken off."""
    found = _one_by_one(hours, zones[0], since, until)
    for zone in zones[1:]:
        found = _both(found, _one_by_one(hours, zone, since, until))
    return found


def _one_by_one(hours: Hours, zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[Span]:
    return business_time.spans(hours.in_zone(zone), since, until)


def _both(some: Iterator[Span], others: Iterator[Span]) -> Iterator[Span]:
    """Where both are open."""
    one, other = next(some, None), next(others, None)
    while one is not None and other is not None:
        begin, end = max(one[0], other[0]), min(one[1], other[1])
        if begin < end:
            yield begin, end
        if one[1] <= other[1]:
            one = next(some, None)
        else:
            other = next(others, None)


def next_day(zone: ZoneInfo, at: datetime) -> datetime:
    """The first instant whose date in the zone is not that of ``at``: midnight, or what stands for it where clocks skip it."""
    at = at.astimezone(UTC)
    today = at.astimezone(zone).date()
    other_days = OpeningHours(zone, business_time.ALWAYS, is_holiday=lambda day: day == today)
    return business_time.next_open(other_days, at) or at + timedelta(days=1)
