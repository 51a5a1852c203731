"""What a reader is told of a rule that a table keeps: which it is, what it looks at, and what to do. Read off the rule itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.db.models import BaseConstraint, CheckConstraint, F, Model, Q, UniqueConstraint

SILENT = "Constraint “"  # what Django says of a rule without words of its own


@dataclass(frozen=True)
class RuleTold:
    meaning: str
    remedy: str
    #: it has no words of its own, since requests are kept from breaking it
    is_guard: bool


def tell(model: type[Model], rule: BaseConstraint) -> RuleTold:
    """What the rule means and what to do."""
    words = str(rule.get_violation_error_message())
    columns = [f"`{name}`" for name in columns_of(rule)]
    if not words.startswith(SILENT):
        return RuleTold(words, _remedy(rule, columns), is_guard=False)
    table, name = model._meta.db_table, rule.name.replace("_", " ")
    if isinstance(rule, UniqueConstraint):
        alike = f"Two rows of the table `{table}` would be alike in {_joined([f'`{one}`' for one in rule.fields])}."
        meaning = f"{alike} The rule is “{name}”."
        remedy = (
            "Nothing was changed. Operations look for such a row before they write one, so another request was quicker. "
            "Read the rows again: what you wanted to write may be there now. If not, send yours again."
        )
    else:
        meaning = f"A row of the table `{table}` would break the rule “{name}”; it looks at {_joined(columns)}."
        remedy = (
            f"Nothing was changed. Operations check {_joined(columns)} before they write, so a request is hardly the cause. "
            "Read the row again, since another request may have been quicker. If that does not explain it, report it with the `request_id`."
        )
    return RuleTold(meaning, remedy, is_guard=True)


def columns_of(rule: BaseConstraint) -> list[str]:
    """The columns that the rule looks at, each once."""
    found: list[str] = []
    if isinstance(rule, UniqueConstraint):
        found = [*rule.fields]
    elif isinstance(rule, CheckConstraint):
        found = [*_names(rule.condition)]
    elif isinstance(rule, ExclusionConstraint):
        found = [*(name for expression, _ in rule.expressions for name in _names(expression))]
    return [*dict.fromkeys(found)]


def _names(part: Any) -> Iterator[str]:
    """The columns that a condition or an expression names."""
    if isinstance(part, Q):
        for child in part.children:
            yield from _names(child)
    elif isinstance(part, tuple):
        yield part[0].split("__")[0]
        yield from _names(part[1])
    elif isinstance(part, F):
        yield part.name.split("__")[0]  # type: ignore[attr-defined]
    elif isinstance(part, str):
        return  # a value, not a name
    elif hasattr(part, "get_source_expressions"):
        for one in part.get_source_expressions():
            yield from _names(one)


def _remedy(rule: BaseConstraint, columns: list[str]) -> str:
    if isinstance(rule, UniqueConstraint):
        there = (
            f"Nothing was changed. There is one with the same {_joined(columns)} already: use or change that one instead of adding another."
        )
        some = [f"`{name}`" for name in dict.fromkeys(_names(rule.condition)) if name not in rule.fields] if rule.condition else []
        return f"{there} Whether a row counts depends on its {_joined(some)}." if some else there
    if isinstance(rule, ExclusionConstraint):
        return f"Nothing was changed. Shorten or remove one of the two that overlap: {_joined(columns)} decide which they are."
    return (
        f"Nothing was changed. Correct {_joined(columns)}: what you send is judged together with what is there. The same again fails alike."
    )


def _joined(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words) or "several columns"
