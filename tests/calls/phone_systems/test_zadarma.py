"""Zadarma's notifications, in any order. Only beginnings and ends have the sender's time; ringing and answers are of the moment of hearing."""

from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from calls.models import Call, CallEvent
from calls.phone_systems import genuine, zadarma
from calls.phone_systems.adapters import Setting
from calls.phone_systems.deliveries import Delivery
from tests.calls.phone_systems.proving import ANY_JSON, RECEIVED, Expected, calls_of, every_mode_can_be_tried, post, prove
from tests.factories.calls import AgentExtensionFactory, CallFactory, PhoneSystemFactory
from tests.factories.crm import ContactFactory

SETTING = Setting("RU", "Europe/Moscow", ("+78005553535",))
CALLER, LINE, FAR = "+74951234567", "+78005553535", "+79161234567"
FORM = "application/x-www-form-urlencoded"
#: Calls begin half a minute before everything else is heard of.
BEGIN = RECEIVED - timedelta(seconds=30)


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def said(event: str, *, begin: datetime = BEGIN, **more: str) -> Delivery:
    """A notification as Zadarma posts it: the time in the account's zone, here Moscow's, without saying so."""
    naive = (begin + timedelta(hours=3)).strftime("%Y-%m-%d %H:%M:%S")
    ids = {"pbx_call_id": "out_aa" if "OUT" in event else "in_aa"}
    ends = {} if "OUT" in event or event == "NOTIFY_RECORD" else {"caller_id": CALLER, "called_did": LINE}
    if event != "NOTIFY_RECORD":
        ends["call_start"] = naive
    return Delivery(urlencode({"event": event, **ids, **ends, **more}).encode(), FORM)


def ended(duration: int, disposition: str, **more: str) -> Delivery:
    return said("NOTIFY_END", duration=str(duration), disposition=disposition, status_code="16", is_recorded="0", **more)


def out_ended(duration: int, disposition: str, code: str = "16") -> Delivery:
    return said(
        "NOTIFY_OUT_END",
        internal="100",
        destination=FAR,
        duration=str(duration),
        disposition=disposition,
        status_code=code,
        is_recorded="0",
    )


OUT = said("NOTIFY_OUT_START", internal="100", destination=FAR)
SCENARIOS: dict[str, tuple[list[Delivery], Expected]] = {
    "inbound, answered": (
        [said("NOTIFY_START"), said("NOTIFY_INTERNAL", internal="100"), said("NOTIFY_ANSWER", destination="100", internal="100"),
         ended(90, "answered", last_internal="100")],
        Expected({"direction": "inbound", "outcome": "answered", "from_raw": CALLER, "to_raw": LINE, "started_at": at(0), "answered_at": RECEIVED,
                  "ended_at": at(90), "talk_s": 60.0, "extension": "100"}, [("agent", "100", True)]),
    ),
    "inbound, rung and not taken": (
        [said("NOTIFY_START"), said("NOTIFY_INTERNAL", internal="100"), said("NOTIFY_INTERNAL", internal="101"), ended(45, "no answer")],
        Expected({"outcome": "missed", "answered_at": None, "ended_at": at(45), "talk_s": 0.0}, [("agent", "100", False), ("agent", "101", False)]),
    ),
    "inbound, the second who is rung answers": (
        [said("NOTIFY_START"), said("NOTIFY_INTERNAL", internal="100"), said("NOTIFY_INTERNAL", internal="101"),
         said("NOTIFY_ANSWER", destination="101", internal="101"), ended(60, "answered", last_internal="101")],
        Expected({"outcome": "answered", "talk_s": 30.0, "extension": "101"}, [("agent", "100", False), ("agent", "101", True)]),
    ),
    "passed on to a telephone outside": (
        [said("NOTIFY_START"), said("NOTIFY_ANSWER", destination=FAR), ended(60, "answered")],
        Expected({"outcome": "answered", "talk_s": 30.0}, [("external", FAR, True)]),
    ),
    "given up before anybody was rung": (
        [said("NOTIFY_START"), said("NOTIFY_IVR", ivr_saved_popular="1"), ended(12, "cancel")],
        Expected({"direction": "inbound", "outcome": "missed", "ended_at": at(12)}, []),
    ),
    "only the end is heard of": (
        [ended(60, "answered", last_internal="100")],
        Expected({"direction": "inbound", "outcome": "answered", "started_at": at(0), "ended_at": at(60), "extension": "100"}),
    ),
    "outbound, answered": (
        [OUT, out_ended(40, "answered")],
        Expected({"direction": "outbound", "outcome": "answered", "from_raw": "100", "to_raw": FAR, "started_at": at(0), "ended_at": at(40),
                  "extension": "100"}),
    ),
    "outbound, busy": ([OUT, out_ended(5, "busy", "17")], Expected({"outcome": "busy", "talk_s": 0.0, "cause": 17})),
    "outbound, nobody answers": ([OUT, out_ended(30, "no answer")], Expected({"outcome": "no_answer", "answered_at": None})),
    "outbound, no such number": ([OUT, out_ended(2, "unallocated number", "1")], Expected({"outcome": "invalid_number"})),
    "outbound, just begun": ([OUT], Expected({"direction": "outbound", "state": "initiated", "outcome": "", "extension": "100"})),
}  # fmt: skip


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_call_is_right_in_any_order(name):
    deliveries, expected = SCENARIOS[name]
    prove("zadarma", deliveries, [expected], SETTING)


def test_a_recording_is_on_the_call():
    recording = said("NOTIFY_RECORD", call_id_with_rec="1234.5678")
    (facts,) = calls_of("zadarma", [*SCENARIOS["inbound, answered"][0], recording], SETTING)
    assert [one["id"] for one in facts.recordings] == ["1234.5678"]


@pytest.mark.parametrize(
    ("told", "answer"),
    [
        ({"display_name": "", "route_to": None, "block": False}, {}),
        ({"display_name": "Иванов Пётр", "route_to": None, "block": False}, {"caller_name": "Иванов Пётр"}),
        ({"display_name": "Иванов Пётр", "route_to": {"extension": "101"}, "block": True}, {"hangup": 1}),
        (
            {"display_name": "", "route_to": {"extension": "101", "reason": "last_agent"}, "block": False},
            {"redirect": "101", "return_timeout": 15},
        ),
        ({"display_name": "", "route_to": {"queue": "support", "reason": "complaint"}, "block": False}, {}),
    ],
)
def test_the_answer_steers_the_call_in_its_own_words(told, answer):
    assert zadarma.hints(told) == answer


NAMES = st.sampled_from(["event", "pbx_call_id", "call_start", "internal", "destination", "duration", "disposition", "status_code"])
KINDS = st.sampled_from([*zadarma.READS, "NOTIFY_IVR"])


@given(
    ANY_JSON
    | st.dictionaries(NAMES, st.text() | ANY_JSON)
    | st.fixed_dictionaries({"event": KINDS, "pbx_call_id": st.text(), "internal": st.text()})
)
def test_any_value_gets_an_answer(value):
    for body in zadarma.ADAPTER.read(value, SETTING):
        assert body["call_id"] and body["type"]


@pytest.mark.django_db
def test_all_the_way_over_http_doubles_change_nothing_and_a_wrong_signature_is_refused(client_of):
    secret = "the API secret of the account"
    system = PhoneSystemFactory(
        slug="zadarma",
        adapter="zadarma",
        auth_mode="zadarma_sha1",
        secret=secret,
        own_lines=[LINE],
        naive_time_zone="Europe/Moscow",
        default_region="RU",
    )
    AgentExtensionFactory(phone_system=system, extension="100")
    begin = timezone.now() - timedelta(seconds=5)
    deliveries = [
        said("NOTIFY_START", begin=begin), said("NOTIFY_INTERNAL", begin=begin, internal="100"),
        said("NOTIFY_ANSWER", begin=begin, destination="100", internal="100"),
        said("NOTIFY_END", begin=begin, duration="90", disposition="answered", last_internal="100"), said("NOTIFY_RECORD", call_id_with_rec="1.2"),
    ]  # fmt: skip

    def signed(one: Delivery, by: str) -> Delivery:
        return genuine.sign("zadarma_sha1", one, secret=by, account="", url="", now=timezone.now())

    wrong = [signed(one, "another secret") for one in deliveries]
    assert {answer.status_code for answer in post(Client(), system, [*deliveries, *wrong])} == {401}
    assert not CallEvent.objects.exists()
    assert Client().get("/api/v1/calls/ingest/zadarma/?zd_echo=abc").content == b"abc"
    right = [signed(one, secret) for one in deliveries]
    assert {answer.status_code for answer in post(Client(), system, [*reversed(right), *right])} == {200}
    call = Call.objects.get()
    assert (call.outcome, call.agent.role, call.customer_e164) == ("answered", "agent", CALLER)
    assert [one["id"] for one in call.recordings] == ["1.2"]
    every_mode_can_be_tried(client_of("admin"), "zadarma")


@pytest.mark.django_db
@pytest.mark.parametrize("follows", [False, True])
def test_a_caller_is_put_through_to_who_knows_them_only_where_that_was_asked_for(follows):
    system = PhoneSystemFactory(
        slug="zadarma", adapter="zadarma", auth_mode="zadarma_sha1", secret="the API secret of the account", own_lines=[LINE], default_region="RU",
        naive_time_zone="Europe/Moscow", follows_routes=follows,
    )  # fmt: skip
    anna = AgentExtensionFactory(phone_system=system, extension="100").user
    contact = ContactFactory(surname="Иванов", name="Пётр", patronymic="", phones=[CALLER])
    CallFactory(
        contact=contact, customer_e164=CALLER, agent=anna, outcome="answered", direction="inbound", state="ended",
        started_at=timezone.now() - timedelta(days=3), ended_at=timezone.now() - timedelta(days=3),
    )  # fmt: skip
    start = genuine.sign(
        "zadarma_sha1", said("NOTIFY_START", begin=timezone.now()), secret=system.secret, account="", url="", now=timezone.now()
    )
    (answer,) = post(Client(), system, [start])
    shown = {"caller_name": "Иванов Пётр"}
    assert answer.json() == (shown | {"redirect": "100", "return_timeout": 15} if follows else shown)
