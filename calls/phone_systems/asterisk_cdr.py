"""Asterisk, call detail records and the queue log, folded together.

A call has several CDRs, one for each pair of channels and each attempt; ``uniqueid``, ``linkedid`` and ``sequence`` together name one. The queue
log tells what CDRs do not: the stay in the queue, who was rung and did not answer, who took the call and who ended it. Its lines
carry the unique id of the caller's channel, which is the linked id of the CDRs. Lines that tell of no call (``NONE``, ``REALTIME``, log-in,
pause) give nothing.

Sources: Asterisk documentation "CDR Specification" (dispositions, several records, ``sequence``) and "Queue Logs" (events and their parameters).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from calls.events import Event, distinct, is_extension
from calls.phone_systems.adapters import Adapter, Setting
from calls.phone_systems.asterisk import rows
from calls.phone_systems.asterisk.dialling import destinations, number_meant
from calls.phone_systems.asterisk.requests import request_of
from calls.phone_systems.deliveries import Delivery
from calls.phone_systems.reading import EPOCH, key_of

CDR, QUEUE = "asterisk.CDR", "asterisk.QUEUE_"
LEAVING = {
    "ABANDON": "abandon",
    "EXITWITHTIMEOUT": "timeout",
    "EXITEMPTY": "empty",
    "EXITWITHKEY": "key",
    "FULL": "full",
    "JOINEMPTY": "empty",
}
RINGING = {"RINGNOANSWER", "RINGCANCELED"}
ENDING = {"COMPLETEAGENT": "agent", "COMPLETECALLER": "caller"}
PASSING = {"BLINDTRANSFER": "blind", "ATTENDEDTRANSFER": "attended", "TRANSFER": "blind"}
KNOWN = {"ENTERQUEUE", "CONNECT", *LEAVING, *RINGING, *ENDING, *PASSING}
#: What the disposition of a record says of the channel that was called.
CAUSES = {"BUSY": 17, "NO ANSWER": 19, "CONGESTION": 34}
NO_CALL = frozenset({"", "NONE", "REALTIME", "MANAGER"})
_MEMBER = re.compile(r"^(?:Local|PJSIP|SIP|IAX2|Agent|SCCP)/([^@/]+)", re.I)


def _read(value: Any, _setting: Setting) -> list[dict[str, Any]]:
    found = []
    for record in _records(value):
        body = _line(record) if isinstance(record, str) else _record(record) if isinstance(record, dict) else None
        if body and key_of(body["call_id"]):
            found.append(body if record is value else {**body, "raw": record})
    return found


def _records(value: Any) -> list[Any]:
    if isinstance(value, str):
        return value.splitlines() if len(value.splitlines()) > 1 else [value]
    if isinstance(value, dict) and isinstance(value.get("lines"), str):
        return list(value["lines"].splitlines())
    return rows.members(value, "lines", "events", "rows", "cdrs", "records")


def _record(record: dict[str, Any]) -> dict[str, Any] | None:
    """A CDR, or a row of the table ``queue_log``; told apart by their fields."""
    fields = rows.plain(record)
    if "queuename" in fields or ("event" in fields and "agent" in fields and "disposition" not in fields):
        data = [rows.text(fields, f"data{place}") for place in range(1, 6)]
        at, call, queue, member, kind = (rows.text(fields, name) for name in ("time", "callid", "queuename", "agent", "event"))
        return _queue_event(at, call, queue, member, kind, data)
    return _cdr(fields)


def _line(line: str) -> dict[str, Any] | None:
    """One line of the file ``queue_log``."""
    parts = line.strip().split("|")
    if len(parts) < 5:
        return None
    at, call, queue, member, kind, *data = parts
    return _queue_event(at, call, queue, member, kind, data)


def _queue_event(at: str, call: str, queue: str, member: str, kind: str, data: list[str]) -> dict[str, Any] | None:
    kind = kind.strip().upper()
    if call.strip() in NO_CALL or not kind or not kind.isprintable() or len(kind) > 40:
        return None
    told = [one[:200] for one in data]
    while told and not told[-1]:
        told.pop()  # the table has five places, the file has as many as the event needs
    body: dict[str, Any] = {
        "event_id": rows.key("queue_log", rows.moment(at), call, queue, member, kind, told),
        "type": QUEUE + kind,
        "call_id": call[:200],
        "queue": "" if queue == "NONE" else queue,
        "log": {"member": "" if member == "NONE" else member, "data": told},
    }
    linked = told[1] if kind == "CONNECT" and len(told) > 1 else ""
    return {**body, "occurred_at": rows.moment(at), "linked_ids": [linked] if linked else []}


def _cdr(fields: dict[str, Any]) -> dict[str, Any] | None:
    unique_id, linked_id = rows.text(fields, "uniqueid"), rows.text(fields, "linkedid")
    start = rows.text(fields, "start", "calldate", "starttime")
    if not (unique_id or linked_id) or not (start or rows.text(fields, "disposition")):
        return None
    names = {
        "src": ("src", "source"), "dst": ("dst", "destination"), "channel": ("channel",), "dstchannel": ("dstchannel", "destinationchannel"),
        "context": ("dcontext", "destinationcontext"), "app": ("lastapp", "lastapplication"), "data": ("lastdata",), "disposition": ("disposition",),
        "sequence": ("sequence",), "recording": ("recordingfile",),
    }  # fmt: skip
    told = {name: rows.text(fields, *known)[:500] for name, known in names.items()}
    clid = re.match(r'\s*"?([^"<]*)"?\s*<', rows.text(fields, "clid", "callerid"))
    call_id = (linked_id or unique_id)[:200]
    times = {
        name: rows.moment(rows.text(fields, *known))
        for name, known in (("answered_at", ("answer", "answertime")), ("ended_at", ("end", "endtime")))
    }
    return {
        "event_id": f"cdr:{unique_id[:60]}:{linked_id[:60]}:{told['sequence'][:20]}" if told["sequence"] else rows.key("cdr", unique_id, linked_id, start, told),
        "type": CDR,
        "call_id": call_id,
        "leg_id": unique_id[:200],
        "linked_ids": [unique_id[:200]] if unique_id and unique_id != call_id else [],
        "occurred_at": rows.moment(start),
        "started_at": rows.moment(start),
        **{name: said for name, said in times.items() if said and not said.startswith("0000")},
        "duration_s": rows.text(fields, "duration"),
        "talk_s": rows.text(fields, "billsec", "billableseconds"),
        "from": {"number": told["src"], "name": clid[1].strip() if clid else ""},
        "to": told["dst"],
        **({"call_request_id": request} if (request := request_of(linked_id, unique_id)) else {}),
        "record": {name: said for name, said in told.items() if said},
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Record:
    """A CDR: one channel, the one it called, and what came of it."""

    event: Event
    told: dict[str, Any]

    def text(self, name: str) -> str:
        return str(self.told.get(name) or "")

    @property
    def start(self) -> datetime:
        return self.event.started_at or self.event.occurred_at

    @property
    def end(self) -> datetime:
        return max(self.start, self.event.ended_at or self.start + timedelta(seconds=self.event.duration_s or 0))

    @property
    def answer(self) -> datetime | None:
        """When the called channel answered; None when the record says that nobody was called or nobody answered."""
        if self.text("disposition").upper() != "ANSWERED" or not self.text("dstchannel"):
            return None
        return self.event.answered_at or self.end - timedelta(seconds=self.event.talk_s or 0)


def _understand(events: Sequence[Event], setting: Setting) -> Iterable[Event]:
    """The records and lines of one call, as events that the fold knows."""
    known = distinct(event for event in events if event.type == CDR or event.type.removeprefix(QUEUE) in KNOWN)
    if not known:
        return []
    return list(_Call(known, setting).events())


class _Call:
    def __init__(self, known: list[Event], setting: Setting) -> None:
        self.known, self.setting = known, setting
        self.key = min((event.call_key for event in known), key=rows.order_of)
        found = [Record(event, (event.extra or {}).get("record") or {}) for event in known if event.type == CDR]
        self.records = sorted(
            found, key=lambda one: (one.start, rows.order_of(one.event.leg_key), one.text("sequence"), one.event.dedupe_key)
        )
        self.lines = [event for event in known if event.type != CDR]
        self.in_log = {self._member(event) for event in self.lines if event.type in (QUEUE + "CONNECT", QUEUE + "RINGNOANSWER")} - {""}
        first = self.records[0] if self.records else None
        self.caller = rows.name_of(first.text("channel")) if first else None

    def _say(self, kind: str, at: datetime, about: str = "", **facts: Any) -> Event:
        return Event(dedupe_key=f"{kind}:{about}:{at.isoformat()}", content_hash="", type=kind, occurred_at=at, call_key=self.key, **facts)

    def events(self) -> Iterator[Event]:
        yield self._beginning()
        for record in self.records:
            yield from self._attempt(record)
        for line in self.lines:
            yield from self._queue(line)
        if (end := self._end()) is not None:
            yield end

    def _beginning(self) -> Event:
        links = {key for event in self.known for key in (event.call_key, *event.linked_keys)} - {self.key}
        facts: dict[str, Any] = {
            "linked_keys": tuple(sorted(links)),
            "flags": tuple(sorted({flag for event in self.known for flag in event.flags})),
        }
        if not self.records:
            enter = next((event for event in self.lines if event.type == QUEUE + "ENTERQUEUE"), None)
            if enter is None:
                return self._say("call.heartbeat", self.known[0].occurred_at, **facts)
            return self._say("call.initiated", enter.occurred_at, direction="inbound", from_raw=self._data(enter, 1), **facts)
        first = self.records[0]
        who = self._extension(first.text("channel"), first.text("src"))
        direction = self.direction
        return self._say(
            "call.initiated",
            first.start,
            direction=direction,
            from_raw=first.event.from_raw if direction == "inbound" else who,
            from_name=first.event.from_name if first.event.from_name != first.event.from_raw else "",
            to_raw=first.event.to_raw if any(letter.isdigit() for letter in first.event.to_raw) else "",
            line=self.caller.endpoint[:100] if self.caller and direction == "inbound" else "",
            agent_extension="" if direction == "inbound" else who,
            **facts,
        )

    @property
    def direction(self) -> str:
        first = self.records[0] if self.records else None
        if (
            first is None
            or any(event.type == QUEUE + "ENTERQUEUE" for event in self.lines)
            or not self._extension(first.text("channel"), first.text("src"))
        ):
            return "inbound"
        return "internal" if is_extension(first.event.to_raw) else "outbound"

    def _extension(self, channel: str, number: str) -> str:
        name = rows.name_of(channel)
        if name.extension or name.is_plumbing or rows.OUTSIDE.search(name.endpoint):
            return name.extension
        return number if is_extension(number) else ""

    def _attempt(self, record: Record) -> Iterator[Event]:
        """The two channels of a record: the first one's owner, and whoever was called."""
        direction = self.direction
        if record is self.records[0] and direction != "inbound":
            owner = self._extension(record.text("channel"), record.text("src"))
            if record.answer:
                yield self._say("leg.answered", record.answer, "own", leg_key=record.event.leg_key, party="agent", agent_extension=owner)
            yield self._say("leg.ended", record.end, "own", leg_key=record.event.leg_key, party="agent", agent_extension=owner)
        called = record.text("dstchannel")
        if not called:
            return
        name = rows.name_of(called)
        dialled = [one for one in destinations(record.text("data")) if one.endpoint == name.endpoint and one.number]
        extension = name.extension or (local[1] if (local := _MEMBER.match(called)) and name.is_plumbing and is_extension(local[1]) else "")
        if not extension and not dialled and is_extension(record.event.to_raw) and not rows.OUTSIDE.search(name.endpoint):
            extension = record.event.to_raw
        who: dict[str, Any] = {"leg_key": f"agent:{extension}" if extension else called, "agent_extension": extension}
        if extension:
            who["party"] = "agent"
            if extension in self.in_log:
                return  # the queue log tells the same better
        else:
            who["party"] = "customer" if direction == "outbound" else "external"
            who["to_raw"] = number_meant(dialled[-1].number, record.event.to_raw) if dialled else record.event.to_raw
        yield self._say("leg.ringing", record.start, called, **who)
        if record.answer:
            yield self._say("leg.answered", record.answer, called, **who)
            yield self._say("leg.ended", record.end, called, **who)
        else:
            said = record.text("disposition").upper()
            yield self._say("leg.not_answered", record.end, called, cause=CAUSES.get(said), reason=said.lower().replace(" ", "_"), **who)

    # --- the queue log

    @staticmethod
    def _data(event: Event, place: int) -> str:
        data = ((event.extra or {}).get("log") or {}).get("data") or []
        return str(data[place]) if place < len(data) else ""

    def _seconds(self, event: Event, place: int, unit: float = 1.0) -> timedelta:
        said = self._data(event, place)
        return timedelta(seconds=int(said) * unit) if said.isascii() and said.isdigit() and len(said) < 9 else timedelta()

    def _member(self, event: Event) -> str:
        member = str(((event.extra or {}).get("log") or {}).get("member") or "")
        found = _MEMBER.match(member)
        name = found[1] if found else member
        return rows.name_of(f"PJSIP/{name}").extension or name

    def _queue(self, event: Event) -> Iterator[Event]:
        kind, at, member = event.type.removeprefix(QUEUE), event.occurred_at, self._member(event)
        who: dict[str, Any] = {"agent_extension": member, "party": "agent"}
        if kind == "ENTERQUEUE":
            place = self._data(event, 2)
            yield self._say(
                "call.queued",
                at,
                queue=event.queue,
                queue_position=int(place) if place.isascii() and place.isdigit() and len(place) < 6 else None,
            )
        elif kind in LEAVING:
            yield self._say("call.left_queue", at, queue=event.queue, reason=LEAVING[kind])
        elif kind in RINGING:
            key = f"{member}:{at.isoformat()}"
            rang = self._seconds(event, 0, 0.001)
            yield self._say("leg.ringing", at - rang, key, leg_key=key, **who)
            yield self._say("leg.not_answered", at, key, leg_key=key, reason="no_answer" if kind == "RINGNOANSWER" else "canceled", **who)
        elif kind == "CONNECT":
            key = self._data(event, 1) or f"{member}:{at.isoformat()}"
            rang = self._seconds(event, 2)
            yield self._say("leg.ringing", at - rang, key, leg_key=key, **who)
            yield self._say("leg.answered", at, key, leg_key=key, **who)
            if (gone := self._leaving(event)) is not None:
                yield self._say("leg.ended", gone, key, leg_key=key, **who)
        elif kind in PASSING:
            connect = self._connect_before(event)
            key = (self._data(connect, 1) if connect else "") or member
            target = self._data(event, 1 if self._data(event, 0) in ("BRIDGE", "APP", "LINK") else 0)
            to = {"extension" if is_extension(target) else "number": target} if any(letter.isdigit() for letter in target) else {}
            yield self._say("call.transferred", at, key, leg_key=key, transfer={"kind": PASSING[kind], "to": to, "from_leg": key})

    def _leaving(self, connect: Event) -> datetime | None:
        """When the member whom the queue connected was done: the next end or passing on of the same member."""
        kinds = {QUEUE + kind for kind in (*ENDING, *PASSING)}
        later = [
            one.occurred_at
            for one in self.lines
            if one.type in kinds and one.occurred_at >= connect.occurred_at and self._member(one) == self._member(connect)
        ]
        return min(later, default=None)

    def _connect_before(self, event: Event) -> Event | None:
        found = [
            one
            for one in self.lines
            if one.type == QUEUE + "CONNECT" and one.occurred_at <= event.occurred_at and self._member(one) == self._member(event)
        ]
        return found[-1] if found else None

    def _end(self) -> Event | None:
        endings = [event for event in self.lines if event.type.removeprefix(QUEUE) in ENDING]
        over = [record.end for record in self.records]
        over += [event.occurred_at for event in self.lines if event.type.removeprefix(QUEUE) in (*ENDING, "ABANDON")]
        if not over or not (self.records or endings or any(event.type == QUEUE + "ABANDON" for event in self.lines)):
            return None
        by = (
            ENDING[endings[-1].type.removeprefix(QUEUE)]
            if endings
            else "caller"
            if any(event.type == QUEUE + "ABANDON" for event in self.lines)
            else ""
        )
        words = [record.text("disposition").upper() for record in self.records if record.text("dstchannel")]
        said = "" if not words or "ANSWERED" in words or self.direction == "inbound" else words[-1]
        return self._say("call.ended", max(over), cause=CAUSES.get(said), cause_text=said, hangup_by=by)


def _sample(at: datetime) -> Delivery:
    unique = f"{(at - EPOCH) // timedelta(seconds=1)}.1"
    record = {
        "clid": '"" <+12025550123>', "src": "+12025550123", "dst": "201", "dcontext": "from-trunk", "channel": "PJSIP/trunk-00000001", "dstchannel": "",
        "lastapp": "Dial", "lastdata": "PJSIP/201,30", "start": at.isoformat(), "answer": "", "end": at.isoformat(), "duration": 0, "billsec": 0,
        "disposition": "NO ANSWER", "amaflags": "DOCUMENTATION", "accountcode": "", "uniqueid": unique, "linkedid": unique, "sequence": 1, "userfield": "",
    }  # fmt: skip
    return Delivery(orjson.dumps(record), "application/json")


def _value(delivery: Delivery) -> Any:
    """JSON, a form, or the bare lines of the file ``queue_log``."""
    if delivery.content_type.split(";")[0].strip().lower() == "text/plain" and delivery.body.lstrip()[:1] not in (b"{", b"["):
        return {"lines": delivery.body.decode("utf-8", "replace").replace("\0", "\ufffd").splitlines()}
    return delivery.value()


ADAPTER = Adapter(
    name="asterisk_cdr",
    label="Asterisk: call records (CDR) and queue log",
    auth_modes=("token", "hmac_t_v1", "basic", "body_token"),
    read=_read,
    sample=_sample,
    value=_value,
    interpret=_understand,
    own_types=frozenset({CDR, *(QUEUE + kind for kind in KNOWN)}),
)
