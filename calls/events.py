"""One event of a phone system, as we understand it. Pure."""

from dataclasses import asdict, dataclass, field, fields
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
    "recording.available",
    "cdr",
    "call.updated",
    "call.heartbeat",
)
RANK = {name: rank for rank, name in enumerate(TYPES)}


@dataclass(frozen=True, slots=True)
class Event:
    """What happened on one leg of one call. Times are aware; keys are the sender's own; durations are seconds."""

    dedupe_key: str
    content_hash: str
    type: str
    occurred_at: datetime
    call_key: str
    event_id: str = ""
    linked_keys: tuple[str, ...] = ()
    leg_key: str = ""
    sequence: int | None = None
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
    agent_name: str = ""
    cause: int | None = None
    cause_text: str = ""
    hangup_by: str = ""
    reason: str = ""
    duration_s: float | None = None
    talk_s: float | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    recording: dict[str, Any] | None = None
    transfer: dict[str, Any] | None = None
    flags: tuple[str, ...] = field(default=())

    @property
    def is_known(self) -> bool:
        """Whether the fold knows the type; others are kept and passed over."""
        return self.type in RANK

    @property
    def order(self) -> tuple[datetime, int, str]:
        """A total order: equal times are told apart by what usually comes first, then by the key."""
        return self.occurred_at, RANK.get(self.type, 99), self.dedupe_key

    def to_json(self) -> dict[str, Any]:
        """For the event's row; empty fields are left out."""
        plain = {name: value for name, value in asdict(self).items() if value not in (None, "", ())}
        for name in ("occurred_at", "answered_at", "ended_at"):
            if name in plain:
                plain[name] = plain[name].isoformat()
        return plain

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> "Event":
        """The event that ``to_json`` wrote; members that a later version added are passed over."""
        known = {name: value for name, value in plain.items() if name in NAMES}
        for name in ("occurred_at", "answered_at", "ended_at"):
            if name in known:
                known[name] = datetime.fromisoformat(known[name])
        for name in ("linked_keys", "flags"):
            if name in known:
                known[name] = tuple(known[name])
        return cls(**known)


NAMES = frozenset(one.name for one in fields(Event))
