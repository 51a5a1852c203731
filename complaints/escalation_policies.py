"""Escalation policies: kept by those who lead, laid against the promises that run, shown before they are used."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from complaints import clocks, ladder, reckoning, spans
from complaints.clocks import Rules
from complaints.ladder import Quiet, Rung
from complaints.models import Clock, Complaint, EscalationLevel, EscalationPolicy
from complaints.reckoning import Terms
from config.platform import statements
from config.platform.history import record, snapshot
from config.platform.models import User
from config.platform.moves import check_version
from crm import calendars
from crm.business_time import OpeningHours
from crm.models import BusinessCalendar, Department

logger = logging.getLogger(__name__)


@transaction.atomic
def add(*, levels: Sequence[Mapping[str, Any]], by: User | None, now: datetime, **fields: Any) -> EscalationPolicy:
    """Make a policy; its levels are numbered in the order given.

    Raises:
        IntegrityError: the name is taken, a level does not say who.
    """
    policy = EscalationPolicy.objects.create(**fields)
    _write(policy, levels)
    remember(policy, {}, [], is_new=True, by=by, now=now)
    return policy


@transaction.atomic
def alter(
    policy_id: UUID,
    *,
    levels: Sequence[Mapping[str, Any]] | None = None,
    if_version: int | None = None,
    by: User | None,
    now: datetime,
    **fields: Any,
) -> EscalationPolicy:
    """Change a policy. Levels that are given replace all of them; promises that run are laid against the new ones by the next sweep.

    Raises:
        VersionConflict, IntegrityError
    """
    policy = EscalationPolicy.objects.select_for_update().get(pk=policy_id)
    check_version(policy, if_version)
    before, had = snapshot(policy), said(policy)
    for name, value in fields.items():
        setattr(policy, name, value)
    if levels is not None:
        policy.levels.all().delete()
        _write(policy, levels)
    policy.version += 1
    policy.save()
    remember(policy, before, had, is_new=False, by=by, now=now)
    return policy


def remember(
    policy: EscalationPolicy, before: Mapping[str, Any], had: Sequence[str], *, is_new: bool, by: User | None, now: datetime
) -> None:
    """Write down that a policy was added or changed: its columns, and its levels in words when they are others than ``had``."""
    has = said(policy)
    facts = {"levels": has if is_new else [list(had), has]} if has != list(had) else {}
    record(policy, "add" if is_new else "alter", by=by, now=now, before=before, **facts)


def _write(policy: EscalationPolicy, levels: Sequence[Mapping[str, Any]]) -> None:
    EscalationLevel.objects.bulk_create(EscalationLevel(policy=policy, number=number, **level) for number, level in enumerate(levels, 1))


# --- in words
def said(policy: EscalationPolicy) -> list[str]:
    """Its levels, a line each, for the history."""
    return [said_of(level) for level in policy.levels.select_related("team", "person", "transfers_to")]


def said_of(level: EscalationLevel) -> str:
    """A level as people say it: ``2: 1 h after the due time, the head of its department: notify, e-mail; 2 times more, every 1 h``."""
    again = f"; {level.repeat_times} times more, every {spans.written(level.repeat_every_s)}" if level.repeat_every_s else ""
    loud = "; also in quiet hours" if level.breaks_quiet else ""
    of = f" of '{level.get_metric_display()}'" if level.metric else ""
    return f"{level.number}: {when(level)}{of}, {whom(level)}: {', '.join(actions(level)) or 'nothing'}{again}{loud}"


def when(level: EscalationLevel) -> str:
    """``4 h before the due time``."""
    if level.offset_s == 0:
        return "at the due time"
    counted = " of business time" if level.counted == EscalationLevel.Counted.BUSINESS else ""
    return f"{spans.written(abs(level.offset_s))}{counted} {'after' if level.offset_s > 0 else 'before'} the due time"


def whom(level: EscalationLevel) -> str:
    """``the team Refunds``."""
    named = {
        EscalationLevel.Target.TEAM: lambda: f"the team {level.team}",
        EscalationLevel.Target.PERSON: lambda: str(level.person),
        EscalationLevel.Target.ROLE: lambda: f"everybody who is {level.get_role_display().lower()}",
    }
    usual = level.get_target_display()
    return named[EscalationLevel.Target(level.target)]() if level.target in named else usual[:1].lower() + usual[1:]


def actions(level: EscalationLevel) -> list[str]:
    """``["notify", "e-mail"]``."""
    return [
        word
        for word, holds in (
            ("notify", level.notifies),
            ("e-mail", level.emails),
            (f"transfer to {level.transfers_to}", level.transfers_to_id is not None),
            ("raise the priority", level.raises_priority),
            ("reassign", level.reassigns),
            ("tell other systems", level.tells_systems),
        )
        if holds
    ]


# --- promises that run
#: Only when something happens next. Due times are not a policy's: a calendar that was changed has a sweep that says so in the history.
LAY = """
UPDATE complaints_clock c SET next_step_at = v.next_at, escalation_version = v.number, version = c.version + 1, updated_at = now()
FROM unnest(%s::uuid[], %s::timestamptz[], %s::int[]) AS v(id, next_at, number) WHERE c.id = v.id
"""


def lay_anew(*, now: datetime, limit: int = 500) -> int:
    """Reckon when something happens next with the promises whose policy was changed since; answers with how many.

    Safe in any number of workers, and twice: complaints are held, those in another's hands are passed over, and a clock that has caught
    up is not found again. A level that would have been long ago is due at once, once.
    """
    seen = 0
    for policy_id, version in EscalationPolicy.objects.values_list("pk", "version"):
        while seen < limit and (many := _lay_some(policy_id, version, now, limit - seen)):
            seen += many
    return seen


@transaction.atomic
def _lay_some(policy_id: UUID, version: int, now: datetime, limit: int) -> int:
    stale = Clock.objects.going().filter(escalation=policy_id, escalation_version__lt=version)
    ids = stale.values("complaint")[:limit]
    held = list(
        Complaint.objects.filter(pk__in=ids).select_for_update(skip_locked=True, no_key=True, of=("self",)).values_list("pk", flat=True)
    )
    rows = list(stale.filter(complaint__in=held).select_related("complaint__department"))
    done, rules = clocks.done_steps(rows), Rules()
    for clock in rows:
        try:
            clocks.reckon(clock, rules=rules, done=done.get(clock.pk, ()))
        except Exception:  # one that cannot be reckoned keeps no other from it: the sweep of steps sets it aside
            logger.exception("clock_not_laid_anew", extra={"clock": str(clock.pk)})
            clock.next_step_at, clock.escalation_version = now if clock.state == Clock.State.RUNNING else None, version
    if rows:
        statements.rows(LAY, [[str(one.pk) for one in rows], [one.next_step_at for one in rows], [one.escalation_version for one in rows]])
    return len(rows)


# --- before it is used
@dataclass(frozen=True)
class Planned:
    """A step as it would be. ``is_passed_over``: by then a higher level was reached, so nothing would happen."""

    level: EscalationLevel
    round: int
    at: datetime
    is_passed_over: bool

    @property
    def said(self) -> str:
        """The level in words."""
        return said_of(self.level)


@dataclass(frozen=True)
class Plan:
    """A promise, and what a policy would do with it when nobody kept it and nobody took it on."""

    started_at: datetime
    due_at: datetime
    time_zone: str
    steps: Sequence[Planned]


def preview(
    policy: EscalationPolicy,
    *,
    metric: str,
    target_s: int,
    started_at: datetime | None = None,
    calendar: BusinessCalendar | None = None,
    department: Department | None = None,
    always: bool = False,
    now: datetime,
) -> Plan:
    """What would happen when with a promise of ``target_s`` counted seconds from ``started_at`` (now).

    It counts in the calendar, else in that of the department, else in the default one; ``always``: every hour.
    """
    hours = None if always else _hours(calendar, department)
    zone = hours.zone if hours is not None else ZoneInfo(department.time_zone if department is not None else settings.TIME_ZONE)
    terms = Terms(hours, reckoning.whole(started_at or now))
    quiet = None
    if policy.quiet_from is not None and policy.quiet_until is not None:
        quiet = Quiet(policy.quiet_from, policy.quiet_until, zone)
    levels = {one.number: one for one in policy.levels.select_related("team", "person", "transfers_to") if one.metric in ("", metric)}
    planned, highest = [], (0, -1)
    for step in sorted(ladder.steps(terms, target_s, [rung(one) for one in levels.values()], quiet), key=lambda one: (one.planned_at, one)):
        place = step.number, step.round
        planned.append(Planned(levels[step.number], step.round, step.planned_at, place < highest))
        highest = max(highest, place)
    due = reckoning.instant(terms, target_s)
    return Plan(terms.started_at, due or terms.started_at, zone.key, planned)


def rung(level: EscalationLevel) -> Rung:
    """A level as ``ladder`` reckons with it."""
    is_business = level.counted == EscalationLevel.Counted.BUSINESS
    return Rung(level.number, level.offset_s, is_business, level.repeat_every_s, level.repeat_times, level.breaks_quiet)


def _hours(calendar: BusinessCalendar | None, department: Department | None) -> OpeningHours | None:
    if calendar is None:
        default = BusinessCalendar.objects.filter(is_default=True).first
        calendar = calendars.of_department(department) if department is not None else default()
    return calendars.hours_of(calendar) if calendar is not None else None
