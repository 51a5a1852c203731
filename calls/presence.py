"""The ground of agents' states: hold an agent, move them from state to state, tell who must know.

Everything that changes an agent's state holds their row of ``AgentPresence``, so that one change comes after another: two devices, a
supervisor, the phone and the silence watch cannot write over one another. A state ends where the next begins.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from calls.models import AgentPresence, AgentStateInterval, PauseCode
from calls.models.agents import Source, State
from config.platform import feed, statements
from config.platform.models import User
from crm import duty

DECLARED, OBSERVED = AgentStateInterval.Track.DECLARED, AgentStateInterval.Track.OBSERVED
PAUSES = ("pause_code", "pending_pause", "asked_pause")
#: Ends what is open and opens the next state, if there is one: never before the last one ended, whatever the tellers' clocks say.
MOVE = """
WITH ended AS (
    UPDATE calls_agentstateinterval SET ended_at = GREATEST(started_at, %(at)s), version = version + 1, updated_at = statement_timestamp()
    WHERE agent_id = %(agent)s AND track = %(track)s AND ended_at IS NULL RETURNING ended_at),
last AS (
    SELECT ended_at FROM calls_agentstateinterval WHERE agent_id = %(agent)s AND track = %(track)s ORDER BY started_at DESC, id DESC LIMIT 1),
begun AS (SELECT GREATEST(%(at)s, (SELECT ended_at FROM ended), (SELECT ended_at FROM last)) AS at),
opened AS (
    INSERT INTO calls_agentstateinterval
        (id, created_at, updated_at, version, agent_id, track, state, pause_code_id, started_at, source, call_id, by_id, note)
    SELECT %(id)s, statement_timestamp(), statement_timestamp(), 1, %(agent)s, %(track)s, %(state)s, %(pause_code)s, begun.at, %(source)s,
        %(call)s, %(by)s, %(note)s
    FROM begun WHERE %(state)s <> '')
SELECT at FROM begun
"""


@cache
def _parts() -> tuple[tuple[statements.Columns[Any], ...], str]:
    columns: list[statements.Columns[Any]] = [statements.Columns(AgentPresence, "a"), statements.Columns(User, "u", without=("password",))]
    columns += [statements.Columns(PauseCode, name) for name in PAUSES]
    joins = "".join(f" LEFT JOIN calls_pausecode {name} ON {name}.id = a.{name}_id" for name in PAUSES)
    return tuple(columns), (
        f"SELECT {', '.join(part.sql for part in columns)} FROM calls_agentpresence a "  # noqa: S608 (names of models)
        f"JOIN platform_user u ON u.id = a.agent_id{joins} WHERE a.agent_id = ANY(%s) ORDER BY a.agent_id FOR NO KEY UPDATE OF a"
    )


def hold(agents: Iterable[UUID]) -> dict[UUID, AgentPresence]:
    """The rows of these agents, held until the transaction ends, always in one order; made for those who have none."""
    wanted = sorted(set(agents))
    held = _hold(wanted)
    missing = [AgentPresence(id=one, agent_id=one) for one in wanted if one not in held]
    if missing:
        AgentPresence.objects.bulk_create(missing, ignore_conflicts=True)
        held = _hold(wanted)
    return held


def _hold(agents: list[UUID]) -> dict[UUID, AgentPresence]:
    columns, sql = _parts()
    held = {}
    for values in statements.rows(sql, [agents]):
        made, at = [], 0
        for part in columns:
            own = values[at : at + len(part)]
            made.append(part.make(own) if any(value is not None for value in own) else None)
            at += len(part)
        row: AgentPresence = made[0]  # type: ignore[assignment]
        for name, related in zip(("agent", *PAUSES), made[1:], strict=True):
            setattr(row, name, related)
        held[row.agent_id] = row
    return held


def now_by_database() -> datetime:
    """The one clock by which heartbeats are counted: a host whose clock is wrong makes nobody silent."""
    found: datetime = statements.rows("SELECT statement_timestamp()", [])[0][0]
    return found


def declare(
    presence: AgentPresence,
    state: str,
    *,
    at: datetime,
    source: str,
    code: PauseCode | None = None,
    limit_s: int | None = None,
    by: User | None = None,
    note: str = "",
) -> None:
    """Begin a declared state at ``at``; the caller holds ``presence`` and saves it. ``limit_s`` instead of the code's own."""
    at = _move(
        presence, DECLARED, state, at, source=source, pause_code=code.pk if code else None, by=by.pk if by else None, note=note[:200]
    )
    limit = limit_s if limit_s is not None else code.time_limit_s if code else None
    presence.declared, presence.declared_since, presence.declared_source = state, at, source
    presence.pause_code, presence.lagged_at, presence.pause_over_told_at = code, None, None
    presence.pause_limit_at = at + timedelta(seconds=limit) if limit else None


def fall_silent(presence: AgentPresence, *, at: datetime) -> None:
    """Nothing is heard of the screen since ``at``; what was declared is kept for when it is heard of again."""
    presence.lagged_at = _move(presence, DECLARED, State.LAGGED, at, source=Source.SYSTEM)


def come_back(presence: AgentPresence, *, at: datetime) -> None:
    """The screen is heard of again: what was declared before goes on, with the rest of its time."""
    limit, told = presence.pause_limit_at, presence.pause_over_told_at
    declare(presence, presence.declared, at=at, source=Source.SYSTEM, code=presence.pause_code, note="Heard of again.")
    presence.pause_limit_at, presence.pause_over_told_at = limit, told


def observe(presence: AgentPresence, state: str, *, at: datetime, source: str, call_id: UUID | None, until: datetime | None) -> None:
    """Begin what the phone shows at ``at``; nothing, when ``state`` is empty. The caller holds ``presence`` and saves it."""
    at = _move(presence, OBSERVED, state, at, source=source, call=call_id)
    presence.observed, presence.observed_since, presence.observed_until, presence.call_id = state, at, until, call_id


def save(presence: AgentPresence, was: tuple[str, ...], *, now: datetime, by: User | None = None, reason: str = "") -> None:
    """Write the row; tell the agent, and those who lead them, when what they see is not what it ``was`` (``seen`` before the change)."""
    presence.version += 1
    presence.updated_at = now
    statements.update(presence)
    if seen(presence) != was:
        told = {**telling(presence), "by": str(by) if by else None, "reason": reason}
        feed.tell([presence.agent_id, *duty.leads_of([presence.agent_id])], "agent.state", told, about=presence.agent_id, now=now)


def seen(presence: AgentPresence) -> tuple[str, ...]:
    """What is told when it changes."""
    code, call = presence.pause_code_id, presence.call_id
    asked = (presence.pending_pause_id, presence.asked_pause_id)
    return (presence.state, presence.word, presence.observed, *(str(one or "") for one in (code, call, *asked)))


def telling(presence: AgentPresence) -> dict[str, Any]:
    """The agent's state as the live feed tells it."""
    return {
        "agent": presence.agent_id,
        "name": str(presence.agent),
        "state": presence.state,
        "since": presence.since,
        "declared": presence.word,
        "observed": presence.observed,
        "conflict": presence.conflict,
        "pause_code": presence.pause_code.code if presence.pause_code else None,
        "pending_pause": presence.pending_pause.code if presence.pending_pause else None,
        "asked_pause": presence.asked_pause.code if presence.asked_pause else None,
        "call": presence.call_id,
    }


def _move(
    presence: AgentPresence,
    track: str,
    state: str,
    at: datetime,
    *,
    source: str,
    pause_code: UUID | None = None,
    call: UUID | None = None,
    by: UUID | None = None,
    note: str = "",
) -> datetime:
    """End what is open in the track, begin ``state``; answers from when it is."""
    values = {"id": uuid7(), "agent": presence.agent_id, "track": str(track), "state": str(state), "at": at, "source": str(source)}
    values |= {"pause_code": pause_code, "call": call, "by": by, "note": note}
    begun: datetime = statements.rows(MOVE, values)[0][0]
    return begun
