"""P1: a call is a function of the set of its events. Order and doubles cannot matter."""

import itertools
import random
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.events import TYPES, Event
from calls.folding import fold
from calls.phone_systems import native
from tests.calls.scenarios import BEGIN, CALLER, LINE, SCENARIOS, at, brief

RECEIVED = BEGIN + timedelta(hours=1)


def read(bodies) -> list[Event]:
    return [native.parse(body, received_at=RECEIVED) for body in bodies]


def shuffled_with_doubles(events: list[Event], chance: random.Random) -> list[Event]:
    several = events + chance.choices(events, k=chance.randint(0, len(events)))
    chance.shuffle(several)
    return several


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_call_comes_out_as_it_was(name):
    bodies, expected = SCENARIOS[name]
    facts = fold(read(bodies))
    assert {field: brief(facts, field) for field in expected} == expected


@pytest.mark.parametrize("name", [name for name, (bodies, _) in SCENARIOS.items() if len(bodies) <= 6])
def test_every_order_of_a_short_call_gives_the_same_facts(name):
    events = read(SCENARIOS[name][0])
    expected = fold(events)
    chance = random.Random(name)
    for order in itertools.permutations(events):
        assert fold(order) == expected
        assert fold([*order, chance.choice(order)]) == expected


@pytest.mark.parametrize("name", SCENARIOS)
def test_two_hundred_orders_with_doubles_give_the_same_facts(name):
    events = read(SCENARIOS[name][0])
    expected = fold(events)
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for _ in range(200):
        assert fold(shuffled_with_doubles(events, chance)) == expected


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_call_that_has_ended_never_goes_on_in_whatever_order_its_events_arrive(name):
    events = read(SCENARIOS[name][0])
    chance = random.Random(name)
    for _ in range(30):
        chance.shuffle(events)
        states = [fold(events[:count]).state for count in range(1, len(events) + 1)]
        after_the_end = list(itertools.dropwhile(lambda state: state != "ended", states))
        assert set(after_the_end) <= {"ended"}, states


@pytest.mark.parametrize("late", [kind for kind in TYPES if kind not in ("call.ended", "cdr")])
@pytest.mark.parametrize("leg_id", ["leg-201", "leg-999", ""])
@pytest.mark.parametrize("seconds", [30, 69.5, 500])
def test_nothing_but_an_end_moves_the_end(late, leg_id, seconds):
    events = read(SCENARIOS["answered"][0])
    agent = "201" if leg_id == "leg-201" else None
    more = read([{"type": late, "call_id": "c1", "occurred_at": at(seconds), "leg_id": leg_id, "agent": agent}])
    assert (fold(events + more).state, fold(events + more).ended_at) == ("ended", fold(events).ended_at)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_type_that_we_do_not_know_changes_nothing(name):
    events = read(SCENARIOS[name][0])
    stranger = {"type": "tomorrow", "call_id": "other", "occurred_at": at(-900), "from": "1", "queue": "x", "cause": "?", "agent": "7"}
    assert fold(events + read([stranger])) == fold(events)


def test_a_record_outranks_the_end_and_the_end_outranks_the_rest():
    told = [("call.initiated", 0, "first"), ("call.ended", 60, "second"), ("cdr", 0, "third")]
    bodies = [{"type": kind, "call_id": "c1", "occurred_at": at(second), "line": line, "duration_s": 60} for kind, second, line in told]
    assert [fold(read(bodies[:count])).line for count in (1, 2, 3)] == ["first", "second", "third"]


def test_two_versions_of_one_event_count_once_and_the_same_one_in_any_order():
    one, other = read([{"type": "leg.answered", "call_id": "c1", "event_id": "e", "occurred_at": at(second)} for second in (5, 9)])
    assert fold([one, other]) == fold([other, one]) == fold([one])


@pytest.mark.parametrize(
    ("caller", "called", "direction"),
    [(CALLER, LINE, "inbound"), (LINE, CALLER, "outbound"), ("201", CALLER, "outbound"), ("201", "305", "internal"), ("", "", "inbound")],
)
def test_the_direction_is_understood_by_who_calls_whom(caller, called, direction):
    events = read([{"type": "call.initiated", "call_id": "c1", "from": caller, "to": called}])
    assert fold(events, is_ours=lambda raw: raw == LINE or len(raw) == 3).direction == direction


def test_the_second_hold_begins_at_the_instant_the_first_one_ends():
    marks = [("answered", 10), ("held", 20), ("resumed", 25), ("held", 25), ("resumed", 30)]
    bodies = [{"type": f"leg.{kind}", "call_id": "c1", "leg_id": "a", "occurred_at": at(second)} for kind, second in marks]
    facts = fold(read([*bodies, {"type": "call.ended", "call_id": "c1", "occurred_at": at(60)}]))
    assert (facts.hold_s, facts.talk_s) == (10, 40)


def test_there_is_no_call_without_an_event():
    with pytest.raises(ValueError, match="event"):
        fold([])


@pytest.mark.parametrize("name", SCENARIOS)
def test_an_event_survives_its_row(name):
    events = read(SCENARIOS[name][0])
    assert [Event.from_json(event.to_json()) for event in events] == events


random_event = st.fixed_dictionaries(
    {
        "type": st.sampled_from([*TYPES, "leg.answered", "leg.ended", "call.ended", "cdr", "something.new"]),
        "call_id": st.sampled_from(["c1", "c1", "c2"]),
        "occurred_at": st.one_of(st.integers(0, 300).map(at), st.sampled_from([at(0), at(60), None])),
    },
    optional={
        "event_id": st.sampled_from(["e1", "e2", "e3"]),
        "leg_id": st.sampled_from(["a", "b", "c1"]),
        "party": st.sampled_from(["customer", "agent", "external", "ivr", "queue", "voicemail", "unknown"]),
        "agent": st.sampled_from(["201", "202", {"name": "Anna"}]),
        "direction": st.sampled_from(["inbound", "outbound", "internal"]),
        "from": st.sampled_from(["201", CALLER, LINE]),
        "to": st.sampled_from(["201", "305", CALLER, LINE]),
        "started_at": st.integers(0, 300).map(at),
        "answered_at": st.integers(0, 300).map(at),
        "ended_at": st.integers(0, 300).map(at),
        "duration_s": st.integers(0, 400),
        "talk_s": st.integers(0, 400),
        "cause": st.integers(0, 127),
        "cause_text": st.sampled_from(["ANSWERED", "BUSY", "VOICEMAIL", "?"]),
        "reason": st.sampled_from(["abandon", "timeout", "answered", "?"]),
        "queue": st.sampled_from(["support", "sales"]),
        "hangup_by": st.sampled_from(["caller", "agent", "system"]),
        "recording": st.sampled_from([{"url": "https://pbx.example/1"}, {"id": "r", "duration_s": 9}]),
        "transfer": st.sampled_from(
            [{"to": "202"}, {"kind": "attended", "to": {"number": CALLER}}, {"to": {"queue": "sales"}}, {"from_leg": "a"}]
        ),
    },
)


@settings(max_examples=250, deadline=None, derandomize=True)
@given(bodies=st.lists(random_event, min_size=1, max_size=12), seed=st.integers(0, 1000))
def test_any_set_of_events_makes_sense(bodies, seed):
    events = read(bodies)
    facts = fold(events)
    assert fold(shuffled_with_doubles(events, random.Random(seed))) == facts
    lengths = [facts.wait_s, facts.ring_s, facts.talk_s, facts.hold_s, *(leg.hold_s for leg in facts.legs)]
    assert all(length is None or length >= 0 for length in lengths)
    for times in [(facts.started_at, facts.answered_at, facts.ended_at), *((leg.started_at, leg.ended_at) for leg in facts.legs)]:
        told = [time for time in times if time]
        assert told == sorted(told)
    assert (facts.state == "ended") == (facts.ended_at is not None) == bool(facts.outcome)
    if facts.ended_at:
        assert all(leg.state == "ended" for leg in facts.legs)
        if facts.talk_s is not None:
            assert facts.talk_s + facts.hold_s <= (facts.ended_at - facts.started_at).total_seconds() + 0.002
    for leg in facts.legs:
        if leg.answered_at:
            assert leg.started_at <= leg.answered_at and (leg.ended_at is None or leg.answered_at <= leg.ended_at)
        assert all(leg.answered_at <= begin and (end is None or begin < end <= (leg.ended_at or end)) for begin, end in leg.holds)
