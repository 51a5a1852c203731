"""The form of three calls that many exchanges and gateways can send: ``newCall``, ``answer``, ``hangup``, as Zammad's generic CTI takes it.

A form or JSON. No notification has a time, so each is of the moment in which we hear of it, unless the sender adds ``occurred_at``.

Source: Zammad documentation "CTI integration, generic" (events, fields, causes).
"""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from calls.phone_systems.adapters import Adapter, Setting
from calls.phone_systems.deliveries import Delivery
from calls.phone_systems.reading import natural_key, text_of

DIRECTIONS = {"in": "inbound", "out": "outbound"}
CAUSES = {"noanswer": "no answer", "notfound": "not found", "cancel": "canceled", "normalclearing": ""}


def _read(value: Any, _setting: Setting) -> list[dict[str, Any]]:
    if not isinstance(value, dict):
        return []
    call, kind = text_of(value.get("callId")), value.get("event")
    if not call or not isinstance(kind, str) or not kind:
        return []
    body: dict[str, Any] = {"call_id": call, "direction": DIRECTIONS.get(str(value.get("direction")), "")}
    body |= {
        name: value[name]
        for name in ("from", "to", "queue", "occurred_at", "call_request_id", "attempt_id")
        if isinstance(value.get(name), str | int)
    }
    read = {"newCall": _begun, "answer": _answered, "hangup": _over}.get(kind)
    told = read(value, body) if read else [{"type": f"generic.{kind}"[:60]}]
    desk = _desk(value) if kind == "answer" else ""
    return [{**body, **one, "event_id": natural_key(kind, call, desk, str(number))} for number, one in enumerate(told)]


def _desk(said: dict[str, Any]) -> str:
    """Who picked up: their number, or the name of the user."""
    users = said.get("user[]", said.get("user"))
    named = users[0] if isinstance(users, list) and users else users
    for one in (said.get("answeringNumber"), named):
        if text_of(one):
            return text_of(one)
    return ""


def _begun(said: dict[str, Any], body: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{"type": "call.initiated"}]
    if body["direction"] == "outbound" and (desk := _desk(said)):
        found[0]["agent"] = desk
    if body["direction"] != "outbound" and "queue" in body:
        found.append({"type": "call.queued"})
    return found


def _answered(said: dict[str, Any], body: dict[str, Any]) -> list[dict[str, Any]]:
    desk = _desk(said)
    if body["direction"] == "outbound":
        return [{"type": "leg.answered", "leg_id": "far", "party": "customer", "to": body.get("to", "")}]
    return [{"type": "leg.answered", "agent": desk} if desk else {"type": "leg.answered"}]


def _over(said: dict[str, Any], body: dict[str, Any]) -> list[dict[str, Any]]:
    cause = said.get("cause") if isinstance(said.get("cause"), str) else ""
    text = CAUSES.get(str(cause).lower(), cause)
    by = {"hangup_by": "caller"} if cause == "cancel" and body["direction"] == "inbound" else {}
    return [{"type": "call.ended", "cause_text": text, **by}]


def _sample(at: datetime) -> Delivery:
    said = {
        "event": "newCall", "from": "+12025550123", "to": "+12025550199", "direction": "in", "callId": "test", "user[]": "Support",
        "occurred_at": at.isoformat(),
    }  # fmt: skip
    return Delivery(urlencode(said).encode(), "application/x-www-form-urlencoded")


ADAPTER = Adapter(
    name="generic",
    label="Three calls: newCall, answer, hangup",
    auth_modes=("token", "body_token", "basic", "hmac_t_v1"),
    read=_read,
    sample=_sample,
)
