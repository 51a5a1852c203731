"""``manage.py simulate_calls``: post a believable shift to a running Switchboard, with the faults of real networks, and check the result."""

import json
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import tee
from random import Random
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from calls import simulating
from calls.management import running

TRIES = 60
#: The last calls go on after the last of them began; nothing may happen in the future.
AFTERWARDS = timedelta(hours=1)
#: Seconds between two lines of progress.
TELL_EVERY_S = 5.0


class Command(BaseCommand):
    help = "Post calls at a chosen rate to a running Switchboard; with --check, compare every call with what was simulated."

    def add_arguments(self, parser: CommandParser) -> None:
        running.add_arguments(parser, needs="with events:write (and calls:read for --check)")
        parser.add_argument("--system", default="demo-pbx", help="slug of the phone system")
        parser.add_argument("--rate", type=float, default=30.0, help="calls a minute of the simulated time")
        parser.add_argument("--minutes", type=float, default=10.0, help="of simulated time")
        parser.add_argument("--speed", type=float, default=1.0, help="how much faster than in life; 0: as fast as it goes")
        parser.add_argument("--agents", type=int, default=12, help="operators, at extensions from 201 on")
        parser.add_argument("--clients", type=int, default=8, help="requests at once")
        parser.add_argument("--seed", type=int, default=1)
        for name, said in (
            ("lost", "never come"),
            ("late", "come up to 15 minutes late"),
            ("doubled", "come twice"),
            ("shuffled", "come out of order"),
        ):
            parser.add_argument(f"--{name}", type=float, default=0.0, help=f"share of events that {said}, 0 to 1")
        parser.add_argument("--batches", type=float, default=0.0, help="share of events that are posted many at a time, 0 to 1")
        parser.add_argument("--batch", type=int, default=200, help="how many that is, 1 to 500")
        parser.add_argument("--check", action="store_true", help="compare every call in the end; exit with 1 when one differs")
        parser.add_argument("--patience", type=float, default=120.0, help="seconds in which a call may still come right, with --check")

    def handle(self, *args: Any, **options: Any) -> None:
        url, token = running.where(options, "integration")
        faults = simulating.Faults(**{name: options[name] for name in ("lost", "late", "doubled", "shuffled")})
        begin = timezone.now() - self._ahead(options)
        name = f"sim-{options['seed']}-{int(begin.timestamp())}"
        shift = simulating.Shift(
            seed=options["seed"], rate=options["rate"], extensions=[str(201 + n) for n in range(options["agents"])],
            line="+78005553535", prefix="+7495", name=name,
        )  # fmt: skip
        calls, kept = tee(shift.calls(begin, minutes=options["minutes"]))
        started = time.monotonic()
        poster = _Poster(f"{url}/api/v1/calls/events/?{urlencode({'phone_system': options['system']})}", token)
        arriving = self._in_time(simulating.deliveries(calls, faults, seed=options["seed"]), begin, options["speed"], started)
        parcels = _parcels(arriving, options["batches"], max(1, min(500, options["batch"])), Random(options["seed"]))
        done = self._post(parcels, poster, options["clients"], started)
        took = time.monotonic() - started
        self.stdout.write(
            f"{shift.made} calls, {done.posted} events in {took:.0f} s, {done.posted / took:.0f} a second; {done.failed} never delivered"
        )
        self.stdout.write(f"{done.left} events of batches were left to the workers")
        if options["check"]:
            self._check(url, token, options["system"], list(kept), options["patience"])
        if done.failed:
            raise CommandError(f"{done.failed} events could not be delivered.")

    def _post(self, parcels: Iterable[list[dict[str, Any]]], poster: "_Poster", clients: int, started: float) -> "_Posted":
        """Post all of them, so many at once, and tell now and then how far it is."""
        sum_of, told = _Posted(), started
        waiting: deque[tuple[int, Future[int | None]]] = deque()
        with ThreadPoolExecutor(clients) as pool:
            for events in parcels:
                waiting.append((len(events), pool.submit(poster.post, events)))
                while len(waiting) > clients * 4:
                    sum_of.add(*waiting.popleft())
                if time.monotonic() - told > TELL_EVERY_S:
                    told = time.monotonic()
                    self.stdout.write(f"{sum_of.posted} events, {sum_of.posted / (told - started):.0f} a second")
            for many, answer in waiting:
                sum_of.add(many, answer)
        return sum_of

    def _ahead(self, options: dict[str, Any]) -> timedelta:
        """How long ago the shift began, so that at its speed it is over by the time that it tells."""
        speed = options["speed"]
        ahead = 1 - 1 / speed if speed else 1.0
        return (timedelta(minutes=options["minutes"]) + AFTERWARDS) * max(0.0, ahead)

    def _in_time(
        self, arriving: Iterable[tuple[datetime, dict[str, Any]]], begin: datetime, speed: float, started: float
    ) -> Iterator[dict[str, Any]]:
        """The events, each when its time has come."""
        for arrival, event in arriving:
            ahead = (arrival - begin).total_seconds() / speed - (time.monotonic() - started) if speed else 0
            if ahead > 0:
                time.sleep(ahead)
            yield event

    def _check(self, url: str, token: str, system: str, calls: list[simulating.Simulated], patience: float) -> None:
        """Compare each call; those that are not right yet are asked for again until patience ends: batches are folded by the workers."""
        until = time.monotonic() + patience
        wrong = _wrong(url, token, system, calls)
        while wrong and time.monotonic() < until:
            time.sleep(2)
            wrong = _wrong(url, token, system, [call for call, _ in wrong])
        for call, found in wrong[:20]:
            self.stdout.write(f"{call.key}: {'; '.join(found)}")
        self.stdout.write(f"{len(calls) - len(wrong)} of {len(calls)} calls are as they were")
        if wrong:
            raise CommandError(f"{len(wrong)} calls differ.")


@dataclass
class _Posted:
    """Events posted, how many of them never delivered, and how many of batches were stored and not yet in their calls when that was answered."""

    posted: int = 0
    failed: int = 0
    left: int = 0

    def add(self, many: int, answer: "Future[int | None]") -> None:
        """Count one request, when it is answered."""
        later = answer.result()
        self.posted += many
        self.failed += many if later is None else 0
        self.left += later or 0


def _parcels(events: Iterable[dict[str, Any]], share: float, most: int, random: Random) -> Iterator[list[dict[str, Any]]]:
    """Each event alone, or with others when so many have come together."""
    kept: list[dict[str, Any]] = []
    for event in events:
        if random.random() >= share:
            yield [event]
            continue
        kept.append(event)
        if len(kept) == most:
            yield kept
            kept = []
    if kept:
        yield kept


def _wrong(url: str, token: str, system: str, calls: list[simulating.Simulated]) -> list[tuple[simulating.Simulated, list[str]]]:
    found = []
    for call in calls:
        query = urlencode({"phone_system": system, "external_id": call.key})
        shown = _asked(Request(f"{url}/api/v1/calls/?{query}", headers={"Authorization": f"Bearer {token}"}))  # noqa: S310 (the operator's own address)
        rows = shown["results"] if shown else []
        if differing := simulating.differences(call, rows[0] if rows else None):
            found.append((call, differing))
    return found


class _Poster:
    """Posts events until they are stored, as a phone system should: what is not answered 2xx is sent again."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.headers = url, {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def post(self, events: list[dict[str, Any]]) -> int | None:
        """One alone, several as a batch: how many of these are stored and not yet in their calls. None: they are not stored."""
        body = events[0] if len(events) == 1 else {"events": events}
        request = Request(self.url, json.dumps(body).encode(), self.headers)  # noqa: S310 (the operator's own address)
        answer = _asked(request)
        if answer is None:
            return None
        return sum(1 for one in answer.get("results", []) if one["status"] == "accepted" and one["call"] is None)


def _asked(request: Request) -> Any:
    """The answer; after troubles of the server or the way it is asked again, for about two minutes. None: it is refused or never came."""
    for tried in range(TRIES):
        try:
            with urlopen(request, timeout=30) as answer:  # noqa: S310 (the operator's own address)
                return json.load(answer)
        except HTTPError as error:
            if error.code < 500 and error.code not in (409, 429):
                return None
        except (URLError, OSError, ValueError):
            pass
        time.sleep(min(5.0, 0.1 * 2 ** min(tried, 6)))
    return None
