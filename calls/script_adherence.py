"""How closely a script was kept to, from the steps that were passed. Pure: no clock, no database.

The **way taken** is what the rules prescribe from the start, by the answers given (the last of each step), up to the furthest step
on it that was passed; a jump that no rule allows begins another such way at the step where it landed. A branch says nothing, so it is passed
over. A script that was broken off, because the caller hung up, is thus measured by the part it came to, and tells ``is_complete`` false.

    adherence = must-say steps passed on the way taken / must-say steps on the way taken

It has no value when nothing had to be said. Beside it stand whether these steps were first passed in the order of the script, and
the jumps. The same passings give the same tally, in whatever order they arrived: only their ``sequence`` counts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from crm import script_conditions as conditions


class Step(Protocol):
    """What is read of a step; ``ScriptStep`` has it all."""

    key: str
    kind: str
    must_say: bool
    field: str
    next: Sequence[Mapping[str, Any]]
    outcome: str


@dataclass(frozen=True)
class Passing:
    """A step that was passed, with the answer it got, if any."""

    key: str
    answer: Any = None


@dataclass(frozen=True)
class Tally:
    """What follows from the passings. ``moves`` tells of each how it was come to: start, next, back or off_script."""

    moves: tuple[str, ...]
    due: tuple[str, ...]
    passed: tuple[str, ...]
    is_in_order: bool
    is_complete: bool
    outcome: str
    next_step: str | None

    @property
    def off_script(self) -> int:
        return self.moves.count("off_script")

    @property
    def adherence(self) -> float | None:
        return share(len(self.passed), len(self.due))


def share(passed: int, due: int) -> float | None:
    """The adherence, to three places."""
    return round(passed / due, 3) if due else None


def tally(steps: Sequence[Step], passings: Sequence[Passing], facts: Mapping[str, Any]) -> Tally:
    """Judge a run: ``steps`` of the version in their order, ``passings`` by their sequence, ``facts`` as they were at the start."""
    by_key = {step.key: step for step in steps}
    values: dict[str, Any] = dict(facts) | {f"answers.{step.key}": conditions.OPEN for step in steps}
    moves: list[str] = []
    landings = [steps[0].key]
    seen: dict[str, None] = {}
    for number, passing in enumerate(passings):
        if number == 0:
            move = "start" if passing.key == steps[0].key else "off_script"
        elif passing.key in _open_ways(by_key, passings[number - 1].key, values):
            move = "next"
        else:
            move = "back" if passing.key in seen else "off_script"
        if move == "off_script":
            landings.append(passing.key)
        moves.append(move)
        seen[passing.key] = None
        _learn(by_key[passing.key], passing.answer, values)
    way = _way_taken(by_key, landings, seen, values) if passings else []
    due = tuple(key for key in way if by_key[key].must_say and by_key[key].kind != "branch")
    last = by_key[passings[-1].key] if passings else None
    return Tally(
        moves=tuple(moves),
        due=due,
        passed=tuple(key for key in due if key in seen),
        is_in_order=[key for key in seen if key in due] == [key for key in due if key in seen],
        is_complete=last is not None and last.kind == "end",
        outcome=last.outcome if last is not None else "",
        next_step=_spoken(by_key, _following(last, values) if last is not None else steps[0].key, values),
    )


def _learn(step: Step, answer: Any, values: dict[str, Any]) -> None:
    """What later rules may ask about this answer; one to a field is what the contact's field now says."""
    if answer is not None:
        values[f"answers.{step.key}"] = answer
        if step.kind == "field":
            values[f"contact.{step.field}"] = answer


def _verdicts(step: Step, values: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """The steps that may follow, and whether it is certain: the first rule that surely holds is the last that is looked at."""
    known = {**values, "answer": values.get(f"answers.{step.key}")}
    certain = True
    for rule in step.next:
        verdict = conditions.holds(rule["when"], known)
        if verdict is not False:
            yield rule["goto"], certain and verdict is True
        if verdict is True:
            return
        certain = certain and verdict is False


def _open_ways(by_key: Mapping[str, Step], key: str, values: Mapping[str, Any]) -> set[str]:
    """The steps that may follow; nobody needs to pass a branch, which says nothing, so what may follow it may follow at once."""
    found: set[str] = set()
    waiting = [key]
    while waiting:
        new = {goto for goto, _ in _verdicts(by_key[waiting.pop()], values)} - found
        found |= new
        waiting += [goto for goto in new if by_key[goto].kind == "branch"]
    return found


def _spoken(by_key: Mapping[str, Step], key: str | None, values: Mapping[str, Any]) -> str | None:
    """The step, or the first that says something after it when it is a branch."""
    while key is not None and by_key[key].kind == "branch":
        key = _following(by_key[key], values)
    return key


def _following(step: Step, values: Mapping[str, Any]) -> str | None:
    """The step that surely follows; None at an end, or while an answer is open."""
    return next((goto for goto, certain in _verdicts(step, values) if certain), None)


def _way_taken(by_key: Mapping[str, Step], landings: Sequence[str], seen: Mapping[str, None], values: Mapping[str, Any]) -> list[str]:
    way: dict[str, None] = {}
    for landing in landings:
        if landing in way:
            continue
        prescribed: list[str] = []
        here: str | None = landing
        while here is not None and here not in prescribed:
            prescribed.append(here)
            here = _following(by_key[here], values)
        furthest = max((place for place, key in enumerate(prescribed) if key in seen), default=0)
        way |= dict.fromkeys(prescribed[: furthest + 1])
    return list(way)
