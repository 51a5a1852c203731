"""The ways through a survey. Pure: questions and answers in, the present way out.

The way is walked anew from the first question after every answer, so going back and answering otherwise needs no undoing: answers
that are no longer on the way are kept, are not counted, and count again when the way comes back to them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from crm import script_conditions as conditions

#: Where a rule may lead besides to a question: the end, and the end for whom we do not ask.
END, OUT = "end", "ineligible"


class Asked(Protocol):
    """What the ways need of a question; ``Question`` has it all."""

    key: str
    next: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Way:
    """The keys on the way, in order. When ``end`` is empty, the last of them waits for its answer."""

    path: tuple[str, ...]
    end: str = ""

    @property
    def waiting(self) -> str:
        """The key of the question that is asked now; empty when none is."""
        return "" if self.end or not self.path else self.path[-1]

    @property
    def answered(self) -> tuple[str, ...]:
        """The keys of the questions whose answers count."""
        return self.path if self.end else self.path[:-1]


def walk(questions: Sequence[Asked], answers: Mapping[str, Any]) -> Way:
    """From the first question through ``answers`` (by key) to the first question without one, or to an end."""
    by_key = {question.key: place for place, question in enumerate(questions)}
    known: dict[str, Any] = {}
    path: list[str] = []
    goto = questions[0].key if questions else END
    while goto not in (END, OUT):
        path.append(goto)
        if goto not in answers:
            return Way(tuple(path))
        known[goto] = answers[goto]
        goto = following(questions, by_key[goto], known)
    return Way(tuple(path), goto)


def following(questions: Sequence[Asked], place: int, known: Mapping[str, Any]) -> str:
    """The key that comes after the question at ``place``: the first rule that holds wins, without any the next in the list."""
    question = questions[place]
    values = values_of(questions, known) | {"answer": known.get(question.key)}
    for rule in question.next:
        if conditions.holds(rule["when"], values):
            return str(rule["goto"])
    return questions[place + 1].key if place + 1 < len(questions) else END


def values_of(questions: Sequence[Asked], known: Mapping[str, Any]) -> dict[str, Any]:
    """What conditions are decided on: an answer that is not on the way is open, one that was passed over is not known."""
    return {f"answers.{question.key}": known.get(question.key, conditions.OPEN) for question in questions}


def leads(questions: Sequence[Asked]) -> dict[str, list[str]]:
    """For each question, where it may lead whatever is answered, ends and keys that are not there among them."""
    found: dict[str, list[str]] = {}
    for place, question in enumerate(questions):
        gotos = [str(rule["goto"]) for rule in question.next]
        if all(rule["when"] is not None for rule in question.next):
            gotos.append(questions[place + 1].key if place + 1 < len(questions) else END)
        found[question.key] = list(dict.fromkeys(gotos))
    return found


def longest(questions: Sequence[Asked], start: str) -> int:
    """How many questions are asked at most from ``start`` on, itself among them. For surveys without a cycle, as published ones are."""
    ways, known = leads(questions), {END: 0, OUT: 0}
    waiting = [start]
    while waiting:
        key = waiting[-1]
        open_ones = [goto for goto in ways.get(key, []) if goto not in known]
        if not open_ones:
            known[waiting.pop()] = 1 + max((known[goto] for goto in ways.get(key, [])), default=0)
        else:
            waiting += open_ones
    return known[start]
