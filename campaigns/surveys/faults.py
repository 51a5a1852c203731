"""Is a survey fit to be asked? Every way through it must come to its end, and every rule must be able to decide.

Pure: questions and quotas in, problems out. The first question of the list is the start.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from campaigns.models import Question, Quota
from campaigns.surveys.checking import RANGES, range_of, wrong_with
from campaigns.surveys.ways import END, OUT, leads
from crm import script_conditions as conditions

Kind = Question.Kind
CHOOSING = (Kind.SINGLE, Kind.MULTI)
MEASURED = (Kind.SCALE, Kind.NUMBER, *RANGES)


@dataclass(frozen=True)
class Problem:
    """What keeps a survey from being published: the question's key (empty: the whole, or a quota), a stable code, words for people."""

    question: str
    code: str
    detail: str

    def shown(self) -> dict[str, str]:
        return {"question": self.question, "code": self.code, "detail": self.detail}


def problems(questions: Sequence[Question], quotas: Sequence[Quota]) -> list[Problem]:
    """All that is wrong, question by question in their order, then the whole, then the quotas."""
    if not questions:
        return [Problem("", "empty", "There are no questions.")]
    by_key = {question.key: question for question in questions}
    ways = leads(questions)
    before = _ancestors(ways)
    found: list[Problem] = []
    for question in questions:
        found += _of_itself(question)
        found += _of_rules(question, by_key, before[question.key])
    found += _of_whole(questions, ways)
    for quota in quotas:
        if quota.condition is not None:
            found += _of_condition("", f"Quota '{quota.name}': ", quota.condition, by_key, set(by_key), None)
    return found


def _of_itself(question: Question) -> list[Problem]:
    found, key = [], question.key
    if key in (END, OUT):
        found.append(Problem(key, "reserved_key", f"'{key}' is a word for an end: choose another key."))
    if not question.text.strip():
        found.append(Problem(key, "no_text", "There is nothing to ask in this question."))
    values = [choice["value"] for choice in question.choices]
    if question.kind in CHOOSING and len(values) < 2:
        found.append(Problem(key, "no_choices", "Give at least two choices."))
    if question.kind not in CHOOSING and values:
        found.append(Problem(key, "choices_not_asked", "Only single and multi have choices."))
    found += [Problem(key, "choice_twice", f"The choice '{one}' is there twice.") for one in dict.fromkeys(values) if values.count(one) > 1]
    if question.kind == Kind.SCALE and (question.low is None or question.high is None):
        found.append(Problem(key, "no_range", "A scale has `low` and `high`."))
    if question.kind not in (Kind.SCALE, Kind.NUMBER) and (question.low is not None or question.high is not None):
        found.append(Problem(key, "range_not_asked", "Only scale and number have `low` and `high`."))
    return found


def _of_rules(question: Question, by_key: Mapping[str, Question], before: set[str]) -> list[Problem]:
    found = []
    for rule in question.next:
        if rule["goto"] not in by_key and rule["goto"] not in (END, OUT):
            found.append(Problem(question.key, "unknown_goto", f"There is no question '{rule['goto'][:50]}' to go to."))
        if rule["when"] is not None:
            found += _of_condition(question.key, "", rule["when"], by_key, before, question)
    defaults = [place for place, rule in enumerate(question.next) if rule["when"] is None]
    if defaults and defaults[0] < len(question.next) - 1:
        found.append(Problem(question.key, "rule_never_reached", "The rules after the one that always holds are never looked at."))
    return found


def _of_condition(
    key: str, prefix: str, when: Any, by_key: Mapping[str, Question], before: set[str], here: Question | None
) -> list[Problem]:
    """``before`` are the questions that may have been answered by then; ``here`` is the one whose rule it is."""
    wrong = conditions.faults(when)
    if wrong:
        return [Problem(key, "condition_malformed", prefix + one) for one in dict.fromkeys(wrong)]
    found = []
    for name, operator, wanted in _leaves(when):
        asked = here if name == "answer" else by_key.get(name.removeprefix("answers.")) if name.startswith("answers.") else None
        if asked is None:
            found.append(Problem(key, "unknown_question", f"{prefix}there is no question '{name[:60]}' to decide by."))
        elif asked is not here and asked.key not in before:
            found.append(Problem(key, "later_question", f"{prefix}'{asked.key}' is never asked before this question."))
        elif not can_be(asked, operator, wanted):
            found.append(Problem(key, "answer_impossible", f"{prefix}'{asked.key}' never compares so: {operator} {wanted!s:.60}."))
    return found


def _leaves(when: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for part in [*when.get("all", []), *when.get("any", []), *([when["not"]] if "not" in when else [])]:
        yield from _leaves(part)
    if "field" in when:
        ((operator, wanted),) = [(name, value) for name, value in when.items() if name != "field"]
        yield when["field"], operator, wanted


def can_be(question: Question, operator: str, wanted: Any) -> bool:
    """Whether an answer to this question may be compared so."""
    if operator == "known":
        return True
    if operator == "has":
        return question.kind == Kind.MULTI and not wrong_with(question, [wanted])
    if question.kind == Kind.MULTI:
        return False
    if operator in ("at_least", "at_most"):
        if question.kind in MEASURED:
            if isinstance(wanted, bool) or not isinstance(wanted, int | float):
                return False
            low, high = range_of(question)
            return (high is None or wanted <= high) if operator == "at_least" else (low is None or wanted >= low)
        return question.kind == Kind.DATE and not wrong_with(question, wanted)
    return all(not wrong_with(question, one) for one in (wanted if isinstance(wanted, list) else [wanted]))


def _of_whole(questions: Sequence[Question], ways: Mapping[str, Sequence[str]]) -> list[Problem]:
    first = questions[0].key
    reached, waiting = {first}, [first]
    while waiting:
        new = {goto for goto in ways[waiting.pop()] if goto in ways} - reached
        reached |= new
        waiting += new
    found = [
        Problem(one.key, "unreachable", f"No way leads here from the start, '{first}'.") for one in questions if one.key not in reached
    ]
    return found + _cycles({key: [goto for goto in gotos if goto in ways] for key, gotos in ways.items()})


def _ancestors(ways: Mapping[str, Sequence[str]]) -> dict[str, set[str]]:
    """For each question, those from which a way leads to it."""
    into: dict[str, set[str]] = {key: set() for key in ways}
    for key, gotos in ways.items():
        for goto in gotos:
            if goto in into:
                into[goto].add(key)
    found: dict[str, set[str]] = {}
    for key in ways:
        seen: set[str] = set()
        waiting = list(into[key])
        while waiting:
            if (one := waiting.pop()) not in seen:
                seen.add(one)
                waiting += into[one]
        found[key] = seen
    return found


def _cycles(ways: dict[str, list[str]]) -> list[Problem]:
    """One problem for each cycle: who is asked in a ring may never come to the end."""
    found: list[Problem] = []
    while len(found) < 20:
        try:
            TopologicalSorter(ways).prepare()
        except CycleError as error:
            ring = list(reversed(error.args[1]))  # the sorter's arrows point at what must come before
            if ring[1] not in ways[ring[0]]:
                ring.reverse()
            ways[ring[0]].remove(ring[1])
            found.append(Problem(ring[0], "cycle", f"The way leads back: {' → '.join(ring)}."))
        else:
            break
    return found
