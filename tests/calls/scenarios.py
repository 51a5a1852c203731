"""Calls as phone systems tell them, each with what must come out. Times are seconds after ten o'clock."""

from datetime import UTC, datetime, timedelta
from typing import Any

from calls.facts import CallFacts

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


def agent(kind: str, seconds: float, extension: str = "201", **fields: Any) -> dict[str, Any]:
    """As senders without leg ids tell it."""
    return event(f"leg.{kind}", seconds, agent=extension, **fields)


def far(kind: str, seconds: float, **fields: Any) -> dict[str, Any]:
    return event(f"leg.{kind}", seconds, leg_id="far", **fields)


def brief(facts: CallFacts, field: str) -> Any:
    """What a scenario writes for this field."""
    if field == "legs":
        return [(one.key, one.state) for one in facts.legs]
    if field == "parties":
        return [one.party for one in facts.legs]
    if field == "stays":
        return [(one["queue"], one["reason"]) for one in facts.queue_stays]
    if field == "transfers":
        return [one["result"] for one in facts.transfers]
    found = getattr(facts, field)
    return found.isoformat() if isinstance(found, datetime) else found


#: name: (events, what must be true of the call; ``legs``, ``parties``, ``stays`` and ``transfers`` in short, see ``brief``)
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
        {"outcome": "missed", "talk_s": 0},
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
    "answer told before the beginning": (
        [leg("answered", 9), begun(), leg("ringing", 5), event("call.ended", 70)],
        {"outcome": "answered", "is_partial": False, "started_at": at(0), "answered_at": at(9), "talk_s": 61},
    ),
    "the answer is lost but the talk was counted": (
        [begun(), leg("ringing", 2), event("call.ended", 62, talk_s=50, duration_s=62)],
        {"outcome": "answered", "extension": "201", "answered_at": at(12), "talk_s": 50, "reported_talk_s": 50},
    ),
    "rung again without leg ids": (
        [
            begun(),
            event("call.queued", 1, queue="support"),
            agent("ringing", 5),
            agent("not_answered", 20),
            agent("ringing", 25),
        ],
        {"state": "ringing", "outcome": "", "first_ring_at": at(5), "legs": [("agent:201", "ended"), ("agent:201#2", "ringing")]},
    ),
    "back in the queue after nobody answered": (
        [begun(), event("call.queued", 1, queue="support"), agent("ringing", 5), agent("not_answered", 20)],
        {"state": "queued", "queue": "support"},
    ),
    "answered without naming the leg": (
        [begun(), leg("ringing", 2), event("leg.answered", 8), event("call.ended", 68)],
        {"outcome": "answered", "extension": "201", "talk_s": 60, "legs": [("leg-201", "ended")]},
    ),
    "the least that can be told": (
        [event("leg.answered", 0), event("call.ended", 30)],
        {"outcome": "answered", "direction": "inbound", "talk_s": 30, "is_partial": True, "legs": [("main", "ended")]},
    ),
    "picked up when the caller had gone": (
        [begun(), event("call.queued", 1, queue="support"), event("call.ended", 41, hangup_by="caller"), leg("answered", 42)],
        {"outcome": "abandoned", "answered_at": None, "ended_at": at(41), "talk_s": 0, "flags": ("answer_after_end",)},
    ),
    "a leg that ends late": (
        [begun(), leg("answered", 10), event("call.ended", 70), leg("ended", 71)],
        {"ended_at": at(70), "talk_s": 60},
    ),
    "only leg ends, no end of the call": (
        [begun(), leg("answered", 10), leg("ended", 70)],
        {"state": "initiated", "ended_at": None, "outcome": "", "talk_s": None},
    ),
    "the queue gives up while it rings": (
        [begun(), event("call.queued", 1, queue="support"), leg("ringing", 5), event("call.left_queue", 61, reason="EXITWITHTIMEOUT"), event("call.ended", 62)],
        {"outcome": "overflow"},
    ),
    "the system ends a waiting call": (
        [begun(), event("call.queued", 1, queue="support"), event("call.ended", 90, hangup_by="system")],
        {"outcome": "overflow"},
    ),
    "asked to be called back": (
        [begun(), event("call.queued", 1, queue="support"), event("call.left_queue", 30, reason="callback"), event("call.ended", 31)],
        {"outcome": "callback_requested"},
    ),
    "hung up in the menu": ([begun(), event("call.ended", 12, hangup_by="caller")], {"outcome": "abandoned"}),
    "ended and nobody says how": ([begun(), event("call.ended", 12)], {"outcome": "unknown"}),
    "inbound in unknown words": ([begun(), event("call.ended", 12, cause_text="GLITCH")], {"outcome": "unknown"}),
    "only the leaving of the queue is known": (
        [begun(), event("call.left_queue", 41, reason="abandon", queue="support"), event("call.ended", 41)],
        {"outcome": "abandoned", "wait_s": 41, "queued_at": None, "queue": "support"},
    ),
    "from one queue to another": (
        [
            begun(),
            event("call.queued", 1, queue="sales", queue_position=4),
            event("call.queued", 5, queue="sales", queue_position=1),
            event("call.queued", 10, queue="support"),
            leg("answered", 30),
            event("call.ended", 50),
        ],
        {"queue": "support", "queued_at": at(1), "wait_s": 29, "stays": [("sales", "moved"), ("support", "answered")]},
    ),
    "passed on and never taken": (
        [begun(), leg("answered", 10), event("call.transferred", 40, leg_id="leg-201", transfer={"to": "305"}), leg("ended", 40), leg("ringing", 41, "305"), event("call.ended", 60)],
        {"outcome": "answered", "extension": "201", "talk_s": 30, "transfers": ["abandoned"]},
    ),
    "passed on and given back": (
        [
            begun(),
            leg("answered", 10),
            leg("held", 20),
            event("call.transferred", 25, leg_id="leg-201", transfer={"kind": "attended", "to": {"extension": "305"}}),
            leg("ringing", 25, "305"),
            leg("not_answered", 35, "305"),
            event("call.ended", 60),
        ],
        {"extension": "201", "transfers": ["returned"]},
    ),
    "passed on to a number outside": (
        [
            begun(),
            leg("answered", 10),
            event("call.transferred", 40, leg_id="leg-201", transfer={"to": {"number": "+74957654321"}}),
            leg("ended", 40),
            event("leg.answered", 50, leg_id="out", to="+74957654321"),
            event("call.ended", 80),
        ],
        {"outcome": "answered", "extension": "201", "talk_s": 60, "transfers": ["completed"], "parties": ["agent", "external"]},
    ),
    "consulted and taken back": (
        [begun(), leg("answered", 10), leg("held", 20), leg("answered", 30, "305"), leg("ended", 40, "305"), leg("resumed", 41), leg("ended", 60), event("call.ended", 60)],
        {"extension": "201", "hold_s": 21, "talk_s": 29},
    ),
    "the leg of the caller is told too": (
        [begun(), event("leg.answered", 1, leg_id="c1"), leg("ringing", 2), event("call.ended", 30)],
        {"outcome": "missed", "answered_at": None, "parties": ["customer", "agent"]},
    ),
    "outbound, the operator's phone first": (
        [begun("outbound"), leg("answered", 3), far("ringing", 5), far("ended", 25, cause=17), leg("ended", 26), event("call.ended", 26, cause=16)],
        {"outcome": "busy", "extension": "201", "answered_at": None, "talk_s": 0},
    ),
    "outbound, it rings at the far side": (
        [begun("outbound"), leg("answered", 3), far("ringing", 5)],
        {"state": "ringing", "outcome": ""},
    ),
    "outbound, the operator joins later": (
        [begun("outbound"), far("answered", 10), leg("answered", 15), event("call.ended", 75)],
        {"outcome": "answered", "answered_at": at(10), "talk_s": 60, "extension": "201"},
    ),
    "outbound, only the operator's leg is told": (
        [begun("outbound"), leg("answered", 12), event("call.ended", 72, cause=16)],
        {"outcome": "answered", "answered_at": at(12), "talk_s": 60},
    ),
    "outbound, only the operator's leg, and the far side was busy": (
        [begun("outbound"), leg("answered", 3), event("call.ended", 9, cause=17)],
        {"outcome": "busy", "answered_at": None, "talk_s": 0},
    ),
    "outbound, the caller lost patience": ([begun("outbound"), far("ringing", 2), event("call.ended", 12, cause=16)], {"outcome": "canceled"}),
    "outbound, rejected": ([begun("outbound"), event("call.ended", 4, cause=21)], {"outcome": "rejected"}),
    "outbound, out of order": ([begun("outbound"), event("call.ended", 4, cause=27)], {"outcome": "failed"}),
    "outbound, a word beside a normal clearing": (
        [begun("outbound"), event("call.ended", 4, cause=16, cause_text="no-answer")],
        {"outcome": "no_answer"},
    ),
    "a record of an outbound call": (
        [{"type": "cdr", "call_id": "c1", "occurred_at": at(0), "direction": "outbound", "from": "201", "to": CALLER, "agent": "201", "duration_s": 20, "talk_s": 0, "cause": 17}],
        {"outcome": "busy", "extension": "201", "talk_s": 0, "reported_duration_s": 20, "is_partial": False},
    ),
    "a record with its own times": (
        [event("cdr", 99, started_at=at(0), answered_at=at(7), ended_at=at(70), agent="201")],
        {"outcome": "answered", "started_at": at(0), "answered_at": at(7), "ended_at": at(70), "talk_s": 63, "wait_s": 7},
    ),
    "a record per operator who was rung": (
        [
            event("cdr", 0, agent="201", duration_s=20, talk_s=0, cause_text="NO ANSWER"),
            event("cdr", 20, agent="202", duration_s=50, talk_s=40, cause_text="ANSWERED"),
        ],
        {"outcome": "answered", "extension": "202", "started_at": at(0), "ended_at": at(70), "talk_s": 40},
    ),
    "a record that rounds a short call": (
        [begun(), leg("answered", 4.9), leg("ended", 5.4), event("cdr", 0, duration_s=4, talk_s=0)],
        {"outcome": "answered", "ended_at": at(5.4)},
    ),
    "a record of a line says answered, but only the queue did": (
        [begun(), event("call.queued", 1, queue="support"), event("call.left_queue", 41, reason="abandon"), event("cdr", 0, duration_s=41, talk_s=40, cause_text="ANSWERED")],
        {"outcome": "abandoned", "talk_s": 0, "reported_talk_s": 40},
    ),
    "a type of tomorrow": (
        [begun(), event("agent.smiled", 5, agent={"extension": "999"}), leg("answered", 10), event("call.ended", 70)],
        {"outcome": "answered", "extension": "201", "last_event_at": at(70)},
    ),
    "wrap-up after the end": (
        [begun(), leg("answered", 10), event("call.ended", 70), event("wrapup.started", 70, agent="201"), event("wrapup.ended", 100, agent="201")],
        {"state": "ended", "ended_at": at(70), "talk_s": 60},
    ),
    "to a colleague, without a word on direction": (
        [event("call.initiated", 0, **{"from": "201", "to": "305"}), leg("ringing", 1, "305"), event("call.ended", 20)],
        {"direction": "internal", "outcome": "no_answer"},
    ),
    "an answer told twice": (
        [begun(), leg("answered", 10), leg("answered", 30), event("call.ended", 70)],
        {"answered_at": at(10), "talk_s": 60},
    ),
    "outbound, cleared normally in words, busy by its leg": (
        [begun("outbound"), far("ended", 3, cause_text="USER_BUSY"), event("call.ended", 4, cause_text="NORMAL_CLEARING")],
        {"outcome": "busy", "cause_text": "NORMAL_CLEARING"},
    ),
    "an answer that names the operator, before the leg has its id": (
        [begun(), agent("answered", 9), leg("ringing", 10), leg("ended", 60), event("call.ended", 60)],
        {"answered_at": at(9), "talk_s": 51, "legs": [("leg-201", "ended")]},
    ),
    "an end that says it was answered later than the record says it ended": (
        [begun(), event("call.ended", 70, answered_at=at(65)), event("cdr", 0, duration_s=60)],
        {"outcome": "answered", "answered_at": at(60), "ended_at": at(60), "talk_s": 0},
    ),
    "another ring on the leg of nobody": (
        [event("leg.answered", 6), event("leg.ended", 17), event("leg.ringing", 37)],
        {"state": "initiated", "answered_at": at(6), "first_ring_at": None},
    ),
}  # fmt: skip
