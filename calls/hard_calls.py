"""Calls that tire: noticed when they are written up, a micro-pause is offered after each, and they are spread fairly.

A call is hard by its topic, by its disposition, or because whoever had it says that they were abused.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from calls import observing, presence, queues
from calls.consequences import Change
from calls.models import AgentPresence, Call, HardCall, PauseCode, Queue
from calls.models.agents import Source, State
from calls.wrap_up import NotYourCall
from config.platform import feed, statements
from config.platform.errors import Refusal
from config.platform.history import record, snapshot
from config.platform.models import LEADERS, User
from config.platform.moves import check_version

ABUSE = "abuse"
#: The pause that is offered; made when it is first taken, and changed like any other.
MICRO = "micro-pause"
TEXT = "That was a hard call. Take a moment for yourself, if you like: nobody minds, and nothing is counted against you."
OFFER = """
SELECT call_id, offer_s, offer_until FROM calls_hardcall
WHERE agent_id = %(agent)s AND at > %(now)s - interval '1 day' AND answer = '' AND offer_until > %(now)s ORDER BY at DESC, id DESC LIMIT 1
"""
SHARES = """
WITH hard AS (
    SELECT agent_id, count(*) AS hard, min(at) AS first_at, max(at) AS last_at, count(*) FILTER (WHERE offered_at IS NOT NULL) AS offered,
        count(*) FILTER (WHERE answer = 'taken') AS taken
    FROM calls_hardcall WHERE at >= %(after)s AND at < %(before)s GROUP BY agent_id),
handled AS (
    SELECT agent_id, count(*) AS calls FROM calls_call
    WHERE started_at >= %(after)s AND started_at < %(before)s AND agent_id IS NOT NULL AND outcome = 'answered' GROUP BY agent_id)
SELECT u.id, u.surname, u.name, u.patronymic, u.username, COALESCE(c.calls, 0), COALESCE(h.hard, 0), h.first_at, h.last_at,
    COALESCE(h.offered, 0), COALESCE(h.taken, 0)
FROM handled c FULL JOIN hard h ON h.agent_id = c.agent_id JOIN platform_user u ON u.id = COALESCE(c.agent_id, h.agent_id)
ORDER BY COALESCE(h.hard, 0) DESC, u.surname, u.id
"""
LATELY = """
SELECT agent_id, count(*), max(at) FROM calls_hardcall WHERE agent_id = ANY(%(agents)s) AND at > %(since)s GROUP BY agent_id
"""


class NothingOffered(Refusal):
    """No micro-pause is offered to you now: it was answered already, or its time is over."""

    code = "nothing_offered"
    advice = "Hide the offer and go on: there is nothing to take. Who needs a break asks for an ordinary pause."


def follow(change: Change) -> None:
    """Registered with ``calls.consequences.consequences``: what is written up may show that the call was hard."""
    if change.before.wrapped_up_at != change.after.wrapped_up_at:
        assess(change.call, now=change.now)


def reasons_of(call: Call) -> list[str]:
    """Why this call counts as hard by what was written of it; empty: it does not."""
    found = [f"topic:{code}" for code in call.topics.filter(is_hard=True).order_by("code").values_list("code", flat=True)]
    if call.disposition is not None and call.disposition.is_hard:
        found.append(f"disposition:{call.disposition.code}")
    return found


@transaction.atomic
def assess(call: Call, *, now: datetime, marked_by: User | None = None, take_back: bool = False) -> HardCall | None:
    """Write down that the call was hard, or that it was not after all; the caller holds the call. Doing it again changes nothing."""
    row = HardCall.objects.select_for_update().filter(call=call).first()
    found = reasons_of(call)
    marker = None if take_back else marked_by or (row.marked_by if row else None)
    if marker is not None:
        found.append(ABUSE)
    agent_id = call.agent_id or call.wrapped_up_by_id
    if not found or agent_id is None:
        if row is not None:
            row.delete()
        return None
    if row is None:
        row = HardCall(call=call, agent_id=agent_id)
    row.agent_id, row.at, row.reasons, row.marked_by = agent_id, call.ended_at or now, found, marker
    is_news = row.offered_at is None and row.at > now - timedelta(seconds=settings.MICRO_PAUSE_OFFERED_S)
    if is_news and settings.MICRO_PAUSE_S and AgentPresence.objects.filter(agent=agent_id).exclude(declared=State.OFFLINE).exists():
        row.offered_at, row.offer_s = now, settings.MICRO_PAUSE_S
        row.offer_until = now + timedelta(seconds=settings.MICRO_PAUSE_OFFERED_S)
        told = {"call": call.pk, "seconds": row.offer_s, "until": row.offer_until, "reasons": found, "text": TEXT}
        feed.tell([agent_id], "micro_pause.offered", told, about=agent_id, now=now)
    row.save()
    return row


@transaction.atomic
def mark(call_id: UUID, *, is_hard: bool, if_version: int | None = None, by: User, now: datetime) -> Call:
    """Say that the caller was abusive, or take it back. Whoever had the call, or one who leads.

    Raises:
        VersionConflict, NotYourCall
    """
    call = Call.objects.select_for_update(of=("self",)).get(pk=call_id)
    check_version(call, if_version)
    if call.agent_id != by.pk and by.role not in LEADERS:
        raise NotYourCall("Another operator had this call: they or a supervisor say how it was.")
    assess(call, now=now, marked_by=by if is_hard else None, take_back=not is_hard)
    call.version += 1
    call.save(update_fields=["version", "updated_at"])
    record(call, "mark_hard" if is_hard else "mark_not_hard", by=by, now=now)
    return call


def offer_to(agent_id: UUID, *, now: datetime) -> dict[str, Any] | None:
    """The micro-pause that is offered to an agent now."""
    for call_id, seconds, until in statements.rows(OFFER, {"agent": agent_id, "now": now}):
        return {"call": call_id, "seconds": seconds, "until": until, "text": TEXT}
    return None


@transaction.atomic
def micro_pause(*, take: bool, by: User, now: datetime) -> AgentPresence:
    """Take the micro-pause that is offered, or say no to it. During another call it begins when that is over.

    Raises:
        NothingOffered
    """
    row = presence.hold([by.pk])[by.pk]
    offers = HardCall.objects.select_for_update().filter(agent=by, at__gt=now - timedelta(days=1), answer="", offer_until__gt=now)
    offer = offers.order_by("-at", "-id").first()
    if offer is None or row.declared == State.OFFLINE:
        raise NothingOffered("No micro-pause is offered to you now.")
    was, before = presence.seen(row), snapshot(row)
    answer = HardCall.Answer.TAKEN if take else HardCall.Answer.DECLINED
    offers.update(answer=answer, answered_at=now)
    if take:
        code, _ = PauseCode.objects.get_or_create(
            code=MICRO, defaults={"name": "Micro-pause after a hard call", "kind": PauseCode.Kind.HEALTH, "paid": PauseCode.Paid.YES}
        )
        if observing.is_engaged(row):
            row.pending_pause, row.pending_limit_s = code, offer.offer_s
        else:
            presence.declare(row, State.PAUSED, at=now, source=Source.AGENT, code=code, limit_s=offer.offer_s, by=by)
    presence.save(row, was, now=now, by=by)
    record(row, "take_micro_pause" if take else "decline_micro_pause", by=by, now=now, before=before)
    return row


def shares(*, after: datetime, before: datetime) -> list[dict[str, Any]]:
    """How hard calls were spread: for each who answered calls in this time, how many were hard, and which share of theirs."""
    found = []
    for agent, surname, name, patronymic, username, calls, hard, first_at, last_at, offered, taken in statements.rows(
        SHARES, {"after": after, "before": before}
    ):
        full = " ".join(filter(None, (surname, name, patronymic))) or username
        found.append(
            {"agent": agent, "agent_name": full, "calls": calls, "hard": hard, "share": round(hard / calls, 4) if calls else None,
             "first_at": first_at, "last_at": last_at, "offered": offered, "taken": taken}
        )  # fmt: skip
    return found


def fair_order(queue: Queue, *, now: datetime) -> list[dict[str, Any]]:
    """Who of those who serve a queue and are free should get its next hard call: fewest hard calls lately, then longest free."""
    free = AgentPresence.objects.filter(agent__in=queues.people_of(queue), agent__is_active=True).select_related("agent")
    rows = [row for row in free if row.is_free]
    asked = {"agents": [row.agent_id for row in rows], "since": now - timedelta(seconds=settings.HARD_CALLS_COUNTED_S)}
    lately = {agent: (count, last) for agent, count, last in statements.rows(LATELY, asked)} if rows else {}
    found = []
    for row in rows:
        hard, last = lately.get(row.agent_id, (0, None))
        found.append({"agent": row.agent_id, "agent_name": str(row.agent), "hard": hard, "last_hard_at": last, "free_since": row.since})
    return sorted(found, key=lambda one: (one["hard"], one["free_since"] or now, str(one["agent"])))
