"""Ends connections whose time is over: a server that sends a byte a second keeps every single wait short."""

import heapq
import os
import socket
import threading
import time
from contextlib import suppress


class Watchman:
    """One thread that ends what takes too long, however many exchanges there are."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, int, Watch]] = []
        self._number = 0
        self._something_new = threading.Condition()
        self._thread: threading.Thread | None = None

    def look_after(self, watch: "Watch") -> None:
        with self._something_new:
            self._number += 1
            heapq.heappush(self._waiting, (watch.until, self._number, watch))
            if self._thread is None or not self._thread.is_alive():  # a fork has none
                self._thread = threading.Thread(target=self._walk, name="outgoing-watchman", daemon=True)
                self._thread.start()
            elif self._waiting[0][2] is watch:
                self._something_new.notify()

    def _walk(self) -> None:
        while True:
            with self._something_new:
                while not self._waiting or self._waiting[0][0] > time.monotonic():
                    self._something_new.wait(self._waiting[0][0] - time.monotonic() if self._waiting else None)
                watch = heapq.heappop(self._waiting)[2]
            watch.cut()


_watchman = Watchman()


def _new_watchman() -> None:
    global _watchman
    _watchman = Watchman()


os.register_at_fork(after_in_child=_new_watchman)


class Watch:
    """Ends a connection when the time of the whole is over: a server that sends a byte a second keeps every single wait short."""

    def __init__(self, whole_s: float) -> None:
        self.until = time.monotonic() + whole_s
        self.over = False
        self._sock: socket.socket | None = None
        self._lock = threading.Lock()

    @property
    def left_s(self) -> float:
        return max(self.until - time.monotonic(), 0.01)

    def over_see(self, sock: socket.socket) -> None:
        self._sock = sock
        _watchman.look_after(self)

    @property
    def is_up(self) -> bool:
        """Whether the time is over."""
        return self.over or time.monotonic() > self.until

    def stop(self) -> None:
        with self._lock:
            self._sock = None

    def cut(self) -> None:
        """The time is over; nothing happens when the exchange is."""
        with self._lock:
            if self._sock is not None:
                self.over = True
                with suppress(OSError):  # it ended by itself
                    socket.socket.shutdown(self._sock, socket.SHUT_RDWR)  # the plain one: TLS would wait to say goodbye
