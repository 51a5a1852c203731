"""A client that asks as fast as it gets answers, over connections that stay open: processes of its own, a thread for each connection."""

import multiprocessing
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

PROCESSES = 2
Make = Callable[[int, int], bytes]


@dataclass
class Figures:
    """What a round gave."""

    seconds: float = 0.0
    times_s: list[float] = field(default_factory=list)
    bad: int = 0

    @property
    def per_second(self) -> float:
        return len(self.times_s) / self.seconds if self.seconds else 0.0

    def at(self, share: float) -> float:
        """The time within which this share was answered, in milliseconds."""
        ordered = sorted(self.times_s)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0.0

    def add(self, other: "Figures") -> None:
        """Another round of the same."""
        self.seconds += other.seconds
        self.times_s += other.times_s
        self.bad += other.bad


def ask(port: int, make: Make, *, clients: int, requests: int) -> Figures:
    """``requests`` in all, by ``clients`` at once; ``make(client, n)`` gives the bytes of a request."""
    forked = multiprocessing.get_context("fork")
    gate, figures, each = forked.Barrier(PROCESSES + 1), Figures(), requests // clients
    pairs = [forked.Pipe(duplex=False) for _ in range(PROCESSES)]
    those = [range(number, clients, PROCESSES) for number in range(PROCESSES)]
    children = [
        forked.Process(target=_process, args=(port, make, mine, each, gate, teller), daemon=True)
        for mine, (_, teller) in zip(those, pairs, strict=True)
    ]
    for child in children:
        child.start()
    gate.wait(60)
    began = time.perf_counter()
    for hearer, _ in pairs:
        if not hearer.poll(600):
            raise TimeoutError("a client did not come to its end")
        times, bad = hearer.recv()
        figures.times_s += times
        figures.bad += bad
    figures.seconds = time.perf_counter() - began
    for child in children:
        child.join(10)
    return figures


def _process(port: int, make: Make, clients: range, each: int, gate: Any, teller: Any) -> None:
    """The clients of one process. It tells what it found when all of them are done."""
    found: list[tuple[list[float], int]] = []
    ready = threading.Barrier(len(clients) + 1)

    def client(number: int) -> None:
        times, bad = [], 0
        with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            ready.wait(60)
            for n in range(each):
                request = make(number, n)
                began = time.perf_counter()
                line.sendall(request)
                bad += not _answer(line)
                times.append(time.perf_counter() - began)
        found.append((times, bad))

    threads = [threading.Thread(target=client, args=(number,)) for number in clients]
    for thread in threads:
        thread.start()
    gate.wait(60)
    ready.wait(60)
    for thread in threads:
        thread.join()
    unasked = (len(clients) - len(found)) * each  # by clients that broke off
    teller.send(([one for times, _ in found for one in times], sum(bad for _, bad in found) + unasked))


def _answer(line: socket.socket) -> bool:
    """Read one answer whole; True when it is a 200."""
    got = line.recv(65536)
    while (end := got.find(b"\r\n\r\n")) < 0:
        more = line.recv(65536)
        if not more:
            return False
        got += more
    head = got[:end].lower()
    at = head.find(b"\r\ncontent-length:")
    left = int(head[at + 17 :].partition(b"\r\n")[0]) - (len(got) - end - 4) if at >= 0 else 0
    while left > 0:
        more = line.recv(65536)
        if not more:
            return False
        left -= len(more)
    return head.startswith(b"http/1.1 200")
