"""How long agents were there for callers, and how much of it they worked: from the intervals of their states."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Hours:
    """Seconds of one agent or of several."""

    busy_s: float = 0.0
    available_s: float = 0.0

    def __add__(self, other: "Hours") -> "Hours":
        return Hours(self.busy_s + other.busy_s, self.available_s + other.available_s)


def of_agents(edges: Sequence[datetime], *, agent: UUID | None, now: datetime) -> dict[tuple[int, Any], Hours]:
    """By the number of the interval and the agent: intervals of states cut at the edges, those that go on until ``now``."""
    return {}
