"""Vonage: event webhooks of the Voice API, one JSON object for each change of a leg.

``uuid`` is a leg, ``conversation_uuid`` the conversation. Each leg has a direction of its own, seen from Vonage, so that the legs are understood
together (see ``conversation``). Events come out of order, and some with the same millisecond. Numbers come without a plus.

Sources: Vonage documentation "Voice API Webhook Reference" (event webhooks, statuses), "Signed webhooks", "Record".
"""

import re
from datetime import datetime
from typing import Any

import orjson

from calls.phone_systems.adapters import Adapter, Setting
from calls.phone_systems.conversation import Conversation
from calls.phone_systems.deliveries import Delivery
from calls.phone_systems.reading import natural_key

PREFIX = "vonage."
CONVERSATION = Conversation(PREFIX)
ENDS = ("completed", "busy", "cancelled", "unanswered", "rejected", "failed", "timeout", "disconnected")
OF_STATUS = {
    "started": "call.initiated",
    "ringing": "call.ringing",
    "answered": "call.answered",
    "machine": "call.machine.detection.ended",
    **dict.fromkeys(ENDS, "call.hangup"),
}
DIRECTIONS = {"inbound": "incoming", "outbound": "outgoing"}


def _read(value: Any, _setting: Setting) -> list[dict[str, Any]]:
    said = {name: text for name, text in value.items() if isinstance(text, str)} if isinstance(value, dict) else {}
    leg, status = said.get("uuid", ""), said.get("status", "")
    call = said.get("conversation_uuid") or said.get("conversation_uuid_from") or leg
    if not call:
        return []
    if said.get("recording_url") or said.get("recording_uuid"):
        return [_recording(said, call)]
    if not status:
        return []
    told = {"direction": DIRECTIONS.get(said.get("direction", ""), "")}
    if status == "machine":
        told["result"] = "machine"
    if status in ENDS:
        told["hangup_cause"] = status
    body = _event(said, call, OF_STATUS.get(status, status), said.get("timestamp", ""), leg=told)
    for side in ("from", "to"):
        body[side] = _address(said, side)
    if moved := said.get("conversation_uuid_to", ""):
        body["linked_ids"] = [*body["linked_ids"], moved]
    if status == "completed" and said.get("start_time") and told["direction"] == "outgoing":
        # When the answer itself was never heard of, the end tells of it.
        answered = _event(said, call, "call.answered", said["start_time"], leg={"direction": "outgoing"})
        return [body, {**answered, "event_id": natural_key(body["event_id"], "answer"), "from": body["from"], "to": body["to"]}]
    return [body]


def _event(said: dict[str, str], call: str, word: str, at: str, **more: Any) -> dict[str, Any]:
    leg = said.get("uuid", "")
    key = (leg or call, said.get("status", ""), said.get("timestamp", ""))
    body: dict[str, Any] = {"event_id": natural_key(*key), "type": f"{PREFIX}{word}"[:60], "call_id": call, "leg_id": leg, **more}
    body["linked_ids"] = [leg] if leg and leg != call else []
    if at:
        body["occurred_at"] = at
    return body


def _recording(said: dict[str, str], call: str) -> dict[str, Any]:
    identity = said.get("recording_uuid", "")
    at = said.get("end_time") or said.get("timestamp", "")
    body = _event(said, call, "call.recording.saved", at, recording={"id": identity, "url": said.get("recording_url", "")})
    return {**body, "event_id": natural_key("recording", identity or said.get("recording_url", ""))}


def _address(said: dict[str, str], side: str) -> str:
    """A number with its plus; ``client:anna`` of a user, ``sip:…`` as it is."""
    if user := said.get(f"{side}_user", ""):
        return f"client:{user}"
    raw = said.get(side, "")
    if re.fullmatch(r"\d{8,15}", raw, re.ASCII):
        return f"+{raw}"
    is_name = raw and ":" not in raw and not re.fullmatch(r"\+?[\d ()-]+", raw) and raw.lower() not in ("unknown", "private", "anonymous")
    return f"client:{raw}" if is_name else raw


def _sample(at: datetime) -> Delivery:
    said = {
        "from": "12025550123", "to": "12025550199", "uuid": "aaaaaaaa-bbbb-cccc-dddd-0123456789ab",
        "conversation_uuid": "CON-aaaaaaaa-bbbb-cccc-dddd-0123456789ab", "status": "ringing", "direction": "inbound", "timestamp": at.isoformat(),
    }  # fmt: skip
    return Delivery(orjson.dumps(said), "application/json")


ADAPTER = Adapter(
    name="vonage",
    label="Vonage",
    auth_modes=("jwt_hs256", "basic", "token", "hmac_t_v1", "body_token"),
    read=_read,
    sample=_sample,
    interpret=CONVERSATION.interpret,
    own_types=CONVERSATION.own_types,
)
