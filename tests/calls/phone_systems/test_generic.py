"""The form of three calls, in any order. Without times of the sender's each is of the moment of hearing; a sender may add them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from calls.models import Call, CallEvent
from calls.phone_systems import generic
from calls.phone_systems.adapters import Setting
from calls.phone_systems.deliveries import Delivery
from tests.calls.phone_systems.proving import ANY_JSON, Expected, every_mode_can_be_tried, post, prove
from tests.factories.calls import AgentExtensionFactory, PhoneSystemFactory

BEGIN = datetime(2026, 11, 20, 9, tzinfo=UTC)
SETTING = Setting("DE", "UTC", ("+4930609811111",))
CALLER, LINE = "+491711234567", "+4930609811111"
FORM = "application/x-www-form-urlencoded"


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def said(seconds: float | None, event: str, direction: str = "in", **more: Any) -> Delivery:
    """A form as the gateways send it."""
    ends = {"from": CALLER, "to": LINE} if direction == "in" else {"from": LINE, "to": CALLER}
    when = {} if seconds is None else {"occurred_at": at(seconds).isoformat()}
    return Delivery(
        urlencode({"event": event, **ends, "direction": direction, "callId": "991155921769858278", **when, **more}).encode(), FORM
    )


SCENARIOS: dict[str, tuple[list[Delivery], Expected]] = {
    "inbound, answered": (
        [said(0, "newCall"), said(8, "answer", answeringNumber="201"), said(68, "hangup", cause="normalClearing")],
        Expected({"direction": "inbound", "outcome": "answered", "from_raw": CALLER, "to_raw": LINE, "started_at": at(0), "answered_at": at(8),
                  "ended_at": at(68), "talk_s": 60.0, "extension": "201"}, [("agent", "201", True)]),
    ),
    "inbound, answered by a user who is named": (
        [said(0, "newCall"), said(8, "answer", **{"user[]": "Alice"}), said(18, "hangup", cause="normalClearing")],
        Expected({"outcome": "answered", "talk_s": 10.0, "extension": "Alice"}),
    ),
    "inbound, nobody answers": ([said(0, "newCall"), said(30, "hangup", cause="noAnswer")], Expected({"outcome": "missed", "ended_at": at(30)})),
    "inbound, given up": (
        [said(0, "newCall", queue="support"), said(12, "hangup", cause="cancel")],
        Expected({"outcome": "abandoned", "queue": "support", "hangup_by": "caller"}),
    ),
    "inbound, busy": ([said(0, "newCall"), said(2, "hangup", cause="busy")], Expected({"outcome": "busy", "answered_at": None})),
    "outbound, answered": (
        [said(0, "newCall", "out", **{"user[]": "201"}), said(9, "answer", "out", **{"user[]": "201"}), said(49, "hangup", "out", cause="normalClearing")],
        Expected({"direction": "outbound", "outcome": "answered", "to_raw": CALLER, "answered_at": at(9), "talk_s": 40.0, "extension": "201"},
                 [("customer", CALLER, True)]),
    ),
    "outbound, nobody answers": (
        [said(0, "newCall", "out"), said(30, "hangup", "out", cause="noAnswer")], Expected({"outcome": "no_answer", "ended_at": at(30)}),
    ),
    "outbound, no such number": ([said(0, "newCall", "out"), said(1, "hangup", "out", cause="notFound")], Expected({"outcome": "invalid_number"})),
    "without any time": (
        [said(None, "newCall"), said(None, "answer", answeringNumber="201"), said(None, "hangup", cause="normalClearing")],
        Expected({"outcome": "answered", "talk_s": 0.0, "extension": "201"}),
    ),
    "the end is heard of without a beginning": (
        [said(30, "hangup", cause="noAnswer")],
        Expected({"direction": "inbound", "outcome": "missed", "is_partial": True, "ended_at": at(30)}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_call_is_right_in_any_order(name):
    deliveries, expected = SCENARIOS[name]
    prove("generic", deliveries, [expected], SETTING)


NAMES = st.sampled_from(["event", "callId", "direction", "from", "to", "user", "user[]", "cause", "queue", "answeringNumber"])
KINDS = st.sampled_from(["newCall", "answer", "hangup"])


@given(
    ANY_JSON
    | st.dictionaries(NAMES, st.text() | ANY_JSON)
    | st.fixed_dictionaries({"event": KINDS, "callId": st.text() | st.integers(), "user": ANY_JSON, "cause": ANY_JSON})
)
def test_any_value_gets_an_answer(value):
    for body in generic.ADAPTER.read(value, SETTING):
        assert body["call_id"] and body["type"]


@pytest.mark.django_db
def test_all_the_way_over_http_doubles_change_nothing_and_a_wrong_token_is_refused(client_of):
    system = PhoneSystemFactory(
        slug="gateway", adapter="generic", auth_mode="body_token", secret="a token of the gateway", own_lines=[LINE]
    )
    AgentExtensionFactory(phone_system=system, extension="201")
    deliveries = SCENARIOS["inbound, answered"][0]
    assert {answer.status_code for answer in post(Client(), system, deliveries)} == {401}
    assert not CallEvent.objects.exists()
    known = [Delivery(one.body, one.content_type, query="token=a+token+of+the+gateway") for one in deliveries]
    assert {answer.status_code for answer in post(Client(), system, [*reversed(known), *known])} == {200}
    call = Call.objects.get()
    assert (call.outcome, call.talk_s, call.agent.role, call.customer_e164) == ("answered", 60.0, "agent", CALLER)
    every_mode_can_be_tried(client_of("admin"), "generic")
