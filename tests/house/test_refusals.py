"""Whoever is told no is told what to do: a class that says no says that too, in words of its own."""

from collections import Counter

from config.api.problems import refusals


def test_every_refusal_has_advice_of_its_own():
    kinds = [kind for kind in refusals() if not kind.__module__.startswith("tests.")]
    without = [f"{kind.__module__}.{kind.__name__}" for kind in kinds if len(kind.__dict__.get("advice", "")) < 20]
    assert without == [], "say in `advice`, in a sentence or two, what the caller should do now"


def test_advice_is_an_answer_to_this_no_and_not_to_any():
    """The same words under many codes help nobody; two alike cases (scripts and surveys) may share theirs."""
    often = [text for text, times in Counter(kind.advice for kind in refusals()).items() if times > 3]
    assert often == []
