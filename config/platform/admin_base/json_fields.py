"""JSON in a form of the admin, read as strictly as by the API: what the database cannot keep is told at its field."""

import json
from math import isfinite
from typing import Any

from django import forms

DEEPEST = 40


class StorableJSONField(forms.JSONField):
    """No NaN or Infinity, no NUL, no half of a letter that takes two, no nesting without an end."""

    def to_python(self, value: Any) -> Any:
        try:
            found = super().to_python(value)
        except (RecursionError, ValueError):
            raise forms.ValidationError("This cannot be read as JSON.", code="invalid") from None
        if problem := _problem(found, 0):
            raise forms.ValidationError(problem, code="invalid")
        return found

    def prepare_value(self, value: Any) -> Any:
        """What is shown again to be mended can be written on a page."""
        shown = super().prepare_value(value)
        return shown.encode("utf-8", "backslashreplace").decode() if isinstance(shown, str) else shown


def _problem(value: Any, depth: int) -> str:
    if depth > DEEPEST:
        return f"This is nested deeper than {DEEPEST} levels."
    if isinstance(value, float) and not isfinite(value):
        return "NaN and Infinity cannot be kept: write a number."
    if isinstance(value, str):
        return "A NUL or half a letter cannot be kept." if "\0" in value or (not value.isascii() and _is_torn(value)) else ""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53:
        return "A whole number beyond 2^53 cannot be kept exactly: write it as text."
    inner = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
    return next((problem for one in inner if (problem := _problem(one, depth + 1))), "")


def _is_torn(text: str) -> bool:
    try:
        json.dumps(text, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False
