"""Opening hours as people write them: ``09:00-13:00, 14:00-18:00``. Pure."""

import re
from collections.abc import Iterable
from datetime import date
from itertools import pairwise
from typing import Any

INTERVAL = re.compile(r"([01]?\d|2[0-4])(?::([0-5]\d))?\s*[-–—]\s*([01]?\d|2[0-4])(?::([0-5]\d))?", re.ASCII)
CLOCK = re.compile(r"([01]?\d|2[0-4])(?::([0-5]\d))?", re.ASCII)
DATE = re.compile(r"(\d{4}-\d{2}-\d{2})\b\s*(.*)", re.ASCII)


def written(intervals: Iterable[tuple[int, int]]) -> str:
    """Minutes after midnight as text."""
    return ", ".join(f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in intervals)


def clock(text: str) -> int:
    """One time, ``9`` or ``09:30``, as minutes after midnight; ``24:00`` is midnight at the end of the day.

    Raises:
        ValueError: with a sentence for the person who wrote it.
    """
    match = CLOCK.fullmatch(text.strip())
    minutes = int(match[1]) * 60 + int(match[2] or 0) if match else 1441
    if minutes > 1440:
        raise ValueError(f"“{text[:40]}” is no time: write 09:00, up to 24:00.")
    return minutes


def read(text: str) -> list[dict[str, int]]:
    """The intervals of a day, as ``{opens, closes}`` in minutes; none for empty text.

    Raises:
        ValueError: with a sentence for the person who wrote it.
    """
    found = []
    for part in filter(None, (part.strip() for part in re.split(r"[,;]", text))):
        match = INTERVAL.fullmatch(part)
        if match is None:
            raise ValueError(f"“{part[:40]}” is no interval: write 09:00-13:00, 14:00-18:00.")
        opens, closes = (int(match[hour]) * 60 + int(match[minute] or 0) for hour, minute in ((1, 2), (3, 4)))
        if closes > 1440 or closes <= opens:
            raise ValueError(f"“{part[:40]}” closes before it opens; split an interval that passes midnight into two.")
        found.append({"opens": opens, "closes": closes})
    ends = sorted((one["opens"], one["closes"]) for one in found)
    if any(later[0] < earlier[1] for earlier, later in pairwise(ends)):
        raise ValueError("Two intervals of this day overlap.")
    return found


def read_dates(text: str) -> list[dict[str, Any]]:
    """Lines of a date, its hours (or ``off``) and a name, as crm.calendars takes them.

    Raises:
        ValueError: with a sentence that names the line.
    """
    found: dict[date, dict[str, Any]] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        match = DATE.fullmatch(line)
        try:
            on = date.fromisoformat(match[1]) if match else None
        except ValueError:
            on = None
        if match is None or on is None:
            raise ValueError(f"“{line[:40]}” does not begin with a date: write 2026-12-31 09:00-15:00 Short day.")
        rest, intervals = match[2], []
        if rest[:3].lower() == "off":
            rest = rest[3:]
        elif not (hours := re.match(rf"(?:{INTERVAL.pattern}\s*,?\s*)+", rest, re.ASCII)):
            raise ValueError(f"“{line[:40]}” has neither hours nor the word off.")
        else:
            intervals, rest = read(hours[0]), rest[hours.end() :]
        if on in found:
            raise ValueError(f"{on} is named twice.")
        found[on] = {"on": on, "name": rest.strip()[:100], "intervals": intervals}
    return list(found.values())
