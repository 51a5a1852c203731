"""Mango Office's events, in any order: legs of one entry, each with a count of its own, and the summary of the whole."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from calls.models import Call, CallEvent
from calls.phone_systems import genuine, mango
from calls.phone_systems.adapters import Setting
from calls.phone_systems.deliveries import Delivery, DeliveryUnreadable
from tests.calls.phone_systems.proving import ANY_JSON, Expected, calls_of, every_mode_can_be_tried, post, prove
from tests.factories.calls import AgentExtensionFactory, PhoneSystemFactory

BEGIN = datetime(2026, 11, 20, 9, tzinfo=UTC)
SETTING = Setting("RU", "Europe/Moscow", ("78005553535",))
CALLER, LINE, FAR = "74951234567", "78005553535", "79161234567"
FORM = "application/x-www-form-urlencoded"
ENTRY = "MTIzNDU2Nzg5MA=="


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def epoch(seconds: float | None) -> int:
    return int(at(seconds).timestamp()) if seconds is not None else 0


def form(said: dict[str, Any]) -> Delivery:
    return Delivery(urlencode({"vpbx_api_key": "key", "sign": "", "json": json.dumps(said)}).encode(), FORM)


def leg(seconds: float, call: str, seq: int, state: str, place: str, caller: dict[str, str] | None = None, **called: str) -> Delivery:
    """/events/call"""
    return form({
        "entry_id": ENTRY, "call_id": call, "timestamp": epoch(seconds), "seq": seq, "call_state": state, "location": place,
        "from": caller or {"number": CALLER}, "to": called or {"number": LINE, "line_number": LINE}, "dct": {"number": "", "type": 0},
        **({"disconnect_reason": 1110} if state == "Disconnected" else {}),
    })  # fmt: skip


def desk(seconds: float, call: str, seq: int, state: str, extension: str = "101") -> Delivery:
    return leg(
        seconds,
        call,
        seq,
        state,
        "abonent",
        extension=extension,
        number=f"sip:user{extension}@vpbx.example",
        line_number=LINE,
        acd_group="sales",
    )


def summary(begin: float, talk: float | None, end: float, direction: int = 1, reason: int = 1110, **ends: dict[str, str]) -> Delivery:
    """/events/summary"""
    return form({
        "entry_id": ENTRY, "call_direction": direction, "from": {"number": CALLER}, "to": {"extension": "101", "number": "sip:user101@vpbx.example"},
        "line_number": LINE, "create_time": epoch(begin), "forward_time": epoch(begin), "talk_time": epoch(talk), "end_time": epoch(end),
        "entry_result": int(talk is not None), "disconnect_reason": reason, **ends,
    })  # fmt: skip


OURS, THEIRS = {"extension": "101", "number": "sip:user101@vpbx.example"}, {"number": FAR}
OUT = {"from": OURS, "to": THEIRS}
SCENARIOS: dict[str, tuple[list[Delivery], Expected]] = {
    "inbound, from the menu to an operator": (
        [
            leg(0, "c1", 1, "Appeared", "ivr"), leg(0, "c1", 2, "Connected", "ivr"), desk(10, "c2", 1, "Appeared"), desk(16, "c2", 2, "Connected"),
            leg(16, "c1", 3, "Disconnected", "ivr"), desk(76, "c2", 3, "Disconnected"), summary(0, 16, 76),
        ],
        Expected({"direction": "inbound", "outcome": "answered", "from_raw": CALLER, "to_raw": LINE, "started_at": at(0), "answered_at": at(16),
                  "ended_at": at(76), "talk_s": 60.0, "extension": "101", "hangup_by": "caller"}, [("agent", "101", True)]),
    ),
    "inbound, two are rung and nobody answers": (
        [
            leg(0, "c1", 1, "Appeared", "ivr"), desk(5, "c2", 1, "Appeared"), desk(5, "c3", 1, "Appeared", "102"), desk(25, "c2", 2, "Disconnected"),
            desk(25, "c3", 2, "Disconnected", "102"), summary(0, None, 26, to={"number": LINE}),
        ],
        Expected({"outcome": "missed", "answered_at": None, "ended_at": at(26), "talk_s": 0.0}, [("agent", "101", False), ("agent", "102", False)]),
    ),
    "waits in a queue and gives up": (
        [
            leg(0, "c1", 1, "Appeared", "ivr"), leg(4, "c2", 1, "Appeared", "queue", number=LINE, acd_group="sales"),
            leg(44, "c2", 2, "Disconnected", "queue", number=LINE, acd_group="sales"), summary(0, None, 44, to={"number": LINE}),
        ],
        Expected({"outcome": "abandoned", "queue": "sales", "queued_at": at(4), "ended_at": at(44)}, []),
    ),
    "held and taken up again": (
        [
            leg(0, "c1", 1, "Appeared", "abonent"), desk(0, "c2", 1, "Appeared"), desk(5, "c2", 2, "Connected"), desk(15, "c2", 3, "OnHold"),
            desk(25, "c2", 4, "Connected"), desk(65, "c2", 5, "Disconnected"), summary(0, 5, 65),
        ],
        Expected({"outcome": "answered", "hold_s": 10.0, "talk_s": 50.0, "extension": "101"}),
    ),
    "passed on to a colleague": (
        [
            leg(0, "c1", 1, "Appeared", "ivr"), desk(2, "c2", 1, "Appeared"), desk(6, "c2", 2, "Connected"), desk(36, "c2", 3, "Disconnected"),
            desk(36, "c3", 1, "Appeared", "102"), desk(40, "c3", 2, "Connected", "102"), desk(70, "c3", 3, "Disconnected", "102"), summary(0, 6, 70),
        ],
        Expected({"outcome": "answered", "answered_at": at(6), "talk_s": 60.0, "extension": "102"}, [("agent", "101", True), ("agent", "102", True)]),
    ),
    "a colleague is asked, then given the caller": (
        [
            leg(0, "c1", 1, "Appeared", "ivr"), desk(2, "c2", 1, "Appeared"), desk(6, "c2", 2, "Connected"), desk(30, "c2", 3, "OnHold"),
            leg(31, "c3", 1, "Appeared", "", OURS, extension="102", number="sip:user102@vpbx.example"),
            leg(35, "c3", 2, "Connected", "", OURS, extension="102", number="sip:user102@vpbx.example"), desk(40, "c2", 4, "Disconnected"),
            leg(40, "c3", 3, "Connected", "", {"number": CALLER, "taken_from_call_id": "c2"}, extension="102", number="sip:user102@vpbx.example"),
            leg(70, "c3", 4, "Disconnected", "", {"number": CALLER}, extension="102", number="sip:user102@vpbx.example"),
            summary(0, 6, 70, to={"extension": "102", "number": "sip:user102@vpbx.example"}),
        ],
        Expected({"direction": "inbound", "outcome": "answered", "from_raw": CALLER, "answered_at": at(6), "ended_at": at(70), "extension": "102"},
                 [("agent", "101", True), ("agent", "102", True)]),
    ),
    "outbound, answered": (
        [
            leg(0, "c1", 1, "Appeared", "abonent", OURS, number=FAR), leg(9, "c1", 2, "Connected", "abonent", OURS, number=FAR),
            leg(49, "c1", 3, "Disconnected", "abonent", OURS, number=FAR), summary(0, 9, 49, 2, **OUT),
        ],
        Expected({"direction": "outbound", "outcome": "answered", "to_raw": FAR, "answered_at": at(9), "talk_s": 40.0, "extension": "101"}),
    ),
    "outbound, nobody answers": (
        [leg(0, "c1", 1, "Appeared", "abonent", OURS, number=FAR), leg(30, "c1", 2, "Disconnected", "abonent", OURS, number=FAR), summary(0, None, 30, 2, **OUT)],
        Expected({"direction": "outbound", "outcome": "no_answer", "answered_at": None, "talk_s": 0.0}),
    ),
    "only the summary is heard of": (
        [summary(0, 16, 76, reason=1120)],
        Expected({"direction": "inbound", "outcome": "answered", "answered_at": at(16), "talk_s": 60.0, "extension": "101", "hangup_by": "agent"}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_call_is_right_in_any_order(name):
    deliveries, expected = SCENARIOS[name]
    prove("mango", deliveries, [expected], SETTING)


def test_a_recording_is_on_the_call():
    recording = form(
        {"recording_id": "rec1", "recording_state": "Completed", "entry_id": ENTRY, "call_id": "c2", "seq": 1, "timestamp": epoch(80)}
    )
    begun = form(
        {"recording_id": "rec1", "recording_state": "Started", "entry_id": ENTRY, "call_id": "c2", "seq": 1, "timestamp": epoch(17)}
    )
    (facts,) = calls_of("mango", [*SCENARIOS["inbound, from the menu to an operator"][0], begun, recording], SETTING)
    assert [one["id"] for one in facts.recordings] == ["rec1"]


NAMES = st.sampled_from(
    [
        "entry_id",
        "call_id",
        "timestamp",
        "seq",
        "call_state",
        "location",
        "from",
        "to",
        "talk_time",
        "end_time",
        "create_time",
        "entry_result",
        "recording_id",
    ]
)
STATES = st.sampled_from(["Appeared", "Connected", "OnHold", "Disconnected"])
PLACES = st.sampled_from(["ivr", "queue", "abonent"])
SOME = st.fixed_dictionaries(
    {
        "entry_id": st.text(),
        "call_id": st.text(),
        "call_state": STATES,
        "location": PLACES,
        "to": ANY_JSON,
        "from": ANY_JSON,
        "seq": ANY_JSON,
    }
)


TIMES = st.integers(0, 2_000_000_000) | st.sampled_from(["1399906976", "1399906976.5", "0", ""])
WHOLE = st.fixed_dictionaries(
    {"entry_id": st.text(), "entry_result": ANY_JSON, "create_time": TIMES, "talk_time": TIMES, "end_time": TIMES}
)


@given(ANY_JSON | st.dictionaries(NAMES, st.text() | ANY_JSON) | SOME | WHOLE)
def test_any_value_gets_an_answer(value):
    for body in mango.ADAPTER.read(value, SETTING):
        assert body["call_id"] and body["type"]


def test_what_mango_tells_besides_calls_is_kept_under_a_name_of_its_own():
    dtmf = form({"entry_id": ENTRY, "call_id": "c1", "seq": 1, "dtmf": "3", "timestamp": epoch(3), "location": "ivr"})
    (body,) = mango.ADAPTER.read(mango.ADAPTER.value(dtmf), SETTING)
    assert (body["type"], body["call_id"]) == ("mango.other", ENTRY)


def test_a_field_that_is_no_json_is_refused():
    with pytest.raises(DeliveryUnreadable):
        mango.ADAPTER.value(Delivery(urlencode({"json": "{"}).encode(), FORM))


@pytest.mark.django_db
def test_all_the_way_over_http_doubles_change_nothing_and_a_wrong_signature_is_refused(client_of):
    system = PhoneSystemFactory(
        slug="mango", adapter="mango", auth_mode="mango_sha256", account="key of the PBX", secret="the salt of the PBX", own_lines=["+78005553535"],
        default_region="RU",
    )  # fmt: skip
    AgentExtensionFactory(phone_system=system, extension="101")
    deliveries = SCENARIOS["inbound, from the menu to an operator"][0]

    def signed(one: Delivery, by: str) -> Delivery:
        return genuine.sign("mango_sha256", one, secret=by, account=system.account, url="", now=timezone.now())

    wrong = [signed(one, "another salt") for one in deliveries]
    assert {answer.status_code for answer in post(Client(), system, [*deliveries, *wrong])} == {401}
    assert not CallEvent.objects.exists()
    right = [signed(one, system.secret) for one in deliveries]
    for one in [*reversed(right), *right]:  # Mango puts what it tells behind the address
        answer = Client().post("/api/v1/calls/ingest/mango/events/call", data=one.body, content_type=FORM)
        assert answer.status_code == 200, answer.content
    assert Client().post("/api/v1/calls/ingest/mango/events/call", data=wrong[0].body, content_type=FORM).status_code == 401
    assert Client().get("/api/v1/calls/ingest/mango/events/call").status_code in (403, 405)
    call = Call.objects.get()
    assert (call.outcome, call.talk_s, call.agent.role, call.customer_e164) == ("answered", 60.0, "agent", "+74951234567")
    assert system.account not in json.dumps(list(CallEvent.objects.values_list("raw", "normalised")))
    every_mode_can_be_tried(client_of("admin"), "mango")
