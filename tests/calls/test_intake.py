"""P1 through the database: whatever the order, the doubles and the size of the packets, the same row of a call comes out."""

import itertools
import random
from datetime import timedelta

import pytest
from django.utils import timezone

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
    """All orders of a short call, thirty of a long one; each with some events told twice."""
    chance, bodies = random.Random(name), EVERYTHING[name]
    if len(bodies) <= 5:
        orders = [list(order) for order in itertools.permutations(bodies)]
    else:
        orders = [chance.sample(bodies, len(bodies)) for _ in range(30)]
    for order in orders[1:]:
        for body in chance.choices(bodies, k=chance.randint(0, 2)):
            order.insert(chance.randint(0, len(order)), body)
    return orders


def told(system, order, chance):
    """Tell a call in packets of one to four; nothing may be refused."""
    rest = list(order)
    while rest:
        size = chance.choice((1, 1, 2, 4))
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
