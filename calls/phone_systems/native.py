"""Our own event format (docs/integrators.md): a JSON object with ``type`` and ``call_id``; all else may be missing.

Only those two can make an event unreadable. Nonsense in any other field costs that field and leaves a flag: an event that
happened is never lost because its sender wrote a date badly.

Without an ``event_id`` two equal bodies are one event. A sender that posts the same thing twice on purpose (hold, resume,
hold again, without times) gives each an ``event_id``, an ``occurred_at`` or a ``sequence``. ``raw`` is the sender's own
business and does not count: a retry may differ in it.
"""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

import orjson

from calls.events import Event, is_extension
from calls.phone_systems.adapters import Adapter, Setting
from calls.phone_systems.deliveries import Delivery
from calls.phone_systems.reading import Reader, key_of, seconds_of
from config.platform.errors import Refusal

FUTURE = timedelta(minutes=5)
LONGEST_TYPE = 60
DIRECTIONS = {
    **dict.fromkeys(("inbound", "in", "incoming"), "inbound"),
    **dict.fromkeys(("outbound", "out", "outgoing"), "outbound"),
    **dict.fromkeys(("internal", "local"), "internal"),
}
#: ``caller`` is the far side in both directions, ``agent`` ours.
HANGUP_BY = {
    **dict.fromkeys(("caller", "customer", "client"), "caller"),
    **dict.fromkeys(("agent", "operator", "user"), "agent"),
    **dict.fromkeys(("system", "pbx", "queue", "network"), "system"),
    "unknown": "unknown",
}
PARTIES = {name: name for name in ("customer", "agent", "external", "ivr", "queue", "voicemail", "unknown")}
TRANSFER_KINDS = {
    **dict.fromkeys(("blind", "cold"), "blind"),
    **dict.fromkeys(("attended", "warm", "consult"), "attended"),
    "conference": "conference",
}
TRANSFER_RESULTS = {"completed", "returned", "failed", "abandoned"}
KNOWN = frozenset({
    "agent", "answered_at", "attempt_id", "call_id", "call_request_id", "cause", "cause_text", "direction", "duration_s", "ended_at",
    "event_id", "from", "hangup_by", "leg_id", "line", "linked_id", "linked_ids", "occurred_at", "parent_id", "party",
    "phone_system", "queue", "queue_position", "raw", "reason", "recording", "sequence", "started_at", "talk_s", "to",
    "transfer", "type",
})  # fmt: skip


class EventUnreadable(Refusal):
    """An event needs `type` and `call_id`. `errors` says which of them is missing or cannot be used."""

    code = "event_unreadable"
    status = 400
    advice = "Add or mend the fields that `errors` names, and send the event again with the same `event_id`."


def parse(body: Any, *, received_at: datetime, naive_time_zone: str = "UTC") -> Event:
    """Read one event.

    Raises:
        EventUnreadable: it is not an object, or its ``type`` or its ``call_id`` cannot be used.
    """
    kind, call_key = _identity(body)
    reader = Reader(body, naive_time_zone)
    flags = reader.flags
    occurred_at, time_source = reader.instant("occurred_at"), "sender"
    if occurred_at is None or occurred_at > received_at + FUTURE:
        if occurred_at is not None:
            flags.add("future_time")
        occurred_at, time_source = received_at, "received"
    duration_s, talk_s = reader.seconds("duration_s"), reader.seconds("talk_s")
    started_at, answered_at, ended_at = (_past(reader, name, received_at) for name in ("started_at", "answered_at", "ended_at"))
    if kind == "cdr" and started_at is None and ended_at is None:
        length = duration_s or talk_s or 0.0
        if time_source == "received" or occurred_at + timedelta(seconds=length) > received_at + timedelta(seconds=2):
            ended_at = occurred_at  # counted from there, the call would end after the news of its end
    from_raw, from_name = reader.party("from")
    to_raw, to_name = reader.party("to")
    extension, email, agent_name = reader.agent()
    event_id = reader.key("event_id")
    content = _content_hash(body)
    linked = reader.keys("linked_ids", "linked_id", "parent_id")
    linked.discard(call_key)
    return Event(
        dedupe_key=f"id:{event_id}" if event_id else f"h:{content}",
        content_hash=content,
        type=kind,
        occurred_at=occurred_at,
        call_key=call_key,
        event_id=event_id,
        time_source=time_source,
        sequence=reader.whole("sequence", 2**53),
        linked_keys=tuple(sorted(linked)),
        leg_key=reader.key("leg_id"),
        party=reader.word("party", PARTIES),
        call_request_id=reader.key("call_request_id") or reader.key("attempt_id"),
        direction=reader.word("direction", DIRECTIONS),
        from_raw=from_raw,
        from_name=from_name,
        to_raw=to_raw,
        to_name=to_name,
        line=reader.named("line", 100),
        queue=reader.named("queue", 100),
        queue_position=reader.whole("queue_position", 1_000_000),
        agent_extension=extension,
        agent_email=email,
        agent_name=agent_name,
        cause=reader.whole("cause", 127),
        cause_text=reader.text("cause_text", 200),
        hangup_by=reader.word("hangup_by", HANGUP_BY),
        reason=reader.text("reason", 60).lower(),
        duration_s=duration_s,
        talk_s=talk_s,
        started_at=started_at,
        answered_at=answered_at,
        ended_at=ended_at,
        recording=_recording(reader),
        transfer=_transfer(reader),
        extra=reader.rest(KNOWN),
        flags=tuple(sorted(flags)),
    )


def _identity(body: Any) -> tuple[str, str]:
    if not isinstance(body, dict):
        raise EventUnreadable("An event is a JSON object.", errors=[_error("", "not_an_object", "Send an object.")])
    kind, call_key, errors = body.get("type"), key_of(body.get("call_id")), []
    kind = kind.strip() if isinstance(kind, str) else kind
    if not isinstance(kind, str) or not 0 < len(kind) <= LONGEST_TYPE or not kind.isprintable():
        code = "required" if kind in (None, "") else "invalid"
        errors.append(_error("/type", code, f"Give the type, for instance leg.answered: a text of 1 to {LONGEST_TYPE} characters."))
    if not call_key:
        code = "required" if body.get("call_id") in (None, "") else "invalid"
        errors.append(_error("/call_id", code, "Give the id of the call: a text of 1 to 200 printable characters, or a whole number."))
    if errors:
        raise EventUnreadable("An event needs a type and a call_id.", errors=errors)
    return str(kind), call_key


def _error(pointer: str, code: str, detail: str) -> dict[str, str]:
    return {"pointer": pointer, "code": code, "detail": detail}


def _past(reader: Reader, name: str, received_at: datetime) -> datetime | None:
    moment = reader.instant(name)
    if moment is not None and moment > received_at + FUTURE:
        reader.flags.add(f"dropped_{name}")
        return None
    return moment


def _content_hash(body: dict[str, Any]) -> str:
    """The same for the same content, however its members are ordered."""
    content = {name: value for name, value in body.items() if name != "raw"} if "raw" in body else body
    try:
        written = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    except (TypeError, RecursionError):  # what orjson does not write: lone surrogates, numbers past 64 bits
        written = b"|".join(_written(name, content[name]) for name in sorted(content))
    return hashlib.sha256(written).hexdigest()


def _written(name: str, value: Any) -> bytes:
    try:
        return json.dumps({name: value}, sort_keys=True, default=str).encode()
    except (ValueError, RecursionError):
        return json.dumps(name).encode()


def _recording(reader: Reader) -> dict[str, Any] | None:
    value = reader.body.get("recording")
    if value is None or value == "":
        return None
    if isinstance(value, str):
        value = {"url": value}
    kept: dict[str, Any] = {}
    if isinstance(value, dict):
        for name in ("id", "url"):
            if text := reader.clean("recording", value.get(name), 2000):
                kept[name] = text
        if (length := seconds_of(value.get("duration_s"))) is not None:
            kept["duration_s"] = length
    if not kept:
        reader.flags.add("dropped_recording")
    return kept or None


def _transfer(reader: Reader) -> dict[str, Any] | None:
    """``kind``, ``to`` (with ``extension``, ``queue`` or ``number``), ``from_leg``, ``result``: each only when it was given."""
    value = reader.body.get("transfer")
    if value is None:
        return None
    if not isinstance(value, dict):
        value = {"to": value}
    kept: dict[str, Any] = {"to": {}}
    for name, meanings in (("kind", TRANSFER_KINDS), ("result", {one: one for one in TRANSFER_RESULTS})):
        said = value.get(name)
        if said not in (None, ""):
            meant = meanings.get(said.strip().lower(), "") if isinstance(said, str) and len(said) < 40 else ""
            if meant:
                kept[name] = meant
            else:
                reader.flags.add("dropped_transfer")
    to = value.get("to")
    if isinstance(to, dict):
        for name in ("extension", "queue", "number"):
            if text := reader.clean("transfer", to.get(name), 200):
                kept["to"][name] = text
    elif text := reader.clean("transfer", to, 200):
        kept["to"] = {"extension" if is_extension(text) else "number": text}
    leg = value.get("from_leg", value.get("from_leg_id"))
    if leg is not None and (leg := key_of(leg)):
        kept["from_leg"] = leg
    return kept


def _read(value: Any, _setting: Setting) -> list[dict[str, Any]]:
    return list(value["events"]) if isinstance(value, dict) and isinstance(value.get("events"), list) else [value]


def _sample(at: datetime) -> Delivery:
    body = {"type": "call.initiated", "call_id": "test", "direction": "inbound", "from": "+12025550123", "occurred_at": at.isoformat()}
    return Delivery(orjson.dumps(body), "application/json")


def _echo(delivery: Delivery) -> str | None:
    return dict(delivery.query_pairs()).get("challenge")


ADAPTER = Adapter(
    name="native",
    label="Our own event format",
    auth_modes=("token", "hmac_t_v1", "standard_webhooks", "basic", "body_token"),
    read=_read,
    sample=_sample,
    echo=_echo,
)
