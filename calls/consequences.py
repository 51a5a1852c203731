"""What follows from a call that changed: somebody is told, a return call is owed or settled, an operator is busy.

Whoever changes a call's facts (its events, a person who makes it by hand, silence that ends it) takes a ``Standing`` before, and calls
``follow`` after, in the same transaction. Consequences look at the difference, so the same call computed again has none; each is keyed
by the call besides, for a difference may come back (answered, missed, answered).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from calls.models import Call, CallLeg
from config.platform.registry import Registry


@dataclass(frozen=True, slots=True)
class Standing:
    """What consequences compare: the call as it was before a change. ``ringing``, ``talking`` and, among these, ``held``
    are ids of users.

    ``recorded`` is what is known of each recording (id, address, seconds): news of one may fill what was missing.
    """

    state: str = ""
    outcome: str = ""
    direction: str = ""
    agent_id: UUID | None = None
    contact_id: UUID | None = None
    customer_e164: str = ""
    queue: str = ""
    wrap_up_state: str = ""
    transfers: int = 0
    transfer_results: tuple[str, ...] = ()
    recordings: int = 0
    recorded: frozenset[tuple[str, str, float]] = frozenset()
    started_at: datetime | None = None
    answered_at: datetime | None = None
    queued_at: datetime | None = None
    wait_s: float | None = None
    ringing: frozenset[UUID] = frozenset()
    talking: frozenset[UUID] = frozenset()
    held: frozenset[UUID] = frozenset()
    wrapped_up_at: datetime | None = None


NOTHING = Standing()


def as_stored(call: Call) -> tuple[Standing, list[CallLeg]]:
    """The call as the object says it is, with its legs from the table: for those who are about to change it."""
    legs = list(CallLeg.objects.filter(call=call))
    return standing(call, legs), legs


def standing(call: Call, legs: Sequence[CallLeg]) -> Standing:
    """The call as it stands with these legs."""
    return Standing(
        state=call.state,
        outcome=call.outcome,
        direction=call.direction,
        agent_id=call.agent_id,
        contact_id=call.contact_id,
        customer_e164=call.customer_e164,
        queue=call.queue,
        wrap_up_state=call.wrap_up_state,
        transfers=len(call.transfers),
        transfer_results=tuple(one["result"] for one in call.transfers),
        recordings=len(call.recordings),
        recorded=frozenset((str(one.get("id", "")), str(one.get("url", "")), one.get("duration_s") or 0) for one in call.recordings),
        started_at=call.started_at,
        answered_at=call.answered_at,
        queued_at=call.queued_at,
        wait_s=call.wait_s,
        ringing=frozenset(leg.agent_id for leg in legs if leg.agent_id and leg.state == "ringing"),
        talking=frozenset(leg.agent_id for leg in legs if leg.agent_id and leg.state == "answered"),
        held=frozenset(leg.agent_id for leg in legs if leg.agent_id and leg.held_at),
        wrapped_up_at=call.wrapped_up_at,
    )


@dataclass(frozen=True, slots=True)
class Change:
    """One call, before and after. ``happened_at`` is when the latest of what is known of it happened, by the teller's clock."""

    call: Call
    before: Standing
    after: Standing
    legs: Sequence[CallLeg]
    happened_at: datetime
    now: datetime

    @property
    def has_ended(self) -> bool:
        """Whether it ended with this change."""
        return self.after.state == Call.State.ENDED and self.before.state != Call.State.ENDED

    @property
    def is_late(self) -> bool:
        """Whether it is told of long after it happened: by a spool that was kept back, a file of old calls, a rebuilding."""
        return self.now - self.happened_at > LATE


LATE = timedelta(minutes=15)

#: What follows from a call that changed. Called for every change of any call: leave at once when the difference is none of yours.
consequences: Registry[Callable[[Change], None]] = Registry("what follows from a call that changed")


def follow(call: Call, before: Standing, legs: Sequence[CallLeg], *, happened_at: datetime, now: datetime) -> None:
    """Let everything follow from the change of ``call``, which the caller holds and has written, with its legs."""
    change = Change(call, before, standing(call, legs), legs, happened_at, now)
    if change.before == change.after:
        return
    for _, react in consequences:
        react(change)
