"""Our own event format (docs/integrators.md): a JSON object with ``type`` and ``call_id``; all else may be missing.

Only those two can make an event unreadable. Nonsense in any other field costs that field and leaves a flag: an event that
happened is never lost because its sender wrote a date badly.
"""

import hashlib
import math
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from calls.events import Event
from config.platform.errors import Refusal

LONGEST_KEY = 200
FUTURE = timedelta(minutes=5)
EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
DIRECTIONS = {
    "inbound": "inbound",
    "in": "inbound",
    "incoming": "inbound",
    "outbound": "outbound",
    "out": "outbound",
    "outgoing": "outbound",
    "internal": "internal",
}
HANGUP_BY = {"caller", "agent", "system", "unknown"}
NATURAL = ("type", "call_id", "leg_id", "occurred_at", "sequence", "queue", "agent", "transfer", "recording", "cause", "reason")


class EventUnreadable(Refusal):
    """An event needs `type` and `call_id`: texts of 1 to 200 characters. `errors` says which is missing."""

    code = "event_unreadable"
    status = 400


def parse(body: Any, *, received_at: datetime, naive_time_zone: str = "UTC") -> Event:
    """Read one event.

    Raises:
        EventUnreadable: it is not an object, or ``type`` or ``call_id`` cannot be used.
    """
    if not isinstance(body, dict):
        raise EventUnreadable("An event is a JSON object.", errors=[_error("/", "not_an_object", "Send an object.")])
    errors = []
    kind, call_key = body.get("type"), _key(body.get("call_id"))
    if not isinstance(kind, str) or not 1 <= len(kind) <= 60:
        errors.append(_error("/type", "required", "Give the type, for instance leg.answered."))
    if not call_key:
        errors.append(_error("/call_id", "required", "Give the call's id: a text of 1 to 200 characters, or a whole number."))
    if errors or not isinstance(kind, str):
        raise EventUnreadable("The event cannot be told apart: it needs type and call_id.", errors=errors)
    flags: list[str] = []
    reader = _Reader(body, flags)
    occurred_at = reader.instant("occurred_at", naive_time_zone)
    if occurred_at is None:
        occurred_at = received_at
        flags.append("time_is_ours")
    elif occurred_at > received_at + FUTURE:
        occurred_at = received_at
        flags.append("time_was_in_the_future")
    from_raw, from_name = reader.party("from")
    to_raw, to_name = reader.party("to")
    extension, agent_name = reader.agent()
    event_id = _key(body.get("event_id"))
    natural = orjson.dumps({name: body.get(name) for name in NATURAL}, option=orjson.OPT_SORT_KEYS, default=str)
    whole = orjson.dumps({name: value for name, value in body.items() if name != "raw"}, option=orjson.OPT_SORT_KEYS, default=str)
    links = body.get("linked_ids")
    return Event(
        dedupe_key=f"id:{event_id}" if event_id else f"h:{hashlib.sha256(natural).hexdigest()}",
        content_hash=hashlib.sha256(whole).hexdigest(),
        type=kind,
        occurred_at=occurred_at,
        call_key=call_key,
        event_id=event_id,
        linked_keys=tuple(
            sorted({key for link in (links if isinstance(links, list) else [])[:50] if (key := _key(link)) and key != call_key})
        ),
        leg_key=_key(body.get("leg_id")),
        sequence=reader.whole("sequence", 2**53),
        call_request_id=reader.text("call_request_id", 100),
        direction=DIRECTIONS.get(reader.text("direction", 20).lower(), ""),
        from_raw=from_raw,
        from_name=from_name,
        to_raw=to_raw,
        to_name=to_name,
        line=reader.text("line", 100),
        queue=reader.text("queue", 100),
        queue_position=reader.whole("queue_position", 100_000),
        agent_extension=extension,
        agent_name=agent_name,
        cause=reader.whole("cause", 127),
        cause_text=reader.text("cause_text", 200),
        hangup_by=word if (word := reader.text("hangup_by", 20).lower()) in HANGUP_BY else "",
        reason=reader.text("reason", 60).lower(),
        duration_s=reader.seconds("duration_s"),
        talk_s=reader.seconds("talk_s"),
        answered_at=reader.instant("answered_at", naive_time_zone),
        ended_at=reader.instant("ended_at", naive_time_zone),
        recording=reader.recording(),
        transfer=reader.transfer(),
        flags=tuple(sorted(set(flags))),
    )


class _Reader:
    """Takes fields out of a body; what cannot be used is left out and flagged."""

    def __init__(self, body: dict[str, Any], flags: list[str]) -> None:
        self.body, self.flags = body, flags

    def drop(self, name: str) -> None:
        self.flags.append(f"dropped_{name}"[:60])

    def text(self, name: str, longest: int, value: Any = None) -> str:
        value = self.body.get(name) if value is None else value
        if value is None:
            return ""
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            self.drop(name)
            return ""
        return value.replace("\0", "").strip()[:longest]

    def whole(self, name: str, most: int) -> int | None:
        value = self.body.get(name)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
            value = int(value)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most:
            return value
        self.drop(name)
        return None

    def seconds(self, name: str) -> float | None:
        value = self.body.get(name)
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and 0 <= value <= 10_000_000:
            return float(value)
        self.drop(name)
        return None

    def instant(self, name: str, naive_time_zone: str) -> datetime | None:
        value = self.body.get(name)
        if value is None or value == "":
            return None
        try:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is None:
                moment = self.placed(moment, ZoneInfo(naive_time_zone))
            moment = moment.astimezone(UTC)
        except (TypeError, ValueError, OverflowError, AttributeError):
            self.drop(name)
            return None
        if not EARLIEST <= moment <= LATEST:
            self.drop(name)
            return None
        return moment

    def placed(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """A time without an offset, in the sender's zone; one that does not exist or exists twice is taken as the first."""
        self.flags.append("time_without_offset")
        here = moment.replace(tzinfo=zone, fold=0)
        if here.utcoffset() != here.replace(fold=1).utcoffset():
            self.flags.append("time_at_clock_change")
        return here

    def party(self, name: str) -> tuple[str, str]:
        value = self.body.get(name)
        if isinstance(value, dict):
            number = value.get("number", value.get("raw", value.get("e164")))
            return self.text(name, 200, number if number is not None else ""), self.text(name, 200, value.get("name") or "")
        return self.text(name, 200), ""

    def agent(self) -> tuple[str, str]:
        value = self.body.get("agent")
        if isinstance(value, dict):
            extension = value.get("extension", value.get("id", value.get("email")))
            return self.text("agent", 50, extension if extension is not None else ""), self.text("agent", 200, value.get("name") or "")
        return self.text("agent", 50), ""

    def recording(self) -> dict[str, Any] | None:
        value = self.body.get("recording")
        if value is None:
            return None
        if not isinstance(value, dict):
            self.drop("recording")
            return None
        kept = {name: value[name][:2000] for name in ("url", "id") if isinstance(value.get(name), str)}
        length = value.get("duration_s")
        if isinstance(length, int | float) and not isinstance(length, bool) and math.isfinite(length) and 0 <= length < 10_000_000:
            kept["duration_s"] = length
        return kept or None

    def transfer(self) -> dict[str, Any] | None:
        value = self.body.get("transfer")
        if value is None:
            return None
        if not isinstance(value, dict):
            self.drop("transfer")
            return None
        kind = value.get("kind")
        to = value.get("to")
        to = to if isinstance(to, dict) else {"number": to} if isinstance(to, str) else {}
        return {
            "kind": kind if kind in ("blind", "attended", "conference") else "blind",
            "to": {name: self.text("transfer", 200, to[name]) for name in ("extension", "queue", "number") if to.get(name)},
            "result": value.get("result") if value.get("result") in ("completed", "returned", "failed", "abandoned") else "",
        }


def _key(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or len(value) > LONGEST_KEY or "\0" in value:
        return ""
    return value.strip()


def _error(pointer: str, code: str, detail: str) -> dict[str, str]:
    return {"pointer": pointer, "code": code, "detail": detail}
