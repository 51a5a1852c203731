"""Posting what is owed: one sender at a time, many endpoints at once, none of which delays another.

All statements are made by one thread; others only post. An endpoint has a few lanes while it answers quickly and one while it does not, so a slow one
holds a thread, and nobody up. News of one thing always goes by the same lane, behind what is under way there: it comes in its order. A sender that dies leaves what it had in hand: it is due again when the lease is over, with the same id.
"""

import logging
import queue
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from uuid import UUID

from django.utils import timezone

from config.platform import outgoing
from config.platform.holding import held
from config.platform.models import OutboxEvent, WebhookDelivery, WebhookEndpoint
from config.platform.webhooks import relaying, settling, signing
from config.platform.webhooks.settling import Result

logger = logging.getLogger(__name__)
SENDER = UUID("5e4d3c2b-7765-6268-6f6f-6b7300000001")  # who holds this lock is the sender
#: A turn is shorter than a task may be by the longest post; a sender with nothing to do stays for what comes in the next moment.
TURN_S, LAST_TAKE_S, LINGER_S = 45.0, 70.0, 1.5
#: … and one that found nothing at all stays for what is being written while it is woken.
GLANCE_S = 0.2
CONNECT_S, READ_S, WHOLE_S = 5.0, 30.0, 30.0
KEEP_BYTES = 2048
THREADS = 128
LANES, CHUNK = 4, 25
QUICK_S = 1.0
#: Of what a lane was given, it does not begin with one so long after it was taken: its lease must not end under way.
LANE_S = 20.0
KNOWN_FOR_S = 1.0
REDIRECTS = "It redirects, and redirects are not followed: give the address to which it leads."


def send_due(clock: Callable[[], datetime] = timezone.now, *, linger_s: float = LINGER_S) -> int:
    """Relay and post what is due, until nothing is or the turn is over; answers how many were taken. Who comes second does nothing."""
    sender = _Sender(clock)
    try:
        with held(SENDER) as is_mine:
            if is_mine:
                sender.take_turn(linger_s)
    finally:
        sender.end()
    return sender.delivered


@dataclass
class _Target:
    """An endpoint as a sender knows it: its lanes and their open connections."""

    row: WebhookEndpoint
    busy: int = 0  # shares under way, and waiting in lanes
    in_hand: int = 0  # deliveries in them
    is_quick: bool = False
    is_stopped: bool = False  # a share was broken off: nothing may overtake what is left of it until that went back
    lanes: dict[int, deque["Share"]] = field(default_factory=dict)
    lines: list[outgoing.Line] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def line(self) -> outgoing.Line:
        """An open connection to where the endpoint is now, or a new one: its address may have been changed while others were out."""
        with self.lock:
            while self.lines:
                one = self.lines.pop()
                if one.url == self.row.url:
                    return one
                one.close()
            return outgoing.Line(self.row.url, https_outside=True)

    def keep(self, line: outgoing.Line) -> None:
        """Keep a connection open for the next, unless the address was changed meanwhile."""
        with self.lock:
            if line.url == self.row.url:
                self.lines.append(line)
                return
        line.close()

    @property
    def room(self) -> int:
        """How much may be taken for it now."""
        if self.is_quick and self.row.failures == 0 and not self.is_stopped:
            return LANES * CHUNK - self.in_hand
        return 0 if self.busy else 1

    def put(self, lane: int, share: "Share") -> bool:
        """Let a share wait for its lane; whether somebody must begin to work there."""
        with self.lock:
            is_idle = lane not in self.lanes
            self.lanes.setdefault(lane, deque()).append(share)
            return is_idle

    def next(self, lane: int) -> "Share | None":
        """The next share of a lane; with none the lane is left."""
        with self.lock:
            if self.lanes[lane]:
                return self.lanes[lane].popleft()
            del self.lanes[lane]
            return None


Job = tuple[WebhookDelivery, OutboxEvent | None]


@dataclass
class Share:
    """What one lane was given at once, and when it was taken."""

    jobs: list[Job]
    taken: float


class _Sender:
    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock, self.delivered = clock, 0
        self._targets: dict[UUID, _Target] = {}
        self._known_until = 0.0
        self._done: queue.SimpleQueue[tuple[_Target, list[Result], list[WebhookDelivery]]] = queue.SimpleQueue()
        self._pool = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="webhook")
        self._in_flight = 0

    def take_turn(self, linger_s: float) -> None:
        """Go on while there is something to do. When the turn is over, whoever is quick is served until the slow ones are done."""
        began = last = time.monotonic()
        stays_s = min(linger_s, GLANCE_S)
        while True:
            now = time.monotonic()
            is_late = now - began > TURN_S
            if now - began > LAST_TAKE_S or (is_late and not self._waits_for_slow):
                break
            moved = relaying.relay(self.clock())
            taken = self._take(only_quick=is_late)
            settled = self._collect(0.05 if self._in_flight and not taken and not moved else 0.0)
            if moved or taken or settled or self._in_flight:
                last, stays_s = time.monotonic(), linger_s
            elif now - last >= stays_s or not self._targets:
                break
            else:
                time.sleep(min(0.1, stays_s))
        while self._in_flight:
            self._collect(1.0)

    @property
    def _waits_for_slow(self) -> bool:
        return any(target.busy and not target.is_quick for target in self._targets.values())

    def _take(self, *, only_quick: bool) -> int:
        now = self.clock()
        self._know(now)
        rooms = {pk: target.room for pk, target in self._targets.items() if target.room > 0 and (target.is_quick or not only_quick)}
        of_endpoints: dict[UUID, list[Job]] = defaultdict(list)
        for job in settling.take(rooms, now):
            of_endpoints[job[0].endpoint_id].append(job)
        for pk, jobs in of_endpoints.items():
            target = self._targets[pk]
            for lane, share in _shares(jobs).items():
                target.busy += 1
                target.in_hand += len(share)
                self._in_flight += 1
                if target.put(lane, Share(share, time.monotonic())):
                    self._pool.submit(self._lane, target, lane)
        return sum(map(len, of_endpoints.values()))

    def _know(self, now: datetime) -> None:
        """The endpoints that are told now, read anew every second."""
        if time.monotonic() < self._known_until:
            return
        rows = {row.pk: row for row in WebhookEndpoint.objects.awake(now)}
        for pk, row in rows.items():
            known = self._targets.setdefault(pk, _Target(row))
            known.row = row
        for pk in [pk for pk, target in self._targets.items() if pk not in rows and not target.busy]:
            self._close(self._targets.pop(pk))
        self._known_until = time.monotonic() + KNOWN_FOR_S

    def _collect(self, wait_s: float) -> int:
        """Write down what came back meanwhile, tried or not; waits so long for the first of it. Answers how many."""
        results: list[Result] = []
        unsent: list[WebhookDelivery] = []
        while True:
            try:
                target, done, left = self._done.get(timeout=wait_s) if wait_s else self._done.get_nowait()
            except queue.Empty:
                break
            wait_s = 0.0
            target.busy -= 1
            target.in_hand -= len(done) + len(left)
            target.is_stopped = target.is_stopped and target.busy > 0
            self._in_flight -= 1
            results += done
            unsent += left
            if done:
                target.is_quick = done[-1].ok and done[-1].took_ms < QUICK_S * 1000
                if not all(one.ok for one in done):
                    self._known_until = 0.0
        settling.settle(results, self.clock())
        settling.put_back(unsent)
        self.delivered += sum(one.ok for one in results)
        return len(results) + len(unsent)

    def _lane(self, target: _Target, lane: int) -> None:
        """In a thread of its own: post one share after the other. No statement is made here."""
        while (share := target.next(lane)) is not None:
            results = [] if target.is_stopped else self._post_all(target, share)
            if len(results) < len(share.jobs) or not results[-1].ok:
                target.is_stopped = True  # what is left goes back: whoever fails is asked gently
            self._done.put((target, results, [delivery for delivery, _ in share.jobs[len(results) :]]))

    def _post_all(self, target: _Target, share: Share) -> list[Result]:
        """What came of those that were tried: up to the first that failed, or as long as their lease is safe."""
        results: list[Result] = []
        try:
            line = target.line()
            for delivery, event in share.jobs:
                if time.monotonic() - share.taken > LANE_S or (results and not results[-1].ok):
                    break
                results.append(_post(line, target.row, delivery, event, self.clock))
            target.keep(line)
        except Exception as error:
            logger.exception("webhook_lane_broke", extra={"webhook": str(target.row.pk), "error": type(error).__name__})
        return results

    @staticmethod
    def _close(target: _Target) -> None:
        while target.lines:
            target.lines.pop().close()

    def end(self) -> None:
        """Let go of everything; posts that are under way after an error come to their end, and are tried again."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        for target in self._targets.values():
            self._close(target)


def _shares(jobs: list[Job]) -> dict[int, list[Job]]:
    """What each lane posts: news of one thing goes one after the other, by the lane that it always has."""
    shares: dict[int, list[Job]] = defaultdict(list)
    for delivery, event in jobs:
        shares[(event.subject_id if event else delivery.pk).int % LANES].append((delivery, event))
    return shares


def _post(
    line: outgoing.Line, endpoint: WebhookEndpoint, delivery: WebhookDelivery, event: OutboxEvent | None, clock: Callable[[], datetime]
) -> Result:
    """One try. What goes wrong is a result too."""
    at, began = clock(), time.monotonic()
    status, error, retry_after_s = None, "", 0.0
    try:
        content = signing.body(delivery, event)
        headers = signing.headers(delivery, content, signing.secrets_of(endpoint, at), now=at)
        answer = line.post(content, headers, connect_s=CONNECT_S, read_s=READ_S, whole_s=WHOLE_S, keep_bytes=KEEP_BYTES)
        status, retry_after_s = answer.status, _retry_after(answer.headers, at)
        if not answer.ok:
            error = REDIRECTS if 300 <= status < 400 else f"It answers {status}."
    except outgoing.OutgoingRefused as refusal:
        error = refusal.detail
    except signing.SecretLost:
        error = "Its secret cannot be read any more: SECRET_KEY was changed. Give it a new one."
    except Exception as fault:  # ours; it is tried again like any other, and the others go on
        logger.exception("webhook_not_posted", extra={"delivery": str(delivery.pk)})
        error = f"It could not be posted: {type(fault).__name__}."
    took_ms = int((time.monotonic() - began) * 1000)
    if error:
        logger.warning("webhook_not_delivered", extra={"webhook": str(endpoint.pk), "delivery": str(delivery.pk), "status": status})
    return Result(delivery, at, took_ms, status, error[:300], retry_after_s)


def _retry_after(headers: Mapping[str, str], now: datetime) -> float:
    """What Retry-After asks for, in seconds: a number or a moment; 0 when it says nothing that can be read."""
    said = headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return float(said[:9])
    try:
        at = parsedate_to_datetime(said)
    except ValueError:
        return 0.0
    return max(0.0, ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds())
