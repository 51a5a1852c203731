"""A shift of a call centre as its phone system would tell it, with the faults that networks have, and the truth to compare with.

Pure: the same seed tells the same shift. Events are of our own format (docs/integrators.md). Each call ends with a complete record, so that
what was lost on the way is known all the same, as far as a record tells it.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

OUTBOUND_ENDS = (("answered", 16, 60), ("busy", 17, 10), ("no_answer", 19, 22), ("rejected", 21, 4), ("invalid_number", 1, 4))
QUEUES = ("sales", "support", "delivery")
RECORD_LATER_S = 3.0


@dataclass(frozen=True)
class Faults:
    """Shares of events, from 0 to 1. Lost ones never come; records are not lost, since phone systems try those again."""

    lost: float = 0.0
    late: float = 0.0
    doubled: float = 0.0
    shuffled: float = 0.0
    late_up_to_s: float = 900.0


@dataclass
class Simulated:
    """One call: its events in the order in which they happened, and what must be true of it in the end."""

    key: str
    started_at: datetime
    events: list[dict[str, Any]] = field(default_factory=list)
    truth: dict[str, Any] = field(default_factory=dict)
    is_whole: bool = True

    def tell(self, kind: str, at: datetime, **rest: Any) -> None:
        """The next event."""
        number = len(self.events)
        self.events.append({"event_id": f"{self.key}-{number}", "type": kind, "call_id": self.key, "occurred_at": at.isoformat(), **rest})


class Shift:
    """Calls at a rate a minute, between ``extensions`` and numbers of one country; every operator has one call at a time."""

    def __init__(self, *, seed: int, rate: float, extensions: list[str], line: str, prefix: str, name: str = "sim") -> None:
        self.random, self.rate, self.line, self.prefix, self.name = Random(seed), rate, line, prefix, name
        self.free_at: dict[str, datetime] = {}
        self.extensions = extensions
        self.made = 0

    def calls(self, begin: datetime, *, minutes: float) -> Iterator[Simulated]:
        """The calls that begin in these minutes, in the order in which they begin."""
        at, until = begin, begin + timedelta(minutes=minutes)
        while (at := at + timedelta(seconds=self.random.expovariate(self.rate / 60))) < until:
            yield self._outbound(at) if self.random.random() < 0.3 else self._inbound(at)

    def _new(self, at: datetime) -> Simulated:
        self.made += 1
        return Simulated(f"{self.name}-{self.made}", at)

    def _number(self) -> str:
        return self.prefix + "".join(self.random.choice("0123456789") for _ in range(7))

    def _free(self, at: datetime) -> list[str]:
        free = [one for one in self.extensions if self.free_at.get(one, at) <= at]
        self.random.shuffle(free)
        return free

    def _seconds(self, mean: float, least: float = 1.0) -> timedelta:
        return timedelta(seconds=round(max(least, self.random.expovariate(1 / mean)), 3))

    # --- inbound
    def _inbound(self, at: datetime) -> Simulated:
        call, caller, queue = self._new(at), self._number(), self.random.choice(QUEUES)
        call.tell("call.initiated", at, direction="inbound", **{"from": caller, "to": self.line})
        entered = at + self._seconds(4)
        call.tell("call.queued", entered, queue=queue)
        now, patience = entered, entered + self._seconds(90, least=8)
        for tried, extension in enumerate([*self._free(entered), None]):
            rings = now + self._seconds(2)
            if extension is None or tried > 3 or rings + timedelta(seconds=6) > patience:
                return self._given_up(call, caller, queue, max(patience, now + timedelta(seconds=1)))
            call.tell("leg.ringing", rings, leg_id=f"{call.key}/{extension}-{tried}", agent=extension)
            if self.random.random() < 0.15:
                now = rings + timedelta(seconds=round(self.random.uniform(3, 5), 3))
                call.tell("leg.not_answered", now, leg_id=f"{call.key}/{extension}-{tried}", agent=extension)
                continue
            answer = rings + timedelta(seconds=round(self.random.uniform(1, 5), 3))
            return self._talk(call, caller, queue, extension, f"{call.key}/{extension}-{tried}", answer)
        raise AssertionError("there is always an end")

    def _given_up(self, call: Simulated, caller: str, queue: str, at: datetime) -> Simulated:
        call.tell("call.left_queue", at, queue=queue, reason="abandon")
        call.tell("call.ended", at, hangup_by="caller", cause=16)
        call.truth = {"outcome": "abandoned", "answered_at": None, "talk_s": 0.0, "extension": None}
        return self._over(call, "inbound", {"from": caller, "to": self.line, "queue": queue}, at)

    def _talk(self, call: Simulated, caller: str, queue: str, extension: str, leg: str, answer: datetime) -> Simulated:
        call.tell("leg.answered", answer, leg_id=leg, agent=extension)
        end = answer + self._seconds(180, least=5)
        held = 0.0
        if self.random.random() < 0.2 and end - answer > timedelta(seconds=30):
            hold, resume = answer + timedelta(seconds=10), answer + timedelta(seconds=round(self.random.uniform(11, 25), 3))
            call.tell("leg.held", hold, leg_id=leg, agent=extension)
            call.tell("leg.resumed", resume, leg_id=leg, agent=extension)
            held = (resume - hold).total_seconds()
        self.free_at[extension] = end + self._seconds(20)
        talk, last = (end - answer).total_seconds() - held, extension
        others = [one for one in self._free(end) if one != extension]
        if others and self.random.random() < 0.08:
            target = others[0]
            call.tell("call.transferred", end, leg_id=leg, agent=extension, transfer={"kind": "blind", "to": {"extension": target}})
            call.tell("leg.ended", end, leg_id=leg, agent=extension)
            second, begin = f"{call.key}/{target}-t", end + timedelta(seconds=3)
            call.tell("leg.ringing", end + timedelta(seconds=1), leg_id=second, agent=target)
            call.tell("leg.answered", begin, leg_id=second, agent=target)
            end, last = begin + self._seconds(120, least=5), target
            talk += (end - begin).total_seconds()
            self.free_at[target] = end + self._seconds(20)
            leg = second
        call.tell("leg.ended", end, leg_id=leg, agent=last)
        call.tell("call.ended", end, hangup_by=self.random.choice(("caller", "agent")), cause=16)
        call.truth = {"outcome": "answered", "answered_at": answer, "talk_s": round(talk, 3), "extension": last}
        return self._over(call, "inbound", {"from": caller, "to": self.line, "queue": queue, "agent": last}, end)

    # --- outbound
    def _outbound(self, at: datetime) -> Simulated:
        call, called = self._new(at), self._number()
        extension = next(iter(self._free(at)), self.extensions[0])
        outcome, cause, _ = self.random.choices(OUTBOUND_ENDS, weights=[one[2] for one in OUTBOUND_ENDS])[0]
        call.tell("call.initiated", at, direction="outbound", agent=extension, **{"from": extension, "to": called})
        far = f"{call.key}/far"
        rings = at + self._seconds(3)
        end = rings + self._seconds(15, least=2)
        answer = None
        if outcome not in ("invalid_number",):
            call.tell("leg.ringing", rings, leg_id=far, party="customer", to=called)
        if outcome == "answered":
            answer, end = end, end + self._seconds(150, least=5)
            call.tell("leg.answered", answer, leg_id=far, party="customer", to=called)
        call.tell("leg.ended", end, leg_id=far, party="customer", cause=cause)
        call.tell("call.ended", end, cause=cause, hangup_by="caller" if outcome == "answered" else "system")
        self.free_at[extension] = end + self._seconds(15)
        talk = (end - answer).total_seconds() if answer else 0.0
        call.truth = {"outcome": outcome, "answered_at": answer, "talk_s": round(talk, 3), "extension": extension}
        return self._over(call, "outbound", {"from": extension, "to": called, "agent": extension, "cause": cause}, end)

    def _over(self, call: Simulated, direction: str, said: dict[str, Any], end: datetime) -> Simulated:
        call.truth |= {"direction": direction, "state": "ended", "started_at": call.started_at, "ended_at": end}
        answer = call.truth["answered_at"]
        record = {
            "direction": direction,
            "started_at": call.started_at.isoformat(),
            "ended_at": end.isoformat(),
            "duration_s": round((end - call.started_at).total_seconds(), 3),
            "cause": 16,
            **said,
        }
        if answer:
            record |= {"answered_at": answer.isoformat(), "talk_s": call.truth["talk_s"]}
        call.tell("cdr", end + timedelta(seconds=RECORD_LATER_S), **record)
        return call


def deliveries(calls: Iterator[Simulated], faults: Faults, *, seed: int) -> Iterator[tuple[datetime, dict[str, Any]]]:
    """When each event arrives, in the order of arrival: some never, some late, some twice, some out of their order.

    A call of which an event was lost is marked as not ``is_whole``.
    """
    random = Random(seed)
    waiting: list[tuple[datetime, int, dict[str, Any]]] = []
    number = 0
    for call in calls:
        for event in call.events:
            happened = datetime.fromisoformat(event["occurred_at"])
            if event["type"] != "cdr" and random.random() < faults.lost:
                call.is_whole = False
                continue
            arrivals = [happened + timedelta(seconds=random.uniform(0, 0.2))]
            if random.random() < faults.shuffled:
                arrivals[0] += timedelta(seconds=random.uniform(0, 10))
            if random.random() < faults.late:
                arrivals[0] += timedelta(seconds=random.uniform(10, faults.late_up_to_s))
            if random.random() < faults.doubled:
                arrivals.append(arrivals[0] + timedelta(seconds=random.uniform(0, 30)))
            for arrival in arrivals:
                number += 1
                heapq.heappush(waiting, (arrival, number, event))
        while waiting and waiting[0][0] <= call.started_at:  # whoever begins later tells nothing earlier
            arrival, _, event = heapq.heappop(waiting)
            yield arrival, event
    while waiting:
        arrival, _, event = heapq.heappop(waiting)
        yield arrival, event


#: What a record alone tells: of a call of which an interim event was lost, only this must be right.
BY_RECORD = ("direction", "state", "started_at", "ended_at")


def differences(call: Simulated, shown: dict[str, Any] | None) -> list[str]:
    """What the API shows otherwise than it was; ``shown`` is the call as ``GET /calls/`` gives it. Times within a millisecond are equal."""
    if shown is None:
        return ["it is missing"]
    found = []
    for name, wanted in call.truth.items():
        if not call.is_whole and name not in BY_RECORD:
            continue
        if name == "extension":
            continue  # whose it is depends on the set-up; the legs tell the extension
        is_same = _is_same(shown.get(name), wanted)
        if not is_same:
            found.append(f"{name} is {shown.get(name)!r} and was {wanted!r}")
    return found


def _is_same(shown: Any, wanted: Any) -> bool:
    if isinstance(wanted, datetime):
        return isinstance(shown, str) and abs(datetime.fromisoformat(shown) - wanted) <= timedelta(milliseconds=1)
    if isinstance(wanted, float):
        return isinstance(shown, int | float) and abs(shown - wanted) <= 0.01
    return bool(shown == wanted)
