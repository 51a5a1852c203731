"""What a week of calls may look like, checked by brute force: nothing of the product is used here, only wall clocks and counting.

The rules are told as plain facts, the calls as a list; whoever breaks a rule is named with the rule, the call and what was seen.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

ENDS = frozenset({"bought", "refused"})
SPOKE = frozenset({"bought", "refused", "promised", "talked"})


@dataclass(frozen=True)
class Person:
    """Somebody who may be called: every zone in which the hours must be open for them."""

    zones: tuple[str, ...]
    holidays: frozenset[date] = frozenset()
    stopped_at: datetime | None = None


@dataclass(frozen=True)
class Rules:
    """Of a campaign. ``hours`` are intervals in minutes by weekday, ``retries`` seconds from the end of a call that came out so."""

    hours: Mapping[int, Sequence[tuple[int, int]]]
    retries: Mapping[str, int]
    most: int
    most_a_day: int
    most_a_number: int
    rolling_most: int
    rolling: timedelta
    gap: timedelta
    most_technical: int
    technical: frozenset[str]
    lockout: timedelta


@dataclass(frozen=True)
class Made:
    """One call that was handed out, and dialled some time later. ``promise`` is when they are to be called again, if that is how it came out."""

    campaign: str
    person: str
    number: str
    agent: str
    leased_at: datetime
    dialled_at: datetime
    ended_at: datetime
    result: str
    promise: datetime | None = None
    dropped: bool = False


@dataclass
class World:
    people: Mapping[str, Person]
    campaigns: Mapping[str, Rules]
    number_a_day: int
    numbers: Mapping[str, str] = field(default_factory=dict)


def broken(calls: Sequence[Made], world: World) -> list[str]:
    """Every rule that some call broke, in words; nothing when all is well."""
    calls = sorted(calls, key=lambda one: one.leased_at)
    return [
        *(f"{rule}: {one}" for one in calls for rule in _alone(one, world)),
        *_of_each(calls, lambda one: (one.campaign, one.person), lambda of_one: _of_a_target(of_one, calls, world)),
        *_of_each(calls, lambda one: one.number, lambda of_one: _of_a_number(of_one, world)),
        *_of_each(calls, lambda one: one.person, _overlaps("one person in two hands")),
        *_of_each([one for one in calls if one.agent], lambda one: one.agent, _overlaps("an operator has two in hand")),
    ]


def is_open(person: Person, rules: Rules, at: datetime) -> bool:
    """Whether it is an hour for calls by every clock of theirs."""
    for zone in person.zones:
        wall = at.astimezone(ZoneInfo(zone))
        minute = wall.hour * 60 + wall.minute
        if wall.date() in person.holidays or not any(opens <= minute < closes for opens, closes in rules.hours.get(wall.weekday(), ())):
            return False
    return True


def _alone(one: Made, world: World) -> Iterator[str]:
    person, rules = world.people[one.person], world.campaigns[one.campaign]
    if not is_open(person, rules, one.leased_at):
        yield f"outside their hours ({', '.join(one.leased_at.astimezone(ZoneInfo(zone)).isoformat() for zone in person.zones)})"
    if person.stopped_at and one.leased_at >= person.stopped_at:
        yield f"after they said no ({person.stopped_at})"


def _of_each(calls: Iterable[Made], key, judge) -> Iterator[str]:
    groups: dict[object, list[Made]] = defaultdict(list)
    for one in calls:
        groups[key(one)].append(one)
    for of_one in groups.values():
        yield from judge(of_one)


def _of_a_target(calls: Sequence[Made], all_calls: Sequence[Made], world: World) -> Iterator[str]:
    rules, person = world.campaigns[calls[0].campaign], world.people[calls[0].person]
    counted = [one for one in calls if one.result not in rules.technical]
    in_a_row = 0
    for index, one in enumerate(calls):
        before = [other for other in counted if other.leased_at < one.leased_at]
        if len(before) >= rules.most and not calls[index - 1].promise:
            yield f"after {len(before)} attempts, {rules.most} are allowed: {one}"
        if not (before and _is_promised(before[-1], one, all_calls)):
            yield from _too_often(before, one, rules, person)
        if sum(1 for other in before if other.number == one.number) >= rules.most_a_number:
            yield f"too often on one number: {one}"
        if in_a_row >= rules.most_technical:
            yield f"after too many failures of the line: {one}"
        in_a_row = in_a_row + 1 if one.result in rules.technical else 0
        if not index:
            continue
        last = calls[index - 1]
        if last.result in ENDS:
            yield f"after they were done with ({last.result}): {one}"
        elif last.promise and one.leased_at < last.promise and not _spoke_between(last, one, all_calls):
            yield f"before the promised time {last.promise}: {one}"
        elif not last.promise and one.leased_at < last.ended_at + timedelta(seconds=rules.retries.get(last.result, 0)):
            yield f"sooner than {rules.retries.get(last.result, 0)} s after {last.result}: {one}"


def _is_promised(last: Made, one: Made, all_calls: Sequence[Made]) -> bool:
    """Whether a call keeps what was promised in the last one: the campaign's own limits do not put it off."""
    return bool(last.promise) and not _spoke_between(last, one, all_calls)


def _too_often(before: Sequence[Made], one: Made, rules: Rules, person: Person) -> Iterator[str]:
    """By when they were called, whenever they had been taken in hand for it."""
    if before and one.leased_at < max(other.ended_at for other in before) + rules.gap:
        yield f"within the gap: {one}"
    for zone in person.zones:
        day = one.leased_at.astimezone(ZoneInfo(zone)).date()
        if sum(1 for other in before if other.dialled_at.astimezone(ZoneInfo(zone)).date() == day) >= rules.most_a_day:
            yield f"too often on {day} in {zone}: {one}"
    if sum(1 for other in before if other.dialled_at > one.leased_at - rules.rolling) >= rules.rolling_most:
        yield f"too often within {rules.rolling}: {one}"


def _spoke_between(last: Made, one: Made, all_calls: Sequence[Made]) -> bool:
    """Whether they were spoken with in another campaign meanwhile: a promise is made to a person, and kept by whoever speaks with them."""
    return any(
        other.person == one.person and other.result in SPOKE and last.ended_at <= other.leased_at and other.ended_at <= one.leased_at
        for other in all_calls
    )


def _of_a_number(calls: Sequence[Made], world: World) -> Iterator[str]:
    yield from _overlaps("one number in two hands")(calls)
    for index, one in enumerate(calls):
        rules = world.campaigns[one.campaign]
        if any(other.dropped and one.leased_at < other.ended_at + rules.lockout for other in calls[:index]):
            yield f"hung up on them lately: {one}"
        for zone in world.people[one.person].zones:
            day = one.leased_at.astimezone(ZoneInfo(zone)).date()
            rang = [other for other in calls[:index] if other.result not in rules.technical]
            same_day = [other for other in rang if other.dialled_at.astimezone(ZoneInfo(zone)).date() == day]
            if len(same_day) >= world.number_a_day:
                yield f"one number {len(same_day) + 1} times on {day}: {one}"


def _overlaps(what: str):
    def judge(calls: Sequence[Made]) -> Iterator[str]:
        ordered = sorted(calls, key=lambda one: one.leased_at)
        for one, other in itertools.pairwise(ordered):
            if other.leased_at < one.ended_at:
                yield f"{what}: {one} and {other}"

    return judge
