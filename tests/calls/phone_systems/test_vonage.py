"""Vonage's event webhooks, in any order: every leg has a direction of its own, and some events the same millisecond."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from calls.models import Call, CallEvent
from calls.phone_systems import genuine, vonage
from calls.phone_systems.adapters import Setting
from calls.phone_systems.deliveries import Delivery
from tests.calls.phone_systems.proving import ANY_JSON, Expected, calls_of, every_mode_can_be_tried, post, prove
from tests.factories.calls import AgentExtensionFactory, PhoneSystemFactory

BEGIN = datetime(2026, 11, 20, 9, tzinfo=UTC)
SETTING = Setting("GB", "UTC", ("+442079460000",))
CALLER, LINE, FAR = "447700900123", "442079460000", "447700900999"


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def stamp(seconds: float) -> str:
    return at(seconds).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def json_of(said: dict[str, Any]) -> Delivery:
    return Delivery(json.dumps(said).encode(), "application/json")


def leg(seconds: float, uuid: str, status: str, direction: str, to: str = LINE, **more: Any) -> Delivery:
    """An event as Vonage posts it; the last one tells times, length and price."""
    said = {
        "from": CALLER, "to": to, "uuid": uuid, "conversation_uuid": "CON-1", "status": status, "direction": direction, "timestamp": stamp(seconds),
    } | more  # fmt: skip
    if status == "completed":
        said |= {"end_time": stamp(seconds), "network": "23410", "rate": "0.00720", "price": "0.00120", "duration": "10"} | more
    return json_of(said)


def caller(seconds: float, status: str, **more: Any) -> Delivery:
    return leg(seconds, "u1", status, "inbound", **more)


def desk(seconds: float, status: str, uuid: str = "u2", to: str = "anna", **more: Any) -> Delivery:
    return leg(seconds, uuid, status, "outbound", to=to, **more)


def far(seconds: float, status: str, **more: Any) -> Delivery:
    """The customer's leg of a call that we make."""
    return leg(seconds, "u9", status, "outbound", **({"from": LINE, "to": FAR} | more))


SCENARIOS: dict[str, tuple[list[Delivery], Expected]] = {
    "inbound, answered in the browser": (
        [
            caller(0, "ringing"), caller(0, "started"), caller(1, "answered"), desk(3, "started"), desk(3, "ringing"), desk(9, "answered"),
            desk(69, "completed", start_time=stamp(9)), caller(70, "completed", start_time=stamp(1)),
        ],
        Expected({"direction": "inbound", "outcome": "answered", "from_raw": f"+{CALLER}", "to_raw": f"+{LINE}", "started_at": at(0), "answered_at": at(9),
                  "ended_at": at(70), "talk_s": 60.0, "extension": "anna"}, [("agent", "anna", True)]),
    ),
    "inbound, nobody comes": (
        [caller(0, "started"), caller(1, "answered"), desk(3, "ringing"), desk(23, "unanswered"), caller(24, "completed", start_time=stamp(1))],
        Expected({"outcome": "missed", "answered_at": None, "talk_s": 0.0}, [("agent", "anna", False)]),
    ),
    "two are rung, one at a SIP telephone answers": (
        [
            caller(0, "started"), desk(3, "ringing"), desk(3, "ringing", "u3", "sip:201@office.example"), desk(8, "answered", "u3", "sip:201@office.example"),
            desk(8, "cancelled"), desk(38, "completed", "u3", "sip:201@office.example", start_time=stamp(8)), caller(38, "completed"),
        ],
        Expected({"outcome": "answered", "answered_at": at(8), "talk_s": 30.0, "extension": "201"}, [("agent", "anna", False), ("agent", "201", True)]),
    ),
    "passed on to a number outside": (
        [
            caller(0, "started"), desk(2, "answered"), desk(32, "completed", start_time=stamp(2)), desk(34, "ringing", "u4", FAR), desk(40, "answered", "u4", FAR),
            desk(100, "completed", "u4", FAR, start_time=stamp(40)), caller(100, "completed"),
        ],
        Expected({"outcome": "answered", "talk_s": 90.0, "extension": "anna"}, [("agent", "anna", True), ("external", f"+{FAR}", True)]),
    ),
    "outbound, answered": (
        [far(0, "started"), far(2, "ringing"), far(8, "answered"), far(48, "completed", start_time=stamp(8))],
        Expected({"direction": "outbound", "outcome": "answered", "to_raw": f"+{FAR}", "answered_at": at(8), "talk_s": 40.0, "ended_at": at(48)},
                 [("customer", f"+{FAR}", True)]),
    ),
    "outbound, busy": ([far(0, "started"), far(3, "busy")], Expected({"direction": "outbound", "outcome": "busy", "ended_at": at(3)})),
    "outbound, nobody answers": (
        [far(0, "started"), far(2, "ringing"), far(62, "timeout")],
        Expected({"outcome": "no_answer", "ended_at": at(62)}),
    ),
    "outbound, declined": ([far(0, "started"), far(2, "ringing"), far(5, "rejected")], Expected({"outcome": "rejected"})),
    "outbound, a machine": (
        [far(0, "started"), far(2, "ringing"), far(8, "answered"), far(9, "machine"), far(12, "completed", start_time=stamp(8))],
        Expected({"outcome": "machine"}),
    ),
    "outbound, only the end is heard of": (
        [far(60, "completed", start_time=stamp(10))],
        Expected({"direction": "outbound", "outcome": "answered", "answered_at": at(10), "talk_s": 50.0}),
    ),
    "called out of the browser": (
        [
            leg(0, "u1", "started", "inbound", to=FAR, **{"from": "", "from_user": "anna"}), leg(1, "u1", "answered", "inbound", to=FAR, from_user="anna"),
            far(2, "ringing"), far(8, "answered"), far(48, "completed", start_time=stamp(8)),
            leg(48, "u1", "completed", "inbound", to=FAR, from_user="anna"),
        ],
        Expected({"direction": "outbound", "outcome": "answered", "answered_at": at(8), "talk_s": 40.0, "extension": "anna"}, [("customer", f"+{FAR}", True)]),
    ),
    "moved to another conversation": (
        [
            caller(0, "started"),
            json_of({"status": "transfer", "uuid": "u1", "conversation_uuid_from": "CON-1", "conversation_uuid_to": "CON-2", "timestamp": stamp(4)}),
            desk(6, "answered", conversation_uuid="CON-2"), desk(36, "completed", conversation_uuid="CON-2", start_time=stamp(6)),
            caller(36, "completed", conversation_uuid="CON-2"),
        ],
        Expected({"direction": "inbound", "outcome": "answered", "answered_at": at(6), "talk_s": 30.0}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_call_is_right_in_any_order(name):
    deliveries, expected = SCENARIOS[name]
    prove("vonage", deliveries, [expected], SETTING)


def test_a_recording_is_on_the_call():
    recording = {
        "start_time": stamp(9), "end_time": stamp(69), "recording_url": "https://api.example/files/1", "size": 12222, "recording_uuid": "R1",
        "conversation_uuid": "CON-1", "timestamp": stamp(71),
    }  # fmt: skip
    (facts,) = calls_of("vonage", [*SCENARIOS["inbound, answered in the browser"][0], json_of(recording)], SETTING)
    assert [(one["id"], one["url"]) for one in facts.recordings] == [("R1", "https://api.example/files/1")]


NAMES = st.sampled_from(["uuid", "conversation_uuid", "status", "timestamp", "start_time", "from", "to", "direction", "recording_url"])


@given(ANY_JSON | st.dictionaries(NAMES, st.text() | ANY_JSON))
def test_any_value_gets_an_answer(value):
    for body in vonage.ADAPTER.read(value, SETTING):
        assert body["call_id"] and body["type"]


@pytest.mark.django_db
def test_all_the_way_over_http_doubles_change_nothing_and_a_wrong_signature_is_refused(client_of):
    secret = "the signature secret of the account at Vonage"
    system = PhoneSystemFactory(slug="vonage", adapter="vonage", auth_mode="jwt_hs256", secret=secret, own_lines=[f"+{LINE}"])
    AgentExtensionFactory(phone_system=system, extension="anna")
    deliveries = SCENARIOS["inbound, answered in the browser"][0]
    url = "http://testserver/api/v1/calls/ingest/vonage/"
    wrong = [
        genuine.sign("jwt_hs256", one, secret="not that secret, but just as long as it is", account="", url=url, now=timezone.now())
        for one in deliveries
    ]
    assert {answer.status_code for answer in post(Client(), system, [*deliveries, *wrong])} == {401}
    assert not CallEvent.objects.exists()
    signed = [genuine.sign("jwt_hs256", one, secret=secret, account="", url=url, now=timezone.now()) for one in deliveries]
    assert {answer.status_code for answer in post(Client(), system, [*reversed(signed), *signed])} == {200}
    call = Call.objects.get()
    assert (call.outcome, call.talk_s, call.agent.role, call.customer_e164) == ("answered", 60.0, "agent", f"+{CALLER}")
    every_mode_can_be_tried(client_of("admin"), "vonage")
