"""make bench-webhooks: how fast owed news is posted to a receiver on this machine, beside a bare loop of posts of the same bodies.

python -m tests.benchmarks.webhooks [--news 10000] [--endpoints 1,4] [--small]

Each piece of news begins in the outbox: relaying, signing, posting and writing down what came of it are all counted. The bare loop posts the
same bodies with http.client on connections that are kept, with as many threads, and does nothing else. The receiver is a process of its own.
"""

import argparse
import asyncio
import http.client
import multiprocessing
import os
import sys
import threading
import time
from typing import Any

from tests.benchmarks import servers

LEAST_PER_S = 500.0
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def main() -> int:
    """Read the options, see to the servers, measure."""
    options = argparse.ArgumentParser(prog="make bench-webhooks", description=__doc__)
    options.add_argument("--news", type=int, default=10_000, help="deliveries in a round")
    options.add_argument("--endpoints", default="1,4", help="numbers of webhooks to try, with commas")
    options.add_argument("--small", action="store_true", help="a few, no limit: only to see that it works")
    asked = options.parse_args()
    if asked.small:
        asked.news = 200
    if not os.environ.get("DATABASE_URL"):
        command = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.webhooks", *sys.argv[1:]]
        return servers.run(command, room="bench-webhooks", afresh=True)
    os.environ["OUTGOING_ALLOWED_NETWORKS"] = "127.0.0.0/8"
    servers.ready_django()
    return run(asked)


def run(asked: argparse.Namespace) -> int:
    """The table. Returns the exit code: 1 when it is too slow, or something was not delivered once."""
    from django.core.management import call_command
    from django.utils import timezone

    from config.platform.models import OutboxEvent, WebhookDelivery, WebhookEndpoint
    from config.platform.webhooks import sending, signing
    from tests.factories.platform import OutboxEventFactory, WebhookEndpointFactory

    call_command("migrate", verbosity=0)
    port, count = multiprocessing.Value("i", 0), multiprocessing.Value("i", 0)
    process = multiprocessing.get_context("fork").Process(target=_receive, args=[port, count], daemon=True)
    process.start()
    while not port.value:
        time.sleep(0.01)
    failed = 0
    print(
        f"{asked.news:,} deliveries a round, one sender, one receiver\n\n{'webhooks':>8}{'posts/s':>10}{'bare/s':>10}{'ratio':>7}{'limit':>7}",
        flush=True,
    )
    for webhooks in map(int, asked.endpoints.split(",")):
        WebhookEndpoint.objects.all().delete()
        OutboxEvent.objects.all().delete()
        OutboxEvent.objects.bulk_create([OutboxEventFactory.build() for _ in range(asked.news // webhooks)])
        rows = [WebhookEndpointFactory(url=f"http://127.0.0.1:{port.value}/{number}") for number in range(webhooks)]
        count.value, began = 0, time.perf_counter()
        delivered = 0
        while some := sending.send_due(linger_s=0):
            delivered += some
        took = time.perf_counter() - began
        came, once = count.value, WebhookDelivery.objects.filter(state="delivered", tries=1).count()
        delivery = WebhookDelivery.objects.select_related("event").first()
        assert delivery is not None
        body = signing.body(delivery, delivery.event)
        headers = signing.headers(delivery, body, [rows[0].secret], now=timezone.now())
        bare = _bare(port.value, body, headers, threads=sending.LANES * webhooks, posts=asked.news)
        per_s = delivered / took
        is_good = delivered == came == once == asked.news // webhooks * webhooks and (asked.small or per_s >= LEAST_PER_S)
        failed += not is_good
        least = "-" if asked.small else f"{LEAST_PER_S:.0f}"
        print(
            f"{webhooks:8}{per_s:10.0f}{bare:10.0f}{per_s / bare:7.2f}{least:>7}  {'PASS' if is_good else f'FAIL ({came} came, {once} once)'}",
            flush=True,
        )
    process.terminate()
    return 1 if failed else 0


def _bare(port: int, body: bytes, headers: dict[str, str], *, threads: int, posts: int) -> float:
    """Posts a second of a loop that does nothing else."""

    def loop() -> None:
        link = http.client.HTTPConnection("127.0.0.1", port)
        for _ in range(posts // threads):
            link.request("POST", "/bare", body, headers)
            link.getresponse().read()
        link.close()

    those = [threading.Thread(target=loop) for _ in range(threads)]
    began = time.perf_counter()
    for one in those:
        one.start()
    for one in those:
        one.join()
    return posts // threads * threads / (time.perf_counter() - began)


def _receive(port: Any, count: Any) -> None:
    """A receiver that answers 200 and counts."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
                await reader.readexactly(length)
                count.value += 1
                writer.write(ANSWER)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def run_it() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port.value = server.sockets[0].getsockname()[1]
        await server.serve_forever()

    asyncio.run(run_it())


if __name__ == "__main__":
    sys.exit(main())
