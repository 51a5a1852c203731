"""Aircall's webhooks, in any order: the end at once, and half a minute later all that is known."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from calls.models import Call, CallEvent
from calls.phone_systems import aircall
from calls.phone_systems.adapters import Setting
from calls.phone_systems.deliveries import Delivery
from tests.calls.phone_systems.proving import ANY_JSON, Expected, calls_of, every_mode_can_be_tried, post, prove
from tests.factories.calls import AgentExtensionFactory, PhoneSystemFactory
from tests.factories.platform import UserFactory

BEGIN = datetime(2026, 11, 20, 9, tzinfo=UTC)
SETTING = Setting("US", "UTC", ("+12025550199",))
ANNA = {"id": 456, "name": "Anna Petrova", "email": "anna@example.com", "available": True, "language": "en-US"}
PAVEL = {"id": 457, "name": "Pavel Kim", "email": "pavel@example.com", "available": True}
TOKEN = "45XXYYZZa08"


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def epoch(seconds: float | None) -> int | None:
    return None if seconds is None else int(at(seconds).timestamp())


def said(
    seconds: float, event: str, *, answered: float | None = None, ended: float | None = None, user: Any = None, **more: Any
) -> Delivery:
    """A webhook with the call as it stands then."""
    call = {
        "id": 812, "direct_link": "https://api.example/v1/calls/812", "direction": "inbound", "status": "initial", "missed_call_reason": None,
        "started_at": epoch(0), "answered_at": epoch(answered), "ended_at": epoch(ended), "duration": int(ended or 0), "raw_digits": "+1 202-555-0123",
        "asset": None, "recording": None, "voicemail": None, "user": user, "contact": None, "tags": [], "comments": [], "teams": [], "participants": [],
        "number": {"id": 1234, "name": "Main line", "digits": "+1 202-555-0199", "country": "US", "time_zone": "America/New_York"},
    } | more  # fmt: skip
    return Delivery(
        json.dumps({"resource": "call", "event": event, "timestamp": epoch(seconds), "token": TOKEN, "data": call}).encode(),
        "application/json",
    )


OUT = {"direction": "outbound"}
SCENARIOS: dict[str, tuple[list[Delivery], Expected]] = {
    "inbound, answered": (
        [
            said(0, "call.created"), said(2, "call.ringing_on_agent", user=ANNA), said(8, "call.answered", user=ANNA, answered=8),
            said(68, "call.hungup", user=ANNA, answered=8, ended=68), said(98, "call.ended", user=ANNA, answered=8, ended=68, recording="https://api.example/r/1"),
        ],
        Expected({"direction": "inbound", "outcome": "answered", "from_raw": "+1 202-555-0123", "to_raw": "+1 202-555-0199", "line": "Main line",
                  "started_at": at(0), "answered_at": at(8), "ended_at": at(68), "talk_s": 60.0, "extension": "456"}, [("agent", "456", True)]),
    ),
    "inbound, two are rung and nobody answers": (
        [
            said(0, "call.created"), said(2, "call.ringing_on_agent", user=ANNA), said(9, "call.agent_declined", user=ANNA),
            said(10, "call.ringing_on_agent", user=PAVEL), said(30, "call.hungup", ended=30, missed_call_reason="agents_did_not_answer"),
            said(60, "call.ended", ended=30, missed_call_reason="agents_did_not_answer"),
        ],
        Expected({"outcome": "missed", "answered_at": None, "ended_at": at(30), "talk_s": 0.0}, [("agent", "456", False), ("agent", "457", False)]),
    ),
    "out of hours": (
        [said(0, "call.created"), said(5, "call.hungup", ended=5, missed_call_reason="out_of_opening_hours"),
         said(35, "call.ended", ended=5, missed_call_reason="out_of_opening_hours")],
        Expected({"outcome": "after_hours", "ended_at": at(5)}, []),
    ),
    "given up in the menu": (
        [said(0, "call.created"), said(12, "call.ended", ended=12, missed_call_reason="abandoned_in_ivr")],
        Expected({"outcome": "abandoned", "ended_at": at(12)}),
    ),
    "nobody at work": (
        [said(0, "call.created"), said(12, "call.hungup", ended=12, missed_call_reason="no_available_agent")],
        Expected({"outcome": "overflow"}),
    ),
    "a message is left": (
        [
            said(0, "call.created"), said(40, "call.hungup", ended=40, missed_call_reason="agents_did_not_answer"),
            said(45, "call.voicemail_left", ended=40, voicemail="https://api.example/v/1"),
            said(70, "call.ended", ended=40, missed_call_reason="agents_did_not_answer"),
        ],
        Expected({"outcome": "voicemail"}),
    ),
    "passed on to a colleague": (
        [
            said(0, "call.created"), said(8, "call.answered", user=ANNA, answered=8),
            said(38, "call.transferred", user=ANNA, answered=8, transferred_by=ANNA, transferred_to=PAVEL),
            said(44, "call.answered", user=PAVEL, answered=8), said(104, "call.ended", user=PAVEL, answered=8, ended=104, transferred_by=ANNA, transferred_to=PAVEL),
        ],
        Expected({"outcome": "answered", "answered_at": at(8), "talk_s": 90.0, "extension": "457"}, [("agent", "456", True), ("agent", "457", True)]),
    ),
    "outbound, answered": (
        [
            said(0, "call.created", user=ANNA, **OUT), said(10, "call.answered", user=ANNA, answered=10, **OUT),
            said(50, "call.hungup", user=ANNA, answered=10, ended=50, **OUT), said(80, "call.ended", user=ANNA, answered=10, ended=50, **OUT),
        ],
        Expected({"direction": "outbound", "outcome": "answered", "from_raw": "+1 202-555-0199", "to_raw": "+1 202-555-0123", "answered_at": at(10),
                  "talk_s": 40.0, "extension": "456"}),
    ),
    "outbound, nobody answers": (
        [said(0, "call.created", user=ANNA, **OUT), said(25, "call.hungup", user=ANNA, ended=25, **OUT), said(55, "call.ended", user=ANNA, ended=25, **OUT)],
        Expected({"outcome": "no_answer", "answered_at": None, "talk_s": 0.0, "extension": "456"}),
    ),
    "only the last one comes": (
        [said(98, "call.ended", user=ANNA, answered=8, ended=68)],
        Expected({"direction": "inbound", "outcome": "answered", "started_at": at(0), "answered_at": at(8), "ended_at": at(68), "talk_s": 60.0}),
    ),
    "tagged and commented afterwards": (
        [
            said(0, "call.created"), said(68, "call.ended", user=ANNA, answered=8, ended=68), said(90, "call.tagged", user=ANNA, answered=8, ended=68),
            said(95, "call.commented", user=ANNA, answered=8, ended=68), said(99, "call.archived", user=ANNA, answered=8, ended=68),
        ],
        Expected({"outcome": "answered", "ended_at": at(68), "talk_s": 60.0}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_call_is_right_in_any_order(name):
    deliveries, expected = SCENARIOS[name]
    prove("aircall", deliveries, [expected], SETTING)


def test_recordings_and_messages_are_on_the_call():
    (facts,) = calls_of("aircall", SCENARIOS["inbound, answered"][0], SETTING)
    assert [one["url"] for one in facts.recordings] == ["https://api.example/r/1"]
    (facts,) = calls_of("aircall", SCENARIOS["a message is left"][0], SETTING)
    assert [one["url"] for one in facts.recordings] == ["https://api.example/v/1"]


NAMES = st.sampled_from(
    ["id", "direction", "started_at", "answered_at", "ended_at", "user", "number", "contact", "recording", "transferred_to"]
)
CALLS = st.dictionaries(NAMES, st.text() | ANY_JSON)
KINDS = st.sampled_from([*aircall.READS, "call.tagged"])


@given(ANY_JSON | st.fixed_dictionaries({"event": KINDS | ANY_JSON, "timestamp": ANY_JSON, "data": CALLS | ANY_JSON}))
def test_any_value_gets_an_answer(value):
    for body in aircall.ADAPTER.read(value, SETTING):
        assert body["call_id"] is not None and body["type"]


@pytest.mark.django_db
def test_all_the_way_over_http_doubles_change_nothing_and_a_wrong_token_is_refused(client_of):
    system = PhoneSystemFactory(slug="aircall", adapter="aircall", auth_mode="body_token", secret=TOKEN, own_lines=["+12025550199"])
    anna = UserFactory(email="anna@example.com", role="agent")
    AgentExtensionFactory(phone_system=system, extension="456", user=anna)
    deliveries = SCENARIOS["inbound, answered"][0]
    wrong = [Delivery(one.body.replace(TOKEN.encode(), b"45XXYYZZa09"), one.content_type) for one in deliveries]
    assert {answer.status_code for answer in post(Client(), system, wrong)} == {401}
    assert not CallEvent.objects.exists()
    assert {answer.status_code for answer in post(Client(), system, [*reversed(deliveries), *deliveries])} == {200}
    call = Call.objects.get()
    assert (call.outcome, call.talk_s, call.agent, call.customer_e164) == ("answered", 60.0, anna, "+12025550123")
    assert TOKEN not in json.dumps(list(CallEvent.objects.values_list("raw", "normalised")))
    every_mode_can_be_tried(client_of("admin"), "aircall")
