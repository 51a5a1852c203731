"""The score of a review, and how far two reviewers agree. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol


class Checkpoint(Protocol):
    """What a score needs of a checkpoint."""

    key: str
    points: int
    is_fatal: bool


@dataclass(frozen=True)
class Score:
    """``percent`` is ``points`` of ``possible``, to two places, half up; ``failed_at`` names the fatal checkpoint without a point."""

    points: int
    possible: int
    percent: Decimal
    is_passed: bool
    failed_at: str


def score(checkpoints: Sequence[Checkpoint], given: Mapping[str, int | None], *, pass_percent: int) -> Score:
    """Add the points up. What did not apply (None) counts neither way; a fatal checkpoint with 0 points fails the whole, whatever the sum.

    At least one checkpoint must apply; a scorecard is not published otherwise (``calls.scorecards.publish``).
    """
    counted = [(one, points) for one in checkpoints if (points := given[one.key]) is not None]
    points, possible = sum(got for _, got in counted), sum(one.points for one, _ in counted)
    percent = (Decimal(100 * points) / possible).quantize(Decimal("0.01"), ROUND_HALF_UP)
    failed_at = next((one.key for one, got in counted if one.is_fatal and got == 0), "")
    return Score(points, possible, percent, not failed_at and 100 * points >= pass_percent * possible, failed_at)


def agreement(one: Mapping[str, int | None], other: Mapping[str, int | None]) -> Decimal | None:
    """The share of checkpoints that both judged alike, in per cent; None when they have none in common."""
    keys = one.keys() & other.keys()
    if not keys:
        return None
    same = sum(one[key] == other[key] for key in keys)
    return (Decimal(100 * same) / len(keys)).quantize(Decimal("0.01"), ROUND_HALF_UP)
