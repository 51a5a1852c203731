"""Calls as Asterisk's call records (CDR) and its queue log tell them."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.models import Call, CallEvent, CallLeg
from calls.phone_systems import adapters, genuine
from calls.phone_systems.adapters import Setting
from calls.phone_systems.deliveries import Delivery
from tests.calls.phone_systems import proving
from tests.calls.phone_systems.asterisk_line import BEGIN, CALLER, EPOCH, LINE
from tests.calls.phone_systems.proving import Expected
from tests.factories.calls import PhoneSystemFactory

ROOM, SECRET = "asterisk_cdr", "a secret that is long enough for all"
HERE = Setting(region="RU", time_zone="UTC", own_lines=(LINE,))
CALL = f"{EPOCH}.1"


def at(seconds):
    return BEGIN + timedelta(seconds=seconds)


def cdr(
    begin,
    answer,
    end,
    *,
    sequence,
    src=CALLER,
    dst="201",
    channel="PJSIP/trunk-00000001",
    to="PJSIP/201-00000002",
    unique=CALL,
    said="",
    data="",
):
    """A record as ``cdr_adaptive_odbc`` writes it: naive times in whole seconds."""

    def when(seconds):
        return at(seconds).strftime("%Y-%m-%d %H:%M:%S") if seconds is not None else ""

    return {
        "clid": f'"Ivanov" <{src}>', "src": src, "dst": dst, "dcontext": "from-internal", "channel": channel, "dstchannel": to, "lastapp": "Dial",
        "lastdata": data or "PJSIP/201,30", "start": when(begin), "answer": when(answer), "end": when(end), "duration": end - begin,
        "billsec": end - answer if answer is not None else 0, "disposition": said or ("ANSWERED" if answer is not None else "NO ANSWER"),
        "amaflags": "DOCUMENTATION", "accountcode": "", "uniqueid": unique, "linkedid": CALL, "userfield": "", "sequence": sequence,
    }  # fmt: skip


def log(seconds, kind, *data, member="NONE", queue="support", call=CALL):
    return "|".join([str(EPOCH + seconds), call, queue, member, kind, *map(str, data)])


INBOUND = [cdr(0, 6, 36, sequence=1)]
OUTBOUND = [
    cdr(
        0,
        10,
        40,
        sequence=1,
        src="201",
        dst="89161234567",
        channel="PJSIP/201-00000001",
        to="PJSIP/trunk-00000002",
        data="PJSIP/89161234567@trunk",
    )
]
GROUP = [cdr(0, None, 8, sequence=1), cdr(0, 8, 28, sequence=2, to="PJSIP/202-00000003")]
QUEUE = [
    log(1, "ENTERQUEUE", "", CALLER, 2),
    log(18, "RINGNOANSWER", 15000, member="PJSIP/201"),
    log(27, "CONNECT", 26, f"{EPOCH}.9", 4, member="PJSIP/202"),
    log(87, "COMPLETECALLER", 26, 60, 2, member="PJSIP/202"),
]
QUEUE_RECORDS = [cdr(0, None, 18, sequence=1), cdr(18, 27, 87, sequence=2, to="PJSIP/202-00000003")]
ABANDONED = [log(1, "ENTERQUEUE", "", CALLER, 1), log(10, "RINGCANCELED", 5000, member="PJSIP/201"), log(41, "ABANDON", 1, 1, 40)]
TIMED_OUT = [log(1, "ENTERQUEUE", "", CALLER, 1), log(61, "EXITWITHTIMEOUT", 1, 1, 60), cdr(0, None, 70, sequence=1, to="")]
PASSED = [
    log(1, "ENTERQUEUE", "", CALLER, 1),
    log(5, "CONNECT", 4, f"{EPOCH}.9", 3, member="PJSIP/201"),
    log(25, "BLINDTRANSFER", "305", "from-internal", 4, 20, 1, member="PJSIP/201"),
    cdr(25, 31, 51, sequence=3, dst="305", to="PJSIP/305-00000004"),
]

SCENARIOS = {
    "inbound answered": (INBOUND, {"direction": "inbound", "outcome": "answered", "from_raw": CALLER, "from_name": "Ivanov", "to_raw": "201", "started_at": at(0),
                                   "answered_at": at(6), "ended_at": at(36), "talk_s": 30, "extension": "201"}, [("agent", "201", True)]),
    "inbound missed": ([cdr(0, None, 20, sequence=1)], {"outcome": "missed", "answered_at": None, "ended_at": at(20)}, [("agent", "201", False)]),
    "only the menu answered": ([cdr(0, 0, 12, sequence=1, to="", dst="s")], {"answered_at": None, "talk_s": 0, "to_raw": ""}, []),
    "outbound answered": (OUTBOUND, {"direction": "outbound", "outcome": "answered", "from_raw": "201", "to_raw": "89161234567", "talk_s": 30, "extension": "201"},
                          [("agent", "201", True), ("customer", "89161234567", True)]),
    "outbound busy": ([{**OUTBOUND[0], "answer": "", "billsec": 0, "disposition": "BUSY"}], {"outcome": "busy", "cause": 17, "talk_s": 0},
                      [("agent", "201", False), ("customer", "89161234567", False)]),
    "outbound no answer": ([{**OUTBOUND[0], "answer": "", "billsec": 0, "disposition": "NO ANSWER"}], {"outcome": "no_answer"},
                           [("agent", "201", False), ("customer", "89161234567", False)]),
    "a ring group": (GROUP, {"outcome": "answered", "extension": "202", "talk_s": 20, "answered_at": at(8)}, [("agent", "201", False), ("agent", "202", True)]),
    "a queue": ([*QUEUE, *QUEUE_RECORDS], {"outcome": "answered", "queue": "support", "queued_at": at(1), "queue_position": 2, "wait_s": 26, "talk_s": 60,
                                           "hangup_by": "caller", "extension": "202", "answered_at": at(27), "ended_at": at(87), "first_ring_at": at(3)},
                [("agent", "201", False), ("agent", "202", True)]),
    "a queue without records": (QUEUE, {"outcome": "answered", "from_raw": CALLER, "wait_s": 26, "talk_s": 60, "is_partial": False},
                                [("agent", "201", False), ("agent", "202", True)]),
    "abandoned": (ABANDONED, {"outcome": "abandoned", "wait_s": 40, "hangup_by": "caller", "talk_s": 0, "first_ring_at": at(5)}, [("agent", "201", False)]),
    "timed out": (TIMED_OUT, {"outcome": "overflow", "ended_at": at(70), "talk_s": 0}, []),
    "passed on from the queue": (PASSED, {"outcome": "answered", "extension": "305", "ended_at": at(51), "talk_s": 40,
        "transfers": ({"at": at(25).isoformat(), "kind": "blind", "from": "201", "to": {"extension": "305"}, "result": "completed"},)},
        [("agent", "201", True), ("agent", "305", True)]),
}  # fmt: skip


def sent(records):
    return [Delivery(json.dumps(one).encode(), "application/json") for one in records]


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_call_is_the_same_and_right_in_any_order(name):
    records, facts, legs = SCENARIOS[name]
    proving.prove(ROOM, sent(records), [Expected(facts)], HERE)
    (call,) = proving.calls_of(ROOM, sent(records), HERE)
    assert sorted((leg.party, leg.extension or leg.number_raw, leg.answered_at is not None) for leg in call.legs) == sorted(legs)


def test_lines_of_the_file_rows_of_the_table_and_plain_text_are_the_same():
    read = adapters.named(ROOM).read
    table = [
        dict(zip(("time", "callid", "queuename", "agent", "event", "data1", "data2", "data3", "data4", "data5"), [*line.split("|"), "", "", "", "", ""], strict=False))
        for line in QUEUE
    ]  # fmt: skip
    keys = [body["event_id"] for body in read(QUEUE, HERE)]
    assert len(set(keys)) == len(QUEUE)
    plain = adapters.named(ROOM).value(Delivery("\n".join(QUEUE).encode(), "text/plain"))
    for value in (table, {"lines": QUEUE}, {"lines": "\n".join(QUEUE)}, plain, "\n".join(QUEUE)):
        bodies = read(value, HERE)
        assert [body["event_id"] for body in bodies] == keys
        assert [read(body["raw"], HERE)[0]["event_id"] for body in bodies] == keys


@pytest.mark.parametrize("nothing", [
    log(0, "ADDMEMBER", member="PJSIP/201", call="REALTIME"), log(0, "PAUSE", "lunch", member="PJSIP/201", call="NONE"),
    log(0, "CONFIGRELOAD", call="NONE", queue="NONE"), "no line", "||||", None, 7, [], {}, {"lines": 5}, {"uniqueid": "1.1"}, {"event": [], "agent": {}, "callid": "1"},
])  # fmt: skip
def test_what_tells_of_no_call_gives_nothing(nothing):
    assert adapters.named(ROOM).read(nothing, HERE) == []


def test_unknown_lines_of_a_call_are_kept_and_passed_over():
    (body,) = adapters.named(ROOM).read(log(3, "SYSCOMPAT"), HERE)
    assert body["type"] == "asterisk.QUEUE_SYSCOMPAT" and body["type"] not in adapters.named(ROOM).own_types


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=6)  # fmt: skip
FIELDS = ("uniqueid", "linkedid", "start", "answer", "end", "src", "dst", "channel", "dstchannel", "disposition", "duration", "event", "agent", "callid", "time", "queuename", "data1", "lines")  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), JSON | st.sampled_from(["ANSWERED", "CONNECT", "RINGNOANSWER", "1.1", "1.2", "PJSIP/201-00000001"])) | st.text(alphabet="1|.ACENOT", max_size=30), max_size=6))  # fmt: skip
def test_any_value_gets_an_answer(value):
    adapters.named(ROOM).read(value, HERE)
    proving.calls_of(ROOM, [Delivery(json.dumps(one).encode("utf-8", "replace"), "application/json") for one in value], HERE)


# --- the whole way
@pytest.fixture
def system(db):
    return PhoneSystemFactory(slug="pbx", adapter=ROOM, auth_mode="hmac_t_v1", secret=SECRET, default_region="RU", own_lines=[LINE])


def signed(value, secret=SECRET):
    made = genuine.sign(
        "hmac_t_v1", Delivery(json.dumps(value).encode(), "application/json"), secret=secret, account="", url="", now=timezone.now()
    )
    assert made is not None
    return made


def test_over_http_a_queue_call_is_one_and_doubles_change_nothing(system, django_capture_on_commit_callbacks):
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            answers = proving.post(Client(), system, [signed(QUEUE_RECORDS), signed({"lines": QUEUE})])
        assert [answer.status_code for answer in answers] == [200, 200]
        call = Call.objects.get()
        assert (call.outcome, call.queue, call.talk_s, call.wait_s) == ("answered", "support", 60, 26)
        assert sorted(CallLeg.objects.values_list("extension", flat=True)) == ["201", "202"]
        assert CallEvent.objects.count() == len(QUEUE) + len(QUEUE_RECORDS)


def test_a_wrong_signature_is_refused(system):
    (answer,) = proving.post(Client(), system, [signed(QUEUE, secret="another secret that is long enough")])
    assert answer.status_code == 401 and not CallEvent.objects.exists()


@pytest.mark.parametrize("mode", adapters.named(ROOM).auth_modes)
def test_a_trial_goes_well(db, client_of, mode):
    system = PhoneSystemFactory(adapter=ROOM, auth_mode=mode, secret="" if mode == "token" else SECRET, account="user")
    told = client_of("admin").post(f"/api/v1/phone-systems/{system.pk}/test/").json()
    assert told["problem"] == "" and told["is_genuine"] is (None if mode == "token" else True), told
    assert told["events"][0]["type"] == "asterisk.CDR"
