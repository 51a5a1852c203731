"""Hear of agents, and watch for those of whom nothing is heard: heartbeats and the sweep that misses them.

Heartbeats are written and missed by the database's clock, so no host's wrong clock makes anybody silent, or keeps them present. What a
sweep finds happened at a certain instant (the last heartbeat and the limit), however late the sweep is.
"""

from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from calls import agents, observing, presence
from calls.models import AgentPresence, PauseCode
from calls.models.agents import Source, State
from config.platform import feed, statements
from config.platform.models import User
from crm import duty

BEAT = """
UPDATE calls_agentpresence a SET last_heartbeat_at = statement_timestamp()
WHERE agent_id = %(agent)s AND session = %(session)s AND declared <> 'offline' AND lagged_at IS NULL RETURNING
"""


@cache
def _columns() -> statements.Columns[AgentPresence]:
    return statements.Columns(AgentPresence, "a")


@cache
def _beat() -> str:
    codes = "".join(f", (SELECT code FROM calls_pausecode WHERE id = a.{name}_id)" for name in presence.PAUSES)  # noqa: S608 (names of ours)
    return BEAT + _columns().sql + codes


#: Everybody who takes calls has a row, so that a wallboard shows them before their first day.
NEWCOMERS = """
INSERT INTO calls_agentpresence (id, agent_id, created_at, updated_at, version, declared, declared_source, observed, phone_state, device,
    break_reason)
SELECT u.id, u.id, statement_timestamp(), statement_timestamp(), 1, 'offline', 'system', '', '', '', '' FROM platform_user u
WHERE u.role = 'agent' AND u.is_active AND NOT EXISTS (SELECT 1 FROM calls_agentpresence p WHERE p.agent_id = u.id)
ORDER BY u.id ON CONFLICT DO NOTHING
"""


def heartbeat(*, session: UUID, by: User, now: datetime) -> AgentPresence:
    """Note that this screen is alive; answers how the agent stands. One statement, unless there is something to tell.

    Raises:
        NotSignedIn, SignedInElsewhere
    """
    for values in statements.rows(_beat(), {"agent": by.pk, "session": session}):
        made = _columns().make(values[: len(_columns())])
        for name, code in zip(presence.PAUSES, values[len(_columns()) :], strict=True):
            setattr(made, name, PauseCode(pk=getattr(made, f"{name}_id"), code=code) if code else None)
        return made
    with transaction.atomic():
        row = presence.hold([by.pk])[by.pk]
        if row.declared == State.OFFLINE:
            raise agents.NotSignedIn("You are not signed in any more: sign in again.")
        if row.session != session:
            raise agents.SignedInElsewhere("Another screen of yours signed in after this one.", device=row.device)
        was = presence.seen(row)
        row.last_heartbeat_at = presence.now_by_database()
        if row.lagged_at:
            presence.come_back(row, at=row.last_heartbeat_at)
        presence.save(row, was, now=now)
    return row


def miss(*, limit: int = 500) -> int:
    """Find those whose heartbeats ended, are gone for long, or work here no more; answers how many.

    Safe in any number of workers: rows in another's hands are passed over. Each becomes ``lagged`` at the instant of the last heartbeat
    and the limit, ``offline`` when that lasted too long; somebody switched off is offline at once.
    """
    found = 0
    now = presence.now_by_database()
    silent, gone = timedelta(seconds=settings.AGENT_LAGGED_AFTER_S), timedelta(seconds=settings.AGENT_OFFLINE_AFTER_S)
    here = AgentPresence.objects.exclude(declared=State.OFFLINE)
    with transaction.atomic():
        for row in _caught(here.filter(lagged_at=None, last_heartbeat_at__lt=now - silent), limit):
            was = presence.seen(row)
            presence.fall_silent(row, at=(row.last_heartbeat_at or now) + silent)
            presence.save(row, was, now=now)
            found += 1
    with transaction.atomic():
        for row in _caught(here.filter(lagged_at__lt=now - gone), limit):
            was = presence.seen(row)
            agents.leave(row, at=(row.lagged_at or now) + gone, source=Source.SYSTEM, note="Nothing was heard for too long.")
            presence.save(row, was, now=now)
            found += 1
    with transaction.atomic():
        for row in _caught(here.filter(agent__is_active=False), limit):
            was = presence.seen(row)
            agents.leave(row, at=now, source=Source.SYSTEM, note="Works here no more.")
            presence.save(row, was, now=now)
            found += 1
    return found


def end_wrap_ups(*, now: datetime, limit: int = 500) -> int:
    """End the writing up of those whose time for it is over; answers how many. Twice or at once: as ``miss``."""
    with transaction.atomic():
        rows = _caught(AgentPresence.objects.filter(observed=State.WRAP_UP, observed_until__lte=now), limit)
        for row in rows:
            observing.look_again([row.agent_id], at=row.observed_until or now, now=now)
    return len(rows)


def tell_pauses_over(*, now: datetime, limit: int = 500) -> int:
    """Tell of pauses that last longer than their code allows, once each: the agent and those who lead them. Nobody is forced."""
    over = AgentPresence.objects.filter(declared=State.PAUSED, pause_limit_at__lte=now, pause_over_told_at=None)
    with transaction.atomic():
        rows = _caught(over, limit)
        for row in rows:
            row.pause_over_told_at = now
            row.save(update_fields=["pause_over_told_at"])
            code: Any = row.pause_code
            told = {"agent": row.agent_id, "name": str(row.agent), "pause_code": code.code, "since": row.declared_since,
                    "over_since": row.pause_limit_at}  # fmt: skip
            feed.tell([row.agent_id, *duty.leads_of([row.agent_id])], "agent.pause_over", told, about=row.agent_id, now=now)
    return len(rows)


def welcome() -> int:
    """Give a row to everybody who takes calls and has none; answers how many."""
    return statements.count(NEWCOMERS, {})


def _caught(rows: Any, limit: int) -> list[AgentPresence]:
    named = rows.select_related("agent", "pause_code", "pending_pause", "asked_pause")
    return list(named.order_by("agent_id").select_for_update(no_key=True, skip_locked=True, of=("self",))[:limit])
