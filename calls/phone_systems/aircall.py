"""Aircall: webhooks of calls, JSON with the whole call as it stands in each.

``call.hungup`` tells at once that a call is over, ``call.ended`` half a minute later all that is known of it. Operators are Aircall's users: their id is the
extension, and they are found by e-mail too. Times are seconds since 1970. Aircall switches an address off that answers errors.

Sources: Aircall developer documentation "Webhooks", "Call events", "Call object" (``missed_call_reason``).
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson

from calls.phone_systems.adapters import Adapter, Setting
from calls.phone_systems.deliveries import Delivery
from calls.phone_systems.reading import natural_key, of_epoch, text_of

Told = dict[str, Any]
#: Why nobody took a call, in our words (see ``outcomes``).
MISSED = {
    "out_of_opening_hours": "after_hours", "short_abandoned": "abandoned", "abandoned_in_ivr": "abandoned", "abandoned_in_classic": "abandoned",
    "no_available_agent": "no agent", "agents_did_not_answer": "missed",
}  # fmt: skip


def _read(value: Any, _setting: Setting) -> list[Told]:
    call = value.get("data") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(call, dict):
        return []
    kind, identity = value.get("event"), text_of(call.get("id"))
    if not isinstance(kind, str) or not kind.startswith("call.") or not identity:
        return []
    at = of_epoch(value.get("timestamp"))
    base: Told = {
        "call_id": identity,
        "direction": call["direction"] if call.get("direction") in ("inbound", "outbound") else "",
    }
    user = _user(call.get("user"))
    maker = READS.get(kind)
    bodies = maker(call, user, at) if maker else [{"type": f"aircall.{kind}"[:60], "occurred_at": at}]
    return [
        {
            **base,
            **{name: said for name, said in body.items() if said not in ("", None)},
            "event_id": natural_key(kind, identity, user.get("extension", ""), at, str(number)),
        }
        for number, body in enumerate(bodies)
    ]


def _user(user: Any) -> Told:
    """An operator, as far as Aircall names one."""
    extension = text_of(user.get("id")) if isinstance(user, dict) else ""
    if not extension:
        return {}
    told = {"extension": extension[:100]}
    return told | {name: user[name] for name in ("email", "name") if isinstance(user.get(name), str)}


def _ends(call: Told) -> Told:
    """From whom to whom. The customer's number is ``raw_digits``, ours that of the line."""
    number, contact = call.get("number"), call.get("contact")
    line = number if isinstance(number, dict) else {}
    names = [contact.get(name) for name in ("first_name", "last_name")] if isinstance(contact, dict) else []
    far = {"number": call.get("raw_digits"), "name": " ".join(name for name in names if isinstance(name, str))}
    if far["number"] == "anonymous":
        far["number"] = ""
    told: Told = {"line": line.get("name") if isinstance(line.get("name"), str) else ""}
    return told | (
        {"from": line.get("digits"), "to": far} if call.get("direction") == "outbound" else {"from": far, "to": line.get("digits")}
    )


def _created(call: Told, user: Told, at: str) -> list[Told]:
    return [{"type": "call.initiated", "occurred_at": of_epoch(call.get("started_at")) or at, "agent": user or None, **_ends(call)}]


def _of_leg(kind: str) -> Callable[[Told, Told, str], list[Told]]:
    return lambda call, user, at: [{"type": kind, "occurred_at": at, "agent": user or None}]


def _answered(call: Told, user: Told, at: str) -> list[Told]:
    """After a transfer ``answered_at`` is still the first answer: the event's own time is that of this operator."""
    return [{"type": "leg.answered", "occurred_at": at or of_epoch(call.get("answered_at")), "agent": user or None}]


def _transferred(call: Told, user: Told, at: str) -> list[Told]:
    by = _user(call.get("transferred_by")) or user
    target = _user(call.get("transferred_to"))
    passed = {
        "type": "call.transferred",
        "occurred_at": at,
        "agent": by or None,
        "transfer": {"to": {"extension": target.get("extension", "")}},
    }
    return [passed, {"type": "leg.ended", "occurred_at": at, "agent": by}] if by else [passed]


def _hungup(call: Told, user: Told, at: str) -> list[Told]:
    return [{"type": "call.ended", "occurred_at": of_epoch(call.get("ended_at")) or at, "cause_text": _why(call), **_ends(call)}]


def _ended(call: Told, user: Told, at: str) -> list[Told]:
    """All that is known of it. It names the last operator only: whose part was how long after a transfer, the other events tell."""
    begin, answer, end = (of_epoch(call.get(name)) for name in ("started_at", "answered_at", "ended_at"))
    record: Told = {
        "type": "cdr", "occurred_at": begin or at, "started_at": begin, "answered_at": answer, "ended_at": end or at, "cause_text": _why(call),
        "agent": user if answer and user and not _user(call.get("transferred_by")) else None, **_ends(call),
    }  # fmt: skip
    if answer and end:
        record["talk_s"] = (datetime.fromisoformat(end) - datetime.fromisoformat(answer)).total_seconds()
    elif call.get("direction") == "outbound":
        record |= {"talk_s": 0, "cause_text": record["cause_text"] or "no answer", "agent": user or None}
    found = [record]
    if isinstance(call.get("recording"), str) and call["recording"]:
        found.append({"type": "recording.available", "occurred_at": at, "recording": {"id": str(call.get("id")), "url": call["recording"]}})
    return found


def _voicemail(call: Told, user: Told, at: str) -> list[Told]:
    left: Told = {"type": "voicemail.left", "occurred_at": of_epoch(call.get("ended_at")) or at}
    url = call.get("voicemail")
    return [left, {"type": "recording.available", "occurred_at": at, "recording": {"url": url}}] if isinstance(url, str) and url else [left]


def _why(call: Told) -> str:
    reason = call.get("missed_call_reason")
    return MISSED.get(reason, reason[:200]) if isinstance(reason, str) else ""


READS: dict[str, Callable[[Told, Told, str], list[Told]]] = {
    "call.created": _created,
    "call.ringing_on_agent": _of_leg("leg.ringing"),
    "call.agent_declined": _of_leg("leg.not_answered"),
    "call.answered": _answered,
    "call.transferred": _transferred,
    "call.hungup": _hungup,
    "call.ended": _ended,
    "call.voicemail_left": _voicemail,
}


def _sample(at: datetime) -> Delivery:
    said = {
        "resource": "call", "event": "call.created", "timestamp": int(at.timestamp()), "token": "",
        "data": {
            "id": 812, "direction": "inbound", "status": "initial", "started_at": int(at.timestamp()), "raw_digits": "+1 202-555-0123",
            "number": {"id": 1, "name": "Main line", "digits": "+1 202-555-0199"}, "user": None,
        },
    }  # fmt: skip
    return Delivery(orjson.dumps(said), "application/json")


ADAPTER = Adapter(
    name="aircall",
    label="Aircall",
    auth_modes=("body_token", "basic", "token", "hmac_t_v1", "standard_webhooks"),
    read=_read,
    sample=_sample,
)
