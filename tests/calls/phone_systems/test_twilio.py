"""Twilio's callbacks, in any order: parents that TwiML answers, children that people answer, the browser that calls out."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from calls.models import Call, CallEvent, CallLeg
from calls.phone_systems import genuine, twilio
from calls.phone_systems.adapters import Setting
from calls.phone_systems.deliveries import Delivery
from tests.calls.phone_systems.proving import ANY_JSON, Expected, every_mode_can_be_tried, post, prove
from tests.factories.calls import AgentExtensionFactory, PhoneSystemFactory

BEGIN = datetime(2026, 11, 20, 9, tzinfo=UTC)
SETTING = Setting("US", "UTC", ("+12025550199",))
CALLER, LINE, FAR = "+12025550123", "+12025550199", "+12025550177"
FORM = "application/x-www-form-urlencoded"


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def said(seconds: float | None, sid: str, status: str, number: int | None, **more: str) -> Delivery:
    """A callback as Twilio sends it."""
    ends = {"From": CALLER, "To": LINE, "Direction": "inbound"} | more
    fields = {
        "AccountSid": "AC1", "ApiVersion": "2010-04-01", "CallSid": sid, "CallStatus": status, "Caller": ends["From"], "Called": ends["To"],
        "FromCity": "WASHINGTON", "FromCountry": "US", **ends,
    }  # fmt: skip
    if number is not None:
        fields |= {"SequenceNumber": str(number), "CallbackSource": "call-progress-events"}
    if seconds is not None:
        fields["Timestamp"] = format_datetime(at(seconds))
    return Delivery(urlencode(fields).encode(), FORM)


def child(seconds: float, sid: str, status: str, number: int, to: str = "client:anna", **more: str) -> Delivery:
    return said(seconds, sid, status, number, ParentCallSid="CA1", Direction="outbound-dial", To=to, **more)


def ended(seconds: float, number: int = 3, length: int | None = None, **more: str) -> Delivery:
    return said(seconds, "CA1", "completed", number, CallDuration=str(length or int(seconds)), **more)


BROWSER = {"From": "client:anna", "To": FAR}
API = {"Direction": "outbound-api", "From": LINE, "To": FAR}
SCENARIOS: dict[str, tuple[list[Delivery], Expected]] = {
    "inbound, answered by an operator": (
        [
            said(0, "CA1", "ringing", 0), said(1, "CA1", "in-progress", 1), child(3, "CA2", "ringing", 1), child(9, "CA2", "in-progress", 2),
            child(69, "CA2", "completed", 3), ended(70, 2),
        ],
        Expected({"direction": "inbound", "state": "ended", "outcome": "answered", "from_raw": CALLER, "to_raw": LINE, "started_at": at(0),
                  "answered_at": at(9), "ended_at": at(70), "talk_s": 60.0, "extension": "anna"}, [("agent", "anna", True)]),
    ),
    "inbound, two rung and nobody answers": (
        [
            said(0, "CA1", "ringing", 0), child(2, "CA2", "ringing", 1), child(2, "CA3", "ringing", 1, to="sip:201@example.sip.twilio.com"),
            child(22, "CA2", "no-answer", 2), child(22, "CA3", "busy", 2, to="sip:201@example.sip.twilio.com"), ended(24, 2),
        ],
        Expected({"outcome": "missed", "answered_at": None, "talk_s": 0.0}, [("agent", "anna", False), ("agent", "201", False)]),
    ),
    "several rung, one answers and the others are called off": (
        [
            said(0, "CA1", "ringing", 0), child(2, "CA2", "ringing", 1), child(2, "CA3", "ringing", 1, to="client:pavel"),
            child(7, "CA3", "in-progress", 2, to="client:pavel"), child(7, "CA2", "canceled", 2), child(37, "CA3", "completed", 3, to="client:pavel"),
            ended(37, 2),
        ],
        Expected({"outcome": "answered", "answered_at": at(7), "talk_s": 30.0, "extension": "pavel"},
                 [("agent", "anna", False), ("agent", "pavel", True)]),
    ),
    "passed on to a number outside by the first operator's hanging up": (
        [
            said(0, "CA1", "ringing", 0), child(2, "CA2", "in-progress", 1), child(32, "CA2", "completed", 2),
            child(33, "CA3", "ringing", 1, to=FAR), child(40, "CA3", "in-progress", 2, to=FAR), child(100, "CA3", "completed", 3, to=FAR),
            ended(100, 2),
        ],
        Expected({"outcome": "answered", "answered_at": at(2), "talk_s": 90.0, "extension": "anna"},
                 [("agent", "anna", True), ("external", FAR, True)]),
    ),
    "given up before anybody was rung": (
        [said(0, "CA1", "ringing", 0), said(1, "CA1", "in-progress", 1), ended(8, 2)],
        Expected({"direction": "inbound", "outcome": "unknown", "answered_at": None, "ended_at": at(8)}, []),
    ),
    "canceled by the caller while it rang at Twilio": (
        [said(0, "CA1", "ringing", 0), said(4, "CA1", "canceled", 1)],
        Expected({"outcome": "missed", "ended_at": at(4)}),
    ),
    "waits in a queue and gives up": (
        [
            said(0, "CA1", "ringing", 0),
            said(2, "CA1", "in-progress", None, QueueSid="QU1", QueueName="support", QueuePosition="2", QueueTime="0"),
            said(42, "CA1", "completed", None, QueueSid="QU1", QueueName="support", QueueResult="hangup", QueueTime="40"), ended(42, 2),
        ],
        Expected({"outcome": "abandoned", "queue": "support", "queue_position": 2, "queued_at": at(2)}),
    ),
    "a call from the browser, answered": (
        [
            said(0, "CA1", "ringing", 0, **BROWSER), said(1, "CA1", "in-progress", 1, **BROWSER),
            child(2, "CA2", "ringing", 1, to=FAR, From="client:anna"), child(8, "CA2", "in-progress", 2, to=FAR, From="client:anna"),
            child(48, "CA2", "completed", 3, to=FAR, From="client:anna"), ended(48, 2, **BROWSER),
        ],
        Expected({"direction": "outbound", "outcome": "answered", "from_raw": "anna", "to_raw": FAR, "answered_at": at(8), "talk_s": 40.0,
                  "extension": "anna"}, [("customer", FAR, True)]),
    ),
    "a call from the browser, busy": (
        [
            said(0, "CA1", "ringing", 0, **BROWSER), child(2, "CA2", "busy", 1, to=FAR, From="client:anna"), ended(3, 2, **BROWSER),
        ],
        Expected({"direction": "outbound", "outcome": "busy", "answered_at": None}),
    ),
    "ordered by the API, nobody answers": (
        [said(0, "CA1", "initiated", 0, **API), said(2, "CA1", "ringing", 1, **API), said(32, "CA1", "no-answer", 2, **API)],
        Expected({"direction": "outbound", "outcome": "no_answer", "to_raw": FAR, "ended_at": at(32)}, [("customer", FAR, False)]),
    ),
    "ordered by the API, a machine answers": (
        [
            said(0, "CA1", "initiated", 0, **API), said(2, "CA1", "ringing", 1, **API),
            said(9, "CA1", "in-progress", 2, AnsweredBy="machine_start", **API), ended(20, 3, length=11, **API),
        ],
        Expected({"outcome": "machine", "ended_at": at(20)}),
    ),
    "only the last callback, as Twilio does unless it is told": (
        [ended(65, 0, length=60, **API)],
        Expected({"direction": "outbound", "outcome": "answered", "started_at": at(5), "ended_at": at(65)}),
    ),
    "a recording that comes later and names the child only": (
        [
            said(0, "CA1", "ringing", 0), child(2, "CA2", "in-progress", 1), child(30, "CA2", "completed", 2), ended(30, 2),
            Delivery(urlencode({"CallSid": "CA2", "RecordingSid": "RE1", "RecordingUrl": "https://api.example/RE1", "RecordingStatus": "completed",
                                "RecordingDuration": "28"}).encode(), FORM),
        ],
        Expected({"outcome": "answered", "talk_s": 28.0}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_call_is_right_in_any_order(name):
    deliveries, expected = SCENARIOS[name]
    prove("twilio", deliveries, [expected], SETTING)


def test_a_recording_is_on_the_call():
    from tests.calls.phone_systems.proving import calls_of

    (facts,) = calls_of("twilio", SCENARIOS["a recording that comes later and names the child only"][0], SETTING)
    assert [(one["id"], one["url"], one["duration_s"]) for one in facts.recordings] == [("RE1", "https://api.example/RE1", 28.0)]


NAMES = st.sampled_from(
    ["CallSid", "CallStatus", "ParentCallSid", "Timestamp", "RecordingUrl", "QueueResult", "QueuePosition", "To", "Direction"]
)


@given(ANY_JSON | st.dictionaries(NAMES, st.text() | ANY_JSON))
def test_any_value_gets_an_answer(value):
    for body in twilio.ADAPTER.read(value, SETTING):
        assert body["call_id"] and body["type"]


@pytest.mark.django_db
def test_all_the_way_over_http_doubles_change_nothing_and_a_wrong_signature_is_refused(client_of):
    system = PhoneSystemFactory(
        slug="twilio", adapter="twilio", auth_mode="twilio_sha1", secret="the auth token of the account", own_lines=[LINE]
    )
    AgentExtensionFactory(phone_system=system, extension="anna")
    url = "http://testserver/api/v1/calls/ingest/twilio/"
    deliveries = SCENARIOS["inbound, answered by an operator"][0]
    assert {answer.status_code for answer in post(Client(), system, deliveries)} == {401}
    signed = [genuine.sign("twilio_sha1", one, secret=system.secret, account="", url=url, now=timezone.now()) for one in deliveries]
    first = post(Client(), system, signed[:3])
    assert first[2].json()["screen_pop"]["agent"], "it rings at somebody's"
    post(Client(), system, [*reversed(signed), *signed])
    call = Call.objects.get()
    assert (call.outcome, call.talk_s, call.agent.role) == ("answered", 60.0, "agent")
    assert (CallEvent.objects.count(), CallLeg.objects.count()) == (6, 1)
    every_mode_can_be_tried(client_of("admin"), "twilio")
