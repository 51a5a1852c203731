"""The legs of a call, from its events. Pure; every function takes events in their total order.

- An event names its leg by ``leg_id``, or else by its operator: it then belongs to that operator's leg which began last
  before it. An operator who is rung again after the leg was over has a new leg.
- An event that names neither belongs to the one leg that it can mean (of an operator; outbound, of the far side), or else
  to the leg ``main``.
- A leg's state goes forward only. Whoever held or resumed has answered. ``leg.not_answered`` ends a leg that was never
  answered. A hold without a resume lasts until the leg ends or passes the call on.
- The end of the call ends every leg. What a leg did after the end of the call is passed over: to pick up when the caller
  has gone is no answer.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from calls.events import Event
from calls.facts import LegFacts, Span

LEG_TYPES = frozenset({"leg.ringing", "leg.not_answered", "leg.answered", "leg.held", "leg.resumed", "leg.ended"})
OVER = ("leg.not_answered", "leg.ended")
MAIN = "main"
Known = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Proof:
    """A record says that there was a conversation, or at least a try, with this party."""

    event: Event
    begin: datetime
    end: datetime
    answer_at: datetime | None
    is_far: bool


@dataclass(slots=True)
class Traces:
    """What is told of one leg."""

    key: str
    events: list[Event] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)
    released: list[datetime] = field(default_factory=list)

    @property
    def agent(self) -> str:
        return next((one.agent_extension or one.agent_name for one in self.events if one.agent_extension or one.agent_name), "")


def traces(events: list[Event], direction: str) -> dict[str, Traces]:
    """The events of each leg."""
    found: dict[str, Traces] = {}
    told: dict[str, list[tuple[datetime, str]]] = {}  # operator: the legs that senders name, by their beginning
    mine = [event for event in events if event.type in LEG_TYPES]
    for event in mine:
        if event.leg_key:
            if event.leg_key not in found:
                found[event.leg_key] = Traces(event.leg_key)
            found[event.leg_key].events.append(event)
    for leg in found.values():
        if agent := leg.agent:
            told.setdefault(agent, []).append((leg.events[0].occurred_at, leg.key))
    nameless = []
    for event in mine:
        if event.leg_key:
            continue
        agent = event.agent_extension or event.agent_name
        if not agent:
            nameless.append(event)
            continue
        key = _leg_of(agent, event.occurred_at, told) if agent in told else _episode(agent, event, found)
        if key not in found:
            found[key] = Traces(key)
        found[key].events.append(event)
    for event in nameless:
        key = meant(found, direction, event.occurred_at)
        if key not in found:
            found[key] = Traces(key)
        found[key].events.append(event)
    if any(not event.leg_key for event in mine):
        for leg in found.values():
            leg.events.sort(key=lambda event: event.order)
    return found


def leg_name(agent: str) -> str:
    """The key of an operator's leg that has no id."""
    return f"agent:{agent[:180]}"


def _leg_of(agent: str, at: datetime, told: dict[str, list[tuple[datetime, str]]]) -> str:
    legs = sorted(told[agent])
    return next((key for begun, key in reversed(legs) if begun <= at), legs[0][1])


def _episode(agent: str, event: Event, found: dict[str, Traces]) -> str:
    """The leg of an operator without leg ids: the last one, or the next when that was over before this event rang again."""
    key, number = leg_name(agent), 1
    while (following := f"{leg_name(agent)}#{number + 1}") in found:
        key, number = following, number + 1
    if key in found and event.type in ("leg.ringing", "leg.answered"):
        over = max((one.occurred_at for one in found[key].events if one.type in OVER), default=None)
        if over is not None and over < event.occurred_at:
            return following
    return key


def meant(found: dict[str, Traces], direction: str, at: datetime) -> str:
    """The leg of an event that names none."""
    outbound = direction == "outbound"
    open_then = [
        key
        for key, leg in found.items()
        if key != MAIN
        and bool(leg.agent) != outbound
        and not any(one.type == "leg.not_answered" and one.occurred_at <= at for one in leg.events)
    ]
    return open_then[0] if len(open_then) == 1 else MAIN


def of_agent(found: dict[str, Traces], agent: str) -> str:
    """The last leg of an operator; a new key when there is none."""
    keys = [leg.key for leg in found.values() if leg.agent == agent]
    return max(keys, key=lambda key: (found[key].events[0].occurred_at, key)) if keys else leg_name(agent)


def prove(found: dict[str, Traces], proofs: Iterable[Proof], direction: str) -> None:
    """Add what records tell to the legs they mean."""
    for proof in proofs:
        event = proof.event
        agent = event.agent_extension or event.agent_name
        if event.leg_key in found:
            key = event.leg_key
        elif proof.is_far:
            key = meant(found, direction, proof.end)
        elif agent:
            key = of_agent(found, agent)
        else:
            key = event.leg_key or meant(found, direction, proof.end)
        if key not in found:
            found[key] = Traces(key)
        found[key].proofs.append(proof)


def build(
    found: dict[str, Traces], *, direction: str, ended_at: datetime | None, numbers: frozenset[str], is_ours: Callable[[str], bool]
) -> tuple[LegFacts, ...]:
    """The legs in the order of their beginning. ``numbers`` are those that the call was passed on to."""
    legs = [_leg(leg, direction, ended_at, numbers, is_ours) for leg in found.values()]
    legs.sort(key=lambda leg: (leg.started_at, leg.key))
    return tuple(legs)


def _leg(leg: Traces, direction: str, ended_at: datetime | None, numbers: frozenset[str], is_ours: Callable[[str], bool]) -> LegFacts:
    ring_at = answer_at = refused_at = end_at = None
    marks: list[tuple[datetime, bool]] = []
    party = extension = name = number = caller = end_reason = ""
    cause = None
    for event in leg.events:
        kind, at = event.type, event.occurred_at
        if kind == "leg.ringing":
            ring_at = ring_at or at
        elif kind == "leg.answered":
            answer_at = answer_at or at
        elif kind == "leg.ended":
            end_at = at
        elif kind == "leg.not_answered":
            refused_at = at
        else:
            marks.append((at, kind == "leg.held"))
        party = party or event.party
        extension = extension or event.agent_extension
        name = name or event.agent_name
        number = number or event.to_raw
        caller = caller or event.from_raw
        if kind in OVER:
            cause = cause if event.cause is None else event.cause
            end_reason = event.reason or event.cause_text or end_reason
    if answer_at is None and marks:
        answer_at = marks[0][0]
    proven = [proof for proof in leg.proofs if proof.answer_at]
    if answer_at is None and proven:
        answer_at = min(proof.answer_at for proof in proven if proof.answer_at)
        end_at = end_at or max(proof.end for proof in proven)
    begun = [event.occurred_at for event in leg.events[:1]]
    if (not ring_at and answer_at is None) or not begun:  # a record of the whole call knows less of when its leg began
        begun += [proof.begin for proof in leg.proofs]
    created_at = min([*begun, *(at for at in (ring_at, answer_at) if at)])
    for proof in leg.proofs:
        said = proof.event
        if not proof.is_far:
            extension, name = extension or said.agent_extension, name or said.agent_name
        number = number or said.to_raw
        cause = said.cause if cause is None else cause
        end_reason = end_reason or said.cause_text
    if answer_at is None and refused_at:
        end_at = max(end_at, refused_at) if end_at else refused_at
        end_reason = end_reason or "not_answered"
    if ended_at:
        end_at = min(end_at, ended_at) if end_at else ended_at
        created_at = min(created_at, ended_at)
    if end_at:
        end_at = max(end_at, answer_at or ring_at or created_at, created_at)
        if ring_at and ring_at > end_at:
            ring_at = None
    if not party:
        inbound_caller = direction == "inbound" and any(event.leg_key == event.call_key for event in leg.events)
        party = _party(extension or name, number, direction, inbound_caller, numbers, is_ours)
    holds = _holds(marks, leg.released, answer_at, end_at)
    return LegFacts(
        key=leg.key,
        party=party,
        extension=extension,
        number_raw=caller if party == "customer" and direction == "inbound" else number,
        name=name,
        state="ended" if end_at else "answered" if answer_at else "ringing" if ring_at else "created",
        started_at=created_at,
        ring_at=ring_at,
        answered_at=answer_at,
        ended_at=end_at,
        holds=holds,
        hold_s=union_s([(begin, end) for begin, end in holds if end]),
        cause=cause,
        end_reason=end_reason,
    )


def _party(
    agent: str, number: str, direction: str, is_inbound_caller: bool, numbers: frozenset[str], is_ours: Callable[[str], bool]
) -> str:
    if agent:
        return "agent"
    if number and number in numbers:
        return "external"
    if is_inbound_caller:
        return "customer"
    if number and is_ours(number):
        return "agent"
    return "customer" if direction == "outbound" else "unknown"


def _holds(
    marks: list[tuple[datetime, bool]], released: list[datetime], answer_at: datetime | None, end_at: datetime | None
) -> tuple[Span, ...]:
    """Each hold from its beginning to the next resume. At one instant a resume closes what was open, then a hold begins."""
    if answer_at is None or not marks:
        return ()
    holds: list[Span] = []
    since = None
    pending = sorted([*marks, *((at, False) for at in released)])
    while pending:
        at = pending[0][0]
        now = [is_hold for when, is_hold in pending if when == at]
        pending = pending[len(now) :]
        at = max(at, answer_at)
        if since is not None and not all(now):
            holds.append((since, at))
            since = at if any(now) else None
        elif since is None and all(now):
            since = at
    if since is not None:
        holds.append((since, end_at))
    if end_at:
        holds = [(min(begin, end_at), min(end or end_at, end_at)) for begin, end in holds]
    return tuple((begin, end) for begin, end in holds if begin != end)


def union(spans: Iterable[Known]) -> list[Known]:
    """The same time as spans that do not touch, in order."""
    merged: list[Known] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((begin, end))
    return merged


def common(these: list[Known], those: list[Known]) -> list[Known]:
    """The time that lies in both."""
    return [(max(a, c), min(b, d)) for a, b in these for c, d in those if max(a, c) < min(b, d)]


def union_s(spans: Iterable[Known]) -> float:
    """Seconds that at least one of the spans covers."""
    return round(sum((end - begin).total_seconds() for begin, end in union(spans)), 6)
