"""The ladder of an escalation policy, laid against a promise: which rung is reached when. Pure: no clock, no database."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from complaints import reckoning
from complaints.reckoning import Terms


@dataclass(frozen=True)
class Rung:
    """What a level says of its time. ``business``: ``offset_s`` is counted as the promise is, else as every clock does."""

    number: int
    offset_s: int
    business: bool = True
    repeat_every_s: int | None = None
    repeat_times: int = 0
    breaks_quiet: bool = False


@dataclass(frozen=True)
class Quiet:
    """Hours in which nobody is told: minutes after midnight of a zone. ``until`` before ``since`` is on the next day."""

    since: int
    until: int
    zone: ZoneInfo

    def over(self, at: datetime) -> datetime:
        """``at`` itself, or, in quiet hours, their end."""
        wall = at.astimezone(self.zone)
        minute = wall.hour * 60 + wall.minute
        overnight = self.until < self.since
        if not (self.since <= minute < self.until or (overnight and (minute >= self.since or minute < self.until))):
            return at
        day = wall.date() + timedelta(days=1 if overnight and minute >= self.since else 0)
        end = datetime.combine(day, time(self.until // 60, self.until % 60), tzinfo=self.zone)
        return max(at, end.astimezone(at.tzinfo))  # an hour that the clocks repeat could lead back


@dataclass(frozen=True, order=True)
class Step:
    """A rung, and which time it is (0: the first)."""

    number: int
    round: int
    planned_at: datetime


def steps(terms: Terms, target_s: int, rungs: Sequence[Rung], quiet: Quiet | None) -> Iterator[Step]:
    """Every step of a promise and when it is to be; none of one that rests."""
    due = reckoning.instant(terms, target_s)
    if due is None:
        return
    for rung in rungs:
        at = reckoning.instant(terms, target_s + rung.offset_s) if rung.business else due + timedelta(seconds=rung.offset_s)
        if at is None:
            continue
        at = max(at, terms.started_at)
        for turn in range(rung.repeat_times + 1):
            planned = at + timedelta(seconds=(rung.repeat_every_s or 0) * turn)
            yield Step(rung.number, turn, quiet.over(planned) if quiet is not None and not rung.breaks_quiet else planned)


def left(planned: Sequence[Step], done: Collection[tuple[int, int]]) -> list[Step]:
    """The steps that are still to come: above the highest that was done. What was passed over does not come back."""
    highest = max(done, default=(0, -1))
    return sorted((step for step in planned if (step.number, step.round) > highest), key=lambda step: (step.planned_at, step))
