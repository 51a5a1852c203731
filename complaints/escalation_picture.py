"""A ladder as a picture: a line of time with the due time in it, and a mark for every level and its repeats. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from complaints import escalation_policies, spans
from complaints.models import EscalationLevel

WIDTH, LEFT, ROW = 1080, 40, 26


@dataclass(frozen=True)
class Mark:
    """A level, or one of its repeats, on the line."""

    x: float
    is_repeat: bool
    said: str


def draw(levels: Iterable[EscalationLevel]) -> dict[str, Any] | None:
    """Where everything is drawn; None without levels. Business time and every hour share the line: it shows the order, not a day."""
    rows = sorted(levels, key=lambda one: one.number)
    if not rows:
        return None
    ends = [0, *(one.offset_s for one in rows), *(one.offset_s + (one.repeat_every_s or 0) * one.repeat_times for one in rows)]
    first, last = min(ends), max(ends)
    width = max(last - first, 3600)

    def x(offset_s: int) -> float:
        return round(LEFT + (offset_s - first) * (WIDTH - 2 * LEFT) / width, 1)

    shown = []
    for index, level in enumerate(rows):
        times = [level.offset_s + (level.repeat_every_s or 0) * turn for turn in range(level.repeat_times + 1)]
        shown.append(
            {
                "number": level.number,
                "y": 30 + index * ROW,
                "marks": [Mark(x(at), turn > 0, said(at)) for turn, at in enumerate(times)],
                "begin": x(times[0]),
                "end": x(times[-1]),
                "words": escalation_policies.said_of(level),
            }
        )
    return {"rows": shown, "due": x(0), "width": WIDTH, "height": 36 + len(rows) * ROW}


def said(offset_s: int) -> str:
    """``2 h before``."""
    if offset_s == 0:
        return "at the due time"
    return f"{spans.written(abs(offset_s))} {'after' if offset_s > 0 else 'before'}"
