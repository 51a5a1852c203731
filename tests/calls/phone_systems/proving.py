"""P1 for every room: whatever order deliveries come in, however often, the calls are the same, and right.

A scenario is a list of deliveries as the phone system sends them and what must come out, one ``Expected`` for each call.
``CallFacts`` are compared without a database, so every permutation is affordable; ``post`` goes the whole way over HTTP.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import permutations
from random import Random
from typing import Any

from hypothesis import strategies as st

from calls import folding
from calls.events import Event, is_extension
from calls.facts import CallFacts
from calls.models import CallEvent, PhoneSystem
from calls.phone_systems import adapters, native
from calls.phone_systems.adapters import Setting
from calls.phone_systems.deliveries import Delivery
from tests.factories.calls import PhoneSystemFactory

RECEIVED = datetime(2026, 11, 24, 12, tzinfo=UTC)
#: Anything that a body can be.
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(), lambda one: st.lists(one) | st.dictionaries(st.text(), one)
)
EVERY_ORDER_UP_TO = 6
RANDOM_ORDERS = 200


@dataclass
class Expected:
    """What must be true of a call: names of ``CallFacts`` and their values. ``legs`` are ``(party, extension or number, answered)``."""

    facts: dict[str, Any] = field(default_factory=dict)
    legs: list[tuple[str, str, bool]] | None = None


def calls_of(room: str, deliveries: Iterable[Delivery], setting: Setting) -> list[CallFacts]:
    """The calls that these deliveries tell, eldest first."""
    adapter = adapters.named(room)
    events: list[Event] = []
    for delivery in deliveries:
        for body in adapter.read(adapter.value(delivery), setting):
            plain = {name: value for name, value in body.items() if name != "raw"}
            events.append(native.parse(plain, received_at=RECEIVED, naive_time_zone=setting.time_zone))
    found = []
    for group in _groups(events):
        understood = list(adapter.interpret(group, setting)) if adapter.interpret else group
        found.append(folding.fold(understood or group, is_ours=lambda raw: is_extension(raw) or raw in setting.own_lines))
    return sorted(found, key=lambda facts: (facts.started_at, facts.linked_keys))


def _groups(events: Sequence[Event]) -> list[list[Event]]:
    """Events whose keys are linked belong to one call, as at the door."""
    leader: dict[str, str] = {}

    def find(key: str) -> str:
        leader.setdefault(key, key)
        while leader[key] != key:
            key = leader[key]
        return key

    for event in events:
        for other in event.linked_keys:
            leader[find(other)] = find(event.call_key)
    groups: dict[str, list[Event]] = {}
    for event in events:
        groups.setdefault(find(event.call_key), []).append(event)
    return list(groups.values())


def orders(deliveries: Sequence[Delivery], *, seed: int = 1) -> Iterator[list[Delivery]]:
    """Every order of a few deliveries, two hundred random ones of many; in each, some come twice."""
    random = Random(seed)
    few = len(deliveries) <= EVERY_ORDER_UP_TO
    for order in permutations(deliveries) if few else (random.sample(deliveries, len(deliveries)) for _ in range(RANDOM_ORDERS)):
        doubled = list(order)
        for one in random.sample(doubled, random.randint(0, len(doubled))):
            doubled.insert(random.randint(0, len(doubled)), one)
        yield doubled


def prove(room: str, deliveries: Sequence[Delivery], expected: Sequence[Expected], setting: Setting) -> None:
    """The right calls from the deliveries in their own order, and the same from every other."""
    told = calls_of(room, deliveries, setting)
    assert len(told) == len(expected), [facts.linked_keys for facts in told]
    for facts, wanted in zip(told, expected, strict=True):
        for name, value in wanted.facts.items():
            assert getattr(facts, name) == value, (name, getattr(facts, name), value)
        if wanted.legs is not None:
            assert [(leg.party, leg.extension or leg.number_raw, leg.answered_at is not None) for leg in facts.legs] == wanted.legs
    for order in orders(deliveries):
        assert calls_of(room, order, setting) == told


def post(client: Any, system: PhoneSystem, deliveries: Iterable[Delivery]) -> list[Any]:
    """Post deliveries to the address of the phone system; the answers. ``client`` is Django's."""
    answers = []
    for delivery in deliveries:
        headers = {name: value for name, value in delivery.headers.items() if name not in ("host", "content-length")}
        url = f"/api/v1/calls/ingest/{system.slug}/" + (f"?{delivery.query}" if delivery.query else "")
        answers.append(client.post(url, data=delivery.body, content_type=delivery.content_type or "application/json", headers=headers))
        assert answers[-1].status_code < 500
    return answers


def every_mode_can_be_tried(admin: Any, room: str) -> None:
    """``POST /phone-systems/{id}/test/`` for each way in which the room's phone system can prove who it is; ``admin`` is a client of the API."""
    for mode in adapters.named(room).auth_modes:
        secret = "" if mode == "token" else "a secret that is long enough for any of them"
        system = PhoneSystemFactory(adapter=room, auth_mode=mode, account="pbx", secret=secret)
        before = CallEvent.objects.count()
        told = admin.post(f"/api/v1/phone-systems/{system.pk}/test/").json()
        assert told["problem"] == "" and told["events"] and told["answer"] is not None, (mode, told)
        assert told["answer"].get("status", "accepted") == "accepted", (mode, told)
        assert CallEvent.objects.count() == before, "nothing is kept"
