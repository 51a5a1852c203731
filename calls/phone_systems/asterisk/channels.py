"""What Asterisk tells of one channel, and the channels of one party put together. Pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from calls.events import Event
from calls.phone_systems.asterisk.rows import OUTSIDE, Name, name_of

PREFIX = "asterisk."
#: In the order in which they happen when their times are equal.
KINDS = (
    "CHAN_START", "APP_START", "FORWARD", "PICKUP", "ANSWER", "PARK_END", "BRIDGE_ENTER", "HOLD", "UNHOLD", "BLINDTRANSFER",
    "ATTENDEDTRANSFER", "LOCAL_OPTIMIZE_BEGIN", "LOCAL_OPTIMIZE", "LOCAL_OPTIMIZE_END", "BRIDGE_EXIT", "PARK_START", "APP_END", "HANGUP",
    "CHAN_END", "LINKEDID_END",
)  # fmt: skip
RANK = {kind: rank for rank, kind in enumerate(KINDS)}
#: Causes of a phone that was never reached, so that it did not ring.
UNREACHABLE = frozenset({3, 20, 27, 38, 41, 42, 44, 58})
REASONS = {
    17: "busy",
    19: "no_answer",
    18: "no_answer",
    21: "rejected",
    26: "answered_elsewhere",
    **dict.fromkeys(UNREACHABLE, "unreachable"),
}
#: How long mobile push may take to wake a phone.
WAKING = timedelta(seconds=60)
SOON = timedelta(seconds=2)
Span = tuple[datetime, datetime | None]


@dataclass(frozen=True, slots=True)
class Row:
    """One channel event."""

    kind: str
    at: datetime
    channel: str
    told: dict[str, Any]
    event: Event

    def text(self, name: str) -> str:
        return str(self.told.get(name) or "")

    def more(self, name: str) -> Any:
        """A member of ``extra``."""
        extra = self.told.get("extra")
        return extra.get(name) if isinstance(extra, dict) else None


@dataclass
class Channel:
    """All that is told of one channel."""

    key: str
    rows: list[Row]

    @cached_property
    def name(self) -> Name:
        names = [name_of(row.text("channel")) for row in self.rows if row.text("channel")]
        return next((one for one in names if not one.is_plumbing), names[0] if names else Name("", "", True, ""))

    @cached_property
    def start(self) -> datetime:
        return min(row.at for row in self.rows)

    @cached_property
    def end(self) -> datetime | None:
        hangups = [row.at for row in self.rows if row.kind == "HANGUP"] or [row.at for row in self.rows if row.kind == "CHAN_END"]
        return min(hangups, default=None)

    @cached_property
    def is_caller(self) -> bool:
        """Whether it came to Asterisk by itself, and was not dialled."""
        return bool(self.rows) and any(row.event.call_key == self.key for row in self.rows if row.kind == "CHAN_START")

    @cached_property
    def number(self) -> str:
        return next((row.event.from_raw for row in self.rows if row.event.from_raw), "") or next(
            (row.text("ani") for row in self.rows if row.text("ani")), ""
        )

    @cached_property
    def called(self) -> str:
        """Whom the caller asked for: the extension it came in at."""
        said = [row.text("exten") for row in self.rows[:1]] + [row.text("dnid") for row in self.rows]
        said += [row.text("exten") for row in self.rows]
        return next((one for one in said if any(letter.isdigit() for letter in one)), "")

    @cached_property
    def caller_name(self) -> str:
        return next((row.event.from_name for row in self.rows if row.event.from_name and row.event.from_name != self.number), "")

    @cached_property
    def is_outside(self) -> bool:
        """Whether its names say that it leads outside."""
        if self.name.extension:
            return False
        return bool(OUTSIDE.search(self.name.endpoint)) or any(OUTSIDE.search(row.text("context")) for row in self.rows[:1])

    @cached_property
    def hangup(self) -> Row | None:
        return next((row for row in self.rows if row.kind == "HANGUP"), None)

    @cached_property
    def cause(self) -> int | None:
        cause = self.hangup.more("hangupcause") if self.hangup else None
        cause = int(cause) if isinstance(cause, str) and cause.isascii() and cause.isdigit() and len(cause) < 4 else cause
        return cause if type(cause) is int and 0 < cause <= 127 else None


@dataclass
class Party:
    """One participant, with all channels it took part by."""

    key: str
    kind: str
    number: str
    name: str
    channels: list[Channel]
    talks: list[tuple[datetime, datetime | None, frozenset[str]]] = field(default_factory=list)

    @property
    def answered_at(self) -> datetime | None:
        return self.talks[0][0] if self.talks else None

    @property
    def end(self) -> datetime | None:
        """When it was gone; None while one of the channels that count is there."""
        ends = [channel.end for channel in self._counting]
        return None if None in ends else max(end for end in ends if end)

    @property
    def cause(self) -> int | None:
        return max(self._counting, key=lambda one: (one.end or one.start, one.key)).cause

    @property
    def _counting(self) -> list[Channel]:
        who = frozenset().union(*(names for _, _, names in self.talks)) if self.talks else frozenset()
        return [channel for channel in self.channels if channel.key in who] or self.channels

    def talks_at(self, at: datetime) -> bool:
        return any(begin <= at and (end is None or at < end) for begin, end, _ in self.talks)
