"""One event of a phone system as we understand it, whatever the system: what adapters make, what is stored, what is folded."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

#: The types that the fold knows, in the order in which they happen when their times are equal.
TYPES = (
    "call.initiated",
    "call.queued",
    "leg.ringing",
    "leg.not_answered",
    "leg.answered",
    "leg.held",
    "leg.resumed",
    "call.transferred",
    "call.left_queue",
    "machine.detected",
    "voicemail.left",
    "leg.ended",
    "call.ended",
    "wrapup.started",
    "wrapup.ended",
    "recording.available",
    "cdr",
    "call.updated",
    "call.heartbeat",
)
RANK = {name: rank for rank, name in enumerate(TYPES)}


def is_extension(number: str) -> bool:
    """Whether it looks like a short internal number. Who knows the system's own lines adds them."""
    return number.isascii() and number.isdigit() and 2 <= len(number) <= 5


@dataclass(frozen=True, slots=True)
class Event:
    """What happened on one leg of one call. Times are aware and in UTC, keys are the sender's own, durations are seconds.

    ``time_source`` is ``received`` when the sender gave no time that could be used. ``flags`` tell what was doubtful:
    ``naive_time``, ``ambiguous_local_time``, ``nonexistent_local_time``, ``unknown_time_zone``, ``future_time``,
    ``dropped_<field>`` (it could not be used), ``cut_<field>`` (it was too long).
    """

    dedupe_key: str
    content_hash: str
    type: str
    occurred_at: datetime
    call_key: str
    event_id: str = ""
    time_source: str = "sender"
    flags: tuple[str, ...] = ()
    sequence: int | None = None
    linked_keys: tuple[str, ...] = ()
    leg_key: str = ""
    party: str = ""
    call_request_id: str = ""
    direction: str = ""
    from_raw: str = ""
    from_name: str = ""
    to_raw: str = ""
    to_name: str = ""
    line: str = ""
    queue: str = ""
    queue_position: int | None = None
    agent_extension: str = ""
    agent_email: str = ""
    agent_name: str = ""
    cause: int | None = None
    cause_text: str = ""
    hangup_by: str = ""
    reason: str = ""
    duration_s: float | None = None
    talk_s: float | None = None
    started_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    recording: dict[str, Any] | None = None
    transfer: dict[str, Any] | None = None
    extra: dict[str, Any] | None = None

    @property
    def is_known(self) -> bool:
        """Whether the fold knows the type; others are kept and passed over."""
        return self.type in RANK

    @property
    def order(self) -> tuple[datetime, int, str]:
        """A total order: equal times are told apart by what usually comes first, then by the key."""
        return self.occurred_at, RANK.get(self.type, 99), self.dedupe_key

    def to_json(self) -> dict[str, Any]:
        """For the event's row. What was not given is left out."""
        plain: dict[str, Any] = {}
        for name in NAMES:
            value = getattr(self, name)
            if value is None or value == EMPTY[name]:
                continue
            plain[name] = value.isoformat() if name in TIMES else list(value) if name in TUPLES else value
        return plain

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> "Event":
        """The event that ``to_json`` wrote. Members that a later version added are passed over."""
        known = {name: value for name, value in plain.items() if name in EMPTY}
        for name in TIMES:
            if name in known:
                known[name] = datetime.fromisoformat(known[name])
        for name in TUPLES:
            if name in known:
                known[name] = tuple(known[name])
        return cls(**known)


NAMES = tuple(one.name for one in fields(Event))
EMPTY = {one.name: one.default for one in fields(Event)}
TIMES = ("occurred_at", "started_at", "answered_at", "ended_at")
TUPLES = ("linked_keys", "flags")


def distinct(events: Iterable[Event]) -> list[Event]:
    """Each event once, in the total order. Of two that share a key but differ, the same one is taken in any order."""
    by_key: dict[str, Event] = {}
    for event in events:
        other = by_key.setdefault(event.dedupe_key, event)
        if other is not event and other != event:
            by_key[event.dedupe_key] = min(other, event, key=lambda one: (one.order, one.content_hash, repr(one)))
    return sorted(by_key.values(), key=lambda event: event.order)
