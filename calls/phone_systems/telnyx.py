"""Telnyx: webhooks of Call Control, one JSON object for each event of each leg.

All legs of a conversation have one ``call_session_id``. A leg is ``incoming`` or ``outgoing`` as seen from Telnyx: of a call that came in, the incoming
leg is the caller's and the outgoing ones are those that were dialled for them; of a call that we make every leg is outgoing. Which it is
nobody can tell from one event, so they are understood together (see ``conversation``). Telnyx says plainly that webhooks come out of order, at the same
time, and twice.

Sources: Telnyx documentation "Receiving Webhooks for Voice API", "Voice API Webhooks reference", "Webhook signing".
"""

from datetime import datetime
from typing import Any

import orjson

from calls.phone_systems.adapters import Adapter, Setting
from calls.phone_systems.conversation import Conversation
from calls.phone_systems.deliveries import Delivery

PREFIX = "telnyx."
LEFT = {"bridged": "answered", "hangup": "abandon", "timeout": "timeout", "leave": "left"}
CONVERSATION = Conversation(PREFIX)


def _read(value: Any, _setting: Setting) -> list[dict[str, Any]]:
    data = value.get("data") if isinstance(value, dict) else None
    payload = data.get("payload") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(payload, dict):
        return []
    kind, leg = _text(data, "event_type"), _text(payload, "call_leg_id")
    session = _text(payload, "call_session_id") or leg
    if not kind or not session:
        return []
    told = {name: payload[name] for name in ("direction", "hangup_cause", "hangup_source", "result") if isinstance(payload.get(name), str)}
    body: dict[str, Any] = {
        "type": f"{PREFIX}{kind}"[:60],
        "call_id": session,
        "leg_id": leg,
        "linked_ids": [leg] if leg and leg != session else [],
        "from": {"number": _address(payload, "from"), "name": _text(payload, "caller_id_name")},
        "to": _address(payload, "to"),
        "leg": told,
    }
    for ours, theirs in (("event_id", "id"), ("occurred_at", "occurred_at")):
        if said := _text(data, theirs):
            body[ours] = said
    if queue := _text(payload, "queue"):
        body |= {
            "queue": queue,
            "queue_position": payload.get("current_position"),
            "reason": LEFT.get(_text(payload, "reason"), _text(payload, "reason")),
        }
    urls = payload.get("recording_urls")
    if isinstance(urls, dict) and urls:
        body["recording"] = {"id": _text(payload, "recording_id"), "url": next((url for url in urls.values() if isinstance(url, str)), "")}
    return [body]


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""


def _address(payload: dict[str, Any], name: str) -> str:
    """A number, or a SIP address; older payloads wrap them in a list of objects."""
    value = payload.get(name)
    if isinstance(value, list) and value and isinstance(value[0], dict):
        value = value[0].get("phone_number")
    return value if isinstance(value, str) else ""


def _sample(at: datetime) -> Delivery:
    payload = {
        "call_control_id": "v3:test", "call_leg_id": "428c31b6-7af4-4bcb-b7f5-5013ef9657c1", "call_session_id": "428c31b6-abf3-3bc1-b7f4-5013ef9657c1",
        "direction": "incoming", "from": "+12025550123", "to": "+12025550199", "state": "parked",
    }  # fmt: skip
    data = {
        "record_type": "event",
        "event_type": "call.initiated",
        "id": "0ccc7b54-4df3-4bca-a65a-3da1ecc777f0",
        "occurred_at": at.isoformat(),
    }
    return Delivery(orjson.dumps({"data": {**data, "payload": payload}, "meta": {"attempt": 1}}), "application/json")


ADAPTER = Adapter(
    name="telnyx",
    label="Telnyx",
    auth_modes=("ed25519", "basic", "token", "hmac_t_v1", "body_token"),
    read=_read,
    sample=_sample,
    interpret=CONVERSATION.interpret,
    own_types=CONVERSATION.own_types,
)
