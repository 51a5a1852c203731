"""Escalation: what happens by itself with a promise that is about to be broken, or is. Every step once, however many sweeps run.

A step is a row that is unique for a clock, a level and a round, written in the transaction that does it, with the complaint held. So two
sweeps at once, a sweep that is killed, a clock of the machine that jumps: each step is there once, or not yet. A sweep that comes late
fires the highest step that is due and writes the ones below it down as passed over: nobody is told three times at once.
"""

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from complaints import clocks, escalation_actions, escalation_news, ladder
from complaints.clocks import Rules
from complaints.escalation_actions import NOTIFIED, SYSTEMS_TOLD, Order
from complaints.escalation_audience import Audience
from complaints.ladder import Quiet, Step
from complaints.models import Clock, Complaint, EscalationLevel, EscalationStep
from complaints.ownership import may_handle
from config.platform import feed, outbox, statements
from config.platform.copying import copy_in
from config.platform.errors import Refusal
from config.platform.history import Done, entry, record, record_by_copy, record_many, snapshot
from config.platform.models import User
from config.platform.moves import check_version

logger = logging.getLogger(__name__)
#: A clock that could not be looked at is looked at again after this, and stops no other.
SET_ASIDE = timedelta(minutes=5)
OVERTAKEN = "overtaken"
#: Long texts that nothing here reads.
UNREAD = [f"complaint__{name}" for name in ("words", "description", "remedy_sought", "decision_text", "corrective_action", "reject_reason")]


class EscalationNotOpen(Refusal):
    """Nobody need take this step on any more: somebody did, what it was about has stopped, or it was passed over for a higher one."""

    code = "escalation_not_open"
    advice = "Read the complaint again: there is nothing to take on. An open step of a higher level may wait for you."


class NotYourEscalation(Refusal):
    """Only whoever was told of it, whoever may handle the complaint, and supervisors take an escalation on."""

    code = "not_your_escalation"
    status = 403
    advice = "Leave it to those who were told of it, or ask a supervisor."


@dataclass
class Turn:
    """What happens with one clock now, and when to look at it next."""

    clock: Clock
    is_warned: bool = False
    warns: bool = False
    breaches: bool = False
    fires: Step | None = None
    level: EscalationLevel | None = None
    passes: list[Step] = field(default_factory=list)
    numbers: dict[int, EscalationLevel] = field(default_factory=dict)
    next_at: datetime | None = None


# --- what is to happen: no writing here
def look(clock: Clock, *, done: Collection[tuple[int, int]], rules: Rules, now: datetime) -> Turn:
    """What is due with a running clock at ``now``: a warning, a breach, the highest step of all that are due and may be done at this hour."""
    turn = Turn(clock)
    is_late = clock.due_at is not None and clock.due_at <= now
    turn.breaches = is_late and clock.breach_told_at is None
    turn.is_warned = clock.warned_at is None and clock.warn_at is not None and clock.warn_at <= now
    turn.warns = turn.is_warned and not is_late  # too late to warn
    coming = [
        clock.warn_at if clock.warned_at is None and not turn.is_warned else None,
        clock.due_at if clock.breach_told_at is None and not turn.breaches else None,
    ]
    if clock.acknowledged_at is None:
        levels, quiet = rules.ladder(clock)
        turn.numbers = {level.number: level for level in levels}
        planned = clocks.planned_steps(clock, rules)
        _climb(turn, planned, done, quiet, now)
        coming.append(_next(turn, planned, done, quiet, now))
    turn.next_at = min((at for at in coming if at is not None), default=None)
    return turn


def _climb(turn: Turn, planned: Sequence[Step], done: Collection[tuple[int, int]], quiet: Quiet | None, now: datetime) -> None:
    due = [step for step in ladder.left(planned, done) if step.planned_at <= now]
    is_night = quiet is not None and quiet.over(now) > now  # the sweep may come late
    free = [step for step in due if turn.numbers[step.number].breaks_quiet] if is_night else due
    if not free:
        return
    turn.fires = max(free, key=_place)
    turn.level = turn.numbers[turn.fires.number]
    turn.passes = sorted((step for step in due if _place(step) < _place(turn.fires)), key=_place)


def _next(turn: Turn, planned: Sequence[Step], done: Collection[tuple[int, int]], quiet: Quiet | None, now: datetime) -> datetime | None:
    """When the next step may be done: one that waits for the end of the quiet hours, then."""
    behind = {*done, _place(turn.fires)} if turn.fires is not None else done
    over = quiet.over(now) if quiet is not None else now
    return min((step.planned_at if step.planned_at > now else over for step in ladder.left(planned, behind)), default=None)


def _place(step: Step) -> tuple[int, int]:
    return step.number, step.round


# --- the sweep
HOLD = """
SELECT clock.complaint_id FROM complaints_clock clock JOIN complaints_complaint complaint ON complaint.id = clock.complaint_id
WHERE clock.state = 'running' AND clock.next_step_at <= %s ORDER BY clock.next_step_at, clock.id LIMIT %s
FOR NO KEY UPDATE OF complaint SKIP LOCKED
"""


def tend(*, now: datetime, limit: int = 500) -> int:
    """Warn, note breaches, escalate what is due; answers how many clocks were looked at. Safe in any number of workers at once.

    Complaints are held first, as every change of one holds it, and those in another's hands are passed over; then their clocks are read.
    """
    with transaction.atomic():
        held = {complaint for (complaint,) in statements.rows(HOLD, [now, limit])}
        if not held:
            return 0
        rows = Clock.objects.waiting_for_a_step(now).filter(complaint__in=held).select_related("complaint__department").defer(*UNREAD)
        due = list(rows)
        complaints: dict[UUID, Complaint] = {}
        for clock in due:
            clock.complaint = complaints.setdefault(clock.complaint_id, clock.complaint)
        done, rules = clocks.done_steps(due), Rules()
        turns = [_look_or_set_aside(clock, done.get(clock.pk, ()), rules, now) for clock in due]
        _write(turns, now)
    return len(due)


def _look_or_set_aside(clock: Clock, done: Collection[tuple[int, int]], rules: Rules, now: datetime) -> Turn:
    try:
        return look(clock, done=done, rules=rules, now=now)
    except Exception:
        logger.exception("clock_not_tended", extra={"clock": str(clock.pk)})
        return Turn(clock, next_at=now + SET_ASIDE)


def _write(turns: Sequence[Turn], now: datetime) -> None:
    """All of it in a fixed number of statements; then, one by one, what cannot be done so."""
    levels = [turn.level for turn in turns if turn.level is not None]
    loud = {turn.clock.complaint_id: turn.clock.complaint for turn in turns if turn.warns or turn.breaches or turn.fires is not None}
    audience = Audience(list(loud.values()), levels, now)
    _write_complaints([turn for turn in turns if turn.breaches], now)
    _write_clocks(turns, now)
    orders = _write_steps(turns, audience, now)
    _tell(turns, orders, audience, now)
    changed = []
    for order in orders:
        if escalation_actions.does_more(order.level):
            order.step.did = [*order.step.did, *escalation_actions.carry_out(order, now=now)]
            changed.append(order.step)
    if changed:
        EscalationStep.objects.bulk_update(changed, ["did"])


BREACH = """
UPDATE complaints_complaint c SET breached_at = v.at, version = c.version + 1, updated_at = now()
FROM unnest(%s::uuid[], %s::timestamptz[]) AS v(id, at) WHERE c.id = v.id
"""
CLOCKS = """
UPDATE complaints_clock c SET warned_at = v.warned_at, breached_at = v.breached_at, breach_told_at = v.told_at, next_step_at = v.next_at,
    version = c.version + 1, updated_at = now()
FROM unnest(%s::uuid[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[])
    AS v(id, warned_at, breached_at, told_at, next_at)
WHERE c.id = v.id
"""


def _write_complaints(turns: Iterable[Turn], now: datetime) -> None:
    """The first promise of a complaint that was broken is the complaint's breach."""
    first: dict[UUID, Complaint] = {}
    for turn in turns:
        clock, complaint = turn.clock, turn.clock.complaint
        clock.breach_told_at, clock.breached_at = now, clock.breached_at or clock.due_at
        at = clock.breached_at
        if at is not None and (complaint.breached_at is None or at < complaint.breached_at):
            complaint.breached_at, first[complaint.pk] = at, complaint
    for complaint in first.values():
        complaint.version += 1
    if first:
        statements.rows(BREACH, [list(map(str, first)), [one.breached_at for one in first.values()]])


def _write_clocks(turns: Sequence[Turn], now: datetime) -> None:
    for turn in turns:
        turn.clock.warned_at = now if turn.is_warned else turn.clock.warned_at
        turn.clock.next_step_at = turn.next_at
    rows = [turn.clock for turn in turns]
    columns = [[getattr(one, name) for one in rows] for name in ("warned_at", "breached_at", "breach_told_at", "next_step_at")]
    statements.rows(CLOCKS, [[str(one.pk) for one in rows], *columns])


def _write_steps(turns: Iterable[Turn], audience: Audience, now: datetime) -> list[Order]:
    """The rows of the steps that are due; answers those that are fired, and what they are to do."""
    rows, orders = [], []
    for turn in turns:
        common = {"clock": turn.clock, "complaint": turn.clock.complaint}
        for step in turn.passes:
            rows.append(
                EscalationStep(
                    **common, level=turn.numbers[step.number], number=step.number, round=step.round, planned_at=step.planned_at,
                    skipped_because=OVERTAKEN,
                )
            )  # fmt: skip
        if turn.fires is not None and turn.level is not None:
            level, people = turn.level, audience.of(turn.level, turn.clock.complaint)
            did = [word for word, is_done in ((NOTIFIED, level.notifies), (SYSTEMS_TOLD, level.tells_systems)) if is_done]
            row = EscalationStep(
                **common, level=level, number=turn.fires.number, round=turn.fires.round, planned_at=turn.fires.planned_at, fired_at=now,
                told=people if level.notifies or level.emails else [], did=did,
            )  # fmt: skip
            rows.append(row)
            orders.append(Order(row, turn.clock, level, people, audience.first(people, turn.clock.complaint)))
    _copy(rows, now)
    return orders


def _copy(steps: Iterable[EscalationStep], now: datetime) -> None:
    """Insert them by one COPY: hundreds at a time, a fifth of the processor that INSERT takes."""
    columns = ["id", "complaint_id", "clock_id", "level_id", "number", "round", "planned_at", "fired_at", "skipped_because", "did", "told"]
    rows = ([*(getattr(step, name) for name in columns[:-1]), [str(one) for one in step.told]] for step in steps)
    same = {"created_at": now, "updated_at": now, "version": 1, "is_over": False, "acknowledged_at": None, "acknowledged_by_id": None}
    copy_in(EscalationStep._meta.db_table, columns, rows, same=same)


def _tell(turns: Iterable[Turn], orders: Iterable[Order], audience: Audience, now: datetime) -> None:
    """Screens, other systems and the audit trail: a statement each."""
    messages, news, events = [], [], []

    def say(kind: str, clock: Clock, people: Iterable[UUID], data: dict[str, Any]) -> None:
        messages.append(feed.Message(list(people), kind, data, about=clock.complaint_id, contact=clock.complaint.contact_id))

    for turn in turns:
        clock, complaint = turn.clock, turn.clock.complaint
        if turn.warns:
            say("complaint.due_soon", clock, audience.keepers(complaint), escalation_news.of_clock(clock, now))
        if turn.breaches:
            data = escalation_news.of_clock(clock, now)
            say("complaint.breached", clock, audience.concerned(complaint), data)
            news.append(outbox.News("complaint.breached", complaint, data, contact=complaint.contact_id))
            events.append(escalation_news.breach(complaint.pk, clock))
    for order in orders:
        step, clock, level = order.step, order.clock, order.level
        data = escalation_news.of_step(step, clock, now)
        if level.notifies:
            say("complaint.escalated", clock, order.people, data)
        if level.tells_systems:
            told = data | {"told": [str(one) for one in step.told]}
            news.append(outbox.News("complaint.escalated", clock.complaint, told, contact=clock.complaint.contact_id))
        place: dict[str, Any] = {"metric": clock.metric, "cycle": clock.cycle, "level": step.number, "round": step.round}
        place |= {"step": str(step.pk), "told": [str(one) for one in step.told]}
        events.append(Done(clock.complaint_id, "fire_step", {}, place))
    feed.tell_many(messages, now=now)
    outbox.tell_many(news, now=now)
    record_by_copy("complaint", events, by=None, now=now)


# --- taking it on
@transaction.atomic
def acknowledge(step_id: UUID, *, if_version: int | None = None, by: User, now: datetime) -> EscalationStep:
    """Take an escalation on: no further step of this promise comes, as long as it goes. Everything that was fired of it is answered with it.

    Raises:
        EscalationNotOpen, NotYourEscalation, VersionConflict
    """
    found = EscalationStep.objects.only("complaint_id", "clock_id").get(pk=step_id)
    complaint = Complaint.objects.select_for_update(of=("self",)).get(pk=found.complaint_id)
    clock = Clock.objects.select_for_update(of=("self",)).get(pk=found.clock_id)
    clock.complaint = complaint
    steps = {step.pk: step for step in EscalationStep.objects.select_for_update(of=("self",)).filter(clock=clock).order_by("pk")}
    step = steps[step_id]
    check_version(step, if_version)
    if by.pk not in step.told and not may_handle(complaint, by):
        raise NotYourEscalation("You were not told of it, and somebody else has the complaint in hand.")
    if not step.is_open:
        raise EscalationNotOpen(
            "Nobody need take it on any more.", acknowledged_at=step.acknowledged_at and step.acknowledged_at.isoformat()
        )
    open_ones = [one for one in steps.values() if one.is_open]
    events = []
    for one in open_ones:
        before = snapshot(one)
        one.acknowledged_at, one.acknowledged_by, one.version = now, by, one.version + 1
        events.append(entry(one, "acknowledge", by=by, now=now, before=before))
    EscalationStep.objects.bulk_update(open_ones, ["acknowledged_at", "acknowledged_by", "version"])
    record_many(events)
    _stop(clock, by=by, now=now)
    record(complaint, "acknowledge_escalation", by=by, now=now, metric=clock.metric, cycle=clock.cycle, level=step.number, round=step.round)
    others = {one for each in open_ones for one in each.told} - {by.pk}
    data = escalation_news.of_step(step, clock, now) | {"by": str(by.pk)}
    feed.tell(others, "complaint.escalation_acknowledged", data, about=complaint.pk, contact=complaint.contact_id, now=now)
    return step


def _stop(clock: Clock, *, by: User, now: datetime) -> None:
    """No further step of this clock; it still warns and breaks."""
    clock.acknowledged_at, clock.acknowledged_by = now, by
    if clock.state == Clock.State.RUNNING:
        coming = (clock.warn_at if clock.warned_at is None else None, clock.due_at if clock.breach_told_at is None else None)
        clock.next_step_at = min((at for at in coming if at is not None), default=None)
    clock.version += 1
    clock.save(update_fields=["acknowledged_at", "acknowledged_by", "next_step_at", "version", "updated_at"])
