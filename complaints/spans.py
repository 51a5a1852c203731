"""Lengths of time as people write them: 4 h, 1 h 30 min, 45 min. No days: a day of business time is not a day of the calendar."""

import re

UNITS = {"h": 3600, "min": 60, "s": 1}
WORDS = {"h": "h", "hour": "h", "hours": "h", "m": "min", "min": "min", "minute": "min", "minutes": "min", "s": "s", "sec": "s"}
PART = re.compile(r"(\d{1,6})\s*([a-z]+)", re.ASCII)


def written(seconds: int) -> str:
    """``5400`` as ``1 h 30 min``."""
    parts, left = [], seconds
    for unit, size in UNITS.items():
        if left >= size:
            parts.append(f"{left // size} {unit}")
            left %= size
    return " ".join(parts) or "0 min"


def read(text: str) -> int:
    """``1 h 30 min``, ``90 min`` and ``1:30`` as ``5400``.

    Raises:
        ValueError: with a sentence that says how to write it.
    """
    said = text.strip().lower()
    if clock := re.fullmatch(r"(\d{1,5}):([0-5]\d)", said, re.ASCII):
        return int(clock[1]) * 3600 + int(clock[2]) * 60
    parts = PART.findall(said)
    if not parts or PART.sub("", said).strip(" ,") or any(word not in WORDS for _, word in parts):
        raise ValueError("Write it as 4 h, 1 h 30 min or 45 min.")
    return sum(int(count) * UNITS[WORDS[word]] for count, word in parts)
