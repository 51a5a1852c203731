"""What is true of a call, as its events tell it. Pure values; durations in seconds."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LegFacts:
    """One party's part of the call. The state only goes forward: created, ringing, answered, ended."""

    key: str
    party: str
    extension: str
    number_raw: str
    name: str
    state: str
    started_at: datetime
    ring_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    hold_s: float
    cause: int | None
    end_reason: str


@dataclass(frozen=True, slots=True)
class CallFacts:
    """The whole call."""

    direction: str
    state: str
    outcome: str
    from_raw: str
    from_name: str
    to_raw: str
    to_name: str
    line: str
    queue: str
    queue_position: int | None
    extension: str
    answered_by_raw: str
    answered_by_name: str
    started_at: datetime
    queued_at: datetime | None
    first_ring_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    wait_s: float | None
    ring_s: float | None
    talk_s: float | None
    hold_s: float | None
    reported_talk_s: float | None
    hangup_by: str
    cause: int | None
    cause_text: str
    is_partial: bool
    call_request_id: str
    legs: tuple[LegFacts, ...]
    transfers: tuple[dict, ...]
    queue_stays: tuple[dict, ...]
    recordings: tuple[dict, ...]
    linked_keys: tuple[str, ...]
    flags: tuple[str, ...]
