"""One running Switchboard for the tests that kill parts of it. Processes are known by number and by the mark they carry."""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import psutil

from config.embedded import addresses, folders, processes

Seen = TypeVar("Seen")
REPOSITORY = Path(__file__).resolve().parents[2]
FIRST = "SWITCHBOARD_FIRST"  # where the first one of a test run has its data; tests/conftest.py says so, and takes them away
SERVERS_OF_THE_TEST_RUN = (
    "DATABASE_URL",
    "BROKER_URL",
    "CACHE_URL",
    "SECRET_KEY",
    "DEMO",
    "DATA_DIR",
    "DJANGO_SETTINGS_MODULE",
    "PORT",
    "BIND",
)


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def eventually(look: Callable[[], Seen], *, within_s: float, what: str) -> Seen:
    """Look until something true is seen.

    Raises:
        AssertionError: nothing was seen in time.
    """
    until = time.monotonic() + within_s
    while True:
        seen = look()
        if seen:
            return seen
        assert time.monotonic() < until, f"not within {within_s} s: {what}"
        time.sleep(0.1)


def at_work(code: str, *arguments: str) -> subprocess.Popen:
    """A worker in a process of its own, on the settings of the project: ``code`` says "at work" when it begins."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    started = subprocess.Popen([sys.executable, "-c", code, *arguments], env=environment, stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None and started.stdout.readline() == "at work\n"
    return started


def living(those: list[psutil.Process]) -> list[psutil.Process]:
    """The ones that still run; a zombie waits for its parent only."""
    return [process for process in those if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


class Running:
    """``python -m config.embedded.up`` on a data folder of its own, and what a client of it sees.

    The first of a test run is made of nothing. All begin with a copy of its data, so they are up in seconds.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = (folder or Path(tempfile.mkdtemp(prefix="switchboard-faults-"))).resolve()
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.journal: dict[str, str] = {}  # id of every contact answered 201 → its name

    @property
    def environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if name not in SERVERS_OF_THE_TEST_RUN}
        # Without patience every batch is the workers' work: what they were killed over must come right all the same.
        mine = {"RATE_LIMIT_PER_MINUTE": "0", "BATCH_PATIENCE_S": "0"}
        return clean | {"DATA_DIR": str(self.folder), "PORT": str(self.port), "PYTHONUNBUFFERED": "1", **mine}

    def up(self, within_s: float = 300) -> None:
        """Start it and wait until it says that it is up."""
        first = Path(os.environ.get(FIRST) or self.folder).resolve()  # without it each is made of nothing
        if self.folder != first and not addresses.servers_dir(self.folder).joinpath("postgres").exists():
            self._begin_as(first, within_s)
        with (self.folder / "said").open("ab") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "config.embedded.up"],
                cwd=REPOSITORY,
                env=self.environment,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

        def is_up() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, f"up ended:\n{self.said()}"
            return self.told().get("pids", {}).get("supervisor") == self.process.pid

        eventually(is_up, within_s=within_s, what="up.json")

    def _begin_as(self, first: Path, within_s: float) -> None:
        """Copy what the first one made; make it if nobody did."""
        with first.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (first / "made").exists():
                running = Running(first)
                try:
                    running.up(within_s)
                finally:
                    running.stop()
                (first / "made").touch()
        if not (first / "postgres").exists():  # its servers' files had to go elsewhere, where a copy would not find them
            return
        for name in ("postgres", "files", "secret_key"):
            subprocess.run(["cp", "-a", first / name, self.folder], check=True)  # with their owners, which Python does not copy
        shutil.copymode(first, self.folder)

    def said(self) -> str:
        return (self.folder / "said").read_text()

    def told(self) -> dict[str, Any]:
        return folders.read_up(self.folder)

    def pid(self, name: str) -> int:
        return int(self.told()["pids"][name])

    def command(self, module: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the package on the same data folder, to its end."""
        command = [sys.executable, "-m", f"config.embedded.{module}", *arguments]
        words = {"cwd": REPOSITORY, "env": self.environment | environment, "stdin": subprocess.DEVNULL}
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **words)

    def ask(self, method: str, path: str, body: Any = None, role: str = "supervisor") -> tuple[int, Any]:
        """One request. The status is 0 when no answer came."""
        told = self.told()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method)
        if told:
            request.add_header("Authorization", f"Bearer {told['tokens'][role]}")
        data = None if body is None else json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, data, timeout=15) as answer:
                said = answer.read()
                return answer.status, json.loads(said) if said and "json" in answer.headers["Content-Type"] else None
        except urllib.error.HTTPError as refusal:
            return refusal.code, None
        except (OSError, ValueError):
            return 0, None

    def write(self) -> int:
        """Post a contact, and note it in the journal when it is answered 201. Returns the status."""
        name = f"Журналов {len(self.journal)}-{time.monotonic_ns()}"
        status, body = self.ask("POST", "/api/v1/contacts/", {"kind": "person", "surname": name})
        if status == 201:
            self.journal[body["id"]] = name
        return status

    def missing(self) -> dict[str, Any]:
        """Contacts that were answered 201 and are not there as they were written, each with what is there instead."""
        otherwise = {}
        for contact, name in self.journal.items():
            status, body = self._read(contact)
            if status != 200 or body["surname"] != name:
                otherwise[contact] = body["surname"] if status == 200 else status
        return otherwise

    def _read(self, contact: str) -> tuple[int, Any]:
        """A contact; asked again while no answer comes, because what is killed takes the requests in flight with it."""
        for pause_s in (0.2, 1.0, 3.0):
            status, body = self.ask("GET", f"/api/v1/contacts/{contact}/")
            if status not in (0, 503):
                break
            time.sleep(pause_s)
        return status, body

    def is_ready(self) -> bool:
        return self.ask("GET", "/readyz")[0] == 200

    def everyone(self) -> list[psutil.Process]:
        return processes.of_folder(self.folder)

    def kill9(self, pid: int) -> None:
        """End one process of this folder as a crash does."""
        self.kill(pid, signal.SIGKILL)

    def kill(self, pid: int, how: signal.Signals) -> None:
        """Send a signal to one process of this folder."""
        assert pid == self.told()["pids"]["supervisor"] or pid in {process.pid for process in self.everyone()}
        os.kill(pid, how)

    def stop(self) -> None:
        """Stop it, and let its data be."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(60)
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
        processes.end_leftovers(self.folder)

    def end(self) -> None:
        """Leave nothing behind, whatever happened."""
        self.stop()
        elsewhere = addresses.servers_dir(self.folder)
        folders.empty(self.folder)
        for folder in {self.folder, elsewhere}:
            shutil.rmtree(folder, ignore_errors=True)
