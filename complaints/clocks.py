"""The clocks of a complaint: started, rested, stopped, reckoned anew. The third door: nobody else writes a ``Clock``.

``follow`` brings the clocks in line with what the complaint is now, so a verb sets its facts and calls it, in its transaction and with the
complaint locked. A running clock is a pure function of its terms (``reckoning``): the same columns give the same due time, always.
A verdict once spoken stays, and so does a breach: neither a new calendar nor a new priority takes it back. A transfer changes nothing.
"""

import logging
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.dateparse import parse_datetime

from complaints import escalation_news, ladder, policies, reckoning
from complaints.ladder import Quiet, Rung
from complaints.models import Clock, Complaint, EscalationPolicy, EscalationStep, SLAPolicy
from complaints.models.clocks import Metric
from complaints.models.complaints import OPEN, Status
from complaints.reckoning import Terms
from config.platform.history import record
from crm import calendars
from crm.business_time import OpeningHours
from crm.models import BusinessCalendar

logger = logging.getLogger(__name__)
State = Clock.State
#: What a complaint begins with; ``inform`` begins anew whenever the customer hears of it.
TARGETS = {
    Metric.ACKNOWLEDGE: "acknowledge_s",
    Metric.ASSIGN: "assign_s",
    Metric.FIRST_RESPONSE: "first_response_s",
    Metric.RESOLVE: "resolve_s",
    Metric.INFORM: "inform_every_s",
}
#: Ends of a complaint that answer it: the clock of solving gets its verdict. The other ends call it off.
ANSWERED = (Status.RESOLVED, Status.CLOSED, Status.REJECTED)


class Rules:
    """Calendars and ladders, each read once for as long as one reckoning lasts."""

    def __init__(self) -> None:
        self._hours: dict[UUID, tuple[int, OpeningHours]] = {}
        self._ladders: dict[UUID, tuple[EscalationPolicy, list[Any]]] = {}

    def hours(self, calendar_id: UUID | None) -> OpeningHours | None:
        """The hours of a calendar; None for no calendar."""
        return self._read(calendar_id)[1] if calendar_id is not None else None

    def version(self, calendar_id: UUID) -> int:
        """The version of a calendar whose hours ``hours`` answers: somebody may have changed it since they were read."""
        return self._read(calendar_id)[0]

    def _read(self, calendar_id: UUID) -> tuple[int, OpeningHours]:
        if calendar_id not in self._hours:
            calendar = BusinessCalendar.objects.whole().get(pk=calendar_id)
            self._hours[calendar_id] = calendar.version, calendars.hours_of(calendar)
        return self._hours[calendar_id]

    def whole_ladder(self, escalation_id: UUID) -> tuple[EscalationPolicy, list[Any]]:
        """A policy, and its levels in order."""
        if escalation_id not in self._ladders:
            policy = EscalationPolicy.objects.prefetch_related("levels").get(pk=escalation_id)
            self._ladders[policy.pk] = policy, list(policy.levels.all())
        return self._ladders[escalation_id]

    def ladder(self, clock: Clock) -> tuple[list[Any], Quiet | None]:
        """The levels that hold for a clock, and when nobody is told."""
        if clock.escalation_id is None:
            return [], None
        policy, levels = self.whole_ladder(clock.escalation_id)
        if not policy.is_active:
            return [], None
        hours = self.hours(clock.calendar_id)
        quiet = None
        if policy.quiet_from is not None and policy.quiet_until is not None:
            department = clock.complaint.department
            zone = hours.zone if hours is not None else ZoneInfo(department.time_zone if department is not None else settings.TIME_ZONE)
            quiet = Quiet(policy.quiet_from, policy.quiet_until, zone)
        return [level for level in levels if level.metric in ("", clock.metric)], quiet


def begin(complaint: Complaint, *, now: datetime, rules: Rules | None = None) -> None:
    """Choose the policy of a complaint that was just received (and saved), and start its clocks."""
    complaint.policy = policies.fitting(complaint)
    if complaint.policy is not None:
        start(complaint, list(TARGETS), now=now, rules=rules)
    follow(complaint, now=now, rules=rules)


def start(complaint: Complaint, metrics: Iterable[Metric], *, now: datetime, rules: Rules | None = None) -> None:
    """Start a clock of each of these metrics that the policy promises and that does not go already: the next cycle of it."""
    policy, rules = complaint.policy, rules or Rules()
    if policy is None:
        return
    had: dict[str, int] = {}
    going: set[str] = set()
    for metric, cycle, state in complaint.clocks.values_list("metric", "cycle", "state"):
        had[metric] = max(cycle, had.get(metric, 0))
        going |= {metric} if state in (State.RUNNING, State.PAUSED) else set()
    calendar = _calendar(policy, complaint)
    wanted = [metric for metric in metrics if metric not in going]
    made = [_new(complaint, policy, metric, had.get(metric, 0) + 1, calendar, now, rules) for metric in wanted]
    Clock.objects.bulk_create([clock for clock in made if clock is not None])


def promised(complaint: Complaint, *, now: datetime) -> list[Clock]:
    """The clocks that a complaint would begin with if it were received now, by its policy; none is kept. For trying a policy out."""
    policy, rules = complaint.policy, Rules()
    if policy is None:
        return []
    calendar = _calendar(policy, complaint)
    made = [_new(complaint, policy, metric, 1, calendar, now, rules) for metric in TARGETS]
    return [clock for clock in made if clock is not None]


def _new(
    complaint: Complaint, policy: SLAPolicy, metric: Metric, cycle: int, calendar: BusinessCalendar | None, now: datetime, rules: Rules
) -> Clock | None:
    """A clock that begins now, not saved; None when the policy does not promise it."""
    target = getattr(policy, TARGETS[metric])
    if target is None:
        return None
    clock = Clock(
        complaint=complaint, metric=metric, cycle=cycle, policy=policy, policy_version=policy.version, target_s=target,
        calendar=calendar, calendar_version=calendar.version if calendar else 0, warn_percent=policy.warn_percent,
        escalation_id=policy.escalation_id, started_at=reckoning.whole(now),
    )  # fmt: skip
    if _rests(complaint, policy):
        _pause(clock, now)
    reckon(clock, rules=rules, done=())
    return clock


def follow(complaint: Complaint, *, now: datetime, informed: bool = False, is_new: bool = False, rules: Rules | None = None) -> None:
    """Bring the clocks in line with what the complaint is now, and its ``due_at`` and ``breached_at`` with them.

    The caller holds the complaint's row, has set its facts, and saves it afterwards. ``informed``: the customer just heard of it.
    ``is_new``: it is being received, so that saving it makes no further version of it. A broken promise that stops before a sweep told
    of it is told now.
    """
    rules = rules or Rules()
    going = list(complaint.clocks.going().select_related("policy", "complaint__department"))
    steps = done_steps(going) if any(clock.state == State.PAUSED for clock in going) else {}
    changed, untold = [], []
    for clock in going:
        before = clock.state, clock.breached_at
        _note_breach(clock, now)
        verdict = _verdict(complaint, clock, informed)
        if verdict is not None:
            stop(clock, called_off=verdict == State.CANCELLED, now=now, rules=rules)
            if clock.breached_at is not None and clock.breach_told_at is None:  # no sweep sees it any more
                clock.breach_told_at = now
                untold.append(clock)
        elif _rests(complaint, clock.policy):
            _pause(clock, now)
        elif _resume(clock, now):
            reckon(clock, rules=rules, done=steps.get(clock.pk, ()))
        if before != (clock.state, clock.breached_at):
            clock.version += 1
            changed.append(clock)
    Clock.objects.bulk_update(changed, COLUMNS)
    over = [clock.pk for clock in changed if clock.stopped_at is not None]
    if over:
        EscalationStep.objects.filter(clock__in=over, is_over=False).update(is_over=True, version=F("version") + 1)
    if informed and complaint.status in OPEN:
        start(complaint, [Metric.INFORM], now=now, rules=rules)
    summarise(complaint)
    for clock in untold:
        escalation_news.tell_broken(complaint, clock, is_new=is_new, now=now)


def restart(complaint: Complaint, *, now: datetime) -> None:
    """Begin anew what a reopened complaint promises again; the cycles before keep their verdicts."""
    metrics = [Metric.RESOLVE, Metric.INFORM, *([Metric.ASSIGN] if complaint.assignee_id is None else [])]
    start(complaint, metrics, now=now)


def rematch(complaint: Complaint, *, now: datetime) -> dict[str, Any]:
    """Choose the policy anew after the severity, the priority or the kind changed, and reckon what runs by its targets.

    Answers what was moved, for the history: ``{"policy": [before, after], "resolve": [due before, due after]}``. A clock that was breached
    stays as it is. What the former policy did not promise begins now.
    """
    policy = policies.fitting(complaint)
    if policy is None or complaint.policy_id == policy.pk:
        return {}
    moved: dict[str, Any] = {"policy": [str(complaint.policy) if complaint.policy else None, str(policy)]}
    had, complaint.policy = complaint.policy, policy
    rules, clocks = Rules(), list(complaint.clocks.going())
    steps = done_steps(clocks)
    for clock in clocks:
        _note_breach(clock, now)
        target = getattr(policy, TARGETS[Metric(clock.metric)])
        if clock.breached_at is not None or target is None:
            continue
        before = clock.due_at
        clock.policy, clock.policy_version, clock.target_s = policy, policy.version, target
        clock.warn_percent, clock.escalation_id = policy.warn_percent, policy.escalation_id
        calendar = _calendar(policy, complaint)
        clock.calendar, clock.calendar_version = calendar, calendar.version if calendar else 0
        reckon(clock, rules=rules, done=steps.get(clock.pk, ()))
        clock.version += 1
        moved[clock.metric] = [before and before.isoformat(), clock.due_at and clock.due_at.isoformat()]
    Clock.objects.bulk_update(clocks, COLUMNS)
    fresh = [metric for metric, target in TARGETS.items() if had is None or getattr(had, target) is None]
    start(complaint, [metric for metric in fresh if not _kept(complaint, metric)], now=now, rules=rules)
    return moved


def reckon_stale(*, now: datetime, limit: int = 500) -> int:
    """Reckon anew the clocks whose calendar was changed since; answers of how many complaints.

    Each complaint's history says what moved. Twice at once: a complaint is in one's hands, and a clock that has caught up is not found again.
    """
    stale: list[UUID] = []
    for calendar_id, version in BusinessCalendar.objects.values_list("pk", "version"):
        going = Clock.objects.going().filter(calendar=calendar_id).exclude(calendar_version=version)
        stale += going.order_by().values_list("complaint_id", flat=True).distinct()[: limit - len(stale)]
        if len(stale) >= limit:
            break
    rules, done = Rules(), 0
    for complaint_id in dict.fromkeys(stale):
        try:
            done += _reckon_one(complaint_id, rules, now)
        except Exception:  # one that cannot be reckoned keeps no other from it
            logger.exception("clocks_not_reckoned", extra={"complaint": str(complaint_id)})
    return done


@transaction.atomic
def _reckon_one(complaint_id: UUID, rules: Rules, now: datetime) -> bool:
    complaint = Complaint.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=complaint_id).first()
    if complaint is None:  # somebody changes it at this moment: the next sweep finds it again
        return False
    clocks = list(complaint.clocks.going())
    steps, moved = done_steps(clocks), {}
    for clock in clocks:
        if clock.calendar_id is None or clock.calendar_version == rules.version(clock.calendar_id):
            continue
        _note_breach(clock, now)
        before, clock.calendar_version = clock.due_at, rules.version(clock.calendar_id)
        if clock.breached_at is None:
            reckon(clock, rules=rules, done=steps.get(clock.pk, ()))
        clock.version += 1
        if before != clock.due_at:
            moved[clock.metric] = [before and before.isoformat(), clock.due_at and clock.due_at.isoformat()]
    Clock.objects.bulk_update(clocks, COLUMNS)
    summarise(complaint)
    complaint.version += 1
    complaint.save(update_fields=["due_at", "breached_at", "version", "updated_at"])
    if moved:
        record(complaint, "reckon", by=None, now=now, clocks=moved, because="calendar")
    return True


# --- one clock

COLUMNS = [
    "state", "policy", "policy_version", "target_s", "calendar", "calendar_version", "warn_percent", "escalation", "escalation_version", "pauses",
    "due_at", "warn_at", "warned_at", "breached_at", "breach_told_at", "stopped_at", "overrun_s", "spent_s", "next_step_at", "acknowledged_at",
    "acknowledged_by", "version",
]  # fmt: skip


def terms_of(clock: Clock, rules: Rules) -> Terms:
    """What a clock counts by."""
    rests = [(parse_datetime(since), parse_datetime(until) if until else None) for since, until in clock.pauses]
    return Terms(rules.hours(clock.calendar_id), clock.started_at, rests)  # type: ignore[arg-type]


def reckon(clock: Clock, *, rules: Rules, done: Collection[tuple[int, int]]) -> None:
    """Write when a clock is due, when it warns, and when something happens with it next. Of a breached one only the last."""
    terms = terms_of(clock, rules)
    if clock.breached_at is None or clock.due_at is None:
        clock.due_at = reckoning.instant(terms, clock.target_s) if clock.state == State.RUNNING else None
    clock.warn_at = reckoning.instant(terms, clock.target_s * clock.warn_percent // 100) if clock.due_at else None
    clock.escalation_version = rules.whole_ladder(clock.escalation_id)[0].version if clock.escalation_id is not None else 0
    coming = [
        at for at in (clock.warn_at if clock.warned_at is None else None, clock.due_at if clock.breach_told_at is None else None) if at
    ]
    if clock.acknowledged_at is None and clock.due_at is not None:
        coming += [step.planned_at for step in ladder.left(planned_steps(clock, rules), done)[:1]]
    clock.next_step_at = min(coming, default=None) if clock.state == State.RUNNING else None


def planned_steps(clock: Clock, rules: Rules) -> Sequence[ladder.Step]:
    """Every step of escalation that a clock's policy plans for it."""
    levels, quiet = rules.ladder(clock)
    rungs = [
        Rung(one.number, one.offset_s, one.counted == "business", one.repeat_every_s, one.repeat_times, one.breaks_quiet) for one in levels
    ]
    return list(ladder.steps(terms_of(clock, rules), clock.target_s, rungs, quiet))


def done_steps(clocks: Iterable[Clock]) -> dict[UUID, set[tuple[int, int]]]:
    """The steps that are behind each of these clocks, as number and round. One query."""
    found: dict[UUID, set[tuple[int, int]]] = {}
    for clock, number, turn in EscalationStep.objects.filter(clock__in=[one.pk for one in clocks]).values_list("clock", "number", "round"):
        found.setdefault(clock, set()).add((number, turn))
    return found


def stop(clock: Clock, *, called_off: bool, now: datetime, rules: Rules) -> None:
    """Speak the verdict: kept, broken, or, when nobody waits any more and it was not broken yet, called off."""
    at = max(reckoning.whole(now), clock.started_at)
    _end_rest(clock, at)
    terms = terms_of(clock, rules)
    clock.spent_s = reckoning.counted(terms, at)
    if clock.breached_at is not None:
        clock.state, clock.overrun_s = State.MISSED, max(0, clock.spent_s - clock.target_s)
    else:
        clock.state, clock.overrun_s = State.CANCELLED if called_off else State.MET, 0
    clock.stopped_at, clock.next_step_at = at, None


def summarise(complaint: Complaint) -> None:
    """Write the earliest due time that runs and the first breach onto the complaint; the caller saves it."""
    times = list(complaint.clocks.values_list("state", "due_at", "breached_at"))
    complaint.due_at = min((due for state, due, _ in times if state == State.RUNNING and due is not None), default=None)
    complaint.breached_at = min((breach for _, _, breach in times if breach is not None), default=None)


def _note_breach(clock: Clock, now: datetime) -> None:
    if clock.breached_at is None and clock.state == State.RUNNING and clock.due_at is not None and clock.due_at <= now:
        clock.breached_at = clock.due_at


def _pause(clock: Clock, now: datetime) -> None:
    if clock.state == State.RUNNING:
        clock.state, clock.due_at, clock.warn_at, clock.next_step_at = State.PAUSED, None, None, None
        clock.pauses = [*clock.pauses, [max(reckoning.whole(now), clock.started_at).isoformat(), None]]


def _resume(clock: Clock, now: datetime) -> bool:
    if clock.state != State.PAUSED:
        return False
    clock.state = State.RUNNING
    _end_rest(clock, reckoning.whole(now))
    return True


def _end_rest(clock: Clock, at: datetime) -> None:
    if clock.pauses and clock.pauses[-1][1] is None:
        since = clock.pauses[-1][0]
        ended = max(at.isoformat(), since)  # both are written by us, in UTC and whole seconds: they compare as text
        clock.pauses = [*clock.pauses[:-1], [since, ended]]


def _verdict(complaint: Complaint, clock: Clock, informed: bool) -> State | None:
    """Whether a clock stops now: kept (or broken), called off, or None: it goes on."""
    if _kept(complaint, Metric(clock.metric)) or (informed and clock.metric == Metric.INFORM):
        return State.MET
    return None if complaint.status in OPEN else State.CANCELLED


def _kept(complaint: Complaint, metric: Metric) -> bool:
    return {
        Metric.ACKNOWLEDGE: complaint.acknowledged_at is not None,
        Metric.ASSIGN: complaint.assignee_id is not None,
        Metric.FIRST_RESPONSE: complaint.first_response_at is not None,
        Metric.RESOLVE: complaint.status in ANSWERED,
        Metric.INFORM: False,
    }[metric]


def _rests(complaint: Complaint, policy: SLAPolicy) -> bool:
    return (complaint.status == Status.WAITING_CUSTOMER and policy.pauses_for_customer) or (
        complaint.status == Status.WAITING_THIRD_PARTY and policy.pauses_for_third_party
    )


def _calendar(policy: SLAPolicy, complaint: Complaint) -> BusinessCalendar | None:
    if policy.counted == SLAPolicy.Counted.ALWAYS:
        return None
    if policy.calendar is not None:
        return policy.calendar
    if complaint.department is not None:
        return calendars.of_department(complaint.department)
    return BusinessCalendar.objects.filter(is_default=True).first()
