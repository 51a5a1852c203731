"""The rules of campaigns against calling, each a small function of its own. Registered with ``crm.calling.rules``.

They are about the target that a question names in its context; who asks without one is only kept from numbers that somebody has in hand.
``attempt`` in the context is the attempt from within which it is asked.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from campaigns import history
from campaigns.models import Campaign, Target
from config.platform.models import LEADERS, Role
from crm import calling_windows
from crm.calling import ALLOWED, REFUSED, WARNED, Check, Finding, Question
from crm.calling_policies import holiday_on
from crm.calling_rules import zones_of
from crm.calling_whom import Subject
from crm.calling_windows import Hours, next_day

State = Target.State
#: Kept for the operator who called last, and then for anybody.
KEPT_FOR_ONE = timedelta(days=1)
#: A promise made by one operator is anybody's when it is overdue by so long.
ANYBODYS_AFTER = timedelta(minutes=30)
PROMISED = Finding(ALLOWED, "promise_kept", "They were promised a call: the limits of the campaign itself do not put it off.")
OTHER = Finding(ALLOWED, "no_campaign", "It is not asked for a campaign.")
Judge = Callable[[Target, datetime], Finding]


def target_of(subject: Subject) -> Target | None:
    """The target that is asked about."""
    found = subject.context.get("target")
    return found if isinstance(found, Target) else None


def _each(question: Question, judge: Callable[[Target, Subject], Check]) -> list[Check]:
    """The checks of a rule that is only about targets."""
    return [judge(target, subject) if (target := target_of(subject)) else _always(OTHER) for subject in question.subjects]


def _always(finding: Finding) -> Check:
    return lambda at: (finding,)


def runs(question: Question) -> list[Check]:
    """The campaign runs, and the time lies between its start and its end. ``as_if_running`` in the context asks as of one that was started."""
    return _each(question, lambda target, subject: _runs(target.campaign, bool(subject.context.get("as_if_running"))))


def _runs(campaign: Campaign, as_if: bool) -> Check:
    def check(at: datetime) -> list[Finding]:
        if campaign.status != Campaign.Status.RUNNING and not as_if:
            return [Finding(REFUSED, "campaign_not_running", f"The campaign is {campaign.get_status_display().lower()}.")]
        if campaign.starts_at and at < campaign.starts_at:
            return [Finding(REFUSED, "campaign_not_begun", "The campaign has not begun.", campaign.starts_at)]
        if campaign.ends_at and at >= campaign.ends_at:
            return [Finding(REFUSED, "campaign_ended", "The time of the campaign is over.")]
        return [Finding(ALLOWED, "campaign_runs", "The campaign runs.")]

    return check


def for_this_agent(question: Question) -> list[Check]:
    """Who asks works in the campaign, and the contact is not kept for somebody else. Without somebody who asks: for any of its people."""
    may = _campaigns_of(question)
    return _each(question, lambda target, subject: _for_agent(target, question, may))


def _campaigns_of(question: Question) -> frozenset[object] | None:
    """The campaigns in which who asks works; None: in any."""
    agent = question.agent
    if agent is None or agent.role in (*LEADERS, Role.INTEGRATION):
        return None
    ids = {target.campaign_id for subject in question.subjects if (target := target_of(subject))}
    return frozenset(Campaign.objects.workable_by(agent).filter(pk__in=ids).values_list("pk", flat=True)) if ids else frozenset()


def _for_agent(target: Target, question: Question, may: frozenset[object] | None) -> Check:
    agent = question.agent
    kept = ANYBODYS_AFTER if target.state == State.CALLBACK_WAIT else KEPT_FOR_ONE
    kept_until = target.next_attempt_at + kept if target.only_agent_id and target.next_attempt_at else None

    def check(at: datetime) -> list[Finding]:
        if may is not None and target.campaign_id not in may:
            return [Finding(REFUSED, "not_your_campaign", "Whoever asks does not work in this campaign.")]
        if agent and kept_until and target.only_agent_id != agent.pk and at < kept_until:
            facts = {"agent": str(target.only_agent_id)}
            return [Finding(REFUSED, "kept_for_another", "It is kept for the operator who knows them.", kept_until, facts)]
        return [Finding(ALLOWED, "for_you", "Whoever asks may call them.")]

    return check


def waits(question: Question) -> list[Check]:
    """The target waits to be called: it is not over, and in nobody's hands."""
    return _each(question, lambda target, subject: _always(_waits(target, subject)))


def _waits(target: Target, subject: Subject) -> Finding:
    if target.state in (State.PENDING, State.RETRY_WAIT, State.CALLBACK_WAIT) or subject.context.get("attempt"):
        return Finding(ALLOWED, "target_waits", "They wait to be called.")
    if target.state in (State.LEASED, State.IN_CALL, State.WRAP):
        return Finding(REFUSED, "target_in_hand", "Somebody has them in hand.")
    return Finding(REFUSED, f"target_{target.state}", f"{target.get_state_display()}.", facts={"reason": target.reason})


def not_before(question: Question) -> list[Check]:
    """What was promised, or the pause that a rule for trying again asks for, has come."""
    return _each(question, lambda target, subject: _not_before(target, subject))


def _not_before(target: Target, subject: Subject) -> Check:
    due = None if subject.context.get("attempt") else target.next_attempt_at
    is_promise = target.state == State.CALLBACK_WAIT

    def check(at: datetime) -> list[Finding]:
        if due is None or at >= due:
            return [Finding(ALLOWED, "time_has_come", "There is no pause to keep.")]
        code, why = (
            ("promised_for_later", "They were promised a call at another time.")
            if is_promise
            else ("retry_later", "They are tried again later.")
        )
        return [Finding(REFUSED, code, why, due)]

    return check


def within_hours(question: Question) -> list[Check]:
    """The hours of the campaign are open by every clock of theirs, and it is no holiday of theirs when the campaign keeps those."""
    checks: dict[object, Check] = {}

    def judge(target: Target, subject: Subject) -> Check:
        clocks = subject.clocks
        return checks.setdefault((target.campaign_id, clocks.zones, clocks.countries), _hours(target.campaign, subject))

    return _each(question, judge)


def _hours(campaign: Campaign, subject: Subject) -> Check:
    week = [tuple((one.opens, one.closes) for one in campaign.hours.all() if one.weekday == day) for day in range(7)]
    if not any(week) and not campaign.keeps_holidays:
        return _always(Finding(ALLOWED, "any_hour", "The campaign has no hours of its own."))
    lands = subject.clocks.countries if campaign.keeps_holidays else ()
    hours = Hours(tuple(map(tuple, week)) if any(week) else (((0, 1440),),) * 7, lambda day: bool(holiday_on(day, lands)))
    zones = [ZoneInfo(zone) for zone in zones_of(subject)[0]]

    @lru_cache(maxsize=256)
    def check(at: datetime) -> list[Finding]:
        opens = calling_windows.opening(hours, zones, at)
        facts = {"local_times": {zone.key: at.astimezone(zone).isoformat(timespec="minutes") for zone in zones}}
        if opens == at:
            return [Finding(ALLOWED, "campaign_open", "It is an hour of the campaign.", facts=facts)]
        shut = ", ".join(f"{at.astimezone(zone):%A %H:%M} in {zone.key}" for zone in zones)
        return [Finding(REFUSED, "outside_campaign_hours", f"It is no hour of the campaign: {shut}.", opens, facts)]

    return check


# --- how often
def attempts(question: Question) -> list[Check]:
    """Not more attempts with one person than the campaign allows; what was promised is kept all the same."""
    return _each(question, lambda target, subject: _always(_attempts(target, subject)))


def _attempts(target: Target, subject: Subject) -> Finding:
    most, had = target.campaign.max_attempts, target.attempts_total
    if had >= most and target.state != State.CALLBACK_WAIT and not subject.context.get("attempt"):
        return Finding(REFUSED, "attempts_used_up", f"They were tried {had} times; {most} are allowed.", facts={"most": most})
    return Finding(ALLOWED, "attempts_left", f"Tried {had} of {most} times.")


def failures(question: Question) -> list[Check]:
    """The line did not fail too often in a row."""
    return _each(question, lambda target, subject: _always(_failures(target)))


def _failures(target: Target) -> Finding:
    most, had = target.campaign.max_technical, target.attempts_technical
    if had >= most:
        return Finding(REFUSED, "line_fails", f"The line failed {had} times in a row.", facts={"most": most})
    return Finding(ALLOWED, "line_works", f"The line failed {had} times in a row, {most} are too many.")


def _unless_promised(question: Question, judge: Callable[[Target, Subject, history.Made], Check]) -> list[Check]:
    """The checks of a limit of the campaign: what the customer was promised is kept beyond it."""
    made = history.of(question)

    def of(target: Target, subject: Subject) -> Check:
        return _always(PROMISED) if made.keeps_promise(target, subject) else judge(target, subject, made)

    return _each(question, of)


def attempts_a_day(question: Question) -> list[Check]:
    """Not more attempts on one day of theirs than the campaign allows; with two clocks, on neither's."""
    return _unless_promised(
        question, lambda target, subject, made: _a_day(target.campaign.max_per_day, made.begun(target, subject), subject)
    )


def _a_day(most: int | None, made: Sequence[datetime], subject: Subject) -> Check:
    if most is None:
        return _always(Finding(ALLOWED, "no_daily_limit", "There is no limit per day."))
    zones = [ZoneInfo(zone) for zone in zones_of(subject)[0]]

    def check(at: datetime) -> list[Finding]:
        full = [zone for zone in zones if sum(1 for one in made if one.astimezone(zone).date() == at.astimezone(zone).date()) >= most]
        if not full:
            return [Finding(ALLOWED, "within_daily_limit", "The limit per day is not reached.")]
        return [Finding(REFUSED, "tried_enough_today", f"They were tried {most} times today.", max(next_day(zone, at) for zone in full))]

    return check


def attempts_of_late(question: Question) -> list[Check]:
    """Not more attempts within the rolling time than the campaign allows."""
    return _unless_promised(question, lambda target, subject, made: _of_late(target.campaign, made.begun(target, subject)))


def _of_late(campaign: Campaign, made: Sequence[datetime]) -> Check:
    most, span = campaign.rolling_most, timedelta(seconds=campaign.rolling_s or 0)

    def check(at: datetime) -> list[Finding]:
        if most is None or len(made) < most or (free := made[most - 1] + span) <= at:
            return [Finding(ALLOWED, "within_rolling_limit", "The rolling limit is not reached.")]
        return [Finding(REFUSED, "tried_enough_of_late", f"They were tried {most} times within {span}.", free)]

    return check


def gap(question: Question) -> list[Check]:
    """From the end of one call to the next there is the least time that the campaign asks for."""
    return _unless_promised(question, lambda target, subject, made: _gap(target.campaign.min_gap_s, made.last_ended(target, subject)))


def _gap(seconds: int, ended_at: datetime | None) -> Check:
    free = ended_at + timedelta(seconds=seconds) if ended_at else None

    def check(at: datetime) -> list[Finding]:
        if free is None or at >= free:
            return [Finding(ALLOWED, "gap_kept", "The last attempt is long enough ago.")]
        return [Finding(REFUSED, "tried_a_moment_ago", f"The last attempt was less than {seconds} s ago.", free)]

    return check


def attempts_on_number(question: Question) -> list[Check]:
    """Not more attempts on one number than the campaign allows."""
    made = history.of(question)

    def judge(target: Target, subject: Subject) -> Check:
        most, had = target.campaign.max_per_number, made.on_number(target, subject)
        if most is not None and had >= most:
            return _always(Finding(REFUSED, "number_used_up", f"This number was tried {had} times; {most} are allowed."))
        return _always(Finding(ALLOWED, "number_left", f"This number was tried {had} times."))

    return _each(question, judge)


# --- what everybody keeps
def nobody_has_it(question: Question) -> list[Check]:
    """Nobody has this number, or this person on another number, in hand, in whatever campaign; for those who dial by hand too.

    The attempt that is asked from does not count.
    """
    held = history.in_hand(question)
    return [_in_hand(held[index], subject, question) for index, subject in enumerate(question.subjects)]


def _in_hand(holding: Sequence[history.Holding], subject: Subject, question: Question) -> Check:
    mine = str(subject.context.get("attempt", ""))
    others = [one for one in holding if str(one.attempt_id) != mine and not _is_own(one, question, subject)]
    others.sort(key=lambda one: one.contact_id != subject.contact_id)  # when both are held: no other number of theirs will do
    until = question.now + history.ASK_AGAIN

    def check(at: datetime) -> list[Finding]:
        if not others or at >= until:
            return [Finding(ALLOWED, "in_nobodys_hands", "Nobody has this number or this person in hand.")]
        first = others[0]
        facts = {"attempt": str(first.attempt_id), "campaign": str(first.campaign_id)}
        if first.e164 == subject.e164 and first.contact_id != subject.contact_id:
            return [Finding(REFUSED, "number_in_hand", "Somebody has this number in hand.", until, facts | {"on": "number"})]
        return [Finding(REFUSED, "contact_in_hand", "Somebody has this person in hand.", until, facts | {"on": "contact"})]

    return check


def _is_own(one: history.Holding, question: Question, subject: Subject) -> bool:
    """Whoever has it in hand may dial it by hand."""
    return target_of(subject) is None and question.agent is not None and one.agent_id == question.agent.pk


def not_dropped(question: Question) -> list[Check]:
    """Whoever answered and was hung up on because nobody was free is left alone for a while; by hand it is a warning."""
    dropped = history.dropped(question)
    return [_dropped(dropped.get(subject.e164), subject) for subject in question.subjects]


def _dropped(dropped: tuple[datetime, int] | None, subject: Subject) -> Check:
    target = target_of(subject)
    if dropped is None:
        return _always(Finding(ALLOWED, "not_dropped", "They were not hung up on."))
    free = dropped[0] + timedelta(seconds=target.campaign.drop_lockout_s if target else dropped[1])

    def check(at: datetime) -> list[Finding]:
        if at >= free:
            return [Finding(ALLOWED, "not_dropped", "They were not hung up on lately.")]
        return [
            Finding(REFUSED if target else WARNED, "dropped_lately", "They answered lately, and nobody was there.", free, {"on": "number"})
        ]

    return check


RULES: dict[str, Callable[[Question], Sequence[Check]]] = {
    "campaign_runs": runs,
    "campaign_agent": for_this_agent,
    "campaign_target": waits,
    "campaign_pause": not_before,
    "campaign_hours": within_hours,
    "campaign_attempts": attempts,
    "campaign_failures": failures,
    "campaign_daily_limit": attempts_a_day,
    "campaign_rolling_limit": attempts_of_late,
    "campaign_gap": gap,
    "campaign_number_limit": attempts_on_number,
    "number_in_hand": nobody_has_it,
    "drop_lockout": not_dropped,
}
#: Findings with which a target is used up, as its ``reason`` says it; other refusals for ever mean that it may not be called.
USED_UP = frozenset({"attempts_used_up", "line_fails", "number_used_up", "no_number"})
