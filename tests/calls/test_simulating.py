"""The simulator tells believable calls and knows the truth about them; whatever the network does to the events, the calls come out as they were."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import tee

import pytest

from calls import call_rows, intake, simulating
from calls.models import Call
from tests.factories.calls import PhoneSystemFactory

BEGIN = datetime(2026, 11, 24, 8, tzinfo=UTC)
RECEIVED = BEGIN + timedelta(days=1)
ROUGH = simulating.Faults(late=0.1, doubled=0.1, shuffled=0.3)


def shift(seed: int = 1, rate: float = 30) -> simulating.Shift:
    extensions = [str(201 + n) for n in range(8)]
    return simulating.Shift(seed=seed, rate=rate, extensions=extensions, line="+78005553535", prefix="+7495", name=f"s{seed}")


def told(seed: int, minutes: float, faults: simulating.Faults):
    calls, kept = tee(shift(seed).calls(BEGIN, minutes=minutes))
    return list(simulating.deliveries(calls, faults, seed=seed)), list(kept)


def test_the_same_seed_tells_the_same_shift_and_another_another():
    first, again, other = (told(seed, 5, ROUGH) for seed in (1, 1, 2))
    assert first == again and first[0] != other[0]


def test_it_looks_like_a_shift():
    calls = list(shift().calls(BEGIN, minutes=60))
    assert 1500 < len(calls) < 2100
    outcomes = Counter(call.truth["outcome"] for call in calls)
    assert set(outcomes) == {"answered", "abandoned", "busy", "no_answer", "rejected", "invalid_number"}
    kinds = Counter(event["type"] for call in calls for event in call.events)
    assert min(kinds[kind] for kind in ("leg.held", "call.transferred", "leg.not_answered", "cdr")) > 0
    for call in calls:
        moments = [event["occurred_at"] for event in call.events]
        assert moments == sorted(moments), call.key


def test_events_arrive_in_the_order_of_their_arrival_with_the_faults_asked_for():
    arrivals, calls = told(1, 30, simulating.Faults(lost=0.1, late=0.2, doubled=0.2, shuffled=0.2))
    moments = [at for at, _ in arrivals]
    assert moments == sorted(moments)
    ids = Counter(event["event_id"] for _, event in arrivals)
    sent = sum(len(call.events) for call in calls)
    assert 0.05 < 1 - len(ids) / sent < 0.15 and 0.1 < sum(many > 1 for many in ids.values()) / len(ids) < 0.3
    late = sum(at - datetime.fromisoformat(event["occurred_at"]) > timedelta(seconds=10) for at, event in arrivals) / len(arrivals)
    assert 0.1 < late < 0.4
    assert {call.is_whole for call in calls} == {True, False}
    records = {event["call_id"] for _, event in arrivals if event["type"] == "cdr"}
    assert records == {call.key for call in calls}, "records are not lost"


@pytest.mark.django_db
@pytest.mark.parametrize("faults", [simulating.Faults(), ROUGH, simulating.Faults(lost=0.15, late=0.2, doubled=0.2, shuffled=0.5)])
def test_every_call_comes_out_as_it_was(faults):
    system = PhoneSystemFactory()
    arrivals, calls = told(5, 3, faults)
    for _, event in arrivals:
        intake.receive(system, event, now=RECEIVED)
    found = {call.external_id: call for call in Call.objects.all()}
    assert len(found) == len(calls) > 60
    for call in calls:
        (shown,) = call_rows.show([found[call.key].pk])
        plain = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in shown.items()}
        assert simulating.differences(call, plain) == [], call.key


def test_a_difference_is_found():
    call = next(shift().calls(BEGIN, minutes=5))
    shown = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in call.truth.items()}
    assert simulating.differences(call, shown) == []
    assert simulating.differences(call, None) == ["it is missing"]
    for name, wrong in (("outcome", "unknown"), ("talk_s", -1.0), ("ended_at", BEGIN.isoformat()), ("state", "ringing")):
        assert simulating.differences(call, shown | {name: wrong}), name
