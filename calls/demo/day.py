"""A day on the line, as its phone system would tell it: events in the native format. Pure; the same seed gives the same day.

Callers come by the hour, wait for a free operator, give up when it takes too long; some who were missed are called back.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

#: Calls in each hour of the day.
RHYTHM = (1, 1, 0, 0, 1, 1, 2, 4, 7, 11, 14, 13, 9, 8, 11, 12, 11, 9, 6, 5, 4, 3, 2, 1)
PATIENCE_S = (20, 240)
WriteUp = tuple[str, list[str], str]  # disposition, topics, note
NOTES: tuple[WriteUp, ...] = (
    ("helped", ["delivery-late"], "Parcel found at the depot, arrives tomorrow before noon."),
    ("helped", ["invoice"], "Sent the invoice for October again."),
    ("helped", ["other"], "Asked about opening hours on Saturday."),
    ("order-taken", ["new-order"], "Two sets of the spring edition, pays on delivery."),
    ("order-taken", ["change-order"], "Changed the address to the office."),
    ("passed-on", ["delivery-damaged"], "Glass broken, has photos; Warehouse asks the carrier."),
    ("passed-on", ["refund"], "Money has not come back after ten days; Billing checks."),
    ("passed-on", ["complaint"], "Third call about the same thing, very upset. Promised an answer today."),
    ("call-again", ["delivery"], "Driving, asked us to call after six."),
    ("helped", [], ""),
)
NO_SALE: WriteUp = ("not-interested", ["new-order"], "")
WRONG: WriteUp = ("wrong-number", [], "")
NOBODY: WriteUp = ("not-reached", [], "")


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody outside: the number as the exchange shows it, and the name that comes with it, if any."""

    number: str
    name: str = ""


@dataclass
class Told:
    """One call: its events, and what the operator writes about it afterwards."""

    key: str
    events: list[dict[str, Any]] = field(default_factory=list)
    write_up: WriteUp | None = None

    def tell(self, kind: str, at: datetime, **rest: Any) -> None:
        number = len(self.events) + 1
        self.events.append(
            {
                "type": kind,
                "call_id": self.key,
                "event_id": f"{self.key}-{number}",
                "occurred_at": at.isoformat(timespec="milliseconds"),
                "sequence": number,
                **rest,
            }
        )


class Day:
    """The exchange's day: who comes, who is free, what is told."""

    def __init__(
        self,
        random: Random,
        midnight: datetime,
        *,
        callers: Sequence[Caller],
        extensions: Sequence[str],
        lines: Sequence[str],
        queues: Sequence[str],
        share: float = 1.0,
    ) -> None:
        self.random, self.midnight, self.share = random, midnight, share
        self.callers, self.extensions, self.lines, self.queues = callers, extensions, lines, queues
        self.free_at = dict.fromkeys(extensions, midnight)
        self.calls: list[Told] = []

    def tell(self) -> list[Told]:
        """All calls of the day, in the order in which they began."""
        starts = [
            (self.midnight + timedelta(hours=hour, seconds=self.random.uniform(0, 3600)), index, None)
            for hour, many in enumerate(RHYTHM)
            for index in range(round(many * self.share))
        ]
        due: list[tuple[datetime, int, Caller | None]] = list(starts)
        heapq.heapify(due)
        while due:
            at, index, call_back = heapq.heappop(due)
            if call_back:
                self.outbound(at, call_back, will_answer=True)
            elif self.random.random() < 0.78:
                missed = self.inbound(at)
                if missed and self.random.random() < 0.4:
                    heapq.heappush(due, (at + timedelta(minutes=self.random.uniform(8, 50)), 1000 + index + len(self.calls), missed))
            elif self.random.random() < 0.85:
                self.outbound(at, self.random.choice(self.callers))
            else:
                self.internal(at)
        return self.calls

    def begin(self, at: datetime, direction: str, **rest: Any) -> Told:
        call = Told(f"{self.midnight:%Y%m%d}.{len(self.calls) + 1:04d}")
        self.calls.append(call)
        call.tell("call.initiated", at, direction=direction, **rest)
        return call

    def inbound(self, at: datetime) -> Caller | None:
        """Somebody calls in; answers who it was when nobody spoke with them."""
        random = self.random
        caller = random.choice(self.callers)
        if random.random() < 0.04:
            caller = Caller("anonymous")
        queue = random.choice(self.queues)
        call = self.begin(at, "inbound", **{"from": self.far(caller), "to": random.choice(self.lines)})
        at += timedelta(seconds=random.uniform(1, 6))
        call.tell("call.queued", at, queue=queue, queue_position=1)
        patient_until = at + timedelta(seconds=random.uniform(*PATIENCE_S))
        gives_up = random.random() < 0.09
        extension = min(self.extensions, key=lambda one: (self.free_at[one], random.random()))
        rings = max(at + timedelta(seconds=random.uniform(1, 9)), self.free_at[extension])
        if gives_up or (0 <= rings.hour < 7 and random.random() < 0.6) or rings > patient_until:
            left = min(patient_until, at + timedelta(seconds=90))
            call.tell("call.left_queue", left, queue=queue, reason="abandon")
            call.tell("call.ended", left + timedelta(seconds=1), hangup_by="caller", cause=16)
            return None if caller.number == "anonymous" else caller
        if random.random() < 0.08:
            gone = rings + timedelta(seconds=random.uniform(12, 25))
            self.leg(call, "ringing", rings, extension)
            self.leg(call, "not_answered", gone, extension)
            if random.random() < 0.6:
                call.tell("call.left_queue", gone, queue=queue, reason="timeout")
                call.tell("call.ended", gone + timedelta(seconds=2), hangup_by="system", cause=19)
                return None if caller.number == "anonymous" else caller
            extension = random.choice([one for one in self.extensions if one != extension])
            rings = max(gone + timedelta(seconds=2), self.free_at[extension])
        self.talk(call, rings, extension, hangup_by=random.choice(("caller", "caller", "agent")))
        return None

    def talk(self, call: Told, rings: datetime, extension: str, *, hangup_by: str) -> None:
        """An operator's phone rings, they speak, sometimes hold the line or pass the call on."""
        random = self.random
        self.leg(call, "ringing", rings, extension)
        answered = rings + timedelta(seconds=random.uniform(2, 9))
        self.leg(call, "answered", answered, extension)
        end = answered + timedelta(seconds=min(random.lognormvariate(5.0, 0.7), 1500))
        kind = random.random()
        if kind < 0.12 and (end - answered).total_seconds() > 60:
            held = answered + (end - answered) * 0.4
            self.leg(call, "held", held, extension)
            self.leg(call, "resumed", held + timedelta(seconds=random.uniform(10, 30)), extension)
        self.free_at[extension] = end + timedelta(seconds=random.uniform(15, 60))
        last = extension
        if kind > 0.94:
            last = random.choice([one for one in self.extensions if one != extension])
            call.tell("call.transferred", end, agent={"extension": extension}, transfer={"kind": "blind", "to": {"extension": last}})
            self.leg(call, "ended", end, extension)
            taken = max(end + timedelta(seconds=6), self.free_at[last])
            self.leg(call, "ringing", end + timedelta(seconds=1), last)
            self.leg(call, "answered", taken, last)
            end = taken + timedelta(seconds=random.uniform(40, 240))
            self.free_at[last] = end + timedelta(seconds=30)
        self.leg(call, "ended", end, last)
        call.tell("call.ended", end + timedelta(seconds=0.4), hangup_by=hangup_by, cause=16)
        call.tell(
            "recording.available",
            end + timedelta(seconds=20),
            recording={"id": f"rec-{call.key}", "duration_s": round((end - answered).total_seconds())},
        )
        if random.random() < 0.86:
            call.write_up = random.choice(NOTES) if random.random() > 0.04 else WRONG

    def outbound(self, at: datetime, called: Caller, *, will_answer: bool = False) -> None:
        """An operator calls somebody."""
        random = self.random
        extension = min(self.extensions, key=lambda one: (self.free_at[one], random.random()))
        at = max(at, self.free_at[extension])
        call = self.begin(at, "outbound", **{"from": self.lines[0], "to": self.far(called), "agent": {"extension": extension}})
        self.leg(call, "answered", at + timedelta(seconds=0.5), extension)
        call.tell("leg.ringing", at + timedelta(seconds=3), leg_id=f"{call.key}-far", party="customer")
        chance = random.random()
        if will_answer or chance < 0.6:
            answered = at + timedelta(seconds=random.uniform(6, 18))
            end = answered + timedelta(seconds=random.uniform(30, 400))
            call.tell("leg.answered", answered, leg_id=f"{call.key}-far")
            call.tell("call.ended", end, hangup_by="agent", cause=16)
            if random.random() < 0.9:
                call.write_up = random.choice(NOTES) if will_answer or random.random() < 0.5 else NO_SALE
        else:
            cause = random.choice((17, 19, 19, 21))
            end = at + timedelta(seconds=random.uniform(12, 40))
            call.tell("call.ended", end, hangup_by="system", cause=cause)
            if chance < 0.95:  # of the last ones nobody has written yet
                call.write_up = NOBODY
        self.free_at[extension] = end + timedelta(seconds=20)

    def internal(self, at: datetime) -> None:
        """Two operators speak with each other."""
        one, other = self.random.sample(list(self.extensions), 2)
        call = self.begin(at, "internal", **{"from": one, "to": other})
        self.leg(call, "ringing", at + timedelta(seconds=1), other)
        self.leg(call, "answered", at + timedelta(seconds=4), other)
        call.tell("call.ended", at + timedelta(seconds=self.random.uniform(20, 120)), cause=16)

    def now_going_on(self, now: datetime) -> list[Told]:
        """Calls that are on the line at this moment: some talk, one rings, one waits."""
        random, before = self.random, len(self.calls)
        free = random.sample(list(self.extensions), 4)
        for extension, since_s in zip(free[:3], (412, 175, 48), strict=True):
            at = now - timedelta(seconds=since_s)
            call = self.begin(at, "inbound", **{"from": self.far(random.choice(self.callers)), "to": random.choice(self.lines)})
            call.tell("call.queued", at + timedelta(seconds=2), queue=random.choice(self.queues))
            self.leg(call, "ringing", at + timedelta(seconds=5), extension)
            self.leg(call, "answered", at + timedelta(seconds=11), extension)
        at = now - timedelta(seconds=14)
        call = self.begin(at, "inbound", **{"from": self.far(random.choice(self.callers)), "to": self.lines[0]})
        call.tell("call.queued", at + timedelta(seconds=2), queue="support")
        self.leg(call, "ringing", at + timedelta(seconds=6), free[3])
        at = now - timedelta(seconds=35)
        call = self.begin(at, "inbound", **{"from": self.far(random.choice(self.callers)), "to": self.lines[0]})
        call.tell("call.queued", at + timedelta(seconds=1), queue="delivery", queue_position=1)
        return self.calls[before:]

    def leg(self, call: Told, what: str, at: datetime, extension: str) -> None:
        call.tell(f"leg.{what}", at, leg_id=f"{call.key}-{extension}", agent={"extension": extension})

    @staticmethod
    def far(caller: Caller) -> dict[str, str] | str:
        return {"number": caller.number, "name": caller.name} if caller.name else caller.number
