"""make bench: our answers beside a bare WSGI application that asks the same statements, on one machine, in one run.

python -m tests.benchmarks [--contacts 1000000] [--calls 2000000] [--requests 4000] [--small]
"""

import argparse
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.update(
    {f"RATE_LIMIT_{kind}": "0" for kind in ("PER_MINUTE", "INTEGRATION_PER_MINUTE", "ANONYMOUS_PER_MINUTE")}, LOG_LEVEL="WARNING"
)
os.environ.setdefault("DEMO", "1")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402
from rest_framework.test import APIClient  # noqa: E402

from calls.models import PhoneSystem  # noqa: E402
from config.embedded import web  # noqa: E402
from config.platform import tokens  # noqa: E402
from config.platform.models import Scope, User  # noqa: E402
from crm.models import Contact  # noqa: E402
from tests.benchmarks import filling, load, recording  # noqa: E402

CLIENTS = 8
ROUNDS = 4
#: name: the least share of the bare application's rate (None: told, not held)
LIMITS: dict[str, float | None] = {
    "lookup": 0.5,
    "lookup_unknown": None,
    "event": 0.5,
    "list_first": None,
    "list_far": None,
    "search": None,
    "calls": None,
}
PAGES_ALIKE = 0.8
STEPS = (
    {"type": "call.initiated", "direction": "inbound", "to": "+78001234567"},
    {"type": "call.queued", "queue": "support"},
    {"type": "leg.ringing", "leg_id": "l1", "agent": "201"},
    {"type": "leg.answered", "leg_id": "l1", "agent": "201"},
    {"type": "call.ended", "hangup_by": "caller"},
)


def say(text: str) -> None:
    """A line, at once."""
    print(text, flush=True)


def number(chance: random.Random, contacts: int) -> str:
    """A number that somebody has."""
    return f"+7916{chance.randint(1, contacts):07}"


def event(step: int, key: str, phone: str) -> dict[str, Any]:
    """One event of a real call."""
    at = f"2026-11-23T10:00:{step * 5:02}+00:00"
    return {**STEPS[step], "call_id": key, "event_id": f"{key}-{step}", "occurred_at": at, "from": phone}


def far_cursor(deep: int) -> str:
    """The cursor of a page far down, as following ``next`` would give it."""
    from config.api.pages import KeysetPagination

    row = Contact.objects.order_by("-id")[deep]
    pager = KeysetPagination()
    pager.ordering, pager.request = ("-id",), APIClient().get("/api/v1/contacts/").wsgi_request
    pager.request.query_params = {}
    return pager._link(row, False).partition("cursor=")[2].partition("&")[0]


def main() -> int:
    """Fill, record, serve, measure, judge."""
    options = argparse.ArgumentParser()
    options.add_argument("--contacts", type=int, default=1_000_000)
    options.add_argument("--calls", type=int, default=2_000_000)
    options.add_argument("--requests", type=int, default=4000)
    options.add_argument("--small", action="store_true", help="a few rows and requests: only to see that it works")
    asked = options.parse_args()
    if asked.small:
        asked.contacts, asked.calls, asked.requests = 20_000, 40_000, 160
    call_command("migrate", verbosity=0)
    filling.fill(asked.contacts, asked.calls, say=say)
    token, client = _caller()
    chance = random.Random(7)
    page = far_cursor(min(50_000, asked.contacts - 100))
    addresses = {
        "lookup": [f"/api/v1/lookup/?phone=%2B{number(chance, asked.contacts)[1:]}" for _ in range(200)],
        "lookup_unknown": [f"/api/v1/lookup/?phone=%2B7917{n:07}" for n in range(200)],
        "list_first": ["/api/v1/contacts/"],
        "list_far": [f"/api/v1/contacts/?cursor={page}"],
        "search": [f"/api/v1/contacts/?search={urllib.request.quote(text)}" for text in _searches(chance)],
        "calls": [f"/api/v1/calls/?number=%2B{number(chance, asked.contacts)[1:]}" for _ in range(100)],
    }
    folder = Path(tempfile.mkdtemp(prefix="switchboard-bench-"))
    _record(folder, client, addresses, asked.contacts)
    _plans(folder)
    headers = f"Host: localhost\r\nAuthorization: Bearer {token}\r\nAccept: application/json\r\n"
    ours, bare = _serve("config.wsgi:application", folder), _serve("tests.benchmarks.bare:application", folder)
    try:
        return _measure(asked, addresses, headers, ours[1], bare[1])
    finally:
        for process, _ in (ours, bare):
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)


def _caller() -> tuple[str, APIClient]:
    user, _ = User.objects.get_or_create(username="bench", defaults={"role": "integration"})
    PhoneSystem.objects.get_or_create(slug="bench", defaults={"name": "Bench", "default_region": "RU"})
    _, token = tokens.issue(user, name="bench", scopes=[str(scope) for scope in Scope.values], by=None, now=timezone.now())
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    client.get("/api/v1/me/")  # its use is noted now, and not in the recordings
    return token, client


def _searches(chance: random.Random) -> list[str]:
    rows = Contact.objects.order_by("id").values_list("surname", "name")[:20_000]
    return [f"{name} {surname}" for surname, name in chance.sample(list(rows), 60)]


def _record(folder: Path, client: APIClient, addresses: dict[str, list[str]], contacts: int) -> None:
    requests: dict[str, list[dict[str, Any]]] = {
        name: [{"method": "GET", "address": address} for address in those] for name, those in addresses.items()
    }
    phone = number(random.Random(3), contacts)
    requests["event"] = [
        {"method": "POST", "address": "/api/v1/calls/events/?phone_system=bench", "body": event(step, "benchcall", phone)}
        for step in range(len(STEPS))
    ]
    PhoneSystem.objects.update(last_event_at=timezone.now())
    known = {
        str(PhoneSystem.objects.get().pk),
        *(str(pk) for pk in Contact.objects.filter(contact_phones__phone__e164=phone).values_list("pk", flat=True)),
    }
    with transaction.atomic():
        recording.record(folder / "statements.json", client, requests, known=known)
        transaction.set_rollback(True)


def _plans(folder: Path) -> None:
    """EXPLAIN of the statements that read, for docs/performance.md."""
    recorded = json.loads((folder / "statements.json").read_text(encoding="utf-8"))
    lines = []
    with connection.cursor() as cursor:
        for name in ("lookup", "search", "list_first", "list_far", "calls"):
            for statement in recorded[name][0]:
                if statement.startswith("SELECT") or statement.lstrip().startswith("SELECT"):
                    cursor.execute("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) " + statement.replace("%", "%%"), [])
                    lines += [f"-- {name}: {' '.join(statement.split())[:150]}", *(row[0] for row in cursor.fetchall()), ""]
    target = Path(os.environ.get("BENCH_PLANS", folder / "plans.txt"))
    target.write_text("\n".join(lines), encoding="utf-8")
    say(f"Plans: {target}")


def _serve(target: str, folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    database = settings.DATABASES["default"]
    options = dict(database["OPTIONS"])
    dsn = {
        "dbname": database["NAME"],
        "user": database["USER"],
        "password": database["PASSWORD"],
        "host": database["HOST"],
        "port": database["PORT"],
        **options,
    }
    environment = os.environ | {
        "BENCH_STATEMENTS": str(folder / "statements.json"),
        "BENCH_DSN": json.dumps({key: value for key, value in dsn.items() if value not in ("", None)}),
        "SECRET_KEY": settings.SECRET_KEY,
    }
    command = [target if part == "config.wsgi:application" else part for part in web.web_command(environment, "127.0.0.1", port)]
    process = subprocess.Popen(command, env=environment, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            time.sleep(2)
            return process, port
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{target} did not start")


def _measure(asked: Any, addresses: dict[str, list[str]], headers: str, ours: int, bare: int) -> int:
    failed = []
    run = f"{random.Random().randrange(10**9)}"
    say(
        f"\n{CLIENTS} clients, {ROUNDS} rounds each way, {asked.requests:,} requests a round, 2 processes; {asked.contacts:,} contacts, {asked.calls:,} calls"
    )
    say(f"{'':16}{'ours/s':>9}{'bare/s':>9}{'ratio':>8}{'limit':>7}{'p50 ms':>9}{'p99 ms':>9}{'bare p99':>10}")
    rates: dict[str, float] = {}
    for name, limit in LIMITS.items():
        mine = _requests(name, addresses, headers, run, asked.contacts)
        theirs = _bare_requests(name)
        load.ask(ours, mine, clients=CLIENTS, requests=max(CLIENTS * 10, asked.requests // 10))
        load.ask(bare, theirs, clients=CLIENTS, requests=max(CLIENTS * 10, asked.requests // 10))
        a, b = load.Figures(), load.Figures()
        for part in range(ROUNDS):
            for figures, port, make in ((a, ours, _shifted(mine, part + 1)), (b, bare, theirs)):
                one = load.ask(port, make, clients=CLIENTS, requests=asked.requests)
                figures.seconds += one.seconds
                figures.times_s += one.times_s
                figures.bad += one.bad
        ratio = a.per_second / b.per_second
        rates[name] = a.per_second
        is_good = a.bad == b.bad == 0 and (limit is None or asked.small or ratio >= limit)
        failed += [] if is_good else [name]
        told = f"{limit:.2f}" if limit else "-"
        say(
            f"{name:16}{a.per_second:9.0f}{b.per_second:9.0f}{ratio:8.2f}{told:>7}{a.at(0.5):9.1f}{a.at(0.99):9.1f}{b.at(0.99):10.1f}"
            f"  {'PASS' if is_good else f'FAIL ({a.bad} and {b.bad} bad answers)'}"
        )
    alike = rates["list_far"] / rates["list_first"]
    is_alike = asked.small or alike >= PAGES_ALIKE
    say(f"The thousandth page against the first: {alike:.2f} (limit {PAGES_ALIKE})  {'PASS' if is_alike else 'FAIL'}")
    return 1 if failed or not is_alike else 0


def _shifted(make: Any, part: int) -> Any:
    """A round of its own: its calls are new calls."""
    return lambda client, n: make(client, n + part * 1_000_000)


def _requests(name: str, addresses: dict[str, list[str]], headers: str, run: str, contacts: int) -> Any:
    if name != "event":
        those = [f"GET {address} HTTP/1.1\r\n{headers}\r\n".encode() for address in addresses[name]]
        return lambda client, n: those[(client * 37 + n) % len(those)]

    def post(client: int, n: int) -> bytes:
        key = f"{run}-{client}-{n // len(STEPS)}"
        phone = f"+7916{1 + (client * 7919 + n // len(STEPS)) % contacts:07}"
        body = json.dumps(event(n % len(STEPS), key, phone)).encode()
        head = f"POST /api/v1/calls/events/?phone_system=bench HTTP/1.1\r\n{headers}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        return head.encode() + body

    return post


def _bare_requests(name: str) -> Any:
    request = f"GET /{name} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    return lambda client, n: request


if __name__ == "__main__":
    sys.exit(main())
