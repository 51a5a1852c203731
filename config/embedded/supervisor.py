"""Keep the processes of a data folder running: started in order, started again when they die, stopped in order."""

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from config.embedded import processes
from config.embedded.accounts import Account

SETTLED_AFTER_S = 30  # a process that lived so long is taken for well: its next death is answered at once
PAUSES_S = (0, 0.5, 1, 2, 4, 8, 15, 30)  # before starts after 1, 2, 3… deaths in a row


@dataclass
class Service:
    """One process that shall run, and how to start and stop it."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    cwd: Path
    account: Account | None = None
    farewell: signal.Signals = signal.SIGTERM
    patience_s: float = 25  # how long it may take to stop before it is killed
    before_start: Callable[[], object] = lambda: None
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    deaths: int = field(default=0, init=False)
    changed_at: float = field(default=0.0, init=False)

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process is not None else None


class Stopped(Exception):
    """Somebody asked for the end while something was waited for."""


class Supervisor:
    """Starts, watches and stops services of one data folder. One thread: a child is tied to the thread that made it."""

    def __init__(self, folder: Path, tell: Callable[[str], None]) -> None:
        self.folder = folder
        self.tell = tell
        self.services: list[Service] = []
        self.guests: set[int] = set()  # children that somebody else waits for: burying them would lose how they ended
        self.stop_asked = 0
        self.on_change: Callable[[], None] = lambda: None
        self._bell, ringer = os.pipe()
        os.set_blocking(self._bell, False)
        os.set_blocking(ringer, False)
        processes.adopt_orphans()
        signal.set_wakeup_fd(ringer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(sign, self._ask_to_stop)

    def _ask_to_stop(self, sign: int, frame: FrameType | None) -> None:
        self.stop_asked += 1

    def pids(self) -> dict[str, int]:
        """The process of every service that has one."""
        return {service.name: service.pid for service in self.services if service.pid is not None}

    def sleep(self, seconds: float, *also: int) -> list[int]:
        """Sleep, but wake when a child dies, a signal comes, or one of the files ``also`` has something to read."""
        ready, _, _ = select.select([self._bell, *also], [], [], max(0.0, seconds))
        if self._bell in ready:
            try:
                while os.read(self._bell, 512):
                    pass
            except BlockingIOError:
                pass
        return [handle for handle in ready if handle != self._bell]

    def add(self, service: Service) -> Service:
        """Start a service and watch it from now on."""
        self.services.append(service)
        self._start(service)
        return service

    def _start(self, service: Service) -> None:
        service.before_start()
        service.process = processes.start(
            service.name,
            service.command,
            folder=self.folder,
            environment=service.environment,
            cwd=service.cwd,
            account=service.account,
            farewell=service.farewell,
        )
        service.changed_at = time.monotonic()

    def wait_for(self, happened: Callable[[], bool], *, of: Service, within_s: float, ticking: Callable[[], None] = lambda: None) -> bool:
        """Wait until something happened while ``of`` lives. Returns whether it did in time.

        Raises:
            Stopped: somebody asked to stop.
        """
        until = time.monotonic() + within_s
        while time.monotonic() < until:
            if self.stop_asked:
                raise Stopped
            if happened():
                return True
            if not of.is_alive:
                return False
            ticking()
            self.sleep(0.05)
        return False

    def tend(self) -> None:
        """Watch until somebody asks to stop."""
        while not self.stop_asked:
            self.sleep(min([5.0, *(self._due_in(service) for service in self.services if not service.is_alive)]))
            if not self.stop_asked:
                self.look_after()
                processes.trim_logs(self.folder)

    def look_after(self) -> None:
        """Start again what died, when its pause is over."""
        processes.bury_orphans({*self.pids().values(), *self.guests})
        changed = False
        for service in self.services:
            if service.is_alive:
                continue
            if service.process is not None:
                self._bury(service)
            if self._due_in(service) <= 0 and not self.stop_asked:
                try:
                    self._start(service)
                except OSError as error:
                    self._count_death(service)
                    self.tell(f"{service.name} cannot be started: {error}")
                else:
                    self.tell(f"{service.name} is back (process {service.pid})")
                    changed = True
        if changed:
            self.on_change()

    def _bury(self, service: Service) -> None:
        """Take note of a death, and end what the dead left behind: its children would hold sockets, files and tasks."""
        assert service.process is not None  # noqa: S101 (the caller looked)
        code = service.process.returncode
        how = f"by signal {signal.Signals(-code).name}" if code is not None and code < 0 else f"with code {code}"
        service.process = None
        self._count_death(service)
        pause_s = self._due_in(service)
        self.tell(
            f"{service.name} ended {how}; starting it again" + (f" in {pause_s:.1g} s (see {self._log(service)})" if pause_s > 0 else "")
        )
        processes.end(processes.of_folder(self.folder, service.name), patience_s=3)

    def _log(self, service: Service) -> Path:
        return processes.log_file(self.folder, service.name)

    def _count_death(self, service: Service) -> None:
        service.deaths = 1 if time.monotonic() - service.changed_at > SETTLED_AFTER_S else service.deaths + 1
        service.changed_at = time.monotonic()

    def _due_in(self, service: Service) -> float:
        pause_s = PAUSES_S[min(service.deaths, len(PAUSES_S)) - 1] if service.deaths else 0
        return service.changed_at + pause_s - time.monotonic()

    def stop(self, *stages: tuple[str, ...]) -> None:
        """Stop the services, stage after stage; a second request to stop makes it short."""
        asked_before = self.stop_asked
        for names in stages:
            stage = [service for service in self.services if service.name in names]
            for service in stage:
                self._send(service, service.farewell)
            for service in stage:
                until = time.monotonic() + service.patience_s
                while service.is_alive and time.monotonic() < until:
                    if self.stop_asked > asked_before + 1 and names != stages[-1]:
                        break
                    self.sleep(0.1)
                if service.is_alive:
                    self.tell(f"{service.name} did not stop in time: killed")
                    self._send(service, signal.SIGKILL)
                    if service.process is not None:
                        service.process.wait()
                service.process = None
            for name in names:
                processes.end(processes.of_folder(self.folder, name), patience_s=2)

    @staticmethod
    def _send(service: Service, sign: signal.Signals) -> None:
        if service.process is not None and service.process.poll() is None:
            service.process.send_signal(sign)
