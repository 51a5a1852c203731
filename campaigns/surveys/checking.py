"""Is this an answer to that question? And what number does it stand for?"""

import math
from datetime import date
from typing import Any

from campaigns.models import Question
from config.platform.errors import Refusal

Kind = Question.Kind
#: The ranges of the kinds that have one by themselves.
RANGES = {Kind.NPS: (0, 10), Kind.CSAT: (1, 5), Kind.CES: (1, 7)}
LONGEST_TEXT = 5000
FARTHEST = 1_000_000_000_000


class AnswerDoesNotFit(Refusal):
    """This is no answer to the question; `detail` says what would be."""

    code = "answer_does_not_fit"
    status = 400
    advice = "Send the kind of answer that the question's `kind` and choices ask for; `detail` names it."


def range_of(question: Any) -> tuple[int | None, int | None]:
    """The least and the most that may be answered; None: there is no limit."""
    return RANGES.get(question.kind) or (question.low, question.high)


def checked(question: Any, value: Any) -> tuple[Any, float | None]:
    """The answer as it is kept, and its number if it has one. None passes the question over.

    Raises:
        AnswerDoesNotFit
    """
    if value is None:
        if question.is_required:
            raise AnswerDoesNotFit("This question cannot be passed over.", question=question.key)
        return None, None
    wrong = wrong_with(question, value)
    if wrong:
        raise AnswerDoesNotFit(wrong, question=question.key)
    if question.kind == Kind.MULTI:
        return [choice["value"] for choice in question.choices if choice["value"] in value], None
    if question.kind == Kind.TEXT:
        return value.strip(), None
    return value, float(value) if isinstance(value, int | float) else None


def wrong_with(question: Any, value: Any) -> str:
    """Why ``value`` is no answer to it, in words; empty when it is one."""
    if question.kind in (Kind.SINGLE, Kind.MULTI):
        return _choices(question, value)
    if question.kind == Kind.TEXT:
        is_text = isinstance(value, str) and value.strip() and len(value) <= LONGEST_TEXT and "\0" not in value
        return "" if is_text else f"Give a text of at most {LONGEST_TEXT:,} characters."
    if question.kind == Kind.DATE:
        return _day(value)
    return _number(question, value)


def _choices(question: Any, value: Any) -> str:
    values = [choice["value"] for choice in question.choices]
    if question.kind == Kind.SINGLE:
        return "" if isinstance(value, str) and value in values else f"Give one of: {', '.join(values)}."
    is_list = isinstance(value, list) and value and all(isinstance(one, str) and one in values for one in value)
    return "" if is_list and len(set(value)) == len(value) else f"Give a list of some of: {', '.join(values)}."


def _day(value: Any) -> str:
    try:
        day = date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        day = None
    return "" if day and 1900 <= day.year <= 2200 else "Give a date as 2026-12-31."


def _number(question: Any, value: Any) -> str:
    low, high = range_of(question)
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > FARTHEST or not math.isfinite(value):
        return "Give a number."
    if question.kind != Kind.NUMBER and not isinstance(value, int):
        return "Give a whole number."
    if (low is not None and value < low) or (high is not None and value > high):
        limits = [f"from {low}" if low is not None else "", f"up to {high}" if high is not None else ""]
        return f"Give a number {' '.join(one for one in limits if one)}."
    return ""
