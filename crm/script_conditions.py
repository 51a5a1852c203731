"""The conditions of a script's rules: a small JSON grammar, checked, then decided on plain values. No code is ever run.

A condition is one of::

    {"field": "contact.lifecycle", "is": "client"}         also is_not, in, not_in, at_least, at_most, has, known
    {"all": [condition, …]}   {"any": [condition, …]}   {"not": condition}

``field`` is a placeholder's name, ``answer`` (to this step) or ``answers.KEY`` (to an earlier one). What is not known is equal
to nothing, so ``is_not`` holds of it. An answer that was not given yet leaves a condition open: neither true nor false.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

DEPTH = 5
NODES = 40
LONGEST = 200
SCALARS = (str, int, float, bool)


class _Open:
    """The value of an answer that was not given yet."""

    def __repr__(self) -> str:
        return "OPEN"


OPEN: Final = _Open()
OPERATORS = frozenset({"is", "is_not", "in", "not_in", "at_least", "at_most", "has", "known"})


def faults(condition: Any) -> list[str]:
    """What is wrong with the form of a condition, in words; nothing when it can be decided."""
    found: list[str] = []
    nodes = _walk(condition, 1, found)
    if nodes > NODES:
        found.append(f"A condition has at most {NODES} parts.")
    return found


def fields(condition: Any) -> Iterator[str]:
    """The names of the fields that a well-formed condition asks about."""
    if "field" in condition:
        yield condition["field"]
    for part in [*condition.get("all", []), *condition.get("any", []), *([condition["not"]] if "not" in condition else [])]:
        yield from fields(part)


def holds(condition: Mapping[str, Any] | None, values: Mapping[str, Any]) -> bool | None:
    """Whether a well-formed condition holds of ``values`` (by field name); None when it hangs on an answer still open.

    Kleene's logic: one false part makes ``all`` false though others are open.
    """
    if condition is None:
        return True
    if "all" in condition:
        verdicts = [holds(part, values) for part in condition["all"]]
        return False if False in verdicts else None if None in verdicts else True
    if "any" in condition:
        verdicts = [holds(part, values) for part in condition["any"]]
        return True if True in verdicts else None if None in verdicts else False
    if "not" in condition:
        verdict = holds(condition["not"], values)
        return None if verdict is None else not verdict
    value = values.get(condition["field"])
    if value is OPEN:
        return None
    ((operator, wanted),) = [(name, other) for name, other in condition.items() if name != "field"]
    return _compare(operator, value, wanted)


def said(condition: Mapping[str, Any] | None) -> str:
    """The condition in words, for people."""
    if condition is None:
        return "otherwise"
    if "all" in condition or "any" in condition:
        name, word = ("all", " and ") if "all" in condition else ("any", " or ")
        return "(" + word.join(said(part) for part in condition[name]) + ")"
    if "not" in condition:
        return f"not {said(condition['not'])}"
    ((operator, wanted),) = [(name, other) for name, other in condition.items() if name != "field"]
    if operator == "known":
        return f"{condition['field']} is {'known' if wanted else 'not known'}"
    shown = " or ".join(map(str, wanted)) if isinstance(wanted, list) else str(wanted)
    words = {"is": "is", "is_not": "is not", "in": "is", "not_in": "is not", "has": "has"}
    return f"{condition['field']} {words.get(operator, operator.replace('_', ' '))} {shown}"


def _walk(condition: Any, depth: int, found: list[str]) -> int:
    if depth > DEPTH:
        found.append(f"A condition is nested at most {DEPTH} deep.")
        return 1
    if not isinstance(condition, dict):
        found.append("A condition is an object, or null for 'otherwise'.")
        return 1
    names = set(condition)
    if names in ({"all"}, {"any"}):
        (parts,) = condition.values()
        if not isinstance(parts, list) or not 1 <= len(parts) <= NODES:
            found.append("`all` and `any` hold a list of conditions.")
            return 1
        return 1 + sum(_walk(part, depth + 1, found) for part in parts)
    if names == {"not"}:
        return 1 + _walk(condition["not"], depth + 1, found)
    operators = names - {"field"}
    if "field" not in names or len(operators) != 1 or not operators <= OPERATORS:
        found.append(f"A condition is all, any, not, or a field with one of {', '.join(sorted(OPERATORS))}.")
        return 1
    if not isinstance(condition["field"], str) or not 0 < len(condition["field"]) <= LONGEST:
        found.append("`field` is the name of a field.")
    (operator,) = operators
    _check_wanted(operator, condition[operator], found)
    return 1


def _check_wanted(operator: str, wanted: Any, found: list[str]) -> None:
    if operator in ("in", "not_in"):
        if not isinstance(wanted, list) or not 1 <= len(wanted) <= NODES or not all(_is_scalar(one) for one in wanted):
            found.append(f"`{operator}` is a list of values.")
    elif operator == "known":
        if not isinstance(wanted, bool):
            found.append("`known` is true or false.")
    elif operator in ("at_least", "at_most"):
        if isinstance(wanted, bool) or not _is_scalar(wanted) or _measure(wanted) is None:
            found.append(f"`{operator}` is a number or a date.")
    elif not _is_scalar(wanted):
        found.append(f"`{operator}` is one value.")


def _is_scalar(value: Any) -> bool:
    return isinstance(value, SCALARS) and len(str(value)) <= LONGEST


def _compare(operator: str, value: Any, wanted: Any) -> bool:
    if operator == "known":
        return (value not in (None, "", [], {})) == wanted
    if operator in ("is", "is_not"):
        return _same(value, wanted) == (operator == "is")
    if operator in ("in", "not_in"):
        return any(_same(value, one) for one in wanted) == (operator == "in")
    if operator == "has":
        return isinstance(value, list) and any(_same(one, wanted) for one in value)
    mine, other = _measure(value), _measure(wanted)
    if mine is None or other is None or type(mine) is not type(other):
        return False
    return mine >= other if operator == "at_least" else mine <= other  # type: ignore[operator]


def _same(value: Any, wanted: Any) -> bool:
    """Whether two values are one; a number equals its text, but true is not 1."""
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    if value is None or isinstance(value, list | dict):
        return False
    if isinstance(value, str) and isinstance(wanted, str):
        return value == wanted
    mine, other = _measure(value), _measure(wanted)
    return mine is not None and mine == other


def _measure(value: Any) -> Decimal | date | None:
    """What can be more or less: a number (also as text) or a day; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = Decimal(str(value)[:LONGEST])
        return number if number.is_finite() else None
    except InvalidOperation:
        pass
    try:
        return datetime.fromisoformat(str(value)).date()
    except ValueError:
        return None
