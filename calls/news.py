"""What other systems are told of what happens on the line: calls that ended, what was written of them, who is called back, recordings."""

from typing import Any
from uuid import UUID

from calls.consequences import Change
from calls.models import Call, Callback, Recording, ReturnCall
from calls.models.callbacks import OPEN
from calls.models.return_calls import OWED
from config.platform import outbox
from config.platform.history import followers
from config.platform.models import AuditEvent
from config.platform.news import Writing
from config.platform.outbox import News, Subject

ID, AGENT, CONTACT = (
    "0199a1b2-5555-7000-8000-293a4b5c6d7e",
    "0199a1b2-0000-7000-8000-293a4b5c6d7e",
    "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
)
CALL: dict[str, Any] = {
    "call": ID,
    "direction": "inbound",
    "outcome": "answered",
    "phone": "+74951234567",
    "contact": CONTACT,
    "agent": AGENT,
    "line": "main",
    "queue": "support",
    "started_at": "2026-11-23T06:55:00Z",
    "answered_at": "2026-11-23T06:55:20Z",
    "ended_at": "2026-11-23T07:00:00Z",
    "wait_s": 20.0,
    "talk_s": 280.0,
}
UNKNOWN = ("phone", "contact", "agent", "answered_at", "ended_at", "wait_s", "talk_s")
JOINED: dict[str, Any] = CALL | {"joined": "0199a1b2-6666-7000-8000-293a4b5c6d7e"}
WRITE_UP: dict[str, Any] = CALL | {"disposition": "order-taken", "revision": 1, "topics": ["delivery"], "wrapped_up_by": AGENT}
CALLBACK: dict[str, Any] = {
    "callback": "0199a1b2-7777-7000-8000-293a4b5c6d7e",
    "state": "scheduled",
    "verb": "schedule",
    "contact": CONTACT,
    "phone": "+74951234567",
    "at": "2026-11-24T15:00:00Z",
    "time_zone": "Europe/Moscow",
    "recipient": "agent",
    "agent": AGENT,
    "team": "0199a1b2-dddd-7000-8000-293a4b5c6d7e",
    "call": ID,
}
RETURN_CALL: dict[str, Any] = {
    "return_call": "0199a1b2-9999-7000-8000-293a4b5c6d7e",
    "state": "open",
    "verb": "open",
    "reason": "abandoned",
    "contact": CONTACT,
    "phone": "+74951234567",
    "queue": "support",
    "department": "0199a1b2-dddd-7000-8000-293a4b5c6d7e",
    "assignee": AGENT,
    "times_called": 3,
    "due_at": "2026-11-23T11:15:00Z",
    "call": ID,
}
RECORDING: dict[str, Any] = {
    "recording": "0199a1b2-8888-7000-8000-293a4b5c6d7e",
    "state": "available",
    "call": ID,
    "contact": CONTACT,
    "recorded_at": "2026-11-23T06:55:20Z",
    "duration_s": 280.0,
    "content_type": "audio/wav",
    "size": 2240044,
}
#: Outcomes of a call to us in which nobody spoke with them.
MISSED = frozenset(
    {"abandoned", "missed", "busy", "no_answer", "rejected", "voicemail", "after_hours", "overflow", "callback_requested"},
)
NEWS: dict[str, tuple[str, dict[str, Any]]] = {
    "call.ended": ("A call is over, however it came out. Told once, when it is first known.", {}),
    "call.missed": (
        "Somebody called and spoke with nobody. Told beside `call.ended`, once.",
        {"outcome": "abandoned", "agent": None, "answered_at": None, "talk_s": 0.0},
    ),
    "call.changed": ("Of a call that is over something else is known now: how it came out, who it was, or who talked.", {}),
    "callback.promised": ("A callback was promised, or is again.", {"call": None}),
    "callback.changed": (
        "Something else is so of a callback: `verb` says what (take, release, expire, reschedule, reassign, pass_on, reckon, complete).",
        {"state": "taken", "verb": "take", "call": None},
    ),
    "callback.due": ("It is time to call somebody back.", {"state": "due", "verb": "become_due", "call": None}),
    "callback.missed": ("Nobody called back in time. It is still owed.", {"state": "missed", "verb": "miss", "call": None}),
    "callback.settled": ("Nothing is owed any more: they were reached, or it was called off.", {"state": "done", "verb": "reach"}),
    "return_call.opened": ("Somebody who was not answered is owed a call, or is again.", {"assignee": None}),
    "return_call.changed": (
        "Something else is so of a return call: `verb` says what (take, assign, release, count: they called again, promise, complete, auto_close).",
        {"state": "in_progress", "verb": "take"},
    ),
    "return_call.closed": ("Nothing is owed any more: they were called, called again, or it was called off.", {"state": "auto_closed", "verb": "auto_close"}),
    "recording.available": ("The audio of a call is here: fetch it by its id.", {}),
    "recording.deleted": ("The audio of a call is gone for good.", {"state": "deleted"}),
}  # fmt: skip
BASES = {"call": CALL, "callback": CALLBACK, "return_call": RETURN_CALL, "recording": RECORDING}
MAY_BE_NULL = {
    "call": UNKNOWN,
    "callback": ("contact", "phone", "agent", "team", "call"),
    "return_call": ("contact", "department", "assignee", "call"),
    "recording": ("contact", "duration_s", "size"),
}


def declare() -> None:
    """Declare the types, and let what is recorded be told. Called once, when the app is ready."""
    for name, (tells, more) in NEWS.items():
        kind = name.partition(".")[0]
        outbox.declare(name, tells, BASES[kind] | more, may_be_null=MAY_BE_NULL[kind], shape=BASES[kind])
    outbox.declare("call.written_up", "A call was written up, or the write-up corrected.", WRITE_UP, may_be_null=UNKNOWN)
    outbox.declare(
        "call.joined", "Two calls proved to be one: the id of `joined` leads to `call` from now on.", JOINED, may_be_null=UNKNOWN
    )
    for model, writing in (("call", CALLS), ("callback", CALLBACKS), ("returncall", RETURN_CALLS), ("recording", RECORDINGS)):
        followers.add(model, writing)


# --- calls
def follow(change: Change) -> None:
    """Registered with ``calls.consequences``: one statement where a call ends, none where it rings or goes on."""
    if change.after.state != Call.State.ENDED:
        return
    call, before, after = change.call, change.before, change.after
    data, previous = _call(call), None
    if change.has_ended:
        is_missed = call.direction == Call.Direction.INBOUND and call.outcome in MISSED
        types = ["call.ended", "call.missed"] if is_missed else ["call.ended"]
    else:
        was = {"outcome": before.outcome, "contact": _id(before.contact_id), "agent": _id(before.agent_id)}
        previous = {name: value for name, value in was.items() if value != data[name]}
        types = ["call.changed"] if previous else []
    subject = Subject("call", call.pk, call.version)
    outbox.tell_many([News(type_, subject, data, after.contact_id, previous) for type_ in types], now=change.now)


def _call(call: Call) -> dict[str, Any]:
    names = ("direction", "outcome", "line", "queue", "started_at", "answered_at", "ended_at", "wait_s", "talk_s")
    about = {"call": str(call.pk), "phone": call.customer_e164 or None, "contact": _id(call.contact_id), "agent": _id(call.agent_id)}
    return about | {name: getattr(call, name) for name in names}


def _of_call(call: Call, event: AuditEvent) -> dict[str, Any]:
    if event.verb == "join":
        return _call(call) | {"joined": event.facts["joined"]}
    more = {"disposition": call.disposition.code if call.disposition else "", "wrapped_up_by": _id(call.wrapped_up_by_id)}
    return _call(call) | more | {"revision": event.facts["revision"], "topics": event.facts["topics"]}


TYPES_OF_CALLS = {"wrap_up": "call.written_up", "join": "call.joined"}
CALLS = Writing(lambda event: TYPES_OF_CALLS.get(event.verb, ""), _of_call, lambda row: row.contact_id, {"phone": "customer_e164"})


# --- whoever is called back
def _callback_type(event: AuditEvent) -> str:
    was_open, is_open = event.status_before in OPEN, event.status_after in OPEN
    match event.verb:
        case "schedule" | "revive":
            return "callback.promised"
        case "become_due":
            return "callback.due"
        case "miss":
            return "callback.missed"
        case "extend":
            return ""  # whoever has it in hand goes on talking
    return "callback.settled" if was_open and not is_open else "callback.changed"


def _of_callback(row: Callback, event: AuditEvent) -> dict[str, Any]:
    return {
        "callback": str(row.pk),
        "state": row.status,
        "verb": event.verb,
        "contact": _id(row.contact_id),
        "phone": row.e164 or None,
        "at": row.at,
        "time_zone": row.time_zone,
        "recipient": row.recipient,
        "agent": _id(row.agent_id),
        "team": _id(row.team_id),
        "call": _id(row.call_id),
    }


CALLBACKS = Writing(_callback_type, _of_callback, lambda row: row.contact_id, {"state": "status", "phone": "e164"})


def _return_call_type(event: AuditEvent) -> str:
    if event.verb == "tell_overdue":
        return ""
    is_owed = event.status_after in OWED
    if "id" in event.changes:
        return "return_call.opened" if is_owed else ""  # one that was settled before we heard of it was never owed
    was_owed = event.status_before in OWED if event.status_before else is_owed
    if was_owed == is_owed:
        return "return_call.changed"
    return "return_call.opened" if is_owed else "return_call.closed"


def _of_return_call(row: ReturnCall, event: AuditEvent) -> dict[str, Any]:
    return {
        "return_call": str(row.pk),
        "state": row.status,
        "verb": event.verb,
        "reason": row.reason,
        "contact": _id(row.contact_id),
        "phone": row.e164,
        "queue": row.queue,
        "department": _id(row.department_id),
        "assignee": _id(row.assignee_id),
        "times_called": row.times_called,
        "due_at": row.due_at,
        "call": _id(row.closed_by_call_id or row.last_call_id),
    }


RETURN_CALLS = Writing(_return_call_type, _of_return_call, lambda row: row.contact_id, {"state": "status", "phone": "e164"})


# --- recordings
TYPES_OF_RECORDINGS = {"keep": "recording.available", "delete": "recording.deleted", "expire": "recording.deleted"}


def _of_recording(row: Recording, event: AuditEvent) -> dict[str, Any]:
    return {
        "recording": str(row.pk),
        "state": row.state,
        "call": str(row.call_id),
        "contact": _id(row.call.contact_id),
        "recorded_at": row.recorded_at,
        "duration_s": row.duration_s,
        "content_type": row.content_type,
        "size": row.size,
    }


RECORDINGS = Writing(lambda event: TYPES_OF_RECORDINGS.get(event.verb, ""), _of_recording, lambda row: row.call.contact_id)


def _id(value: UUID | None) -> str | None:
    return str(value) if value else None
