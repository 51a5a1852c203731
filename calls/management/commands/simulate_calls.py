"""``manage.py simulate_calls``: post a believable shift to a running Switchboard, with the faults of real networks, and check the result."""

import json
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import tee
from pathlib import Path
from random import Random
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from calls import simulating

TRIES = 60
#: The last calls go on after the last of them began; nothing may happen in the future.
AFTERWARDS = timedelta(hours=1)
BATCH = 40


class Command(BaseCommand):
    help = "Post calls at a chosen rate to a running Switchboard; with --check, compare every call with what was simulated."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--up", default="var/up.json", help="where make up wrote its address and tokens")
        parser.add_argument("--url", default="", help="the address, instead of --up")
        parser.add_argument("--token", default="", help="a token with events:write (and calls:read for --check)")
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
        parser.add_argument("--batches", type=float, default=0.0, help=f"share of events that are posted {BATCH} at a time, 0 to 1")
        parser.add_argument("--check", action="store_true", help="compare every call in the end; exit with 1 when one differs")
        parser.add_argument("--patience", type=float, default=120.0, help="seconds in which a call may still come right, with --check")

    def handle(self, *args: Any, **options: Any) -> None:
        url, token = self._where(options)
        faults = simulating.Faults(**{name: options[name] for name in ("lost", "late", "doubled", "shuffled")})
        begin = timezone.now() - self._ahead(options)
        name = f"sim-{options['seed']}-{int(begin.timestamp())}"
        shift = simulating.Shift(
            seed=options["seed"], rate=options["rate"], extensions=[str(201 + n) for n in range(options["agents"])],
            line="+78005553535", prefix="+7495", name=name,
        )  # fmt: skip
        calls, kept = tee(shift.calls(begin, minutes=options["minutes"]))
        posted, failed, started = 0, 0, time.monotonic()
        poster = _Poster(f"{url}/api/v1/calls/events/?{urlencode({'phone_system': options['system']})}", token)
        arriving = self._in_time(simulating.deliveries(calls, faults, seed=options["seed"]), begin, options["speed"], started)
        with ThreadPoolExecutor(options["clients"]) as pool:
            waiting = []
            for events in _parcels(arriving, options["batches"], Random(options["seed"])):
                waiting.append((len(events), pool.submit(poster.post, events)))
                if len(waiting) >= options["clients"] * 4:
                    for many, done in waiting[: options["clients"]]:
                        posted, failed = posted + many, failed + (0 if done.result() else many)
                    del waiting[: options["clients"]]
                    if posted % 400 < options["clients"]:
                        self.stdout.write(f"{posted} events, {posted / (time.monotonic() - started):.0f} a second")
            for many, done in waiting:
                posted, failed = posted + many, failed + (0 if done.result() else many)
        took = time.monotonic() - started
        self.stdout.write(f"{shift.made} calls, {posted} events in {took:.0f} s, {posted / took:.0f} a second; {failed} never delivered")
        if options["check"]:
            self._check(url, token, options["system"], list(kept), options["patience"])
        if failed:
            raise CommandError(f"{failed} events could not be delivered.")

    def _ahead(self, options: dict[str, Any]) -> timedelta:
        """How long ago the shift began, so that at its speed it is over by the time that it tells."""
        speed = options["speed"]
        return (timedelta(minutes=options["minutes"]) + AFTERWARDS) * (1 - 1 / speed if speed else 1) if speed != 1 else timedelta()

    def _in_time(
        self, arriving: Iterable[tuple[datetime, dict[str, Any]]], begin: datetime, speed: float, started: float
    ) -> Iterator[dict[str, Any]]:
        """The events, each when its time has come."""
        for arrival, event in arriving:
            ahead = (arrival - begin).total_seconds() / speed - (time.monotonic() - started) if speed else 0
            if ahead > 0:
                time.sleep(ahead)
            yield event

    def _where(self, options: dict[str, Any]) -> tuple[str, str]:
        if options["url"] and options["token"]:
            return options["url"].rstrip("/"), options["token"]
        try:
            told = json.loads(Path(options["up"]).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise CommandError(
                f"Nothing runs here ({options['up']} cannot be read): start it with make up, or give --url and --token."
            ) from None
        return options["url"].rstrip("/") or told["url"], options["token"] or told["tokens"]["integration"]

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


def _parcels(events: Iterable[dict[str, Any]], share: float, random: Random) -> Iterator[list[dict[str, Any]]]:
    """Each event alone, or with others when so many have come together."""
    kept: list[dict[str, Any]] = []
    for event in events:
        if random.random() >= share:
            yield [event]
            continue
        kept.append(event)
        if len(kept) == BATCH:
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

    def post(self, events: list[dict[str, Any]]) -> bool:
        """Whether they are stored: one alone, several as a batch."""
        body = events[0] if len(events) == 1 else {"events": events}
        request = Request(self.url, json.dumps(body).encode(), self.headers)  # noqa: S310 (the operator's own address)
        return _asked(request) is not None


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
