"""A script as people like to see it: an indented tree, each rule an arrow; a step that was shown already is only pointed at."""

from collections.abc import Sequence
from dataclasses import dataclass

from crm import script_conditions as conditions
from crm.models import ScriptStep

DEEPEST = 60


@dataclass(frozen=True)
class Line:
    """One line of the tree: how deep it stands, under which condition one comes here, and the step (None: there is none of it)."""

    depth: int
    rule: str
    key: str
    step: ScriptStep | None
    is_seen: bool = False


def tree(steps: Sequence[ScriptStep]) -> list[Line]:
    """The lines of the tree from the start down, then the steps that nothing leads to. Any draft can be drawn, also a broken one.

    A step with one way on does not go deeper, so a plain conversation is a plain list.
    """
    by_key = {step.key: step for step in steps}
    lines: list[Line] = []
    seen: set[str] = set()
    for root in steps:
        waiting = [] if root.key in seen else [(0, "", root.key)]
        while waiting:
            depth, rule, key = waiting.pop()
            step = by_key.get(key)
            lines.append(Line(depth, rule, key, step, key in seen))
            if step is None or key in seen:
                continue
            seen.add(key)
            deeper = min(depth + (len(step.next) > 1), DEEPEST)
            waiting += [(deeper, _said(one["when"], len(step.next)), one["goto"]) for one in reversed(step.next)]
    return lines


def _said(when: object, ways: int) -> str:
    if when is None:
        return "otherwise" if ways > 1 else ""
    return "a condition that cannot be read" if conditions.faults(when) else conditions.said(when)  # type: ignore[arg-type]
