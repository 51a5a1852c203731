"""Telnyx: webhooks of Call Control, one JSON object for each event of each leg.

All legs of a conversation have one ``call_session_id``. A leg is ``incoming`` or ``outgoing`` as seen from Telnyx: of a call that came in, the incoming
leg is the caller's and the outgoing ones are those that were dialled for them; of a call that we make every leg is outgoing. Which it is
nobody can tell from one event, so they are understood together (``interpret``). Telnyx says plainly that webhooks come out of order, at the same
time, and twice.

Sources: Telnyx documentation "Receiving Webhooks for Voice API", "Voice API Webhooks reference", "Webhook signing".
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from calls.events import Event
from calls.phone_systems.adapters import Adapter, Setting
from calls.phone_systems.deliveries import Delivery
from calls.phone_systems.twilio import desk

PREFIX = "telnyx."
INCOMING = "incoming"
#: What tells of one leg by itself, whoever's it is.
PLAIN = {"call.hold": "leg.held", "call.unhold": "leg.resumed", "call.enqueued": "call.queued", "call.dequeued": "call.left_queue"}
LEFT = {"bridged": "answered", "hangup": "abandon", "timeout": "timeout", "leave": "left"}
KNOWN = frozenset(
    f"{PREFIX}{name}"
    for name in (
        "call.initiated", "call.answered", "call.hangup", "call.bridged", "call.recording.saved", "call.machine.detection.ended",
        "call.machine.premium.detection.ended", *PLAIN,
    )
)  # fmt: skip


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
        "telnyx": told,
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


def _said(event: Event, name: str) -> str:
    told = (event.extra or {}).get("telnyx")
    return str(told.get(name, "")) if isinstance(told, dict) else ""


def interpret(events: Sequence[Event], _setting: Setting) -> Iterable[Event]:
    """The legs of one conversation as a call."""
    mine = sorted((event for event in events if event.type.startswith(PREFIX)), key=lambda event: event.order)
    others = [event for event in events if not event.type.startswith(PREFIX)]
    legs: dict[str, list[Event]] = {}
    for event in mine:
        legs.setdefault(event.leg_key, []).append(event)
    incoming = [key for key, told in legs.items() if any(_said(one, "direction") == INCOMING for one in told)]
    found = _came_in(legs, incoming[0]) if incoming else _made_by_us(legs)
    return [*others, *found, *(plain for event in mine for plain in _plain(event))]


def _kind(event: Event) -> str:
    return event.type.removeprefix(PREFIX)


def _plain(event: Event) -> list[Event]:
    kind = _kind(event)
    if kind in PLAIN:
        return [
            replace(event, type=PLAIN[kind], from_raw="", to_raw="", leg_key=event.leg_key if kind in ("call.hold", "call.unhold") else "")
        ]
    if kind == "call.recording.saved":
        return [replace(event, type="recording.available", from_raw="", to_raw="")]
    if kind.endswith("detection.ended") and _said(event, "result").startswith("machine"):
        return [replace(event, type="machine.detected", from_raw="", to_raw="", leg_key="")]
    return []


def _came_in(legs: dict[str, list[Event]], caller: str) -> list[Event]:
    """The caller's leg is the call; what was dialled for them are its legs. That Telnyx answered the caller is nobody's answer."""
    found = []
    for event in legs[caller]:
        if _kind(event) == "call.initiated":
            found.append(replace(event, type="call.initiated", direction="inbound", leg_key=""))
        elif _kind(event) == "call.hangup":
            found.append(_ended(event, "inbound"))
    for key, told in legs.items():
        if key != caller:
            found += [leg for event in told for leg in _leg(event, party="external")]
    return found


def _made_by_us(legs: dict[str, list[Event]]) -> list[Event]:
    """Every leg was dialled: operators at SIP addresses, the customer at a number. It is over when all have hung up."""
    found = [leg for told in legs.values() for event in told for leg in _leg(event, party="customer")]
    called = [event for told in legs.values() for event in told if event.to_raw and not desk(event.to_raw)]
    begins = [event for told in legs.values() for event in told if _kind(event) == "call.initiated"]
    if begins:
        first, to = min(begins, key=lambda event: event.order), min(called, key=lambda event: event.order, default=None)
        found.append(
            replace(
                first, type="call.initiated", direction="outbound", leg_key="", to_raw=to.to_raw if to else first.to_raw,
                from_raw=to.from_raw if to else first.from_raw, dedupe_key=f"{first.dedupe_key}#call",
            )
        )  # fmt: skip
    ends = [next((event for event in reversed(told) if _kind(event) == "call.hangup"), None) for told in legs.values()]
    over = [end for end in ends if end is not None]
    if over and len(over) == len(ends):
        last = max(over, key=lambda event: event.order)
        why = next((end for end in over if end.to_raw and not desk(end.to_raw)), last)
        found.append(replace(_ended(why, "outbound"), occurred_at=last.occurred_at, dedupe_key=f"{last.dedupe_key}#call"))
    return found


def _leg(event: Event, *, party: str) -> list[Event]:
    """An event of a leg that was dialled: an operator's at a SIP address, else of the party that it is then."""
    kind = {"call.initiated": "leg.ringing", "call.answered": "leg.answered", "call.hangup": "leg.ended"}.get(_kind(event))
    if kind is None:
        return []
    operator = desk(event.to_raw)
    whose: dict[str, Any] = {"agent_extension": operator, "to_raw": ""} if operator else {"party": party if event.to_raw else ""}
    cause = _said(event, "hangup_cause") if kind == "leg.ended" else ""
    return [replace(event, type=kind, from_raw="", from_name="", cause_text=cause, **whose)]


def _ended(event: Event, direction: str) -> Event:
    """The end of the call. ``caller`` is whoever the leg came from: the customer of a call that came in, ourselves of one that we make."""
    source, cause = _said(event, "hangup_source"), _said(event, "hangup_cause")
    far, ours = ("caller", "callee") if direction == "inbound" else ("callee", "caller")
    by = {far: "caller", ours: "agent"}.get(source, "")
    is_normal = cause in ("normal_clearing", "")
    return replace(
        event,
        type="call.ended",
        direction=direction,
        leg_key="",
        hangup_by=by,
        cause_text="" if is_normal else cause,
        from_raw="",
        to_raw="",
    )


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
    interpret=interpret,
    own_types=KNOWN,
)
