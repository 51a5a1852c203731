"""Query parameters that take one of a few words say what each word means, as fields with choices do."""

from collections.abc import Iterator, Mapping
from typing import Any

from config.api.failures import METHODS, described
from config.api.meanings import PARAMETERS
from config.api.schema import words_told

TOLD = "x-enumDescriptions"


def explain_parameters(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Say of every word of a parameter what it means: the meanings of the set of choices with the same words."""
    known = _by_words(result["components"]["schemas"])
    for item in result["paths"].values():
        for method, operation in item.items():
            if method not in METHODS:
                continue
            for one in operation.get("parameters", []):
                for schema in _enumerated(one.get("schema", {})):
                    words = schema["enum"]
                    said = words_told(one.get("description", ""))
                    meanings = _orders(words) if one["name"] == "ordering" else said or known.get(frozenset(words), {})
                    if not set(words) <= set(meanings):
                        continue
                    schema[TOLD] = {word: meanings[word] for word in words}
                    if not said:
                        one["description"] = f"{one.get('description', '')}\n\n{described(schema[TOLD].items())}".strip()
    return result


def _by_words(schemas: Mapping[str, Any]) -> dict[frozenset[str], dict[str, str]]:
    """What the words of a set mean, by the set. Where two sets of fields have the same words with other meanings, neither is taken."""
    found: dict[frozenset[str], dict[str, str]] = {}
    for one in schemas.values():
        if TOLD in one and "enum" in one:
            words = frozenset(one["enum"])
            found[words] = one[TOLD] if found.get(words, one[TOLD]) == one[TOLD] else {}
    return found | {frozenset(one): one for one in PARAMETERS.values()}


def _enumerated(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for one in (schema, schema.get("items", {})):
        if "enum" in one and all(isinstance(word, str) for word in one["enum"]):
            yield one


def _orders(words: list[str]) -> dict[str, str]:
    """Of the parameter ``ordering``: a column, or a column with a minus before it."""
    return {word: _order(word) for word in words}


def _order(word: str) -> str:
    column, falls = word.removeprefix("-"), word.startswith("-")
    if column == "id":
        return "The newest first" if falls else "The oldest first"
    return f"By `{column}`, {'falling' if falls else 'rising'}"
