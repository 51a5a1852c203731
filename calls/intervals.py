"""From one change of the interval to the next, as the clocks of a zone show it.

A day begins with its first moment and ends with the first moment of the next: it has 23 or 25 hours when the clocks change, and a date
that a zone left out has none. A quarter, half or whole hour is what the clock calls one: it ends when its time is over, and also when the
clock is put forward or back, so that an hour that comes twice is two.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from config.platform.errors import Refusal

SECOND = timedelta(seconds=1)
STEPS = {"15m": timedelta(minutes=15), "30m": timedelta(minutes=30), "1h": timedelta(hours=1)}
INTERVALS = (*STEPS, "1d", "1w", "1mo", "none")
MOST = 5_000
LONGEST_DAYS = 3_660


class PeriodUnusable(Refusal):
    """`until` is a day not before `since`, there are at most 3,660 days between them, and both lie between 1970 and 2999."""

    code = "period_unusable"
    status = 400
    advice = "Send `until` on or after `since`, at most 3,660 days later, both between 1970 and 2999."


class ReportTooLarge(Refusal):
    """The answer would have more than 5,000 lines: take longer intervals, fewer days, or name what you want to see."""

    code = "report_too_large"
    status = 400
    advice = "Ask for longer intervals or fewer days, or filter to the queues, operators or topics you want to see."


def edges(since: date, until: date, interval: str, zone: ZoneInfo) -> list[datetime]:
    """Where the intervals of the days ``since`` to ``until`` (which counts whole) meet, in UTC: one more than there are intervals.

    The first week and month begin with ``since``, and the last ones end with ``until``.

    Raises:
        PeriodUnusable
        ReportTooLarge
    """
    if not timedelta(0) <= until - since <= timedelta(days=LONGEST_DAYS) or not 1970 <= since.year <= until.year < 3000:
        raise PeriodUnusable(f"Give days from 1970 to 2999 between which lie at most {LONGEST_DAYS}, the first one first.")
    last = midnight(until + timedelta(days=1), zone)
    found: list[datetime] = []
    for edge in _edges(since, until, interval, zone):
        if edge >= last:
            break
        if not found or edge > found[-1]:
            found.append(edge)
        if len(found) > MOST:
            raise ReportTooLarge(f"These days have more than {MOST} such intervals: take longer ones, or fewer days.")
    return [*found, last]


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a day: of a midnight that comes twice the first, of one that is left out the moment the clocks jump."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _edges(since: date, until: date, interval: str, zone: ZoneInfo) -> Iterator[datetime]:
    if interval in STEPS:
        edge, last = midnight(since, zone), midnight(until + timedelta(days=1), zone)
        while edge < last:
            yield edge
            edge = _next(edge, STEPS[interval], zone)
        return
    yield midnight(since, zone)
    if interval == "none":
        return
    day = since
    while (day := _begin_of_next(day, interval)) <= until:
        yield midnight(day, zone)


def _begin_of_next(day: date, interval: str) -> date:
    if interval == "1d":
        return day + timedelta(days=1)
    if interval == "1w":
        return day + timedelta(days=7 - day.weekday())
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def _next(edge: datetime, step: timedelta, zone: ZoneInfo) -> datetime:
    """When the clock's present ``step`` is over: its time has come, or the clock is changed."""
    local = edge.astimezone(zone)
    passed = local.replace(tzinfo=None) - datetime.combine(local.date(), time())
    end = edge + step - passed % step
    offset = local.utcoffset()
    if (end - SECOND).astimezone(zone).utcoffset() == offset:
        return end
    before, after = edge, end - SECOND
    while after - before > SECOND:
        middle = before + ((after - before) // 2 // SECOND) * SECOND
        before, after = (middle, after) if middle.astimezone(zone).utcoffset() == offset else (before, middle)
    return after
