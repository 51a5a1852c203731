"""Calls as phone systems tell them, each with what must come out. Times are seconds after ten o'clock."""

from datetime import UTC, datetime, timedelta
from typing import Any

BEGIN = datetime(2026, 11, 23, 10, tzinfo=UTC)
CALLER, LINE = "+74951234567", "+78001234567"


def at(seconds: float) -> str:
    return (BEGIN + timedelta(seconds=seconds)).isoformat()


def event(kind: str, seconds: float, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "call_id": "c1", "occurred_at": at(seconds), **fields}


def begun(direction: str = "inbound", **fields: Any) -> dict[str, Any]:
    ends = {"from": CALLER, "to": LINE} if direction == "inbound" else {"from": LINE, "to": CALLER}
    return event("call.initiated", 0, direction=direction, **ends, **fields)


def leg(kind: str, seconds: float, extension: str = "201", **fields: Any) -> dict[str, Any]:
    return event(f"leg.{kind}", seconds, leg_id=f"leg-{extension}", agent={"extension": extension}, **fields)


def far(kind: str, seconds: float, **fields: Any) -> dict[str, Any]:
    return event(f"leg.{kind}", seconds, leg_id="far", **fields)


#: name: (events, what must be true of the call)
SCENARIOS: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "answered": (
        [begun(), event("call.queued", 1, queue="support"), leg("ringing", 5), leg("answered", 9), leg("ended", 69), event("call.ended", 70, hangup_by="caller")],
        {"outcome": "answered", "state": "ended", "queue": "support", "extension": "201", "wait_s": 8, "ring_s": 4, "talk_s": 60, "hangup_by": "caller"},
    ),
    "abandoned in the queue": (
        [begun(), event("call.queued", 1, queue="support", queue_position=3), event("call.left_queue", 41, reason="abandon"), event("call.ended", 41)],
        {"outcome": "abandoned", "wait_s": 40, "talk_s": 0, "queue_position": 3, "answered_at": None},
    ),
    "hung up in the queue without a word": (
        [begun(), event("call.queued", 1, queue="support"), event("call.ended", 20, hangup_by="caller")],
        {"outcome": "abandoned", "wait_s": 19},
    ),
    "rang and nobody came": (
        [begun(), leg("ringing", 2), event("call.ended", 30)],
        {"outcome": "missed", "ring_s": 28, "extension": "201", "talk_s": 0},
    ),
    "the second operator answers": (
        [begun(), leg("ringing", 2), leg("not_answered", 22), leg("ringing", 23, "202"), leg("answered", 26, "202"), event("call.ended", 86)],
        {"outcome": "answered", "extension": "202", "answered_at": at(26), "talk_s": 60},
    ),
    "held twice": (
        [begun(), leg("answered", 10), leg("held", 20), leg("resumed", 30), leg("held", 40), leg("resumed", 45), event("call.ended", 60)],
        {"outcome": "answered", "hold_s": 15, "talk_s": 35},
    ),
    "held to the end": (
        [begun(), leg("answered", 10), leg("held", 20), event("call.ended", 60)],
        {"hold_s": 40, "talk_s": 10},
    ),
    "passed on blindly": (
        [
            begun(),
            leg("answered", 10),
            event("call.transferred", 40, agent={"extension": "201"}, transfer={"kind": "blind", "to": {"extension": "305"}}),
            leg("ended", 40),
            leg("ringing", 41, "305"),
            leg("answered", 45, "305"),
            leg("ended", 105, "305"),
            event("call.ended", 105),
        ],
        {"outcome": "answered", "extension": "305", "talk_s": 90, "answered_at": at(10)},
    ),
    "passed on with a word before": (
        [
            begun(),
            leg("answered", 10),
            leg("held", 30),
            leg("answered", 40, "305"),
            event("call.transferred", 60, agent={"extension": "201"}, transfer={"kind": "attended", "to": {"extension": "305"}}),
            leg("ended", 60),
            event("call.ended", 100),
        ],
        {"outcome": "answered", "extension": "305", "hold_s": 30},
    ),
    "overflow": (
        [begun(), event("call.queued", 1, queue="support"), event("call.left_queue", 61, reason="timeout"), event("call.ended", 62)],
        {"outcome": "overflow", "wait_s": 61},
    ),
    "voicemail": (
        [begun(), leg("ringing", 2), event("voicemail.left", 40, recording={"url": "https://pbx.example/v/1"}), event("call.ended", 41)],
        {"outcome": "voicemail"},
    ),
    "outbound answered": (
        [begun("outbound", agent={"extension": "201"}), far("ringing", 2), far("answered", 12), event("call.ended", 72, hangup_by="agent")],
        {"outcome": "answered", "direction": "outbound", "talk_s": 60, "wait_s": 12, "extension": "201"},
    ),
    "outbound busy": ([begun("outbound"), event("call.ended", 3, cause=17)], {"outcome": "busy", "talk_s": 0}),
    "outbound no answer": ([begun("outbound"), far("ringing", 2), event("call.ended", 40, cause=19)], {"outcome": "no_answer"}),
    "outbound congestion": ([begun("outbound"), event("call.ended", 3, cause=34)], {"outcome": "congestion"}),
    "outbound no such number": ([begun("outbound"), event("call.ended", 3, cause=1)], {"outcome": "invalid_number"}),
    "outbound in words": ([begun("outbound"), event("call.ended", 3, cause_text="NO ANSWER")], {"outcome": "no_answer"}),
    "outbound in unknown words": ([begun("outbound"), event("call.ended", 3, cause_text="GLITCH")], {"outcome": "unknown"}),
    "a machine answered": ([begun("outbound"), far("answered", 5), event("machine.detected", 7), event("call.ended", 9)], {"outcome": "machine"}),
    "the beginning is missing": ([leg("answered", 10), event("call.ended", 70)], {"outcome": "answered", "is_partial": True, "talk_s": 60}),
    "the answer is missing": ([begun(), leg("ringing", 2), leg("ended", 62), event("call.ended", 62)], {"outcome": "missed"}),
    "still talking": ([begun(), leg("ringing", 2), leg("answered", 8)], {"state": "in_progress", "outcome": "", "ended_at": None}),
    "still waiting": ([begun(), event("call.queued", 1, queue="support")], {"state": "queued", "outcome": ""}),
    "rings again after a transfer": (
        [begun(), leg("answered", 10), event("call.transferred", 40, transfer={"to": {"extension": "305"}}), leg("ended", 40), leg("ringing", 41, "305")],
        {"state": "ringing"},
    ),
    "one record for all": (
        [{"type": "cdr", "call_id": "c1", "occurred_at": at(0), "direction": "inbound", "from": CALLER, "to": LINE, "agent": "201", "duration_s": 70, "talk_s": 60}],
        {"outcome": "answered", "state": "ended", "talk_s": 60, "answered_at": at(10), "ended_at": at(70), "is_partial": False},
    ),
    "a record of nobody": (
        [{"type": "cdr", "call_id": "c1", "occurred_at": at(0), "direction": "inbound", "from": CALLER, "duration_s": 20, "talk_s": 0, "cause_text": "NO ANSWER"}],
        {"outcome": "no_answer", "talk_s": 0},
    ),
    "a late record puts right what was lost": (
        [begun(), event("call.ended", 5), {**event("cdr", 70), "direction": "inbound", "agent": "201", "duration_s": 70, "talk_s": 60}],
        {"outcome": "answered", "talk_s": 60, "ended_at": at(70), "extension": "201"},
    ),
    "a recording after the end": (
        [begun(), leg("answered", 5), event("call.ended", 65), event("recording.available", 95, recording={"url": "https://pbx.example/r/1", "duration_s": 60})],
        {"state": "ended", "ended_at": at(65), "talk_s": 60},
    ),
    "internal": (
        [event("call.initiated", 0, direction="internal", **{"from": "201", "to": "305"}), leg("answered", 5, "305"), event("call.ended", 30)],
        {"direction": "internal", "outcome": "answered", "talk_s": 25},
    ),
}  # fmt: skip
