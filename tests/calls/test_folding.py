"""P1: a call is a function of the set of its events. Order and doubles cannot matter."""

import itertools
import random
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.events import TYPES, Event
from calls.folding import fold
from calls.phone_systems import native
from tests.calls.scenarios import BEGIN, SCENARIOS, at

RECEIVED = BEGIN + timedelta(hours=1)


def read(bodies) -> list[Event]:
    return [native.parse(body, received_at=RECEIVED) for body in bodies]


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_call_comes_out_as_it_was(name):
    bodies, expected = SCENARIOS[name]
    facts = fold(read(bodies))
    for field, value in expected.items():
        found = getattr(facts, field)
        assert (found.isoformat() if isinstance(found, datetime) else found) == value, field


@pytest.mark.parametrize("name", [name for name, (bodies, _) in SCENARIOS.items() if len(bodies) <= 6])
def test_every_order_of_a_short_call_gives_the_same_facts(name):
    events = read(SCENARIOS[name][0])
    expected = fold(events)
    for order in itertools.permutations(events):
        assert fold(order) == expected


@pytest.mark.parametrize("name", SCENARIOS)
def test_two_hundred_orders_with_doubles_give_the_same_facts(name):
    events = read(SCENARIOS[name][0])
    expected = fold(events)
    chance = random.Random(name)
    for _ in range(200):
        shuffled = events + chance.choices(events, k=chance.randint(0, len(events)))
        chance.shuffle(shuffled)
        assert fold(shuffled) == expected


@pytest.mark.parametrize("name", SCENARIOS)
def test_an_event_survives_its_row(name):
    events = read(SCENARIOS[name][0])
    assert [Event.from_json(event.to_json()) for event in events] == events


@pytest.mark.parametrize(
    "late", ["leg.ringing", "leg.held", "leg.resumed", "call.queued", "call.heartbeat", "recording.available", "call.updated"]
)
def test_an_ended_call_stays_ended(late):
    events = read(SCENARIOS["answered"][0])
    more = read([{"type": late, "call_id": "c1", "occurred_at": at(500), "leg_id": "leg-201"}])
    assert fold(events + more).state == "ended"
    assert fold(events + more).ended_at == fold(events).ended_at


random_event = st.fixed_dictionaries(
    {"type": st.sampled_from([*TYPES, "something.new"]), "call_id": st.just("c1"), "occurred_at": st.integers(0, 300).map(at)},
    optional={
        "leg_id": st.sampled_from(["a", "b"]),
        "agent": st.sampled_from(["201", "202"]),
        "direction": st.sampled_from(["inbound", "outbound", "internal"]),
        "duration_s": st.integers(0, 400),
        "talk_s": st.integers(0, 400),
        "cause": st.integers(0, 127),
        "cause_text": st.sampled_from(["ANSWERED", "BUSY", "?"]),
        "queue": st.just("support"),
        "hangup_by": st.sampled_from(["caller", "agent"]),
        "transfer": st.just({"kind": "blind", "to": {"extension": "202"}}),
    },
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(bodies=st.lists(random_event, min_size=1, max_size=12), seed=st.integers(0, 1000))
def test_any_set_of_events_makes_sense(bodies, seed):
    events = read(bodies)
    facts = fold(events)
    shuffled = events + events[::2]
    random.Random(seed).shuffle(shuffled)
    assert fold(shuffled) == facts
    for name in ("wait_s", "ring_s", "talk_s", "hold_s"):
        assert (getattr(facts, name) or 0) >= 0, name
    times = [time for time in (facts.started_at, facts.answered_at, facts.ended_at) if time]
    assert times == sorted(times)
    assert (facts.state == "ended") == (facts.ended_at is not None) == bool(facts.outcome)
