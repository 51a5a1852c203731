"""What is true of a call, as its events tell it. Values only: times are aware, durations are seconds."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

Span = tuple[datetime, datetime | None]


@dataclass(frozen=True, slots=True)
class LegFacts:
    """One party's part of the call. The state only goes forward: created, ringing, answered, ended."""

    key: str
    party: str  # customer, agent, external, ivr, queue, voicemail, unknown
    extension: str
    number_raw: str
    name: str
    state: str
    started_at: datetime
    ring_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    holds: tuple[Span, ...]
    hold_s: float
    cause: int | None
    end_reason: str


@dataclass(frozen=True, slots=True)
class QueueStay:
    """The caller waited in a queue. ``entered_at`` is None when only the leaving is known."""

    queue: str
    entered_at: datetime | None
    left_at: datetime | None
    reason: str
    position: int | None


@dataclass(frozen=True, slots=True)
class CallFacts:
    """The whole call. ``outcome`` is empty until the call has ended; a duration is None until both its ends are known.

    ``extension`` is of the operator who talked last. ``transfers``, ``queue_stays`` and ``recordings`` are ready for JSON.
    """

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
    reported_duration_s: float | None
    hangup_by: str
    cause: int | None
    cause_text: str
    is_partial: bool
    call_request_id: str
    legs: tuple[LegFacts, ...]
    transfers: tuple[dict[str, Any], ...]
    recordings: tuple[dict[str, Any], ...]
    queue_stays: tuple[dict[str, Any], ...]
    linked_keys: tuple[str, ...]
    flags: tuple[str, ...]
    last_event_at: datetime
