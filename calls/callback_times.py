"""When was meant: wall times and instants. Pure.

A wall time that the clocks skip means as much later (02:30 becomes 03:30); one that they repeat means the first of the two, unless an
instant was given.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

EXACT, SKIPPED, REPEATED = "exact", "skipped", "repeated"


@dataclass(frozen=True)
class Meant:
    """An instant (in UTC), and the wall time in the customer's zone that stands for it."""

    at: datetime
    wall: datetime
    time_zone: str
    fold: int = 0


def by_wall(wall: datetime, time_zone: str, fold: int = 0) -> Meant:
    """What a wall time means in a zone."""
    return Meant(instant(wall, time_zone, fold), wall.replace(fold=0), time_zone, fold)


def by_instant(at: datetime, time_zone: str) -> Meant:
    """What the clocks show there at an instant."""
    local = at.astimezone(ZoneInfo(time_zone))
    return Meant(at.astimezone(UTC), local.replace(tzinfo=None, fold=0), time_zone, local.fold)


def instant(wall: datetime, time_zone: str, fold: int = 0) -> datetime:
    """The instant of a wall time; see above for those that are skipped or repeated."""
    aware = wall.replace(tzinfo=ZoneInfo(time_zone), fold=fold)
    if fold and aware.replace(fold=0).utcoffset() < aware.utcoffset():  # type: ignore[operator]
        aware = aware.replace(fold=0)  # no longer repeated but skipped, by new rules: as any skipped one
    return aware.astimezone(UTC)


def kind(wall: datetime, time_zone: str) -> str:
    """Whether the clocks show a wall time once (``exact``), never (``skipped``) or twice (``repeated``)."""
    aware = wall.replace(tzinfo=ZoneInfo(time_zone), fold=0)
    first, second = aware.utcoffset() or timedelta(), aware.replace(fold=1).utcoffset() or timedelta()
    return EXACT if first == second else REPEATED if first > second else SKIPPED
