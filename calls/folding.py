"""A call as a pure function of the set of its events: their order of arrival and their doubles cannot matter.

- Times are minima and maxima. What only one event can say (who called, which queue) is taken from the event of the
  highest source rank: a complete record (``cdr``) before the end of the call, before the rest; then the earliest.
- A leg's state goes forward only. ``ended`` is sticky: once the call's end is known, an event from before the end
  adds facts and an event from after it (a recording, a late leg end) never reopens the call.
- The end of the call ends every leg that is still open. Without it the call goes on, even if every leg has ended: the
  next leg of a transfer may be on its way. What never gets an end is closed by the reaper.
- An event that names no leg belongs to the leg of its operator's extension, or else to the leg of the far side.
- Outbound, the far side answered when a leg of nobody's extension did; when the sender tells of operators' legs only,
  an operator's leg that is answered means the call was.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from calls import outcomes
from calls.events import Event
from calls.facts import CallFacts, LegFacts

SOURCE_RANK = {"cdr": 0, "call.ended": 1}
Span = tuple[datetime, datetime]
LEG_TYPES = {"leg.ringing", "leg.not_answered", "leg.answered", "leg.held", "leg.resumed", "leg.ended"}


def fold(events: Iterable[Event], *, is_ours: Callable[[str], bool] = lambda raw: False) -> CallFacts:
    """The facts that these events tell together. At least one event; unknown types only prove that the call exists.

    ``is_ours`` tells our own lines and extensions: a sender that says no direction is understood by who called whom.
    """
    unique = {event.dedupe_key: event for event in sorted(events, key=lambda one: (one.content_hash, one.order))}
    everything = sorted(unique.values(), key=lambda event: event.order)
    known = [event for event in everything if event.is_known] or everything
    spans = _spans(known)
    best = sorted(known, key=lambda event: (SOURCE_RANK.get(event.type, 2), event.order))
    ended_at = _end(known, spans)
    legs = _legs(known, spans, ended_at)
    direction = _first(best, "direction") or _direction(_first(best, "from_raw"), _first(_asked_for(best), "to_raw"), is_ours)
    started_at = _start(known, spans)
    stays = _queue_stays(known, legs, ended_at)
    far, near = [leg for leg in legs if not leg.extension], [leg for leg in legs if leg.extension]
    answered_legs = [leg for leg in (near if direction == "inbound" and near else (far or near)) if leg.answered_at]
    answered_at = min((leg.answered_at for leg in answered_legs if leg.answered_at), default=None)
    voicemail = any(event.type == "voicemail.left" for event in known)
    talker = _last_talker(near)
    terminal = [event for event in best if event.type in ("cdr", "call.ended")] or [
        event for event in reversed(known) if event.type in ("leg.ended", "leg.not_answered")
    ]
    cause, cause_text = _first(terminal, "cause", None), _first(terminal, "cause_text")
    hangup_by = _first(terminal, "hangup_by")
    rings = [leg.ring_at for leg in legs if leg.ring_at]
    queued_at = stays[0]["entered_at"] if stays else None
    outcome = ""
    if ended_at is not None:
        outcome = (
            outcomes.outbound(
                answered=answered_at is not None,
                machine=any(event.type == "machine.detected" for event in known),
                cause=cause,
                cause_text=cause_text,
            )
            if direction == "outbound"
            else outcomes.inbound(
                answered=answered_at is not None,
                voicemail=voicemail,
                queue_reason=next((stay["reason"] for stay in reversed(stays) if stay["reason"] and stay["reason"] != "answered"), ""),
                queued=bool(stays),
                rang=bool(rings),
                cause_text=cause_text,
                hangup_by=hangup_by,
            )
        )
    talks = [(leg.answered_at, leg.ended_at) for leg in answered_legs if leg.answered_at and leg.ended_at]
    hold_s = round(sum(leg.hold_s for leg in answered_legs), 3)
    first_ring_at = min(rings, default=None)
    waited_until = answered_at or ended_at
    return CallFacts(
        direction=direction,
        state="ended" if ended_at else _state(known, legs, stays),
        outcome=outcome,
        from_raw=_first(best, "from_raw"),
        from_name=_first(best, "from_name"),
        to_raw=_first(_asked_for(best), "to_raw"),
        to_name=_first(_asked_for(best), "to_name"),
        line=_first(best, "line"),
        queue=stays[-1]["queue"] if stays else _first(best, "queue"),
        queue_position=next((stay["position"] for stay in reversed(stays) if stay["position"] is not None), None),
        extension=talker.extension if talker else _first([event for event in known if event.agent_extension], "agent_extension"),
        answered_by_raw=talker.extension or talker.number_raw if talker and answered_at else "",
        answered_by_name=talker.name if talker and answered_at else "",
        started_at=started_at,
        queued_at=queued_at,
        first_ring_at=first_ring_at,
        answered_at=answered_at,
        ended_at=ended_at,
        wait_s=_span(queued_at or started_at, waited_until),
        ring_s=_span(first_ring_at, waited_until),
        talk_s=max(0.0, round(_union_s(talks) - hold_s, 3)) if ended_at or talks else None,
        hold_s=hold_s if legs else None,
        reported_talk_s=_first(best, "talk_s", None),
        hangup_by=hangup_by,
        cause=cause,
        cause_text=cause_text,
        is_partial=not any(event.type in ("call.initiated", "cdr") for event in known),
        call_request_id=_first(best, "call_request_id"),
        legs=legs,
        transfers=_transfers(known, legs),
        queue_stays=tuple({**stay, "entered_at": _iso(stay["entered_at"]), "left_at": _iso(stay["left_at"])} for stay in stays),
        recordings=_recordings(known),
        linked_keys=tuple(sorted({key for event in everything for key in (event.call_key, *event.linked_keys)})),
        flags=tuple(sorted({flag for event in everything for flag in event.flags})),
    )


def _first(events: Iterable[Event], name: str, empty: Any = "") -> Any:
    return next((value for event in events if (value := getattr(event, name)) not in ("", None)), empty)


def _direction(caller: str, asked: str, is_ours: Callable[[str], bool]) -> str:
    if caller and is_ours(caller):
        return "internal" if asked and is_ours(asked) else "outbound"
    return "inbound"


def _asked_for(best: list[Event]) -> list[Event]:
    """Whom the caller asked for is told by the beginning and by the record, not by the legs that rang later."""
    whole = [event for event in best if event.type not in LEG_TYPES]
    return whole + [event for event in best if event.type in LEG_TYPES]


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _span(begin: datetime | None, end: datetime | None) -> float | None:
    return round(max(0.0, (end - begin).total_seconds()), 3) if begin and end else None


def _start(known: list[Event], spans: dict[str, Span]) -> datetime:
    """The earliest time that is told. Records and recordings tell of the past in their own way."""
    told = [event.occurred_at for event in known if event.type not in ("cdr", "recording.available")]
    return min([*told, *(begin for begin, _ in spans.values())], default=known[0].occurred_at)


def _end(known: list[Event], spans: dict[str, Span]) -> datetime | None:
    """The latest end that records tell, or else the call's own end; never before somebody answered."""
    ends = [end for _, end in spans.values()] or [event.occurred_at for event in known if event.type == "call.ended"]
    return max(ends + [event.occurred_at for event in known if event.type == "leg.answered"]) if ends else None


def _spans(known: list[Event]) -> dict[str, Span]:
    """From when to when each record says the call was.

    A record's ``occurred_at`` is the beginning. Some senders put the moment of sending there: it is taken as the end when
    the sender gave no time at all, or when it comes after all other events and its duration leads back into the call.
    """
    others = [event.occurred_at for event in known if event.type not in ("cdr", "recording.available")]
    spans = {}
    for record in (event for event in known if event.type == "cdr"):
        length = timedelta(seconds=record.duration_s or record.talk_s or 0)
        at = record.occurred_at
        was_sent_at_end = "time_is_ours" in record.flags or (
            bool(others) and at >= max(others) and length > timedelta() and at - min(others) >= length / 2
        )
        if record.ended_at and record.ended_at >= at:
            spans[record.dedupe_key] = at, record.ended_at
        elif was_sent_at_end:
            spans[record.dedupe_key] = at - length, at
        else:
            spans[record.dedupe_key] = at, at + length
    return spans


def _record_answer(record: Event, span: Span) -> datetime | None:
    """When a record says the call was answered: told, or counted back from the end by the time talked."""
    begin, end = span
    if record.answered_at and begin <= record.answered_at <= end:
        return record.answered_at
    if record.talk_s:
        return max(begin, end - timedelta(seconds=record.talk_s))
    return begin if outcomes.of_text(record.cause_text) == "answered" and record.talk_s is None else None


def _leg_name(event: Event) -> str:
    return event.leg_key or (f"agent:{event.agent_extension}" if event.agent_extension else "far")


def _legs(known: list[Event], spans: dict[str, Span], ended_at: datetime | None) -> tuple[LegFacts, ...]:
    groups: dict[str, list[Event]] = defaultdict(list)
    for event in known:
        if event.type in LEG_TYPES:
            groups[_leg_name(event)].append(event)
    legs = [_leg(key, group, ended_at) for key, group in groups.items()]
    for record in known:
        if record.type == "cdr":
            legs += _legs_of_record(record, spans[record.dedupe_key], legs)
    return tuple(sorted(legs, key=lambda leg: (leg.started_at, leg.key)))


def _leg(key: str, group: list[Event], call_ended_at: datetime | None) -> LegFacts:
    times: dict[str, list[datetime]] = defaultdict(list)
    for event in group:
        times[event.type].append(event.occurred_at)
    answered_at = min(times["leg.answered"], default=None)
    refused_at = max(times["leg.not_answered"], default=None) if answered_at is None else None
    ended_at = max(times["leg.ended"], default=None) or refused_at or call_ended_at
    if ended_at and answered_at and ended_at < answered_at:
        ended_at = call_ended_at if call_ended_at and call_ended_at >= answered_at else answered_at
    state = "ended" if ended_at else "answered" if answered_at else "ringing" if times["leg.ringing"] else "created"
    last = list(reversed(group))
    extension = _first(group, "agent_extension")
    ends = [event for event in last if event.type in ("leg.ended", "leg.not_answered")]
    return LegFacts(
        key=key,
        party="agent" if extension else "customer" if key == "far" or answered_at or times["leg.ringing"] else "unknown",
        extension=extension,
        number_raw=_first(group, "to_raw") if not extension else "",
        name=_first(group, "agent_name") or _first(group, "to_name"),
        state=state,
        started_at=group[0].occurred_at,
        ring_at=min(times["leg.ringing"], default=None),
        answered_at=answered_at,
        ended_at=ended_at,
        hold_s=_hold_s(times, answered_at, ended_at),
        cause=_first(ends, "cause", None),
        end_reason="not_answered" if refused_at and not times["leg.ended"] else _first(ends, "cause_text"),
    )


def _legs_of_record(record: Event, span: Span, legs: list[LegFacts]) -> list[LegFacts]:
    """The leg that a record proves when no event told of it: who talked, from when to when."""
    answered_at, ended_at = _record_answer(record, span), span[1]
    if answered_at is None or any(leg.answered_at for leg in legs):
        return []
    key = _leg_name(record)
    same = next((leg for leg in legs if leg.key == key), None)
    if same:
        legs.remove(same)
    return [
        LegFacts(
            key=key,
            party="agent" if record.agent_extension else "customer",
            extension=record.agent_extension,
            number_raw="" if record.agent_extension else record.to_raw,
            name=record.agent_name,
            state="ended",
            started_at=same.started_at if same else span[0],
            ring_at=same.ring_at if same else None,
            answered_at=answered_at,
            ended_at=ended_at,
            hold_s=0.0,
            cause=record.cause,
            end_reason=record.cause_text,
        )
    ]


def _hold_s(times: dict[str, list[datetime]], answered_at: datetime | None, ended_at: datetime | None) -> float:
    """Seconds on hold: each hold until the next resume, or until the leg ends."""
    if answered_at is None:
        return 0.0
    marks = sorted([(at, 0) for at in times["leg.held"]] + [(at, 1) for at in times["leg.resumed"]])
    total, since = 0.0, None
    for at, is_resume in marks:
        at = min(max(at, answered_at), ended_at) if ended_at else max(at, answered_at)
        if not is_resume and since is None:
            since = at
        elif is_resume and since is not None:
            total += (at - since).total_seconds()
            since = None
    if since is not None and ended_at:
        total += max(0.0, (ended_at - since).total_seconds())
    return round(total, 3)


def _union_s(spans: list[tuple[datetime, datetime]]) -> float:
    """Seconds covered by at least one span."""
    total, reach = 0.0, None
    for begin, end in sorted(spans):
        begin = max(begin, reach) if reach else begin
        if end > begin:
            total += (end - begin).total_seconds()
            reach = end
        reach = max(reach, end) if reach else end
    return total


def _queue_stays(known: list[Event], legs: tuple[LegFacts, ...], ended_at: datetime | None) -> list[dict[str, Any]]:
    """Each stay in a queue: from entering it until it was left, an operator answered, or the call ended."""
    stays: list[dict[str, Any]] = []
    entries = [event for event in known if event.type == "call.queued"]
    leavings = [event for event in known if event.type == "call.left_queue"]
    if not entries and leavings:
        entries = leavings[:1]
    answers = sorted(leg.answered_at for leg in legs if leg.answered_at and leg.extension)
    for index, entry in enumerate(entries):
        until = entries[index + 1].occurred_at if index + 1 < len(entries) else None
        left = next((one for one in leavings if one.occurred_at >= entry.occurred_at and (until is None or one.occurred_at < until)), None)
        answer = next((at for at in answers if at >= entry.occurred_at and (until is None or at < until)), None)
        left_at: datetime | None
        if answer and (left is None or answer <= left.occurred_at):
            left_at, reason = answer, "answered"
        elif left:
            left_at, reason = left.occurred_at, left.reason
        else:
            left_at, reason = (until, "moved") if until else (ended_at, "")
        stays.append(
            {
                "queue": entry.queue or (left.queue if left else ""),
                "entered_at": entry.occurred_at,
                "left_at": max(left_at, entry.occurred_at) if left_at else None,
                "reason": reason,
                "position": entry.queue_position,
            }
        )
    return stays


def _last_talker(near: list[LegFacts]) -> LegFacts | None:
    """The operator who talked last; before anybody talked, nobody."""
    talked = [leg for leg in near if leg.answered_at]
    return max(talked, key=lambda leg: (leg.answered_at, leg.key), default=None)


def _state(known: list[Event], legs: tuple[LegFacts, ...], stays: list[dict[str, Any]]) -> str:
    if any(leg.state == "answered" for leg in legs):
        return "in_progress"
    if any(leg.state == "ringing" for leg in legs):
        return "ringing"
    if stays and stays[-1]["left_at"] is None:
        return "queued"
    return "initiated"


def _transfers(known: list[Event], legs: tuple[LegFacts, ...]) -> tuple[dict[str, Any], ...]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for event in known:
        if event.type == "call.transferred":
            transfer = event.transfer or {"kind": "blind", "to": {}, "result": ""}
            to = transfer["to"]
            came = any(leg.answered_at and leg.answered_at >= event.occurred_at and leg.extension == to.get("extension") for leg in legs)
            result = transfer["result"] or ("completed" if came else "unknown")
            by = event.agent_extension or event.leg_key
            found[event.occurred_at.isoformat(), str(sorted(to.items()))] = {
                "at": event.occurred_at.isoformat(), "kind": transfer["kind"], "from": by, "to": to, "result": result,
            }  # fmt: skip
    return tuple(found[key] for key in sorted(found))


def _recordings(known: list[Event]) -> tuple[dict[str, Any], ...]:
    found = {}
    for event in known:
        if event.recording:
            name = event.recording.get("id") or event.recording.get("url") or event.dedupe_key
            found[name] = {**event.recording, "leg": event.leg_key, "at": event.occurred_at.isoformat()}
    return tuple(found[name] for name in sorted(found))


def far_side(facts: CallFacts) -> str:
    """The number of whoever is not one of us, as it was written; empty for an internal call."""
    return {"inbound": facts.from_raw, "outbound": facts.to_raw}.get(facts.direction, "")
