"""Takes fields out of what a stranger sent. What cannot be used is left out, what is too long is cut; both leave a flag."""

import hashlib
import math
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import orjson

LONGEST_KEY = 200
LONGEST_EXTRA = 16_000  # bytes of JSON
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_S = 31 * 24 * 3600
HUGE = 10**199
_DIGITS = re.compile(r"\d{1,18}(?:\.\d{1,9})?", re.ASCII)


def key_of(value: Any) -> str:
    """An id as the sender gave it, text or whole number; empty when it cannot be one (or cannot be stored)."""
    if type(value) is int and -HUGE < value < HUGE:
        value = str(value)
    if not isinstance(value, str) or len(value) > LONGEST_KEY:
        return ""
    value = value.strip()
    return value if value.isprintable() else ""


def natural_key(*parts: str) -> str:
    """By which a repetition is known where the sender gives no id: the parts, with a digest of them where they are too long for an id."""
    joined = "/".join(parts)
    if len(joined) <= LONGEST_KEY:
        return joined
    return f"{joined[:120]}/{hashlib.sha256(joined.encode('utf-8', 'replace')).hexdigest()}"


def text_of(value: Any) -> str:
    """A text, or a whole number as text: senders are not sure which of both an id is. Empty for anything else."""
    return value if isinstance(value, str) else str(value) if type(value) is int and abs(value) < HUGE else ""


class Reader:
    """The fields of one body, one method per kind of value."""

    __slots__ = ("body", "flags", "zone_name")

    def __init__(self, body: dict[str, Any], zone_name: str) -> None:
        self.body, self.zone_name = body, zone_name
        self.flags: set[str] = set()

    def text(self, name: str, longest: int) -> str:
        value = self.body.get(name)
        return "" if value is None else self.clean(name, value, longest)

    def clean(self, name: str, value: Any, longest: int) -> str:
        if not isinstance(value, str):
            if value is None:
                return ""
            if type(value) is int and abs(value) < 10**20:
                return str(value)
            if type(value) is float and value.is_integer() and abs(value) < 10**15:
                return str(int(value))
            self.flags.add(f"dropped_{name}")
            return ""
        if len(value) > longest:
            value = value[:longest]
            self.flags.add(f"cut_{name}")
        if not value.isprintable():  # NUL and lone surrogates cannot be stored; line ends say nothing in a field of one line
            if not all(letter.isprintable() or letter.isspace() for letter in value):
                self.flags.add(f"cut_{name}")
            value = "".join(letter if letter.isprintable() else " " for letter in value)
        return value.strip()

    def key(self, name: str) -> str:
        value = self.body.get(name)
        if value is None or value == "":
            return ""
        found = key_of(value)
        if not found:
            self.flags.add(f"dropped_{name}")
        return found

    def keys(self, *names: str) -> set[str]:
        found: set[str] = set()
        for name in names:
            value = self.body.get(name)
            if value is None or value == "":
                continue
            several = value if isinstance(value, list) else [value]
            read = [key_of(one) for one in several[:50]]
            if len(several) > 50 or not all(read):
                self.flags.add(f"dropped_{name}")
            found.update(filter(None, read))
        return found

    def word(self, name: str, meanings: dict[str, str]) -> str:
        """One of our words, from what senders write for it."""
        value = self.body.get(name)
        if value is None or value == "":
            return ""
        meant = meanings.get(value.strip().lower(), "") if isinstance(value, str) and len(value) < 40 else ""
        if not meant:
            self.flags.add(f"dropped_{name}")
        return meant

    def whole(self, name: str, most: int) -> int | None:
        value = self.body.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, str) and len(value) < 17 and value.isascii() and value.isdigit():
            value = int(value)
        if type(value) is float and value.is_integer():
            value = int(value)
        if type(value) is int and 0 <= value <= most:
            return value
        self.flags.add(f"dropped_{name}")
        return None

    def seconds(self, name: str) -> float | None:
        value = self.body.get(name)
        if value is None or value == "":
            return None
        found = seconds_of(value)
        if found is None:
            self.flags.add(f"dropped_{name}")
        return found

    def instant(self, name: str) -> datetime | None:
        value = self.body.get(name)
        if value is None or value == "":
            return None
        moment = moment_of(value)
        try:
            if moment is not None and moment.tzinfo is None:
                moment = self._placed(moment)
            if moment is not None:
                moment = moment.astimezone(UTC)
        except (OverflowError, ValueError):
            moment = None
        if moment is None or not EARLIEST <= moment <= LATEST:
            self.flags.add(f"dropped_{name}")
            return None
        return moment

    def _placed(self, moment: datetime) -> datetime:
        """A time without an offset, in the sender's zone. One that exists twice is the first; one that does not exist is later."""
        self.flags.add("naive_time")
        zone = _zone(self.zone_name)
        if zone is None:
            self.flags.add("unknown_time_zone")
            return moment.replace(tzinfo=UTC)
        here = moment.replace(tzinfo=zone, fold=0)
        if here.utcoffset() != here.replace(fold=1).utcoffset():
            exists = here.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == moment.replace(fold=0)
            self.flags.add("ambiguous_local_time" if exists else "nonexistent_local_time")
        return here

    def party(self, name: str) -> tuple[str, str]:
        """The number and the name of ``from`` or ``to``: a text, or an object."""
        value = self.body.get(name)
        if isinstance(value, dict):
            number = next((one for key in ("number", "raw", "e164", "extension") if (one := value.get(key)) is not None), None)
            return self.clean(name, number, 200), self.clean(name, value.get("name"), 200)
        return self.text(name, 200), ""

    def agent(self) -> tuple[str, str, str]:
        """Extension, e-mail and name. Whatever the sender knows its operators by serves as the extension."""
        value = self.body.get("agent")
        if value is None:
            return "", "", ""
        if isinstance(value, dict):
            email = self.clean("agent", value.get("email"), 254)
            extension = self.clean("agent", value.get("extension"), 100) or self.clean("agent", value.get("id"), 100)
            return extension or email[:100], email, self.clean("agent", value.get("name"), 200)
        said = self.clean("agent", value, 100)
        return said, said if "@" in said else "", ""

    def named(self, name: str, longest: int) -> str:
        """A text, or an object that has a name."""
        value = self.body.get(name)
        if isinstance(value, dict):
            value = next((one for key in ("slug", "name", "id") if (one := value.get(key)) is not None), None)
        return self.clean(name, value, longest)

    def rest(self, known: frozenset[str]) -> dict[str, Any] | None:
        """The members that we do not know, as far as they can be stored. The whole body is kept elsewhere."""
        if self.body.keys() <= known:
            return None
        kept: dict[str, Any] = {}
        room = LONGEST_EXTRA
        for name, value in self.body.items():
            if name in known:
                continue
            try:
                written = orjson.dumps(value)
            except (TypeError, RecursionError):  # lone surrogates, endless numbers, too deep
                written = b"\\u0000"
            room -= len(written) + len(name)
            if room < 0 or b"\\u0000" in written or not name.isprintable():
                room += len(written) + len(name)
                self.flags.add("cut_extra")
            else:
                kept[name] = orjson.loads(written)
        return kept or None


def seconds_of(value: Any) -> float | None:
    """A length in seconds, number or digits; None when it cannot be one."""
    if isinstance(value, str) and len(value) < 17 and value.isascii() and value.replace(".", "", 1).isdigit():
        value = float(value)
    if type(value) in (int, float) and math.isfinite(value) and 0 <= value <= LONGEST_S:
        return float(value)
    return None


def moment_of(value: Any) -> datetime | None:
    """ISO 8601 with date and time; None for anything else. A leap second is the second before it."""
    if not isinstance(value, str) or not 11 < len(value) < 64:
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        try:
            return datetime.fromisoformat(value.strip().upper().replace(":60", ":59", 1))
        except ValueError:
            return None


def of_epoch(value: Any, *, per_second: int = 1) -> str:
    """ISO 8601 in UTC of a time since 1970, ``per_second`` units to the second, a number or digits. Empty for anything else and for nought."""
    if type(value) is int and value > 10**18:
        return ""
    if type(value) not in (int, float, str) or not _DIGITS.fullmatch(str(value)):
        return ""
    micros = int(Decimal(str(value)) * 1_000_000 / per_second)
    try:
        return (EPOCH + timedelta(microseconds=micros)).isoformat() if micros else ""
    except OverflowError:
        return ""


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None
