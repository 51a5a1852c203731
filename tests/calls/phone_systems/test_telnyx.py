"""Telnyx's webhooks, in any order and twice: whose leg is whose is known when all are looked at together."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from calls.models import Call, CallEvent
from calls.phone_systems import genuine, telnyx
from calls.phone_systems.adapters import Setting
from calls.phone_systems.deliveries import Delivery
from tests.calls.phone_systems.proving import ANY_JSON, Expected, every_mode_can_be_tried, post, prove
from tests.factories.calls import PhoneSystemFactory

BEGIN = datetime(2026, 11, 20, 9, tzinfo=UTC)
CALLER, LINE, FAR, ANNA = "+12025550123", "+12025550199", "+12025550177", "sip:anna@sip.telnyx.com"
SETTING = Setting("US", "UTC", (LINE,))
SESSION = "session-1"


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def hook(seconds: float, kind: str, leg: str, direction: str, from_: str, to: str, **payload) -> Delivery:
    said = {
        "call_control_id": f"v3:{leg}", "call_leg_id": leg, "call_session_id": SESSION, "connection_id": "1", "client_state": None,
        "direction": direction, "from": from_, "to": to, "start_time": BEGIN.isoformat(), **payload,
    }  # fmt: skip
    data = {
        "record_type": "event",
        "event_type": kind,
        "id": f"{leg}-{kind}-{seconds}",
        "occurred_at": at(seconds).isoformat(),
        "payload": said,
    }
    return Delivery(json.dumps({"data": data, "meta": {"attempt": 1, "delivered_to": "https://x"}}).encode(), "application/json")


def a(seconds: float, kind: str, **payload) -> Delivery:
    return hook(seconds, kind, "A", "incoming", CALLER, LINE, **payload)


def b(seconds: float, kind: str, leg: str = "B", to: str = ANNA, **payload) -> Delivery:
    return hook(seconds, kind, leg, "outgoing", LINE, to, **payload)


def bye(cause: str = "normal_clearing", source: str = "caller") -> dict[str, str]:
    return {"hangup_cause": cause, "hangup_source": source, "sip_hangup_cause": "200"}


SCENARIOS: dict[str, tuple[list[Delivery], Expected]] = {
    "inbound, answered": (
        [a(0, "call.initiated"), a(1, "call.answered"), b(2, "call.initiated"), b(8, "call.answered"), a(8, "call.bridged"),
         b(68, "call.hangup", **bye()), a(68, "call.hangup", **bye())],
        Expected({"direction": "inbound", "outcome": "answered", "from_raw": CALLER, "to_raw": LINE, "started_at": at(0), "answered_at": at(8),
                  "ended_at": at(68), "talk_s": 60.0, "extension": "anna", "hangup_by": "caller"}, [("agent", "anna", True)]),
    ),
    "inbound, rung and not answered": (
        [a(0, "call.initiated"), b(2, "call.initiated"), b(22, "call.hangup", **bye("timeout", "unknown")), a(25, "call.hangup", **bye())],
        Expected({"outcome": "missed", "answered_at": None, "talk_s": 0.0}, [("agent", "anna", False)]),
    ),
    "Telnyx answers, nobody else does": (
        [a(0, "call.initiated"), a(0, "call.answered"), a(9, "call.hangup", **bye())],
        Expected({"outcome": "abandoned", "answered_at": None, "ended_at": at(9)}, []),
    ),
    "waits in a queue and gives up": (
        [a(0, "call.initiated"), a(1, "call.enqueued", queue="support", current_position=3), a(41, "call.dequeued", queue="support", reason="hangup"),
         a(41, "call.hangup", **bye())],
        Expected({"outcome": "abandoned", "queue": "support", "queue_position": 3, "queued_at": at(1)}),
    ),
    "passed on to a number outside": (
        [a(0, "call.initiated"), b(2, "call.initiated"), b(5, "call.answered"), b(35, "call.hangup", **bye()),
         b(36, "call.initiated", leg="C", to=FAR), b(40, "call.answered", leg="C", to=FAR), b(60, "call.hangup", leg="C", to=FAR, **bye()),
         a(60, "call.hangup", **bye(source="callee"))],
        Expected({"outcome": "answered", "talk_s": 50.0, "answered_at": at(5), "hangup_by": "agent"}, [("agent", "anna", True), ("external", FAR, True)]),
    ),
    "on hold": (
        [a(0, "call.initiated"), b(2, "call.initiated"), b(4, "call.answered"), b(14, "call.hold"), b(24, "call.unhold"),
         b(44, "call.hangup", **bye()), a(44, "call.hangup", **bye())],
        Expected({"outcome": "answered", "talk_s": 30.0, "hold_s": 10.0}),
    ),
    "outbound, answered": (
        [b(0, "call.initiated", to=FAR), b(7, "call.answered", to=FAR), b(67, "call.hangup", to=FAR, **bye(source="callee"))],
        Expected({"direction": "outbound", "outcome": "answered", "from_raw": LINE, "to_raw": FAR, "answered_at": at(7), "talk_s": 60.0,
                  "hangup_by": "caller", "is_partial": False}, [("customer", FAR, True)]),
    ),
    "outbound, busy": (
        [b(0, "call.initiated", to=FAR), b(4, "call.hangup", to=FAR, **bye("user_busy", "callee"))],
        Expected({"direction": "outbound", "outcome": "busy", "answered_at": None}, [("customer", FAR, False)]),
    ),
    "outbound, no answer": (
        [b(0, "call.initiated", to=FAR), b(30, "call.hangup", to=FAR, **bye("timeout", "caller"))],
        Expected({"outcome": "no_answer", "ended_at": at(30)}),
    ),
    "the operator is called first, then the customer": (
        [b(0, "call.initiated"), b(3, "call.answered"), b(4, "call.initiated", leg="C", to=FAR), b(10, "call.answered", leg="C", to=FAR),
         b(50, "call.hangup", leg="C", to=FAR, **bye(source="callee")), b(51, "call.hangup", **bye())],
        Expected({"direction": "outbound", "outcome": "answered", "to_raw": FAR, "answered_at": at(10), "ended_at": at(51), "extension": "anna"}),
    ),
    "a machine answers": (
        [b(0, "call.initiated", to=FAR), b(5, "call.answered", to=FAR), b(8, "call.machine.detection.ended", to=FAR, result="machine"),
         b(9, "call.hangup", to=FAR, **bye())],
        Expected({"outcome": "machine"}),
    ),
    "all within one millisecond": (
        [a(0, "call.initiated"), b(0, "call.initiated"), b(0, "call.answered"), b(0, "call.hangup", **bye()), a(0, "call.hangup", **bye())],
        Expected({"outcome": "answered", "talk_s": 0.0, "ended_at": at(0)}),
    ),
    "a recording that comes later": (
        [a(0, "call.initiated"), b(1, "call.answered"), a(30, "call.hangup", **bye()),
         a(95, "call.recording.saved", recording_id="R1", recording_urls={"mp3": "https://example.com/r.mp3"}, channels="dual")],
        Expected({"outcome": "answered", "ended_at": at(30), "talk_s": 29.0}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_call_is_right_in_any_order(name):
    deliveries, expected = SCENARIOS[name]
    prove("telnyx", deliveries, [expected], SETTING)


NAMES = st.sampled_from(["call_session_id", "call_leg_id", "from", "to", "queue", "recording_urls", "direction", "hangup_cause"])


@given(
    ANY_JSON
    | st.fixed_dictionaries(
        {"data": st.fixed_dictionaries({"event_type": st.text() | ANY_JSON, "payload": st.dictionaries(NAMES, st.text() | ANY_JSON)})}
    )
)
def test_any_value_gets_an_answer(value):
    for body in telnyx.ADAPTER.read(value, SETTING):
        assert body["call_id"] and body["type"]


@pytest.mark.django_db
def test_all_the_way_over_http_with_their_signature(client_of):
    key, public = genuine.ed25519_pair()
    system = PhoneSystemFactory(slug="telnyx", adapter="telnyx", auth_mode="ed25519", secret=public, own_lines=[LINE])

    def signed(one: Delivery, signer=key) -> Delivery:
        import base64

        stamp = str(int(timezone.now().timestamp()))
        made = base64.b64encode(signer.sign(stamp.encode() + b"|" + one.body)).decode()
        return Delivery(**{**vars(one), "headers": {"telnyx-timestamp": stamp, "telnyx-signature-ed25519": made}})

    deliveries = SCENARIOS["inbound, answered"][0]
    stranger, _ = genuine.ed25519_pair()
    assert {answer.status_code for answer in post(Client(), system, [deliveries[0], signed(deliveries[0], stranger)])} == {401}
    first = post(Client(), system, [signed(deliveries[0])])[0].json()
    assert first["call"]["state"] == "initiated" and first["call"]["from"]["e164"] == CALLER
    post(Client(), system, [signed(one) for one in [*reversed(deliveries), *deliveries]])
    call = Call.objects.get()
    assert (call.outcome, call.talk_s, CallEvent.objects.count()) == ("answered", 60.0, len(deliveries))
    every_mode_can_be_tried(client_of("admin"), "telnyx")
