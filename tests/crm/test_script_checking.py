"""A script is published only when every way through it comes to an end: each fault by its name, and generated scripts walked."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm import script_checking, scripts
from crm import script_conditions as conditions
from tests.factories.scripts import STEPS, ask, end, say

KNOWN = {"contact.name": "text", "contact.address_form": "text", "contact.lifecycle": "code", "agent.name": "text", "now.greeting": "text"}
FIELDS = {"email", "surname"}


def problems(steps):
    made = [SimpleNamespace(**{**scripts.EMPTY, **step}) for step in steps]
    return script_checking.problems(made, placeholders=KNOWN, fields=FIELDS)


def found(steps):
    return [(one.step, one.code) for one in problems(steps)]


def test_a_good_script_has_no_problems():
    assert found(STEPS) == []


BRANCH = {"key": "b", "kind": "branch", "next": [{"when": {"field": "contact.lifecycle", "is": "client"}, "goto": "bye"}]}
BAD = {
    "nothing": ([], [("", "empty")]),
    "unknown placeholder": ([say("a", "bye", "Hello {contact.nmae}"), end()], [("a", "unknown_placeholder")]),
    "an attribute": ([say("a", "bye", "{contact.__class__}"), end()], [("a", "unknown_placeholder")]),
    "an attribute of a known one": ([say("a", "bye", "{contact.name.__class__.__mro__}"), end()], [("a", "unknown_placeholder")]),
    "a number": ([say("a", "bye", "{0}"), end()], [("a", "unknown_placeholder")]),
    "nothing in braces": ([say("a", "bye", "{}"), end()], [("a", "unknown_placeholder")]),
    "an index": ([say("a", "bye", "{contact.name[0]}"), end()], [("a", "unknown_placeholder")]),
    "a conversion and a width": ([say("a", "bye", "{contact.name!r:>1000000}"), end()], [("a", "placeholder_malformed")]),
    "a width": ([say("a", "bye", "{contact.name:>1000000}"), end()], [("a", "placeholder_malformed")]),
    "a format within a format": ([say("a", "bye", "{contact.name:{agent.name}}"), end()], [("a", "placeholder_malformed")]),
    "an open brace": ([say("a", "bye", "{contact.name"), end()], [("a", "placeholder_malformed")]),
    "a closing brace": ([say("a", "bye", "contact.name}"), end()], [("a", "placeholder_malformed")]),
    "a code that nobody says": ([say("a", "bye", "{contact.lifecycle}"), end()], [("a", "placeholder_not_speakable")]),
    "unknown goto": ([say("a", "nowhere"), end()], [("a", "unknown_goto"), ("bye", "second_start")]),
    "dead end": ([{"key": "a", "kind": "say", "text": "Hm."}], [("a", "dead_end"), ("", "no_end")]),
    "two starts": ([say("a", "bye"), say("b", "bye"), end()], [("b", "second_start")]),
    "a ring of its own": (
        [say("a", "bye"), say("b", "c"), say("c", "b"), end()],
        [("b", "unreachable"), ("c", "unreachable"), ("b", "cycle")],
    ),
    "behind a second start": ([say("a", "bye"), say("b", "c"), say("c", "bye"), end()], [("b", "second_start"), ("c", "unreachable")]),
    "a cycle": ([say("a", "b"), {**ask("b", yes="a", no="bye")}, end()], [("a", "cycle")]),
    "to itself": ([{**ask("a", yes="a", no="bye")}, end()], [("a", "cycle")]),
    "branch without default": ([BRANCH, end()], [("b", "no_default")]),
    "free text without default": ([{**ask("a", yes="bye"), "choices": []}, end()], [("a", "no_default")]),
    "a choice without a way": (
        [{**ask("a", yes="bye", no="bye"), "next": [{"when": {"field": "answer", "is": "yes"}, "goto": "bye"}]}, end()],
        [("a", "choice_without_way")],
    ),
    "a choice twice": (
        [{**ask("a", yes="bye"), "choices": [{"value": "yes", "label": "Yes"}, {"value": "yes", "label": "Sure"}]}, end()],
        [("a", "choice_twice")],
    ),
    "no text": ([say("a", "bye", "  "), end()], [("a", "no_text")]),
    "too long": ([say("a", "bye", "x" * 1001), end()], [("a", "too_long")]),
    "unknown field": ([{**say("a", "bye"), "kind": "field", "field": "password"}, end()], [("a", "unknown_field")]),
    "no outcome": ([say("a", "bye"), end(outcome="")], [("bye", "no_outcome")]),
    "an end that goes on": ([{**end("a"), "next": [{"when": None, "goto": "bye"}]}, end()], [("a", "end_goes_on")]),
    "rules behind the default": (
        [{**say("a", "bye"), "next": [{"when": None, "goto": "bye"}, {"when": None, "goto": "bye"}]}, end()],
        [("a", "rule_never_reached")],
    ),
    "a condition without form": ([{**BRANCH, "next": [{"when": {"is": 1}, "goto": "bye"}, {"when": None, "goto": "bye"}]}, end()], [("b", "condition_malformed")]),
    "an unknown field in a rule": (
        [{**BRANCH, "next": [{"when": {"field": "contact.pin", "is": 1}, "goto": "bye"}, {"when": None, "goto": "bye"}]}, end()],
        [("b", "unknown_field_in_rule")],
    ),
    "an answer where nothing is asked": (
        [{**BRANCH, "next": [{"when": {"field": "answer", "is": 1}, "goto": "bye"}, {"when": None, "goto": "bye"}]}, end()],
        [("b", "no_answer_here")],
    ),
    "an answer of nobody": (
        [{**BRANCH, "next": [{"when": {"field": "answers.x", "is": 1}, "goto": "bye"}, {"when": None, "goto": "bye"}]}, end()],
        [("b", "unknown_field_in_rule")],
    ),
    "a key twice": ([say("a", "bye"), say("a", "bye"), end()], [("", "key_twice")]),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_each_fault_is_told_by_its_step_and_name(name):
    steps, expected = BAD[name]
    assert [one for one in found(steps) if one != ("a", "second_start")] == expected
    assert all(one.detail for one in problems(steps))


def test_a_cycle_is_told_in_the_order_of_the_conversation():
    (one,) = problems([say("a", "b"), say("b", "c"), ask("c", yes="a", no="bye"), end()])
    ring = one.detail.removeprefix("The way leads back: ").rstrip(".").split(" → ")
    assert ring[0] == ring[-1] and "".join(ring[:-1]) in ("abc", "bca", "cab")


def test_every_cycle_is_told():
    assert [one.code for one in problems([ask("a", x="b", y="c"), ask("b", x="a", y="bye"), ask("c", x="a", y="bye"), end()])] == [
        "cycle"
    ] * 2


# --- any script that is let through
CONDITIONS = st.sampled_from(
    [
        None,
        {"field": "contact.lifecycle", "is": "client"},
        {"not": {"field": "contact.name", "known": True}},
        {"field": "answer", "is": "x"},
    ]
)


@st.composite
def any_script(draw):
    """Steps with rules to anywhere: some are good scripts, most are not."""
    keys = [f"s{n}" for n in range(draw(st.integers(1, 6)))]
    steps = []
    for place, key in enumerate(keys):
        kind = "end" if place == len(keys) - 1 else draw(st.sampled_from(["say", "ask", "branch", "end"]))
        ahead = st.sampled_from(keys[place + 1 :] or keys) if draw(st.integers(0, 5)) else st.sampled_from(keys)
        rules = [] if kind == "end" else draw(st.lists(st.fixed_dictionaries({"when": CONDITIONS, "goto": ahead}), max_size=3))
        if kind != "end" and draw(st.booleans()):
            rules.append({"when": None, "goto": draw(ahead)})
        choices = [{"value": "x", "label": "X"}, {"value": "y", "label": "Y"}] if kind == "ask" and draw(st.booleans()) else []
        steps.append(
            {"key": key, "kind": kind, "text": "Well.", "choices": choices, "next": rules, "outcome": "o" if kind == "end" else ""}
        )
    return steps


ANSWERS = st.dictionaries(st.sampled_from([f"s{n}" for n in range(6)]), st.sampled_from(["x", "y"]))


@given(any_script(), ANSWERS, st.sampled_from([{}, {"contact.lifecycle": "client"}, {"contact.name": "Anna", "contact.lifecycle": "lead"}]))
def test_whatever_is_answered_a_published_script_comes_to_an_end_from_every_step(steps, answers, facts):
    if found(steps):
        return
    by_key = {step["key"]: step for step in steps}
    for key in by_key:
        here, passed = by_key[key], 0
        while here["kind"] != "end":
            values = {**facts, "answer": answers.get(here["key"], "x")}
            goto = next((rule["goto"] for rule in here["next"] if conditions.holds(rule["when"], values)), None)
            assert goto is not None, f"{here['key']} leads nowhere"
            here, passed = by_key[goto], passed + 1
            assert passed <= len(steps), "it turns in a ring"


@given(any_script())
def test_checking_never_fails_and_says_the_same_each_time(steps):
    assert found(steps) == found(steps)


def test_the_generator_makes_scripts_that_are_let_through():
    """Else the property above would prove nothing."""
    from hypothesis import find

    assert len(find(any_script(), lambda steps: len(steps) > 2 and not found(steps))) > 2


# --- conditions
CASES = [
    ({"field": "a", "is": "x"}, {"a": "x"}, True),
    ({"field": "a", "is": "x"}, {}, False),
    ({"field": "a", "is_not": "x"}, {}, True),
    ({"field": "a", "is": 5}, {"a": "5.0"}, True),
    ({"field": "a", "is": 1}, {"a": True}, False),
    ({"field": "a", "is": True}, {"a": True}, True),
    ({"field": "a", "in": ["x", "y"]}, {"a": "y"}, True),
    ({"field": "a", "not_in": ["x"]}, {"a": "x"}, False),
    ({"field": "a", "at_least": 100}, {"a": "100.00"}, True),
    ({"field": "a", "at_least": 100}, {"a": "99.99"}, False),
    ({"field": "a", "at_most": "2026-01-01"}, {"a": "2025-12-31T10:00:00+00:00"}, True),
    ({"field": "a", "at_least": 1}, {"a": "many"}, False),
    ({"field": "a", "at_least": "2026-01-01"}, {"a": 5}, False),
    ({"field": "a", "has": "vip"}, {"a": ["vip", "press"]}, True),
    ({"field": "a", "has": "v"}, {"a": "vip"}, False),
    ({"field": "a", "known": True}, {"a": ""}, False),
    ({"field": "a", "known": False}, {}, True),
    ({"all": [{"field": "a", "is": 1}, {"field": "b", "is": 2}]}, {"a": 1, "b": 2}, True),
    ({"any": [{"field": "a", "is": 1}, {"field": "b", "is": 2}]}, {"a": 3, "b": 2}, True),
    ({"not": {"field": "a", "is": 1}}, {"a": 1}, False),
    ({"field": "answer", "is": "x"}, {"answer": conditions.OPEN}, None),
    ({"all": [{"field": "answer", "is": "x"}, {"field": "a", "is": 1}]}, {"answer": conditions.OPEN, "a": 2}, False),
    ({"any": [{"field": "answer", "is": "x"}, {"field": "a", "is": 1}]}, {"answer": conditions.OPEN, "a": 1}, True),
    ({"not": {"field": "answer", "is": "x"}}, {"answer": conditions.OPEN}, None),
    (None, {}, True),
]


@pytest.mark.parametrize(("condition", "values", "verdict"), CASES)
def test_a_condition_holds_or_not_or_is_open(condition, values, verdict):
    assert condition is None or conditions.faults(condition) == []
    assert conditions.holds(condition, values) is verdict
    assert conditions.said(condition)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["all", "any", "not", "field", "is", "in", "at_least", "known", "x"]), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@given(JSON, st.dictionaries(st.text(max_size=5), JSON, max_size=3))
def test_any_json_is_judged_and_what_has_the_form_is_decided(condition, values):
    if not conditions.faults(condition):
        assert conditions.holds(condition, values) in (True, False)
        assert conditions.said(condition)


def test_a_condition_has_its_measure():
    deep = {"field": "a", "is": 1}
    for _ in range(6):
        deep = {"not": deep}
    assert conditions.faults(deep)
    assert conditions.faults({"any": [{"field": "a", "is": 1}] * 41})
    assert conditions.faults({"field": "a", "is": "x" * 300})
