"""make bench-events: how fast events are taken, one by one and in batches, beside a bare INSERT of the very rows that they become.

python -m tests.benchmarks.events [--events 4000] [--small]

For 1, 8 and 64 clients: events a second, the times within which half and 99 of 100 were answered, and the ratio to as many connections that only insert
and commit. A single event is folded into its call and answered with who is calling; a batch is stored whole and folded as far as patience allows.
"""

import argparse
import json
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks import servers

CLIENTS = (1, 8, 64)
BATCH = 100
#: The least share of the bare INSERT's rate, with eight clients.
LEAST = {"single": 0.03, "batch": 0.03}


def main() -> int:
    global BATCH
    """Read the options, see to the servers, measure."""
    options = argparse.ArgumentParser(prog="make bench-events", description=__doc__)
    options.add_argument("--events", type=int, default=4000, help="in one round of each kind")
    options.add_argument("--small", action="store_true", help="a few events, no limits: only to see that it works")
    asked = options.parse_args()
    if asked.small:
        asked.events, BATCH = 130, 10
    if not os.environ.get("DATABASE_URL"):
        return servers.run([sys.executable, "-W", "ignore", "-m", "tests.benchmarks.events", *sys.argv[1:]], room="bench-events")
    servers.ready_django()
    return run(asked)


def run(asked: argparse.Namespace) -> int:
    """The whole table. Returns the exit code: 1 when a limit is missed, an answer was no 200, or an event is not in its call."""
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from calls import intake
    from calls.models import CallEvent
    from tests.benchmarks import load, measuring

    call_command("migrate", verbosity=0)
    token, _ = measuring.caller()
    connection.close()
    failed = []
    headers = f"Host: localhost\r\nAuthorization: Bearer {token}\r\nAccept: application/json\r\n"
    mark = f"{random.Random().randrange(10**9)}"
    with tempfile.TemporaryDirectory(prefix="switchboard-bench-") as kept, measuring.serve("config.wsgi:application", Path(kept)) as ours:
        load.ask(ours.port, _single(headers, f"warm-{mark}"), clients=8, requests=max(80, asked.events // 10))
        rows, columns = _rows()
        measuring.say(f"{asked.events:,} events a round, batches of {BATCH}, 2 web processes\n")
        measuring.say(
            f"{'':10}{'clients':>8}{'events/s':>10}{'bare/s':>9}{'ratio':>7}{'limit':>7}{'p50 ms':>9}{'p99 ms':>9}{'bare p99':>10}"
        )
        for kind, many in (("single", 1), ("batch", BATCH)):
            for clients in CLIENTS:
                maker = (_single if many == 1 else _batch)(headers, f"{kind}-{clients}-{mark}")
                requests = max(clients, asked.events // many // clients * clients)
                found = load.ask(ours.port, maker, clients=clients, requests=requests)
                bare = _bare(rows, columns, clients=clients, transactions=requests, many=many)
                ratio = found.per_second * many / (bare.per_second * many)
                least = LEAST[kind] if clients == 8 and not asked.small else 0.0
                is_good = found.bad == 0 and ratio >= least
                failed += [] if is_good else [f"{kind} {clients}"]
                measuring.say(
                    f"{kind:10}{clients:8}{found.per_second * many:10.0f}{bare.per_second * many:9.0f}{ratio:7.2f}{f'{least:.2f}' if least else '-':>7}"
                    f"{found.at(0.5):9.1f}{found.at(0.99):9.1f}{bare.at(0.99):10.1f}  {'PASS' if is_good else f'FAIL ({found.bad} bad answers)'}"
                )
    began, left = time.perf_counter(), CallEvent.objects.filter(state=CallEvent.State.ACCEPTED).count()
    while intake.fold_waiting(now=timezone.now()):
        pass
    took = time.perf_counter() - began
    measuring.say(f"\nFolded afterwards, as one worker does: {left} events of batches" + (f", {left / took:.0f} a second" if left else ""))
    if CallEvent.objects.filter(phone_system__slug="bench", call=None).exists():
        failed.append("an event that is in no call")
    return 1 if failed else 0


def _event(run: str, number: int) -> dict[str, Any]:
    from tests.benchmarks.asking import STEPS, event

    call, step = divmod(number, len(STEPS))
    return event(step, f"{run}-{call}", f"+7916{call % 10_000_000:07}")


def _post(headers: str, body: Any) -> bytes:
    from tests.benchmarks.asking import EVENTS

    written = json.dumps(body).encode()
    return f"POST {EVENTS} HTTP/1.1\r\n{headers}Content-Type: application/json\r\nContent-Length: {len(written)}\r\n\r\n".encode() + written


def _single(headers: str, run: str) -> Callable[[int, int], bytes]:
    return lambda client, n: _post(headers, _event(f"{run}-{client}", n))


def _batch(headers: str, run: str) -> Callable[[int, int], bytes]:
    return lambda client, n: _post(headers, {"events": [_event(f"{run}-{client}-{n}", one) for one in range(BATCH)]})


def _rows() -> tuple[list[tuple[Any, ...]], list[str]]:
    """Rows of events as they were stored just now, to be inserted again under other keys."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM calls_callevent ORDER BY id DESC LIMIT 200")
        columns = [column.name for column in cursor.description or ()]
        return cursor.fetchall(), columns


def _bare(rows: list[tuple[Any, ...]], columns: list[str], *, clients: int, transactions: int, many: int) -> Any:
    """As many connections, each of which only inserts and commits."""
    import psycopg2
    from psycopg2.extras import Json, execute_values
    from uuid_utils.compat import uuid7

    from tests.benchmarks import load, measuring

    places = {name: place for place, name in enumerate(columns)}
    into = f"INSERT INTO calls_callevent ({', '.join(columns)}) VALUES %s"
    figures, ready = load.Figures(), threading.Barrier(clients + 1)

    def fresh(number: int) -> list[Any]:
        row = [Json(value) if isinstance(value, dict | list) else value for value in rows[number % len(rows)]]
        row[places["id"]] = str(uuid7())
        row[places["dedupe_key"]] = f"bare:{row[places['id']]}"
        return row

    def client(seed: int) -> None:
        link = psycopg2.connect(**measuring.dsn())
        with link.cursor() as cursor:
            times = []
            ready.wait(60)
            for n in range(transactions // clients):
                values = [fresh(seed + n * many + one) for one in range(many)]
                began = time.perf_counter()
                execute_values(cursor, into, values, page_size=many)
                link.commit()
                times.append(time.perf_counter() - began)
        link.close()
        figures.times_s.extend(times)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    ready.wait(60)
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    figures.seconds = time.perf_counter() - began
    return figures


if __name__ == "__main__":
    sys.exit(main())
