"""Mango Office: events of its virtual PBX, a form with JSON in the field ``json``.

``entry_id`` holds a call together, ``call_id`` is one leg of it, ``seq`` counts the events of that leg. ``location`` says where the leg stands: in the menu, in
a queue, at a subscriber's. What came of the whole call is told by the summary. Mango puts ``/events/call``, ``/events/summary`` and so on behind the
address that it is given; what it is shows in the JSON too.

Sources: Mango Office "VPBX API", chapters on notifications: call, summary, recording; the codes of results.
"""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import orjson

from calls.phone_systems.adapters import Adapter, Setting
from calls.phone_systems.deliveries import Delivery, DeliveryUnreadable, storable
from calls.phone_systems.reading import natural_key, of_epoch, text_of

Told = dict[str, Any]
#: Codes of results that say who ended the call.
ENDED_BY = {"1110": "calling", "1120": "called"}
DIRECTIONS = {"0": "internal", "1": "inbound", "2": "outbound"}


def _value(delivery: Delivery) -> Any:
    """What stands in ``json``; a body that is JSON itself is taken as it is."""
    said = delivery.value()
    text = said.get("json") if isinstance(said, dict) else None
    if not isinstance(text, str):
        return said
    try:
        return storable(orjson.loads(text))
    except orjson.JSONDecodeError:
        raise DeliveryUnreadable("The field json is not JSON.") from None


def _read(value: Any, _setting: Setting) -> list[Told]:
    if not isinstance(value, dict):
        return []
    entry, leg = _text(value, "entry_id"), _text(value, "call_id")
    call = entry or leg
    if not call:
        return []
    if "entry_result" in value or "create_time" in value:
        found, kind = [_summary(value)], "summary"
    elif "recording_id" in value:
        found, kind = [_recording(value)], f"{_text(value, 'recording_id')}/{_text(value, 'recording_state')}"
    else:
        found = _call(value, leg) if "call_state" in value else [{"type": "mango.other"}]
        kind = f"{leg}/{_text(value, 'seq')}/{_text(value, 'call_state')}"
    common: Told = {"call_id": call, "linked_ids": [leg] if leg and leg != call else []}
    return [{**common, **body, "event_id": natural_key(call, kind, str(number))} for number, body in enumerate(found)]


def _text(said: Told, name: str) -> str:
    return text_of(said.get(name))


def _side(said: Told, name: str) -> Told:
    value = said.get(name)
    return value if isinstance(value, dict) else {}


def _number(side: Told) -> str:
    """``sip:user3@vpbx…`` is somebody's telephone, not a number that one calls."""
    number = _text(side, "number")
    return "" if number.startswith("sip:") else number


def _call(said: Told, leg: str) -> list[Told]:
    caller, called = _side(said, "from"), _side(said, "to")
    at = of_epoch(said.get("timestamp"))
    ours, theirs = _text(caller, "extension"), _text(called, "extension")
    direction = "inbound" if not ours else "internal" if theirs else "outbound"
    state, place = _text(said, "call_state"), _text(said, "location") or _text(said, "locaton") or "abonent"  # older exchanges say none
    ends: Told = {"direction": direction, "from": _number(caller) or ours, "to": _text(called, "line_number") or _number(called) or theirs}
    queue = _text(called, "acd_group")
    found: list[Told] = []
    if state == "Appeared":
        found.append({"type": "call.initiated", "occurred_at": at, **ends, **({"agent": ours} if direction != "inbound" else {})})
    if place == "queue" and state in ("Appeared", "Disconnected"):
        kind = "call.queued" if state == "Appeared" else "mango.left_queue"  # left for an operator or for good: the others tell
        found.append({"type": kind, "occurred_at": at, "queue": queue or "queue"})
    if place == "abonent":
        whose: Told = (
            {"agent": theirs} if theirs else {"to": _number(called), "party": "external" if direction == "inbound" else "customer"}
        )
        found += [{"type": kind, "occurred_at": at, "leg_id": leg, **whose} for kind in _of_leg(said, state)]
    return found or [{"type": f"mango.{place}.{state}"[:60], "occurred_at": at}]


def _of_leg(said: Told, state: str) -> list[str]:
    """A second ``Connected`` comes after a hold."""
    if state == "Connected":
        return ["leg.answered", "leg.resumed"] if _is_later(said) else ["leg.answered"]
    return {"Appeared": ["leg.ringing"], "OnHold": ["leg.held"], "Disconnected": ["leg.ended"]}.get(state, [])


def _is_later(said: Told) -> bool:
    seq = _text(said, "seq")
    return seq.isascii() and seq.isdigit() and len(seq) < 9 and int(seq) > 2


def _summary(said: Told) -> Told:
    """The whole call. ``talk_time`` is when they began to talk, nought when they never did."""
    caller, called = _side(said, "from"), _side(said, "to")
    ours, theirs = _text(caller, "extension"), _text(called, "extension")
    direction = DIRECTIONS.get(_text(said, "call_direction")) or ("inbound" if not ours else "internal" if theirs else "outbound")
    begin, talk, end = (of_epoch(said.get(name)) for name in ("create_time", "talk_time", "end_time"))
    record: Told = {
        "type": "cdr", "direction": direction, "occurred_at": begin, "started_at": begin, "ended_at": end,
        "from": _number(caller) or ours, "to": _text(said, "line_number") if direction == "inbound" else _number(called) or theirs,
    }  # fmt: skip
    agent = theirs if direction == "inbound" else ours
    if agent and (talk or direction != "inbound"):
        record["agent"] = agent
    if talk and end:
        record |= {"answered_at": talk, "talk_s": max(0.0, (datetime.fromisoformat(end) - datetime.fromisoformat(talk)).total_seconds())}
    elif direction != "inbound":
        record |= {"talk_s": 0, "cause_text": "no answer"}
    who = ENDED_BY.get(_text(said, "disconnect_reason"))
    if who:
        record["hangup_by"] = "caller" if (who == "calling") == (direction == "inbound") else "agent"
    return {name: value for name, value in record.items() if value != ""}


def _recording(said: Told) -> Told:
    if _text(said, "recording_state") not in ("", "Completed"):
        return {"type": f"mango.recording.{_text(said, 'recording_state')}"[:60], "occurred_at": of_epoch(said.get("timestamp"))}
    at = of_epoch(said.get("timestamp"))
    return {"type": "recording.available", "recording": {"id": _text(said, "recording_id")}, **({"occurred_at": at} if at else {})}


def _sample(at: datetime) -> Delivery:
    said = {
        "entry_id": "MTIzNDU2Nzg5MA==", "call_id": "MToxMDA2NzE0ODoxMjQ6MTQ4", "timestamp": int(at.timestamp()), "seq": 1, "call_state": "Appeared",
        "location": "ivr", "from": {"number": "74951234567"}, "to": {"number": "78005553535", "line_number": "78005553535"},
    }  # fmt: skip
    return Delivery(urlencode({"json": orjson.dumps(said).decode()}).encode(), "application/x-www-form-urlencoded")


ADAPTER = Adapter(
    name="mango",
    label="Mango Office",
    auth_modes=("mango_sha256", "basic", "token", "body_token"),
    read=_read,
    sample=_sample,
    value=_value,
    secret_fields=frozenset({"token", "sign", "vpbx_api_key"}),
)
