"""Tell agents that a break is due: once when it falls due, then politely from time to time until they rest."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from calls import wellbeing
from calls.legs import Known
from calls.models import AgentPresence, PauseCode
from calls.models.agents import State
from config.platform import feed, statements

#: Longer than any shift: what lies before cannot matter.
LOOKED_AT = timedelta(hours=16)
DESK = """
SELECT i.agent_id, i.started_at, COALESCE(i.ended_at, %(now)s) FROM calls_agentstateinterval i
LEFT JOIN calls_pausecode p ON p.id = i.pause_code_id
WHERE i.agent_id = ANY(%(agents)s) AND i.track = 'declared'
    AND (i.ended_at IS NULL OR (i.started_at > %(since)s - interval '1 day' AND i.ended_at > %(since)s))
    AND (i.state = 'available' OR (i.state = 'paused' AND NOT p.kind = ANY(%(rests)s)))
"""
TALK = """
SELECT l.agent_id, l.answered_at, COALESCE(l.ended_at, c.ended_at, %(now)s) FROM calls_callleg l JOIN calls_call c ON c.id = l.call_id
WHERE l.agent_id = ANY(%(agents)s) AND l.answered_at > %(since)s
UNION ALL
SELECT agent_id, answered_at, COALESCE(ended_at, %(now)s) FROM calls_call
WHERE agent_id = ANY(%(agents)s) AND source = 'manual' AND answered_at IS NOT NULL AND started_at > %(since)s
"""


def rules() -> wellbeing.Rules:
    """The rules of the house, from the settings."""
    return wellbeing.Rules(**settings.BREAKS)


def spans_of(agents: Iterable[UUID], *, now: datetime) -> dict[UUID, tuple[list[Known], list[Known]]]:
    """The time at the desk and the time of talk of each agent, up to now. Two statements for however many."""
    people = list(agents)
    values = {"agents": people, "now": now, "since": now - LOOKED_AT, "rests": list(PauseCode.RESTS)}
    found: dict[UUID, tuple[list[Known], list[Known]]] = {agent: ([], []) for agent in people}
    for index, sql in enumerate((DESK, TALK)):
        for agent_id, begin, end in statements.rows(sql, values):
            found[agent_id][index].append((begin, end))
    return found


def look(presence: AgentPresence, spans: tuple[list[Known], list[Known]], *, now: datetime) -> bool:
    """Write into the row how it stands with a break; answers whether it is to be told now. The caller holds and saves the row."""
    shift = wellbeing.standing(*spans, rules(), now=now)
    again = timedelta(seconds=settings.BREAK_REPEATED_S)
    if shift.due is None:
        presence.break_due_at = presence.break_told_at = None
        presence.break_reason = ""
        presence.check_break_at = max(shift.not_before or now, now + timedelta(minutes=1))
        return False
    if presence.break_due_at != shift.due.at:
        presence.break_told_at = None
    presence.break_due_at, presence.break_reason = shift.due.at, shift.due.reason
    is_told = not shift.is_resting and (presence.break_told_at is None or now >= presence.break_told_at + again)
    if is_told:
        presence.break_told_at = now
    presence.check_break_at = now + timedelta(minutes=1)
    return is_told


def tell_due(*, now: datetime, limit: int = 200) -> int:
    """Look at everybody for whom a break may be due, and tell them; answers how many were told. Twice or at once: rows are held."""
    told = 0
    due = AgentPresence.objects.exclude(declared=State.OFFLINE).exclude(check_break_at__gt=now)
    with transaction.atomic():
        rows = list(due.order_by("agent_id").select_for_update(no_key=True, skip_locked=True, of=("self",))[:limit])
        spans = spans_of([row.agent_id for row in rows], now=now) if rows else {}
        for row in rows:
            if look(row, spans[row.agent_id], now=now):
                feed.tell([row.agent_id], "break.due", shown(row) or {}, about=row.agent_id, now=now)
                told += 1
            row.save(update_fields=["break_due_at", "break_reason", "break_told_at", "check_break_at"])
    return told


def shown(presence: AgentPresence) -> dict[str, Any] | None:
    """The break that is due as screens show it: since when, why, and what does good. None: nothing is due."""
    if presence.break_due_at is None:
        return None
    return {
        "since": presence.break_due_at,
        "reason": presence.break_reason,
        "text": wellbeing.why(presence.break_reason, rules()),
        "stretch": wellbeing.prompt(presence.break_due_at),
    }
