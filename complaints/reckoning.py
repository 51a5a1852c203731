"""Counted time of a promise: when it is due, how much of it is spent. Pure: no clock, no database.

One definition rules everything: **a second counts when the calendar is open in it (without a calendar: always) and the promise does not
rest in it.** A test holds the functions below equal to asking minute by minute.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from crm import business_time
from crm.business_time import HORIZON, NeverOpen, OpeningHours

#: A rest: from (included), until (left out; None: it lasts).
Rest = tuple[datetime, datetime | None]


@dataclass(frozen=True)
class Terms:
    """What a promise counts by. ``hours`` None: every second counts. Instants are in whole seconds, rests in order and apart."""

    hours: OpeningHours | None
    started_at: datetime
    rests: Sequence[Rest] = ()

    @property
    def rests_now(self) -> bool:
        """Whether the last rest lasts."""
        return bool(self.rests) and self.rests[-1][1] is None


def counted(terms: Terms, until: datetime) -> int:
    """Seconds that counted before ``until``."""
    return sum(_between(terms.hours, begin, end) for begin, end in _stretches(terms, until) if end is not None)


def instant(terms: Terms, seconds: int) -> datetime | None:
    """The instant at which ``seconds`` have counted; None when that lies behind a rest that lasts.

    For 0 and less it is the start. A calendar that has not so much open time within five years is due when they are over.
    """
    left = seconds
    if left <= 0:
        return terms.started_at
    for begin, end in _stretches(terms, None):
        has = left if end is None else _between(terms.hours, begin, end)
        if has >= left:
            return _after(terms.hours, begin, left)
        left -= has
    return None


def _stretches(terms: Terms, until: datetime | None) -> Iterator[tuple[datetime, datetime | None]]:
    """The time from the start to ``until`` (None: for ever) without the rests."""
    begin: datetime | None = terms.started_at
    for since, ended in terms.rests:
        if begin is None or (until is not None and begin >= until):
            return
        yield begin, since if until is None else min(since, until)
        begin = ended
    if begin is not None and (until is None or begin < until):
        yield begin, until


def _between(hours: OpeningHours | None, begin: datetime, end: datetime) -> int:
    if end <= begin:
        return 0
    return int((end - begin).total_seconds()) if hours is None else business_time.seconds_between(hours, begin, end)


def _after(hours: OpeningHours | None, begin: datetime, seconds: int) -> datetime:
    if hours is None:
        return begin + timedelta(seconds=seconds)
    try:
        return business_time.add_seconds(hours, begin, seconds)
    except NeverOpen:
        return begin + HORIZON


def whole(at: datetime) -> datetime:
    """An instant in whole seconds of UTC, as promises are reckoned."""
    return at.astimezone(UTC).replace(microsecond=0)
