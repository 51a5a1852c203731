"""A client that asks as fast as it gets answers, over connections that stay open. Counts and times; bounded."""

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


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


def ask(port: int, make: Callable[[int, int], bytes], *, clients: int, requests: int) -> Figures:
    """``requests`` in all, by ``clients`` at once; ``make(client, n)`` gives the bytes of a request."""
    figures, lock, gate = Figures(), threading.Lock(), threading.Barrier(clients + 1)
    each = requests // clients

    def client(number: int) -> None:
        times, bad = [], 0
        with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            gate.wait()
            for n in range(each):
                request = make(number, n)
                began = time.perf_counter()
                line.sendall(request)
                bad += not _answer(line)
                times.append(time.perf_counter() - began)
        with lock:
            figures.times_s.extend(times)
            figures.bad += bad

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    gate.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    figures.seconds = time.perf_counter() - began
    return figures


def _answer(line: socket.socket) -> bool:
    """Read one answer whole; True when it is a 200."""
    got = b""
    while b"\r\n\r\n" not in got:
        more = line.recv(65536)
        if not more:
            return False
        got += more
    head, _, body = got.partition(b"\r\n\r\n")
    length = next((int(one.split(b":")[1]) for one in head.lower().split(b"\r\n") if one.startswith(b"content-length")), 0)
    while len(body) < length:
        body += line.recv(65536)
    return head.startswith(b"HTTP/1.1 200")
