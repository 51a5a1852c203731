"""Is a script fit to be spoken? Every way through it must come to an end, and every placeholder must be one we know.

Pure: steps in, problems out. The steps are the ones of a list in its order; the first is the start.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any, Protocol

from crm import script_conditions as conditions
from crm.script_placeholders import UNSPEAKABLE, pieces

LONGEST_TEXT = 1000  # about a minute of speaking: a person takes breath before that


class Step(Protocol):
    """What is checked of a step; ``ScriptStep`` has it all."""

    key: str
    kind: str
    text: str
    choices: Sequence[Mapping[str, str]]
    field: str
    next: Sequence[Mapping[str, Any]]
    outcome: str


@dataclass(frozen=True)
class Problem:
    """What keeps a script from being published: the step's key (empty: the whole script), a stable code, and words for people."""

    step: str
    code: str
    detail: str

    def shown(self) -> dict[str, str]:
        return {"step": self.step, "code": self.code, "detail": self.detail}


def problems(steps: Sequence[Step], *, placeholders: Mapping[str, str], fields: set[str]) -> list[Problem]:
    """All that is wrong, step by step in their order, then what is wrong with the whole.

    ``placeholders`` gives the kind of each that is known, ``fields`` what of a contact may be written.
    """
    if not steps:
        return [Problem("", "empty", "There are no steps.")]
    keys = {step.key for step in steps}
    asked = {step.key for step in steps if step.kind in ("ask", "field")}
    found: list[Problem] = []
    for step in steps:
        found += _of_text(step, placeholders)
        found += _of_kind(step, fields)
        found += _of_rules(step, keys, asked, placeholders)
    return found + _of_whole(steps)


def _of_text(step: Step, placeholders: Mapping[str, str]) -> list[Problem]:
    found = []
    if step.kind in ("say", "ask", "field") and not step.text.strip():
        found.append(Problem(step.key, "no_text", "There is nothing to say in this step."))
    if len(step.text) > LONGEST_TEXT:
        found.append(Problem(step.key, "too_long", f"The text has {len(step.text):,} characters: {LONGEST_TEXT:,} can be spoken at once."))
    try:
        names = [piece.name for piece in pieces(step.text) if piece.name is not None]
    except ValueError as error:
        return [*found, Problem(step.key, "placeholder_malformed", str(error))]
    for name in dict.fromkeys(names):
        kind = placeholders.get(name)
        if kind is None:
            found.append(Problem(step.key, "unknown_placeholder", f"There is no placeholder {{{name[:60]}}}."))
        elif kind in UNSPEAKABLE:
            found.append(Problem(step.key, "placeholder_not_speakable", f"{{{name}}} cannot be said; a rule may ask about it."))
    return found


def _of_kind(step: Step, fields: set[str]) -> list[Problem]:
    found = []
    if step.kind == "field" and step.field not in fields:
        found.append(Problem(step.key, "unknown_field", f"'{step.field[:60]}' is nothing of a contact that can be written."))
    if step.kind == "end" and not step.outcome:
        found.append(Problem(step.key, "no_outcome", "An end says how the conversation came out: give `outcome`."))
    if step.kind == "ask":
        values = [choice["value"] for choice in step.choices]
        found += [Problem(step.key, "choice_twice", f"The choice '{one}' is there twice.") for one in _doubles(values)]
    return found


def _of_rules(step: Step, keys: set[str], asked: set[str], placeholders: Mapping[str, str]) -> list[Problem]:
    if step.kind == "end":
        return [Problem(step.key, "end_goes_on", "An end has no rules that lead on.")] if step.next else []
    if not step.next:
        return [Problem(step.key, "dead_end", "Nothing leads on from here, and it is no end.")]
    found = []
    for rule in step.next:
        if rule["goto"] not in keys:
            found.append(Problem(step.key, "unknown_goto", f"There is no step '{rule['goto'][:50]}' to go to."))
        if rule["when"] is None:
            continue
        wrong = conditions.faults(rule["when"])
        found += [Problem(step.key, "condition_malformed", one) for one in dict.fromkeys(wrong)]
        if not wrong:
            found += _of_fields(step, set(conditions.fields(rule["when"])), asked, placeholders)
    defaults = [number for number, rule in enumerate(step.next) if rule["when"] is None]
    if defaults and defaults[0] < len(step.next) - 1:
        found.append(Problem(step.key, "rule_never_reached", "The rules after the one that always holds are never looked at."))
    if not defaults:
        found += _uncovered(step)
    return found


def _of_fields(step: Step, names: set[str], asked: set[str], placeholders: Mapping[str, str]) -> list[Problem]:
    found = []
    for name in sorted(names):
        if name == "answer":
            if step.kind not in ("ask", "field"):
                found.append(Problem(step.key, "no_answer_here", "This step asks nothing, so there is no `answer`: name it `answers.KEY`."))
        elif name.startswith("answers."):
            if name.removeprefix("answers.") not in asked:
                found.append(Problem(step.key, "unknown_field_in_rule", f"There is no step that asks, '{name[:60]}'."))
        elif name not in placeholders:
            found.append(Problem(step.key, "unknown_field_in_rule", f"There is no '{name[:60]}' to decide by."))
    return found


def _uncovered(step: Step) -> list[Problem]:
    """No rule always holds: then only a question whose every choice has its own rule leads on for sure."""
    if step.kind != "ask" or not step.choices:
        return [Problem(step.key, "no_default", "A rule that always holds (`when` null) must stand last.")]
    ways = {value for rule in step.next for value in _chosen(rule["when"])}
    return [
        Problem(step.key, "choice_without_way", f"No rule says where '{choice['value']}' leads.")
        for choice in step.choices
        if choice["value"] not in ways
    ]


def _chosen(when: Any) -> list[Any]:
    """The answers for which this condition holds whatever else is known."""
    if not isinstance(when, dict) or when.get("field") != "answer":
        return []
    if isinstance(when.get("is"), str):
        return [when["is"]]
    listed = when.get("in")
    return [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []


def _of_whole(steps: Sequence[Step]) -> list[Problem]:
    keys = {step.key for step in steps}
    ways = {step.key: [rule["goto"] for rule in step.next if rule["goto"] in keys] for step in steps}
    found = [Problem("", "key_twice", f"The key '{one}' is there twice.") for one in _doubles([step.key for step in steps])]
    led_to = {goto for gotos in ways.values() for goto in gotos}
    first = steps[0].key
    reached, waiting = {first}, [first]
    while waiting:
        waiting += (new := set(ways[waiting.pop()]) - reached)
        reached |= new
    for step in steps[1:]:
        if step.key not in led_to:
            found.append(Problem(step.key, "second_start", f"Nothing leads here: a script starts once, at '{first}'."))
        elif step.key not in reached:
            found.append(Problem(step.key, "unreachable", f"It cannot be reached from the start, '{first}'."))
    if not any(step.kind == "end" for step in steps):
        found.append(Problem("", "no_end", "There is no end."))
    return found + _cycles(ways)


def _cycles(ways: Mapping[str, Sequence[str]]) -> list[Problem]:
    """One problem for each cycle; a conversation that may turn in a ring may never end."""
    left = {key: list(dict.fromkeys(gotos)) for key, gotos in ways.items()}
    found: list[Problem] = []
    while len(found) < 20:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            ring = list(reversed(error.args[1]))  # the sorter's arrows point at what must come before
            if ring[1] not in left[ring[0]]:
                ring.reverse()
            left[ring[0]].remove(ring[1])
            found.append(Problem(ring[0], "cycle", f"The way leads back: {' → '.join(ring)}."))
        else:
            break
    return found


def _doubles(values: Sequence[str]) -> list[str]:
    seen: set[str] = set()
    return list(dict.fromkeys(one for one in values if one in seen or seen.add(one)))  # type: ignore[func-returns-value]
