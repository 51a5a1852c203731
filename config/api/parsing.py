"""JSON bodies, read strictly: what PostgreSQL or a later reader would choke on is refused at the door."""

import json
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

DEPTH = 20
ITEMS = 50_000
LARGEST = 2**53  # beyond it, JavaScript and JSON tools round (RFC 8259, section 6)


class StrictJSON(BaseParser):
    """UTF-8 JSON without duplicate names, NaN, NUL, lone surrogates, huge numbers or deep nesting."""

    media_type = "application/json"

    def parse(self, stream, media_type=None, parser_context=None) -> Any:
        return read(stream.read())


def read(body: bytes) -> Any:
    """The value of a JSON text.

    Raises:
        ParseError: with a sentence that says what to mend.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ParseError(f"The body is not UTF-8: byte {error.start} cannot be read.") from None
    if not text.strip():
        raise ParseError("The body is empty: send a JSON object.")
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer)
    except json.JSONDecodeError as error:
        raise ParseError(f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        raise ParseError(f"The body is nested deeper than {DEPTH} levels.") from None
    _walk(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ParseError(f"The name {json.dumps(twice[:50])} is given twice in one object.")
    return found


def _constant(word: str) -> Any:
    raise ParseError(f"{word} is not JSON: send null or a number.")


def _integer(digits: str) -> int:
    if len(digits) > 17 or abs(int(digits)) > LARGEST:
        raise ParseError("A whole number is larger than 2^53: send it as a string.")
    return int(digits)


def _walk(top: Any) -> None:
    level, left = [top], ITEMS
    for _ in range(DEPTH + 1):
        below: list[Any] = []
        for value in level:
            if isinstance(value, str):
                _text(value)
            elif isinstance(value, dict):
                for name in value:
                    _text(name)
                below += value.values()
            elif isinstance(value, list):
                below += value
            elif isinstance(value, float) and value in (float("inf"), float("-inf")):
                raise ParseError("A number is too large to be kept.")
        left -= len(below)
        if left < 0:
            raise ParseError(f"The body has more than {ITEMS:,} values: send fewer at a time.")
        if not below:
            return
        level = below
    raise ParseError(f"The body is nested deeper than {DEPTH} levels.")


def _text(text: str) -> None:
    if text.isascii():
        if "\0" in text:
            raise ParseError("A text holds the NUL character, which cannot be kept.")
        return
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ParseError("A text holds a NUL character or half of a surrogate pair, which cannot be kept.")
