"""A survey as people like to see it: an indented tree for a page, and a drawing in Mermaid's words for everything that can draw it."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from campaigns.models import Question
from campaigns.surveys.ways import END, OUT
from crm import script_conditions as conditions
from crm.script_picture import Line, tree

ENDS = {END: "The end", OUT: "Not whom we ask"}


def lines(questions: Sequence[Question]) -> list[Line]:
    """The tree from the first question down; a line without a step is an end. Any draft can be drawn, also a broken one."""
    return tree(_steps(questions))


def _steps(questions: Sequence[Question]) -> list[Any]:
    """The questions with the way on that needs no rule."""
    steps = []
    for place, question in enumerate(questions):
        rules = list(question.next)
        if all(rule["when"] is not None for rule in rules):
            rules.append({"when": None, "goto": questions[place + 1].key if place + 1 < len(questions) else END})
        steps.append(SimpleNamespace(key=question.key, text=question.text, kind=question.get_kind_display(), next=rules))
    return steps


def mermaid(questions: Sequence[Question]) -> str:
    """A flow chart. Texts are cut, and nothing in them can leave its quotes."""
    steps = _steps(questions)
    names = {step.key: f"q{place}" for place, step in enumerate(steps)} | {END: "the_end", OUT: "not_asked"}
    drawn = ["flowchart TD"]
    drawn += [f'  {names[step.key]}["{_plain(step.key)}: {_plain(step.text)}"]' for step in steps]
    for step in steps:
        for rule in step.next:
            to = names.get(rule["goto"])
            if to is None:
                continue
            told = _said(rule["when"]) if len(step.next) > 1 else ""
            drawn.append(f"  {names[step.key]} -->" + (f'|"{_plain(told)}"|' if told else "") + f" {to}")
    drawn += [f'  {names[key]}(["{text}"])' for key, text in ENDS.items() if any(line.endswith(f" {names[key]}") for line in drawn)]
    return "\n".join(drawn)


def _said(when: Any) -> str:
    return "a condition that cannot be read" if when is not None and conditions.faults(when) else conditions.said(when)


def _plain(text: str) -> str:
    return "".join(one if one.isalnum() or one in " .,?!:-–_()/" else " " for one in text)[:80]
