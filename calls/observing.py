"""What an agent's phone does, computed from the calls that go on now. Whatever order events come in, the present is the same.

Registered with ``calls.consequences``: every change of a call computes those anew whom it may concern. What is told late of a call that
nobody was seen in does not move the present.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from calls import presence
from calls.consequences import Change
from calls.models import AgentPresence, Call
from calls.models.agents import BUSY, Source, State
from config.platform import statements

#: The legs that go on, calls written down by hand that go on, and what waits to be written up and for how long: from the end of the call,
#: or of the agent's own leg when nobody took the call over, for then the news that it is over is on its way.
#: A phone that is said to ring for longer than ten minutes, or a call by hand that nobody ends in two hours, is not believed.
DOING = """
SELECT l.agent_id, CASE WHEN l.state = 'ringing' THEN 'ringing' WHEN l.held_at IS NOT NULL THEN 'hold' ELSE 'talking' END,
    COALESCE(l.held_at, l.answered_at, l.ring_at, l.started_at, c.started_at), l.call_id, NULL::timestamptz
FROM calls_callleg l JOIN calls_call c ON c.id = l.call_id
WHERE l.agent_id = ANY(%(agents)s) AND l.state IN ('ringing', 'answered') AND c.state <> 'ended'
    AND (l.state = 'answered' OR COALESCE(l.ring_at, l.started_at) > %(now)s - interval '10 minutes')
UNION ALL
SELECT agent_id, 'talking', started_at, id, NULL FROM calls_call
WHERE agent_id = ANY(%(agents)s) AND source = 'manual' AND state <> 'ended' AND started_at > %(now)s - interval '2 hours'
UNION ALL
SELECT c.agent_id, 'wrap_up', over.at, c.id, over.at + COALESCE(NULLIF(q.wrap_up_limit_s, 0), %(wrap_up_s)s) * interval '1 second'
FROM calls_call c LEFT JOIN calls_queue q ON q.slug = c.queue
CROSS JOIN LATERAL (SELECT CASE WHEN c.state = 'ended' THEN c.ended_at ELSE (
    SELECT max(l.ended_at) FROM calls_callleg l
    WHERE l.call_id = c.id AND l.agent_id = c.agent_id AND l.state = 'ended' AND l.answered_at IS NOT NULL) END AS at) over
WHERE c.agent_id = ANY(%(agents)s) AND c.started_at > %(now)s - interval '12 hours'
    AND CASE WHEN c.state = 'ended' THEN c.wrap_up_state = 'pending' ELSE c.source = 'event' AND c.wrap_up_state <> 'done' END
    AND over.at + COALESCE(NULLIF(q.wrap_up_limit_s, 0), %(wrap_up_s)s) * interval '1 second' > %(now)s
"""
#: The first of these that anything says is what is shown.
FIRST = (State.TALKING, State.HOLD, State.RINGING, State.WRAP_UP)


@dataclass(frozen=True, slots=True)
class Doing:
    """One thing that an agent is seen doing, and since when; ``until`` for writing up."""

    state: str
    at: datetime
    call_id: UUID | None = None
    until: datetime | None = None


def pick(doing: Sequence[Doing]) -> Doing | None:
    """The one that is shown of several: talking before holding before ringing before writing up, of equals the latest begun."""
    for state in FIRST:
        alike = [one for one in doing if one.state == state]
        if alike:
            return max(alike, key=lambda one: (one.at, str(one.call_id)))
    return None


def follow(change: Change) -> None:
    """Registered with ``calls.consequences.consequences``."""
    people = concerned(change)
    if not people:
        return
    if change.is_late and not AgentPresence.objects.filter(call=change.call).exists():
        return
    look_again(people, at=change.happened_at, now=change.now)


def concerned(change: Change) -> set[UUID]:
    """Whose phone may show something else after the change."""
    before, after = change.before, change.after
    people = set((before.ringing ^ after.ringing) | (before.talking ^ after.talking) | (before.held ^ after.held))
    ended = (before.state == Call.State.ENDED) != (after.state == Call.State.ENDED)
    if ended or before.wrap_up_state != after.wrap_up_state or before.agent_id != after.agent_id:
        people |= before.ringing | before.talking | after.ringing | after.talking
        people |= {one for one in (before.agent_id, after.agent_id) if one is not None}
    return people


@transaction.atomic(savepoint=False)
def look_again(agents: Iterable[UUID], *, at: datetime, now: datetime) -> None:
    """Compute what the phones of these agents do. ``at`` is when what changed happened, where nothing better is known."""
    held = presence.hold(agents)
    asked = {"agents": list(held), "now": now, "wrap_up_s": settings.AGENT_WRAP_UP_S}
    doing: dict[UUID, list[Doing]] = {}
    for agent_id, *what in statements.rows(DOING, asked) if held else ():
        doing.setdefault(agent_id, []).append(Doing(*what))
    for agent_id, row in held.items():
        _settle(row, doing.get(agent_id, []), at=min(at, now), now=now)


def _settle(row: AgentPresence, doing: Sequence[Doing], *, at: datetime, now: datetime) -> None:
    """Write what is seen, unless it is what was seen before; a pause that waited begins when the phone is quiet."""
    found = pick(doing)
    source = Source.PHONE
    if found is None and row.phone_state:
        found = Doing(row.phone_state, row.phone_state_at or at)
    elif found is not None and found.state == State.WRAP_UP:
        source = Source.SYSTEM
    state, call_id, until = (found.state, found.call_id, found.until) if found else ("", None, None)
    if (state, call_id, until) == (row.observed, row.call_id, row.observed_until):
        return
    was = presence.seen(row)
    if (state, call_id) != (row.observed, row.call_id):
        begun = at if found is None or (row.observed_since and found.at <= row.observed_since) else found.at
        presence.observe(row, state, at=min(begun, now), source=source, call_id=call_id, until=until)
    row.observed_until = until
    begin_pending(row, at=row.observed_since or at)
    presence.save(row, was, now=now)


def is_engaged(row: AgentPresence) -> bool:
    """Whether a call, or what follows from it, keeps the agent from a pause."""
    return row.observed in BUSY or row.observed == State.WRAP_UP


def begin_pending(row: AgentPresence, *, at: datetime) -> None:
    """Begin the pause that waited for the end of a call, if there is one and the phone is quiet."""
    if row.pending_pause and not is_engaged(row) and row.declared != State.OFFLINE:
        code, limit_s = row.pending_pause, row.pending_limit_s
        row.pending_pause = row.pending_limit_s = None
        lagged_at = row.lagged_at
        presence.declare(row, State.PAUSED, at=at, source=Source.AGENT, code=code, limit_s=limit_s)
        if lagged_at:
            presence.fall_silent(row, at=row.declared_since or at)
