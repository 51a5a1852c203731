"""Fill, record, serve, measure, judge."""

import json
import os
import random
import re
import signal
import socket
import subprocess
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from calls.models import PhoneSystem
from config.embedded import web
from config.platform import tokens
from config.platform.models import Scope, User
from crm.models import Contact
from tests.benchmarks import filling, load, recording
from tests.benchmarks.asking import Measure, measures, number

CLIENTS = 8
PAGES_ALIKE = 0.8  # the thousandth page against the first


@dataclass
class Served:
    """A web server that runs, and what it did in the rounds so far."""

    port: int
    process: psutil.Process
    figures: load.Figures = field(default_factory=load.Figures)
    cpu_s: float = 0.0

    def round(self, make: load.Make, requests: int, *, counts: bool) -> load.Figures:
        """One round; the first one only warms up and does not count."""
        before = self._cpu_s()
        found = load.ask(self.port, make, clients=CLIENTS, requests=requests)
        if counts:
            self.figures.add(found)
            self.cpu_s += self._cpu_s() - before
        return found

    def _cpu_s(self) -> float:
        times = [one.cpu_times() for one in (self.process, *self.process.children(recursive=True))]
        return sum(one.user + one.system for one in times)

    @property
    def cpu_ms(self) -> float:
        """Processor time of the web processes for one request: what the server and the application cost, without the database."""
        return self.cpu_s * 1000 / max(1, len(self.figures.times_s))


def say(text: str) -> None:
    """A line, at once."""
    print(text, flush=True)


def run(asked: Namespace) -> int:
    """The whole benchmark. Returns the exit code: 1 when a limit is missed or an answer was no 200."""
    call_command("migrate", verbosity=0)
    filling.fill(asked.contacts, asked.calls, say=say)
    token, client = caller()
    those = [one for one in measures(asked.contacts) if not asked.only or one.name in asked.only.split(",")]
    with tempfile.TemporaryDirectory(prefix="switchboard-bench-") as kept:
        folder = Path(kept)
        _record(folder, client, those, asked.contacts)
        if asked.plans:
            _plans(folder, those, Path(asked.plans))
        connection.close()
        with serve("config.wsgi:application", folder) as ours, serve("tests.benchmarks.bare:application", folder) as bare:
            headers = f"Host: localhost\r\nAuthorization: Bearer {token}\r\nAccept: application/json\r\n"
            return _measure(asked, those, headers, ours, bare)


def caller() -> tuple[str, APIClient]:
    user, _ = User.objects.get_or_create(username="bench", defaults={"role": "integration"})
    PhoneSystem.objects.get_or_create(slug="bench", defaults={"name": "Bench", "default_region": "RU"})
    _, token = tokens.issue(user, name="bench", scopes=[str(scope) for scope in Scope.values], by=None, now=timezone.now())
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    client.get("/api/v1/me/")  # its use is noted now, and not in the recordings
    return token, client


def _record(folder: Path, client: APIClient, those: list[Measure], contacts: int) -> None:
    phone = number(random.Random(3), contacts)
    PhoneSystem.objects.update(last_event_at=timezone.now())
    known = {
        str(PhoneSystem.objects.get(slug="bench").pk),
        *(str(pk) for pk in Contact.objects.filter(contact_phones__phone__e164=phone).values_list("pk", flat=True)),
    }
    with transaction.atomic():
        recording.record(folder / "statements.json", client, {one.name: one.to_record(phone) for one in those}, known=known)
        transaction.set_rollback(True)


def _plans(folder: Path, those: list[Measure], target: Path) -> None:
    """How PostgreSQL answers the statements of one request of each kind that reads."""
    recorded = json.loads((folder / "statements.json").read_text(encoding="utf-8"))
    lines: list[str] = []
    shown: set[str] = set()
    with connection.cursor() as cursor:
        for one in those:
            for statement in recorded[one.name][0]:
                words = " ".join(statement.split())
                kind = re.sub(r"'[^']*'|\d+", "?", words)
                if one.is_event or not words.startswith("SELECT") or kind in shown:
                    continue
                shown.add(kind)
                cursor.execute("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) " + statement)
                lines += [f"-- {one.title}", words[:300] + (" …" if len(words) > 300 else ""), *(f"  {row[0]}" for row in cursor), ""]
    target.write_text("\n".join(lines), encoding="utf-8")
    say(f"Plans: {target}")


@contextmanager
def serve(target: str, folder: Path) -> Iterator["Served"]:
    """The web server of ``make up``, with its log lines and its counters, for one of the two applications."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    counters = folder / f"metrics-{port}"
    counters.mkdir()
    environment = os.environ | {
        "BENCH_STATEMENTS": str(folder / "statements.json"),
        "BENCH_DSN": json.dumps(dsn()),
        "SECRET_KEY": settings.SECRET_KEY,
        "LOG_LEVEL": "INFO",
        "PROMETHEUS_MULTIPROC_DIR": str(counters),
    }
    command = [target if part == "config.wsgi:application" else part for part in web.web_command(environment, "127.0.0.1", port)]
    with (folder / f"{port}.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, start_new_session=True, stdout=log, stderr=log)
    try:
        _wait_for(process, port, target)
        yield Served(port, psutil.Process(process.pid))
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _wait_for(process: subprocess.Popen[bytes], port: int, target: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            time.sleep(2)  # both workers
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{target} did not start")


def dsn() -> dict[str, object]:
    """The database for psycopg2, with the same options that ours has."""
    given = settings.DATABASES["default"]
    named = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    dsn = {name: given[ours] for name, ours in named.items()} | dict(given["OPTIONS"])
    return {name: value for name, value in dsn.items() if value not in ("", None)}


def _measure(asked: Namespace, those: list[Measure], headers: str, ours: Served, bare: Served) -> int:
    failed = []
    mark = f"{random.Random().randrange(10**9)}"
    say(
        f"\n{CLIENTS} clients, {asked.rounds} rounds each way in turns, {asked.requests:,} requests a round, 2 processes; "
        f"{asked.contacts:,} contacts, {asked.calls:,} calls"
    )
    say(
        f"{'':30}{'ours/s':>8}{'bare/s':>8}{'ratio':>7}{'limit':>7}{'p50 ms':>8}{'p99 ms':>8}{'bare p50':>10}{'bare p99':>10}{'cpu ms':>8}{'bare':>6}"
    )
    rates: dict[str, float] = {}
    for one in those:
        theirs = _bare_request(one)
        each = asked.requests
        for server in (ours, bare):
            server.figures, server.cpu_s = load.Figures(), 0.0
        for part in range(asked.rounds + 1):
            mine = one.maker(headers, run=f"{mark}-{part}", contacts=asked.contacts)
            found = ours.round(mine, each, counts=part > 0)
            bare.round(theirs, each, counts=part > 0)
            each = each if part else _enough(found, asked)
        a, b = ours.figures, bare.figures
        rates[one.name] = a.per_second
        ratio = a.per_second / b.per_second
        is_good = a.bad == b.bad == 0 and (asked.small or ratio >= one.least)
        failed += [] if is_good else [one.name]
        verdict = "PASS" if is_good else f"FAIL ({a.bad} and {b.bad} bad answers)" if a.bad or b.bad else "FAIL"
        say(
            f"{one.title:30}{a.per_second:8.0f}{b.per_second:8.0f}{ratio:7.2f}{f'{one.least:.2f}' if one.least else '-':>7}{a.at(0.5):8.1f}"
            f"{a.at(0.99):8.1f}{b.at(0.5):10.1f}{b.at(0.99):10.1f}{ours.cpu_ms:8.2f}{bare.cpu_ms:6.2f}  {verdict}"
        )
    if not {"list_far", "list_first"} <= rates.keys():
        return 1 if failed else 0
    alike = rates["list_far"] / rates["list_first"]
    is_alike = asked.small or alike >= PAGES_ALIKE
    say(f"The thousandth page against the first: {alike:.2f} (limit {PAGES_ALIKE})  {'PASS' if is_alike else 'FAIL'}")
    return 1 if failed or not is_alike else 0


def _enough(warm: load.Figures, asked: Namespace) -> int:
    """As many requests as were asked for, but no more than take half a minute: a slow search shows itself with fewer."""
    return max(CLIENTS * 10, min(asked.requests, int(warm.per_second * 30)))


def _bare_request(one: Measure) -> load.Make:
    """The bare application needs to know only which statements."""
    if one.is_event:
        body = b'{"event": true}'
        request = b"POST /%b HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%b" % (one.name.encode(), len(body), body)
    else:
        request = f"GET /{one.name} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    return lambda client, n: request
