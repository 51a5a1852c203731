"""Zadarma: notifications about calls of its PBX, one form for each.

``call_start`` is when the call began, in every notification of it, without a zone; none has a time of its own. So that a beginning and an end are known by
the sender's clock, while a ringing and an answer are of the moment in which we hear of them. ``pbx_call_id`` holds a call together.
The answer to ``NOTIFY_START`` and ``NOTIFY_IVR`` may steer the call.

Sources: Zadarma "API", section "Notifications about calls" (fields, dispositions, what is signed, what may be answered).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from calls.events import is_extension
from calls.phone_systems.adapters import Adapter, Setting
from calls.phone_systems.deliveries import Delivery
from calls.phone_systems.reading import natural_key

#: Seconds an operator is rung by our advice before the call returns to its scenario.
RETURN_S = 15
DISPOSITIONS = {"cancel": "canceled", "no answer": "no answer", "unallocated number": "unallocated number", "call failed": "failed"}


def _read(value: Any, _setting: Setting) -> list[dict[str, Any]]:
    said = {name: text for name, text in value.items() if isinstance(text, str)} if isinstance(value, dict) else {}
    call, kind = said.get("pbx_call_id", ""), said.get("event", "")
    if not call or not kind:
        return []
    body = READS.get(kind, _other)(said)
    internal = said.get("internal", "") if kind in ("NOTIFY_INTERNAL", "NOTIFY_ANSWER") else ""
    key = natural_key(kind, call, internal, said.get("destination", ""), said.get("call_id_with_rec", ""))
    return [{**body, "call_id": call, "event_id": key}]


def _other(said: dict[str, str]) -> dict[str, Any]:
    return {"type": f"zadarma.{said['event']}"[:60]}


def _start(said: dict[str, str]) -> dict[str, Any]:
    return {"type": "call.initiated", "direction": "inbound", "occurred_at": said.get("call_start", ""), **_came(said)}


def _came(said: dict[str, str]) -> dict[str, Any]:
    return {"from": said.get("caller_id", ""), "to": said.get("called_did", "")}


def _internal(said: dict[str, str]) -> dict[str, Any]:
    return {"type": "leg.ringing", "direction": "inbound", "agent": said.get("internal", ""), "from": said.get("caller_id", "")}


def _answer(said: dict[str, str]) -> dict[str, Any]:
    """``destination`` is an extension or a number outside that the call was passed on to."""
    who = said.get("internal") or said.get("destination", "")
    whose = {"agent": who} if is_extension(who) else {"to": who, "party": "external", "leg_id": who}
    return {"type": "leg.answered", "direction": "inbound", **whose}


def _end(said: dict[str, str]) -> dict[str, Any]:
    record = {"type": "cdr", "direction": "inbound", **_came(said), **_length(said)}
    who = said.get("last_internal") or said.get("internal", "")
    return {**record, "agent": who} if who and said.get("disposition") == "answered" else record


def _length(said: dict[str, str]) -> dict[str, Any]:
    disposition = said.get("disposition", "")
    told: dict[str, Any] = {
        "started_at": said.get("call_start", ""), "occurred_at": said.get("call_start", ""), "duration_s": said.get("duration", "") or "0",
        "cause_text": DISPOSITIONS.get(disposition, disposition),
    }  # fmt: skip
    if disposition and disposition != "answered":
        told["talk_s"] = "0"
        if said.get("status_code", "") not in ("", "16"):
            told["cause"] = said["status_code"]
    return told


def _out_start(said: dict[str, str]) -> dict[str, Any]:
    return {"type": "call.initiated", "direction": "outbound", "occurred_at": said.get("call_start", ""), **_went(said)}


def _went(said: dict[str, str]) -> dict[str, Any]:
    internal = said.get("internal", "")
    return {"agent": internal, "from": said.get("caller_id") or internal, "to": said.get("destination", "")}


def _out_end(said: dict[str, str]) -> dict[str, Any]:
    return {"type": "cdr", "direction": "outbound", **_went(said), **_length(said)}


def _record(said: dict[str, str]) -> dict[str, Any]:
    return {"type": "recording.available", "recording": {"id": said.get("call_id_with_rec", "")}}


READS = {
    "NOTIFY_START": _start,
    "NOTIFY_INTERNAL": _internal,
    "NOTIFY_ANSWER": _answer,
    "NOTIFY_END": _end,
    "NOTIFY_OUT_START": _out_start,
    "NOTIFY_OUT_END": _out_end,
    "NOTIFY_RECORD": _record,
}


def hints(told: Mapping[str, Any]) -> dict[str, Any]:
    """What Zadarma understands: to hang up, or whose name to show and whom to ring first; nobody is lost, the call returns."""
    if told["block"]:
        return {"hangup": 1}
    answer: dict[str, Any] = {"caller_name": told["display_name"]} if told["display_name"] else {}
    extension = (told["route_to"] or {}).get("extension")
    return {**answer, "redirect": extension, "return_timeout": RETURN_S} if extension else answer


def _echo(delivery: Delivery) -> str | None:
    return dict(delivery.query_pairs()).get("zd_echo")


def _sample(at: datetime) -> Delivery:
    said = {
        "event": "NOTIFY_START", "pbx_call_id": "in_0123456789abcdef", "caller_id": "+74951234567", "called_did": "+78005553535",
        "call_start": at.strftime("%Y-%m-%d %H:%M:%S"),
    }  # fmt: skip
    return Delivery(urlencode(said).encode(), "application/x-www-form-urlencoded")


ADAPTER = Adapter(
    name="zadarma",
    label="Zadarma",
    auth_modes=("zadarma_sha1", "basic", "token", "body_token"),
    read=_read,
    sample=_sample,
    hints=hints,
    echo=_echo,
)
