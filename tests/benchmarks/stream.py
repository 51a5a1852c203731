"""make bench-stream: how soon a message is on the screen, with 500 streams held by one process, beside a bare LISTEN in the same run.

python -m tests.benchmarks.stream [--streams 500] [--rate 100] [--seconds 60] [--small]

Without DATABASE_URL the servers are the benchmark's own (DATA_DIR/bench-stream). A message is timed from before the statement that writes it;
the bare LISTEN is a connection that does nothing but note when it is woken for the same messages.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.benchmarks import servers

REPOSITORY = Path(__file__).resolve().parents[2]
SHARES = (0.5, 0.95, 0.99)
LEAST_P99_MS = 250.0


def main() -> int:
    """Read the options, see to the servers, measure."""
    options = argparse.ArgumentParser(prog="make bench-stream", description="Latency of the live feed beside a bare LISTEN.")
    options.add_argument("--streams", type=int, default=500)
    options.add_argument("--rate", type=int, default=100, help="messages a second, each to somebody by chance")
    options.add_argument("--seconds", type=int, default=60)
    options.add_argument("--small", action="store_true", help="a few streams and seconds: only to see that it works")
    asked = options.parse_args()
    if asked.small:
        asked.streams, asked.rate, asked.seconds = 40, 50, 4
    if not os.environ.get("DATABASE_URL"):
        return servers.run(
            [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.stream", *sys.argv[1:]], room="bench-stream", afresh=True
        )
    servers.ready_django()
    return run(asked)


def run(asked: argparse.Namespace) -> int:
    """Make people, hold their streams, write, compare."""
    import psutil
    from django.core.management import call_command
    from django.db import connection

    from config.embedded import web
    from tests.faults.running import free_port

    call_command("migrate", verbosity=0)
    people = _people(asked.streams)
    connection.close()
    port = free_port()
    words = {"STREAM_WORKERS": "1", "RATE_LIMIT_STREAM_PER_MINUTE": "0", "HTTPS": "0"}
    server = subprocess.Popen(web.stream_command(words, "127.0.0.1", port), cwd=REPOSITORY, env=os.environ | words)
    forked = multiprocessing.get_context("spawn")
    hearer, teller = forked.Pipe()
    client = forked.Process(target=_client, args=(port, [secret for _, secret in people], teller), daemon=True)
    ear_hearer, ear_teller = forked.Pipe()
    ear = forked.Process(target=_bare, args=(os.environ["DATABASE_URL"], ear_teller), daemon=True)
    try:
        client.start()
        ear.start()
        if not hearer.poll(180):
            raise TimeoutError("the streams did not open")
        opened_s = hearer.recv()
        (worker,) = [one for one in psutil.Process(server.pid).children() if "resource_tracker" not in " ".join(one.cmdline())]
        idle = _share(worker, lambda: time.sleep(min(10, asked.seconds)))
        began: dict[int, tuple[float, float]] = {}
        busy = _share(worker, lambda: began.update(_write([who for who, _ in people], asked.rate, asked.seconds)))
        time.sleep(2)
        hearer.send("over")
        ear_hearer.send("over")
        got, bare = hearer.recv(), ear_hearer.recv()
        memory = worker.memory_info().rss
    finally:
        client.kill()
        ear.kill()
        server.terminate()
        server.wait(20)
    return _report(asked, began, got, bare, opened_s, idle, busy, memory)


def _people(count: int) -> list[tuple[str, str]]:
    from django.utils import timezone

    from config.platform import tokens
    from config.platform.models import User

    now = timezone.now()
    made = [User.objects.create(username=f"bench{n}-{time.time_ns()}", role="agent") for n in range(count)]
    return [(str(user.pk), tokens.issue(user, name="bench", by=None, now=now)[1]) for user in made]


def _share(process: Any, work: Any) -> float:
    """The share of one core that a process took while ``work`` was done."""
    before, began = sum(process.cpu_times()[:2]), time.perf_counter()
    work()
    return (sum(process.cpu_times()[:2]) - before) / (time.perf_counter() - began)


def _write(people: list[str], rate: int, seconds: int) -> dict[int, tuple[float, float]]:
    """Write at a steady rate; answers when each message was begun and committed."""
    from uuid import UUID

    from django.utils import timezone

    from config.platform import feed

    feed.declare("bench.note", "Only here.", {})
    chance, began, times = random.Random(3), time.perf_counter(), {}
    for n in range(rate * seconds):
        wait = began + n / rate - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        at = time.time()
        feed.tell([UUID(chance.choice(people))], "bench.note", {"n": n, "filling": "x" * 1500}, now=timezone.now())
        times[n] = (at, time.time())
    return times


def _client(port: int, secrets: list[str], teller: Any) -> None:
    """Hold all streams in one process, and note when each message came."""
    times: dict[int, float] = {}
    doubles = 0

    async def hold(secret: str, opened: asyncio.Semaphore, ready: list[int]) -> None:
        nonlocal doubles
        async with opened:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
            writer.write(f"GET /api/v1/stream/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {secret}\r\n\r\n".encode())
            while b"event: hello" not in await reader.readline():
                pass
            ready.append(1)
        while line := await reader.readline():
            if line.startswith(b"data: ") and b'"bench.note"' in line:
                n = json.loads(line[6:])["data"]["n"]
                doubles += n in times
                times.setdefault(n, time.time())

    async def everybody() -> None:
        ready: list[int] = []
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                (await asyncio.open_connection("127.0.0.1", port))[1].close()
                break
            except OSError:
                await asyncio.sleep(0.1)
        began, opened = time.perf_counter(), asyncio.Semaphore(20)
        tasks = [asyncio.create_task(hold(secret, opened, ready)) for secret in secrets]
        while len(ready) < len(secrets):
            await asyncio.sleep(0.05)
        teller.send(time.perf_counter() - began)
        while not teller.poll():
            await asyncio.sleep(0.2)
        for task in tasks:
            task.cancel()

    asyncio.run(everybody())
    teller.send((times, doubles))


def _bare(url: str, teller: Any) -> None:
    """A connection that listens and notes when it is woken. One writer commits in order, so the n-th wake-up is of the n-th message."""
    import select

    import environ
    import psycopg2

    there = environ.Env.db_url_config(url)
    line = psycopg2.connect(
        dbname=there["NAME"], user=there["USER"] or None, password=there["PASSWORD"] or None, host=there.get("OPTIONS", {}).get("host") or there["HOST"] or None,
        port=there["PORT"] or None,
    )  # fmt: skip
    line.autocommit = True
    line.cursor().execute("LISTEN switchboard_feed")
    times: list[float] = []
    while not teller.poll():
        select.select([line], [], [], 0.2)
        line.poll()
        while line.notifies:
            line.notifies.pop(0)
            times.append(time.time())
    teller.send(times)


def _at(times_s: list[float], share: float) -> float:
    ordered = sorted(times_s)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000


def _report(asked: Any, began: Any, got: Any, bare: list[float], opened_s: float, idle: float, busy: float, memory: int) -> int:
    times, doubles = got
    lost = len(began) - len(times)
    ways = {
        "the stream, from before the write": [times[n] - began[n][0] for n in times],
        "the stream, from the commit": [max(0.0, times[n] - began[n][1]) for n in times],
        "a bare LISTEN, from before the write": [at - began[n][0] for n, at in enumerate(bare) if n in began],
    }
    print(f"{asked.streams} streams in one process, opened in {opened_s:.1f} s; {asked.rate} messages a second for {asked.seconds} s")
    print(f"{'milliseconds':<40}{'p50':>9}{'p95':>9}{'p99':>9}")
    for name, found in ways.items():
        print(f"{name:<40}" + "".join(f"{_at(found, share):>9.1f}" for share in SHARES))
    first, _, least = ways.values()
    print("ratio to the bare LISTEN".ljust(40) + "".join(f"{_at(first, share) / max(0.001, _at(least, share)):>9.1f}" for share in SHARES))
    print(f"the process: {busy:.1%} of a core while told, {idle:.1%} idle; {memory / 2**20:.0f} MiB")
    well = lost == 0 and doubles == 0 and (asked.small or _at(first, 0.99) < LEAST_P99_MS)
    print(f"lost {lost}, twice {doubles}, p99 below {LEAST_P99_MS:.0f} ms: {'PASS' if well else 'FAIL'}")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
