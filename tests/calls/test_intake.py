"""P1 through the database: whatever the order, the doubles and the size of the packets, the same row of a call comes out."""

import itertools
import random
from datetime import timedelta

import pytest

from calls import folding, intake, receipts, silence
from calls.models import AgentExtension, Call, CallEvent, CallKey, CallLeg, PhoneSystem
from config.platform.models import Role
from tests.calls.scenarios import BEGIN, CALLER, LINE, SCENARIOS, at, begun, event, far, leg
from tests.factories.calls import AgentExtensionFactory, DispositionFactory, PhoneSystemFactory
from tests.factories.crm import ContactFactory, TopicFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db

NOW = BEGIN + timedelta(hours=2)
OURS = {"id", "version", "created_at", "updated_at", "last_event_at", "phone_system", "phone_system_id", "call", "call_id"}

#: Calls whose facts change hands on the way: what an early event says, a later one takes back.
TURNS = {
    "the record comes with the legs": [
        begun(),
        leg("answered", 10),
        event("call.ended", 70),
        {"type": "cdr", "call_id": "c1", "occurred_at": at(0), "direction": "inbound", "from": CALLER, "agent": "201", "duration_s": 70, "talk_s": 60},
    ],
    "a machine after all": [begun("outbound", agent={"extension": "201"}), far("answered", 5), event("machine.detected", 7), event("call.ended", 9)],
    "the direction is told late": [event("leg.ringing", 2, leg_id="far", **{"from": LINE}), begun("outbound"), event("call.ended", 40, cause=19)],
    "one call with three names": [
        begun(),
        {**leg("answered", 10), "call_id": "c2", "linked_ids": ["c1"]},
        {**event("call.ended", 70), "call_id": "c3", "linked_ids": ["c2"]},
        {"type": "recording.available", "call_id": "c3", "occurred_at": at(90), "recording": {"url": "https://pbx.example/r/9"}},
    ],
    "a type of tomorrow": [begun(), event("call.sentiment", 5), leg("answered", 9), event("call.ended", 30)],
}  # fmt: skip
EVERYTHING = {name: bodies for name, (bodies, _) in SCENARIOS.items()} | TURNS


def orders_of(name):
    """All orders of a short call, a dozen of a longer one (more of them in tests/calls/test_folding.py); each with some events told twice."""
    chance, bodies = random.Random(name), EVERYTHING[name]
    if len(bodies) <= 4:
        orders = [list(order) for order in itertools.permutations(bodies)]
    else:
        orders = [chance.sample(bodies, len(bodies)) for _ in range(12)]
    for order in orders[1:]:
        for body in chance.choices(bodies, k=chance.randint(0, 1) + (len(bodies) > 4)):
            order.insert(chance.randint(0, len(order)), body)
    return orders


def told(system, order, chance):
    """Tell a call in packets of one to five; nothing may be refused."""
    rest = list(order)
    while rest:
        size = chance.choice((1, 2, 3, 5))
        packet, rest = rest[:size], rest[size:]
        if len(packet) == 1 and chance.random() < 0.8:
            assert receipts.one(system, packet[0], now=NOW)["status"] in ("accepted", "duplicate")
        else:
            for verdict in receipts.many(system, packet, now=NOW):
                assert verdict["status"] in ("accepted", "duplicate")


def columns(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if field.attname not in OURS}


def standing(system):
    """All that the database holds of this system's calls, but ids, versions and our own clock."""
    return {
        "calls": [columns(call) for call in Call.objects.filter(phone_system=system)],
        "legs": [columns(one) for one in CallLeg.objects.filter(call__phone_system=system).order_by("started_at", "key")],
        "keys": sorted(CallKey.objects.filter(phone_system=system).values_list("key", flat=True)),
        "events": sorted(CallEvent.objects.filter(phone_system=system).values_list("type", "occurred_at", "state")),
    }


@pytest.fixture
def operators():
    return {extension: UserFactory(role=Role.AGENT) for extension in ("201", "202", "305")}


@pytest.fixture
def caller():
    """Both ends of every scenario are somebody's numbers, so that a match made too early would show."""
    ContactFactory(phones=[LINE])
    return ContactFactory(phones=[CALLER])


def systems(many, operators):
    """Phone systems with these operators at their desks."""
    made = PhoneSystem.objects.bulk_create(PhoneSystemFactory.build_batch(many))
    AgentExtension.objects.bulk_create(
        AgentExtension(phone_system=system, extension=extension, user=user) for system in made for extension, user in operators.items()
    )
    return made


@pytest.mark.parametrize("name", EVERYTHING)
def test_every_order_with_doubles_gives_the_same_rows(name, operators, caller):
    orders, chance = orders_of(name), random.Random(f"packets of {name}")
    expected = None
    for system, order in zip(systems(len(orders), operators), orders, strict=True):
        told(system, order, chance)
        found = standing(system)
        expected = expected or found
        assert found == expected, [body["type"] for body in order]
    assert len(expected["calls"]) == 1
    assert len(expected["events"]) == len(EVERYTHING[name])


# What is set aside, passed over, joined


def test_the_same_id_with_another_body_changes_nobody_s_call(operators):
    (system,) = systems(1, operators)
    receipts.one(system, {**begun(), "event_id": "e1"}, now=NOW)
    receipts.one(system, {**event("call.initiated", 5), "call_id": "c9"}, now=NOW)
    before = standing(system)
    other = {**event("call.ended", 50), "event_id": "e1", "call_id": "c7", "linked_ids": ["c1", "c9"]}
    assert receipts.one(system, other, now=NOW)["status"] == "quarantined"
    assert receipts.many(system, [other, other], now=NOW)[0]["status"] == "quarantined"
    set_aside = CallEvent.objects.get(phone_system=system, state="quarantined")
    assert (set_aside.call_id, set_aside.raw) == (None, other)
    after = standing(system)
    after["events"] = [one for one in after["events"] if one[2] != "quarantined"]
    assert after == before


def test_a_double_of_an_event_that_still_waits_is_answered_with_its_call(operators):
    (system,) = systems(1, operators)
    intake.store(system, [begun()], now=NOW)
    answer = receipts.one(system, begun(), now=NOW)
    assert (answer["status"], answer["call"]["customer_e164"]) == ("duplicate", CALLER)
    assert Call.objects.count() == 1


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_two_calls_that_prove_to_be_one_are_joined_in_any_order(order, operators):
    (system,) = systems(1, operators)
    bodies = [begun(), {**leg("answered", 10), "call_id": "c2"}, {**event("call.ended", 70), "call_id": "c1", "linked_ids": ["c2"]}]
    for index in order:
        receipts.one(system, bodies[index], now=NOW)
    call = Call.objects.get()
    assert (call.external_id, call.linked_ids, call.talk_s, call.outcome) == ("c1", ["c1", "c2"], 60, "answered")


def test_what_an_operator_wrote_survives_the_joining(operators):
    (system,) = systems(1, operators)
    receipts.one(system, begun(), now=NOW)
    receipts.one(system, {**leg("answered", 10), "call_id": "c2"}, now=NOW)
    receipts.one(system, {**event("call.ended", 70), "call_id": "c2"}, now=NOW)
    topic, disposition = TopicFactory(), DispositionFactory()
    second = Call.objects.get(external_id="c2")
    Call.objects.filter(pk=second.pk).update(wrap_up_state="done", disposition=disposition, note="Will call back.")
    second.topics.set([topic])
    receipts.one(system, {**event("call.updated", 75), "linked_ids": ["c2"]}, now=NOW)
    call = Call.objects.get()
    assert (call.wrap_up_state, call.disposition, call.note, list(call.topics.all())) == ("done", disposition, "Will call back.", [topic])


def test_a_call_of_another_system_with_the_same_id_is_another_call(operators):
    for system in systems(2, operators):
        receipts.one(system, begun(), now=NOW)
    assert Call.objects.count() == 2


# While folding fails


@pytest.fixture
def broken(monkeypatch):
    """Folding raises until ``broken.undo()``."""

    def fail(*args, **kwargs):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(folding, "fold", fail)
    return monkeypatch


def test_events_are_kept_while_folding_fails_and_folded_later(operators, caller, broken):
    whole, (system, straight) = SCENARIOS["answered"][0], systems(2, operators)
    for body in whole[:3]:
        assert receipts.one(system, body, now=NOW)["status"] == "accepted"
    assert [verdict["status"] for verdict in receipts.many(system, whole[3:], now=NOW)] == ["accepted"] * 3
    assert receipts.one(system, whole[0], now=NOW)["duplicate"]
    assert (Call.objects.count(), CallEvent.objects.filter(state="accepted").count()) == (0, 6)
    broken.undo()
    assert intake.fold_waiting(now=NOW) == 6
    for body in whole:
        receipts.one(straight, body, now=NOW)
    assert standing(system) == standing(straight)
    assert intake.fold_waiting(now=NOW) == 0


def test_a_contradicting_event_is_set_aside_even_while_folding_fails(operators, broken):
    (system,) = systems(1, operators)
    receipts.one(system, {**begun(), "event_id": "e1"}, now=NOW)
    assert receipts.one(system, {**event("call.ended", 9), "event_id": "e1"}, now=NOW)["status"] == "quarantined"
    assert sorted(CallEvent.objects.values_list("state", flat=True)) == ["accepted", "quarantined"]


def test_a_call_that_cannot_be_folded_waits_longer_each_time_and_stops_nobody(operators, monkeypatch):
    (system,) = systems(1, operators)
    intake.store(system, [begun(), {**begun(), "call_id": "c2"}], now=NOW)
    fold = folding.fold

    def fail(events, **kwargs):
        events = list(events)
        if events[0].call_key == "c1":
            raise ZeroDivisionError("a bug")
        return fold(events, **kwargs)

    monkeypatch.setattr(folding, "fold", fail)
    assert intake.fold_waiting(now=NOW) == 2
    assert list(Call.objects.values_list("external_id", flat=True)) == ["c2"]
    assert intake.fold_waiting(now=NOW) == 0
    waits = []
    for _ in range(3):
        owed = CallEvent.objects.get(state="accepted")
        waits.append((owed.run_after - NOW, owed.attempts, owed.error))
        Call.objects.filter(external_id="c1").delete()
        later = owed.run_after
        assert intake.fold_waiting(now=later) == 1
        CallEvent.objects.filter(pk=owed.pk).update(run_after=CallEvent.objects.get(pk=owed.pk).run_after - (later - NOW))
    assert waits == [(timedelta(seconds=10 * 2**n), n + 1, "ZeroDivisionError") for n in range(3)]


# Silence


def test_a_call_that_fell_silent_is_closed_as_unknown_and_a_late_event_corrects_it(operators, caller):
    (system,) = systems(1, operators)
    whole = SCENARIOS["answered"][0]
    for body in whole[:-1]:
        receipts.one(system, body, now=BEGIN + timedelta(minutes=2))
    assert silence.close_silent(now=BEGIN + timedelta(hours=3)) == 0
    assert silence.close_silent(now=BEGIN + timedelta(hours=5)) == 1
    call = Call.objects.get()
    assert (call.state, call.outcome, call.is_stale_closed, call.ended_at) == ("ended", "unknown", True, BEGIN + timedelta(minutes=2))
    receipts.one(system, whole[-1], now=BEGIN + timedelta(hours=6))
    call = Call.objects.get()
    assert (call.outcome, call.is_stale_closed, call.talk_s, call.wrap_up_state) == ("answered", False, 60, "pending")


def test_a_call_that_only_rings_is_closed_after_half_an_hour(operators):
    (system,) = systems(1, operators)
    receipts.one(system, begun(), now=BEGIN)
    receipts.one(system, leg("ringing", 2), now=BEGIN)
    assert silence.close_silent(now=BEGIN + timedelta(minutes=29)) == 0
    assert silence.close_silent(now=BEGIN + timedelta(minutes=31)) == 1


def test_how_long_a_system_may_be_silent_is_its_own(operators):
    patient, hasty = systems(2, operators)
    PhoneSystem.objects.filter(pk=hasty.pk).update(stale_after_s=600)
    for system in (patient, hasty):
        receipts.one(system, begun(), now=BEGIN)
        receipts.one(system, leg("answered", 2), now=BEGIN)
    assert silence.close_silent(now=BEGIN + timedelta(minutes=15)) == 1
    assert Call.objects.get(state="ended").phone_system == hasty


def test_a_call_by_hand_is_never_closed_by_silence():
    Call.objects.create(source="manual", state="in_progress", started_at=BEGIN, last_event_at=BEGIN)
    assert silence.close_silent(now=NOW + timedelta(days=9)) == 0


# Whose call


def test_an_own_line_is_no_customer(operators):
    (system,) = systems(1, operators)
    PhoneSystem.objects.filter(pk=system.pk).update(own_lines=[LINE, CALLER])
    system.refresh_from_db()
    ContactFactory(phones=[LINE])
    answer = receipts.one(system, begun(), now=NOW)
    assert (answer["call"]["customer_e164"], answer["call"]["contact"], answer["matches"]) == ("", None, [])


def test_without_a_direction_our_own_line_tells_it(operators):
    (system,) = systems(1, operators)
    PhoneSystem.objects.filter(pk=system.pk).update(own_lines=[LINE])
    system.refresh_from_db()
    told_by = {"201": "outbound", LINE: "outbound", CALLER: "inbound"}
    for number, (caller_number, direction) in enumerate(told_by.items()):
        asked = LINE if direction == "inbound" else CALLER
        body = {"type": "call.initiated", "call_id": f"c{number}", "from": caller_number, "to": asked}
        call = receipts.one(system, body, now=NOW)["call"]
        assert (call["direction"], call["customer_e164"]) == (direction, CALLER)


@pytest.mark.parametrize("withheld", ["anonymous", "Restricted", "", "unknown", "скрыт"])
def test_a_withheld_number_is_nobody_s(withheld, operators):
    (system,) = systems(1, operators)
    answer = receipts.one(system, {**begun(), "from": withheld}, now=NOW)
    assert (answer["status"], answer["call"]["customer_e164"], answer["matches"]) == ("accepted", "", [])


def test_a_number_that_is_shared_is_linked_to_nobody(operators):
    (system,) = systems(1, operators)
    several = {str(ContactFactory(phones=[CALLER]).pk) for _ in range(2)}
    answer = receipts.one(system, begun(), now=NOW)
    assert answer["call"]["contact"] is None
    assert {str(match["contact"]["id"]) for match in answer["matches"]} == several
    assert {match["score"] for match in answer["matches"]} == {0.9}


def test_the_operator_of_the_extension_has_the_call(operators):
    (system,) = systems(1, operators)
    AgentExtensionFactory(extension="202")  # the same extension of another exchange
    receipts.one(system, begun(), now=NOW)
    receipts.one(system, leg("answered", 9, "202"), now=NOW)
    call = Call.objects.get()
    assert (call.agent, call.legs.get().agent) == (operators["202"], operators["202"])
