"""FreeSWITCH, in any order: records of legs that come hours late, and channel events, of the same calls."""

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
from calls.phone_systems import freeswitch, genuine
from calls.phone_systems.adapters import Setting
from calls.phone_systems.deliveries import Delivery
from tests.calls.phone_systems.proving import ANY_JSON, Expected, calls_of, every_mode_can_be_tried, post, prove
from tests.factories.calls import AgentExtensionFactory, PhoneSystemFactory

BEGIN = datetime(2026, 11, 20, 9, tzinfo=UTC)
LINE, CALLER, FAR = "+12025550199", "+12025550123", "+12025550177"
SETTING = Setting("US", "UTC", (LINE,))
CORE = "6d2375b0-5183-11e1-b24c-f527b57af954"


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def micro(seconds: float | None) -> str:
    return str(int(at(seconds).timestamp() * 1_000_000)) if seconds is not None else "0"


def record(
    uuid: str, begin: float, end: float, *, answer: float | None = None, ring: float | None = None, of: str = "", number: str = "", caller: str = CALLER,
    cause: str = "NORMAL_CLEARING", code: int = 16, **variables: str,
) -> Delivery:  # fmt: skip
    """What mod_json_cdr posts of a leg. ``of`` is the leg that dialled it."""
    told = {
        "direction": "outbound" if of else "inbound", "uuid": uuid, "call_uuid": of or uuid, "start_uepoch": micro(begin), "answer_uepoch": micro(answer),
        "progress_uepoch": micro(ring), "progress_media_uepoch": "0", "end_uepoch": micro(end), "hangup_cause": cause, "hangup_cause_q850": str(code),
        "billsec": str(int(end - answer)) if answer is not None else "0", "duration": str(int(end - begin)), "channel_name": f"sofia/internal/{number}",
        **({"originator": of, "originating_leg_uuid": of} if of else {"sip_hangup_disposition": "recv_bye"}), **variables,
    }  # fmt: skip
    profile: dict[str, Any] = {
        "username": "",
        "caller_id_name": caller,
        "caller_id_number": caller,
        "destination_number": number,
        "context": "public",
        "uuid": uuid,
    }
    if of:
        profile["originator"] = {"originator_caller_profiles": [{"uuid": of, "caller_id_number": caller}]}
    flow = [
        {
            "dialplan": "XML",
            "profile_index": "1",
            "caller_profile": profile,
            "times": {"created_time": micro(begin), "hangup_time": micro(end)},
        }
    ]
    said = {
        "core-uuid": CORE, "switchname": "pbx", "channel_data": {"state": "CS_REPORTING", "direction": told["direction"]}, "variables": told,
        "app_log": {"applications": []}, "callflow": flow,
    }  # fmt: skip
    return Delivery(json.dumps(said).encode(), "application/json")


SEQUENCE = iter(range(100, 100_000))


def event(seconds: float, name: str, uuid: str, *, of: str = "", number: str = "", caller: str = CALLER, **more: str) -> Delivery:
    """A channel event as ANY_JSON, as the event socket gives it."""
    said = {
        "Event-Name": name, "Core-UUID": CORE, "Event-Date-Timestamp": micro(seconds), "Event-Sequence": str(next(SEQUENCE)), "Unique-ID": uuid,
        "Call-Direction": "outbound" if of else "inbound", "Channel-Call-UUID": of or uuid, "Caller-Caller-ID-Number": caller, "Caller-Caller-ID-Name": caller,
        "Caller-Destination-Number": number, **{key.replace("__", "-").replace("_x_", "_"): text for key, text in more.items()},
    }  # fmt: skip
    return Delivery(json.dumps(said).encode(), "application/json")


def over(seconds: float, uuid: str, cause: str = "NORMAL_CLEARING", code: int = 16, **more: Any) -> Delivery:
    return event(seconds, "CHANNEL_HANGUP_COMPLETE", uuid, Hangup__Cause=cause, variable_hangup_cause_q850=str(code), **more)


def queue(seconds: float, action: str, **more: str) -> Delivery:
    said = {
        "Event-Name": "CUSTOM", "Event-Subclass": "callcenter::info", "Core-UUID": CORE, "Event-Date-Timestamp": micro(seconds),
        "Event-Sequence": str(next(SEQUENCE)), "CC-Action": action, "CC-Queue": "support@default", "CC-Member-Session-UUID": "a", **more,
    }  # fmt: skip
    return Delivery(json.dumps(said).encode(), "application/json")


DESK = {"of": "a", "number": "201"}
SCENARIOS: dict[str, tuple[list[Delivery], Expected]] = {
    "records: inbound, answered": (
        [record("a", 0, 70, answer=1, number=LINE), record("b", 3, 70, ring=4, answer=9, **DESK)],
        Expected({"direction": "inbound", "outcome": "answered", "from_raw": CALLER, "to_raw": LINE, "started_at": at(0), "answered_at": at(9),
                  "ended_at": at(70), "talk_s": 61.0, "extension": "201", "hangup_by": "caller"}, [("agent", "201", True)]),
    ),
    "records: inbound, the operator hangs up": (
        [
            record("a", 0, 70, answer=1, number=LINE, sip_hangup_disposition="send_bye", bridge_uuid="b"),
            record("b", 3, 70, ring=4, answer=9, **DESK),
        ],
        Expected({"outcome": "answered", "hangup_by": "agent", "talk_s": 61.0}),
    ),
    "records: inbound, the menu hangs up": (
        [record("a", 0, 20, answer=1, number=LINE, sip_hangup_disposition="send_bye")],
        Expected({"outcome": "unknown", "hangup_by": "system"}, []),
    ),
    "records: inbound, two are rung and nobody answers": (
        [
            record("a", 0, 25, answer=1, number=LINE), record("b", 3, 23, ring=4, cause="NO_ANSWER", code=19, **DESK),
            record("c", 3, 23, ring=4, cause="NO_ANSWER", code=19, of="a", number="202"),
        ],
        Expected({"outcome": "missed", "answered_at": None, "talk_s": 0.0}, [("agent", "201", False), ("agent", "202", False)]),
    ),
    "records: a ring group, one answers": (
        [
            record("a", 0, 40, answer=1, number=LINE), record("b", 3, 8, ring=4, cause="LOSE_RACE", code=502, **DESK),
            record("c", 3, 40, ring=4, answer=8, of="a", number="202"),
        ],
        Expected({"outcome": "answered", "answered_at": at(8), "talk_s": 32.0, "extension": "202"}, [("agent", "201", False), ("agent", "202", True)]),
    ),
    "records: passed on": (
        [
            record("a", 0, 90, answer=1, number=LINE), record("b", 3, 40, answer=10, **DESK), record("c", 41, 90, answer=50, of="a", number="202"),
        ],
        Expected({"outcome": "answered", "answered_at": at(10), "talk_s": 70.0, "extension": "202"}, [("agent", "201", True), ("agent", "202", True)]),
    ),
    "records: passed on to a number outside": (
        [record("a", 0, 90, answer=1, number=LINE), record("b", 3, 90, answer=30, of="a", number=FAR)],
        Expected({"outcome": "answered", "answered_at": at(30), "talk_s": 60.0, "answered_by_raw": FAR}),
    ),
    "records: outbound, answered": (
        [record("a", 0, 50, answer=10, caller="201", number=FAR), record("b", 1, 50, ring=3, answer=10, of="a", number=FAR, caller=LINE)],
        Expected({"direction": "outbound", "outcome": "answered", "from_raw": "201", "to_raw": FAR, "answered_at": at(10), "talk_s": 40.0, "extension": "201"},
                 [("customer", FAR, True)]),
    ),
    "records: outbound, busy": (
        [
            record("a", 0, 5, caller="201", number=FAR, cause="USER_BUSY", code=17),
            record("b", 1, 5, of="a", number=FAR, caller=LINE, cause="USER_BUSY", code=17),
        ],
        Expected({"outcome": "busy", "answered_at": None, "cause": 17}),
    ),
    "records: from one desk to another": (
        [record("a", 0, 30, answer=5, caller="201", number="202"), record("b", 1, 30, answer=5, of="a", number="202", caller="201")],
        Expected({"direction": "internal", "outcome": "answered", "talk_s": 25.0}),
    ),
    "records: given up in the menu": (
        [record("a", 0, 12, answer=1, number=LINE)], Expected({"direction": "inbound", "outcome": "abandoned", "hangup_by": "caller"}, []),
    ),
    "records: only the flow tells who dialled": (
        [
            record("a", 0, 70, answer=1, number=LINE),
            record("b", 3, 70, ring=4, answer=9, originator="", originating_leg_uuid="", call_uuid="", **DESK),
        ],
        Expected({"outcome": "answered", "answered_at": at(9), "talk_s": 61.0}, [("agent", "201", True)]),
    ),
    "records: only the dialled leg is heard of": (
        [record("b", 3, 70, ring=4, answer=9, **DESK)], Expected({"state": "initiated", "outcome": "", "answered_at": at(9), "is_partial": True, "extension": "201"}),
    ),
    "events: inbound, answered, held": (
        [
            event(0, "CHANNEL_CREATE", "a", number=LINE), event(1, "CHANNEL_ANSWER", "a", number=LINE), event(3, "CHANNEL_CREATE", "b", **DESK),
            event(4, "CHANNEL_PROGRESS", "b", **DESK), event(9, "CHANNEL_ANSWER", "b", **DESK), event(9, "CHANNEL_BRIDGE", "a", Other__Leg__Unique__ID="b"),
            event(20, "CHANNEL_HOLD", "b", **DESK), event(30, "CHANNEL_UNHOLD", "b", **DESK), over(69, "b", **DESK),
            over(69, "a", number=LINE, variable_sip_hangup_disposition="recv_bye"), event(69, "CHANNEL_DESTROY", "a"),
        ],
        Expected({"direction": "inbound", "outcome": "answered", "from_raw": CALLER, "to_raw": LINE, "answered_at": at(9), "ended_at": at(69), "hold_s": 10.0,
                  "talk_s": 50.0, "extension": "201", "hangup_by": "caller"}, [("agent", "201", True)]),
    ),
    "events: waits in a queue and gives up": (
        [
            event(0, "CHANNEL_CREATE", "a", number=LINE), queue(2, "member-queue-start"),
            queue(42, "member-queue-end", **{"CC-Cause": "Cancel", "CC-Cancel-Reason": "BREAK_OUT"}), over(42, "a", number=LINE),
        ],
        Expected({"outcome": "abandoned", "queue": "support", "queued_at": at(2), "ended_at": at(42)}),
    ),
    "events: the queue gives up": (
        [
            event(0, "CHANNEL_CREATE", "a", number=LINE), queue(2, "member-queue-start"),
            queue(62, "member-queue-end", **{"CC-Cause": "Cancel", "CC-Cancel-Reason": "TIMEOUT"}), over(63, "a", number=LINE),
        ],
        Expected({"outcome": "overflow", "queue": "support"}),
    ),
    "events and records of the same call": (
        [
            event(0, "CHANNEL_CREATE", "a", number=LINE), event(9, "CHANNEL_ANSWER", "b", **DESK), over(70, "a", number=LINE),
            record("a", 0, 70, answer=1, number=LINE), record("b", 3, 70, ring=4, answer=9, **DESK),
        ],
        Expected({"outcome": "answered", "answered_at": at(9), "talk_s": 61.0, "extension": "201"}, [("agent", "201", True)]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_call_is_right_in_any_order(name):
    deliveries, expected = SCENARIOS[name]
    prove("freeswitch", deliveries, [expected], SETTING)


def test_a_recording_is_on_the_call_and_a_form_with_encoded_json_is_read():
    plain = record("b", 3, 70, answer=9, record_path="%2Fvar%2Frec%2Fb.wav", **DESK)
    form = Delivery(urlencode({"cdr": plain.body.decode()}).encode(), "application/x-www-form-urlencoded")
    (facts,) = calls_of("freeswitch", [record("a", 0, 70, number=LINE), form], SETTING)
    assert [one["id"] for one in facts.recordings] == ["/var/rec/b.wav"]
    assert facts.talk_s == 61.0


VARIABLES = st.sampled_from(
    ["uuid", "call_uuid", "direction", "start_uepoch", "answer_uepoch", "end_epoch", "hangup_cause", "dialed_user", "originator"]
)
NAMES = st.sampled_from(
    ["Event-Name", "Unique-ID", "Channel-Call-UUID", "Event-Date-Timestamp", "Event-Sequence", "CC-Action", "Event-Subclass"]
)
EVENTS = st.sampled_from(["CHANNEL_CREATE", "CHANNEL_ANSWER", "CUSTOM", "CHANNEL_HANGUP_COMPLETE"])


@given(
    ANY_JSON
    | st.dictionaries(NAMES, st.text() | ANY_JSON)
    | st.fixed_dictionaries({"Event-Name": EVENTS, "Unique-ID": st.text(), "Event-Date-Timestamp": ANY_JSON})
    | st.fixed_dictionaries({"variables": st.dictionaries(VARIABLES, st.text() | ANY_JSON), "callflow": ANY_JSON})
)
def test_any_value_gets_an_answer(value):
    for body in freeswitch.ADAPTER.read(value, SETTING):
        assert body["call_id"] and body["type"]


@pytest.mark.django_db
def test_all_the_way_over_http_doubles_change_nothing_and_a_wrong_password_is_refused(client_of):
    system = PhoneSystemFactory(
        slug="freeswitch", adapter="freeswitch", auth_mode="basic", account="pbx", secret="a password that is long", own_lines=[LINE]
    )
    AgentExtensionFactory(phone_system=system, extension="201")
    deliveries = SCENARIOS["events and records of the same call"][0]

    def signed(one: Delivery, by: str) -> Delivery:
        return genuine.sign("basic", one, secret=by, account="pbx", url="", now=timezone.now())

    assert {answer.status_code for answer in post(Client(), system, [*deliveries, *(signed(one, "another") for one in deliveries)])} == {
        401
    }
    assert not CallEvent.objects.exists()
    right = [signed(one, system.secret) for one in deliveries]
    assert {answer.status_code for answer in post(Client(), system, [*reversed(right), *right])} == {200}
    call = Call.objects.get()
    assert (call.outcome, call.talk_s, call.agent.role, call.customer_e164) == ("answered", 61.0, "agent", CALLER)
    every_mode_can_be_tried(client_of("admin"), "freeswitch")
