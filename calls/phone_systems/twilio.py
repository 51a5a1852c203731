"""Twilio: status callbacks of voice calls, recordings and queues, as forms.

Each call leg is a call of its own for Twilio: the caller's leg is the parent, and what ``<Dial>`` rings are its children, which name it in
``ParentCallSid``. By Twilio's own word callbacks do not come in their order; ``SequenceNumber`` and ``Timestamp`` tell it. The parent of an incoming
call is ``in-progress`` as soon as TwiML answers it, which is nobody's answer: operators answer on children. A call made in the
browser or on a SIP telephone is an incoming one from ``client:`` or ``sip:`` for Twilio, and an outbound one for us.

Sources: Twilio documentation "Outbound Calls from Twilio Voice: StatusCallback", "TwiML Voice: <Dial>, <Number>, <Client>, <Enqueue>",
"Recording status callbacks", "Answering Machine Detection".
"""

from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

from calls.phone_systems.adapters import Adapter, Setting
from calls.phone_systems.conversation import desk
from calls.phone_systems.deliveries import Delivery
from calls.phone_systems.reading import natural_key

BEGINS = frozenset({"queued", "initiated", "ringing", "in-progress"})
UNANSWERED = frozenset({"busy", "failed", "no-answer", "canceled"})
ENDS = UNANSWERED | {"completed"}
OF_CHILD = {
    "ringing": "leg.ringing",
    "in-progress": "leg.answered",
    "completed": "leg.ended",
    **dict.fromkeys(UNANSWERED, "leg.not_answered"),
}
QUEUE_RESULTS = {"bridged": "answered", "bridging-in-process": "answered", "hangup": "abandon", "queue-full": "full", "leave": "left"}


def _read(value: Any, _setting: Setting) -> list[dict[str, Any]]:
    said = {name: text for name, text in value.items() if isinstance(text, str)} if isinstance(value, dict) else {}
    sid = said.get("CallSid", "")
    if not sid:
        return []
    if said.get("RecordingUrl") or said.get("RecordingSid"):
        return [_recording(said)]
    if said.get("QueueResult") or said.get("QueuePosition"):
        return [_queue(said)]
    status = said.get("CallStatus", "")
    if said.get("ParentCallSid"):
        return [_child(said, status)]
    found = [_parent(said, status)]
    if said.get("AnsweredBy", "").startswith(("machine", "fax")):
        found.append(_event(said, "machine.detected", "machine"))
    return found


def _event(said: dict[str, str], kind: str, part: str = "", **more: Any) -> dict[str, Any]:
    """What every event has. Without a time of Twilio's own it is that of its arrival."""
    parent = said.get("ParentCallSid")
    key = [said["CallSid"], said.get("CallStatus", ""), said.get("SequenceNumber", ""), said.get("CallbackSource", ""), part]
    body: dict[str, Any] = {"event_id": natural_key(*key), "type": kind, "call_id": parent or said["CallSid"], **more}
    if parent:
        body["linked_ids"] = [said["CallSid"]]
    if at := _moment(said.get("Timestamp", "")):
        body["occurred_at"] = at
    return body


def _moment(text: str) -> str:
    try:
        return parsedate_to_datetime(text).isoformat() if text else ""
    except (ValueError, TypeError, IndexError, OverflowError):
        return text


def _is_ours(said: dict[str, str]) -> bool:
    return bool(desk(said.get("From", "")))


def _parent(said: dict[str, str], status: str) -> dict[str, Any]:
    ends = {"from": {"number": _number(said.get("From", "")), "name": said.get("CallerName", "")}, "to": _number(said.get("To", ""))}
    if said.get("Direction", "").startswith("outbound"):
        return _made_by_us(said, status, ends)
    more: dict[str, Any] = {**ends, "direction": "inbound"}
    if _is_ours(said):
        more |= {"direction": "outbound", "agent": desk(said["From"])}
    if status not in ENDS:
        return _event(said, "call.initiated" if status in BEGINS else f"twilio.{status}"[:60], **more)
    if status in UNANSWERED:
        more["cause_text"] = status
    return _event(said, "call.ended", **more, **_length(said))


def _made_by_us(said: dict[str, str], status: str, ends: dict[str, Any]) -> dict[str, Any]:
    """A call that was ordered by the API: its own leg is the far side's."""
    told = {"direction": "outbound", **ends}
    if status in ("ringing", "in-progress"):
        operator = desk(said.get("To", ""))
        whose = {"agent": operator} if operator else {"party": "customer"}
        return _event(said, OF_CHILD[status], leg_id=said["CallSid"], **whose, **told)
    if status in ENDS:
        return _event(said, "call.ended", cause_text=status, **told, **_length(said))
    return _event(said, "call.initiated" if status in BEGINS else f"twilio.{status}"[:60], **told)


def _child(said: dict[str, str], status: str) -> dict[str, Any]:
    """A leg that ``<Dial>`` rang."""
    to = said.get("To", "")
    whose: dict[str, Any] = {"agent": desk(to)} if desk(to) else {"to": to, "party": "customer" if _is_ours(said) else "external"}
    if status in ("queued", "initiated"):
        return _event(said, "call.updated", leg_id=said["CallSid"])
    kind = OF_CHILD.get(status, f"twilio.{status}"[:60])
    if status in UNANSWERED:
        whose["cause_text"] = status
    return _event(said, kind, leg_id=said["CallSid"], **whose)


def _recording(said: dict[str, str]) -> dict[str, Any]:
    recording = {"id": said.get("RecordingSid", ""), "url": said.get("RecordingUrl", "")}
    if length := said.get("RecordingDuration", ""):
        recording["duration_s"] = length
    status = said.get("RecordingStatus", "completed")
    kind = "recording.available" if status == "completed" else f"twilio.recording.{status}"[:60]
    return _event(said, kind, f"{said.get('RecordingSid', '')}/{status}", recording=recording)


def _queue(said: dict[str, str]) -> dict[str, Any]:
    queue = said.get("QueueName") or said.get("QueueSid", "")
    if result := said.get("QueueResult", ""):
        return _event(said, "call.left_queue", f"left/{queue}", queue=queue, reason=QUEUE_RESULTS.get(result, result))
    return _event(said, "call.queued", f"queued/{queue}/{said['QueuePosition']}", queue=queue, queue_position=said["QueuePosition"])


def _number(address: str) -> str:
    return desk(address) or address


def _length(said: dict[str, str]) -> dict[str, Any]:
    length = said.get("CallDuration", "")
    return {"duration_s": length} if length else {}


def _sample(at: datetime) -> Delivery:
    said = {
        "CallSid": "CA00000000000000000000000000000000", "AccountSid": "AC00000000000000000000000000000000", "CallStatus": "ringing",
        "Direction": "inbound", "From": "+12025550123", "To": "+12025550199", "Timestamp": format_datetime(at), "SequenceNumber": "0",
        "CallbackSource": "call-progress-events",
    }  # fmt: skip
    return Delivery(urlencode(said).encode(), "application/x-www-form-urlencoded")


ADAPTER = Adapter(
    name="twilio", label="Twilio", auth_modes=("twilio_sha1", "basic", "token", "hmac_t_v1", "body_token"), read=_read, sample=_sample
)
