"""A call as a pure function of the set of its events: their order of arrival and their doubles cannot matter.

Whose word counts: a complete record (``cdr``) before the end of the call (``call.ended``), before other events of the call,
before events of a leg; of equals the earliest, for causes and lengths the last. Times are minima and maxima.

When it ended: when the records say so, or else at the last ``call.ended``. Nothing else ends a call, and nothing reopens it:

- Events from before the end add facts. Events from after it (a recording, a leg that ends late) do not move it, and a leg
  that is answered after it was not answered (flag ``answer_after_end``): the caller had gone.
- A leg that is still open when the call ends, ends with it.
- All legs over and no ``call.ended``: the call goes on, for the next leg of a transfer or of the queue may be on its way.
  A phone system that tells of legs only sends ``call.ended`` too, or its calls are closed for silence.

What a record's time means: ``started_at``, ``answered_at`` and ``ended_at`` when it has them. Else ``occurred_at`` is the
beginning or the end of the call, whichever fits the other events better; alone, it is the beginning, unless the call would
then have ended after the news of it (the adapter sees that).

Who answered. Inbound: an operator's leg (or one that nobody names, or a number the call was passed on to). Outbound: the
far side, a leg without an operator. When the sender tells of operators' legs only, an operator's leg that is answered
means the far side answered, unless the end says otherwise by its cause, its word, or no second of talk.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from calls import legs as leg_rules
from calls import outcomes
from calls.events import RANK, Event, distinct, is_extension
from calls.facts import CallFacts, LegFacts, QueueStay
from calls.legs import LEG_TYPES, Known, Proof, Traces, common, union, union_s
from calls.passing import queue_stays, recordings, shown, transfers

#: Tell of a time that is not the time they carry.
TOLD_LATER = frozenset({"cdr", "recording.available", "call.updated", "call.heartbeat", "wrapup.started", "wrapup.ended"})
#: Records count in whole seconds.
ROUNDING = timedelta(seconds=2)
TALKING_TO = {"inbound": ("agent", "external", "unknown"), "outbound": ("customer", "external", "unknown")}


def fold(events: Iterable[Event], *, is_ours: Callable[[str], bool] = is_extension) -> CallFacts:
    """The facts that these events tell together; at least one event. Types that we do not know count for nothing.

    ``is_ours`` says whether a number as written is ours (a line, an extension): for the direction when nobody tells it.
    """
    everything = distinct(events)
    known = [event for event in everything if event.type in RANK] or everything
    if not known:
        raise ValueError("There is no call without an event.")
    best = sorted(known, key=_source_rank)
    flags = {flag for event in known for flag in event.flags}
    direction = _direction(best, is_ours)
    spans = _spans(known)
    started_at = _start(known, spans)
    ended_at = _end(known, spans)
    live = [event for event in known if event.occurred_at <= ended_at or event.type == "leg.ended"] if ended_at else known
    if len(live) < len(known) and any(event.type == "leg.answered" for event in known if event not in live):
        flags.add("answer_after_end")
    found = leg_rules.traces(live, direction)
    proofs = _proofs(known, spans, found, direction, (started_at, ended_at), flags) if ended_at else []
    if proofs:
        leg_rules.prove(found, proofs, direction)
    passed = [event for event in live if event.type == "call.transferred"]
    for event in passed:
        if (leg := found.get(_from_leg(event, found))) is not None:
            leg.released.append(event.occurred_at)
    numbers = frozenset((event.transfer or {}).get("to", {}).get("number", "") for event in passed)
    legs = leg_rules.build(found, direction=direction, ended_at=ended_at, numbers=numbers, is_ours=is_ours)

    ends = [event for event in reversed(known) if event.type == "cdr"] + [event for event in reversed(known) if event.type == "call.ended"]
    from_raw = _first(best, "from_raw")
    talking = _talking_to(legs, direction, from_raw, ends)
    answered = [leg for leg in talking if leg.answered_at]
    answered_at = min((leg.answered_at for leg in answered if leg.answered_at), default=None)
    stays = queue_stays(live, legs, ended_at)
    queued_at = min((stay.entered_at for stay in stays if stay.entered_at), default=None)
    first_ring_at = min((leg.ring_at for leg in legs if leg.ring_at), default=None)
    far_ends = _far_ends(live, legs) if direction != "inbound" else []
    cause = _first(ends, "cause", None)
    cause_text = _first(ends, "cause_text")
    hangup_by = _first([*ends, *(event for event in reversed(live) if event.type == "leg.ended")], "hangup_by")
    outcome = ""
    if ended_at:
        outcome = _outcome(direction, live, legs, stays, answered_at, [(cause, cause_text), *far_ends], hangup_by)
    if cause is None and not cause_text and far_ends:
        cause, cause_text = far_ends[0]
    until = answered_at or ended_at
    waiting_since = queued_at if queued_at and (until is None or queued_at <= until) else started_at
    is_silent = outcome == "answered" and answered_at is None  # somebody answered, nobody says when
    holds = union((begin, end) for leg in legs for begin, end in leg.holds if end)
    talked = _talked(answered, legs, direction) if ended_at and not is_silent else []
    talker = _last(leg for leg in legs if leg.extension)
    answerer = (talker or (_last(answered) if direction == "inbound" else None)) if answered else None
    return CallFacts(
        direction=direction,
        state="ended" if ended_at else _state(legs, answered, stays, passed),
        outcome=outcome,
        from_raw=from_raw,
        from_name=_first(best, "from_name"),
        to_raw=_first(best, "to_raw"),
        to_name=_first(best, "to_name"),
        line=_first(best, "line"),
        queue=_first(ends, "queue") or (stays[-1].queue if stays else "") or _first(best, "queue"),
        queue_position=_first(reversed(known), "queue_position", None),
        extension=talker.extension if talker else _whose_phone(legs, best, direction),
        answered_by_raw=answerer.extension or answerer.number_raw if answerer else "",
        answered_by_name=answerer.name if answerer else "",
        started_at=started_at,
        queued_at=queued_at,
        first_ring_at=first_ring_at,
        answered_at=answered_at,
        ended_at=ended_at,
        wait_s=_seconds(waiting_since, until),
        ring_s=_seconds(first_ring_at, until),
        talk_s=round(union_s(talked) - union_s(common(talked, holds)), 3) if ended_at and not is_silent else None,
        hold_s=round(union_s(holds), 3) if ended_at else None,
        reported_talk_s=_first(ends, "talk_s", None),
        reported_duration_s=_first(ends, "duration_s", None),
        hangup_by=hangup_by,
        cause=cause,
        cause_text=cause_text,
        is_partial=not any(event.type in ("call.initiated", "cdr") for event in known),
        call_request_id=_first(best, "call_request_id"),
        legs=legs,
        transfers=transfers(passed, [_from_leg(event, found) for event in passed], legs, ended_at),
        recordings=recordings(known),
        queue_stays=tuple(shown(stay, started_at) for stay in stays),
        linked_keys=tuple(sorted({key for event in known for key in (event.call_key, *event.linked_keys)})),
        flags=tuple(sorted(flags)),
        last_event_at=max(event.occurred_at for event in known),
    )


def far_side(facts: CallFacts) -> str:
    """The number of whoever is not one of us, as it was written; empty for an internal call."""
    return {"inbound": facts.from_raw, "outbound": facts.to_raw}.get(facts.direction, "")


def _first(events: Iterable[Event], name: str, empty: Any = "") -> Any:
    for event in events:
        value = getattr(event, name)
        if value is not None and value != "":
            return value
    return empty


def _source_rank(event: Event) -> int:
    return 0 if event.type == "cdr" else 1 if event.type == "call.ended" else 3 if event.type in LEG_TYPES else 2


def _seconds(begin: datetime | None, end: datetime | None) -> float | None:
    return round(max(0.0, (end - begin).total_seconds()), 3) if begin and end else None


def _direction(best: list[Event], is_ours: Callable[[str], bool]) -> str:
    told = _first(best, "direction")
    if told:
        return str(told)
    caller, called = _first(best, "from_raw"), _first(best, "to_raw")
    if not caller or not is_ours(caller):
        return "inbound"
    return "internal" if called and is_ours(called) else "outbound"


def _spans(known: list[Event]) -> dict[str, Known]:
    """From when to when each record says the call was."""
    first = next((event.occurred_at for event in known if event.type not in TOLD_LATER), None)
    spans = {}
    for record in known:
        if record.type != "cdr":
            continue
        at, length = record.occurred_at, timedelta(seconds=record.duration_s or record.talk_s or 0)
        begin, end = record.started_at, record.ended_at
        if begin is None and end is None:
            begin, end = at, at + length
            if first is not None and abs(at - length - first) < abs(at - first):
                begin, end = at - length, at
        elif begin is None and end is not None:
            begin = end - length
        elif begin is not None and end is None:
            end = begin + length if length else max(at, begin)
        spans[record.dedupe_key] = min(begin, end), max(begin, end)  # type: ignore[type-var]
    return spans  # type: ignore[return-value]


def _start(known: list[Event], spans: dict[str, Known]) -> datetime:
    told = [event.occurred_at for event in known if event.type not in TOLD_LATER]
    told += [begin for begin, _ in spans.values()]
    told += [event.occurred_at - timedelta(seconds=event.duration_s) for event in known if event.type == "call.ended" and event.duration_s]
    return min(told, default=known[0].occurred_at)


def _end(known: list[Event], spans: dict[str, Known]) -> datetime | None:
    told = max((event.occurred_at for event in known if event.type == "call.ended"), default=None)
    if not spans:
        return told
    has_length = [spans[record.dedupe_key][1] for record in known if record.dedupe_key in spans and _has_end(record)]
    if not has_length:
        return told or max(end for _, end in spans.values())
    end = max(has_length)
    nearly = [
        event.occurred_at for event in known if event.type in ("call.ended", "leg.ended") and end < event.occurred_at <= end + ROUNDING
    ]
    return max(nearly, default=end)


def _has_end(record: Event) -> bool:
    return record.ended_at is not None or record.duration_s is not None or bool(record.talk_s)


def _proofs(
    known: list[Event], spans: dict[str, Known], found: dict[str, Traces], direction: str, whole: Known, flags: set[str]
) -> list[Proof]:
    """What complete records, and ends that tell the time talked, prove about legs."""
    proofs = []
    unanswered = direction == "inbound" and _left_alone(known)
    for event in known:
        if event.type not in ("cdr", "call.ended"):
            continue
        is_record = event.type == "cdr"
        said = outcomes.of_text(event.cause_text) == "answered"
        talked = bool(event.talk_s) or event.answered_at is not None or (is_record and said and event.talk_s is None)
        agent = event.agent_extension or event.agent_name
        if talked and unanswered and not agent:
            talked = False  # the queue or the machine answered the line, as records of lines tell it
        if not talked and not (is_record and (agent or direction != "inbound")):
            continue
        begin, end = spans[event.dedupe_key] if is_record else (whole[0], event.occurred_at)
        begin, end = min(begin, whole[1]), min(end, whole[1])
        answer_at = None
        if talked:
            if event.answered_at is not None:
                answer_at = event.answered_at
            elif event.talk_s:
                answer_at = end - timedelta(seconds=event.talk_s)
            else:
                answer_at = begin
                flags.add("answer_time_assumed")
            answer_at = min(max(answer_at, begin), end)
        if agent:
            proofs.append(Proof(event, begin, end, answer_at, is_far=False))
        if direction != "inbound":
            if not agent or direction == "outbound":
                proofs.append(Proof(event, begin, end, answer_at, is_far=True))
        elif not agent and not any(one.type == "leg.answered" for leg in found.values() for one in leg.events):
            proofs.append(Proof(event, begin, end, answer_at, is_far=False))
    return proofs


def _left_alone(known: list[Event]) -> bool:
    if any(event.type == "voicemail.left" for event in known):
        return True
    reasons = [event.reason for event in known if event.type == "call.left_queue"]
    return bool(reasons) and outcomes.of_queue_reason(reasons[-1]) not in ("", "answered")


def _from_leg(event: Event, found: dict[str, Traces]) -> str:
    told = (event.transfer or {}).get("from_leg") or event.leg_key
    agent = event.agent_extension or event.agent_name
    if told or not agent:
        return told
    return leg_rules.of_agent(found, agent)


def _talking_to(legs: tuple[LegFacts, ...], direction: str, from_raw: str, ends: list[Event]) -> list[LegFacts]:
    """The legs whose answer makes the call answered."""
    if direction == "inbound":
        return [leg for leg in legs if leg.party in TALKING_TO["inbound"]]
    if direction == "outbound":
        far = [leg for leg in legs if leg.party in TALKING_TO["outbound"]]
    else:
        far = [leg for leg in legs if (leg.extension != from_raw or not from_raw) and leg.party not in ("voicemail", "ivr", "queue")]
    if far:
        return far
    for end in ends:
        if end.talk_s == 0 or outcomes.denied(end.cause, end.cause_text):
            return []
    return [leg for leg in legs if leg.party == "agent"]


def _talked(answered: list[LegFacts], legs: tuple[LegFacts, ...], direction: str) -> list[Known]:
    """When somebody of ours and the far side could hear each other; holds are taken off by the caller."""
    spans = union((leg.answered_at, leg.ended_at) for leg in answered if leg.answered_at and leg.ended_at)
    if direction == "outbound":
        ours = union((leg.answered_at, leg.ended_at) for leg in legs if leg.party == "agent" and leg.answered_at and leg.ended_at)
        if ours:
            return common(spans, ours)
    return spans


def _far_ends(live: list[Event], legs: tuple[LegFacts, ...]) -> list[tuple[int | None, str]]:
    """Cause and word of the legs that are not of operators, the last first."""
    ours = {leg.extension for leg in legs if leg.extension}
    keys = {leg.key for leg in legs if leg.party == "agent"}
    return [
        (event.cause, event.cause_text)
        for event in reversed(live)
        if event.type in ("leg.ended", "leg.not_answered")
        and (event.cause is not None or event.cause_text)
        and event.leg_key not in keys
        and event.agent_extension not in ours
    ]


def _outcome(
    direction: str,
    live: list[Event],
    legs: tuple[LegFacts, ...],
    stays: tuple[QueueStay, ...],
    answered_at: datetime | None,
    clues: list[tuple[int | None, str]],
    hangup_by: str,
) -> str:
    voicemail = any(event.type == "voicemail.left" for event in live) or any(leg.party == "voicemail" and leg.answered_at for leg in legs)
    if direction != "inbound":
        machine = any(event.type == "machine.detected" and event.reason not in ("human", "notsure", "unknown") for event in live)
        rang = any(leg.ring_at for leg in legs)
        return outcomes.outbound(
            answered=answered_at is not None, machine=machine, voicemail=voicemail, rang=rang, clues=clues, hangup_by=hangup_by
        )
    left = [stay.reason for stay in stays if stay.reason]
    return outcomes.inbound(
        answered=answered_at is not None,
        voicemail=voicemail,
        left_queue=outcomes.of_queue_reason(left[-1]) if left else "",
        in_queue=(bool(stays) and not stays[-1].reason) or (not stays and not legs and bool(_first(live, "queue"))),
        rang=any(leg.party not in ("customer", "ivr") for leg in legs),
        cause=clues[0][0],
        cause_text=clues[0][1],
        hangup_by=hangup_by,
    )


def _last(legs: Iterable[LegFacts]) -> LegFacts | None:
    """Of those who talked, who talked last; of those who still talk or stopped together, who answered last."""
    talked = [leg for leg in legs if leg.answered_at]
    still = [leg for leg in talked if leg.ended_at is None]
    return max(still or talked, key=lambda leg: (leg.ended_at or leg.answered_at, leg.answered_at, leg.key), default=None)


def _whose_phone(legs: tuple[LegFacts, ...], best: list[Event], direction: str) -> str:
    """The operator of a call in which nobody talked: who made it, or whose phone rang last."""
    ours = [leg for leg in legs if leg.extension]
    if direction != "inbound" or not ours:
        return str(_first(best, "agent_extension"))
    return max(ours, key=lambda leg: (leg.started_at, leg.key)).extension


def _state(legs: tuple[LegFacts, ...], answered: list[LegFacts], stays: tuple[QueueStay, ...], passed: list[Event]) -> str:
    if any(leg.ended_at is None for leg in answered):
        return "in_progress"
    if any(leg.ended_at is None and leg.ring_at and not (leg.answered_at and leg.party != "agent") for leg in legs):
        return "ringing"
    if stays and stays[-1].left_at is None:
        return "queued"
    if passed and (passed[-1].transfer or {}).get("to", {}).get("queue"):
        return "queued"
    return "initiated"
