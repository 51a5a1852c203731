"""How a target stands: a pure function of its attempts, the promise that is open, the numbers of the contact and the rules. No clock, no database.

So nothing has to be undone: when a result comes late, comes twice or is corrected, how the target stands is reckoned anew from all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from calls.models import Disposition
from calls.outcomes import TECHNICAL
from campaigns.models import Attempt, Campaign, RetryRule, Target

State, Counted, Closing = Target.State, Attempt.Counted, Attempt.Closing
#: Nobody answered, as the line tells it.
UNANSWERED = frozenset({"busy", "no_answer", "rejected", "canceled", "failed", "congestion", "invalid_number", "blocked"})
#: The day of a customer in parts, by the hour at which each begins.
DAY_PARTS = (0, 12, 17)
#: Why a target is over, as its ``reason`` says it.
SUCCESS, REFUSED, FINAL, UNWRITTEN = "success", "refused", "final", "not_written_up"
NO_NUMBER, ATTEMPTS, ATTEMPTS_SO, FAILURES = "no_number_left", "attempts", "attempts_of_a_kind", "failures_of_the_line"


@dataclass(frozen=True)
class Tried:
    """One attempt as it counts. ``again_at`` is when one that was given back or lost may be handed out again."""

    number: int
    e164: str
    state: str
    ended_at: datetime
    counted: str = Counted.NONE
    closing: str = ""
    outcome: str = ""
    disposition: Disposition | None = None
    agent_id: UUID | None = None
    is_late: bool = False
    again_at: datetime | None = None

    @property
    def is_result(self) -> bool:
        """Whether it tells how a call came out."""
        return self.state == Attempt.State.CLOSED and self.counted != Counted.NONE

    @property
    def is_unwritten_talk(self) -> bool:
        """Whether one of ours spoke with them and did not write it up. Who answered and heard nobody (a drop) was not spoken with."""
        return self.outcome == "answered" and self.disposition is None and self.agent_id is not None


@dataclass(frozen=True)
class Promise:
    """A callback that is owed: when, and to whom it belongs, if it is one operator's."""

    id: UUID
    at: datetime
    agent_id: UUID | None = None


@dataclass(frozen=True)
class Retry:
    """A rule for trying again, and what it is for: all attempts with that result."""

    delay_s: int
    growth: str = RetryRule.Growth.FIXED
    factor: Decimal = Decimal(2)
    most_s: int | None = None
    max_attempts: int | None = None
    next_number: str = RetryRule.Number.SAME
    varies_time_of_day: bool = False
    agent: str = RetryRule.Agent.ANY


@dataclass(frozen=True)
class Plan:
    """What a campaign says of trying again."""

    max_attempts: int
    max_technical: int
    usual: Retry
    by_outcome: Mapping[str, Retry] = field(default_factory=dict)
    by_disposition: Mapping[UUID, Retry] = field(default_factory=dict)

    @classmethod
    def of(cls, campaign: Campaign) -> "Plan":
        """The plan of a campaign, whose ``retry_rules`` may be prefetched."""
        names = Retry.__dataclass_fields__
        rules = [(rule, Retry(**{name: getattr(rule, name) for name in names})) for rule in campaign.retry_rules.all()]
        return cls(
            campaign.max_attempts,
            campaign.max_technical,
            Retry(campaign.retry_s),
            {rule.outcome: retry for rule, retry in rules if rule.outcome},
            {rule.disposition_id: retry for rule, retry in rules if rule.disposition_id},
        )

    def after(self, one: Tried) -> Retry | None:
        """The rule that was written for such a result; None when there is none."""
        by_disposition = self.by_disposition.get(one.disposition.pk) if one.disposition else None
        return by_disposition or self.by_outcome.get(one.outcome)


@dataclass(frozen=True)
class Standing:
    """What a target says of itself: its columns of these names."""

    state: str = State.PENDING
    next_attempt_at: datetime | None = None
    next_e164: str = ""
    only_agent_id: UUID | None = None
    callback_id: UUID | None = None
    attempts_total: int = 0
    attempts_technical: int = 0
    last_attempt_at: datetime | None = None
    is_reached: bool = False
    is_right_party: bool = False
    is_success: bool = False
    outcome: str = ""
    disposition_id: UUID | None = None
    reason: str = ""
    ended_at: datetime | None = None


def may_be(said: str, told: str, disposition: Disposition | None) -> bool:
    """Whether what the line tells as ``told`` may have come out as ``said``.

    Whoever was there knows better: they hear a machine, a busy tone, an announcement where the line shows an answer. But nobody was
    spoken with where nobody answered, and with whom somebody spoke, as the write-up says, was not busy or away.
    """
    if said == "answered":
        return told not in UNANSWERED
    return not (disposition and disposition.contact_made)


def outcome_of(told: str, said: str, disposition: Disposition | None) -> str:
    """How an attempt came out: as somebody says of it, if that may be, else as the line tells it."""
    return said if said and may_be(said, told, disposition) else told


def counted_as(outcome: str, disposition: Disposition | None) -> str:
    """As what a call counts that came out so."""
    technical = disposition.technical if disposition else outcome in TECHNICAL
    return Counted.TECHNICAL if technical else Counted.CONTACT


def reckon(tried: Sequence[Tried], plan: Plan, *, promise: Promise | None = None, numbers: Sequence[str] = (), zone: ZoneInfo) -> Standing:
    """How a target stands after ``tried``. ``numbers`` are the contact's in their order, without those known not to exist; ``zone`` is theirs."""
    results = sorted((one for one in tried if one.is_result), key=lambda one: (one.ended_at, one.number))
    facts = _facts(results)
    holding = next((one for one in tried if one.state != Attempt.State.CLOSED), None)
    if holding is not None:
        return Standing(state=holding.state, next_e164=holding.e164, **facts)
    course = Standing(**facts)
    speaking = [one for one in results if not one.is_late or _ends(one)]
    if speaking:
        course = Standing(**facts | _after(speaking, plan, promise, numbers, zone))
    elif promise:
        course = Standing(**facts | _promised(promise))
    return _not_before(course, tried)


def _facts(results: Sequence[Tried]) -> dict[str, Any]:
    """What counts, whatever comes next."""
    said = [one.disposition for one in results if one.disposition]
    technical = 0
    for one in reversed(results):
        if one.counted != Counted.TECHNICAL:
            break
        technical += 1
    last = results[-1] if results else None
    return {
        "attempts_total": sum(1 for one in results if one.counted == Counted.CONTACT),
        "attempts_technical": technical,
        "last_attempt_at": last.ended_at if last else None,
        "is_reached": any(one.contact_made for one in said) or any(one.is_unwritten_talk for one in results),
        "is_right_party": any(one.right_party for one in said),
        "is_success": any(one.success for one in said),
        "outcome": last.outcome if last else "",
        "disposition_id": last.disposition.pk if last and last.disposition else None,
    }


def _ends(one: Tried) -> str:
    """Why this result ends the matter; empty when it does not."""
    said = one.disposition
    if said is None:
        return ""
    return SUCCESS if said.success else REFUSED if said.refused else FINAL if said.final else ""


def _after(results: Sequence[Tried], plan: Plan, promise: Promise | None, numbers: Sequence[str], zone: ZoneInfo) -> dict[str, Any]:
    """What comes after the last of these results."""
    last, rule = results[-1], plan.after(results[-1])
    if promise and last.ended_at < promise.at:
        return _promised(promise)
    if why := _ends(last):
        return _over(State.DONE, why, last)
    if last.is_unwritten_talk and rule is None:
        return _over(State.DONE, UNWRITTEN, last)
    counts = [one for one in results if one.counted == Counted.CONTACT]
    if len(counts) >= plan.max_attempts:
        return _over(State.EXHAUSTED, ATTEMPTS, last)
    in_a_row = _technical_in_a_row(results)
    if in_a_row >= plan.max_technical:
        return _over(State.EXHAUSTED, FAILURES, last)
    used = rule or plan.usual
    if rule and rule.max_attempts and sum(1 for one in results if plan.after(one) is rule) >= rule.max_attempts:
        return _over(State.EXHAUSTED, ATTEMPTS_SO, last)
    e164 = _next_number(last, used, numbers)
    if not e164:
        return _over(State.EXHAUSTED, NO_NUMBER, last)
    again = _again_at(results, plan, used, zone)
    if promise:  # it was tried at its time, and is still owed
        return _promised(promise) | {"next_attempt_at": again, "next_e164": e164}
    return {
        "state": State.RETRY_WAIT,
        "next_attempt_at": again,
        "next_e164": e164,
        "only_agent_id": last.agent_id if used.agent == RetryRule.Agent.SAME else None,
    }


def _promised(promise: Promise) -> dict[str, Any]:
    return {"state": State.CALLBACK_WAIT, "next_attempt_at": promise.at, "only_agent_id": promise.agent_id, "callback_id": promise.id}


def _over(state: str, reason: str, last: Tried) -> dict[str, Any]:
    return {"state": state, "reason": reason, "ended_at": last.ended_at}


def _technical_in_a_row(results: Sequence[Tried]) -> int:
    return int(_facts(results)["attempts_technical"])


def _next_number(last: Tried, rule: Retry, numbers: Sequence[str]) -> str:
    """The number to call next; empty when none is left."""
    is_gone = last.outcome == "invalid_number" or bool(last.disposition and last.disposition.number_invalid)
    usable = [one for one in numbers if not (is_gone and one == last.e164)]
    if not usable:
        return ""
    if last.e164 not in numbers:
        return usable[0]
    place = list(numbers).index(last.e164)
    behind = [one for one in numbers[place + 1 :] if one in usable]
    if rule.next_number == RetryRule.Number.SAME and not is_gone:
        return last.e164
    if behind:
        return behind[0]
    return usable[0] if rule.next_number == RetryRule.Number.ROTATE or is_gone else ""


def _again_at(results: Sequence[Tried], plan: Plan, rule: Retry, zone: ZoneInfo) -> datetime:
    """When they may be tried again: the delay, longer each time they came out so in a row, and in another part of their day if wished."""
    last, delay = results[-1], Decimal(rule.delay_s)
    if rule.growth == RetryRule.Growth.MULTIPLIED:
        for one in reversed(results[:-1]):
            if (plan.after(one) or plan.usual) is not rule:
                break
            delay = min(delay * rule.factor, Decimal(rule.most_s or 366 * 86400))
    again = last.ended_at + timedelta(seconds=float(delay))
    return _other_part_of_the_day(last.ended_at, again, zone) if rule.varies_time_of_day else again


def _other_part_of_the_day(tried_at: datetime, again: datetime, zone: ZoneInfo) -> datetime:
    """``again``, or the beginning of the next part of the customer's day when it lies in the part that was tried."""
    wall = again.astimezone(zone)
    if _part(wall) != _part(tried_at.astimezone(zone)):
        return again
    part = _part(wall) + 1
    day = wall.date() + timedelta(days=1 if part == len(DAY_PARTS) else 0)
    hour = DAY_PARTS[part % len(DAY_PARTS)]
    return max(again, datetime.combine(day, time(hour), tzinfo=zone).astimezone(again.tzinfo))


def _part(wall: datetime) -> int:
    return max(index for index, hour in enumerate(DAY_PARTS) if wall.hour >= hour)


def _not_before(course: Standing, tried: Sequence[Tried]) -> Standing:
    """One that was given back or lost waits a little before it is handed out again."""
    back = [one.again_at for one in tried if one.again_at and not one.is_result]
    if course.state not in (State.PENDING, State.RETRY_WAIT, State.CALLBACK_WAIT) or not back:
        return course
    again = max([*back, *([course.next_attempt_at] if course.next_attempt_at else [])])
    return Standing(**{**course.__dict__, "next_attempt_at": again})
