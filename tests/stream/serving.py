"""Processes that hold streams, as in life, on the database of the test; and clients that read them."""

import contextlib
import json
import os
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
from django.db import connection

from config.embedded import web
from config.platform import feed
from config.platform.models import FeedMessage

REPOSITORY = Path(__file__).resolve().parents[2]
ADDRESS = "/api/v1/stream/"
NOTE = feed.Kind("test.note", "Only in tests.", {"n": 1})  # a test that needs it puts it among the kinds for its own time


def _named(headers: Any) -> dict[str, str]:
    """Names of headers as they are written: servers send them in any case."""
    return {name.title(): value for name, value in headers.items()}


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def database_url(name: str = "") -> str:
    """The address of the test's database (or of another one beside it), for another process."""
    there = connection.get_connection_params()
    secret = f":{quote(there['password'])}" if there.get("password") else ""
    who = f"{quote(there['user'])}{secret}@" if there.get("user") else ""
    name, host = name or there["dbname"], there.get("host", "")
    if not host or host.startswith("/"):
        return f"postgres://{who}/{name}" + (f"?host={quote(host, safe='/')}" if host else "")
    return f"postgres://{who}{host}:{there.get('port') or 5432}/{name}"


class Server:
    """One server of streams, with one worker unless said otherwise."""

    def __init__(self, folder: Path, workers: int = 1, **environment: str) -> None:
        self.port, self.workers = free_port(), workers
        self.log = folder / f"stream-{self.port}.log"
        words = {
            "DATABASE_URL": database_url(),
            "STREAM_WORKERS": str(workers),
            "HTTPS": "0",
            "RATE_LIMIT_STREAM_PER_MINUTE": "0",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                web.stream_command(words, "127.0.0.1", self.port),
                cwd=REPOSITORY,
                env=os.environ | words | environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until = time.monotonic() + 60
        while self.ask("/readyz") != 200:
            assert self.process.poll() is None and time.monotonic() < until, self.log.read_text()
            time.sleep(0.1)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{ADDRESS}"

    def ask(self, path: str, **headers: str) -> int:
        """The status of an answer that is not a stream; 0 when none came."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as refusal:
            return refusal.code
        except OSError:
            return 0

    def pids(self) -> list[int]:
        """The workers, which hold the streams."""
        return [child.pid for child in psutil.Process(self.process.pid).children() if "resource_tracker" not in " ".join(child.cmdline())]

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@dataclass
class Event:
    kind: str = ""
    id: str | None = None
    data: Any = None
    at: float = field(default_factory=time.time)


class Reader(threading.Thread):
    """A client of a stream: reads until it ends, remembers what came and the last id, as a browser does."""

    def __init__(self, url: str, token: str = "", last: str = "", **headers: str) -> None:
        super().__init__(daemon=True)
        self.events: list[Event] = []
        self.comments: list[str] = []
        self.last, self.status, self.is_over, self.retry = last, 0, False, 0
        self.headers: dict[str, str] = {}
        sent = {"Accept": "text/event-stream", **headers}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if last:
            sent["Last-Event-ID"] = last
        self.request = urllib.request.Request(url, headers=sent)
        self.answer: Any = None
        self.start()

    def run(self) -> None:
        try:
            self.answer = urllib.request.urlopen(self.request, timeout=60)
            self.status, self.headers = self.answer.status, _named(self.answer.headers)
            self._read()
        except urllib.error.HTTPError as refusal:
            self.status, self.headers = refusal.code, _named(refusal.headers)
            self.problem = json.loads(refusal.read())
        except (OSError, ValueError, AttributeError):
            pass
        finally:
            self.is_over = True

    def _read(self) -> None:
        event = Event()
        for raw in self.answer:
            line = raw.decode().rstrip("\n")
            name, _, value = line.partition(": ")
            if not line:
                if event.id is not None:
                    self.last = event.id
                if event.data is not None:
                    self.events.append(event)
                event = Event()
            elif line.startswith(":"):
                self.comments.append(line)
            elif name == "event":
                event.kind = value
            elif name == "id":
                event.id = value
            elif name == "retry":
                self.retry = int(value)
            elif name == "data":
                event.data, event.at = json.loads(value), time.time()

    def wait_for(self, count: int, within_s: float = 15, kind: str = "") -> list[Event]:
        """The events of this kind, once there are so many."""
        until = time.monotonic() + within_s
        while len(found := self.of(kind)) < count:
            assert time.monotonic() < until, (
                f"{len(found)} of {count} within {within_s} s: {self.events} {self.status} over: {self.is_over}"
            )
            time.sleep(0.02)
        return found

    def wait_until_over(self, within_s: float = 15) -> None:
        self.join(within_s)
        assert self.is_over, f"still open after {within_s} s"

    def of(self, kind: str) -> list[Event]:
        return [one for one in self.events if not kind or one.kind == kind]

    def numbers(self) -> list[int]:
        """What the notes of the tests say, in the order in which they came."""
        return [one.data["data"]["n"] for one in self.of("test.note")]

    def close(self) -> None:
        """Break off, as a network does."""
        if self.answer is not None:
            sock = self.answer.fp.raw._sock if self.answer.fp else None
            if sock is not None:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
        self.join(5)


def tell(user: Any, n: int, now: Any, **more: Any) -> None:
    feed.tell([user.pk], "test.note", {"n": n}, now=now, **more)


def written(user: Any) -> list[int]:
    """The notes of a person in the table."""
    return sorted(message.data["n"] for message in FeedMessage.objects.filter(recipient=user, kind="test.note"))
