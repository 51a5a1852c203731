"""Calls as Asterisk's channel events (CEL) tell them: who called, whom they asked for, who answered, and everybody on the way."""

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
from calls.phone_systems.asterisk.dialling import Destination, destinations
from calls.phone_systems.deliveries import Delivery
from tests.calls.phone_systems import proving
from tests.calls.phone_systems.asterisk_line import BEGIN, CALLER, LINE, Line
from tests.calls.phone_systems.proving import Expected
from tests.factories.calls import PhoneSystemFactory

ROOM, SECRET = "asterisk_cel", "a secret that is long enough for all"
HERE = Setting(region="RU", time_zone="Europe/Moscow", own_lines=(LINE,))
MOBILE = "+79161234567"


def at(seconds):
    return BEGIN + timedelta(seconds=seconds)


def passed(found, *names):
    return [tuple(one[name] for name in names) for one in found]


def answered_inbound(end_source="caller"):
    line = Line()
    line.inbound()
    line.app(1, "caller", "Dial", "PJSIP/201,30,tT")
    line.rings(1.1, "201")
    line.answer(8, "201", "caller")
    line.talk(8.01, 68.01, "b1", "201", "caller")
    line.end(68.02, "201", source=end_source)
    line.app_end(68.03, "caller", "Dial")
    line.end(68.04, "caller", source=end_source, status="ANSWER")
    line.retire(68.04, "caller")
    return line


def plain_inbound():
    return answered_inbound(), {
        "direction": "inbound", "state": "ended", "outcome": "answered", "from_raw": CALLER, "from_name": "Ivanov", "to_raw": LINE, "line": "trunk",
        "started_at": at(0), "first_ring_at": at(1.1), "answered_at": at(8.01), "ended_at": at(68.04), "talk_s": 60.01, "extension": "201",
        "hangup_by": "caller", "cause": 16, "is_partial": False,
    }, [("customer", CALLER, True), ("agent", "201", True)]  # fmt: skip


def outbound():
    line = Line()
    line.start(0, "201", "PJSIP/201-00000001", num="201", name="Petrova", exten="89161234567")
    line.app(0.2, "201", "Dial", f"PJSIP/{MOBILE}@trunk,60")
    line.start(0.3, "far", "PJSIP/trunk-00000002", by="201", num="89161234567", exten="", context="from-trunk")
    line.answer(12, "far", "201")
    line.talk(12, 42, "b1", "far", "201")
    line.end(42.1, "far", source="201")
    line.end(42.2, "201", source="201", status="ANSWER")
    line.retire(42.2, "201")
    return line, {
        "direction": "outbound", "outcome": "answered", "from_raw": "201", "to_raw": MOBILE, "started_at": at(0), "answered_at": at(12),
        "ended_at": at(42.2), "talk_s": 30.1, "extension": "201", "hangup_by": "agent",
    }, [("agent", "201", True), ("customer", MOBILE, True)]  # fmt: skip


def outbound_busy():
    line = Line()
    line.start(0, "201", "PJSIP/201-00000001", num="201", exten="89161234567")
    line.app(0.2, "201", "Dial", "PJSIP/89161234567@mango,60")
    line.start(0.3, "far", "PJSIP/mango-00000002", by="201", num="89161234567", exten="", context="default")
    line.end(5, "far", cause=17)
    line.end(5.2, "201", cause=17, status="BUSY")
    line.retire(5.2, "201")
    return (
        line,
        {
            "direction": "outbound",
            "outcome": "busy",
            "answered_at": None,
            "to_raw": "89161234567",
            "cause": 17,
            "talk_s": 0,
            "extension": "201",
        },
        [("agent", "201", False), ("customer", "89161234567", False)],
    )


def outbound_no_answer():
    line = Line()
    line.start(0, "201", "PJSIP/201-00000001", num="201", exten="89161234567")
    line.app(0.2, "201", "Dial", "PJSIP/89161234567@mango,30")
    line.start(0.3, "far", "PJSIP/mango-00000002", by="201", num="89161234567", exten="", context="default")
    line.end(30.3, "far", cause=19)
    line.end(30.4, "201", cause=19, status="NOANSWER")
    line.retire(30.4, "201")
    return (
        line,
        {"direction": "outbound", "outcome": "no_answer", "ended_at": at(30.4), "to_raw": "89161234567"},
        [("agent", "201", False), ("customer", "89161234567", False)],
    )


def internal():
    line = Line()
    line.start(0, "201", "SIP/201-00000001", num="201", name="Petrova", exten="305")
    line.app(0.1, "201", "Dial", "SIP/305,20")
    line.start(0.2, "305", "SIP/305-00000002", by="201", num="305", exten="")
    line.answer(4, "305", "201")
    line.talk(4, 34, "b1", "305", "201")
    line.end(34, "305", source="305")
    line.end(34, "201", source="305", status="ANSWER")
    line.retire(34, "201")
    return line, {
        "direction": "internal", "outcome": "answered", "from_raw": "201", "to_raw": "305", "answered_at": at(4), "ended_at": at(34), "talk_s": 30,
        "hangup_by": "agent", "answered_by_raw": "305",
    }, [("agent", "201", True), ("agent", "305", True)]  # fmt: skip


def ring_group():
    line = Line()
    line.inbound()
    line.app(1, "caller", "Dial", "PJSIP/201&PJSIP/202&PJSIP/203,30")
    for step, extension in enumerate(("201", "202", "203")):
        line.rings(1.1 + step / 10, extension)
    line.answer(9, "202")
    line.end(9.1, "201", cause=26)
    line.end(9.1, "203", cause=26)
    line.answer(9.1, "caller")
    line.talk(9.2, 29.2, "b1", "202", "caller")
    line.end(29.3, "202", source="202")
    line.end(29.4, "caller", source="202", status="ANSWER")
    line.retire(29.4, "caller")
    return (
        line,
        {"outcome": "answered", "answered_by_raw": "202", "hangup_by": "agent", "answered_at": at(9.2)},
        [("customer", CALLER, True), ("agent", "201", False), ("agent", "202", True), ("agent", "203", False)],
    )


def queue_with_two_members():
    line = Line()
    line.inbound()
    line.answer(0.5, "caller")
    line.app(1, "caller", "Queue", "support,t,,,120")
    line.start(3, "l1", "Local/201@from-queue-00000001;1", by="caller", exten="201", context="from-queue")
    line.start(3, "l2", "Local/201@from-queue-00000001;2", by="caller", exten="201", context="from-queue")
    line.app(3.1, "l2", "Dial", "PJSIP/201,15")
    line.rings(3.2, "201", by="caller")
    line.end(18, "201", cause=19)
    line.end(18.1, "l2", cause=19, status="NOANSWER")
    line.end(18.1, "l1", cause=19)
    line.start(23, "m1", "Local/202@from-queue-00000002;1", by="caller", exten="202", context="from-queue")
    line.start(23, "m2", "Local/202@from-queue-00000002;2", by="caller", exten="202", context="from-queue")
    line.app(23.1, "m2", "Dial", "PJSIP/202,15")
    line.rings(23.2, "202", by="caller")
    line.answer(27, "202", "m2", "m1")
    line.enter(27.1, "b-inner", "202", "m2")
    line.enter(27.2, "b-outer", "m1", "caller")
    line.say(27.3, "m1", "LOCAL_OPTIMIZE_BEGIN", {"local_two": "Local/202@from-queue-00000002;2"})
    line.leave(27.4, "b-inner", "202")
    line.enter(27.4, "b-outer", "202")
    line.leave(27.4, "b-outer", "m1")
    line.leave(27.4, "b-inner", "m2")
    line.end(27.5, "m1")
    line.end(27.5, "m2")
    line.leave(87.1, "b-outer", "caller", "202")
    line.end(87.2, "202", source="caller")
    line.app_end(87.3, "caller", "Queue", "support,t,,,120")
    line.end(87.3, "caller", source="caller")
    line.retire(87.3, "caller")
    return line, {
        "outcome": "answered", "queue": "support", "queued_at": at(1), "answered_at": at(27.2), "wait_s": 26.2, "extension": "202", "talk_s": 60,
        "hangup_by": "caller", "ended_at": at(87.3),
    }, [("customer", CALLER, True), ("agent", "201", False), ("agent", "202", True)]  # fmt: skip


def queue_abandoned():
    line = Line()
    line.inbound()
    line.answer(0.5, "caller")
    line.app(1, "caller", "Queue", "support,t")
    line.rings(2, "201")
    line.end(14, "201", cause=16)
    line.app_end(14, "caller", "Queue", "support,t")
    line.end(14.1, "caller", source="caller")
    line.retire(14.1, "caller")
    return (
        line,
        {"outcome": "abandoned", "queue": "support", "answered_at": None, "wait_s": 13.1, "hangup_by": "caller", "talk_s": 0},
        [("customer", CALLER, False), ("agent", "201", False)],
    )


def queue_then_closed():
    line = Line()
    line.inbound()
    line.answer(0.5, "caller")
    line.app(1, "caller", "Queue", "support,t,,,30")
    line.rings(2, "201")
    line.end(31, "201", cause=19)
    line.app_end(31, "caller", "Queue", "support,t,,,30")
    line.app(31.1, "caller", "Playback", "all-busy")
    line.end(36, "caller", source="dialplan/builtin")
    line.retire(36, "caller")
    return line, {"outcome": "overflow", "hangup_by": "system", "queue": "support"}, [("customer", CALLER, False), ("agent", "201", False)]


def blind_to_phone():
    line = Line()
    line.inbound()
    line.app(1, "caller", "Dial", "PJSIP/201,30")
    line.rings(1.1, "201")
    line.answer(5, "201", "caller")
    line.enter(5, "b1", "201", "caller")
    line.say(20, "201", "BLINDTRANSFER", {
        "extension": "305", "context": "from-internal", "bridge_id": "b1", "transferee_channel_name": "PJSIP/trunk-00000001",
        "transferee_channel_uniqueid": line.channels["caller"]["uniqueid"],
    })  # fmt: skip
    line.leave(20, "b1", "201", "caller")
    line.end(20.1, "201", source="201")
    line.app(20.2, "caller", "Dial", "PJSIP/305,30", exten="305", context="from-internal")
    line.rings(20.3, "305")
    line.answer(26, "305")
    line.talk(26, 56, "b2", "305", "caller")
    line.end(56, "305", source="305")
    line.end(56, "caller", source="305", status="ANSWER")
    line.retire(56, "caller")
    return line, {
        "outcome": "answered", "extension": "305", "answered_at": at(5), "ended_at": at(56), "talk_s": 45.1, "hangup_by": "agent",
        "transfers": ({"at": at(20).isoformat(), "kind": "blind", "from": "201", "to": {"extension": "305"}, "result": "completed"},),
    }, [("customer", CALLER, True), ("agent", "201", True), ("agent", "305", True)]  # fmt: skip


def blind_to_outside():
    line = Line()
    line.inbound()
    line.app(1, "caller", "Dial", "PJSIP/201,30")
    line.rings(1.1, "201")
    line.answer(5, "201", "caller")
    line.enter(5, "b1", "201", "caller")
    line.say(20, "201", "BLINDTRANSFER", {
        "extension": "89161234567", "context": "from-internal", "bridge_id": "b1", "transferee_channel_name": "N/A", "transferee_channel_uniqueid": "N/A",
    })  # fmt: skip
    line.leave(20, "b1", "201", "caller")
    line.end(20.1, "201", source="201")
    line.app(20.2, "caller", "Dial", "PJSIP/89161234567@trunk,60", exten="89161234567", context="from-internal")
    line.start(20.3, "mobile", "PJSIP/trunk-00000005", by="caller", num="89161234567", exten="", context="from-trunk")
    line.answer(30, "mobile")
    line.talk(30, 50, "b2", "mobile", "caller")
    line.end(50, "caller", source="caller", status="ANSWER")
    line.end(50, "mobile", source="caller")
    line.retire(50, "caller")
    return line, {
        "direction": "inbound", "outcome": "answered", "extension": "201", "answered_at": at(5), "talk_s": 35.1,
        "transfers": ({"at": at(20).isoformat(), "kind": "blind", "from": "201", "to": {"number": "89161234567"}, "result": "completed"},),
    }, [("customer", CALLER, True), ("agent", "201", True), ("external", "89161234567", True)]  # fmt: skip


def attended():
    line = Line()
    line.inbound()
    line.app(1, "caller", "Dial", "PJSIP/201,30")
    line.rings(1.1, "201")
    line.answer(5, "201", "caller")
    line.enter(5, "b1", "201", "caller")
    line.start(20, "201b", "PJSIP/201-00000033", num="201", exten="305")
    line.app(20.1, "201b", "Dial", "PJSIP/305,30")
    line.rings(20.2, "305", by="201b")
    line.answer(25, "305", "201b")
    line.enter(25, "b2", "305", "201b")
    line.say(40, "201", "ATTENDEDTRANSFER", {
        "bridge1_id": "b1", "channel2_name": "PJSIP/201-00000033", "channel2_uniqueid": line.channels["201b"]["uniqueid"], "bridge2_id": "b2",
        "transferee_channel_name": "PJSIP/trunk-00000001", "transferee_channel_uniqueid": line.channels["caller"]["uniqueid"],
        "transfer_target_channel_name": line.channels["305"]["channame"], "transfer_target_channel_uniqueid": line.channels["305"]["uniqueid"],
    })  # fmt: skip
    line.leave(40, "b2", "201b")
    line.leave(40, "b1", "201")
    line.leave(40, "b1", "caller")
    line.retire(40, "201b")
    line.joins("caller", "305", "201b")
    line.enter(40, "b2", "caller")
    line.end(40, "201b", source="201b")
    line.end(40, "201", source="201")
    line.leave(70, "b2", "305", "caller")
    line.end(70, "305", source="caller")
    line.end(70, "caller", source="caller", status="ANSWER")
    line.retire(70, "caller")
    return line, {
        "direction": "inbound", "outcome": "answered", "from_raw": CALLER, "to_raw": LINE, "answered_at": at(5), "ended_at": at(70), "hold_s": 15,
        "talk_s": 50, "extension": "305", "hangup_by": "caller",
        "transfers": ({"at": at(40).isoformat(), "kind": "attended", "from": "201", "to": {"extension": "305"}, "result": "completed"},),
    }, [("customer", CALLER, True), ("agent", "201", True), ("agent", "305", True)]  # fmt: skip


def pick_up():
    line = Line()
    line.inbound()
    line.app(1, "caller", "Dial", "PJSIP/201,30")
    line.rings(1.1, "201")
    line.start(9, "203", "PJSIP/203-00000044", num="203", exten="*8", context="from-internal")
    line.app(9, "203", "Pickup", "201@from-internal")
    line.say(9.1, "201", "PICKUP", {"pickup_channel": "PJSIP/203-00000044", "pickup_channel_uniqueid": line.channels["203"]["uniqueid"]})
    line.answer(9.1, "203", "caller")
    line.end(9.2, "201", cause=26)
    line.retire(9.2, "203")
    line.joins("caller", "203")
    line.talk(9.3, 39.3, "b1", "203", "caller")
    line.end(39.3, "203", source="203")
    line.end(39.4, "caller", source="203", status="ANSWER")
    line.retire(39.4, "caller")
    return (
        line,
        {"outcome": "answered", "answered_by_raw": "203", "extension": "203", "from_raw": CALLER, "answered_at": at(9.3), "talk_s": 30},
        [("customer", CALLER, True), ("agent", "201", False), ("agent", "203", True)],
    )


def forwarded_always():
    line = Line()
    line.inbound()
    line.app(1, "caller", "Dial", f"PJSIP/{MOBILE}@trunk,45", exten="201", context="from-internal")
    line.start(1.2, "mobile", "PJSIP/trunk-00000002", by="caller", num=MOBILE, exten="", context="from-trunk")
    line.answer(11, "mobile", "caller")
    line.talk(11, 31, "b1", "mobile", "caller")
    line.end(31, "mobile", source="mobile")
    line.end(31, "caller", source="mobile", status="ANSWER")
    line.retire(31, "caller")
    return (
        line,
        {
            "direction": "inbound",
            "outcome": "answered",
            "answered_by_raw": MOBILE,
            "to_raw": LINE,
            "answered_at": at(11),
            "talk_s": 20,
            "extension": "",
        },
        [("customer", CALLER, True), ("external", MOBILE, True)],
    )


def forwarded_by_the_phone():
    """201 answers 302: Asterisk dials the mobile by a Local channel; the row FORWARD is the caller's."""
    line = Line()
    line.inbound()
    line.app(1, "caller", "Dial", "PJSIP/201,30")
    line.rings(1.1, "201")
    line.say(1.5, "caller", "FORWARD", {"forward": "Local/89161234567@from-internal"})
    line.end(1.5, "201", cause=16)
    line.start(1.6, "l1", "Local/89161234567@from-internal-00000001;1", by="caller", exten="89161234567")
    line.start(1.6, "l2", "Local/89161234567@from-internal-00000001;2", by="caller", exten="89161234567")
    line.app(1.7, "l2", "Dial", "PJSIP/89161234567@trunk,60")
    line.start(1.8, "mobile", "PJSIP/trunk-00000002", by="caller", num="89161234567", exten="", context="from-trunk")
    line.answer(10, "mobile", "l2", "l1", "caller")
    line.enter(10, "inner", "mobile", "l2")
    line.enter(10.1, "outer", "l1", "caller")
    line.leave(40.1, "outer", "caller", "l1")
    line.leave(40.1, "inner", "l2", "mobile")
    for short in ("l1", "l2", "mobile"):
        line.end(40.1, short, source="caller")
    line.end(40.2, "caller", source="caller", status="ANSWER")
    line.retire(40.2, "caller")
    return (
        line,
        {"outcome": "answered", "answered_by_raw": "89161234567", "answered_at": at(10.1), "talk_s": 30, "hangup_by": "caller"},
        [("customer", CALLER, True), ("agent", "201", False), ("external", "89161234567", True)],
    )


def forwarded_on_no_answer():
    line = Line()
    line.inbound()
    line.app(1, "caller", "Dial", "PJSIP/201,15")
    line.rings(1.1, "201")
    line.end(16, "201", cause=19)
    line.app_end(16, "caller", "Dial")
    line.app(16.1, "caller", "Dial", f"PJSIP/{MOBILE}@trunk,45")
    line.start(16.2, "mobile", "PJSIP/trunk-00000002", by="caller", num=MOBILE, exten="", context="from-trunk")
    line.answer(22, "mobile", "caller")
    line.talk(22, 52, "b1", "mobile", "caller")
    line.end(52, "mobile", source="caller")
    line.end(52, "caller", source="caller", status="ANSWER")
    line.retire(52, "caller")
    return (
        line,
        {"outcome": "answered", "answered_by_raw": MOBILE, "answered_at": at(22), "talk_s": 30, "first_ring_at": at(1.1)},
        [("customer", CALLER, True), ("agent", "201", False), ("external", MOBILE, True)],
    )


def unreachable_then_another():
    line = Line()
    line.inbound()
    line.app(1, "caller", "Dial", "PJSIP/201,15")
    line.rings(1.1, "201")
    line.end(1.2, "201", cause=20)
    line.app_end(1.3, "caller", "Dial")
    line.app(1.4, "caller", "Dial", "PJSIP/202,15")
    line.rings(1.5, "202")
    line.answer(6, "202", "caller")
    line.talk(6, 16, "b1", "202", "caller")
    line.end(16, "202", source="caller")
    line.end(16, "caller", source="caller", status="ANSWER")
    line.retire(16, "caller")
    return (
        line,
        {"outcome": "answered", "extension": "202", "first_ring_at": at(1.5), "talk_s": 10},
        [("customer", CALLER, True), ("agent", "201", False), ("agent", "202", True)],
    )


def mobile_push():
    """The desk phone of 201 rings, push wakes the mobile one, which registers and rings too: one participant, one answer."""
    line = Line()
    line.inbound()
    line.app(1, "caller", "Dial", "PJSIP/201/sip:201@192.0.2.4:5060&Local/201@wake-up,30")
    line.rings(1.1, "201")
    line.start(1.1, "l1", "Local/201@wake-up-00000001;1", by="caller", exten="201", context="wake-up")
    line.start(1.1, "l2", "Local/201@wake-up-00000001;2", by="caller", exten="201", context="wake-up")
    line.app(5, "l2", "Dial", "PJSIP/201/sip:201@198.51.100.9:40112,25")
    line.rings(5.1, "201", by="caller", short="mobile")
    line.answer(9, "mobile", "l2", "l1")
    line.end(9, "201", cause=26)
    line.answer(9, "caller")
    line.enter(9.1, "inner", "mobile", "l2")
    line.enter(9.1, "outer", "l1", "caller")
    line.leave(39.1, "outer", "caller", "l1")
    line.leave(39.1, "inner", "l2", "mobile")
    for short in ("l1", "l2", "mobile"):
        line.end(39.1, short, source="mobile")
    line.end(39.2, "caller", source="mobile", status="ANSWER")
    line.retire(39.2, "caller")
    return (
        line,
        {"outcome": "answered", "extension": "201", "first_ring_at": at(1.1), "answered_at": at(9.1), "talk_s": 30, "hangup_by": "agent"},
        [("customer", CALLER, True), ("agent", "201", True)],
    )


def voicemail():
    line = Line()
    line.inbound()
    line.app(1, "caller", "Dial", "PJSIP/201,15")
    line.rings(1.1, "201")
    line.end(16, "201", cause=19)
    line.answer(16.2, "caller")
    line.app(16.2, "caller", "VoiceMail", "201@default,u")
    line.app_end(40, "caller", "VoiceMail")
    line.end(40, "caller", source="caller", status="NOANSWER")
    line.retire(40, "caller")
    return (
        line,
        {"outcome": "voicemail", "answered_at": None, "talk_s": 0, "ended_at": at(40)},
        [("customer", CALLER, False), ("agent", "201", False), ("voicemail", "201", True)],
    )


def menu_then_gone():
    line = Line()
    line.inbound()
    line.answer(0.3, "caller")
    line.app(0.5, "caller", "BackGround", "welcome", exten="s", context="ivr-main")
    line.end(12, "caller", source="caller")
    line.retire(12, "caller")
    return (
        line,
        {"outcome": "abandoned", "answered_at": None, "talk_s": 0, "to_raw": LINE, "hangup_by": "caller"},
        [("customer", CALLER, False)],
    )


def missed():
    line = Line()
    line.inbound()
    line.app(1, "caller", "Dial", "PJSIP/201,60")
    line.rings(1.1, "201")
    line.end(20, "201", cause=16)
    line.end(20, "caller", source="caller", status="CANCEL")
    line.retire(20, "caller")
    return (
        line,
        {"outcome": "missed", "hangup_by": "caller", "first_ring_at": at(1.1)},
        [("customer", CALLER, False), ("agent", "201", False)],
    )


def screened_away():
    """201's phone was answered, heard who calls, and declined: its channel was answered, the caller was not."""
    line = Line()
    line.inbound()
    line.app(1, "caller", "Dial", "PJSIP/201,15,U(screen)")
    line.rings(1.1, "201")
    line.answer(5, "201")
    line.end(12, "201", cause=16)
    line.end(13, "caller", source="dialplan/builtin", status="NOANSWER")
    line.retire(13, "caller")
    return line, {"outcome": "missed", "answered_at": None, "extension": "201"}, [("customer", CALLER, False), ("agent", "201", False)]


def parked():
    line = Line()
    line.inbound()
    line.app(1, "caller", "Dial", "PJSIP/201,15")
    line.rings(1.1, "201")
    line.answer(5, "201", "caller")
    line.talk(5, 15, "b1", "201", "caller")
    line.end(15, "201", source="201")
    line.say(15, "caller", "PARK_START", {"parker_dial_string": "PJSIP/201", "parking_lot": "default", "parking_space": 701})
    line.enter(15, "lot", "caller")
    line.start(35, "202", "PJSIP/202-00000055", num="202", exten="701")
    line.answer(35, "202")
    line.leave(35, "lot", "caller")
    line.say(35, "caller", "PARK_END", {"reason": "ParkedCallRetrieved", "retriever": "PJSIP/202-00000055"})
    line.retire(35, "202")
    line.joins("caller", "202")
    line.talk(35, 55, "b2", "caller", "202")
    line.end(55, "202", source="caller")
    line.end(55, "caller", source="caller")
    line.retire(55, "caller")
    return (
        line,
        {"direction": "inbound", "outcome": "answered", "extension": "202", "talk_s": 30, "from_raw": CALLER, "to_raw": LINE},
        [("customer", CALLER, True), ("agent", "201", True), ("agent", "202", True)],
    )


def recorded_and_held():
    line = answered_inbound()
    line.app(8.1, "caller", "MixMonitor", "/var/spool/asterisk/monitor/2026/11/23/call-1.wav,b")
    line.say(20, "201", "HOLD")
    line.say(35, "201", "UNHOLD")
    return line, {
        "hold_s": 15, "talk_s": 45.01, "outcome": "answered",
        "recordings": ({"id": "/var/spool/asterisk/monitor/2026/11/23/call-1.wav", "leg": line.channels["caller"]["uniqueid"], "at": at(8.1).isoformat()},),
    }, [("customer", CALLER, True), ("agent", "201", True)]  # fmt: skip


def random_line_names():
    """Phones whose endpoints are not named after their extensions are known by the number they are called by."""
    line = Line()
    line.start(0, "caller", "SIP/dev_32-00000003", num="42309", name="Rambo", exten="999101", context="from-extern")
    line.app(0.4, "caller", "Dial", "PJSIP/uzyebgp2,30", exten="s", context="user")
    line.start(0.5, "phone", "PJSIP/uzyebgp2-00000006", by="caller", num="101", name="Lupin", exten="s", context="default")
    line.answer(2, "phone", "caller")
    line.talk(2.1, 4.1, "b1", "phone", "caller")
    line.end(4.2, "phone")
    line.end(4.3, "caller", status="ANSWER")
    line.retire(4.3, "caller")
    return (
        line,
        {
            "direction": "inbound",
            "from_raw": "42309",
            "to_raw": "999101",
            "extension": "101",
            "answered_by_name": "Lupin",
            "outcome": "answered",
        },
        [("customer", "42309", True), ("agent", "101", True)],
    )


def internal_forwarded_outside():
    line = Line()
    line.start(0, "201", "PJSIP/201-00000001", num="201", exten="305")
    line.app(0.1, "201", "Dial", "PJSIP/305,15")
    line.rings(0.2, "305", by="201")
    line.end(15, "305", cause=19)
    line.app(15.1, "201", "Dial", f"PJSIP/{MOBILE}@trunk,30")
    line.start(15.2, "mobile", "PJSIP/trunk-00000002", by="201", num=MOBILE, exten="", context="from-trunk")
    line.answer(20, "mobile", "201")
    line.talk(20, 30, "b1", "mobile", "201")
    line.end(30, "mobile", source="201")
    line.end(30, "201", source="201", status="ANSWER")
    line.retire(30, "201")
    for row in line.rows:
        row["exten"] = ""  # as when the column is not sent
    return (
        line,
        {"direction": "internal", "from_raw": "201", "to_raw": "305", "outcome": "answered", "answered_at": at(20)},
        [("agent", "201", True), ("agent", "305", False), ("external", MOBILE, True)],
    )


def internal_to_a_mailbox():
    line = Line()
    line.start(0, "201", "PJSIP/201-00000001", num="201", exten="305")
    line.app(0.1, "201", "Dial", "PJSIP/305,15")
    line.rings(0.2, "305", by="201")
    line.end(15, "305", cause=19)
    line.answer(15.1, "201")
    line.app(15.1, "201", "VoiceMail", "305@default,u")
    line.end(30, "201", source="201", status="NOANSWER")
    line.retire(30, "201")
    return (
        line,
        {"direction": "internal", "outcome": "voicemail", "answered_at": None, "talk_s": 0, "answered_by_raw": ""},
        [("agent", "201", False), ("agent", "305", False), ("voicemail", "305", True)],
    )


SCENARIOS = [
    internal_to_a_mailbox,
    internal_forwarded_outside,
    plain_inbound, outbound, outbound_busy, outbound_no_answer, internal, ring_group, queue_with_two_members, queue_abandoned, queue_then_closed,
    blind_to_phone, blind_to_outside, attended, pick_up, forwarded_always, forwarded_by_the_phone, forwarded_on_no_answer,
    unreachable_then_another, mobile_push, voicemail, menu_then_gone, missed, screened_away, parked, recorded_and_held, random_line_names,
]  # fmt: skip


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.__name__)
def test_a_call_is_the_same_and_right_in_any_order(scenario):
    line, facts, legs = scenario()
    proving.prove(ROOM, line.deliveries(), [Expected(facts)], HERE)
    (call,) = proving.calls_of(ROOM, line.deliveries(), HERE)
    assert sorted((leg.party, leg.extension or leg.number_raw, leg.answered_at is not None) for leg in call.legs) == sorted(legs)


def why(scenario):
    line, _, _ = scenario()
    (call,) = proving.calls_of(ROOM, line.deliveries(), HERE)
    return {leg.extension: (leg.cause, leg.end_reason) for leg in call.legs if leg.party == "agent"}


def test_a_phone_that_did_not_take_the_call_says_why():
    assert why(ring_group)["201"] == (26, "answered_elsewhere")
    assert why(queue_with_two_members)["201"] == (19, "no_answer")
    assert why(unreachable_then_another)["201"] == (20, "unreachable")
    assert why(pick_up)["201"] == (26, "picked_up")
    assert why(forwarded_by_the_phone)["201"] == (16, "forwarded")
    assert why(screened_away)["201"] == (16, "not_connected")


@pytest.mark.parametrize("upto", range(1, 8))
def test_while_a_call_goes_on_it_is_never_ended_and_only_a_talk_is_an_answer(upto):
    line, _, _ = attended()
    (call,) = proving.calls_of(ROOM, line.deliveries()[:upto], HERE)
    assert call.state == ("in_progress" if upto >= 7 else "ringing" if upto >= 3 else "initiated")


def test_push_that_wakes_an_unreachable_phone_is_one_try():
    line = Line()
    line.inbound()
    line.app(1, "caller", "Dial", "PJSIP/201,15")
    line.rings(1.1, "201")
    line.end(1.3, "201", cause=20)
    line.rings(11, "201", short="again")
    (call,) = proving.calls_of(ROOM, line.deliveries(), HERE)
    assert [(leg.extension, leg.ring_at) for leg in call.legs] == [("201", at(11))]


def test_a_queue_that_rings_the_same_phone_again_tries_it_twice():
    line = Line()
    line.inbound()
    line.app(1, "caller", "Queue", "support,t")
    line.rings(2, "201")
    line.end(17, "201", cause=19)
    line.rings(22, "201", short="again")
    line.end(37, "again", cause=19)
    (call,) = proving.calls_of(ROOM, line.deliveries(), HERE)
    assert [(leg.extension, leg.end_reason) for leg in call.legs] == [("201", "no_answer")] * 2


# --- other spellings
AMI = {
    "Event": "CEL", "EventName": "CHAN_START", "AccountCode": "", "CallerIDnum": CALLER, "CallerIDname": "Ivanov", "CallerIDani": CALLER,
    "CallerIDrdnis": "", "CallerIDdnid": LINE, "Exten": LINE, "Context": "from-trunk", "Channel": "PJSIP/trunk-00000001", "Application": "",
    "AppData": "", "EventTime": "2026-11-23 13:00:00.250000", "AMAFlags": "DOCUMENTATION", "UniqueID": "1795428000.1", "LinkedID": "1795428000.1",
    "UserField": "", "Peer": "", "PeerAccount": "", "Extra": "",
}  # fmt: skip


def test_the_manager_interface_and_upper_case_columns_say_the_same():
    upper = {"EVENTTYPE": "AST_CEL_CHAN_START", "EVENTTIME": "1795428000.25", "CID_NUM": CALLER, "CID_NAME": "Ivanov", "CID_ANI": CALLER, "CID_DNID": LINE,
             "EXTEN": LINE, "CONTEXT": "from-trunk", "CHANNAME": "PJSIP/trunk-00000001", "UNIQUEID": "1795428000.1", "LINKEDID": "1795428000.1", "EXTRA": None}  # fmt: skip
    for row in (AMI, upper):
        (call,) = proving.calls_of(ROOM, [Delivery(json.dumps(row).encode(), "application/json")], HERE)
        assert (call.from_raw, call.to_raw, call.direction, call.started_at) == (CALLER, LINE, "inbound", at(0.25))
    assert call.flags == () and "naive_time" in proving.calls_of(ROOM, [Delivery(json.dumps(AMI).encode())], HERE)[0].flags


def test_one_row_several_and_lists_under_a_name_are_the_same_events():
    read = adapters.named(ROOM).read
    line, _, _ = plain_inbound()
    alone = [read(row, HERE)[0] for row in line.rows]
    for value in (line.rows, {"events": line.rows}, {"rows": line.rows}):
        several = read(value, HERE)
        assert [{name: one for name, one in body.items() if name != "raw"} for body in several] == alone
        assert [read(body["raw"], HERE)[0] for body in several] == alone
    assert len({body["event_id"] for body in alone}) == len(alone)


def test_events_of_the_dialplan_itself_are_kept_and_passed_over():
    row = {**AMI, "EventName": "USER_DEFINED", "UserDefType": "survey", "Extra": '{"extra": "5"}'}
    (body,) = adapters.named(ROOM).read(row, HERE)
    assert body["type"] == "asterisk.SURVEY" and body["type"] not in adapters.named(ROOM).own_types


@pytest.mark.parametrize(
    "nothing",
    [
        None,
        5,
        [],
        {},
        "x",
        {"rows": 3},
        {"rows": [None, [], 1]},
        {"eventtype": "ANSWER"},
        {"uniqueid": "1.1"},
        {"eventtype": [], "uniqueid": {}},
    ],
)
def test_what_tells_of_no_call_gives_nothing(nothing):
    assert adapters.named(ROOM).read(nothing, HERE) == []


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=6)  # fmt: skip
FIELDS = (
    "eventtype",
    "eventtime",
    "cid_num",
    "exten",
    "channame",
    "appname",
    "appdata",
    "uniqueid",
    "linkedid",
    "peer",
    "extra",
    "events",
    "rows",
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), JSON | st.sampled_from(["Dial", "Queue", "1.1", "1.2", "Local/1@x-00000001;1", "PJSIP/201-00000001", *("CHAN_START", "APP_START", "BRIDGE_ENTER", "ATTENDEDTRANSFER", "HANGUP")])), max_size=6))  # fmt: skip
def test_any_value_gets_an_answer(value):
    adapter = adapters.named(ROOM)
    adapter.read(value, HERE)
    stored = [Delivery(json.dumps(one, default=str).encode("utf-8", "replace"), "application/json") for one in value]
    proving.calls_of(ROOM, stored, HERE)


def test_who_is_dialled():
    assert destinations("PJSIP/201&SIP/trunk/89161234567&PJSIP/+7916@gw,30,tT") == (
        Destination("PJSIP", "201", ""), Destination("SIP", "trunk", "89161234567"), Destination("PJSIP", "gw", "+7916"),
    )  # fmt: skip
    assert destinations("PJSIP/201/sip:201@192.0.2.1:5060;ob") == (Destination("PJSIP", "201", ""),)
    assert destinations("PJSIP/201/sip:a1b2c3@192.0.2.1&Local/5@x") == (Destination("PJSIP", "201", ""),)
    assert destinations("") == destinations("&&,") == ()


# --- the whole way
@pytest.fixture
def system(db):
    return PhoneSystemFactory(slug="pbx", adapter=ROOM, auth_mode="hmac_t_v1", secret=SECRET, default_region="RU", own_lines=[LINE])


def signed(value, secret=SECRET):
    delivery = Delivery(json.dumps(value).encode(), "application/json")
    made = genuine.sign("hmac_t_v1", delivery, secret=secret, account="", url="", now=timezone.now())
    assert made is not None
    return made


def test_over_http_an_attended_transfer_is_one_call_and_doubles_change_nothing(system, django_capture_on_commit_callbacks):
    line, _, _ = attended()
    half = len(line.rows) // 2
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            answers = proving.post(Client(), system, [signed({"rows": line.rows[half:]}), signed(line.rows[:half])])
        assert [answer.status_code for answer in answers] == [200, 200]
        call = Call.objects.get()
        assert (call.outcome, call.from_e164, call.to_e164, call.talk_s, call.hold_s) == ("answered", CALLER, LINE, 50, 15)
        assert sorted(CallLeg.objects.values_list("extension", flat=True)) == ["", "201", "305"]
        assert CallEvent.objects.count() == len(line.rows)
    assert {one["status"] for answer in answers for one in answer.json()["results"]} == {"duplicate"}


def test_a_wrong_signature_is_refused(system):
    (answer,) = proving.post(Client(), system, [signed(AMI, secret="another secret that is long enough")])
    assert answer.status_code == 401 and not CallEvent.objects.exists()


@pytest.mark.parametrize("mode", adapters.named(ROOM).auth_modes)
def test_a_trial_goes_well(db, client_of, mode):
    system = PhoneSystemFactory(adapter=ROOM, auth_mode=mode, secret="" if mode == "token" else SECRET, account="user")
    told = client_of("admin").post(f"/api/v1/phone-systems/{system.pk}/test/").json()
    assert told["problem"] == "" and told["is_genuine"] is (None if mode == "token" else True), told
    assert told["events"][0]["type"] == "asterisk.CHAN_START"
