"""Processes of one data folder: started so that they do not outlive their parent, and found again by what they carry.

Nothing is ever ended by its name: a process belongs to a data folder when it carries the folder's mark in its environment, or
is a server that works inside the folder.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import psutil

from config.embedded import addresses
from config.embedded.accounts import Account

MARK = "SWITCHBOARD_RUN"
SERVERS = {"postgres": "postgres", "valkey": "valkey-server"}  # folder it works in: program
LOG_LIMIT_BYTES = 10 * 1024 * 1024
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def start(
    name: str,
    command: list[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    cwd: Path,
    account: Account | None = None,
    farewell: signal.Signals = signal.SIGTERM,
    output: int | None = None,
) -> subprocess.Popen[bytes]:
    """Start a process in its own session, marked as the ``name`` of this data folder, its words going to ``logs/name.log``.

    ``farewell`` is the signal the system sends it when this process dies without a word (Linux only). ``output`` may be
    subprocess.PIPE to read what it prints.
    """
    parent = os.getpid()

    def tie_to_parent() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, int(farewell), 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    with log_file(folder, name).open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=cwd,
            env={**environment, MARK: f"{name}@{folder}"},
            stdin=subprocess.DEVNULL,
            stdout=log if output is None else output,
            stderr=log,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            preexec_fn=tie_to_parent,  # safe: the supervisor has one thread
        )


def adopt_orphans() -> None:
    """Let the children of a child that dies become ours, so that they are found ended, and not left to the system (Linux only)."""
    if _libc is not None:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def bury_orphans(known: set[int]) -> None:
    """Take note of the end of adopted processes; ``known`` are children that somebody else waits for."""
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error, ChildProcessError):
            if child.pid not in known and child.status() == psutil.STATUS_ZOMBIE:
                os.waitpid(child.pid, os.WNOHANG)


def log_file(folder: Path, name: str) -> Path:
    """Where a process of this folder writes; past 10 MB it is put aside."""
    return folder / "logs" / f"{name}.log"


def trim_logs(folder: Path) -> None:
    """Put every log past the limit aside, over the one put aside before. Those who write to it go on at its new beginning."""
    for log in (folder / "logs").glob("*.log"):
        if log.stat().st_size > LOG_LIMIT_BYTES:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            os.truncate(log, 0)


def last_words(folder: Path, name: str, lines: int = 8) -> str:
    """The end of a log, for people."""
    try:
        with log_file(folder, name).open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 8192))
            return "\n".join(log.read().decode(errors="replace").rstrip().splitlines()[-lines:])
    except OSError:
        return ""


def of_folder(folder: Path, name: str | None = None) -> list[psutil.Process]:
    """Every living process of this data folder, or of one of its services; never this process or those above it."""
    kin = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    homes = {addresses.servers_dir(folder) / place: (place, program) for place, program in SERVERS.items()}
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid in kin or process.status() == psutil.STATUS_ZOMBIE:
                continue
            mark = process.environ().get(MARK, "")
            place, program = homes.get(Path(process.cwd()), ("", "")) if not mark else ("", "")
            whose = mark.removesuffix(f"@{folder}") if mark.endswith(f"@{folder}") else ""
            if program and Path(process.exe().removesuffix(" (deleted)")).name == program:
                whose = place
        except (psutil.Error, OSError):
            continue
        if whose and name in (None, whose):
            found.append(process)
    return found


def end(processes: Iterable[psutil.Process], *, patience_s: float) -> int:
    """Ask these processes to stop, wait, and kill those that did not. Returns how many there were."""
    asked = list(processes)
    for process in asked:
        _send(process, signal.SIGTERM)
    _, stubborn = psutil.wait_procs(asked, timeout=patience_s) if asked else ([], [])
    for process in stubborn:
        _send(process, signal.SIGKILL)
    psutil.wait_procs(stubborn, timeout=5)
    return len(asked)


def end_leftovers(folder: Path) -> int:
    """End what an earlier run of this data folder left behind, the programs before the servers they use.

    A PostgreSQL that lost its parent is asked for a fast stop; one that lost its first process too leaves by itself.
    Returns how many processes there were.
    """
    everyone = of_folder(folder)
    servers = [process for process in everyone if _is_server(process)]
    count = end([process for process in everyone if process not in servers], patience_s=5)
    for process in servers:
        _send(process, signal.SIGINT)
    _, stubborn = psutil.wait_procs(servers, timeout=10) if servers else ([], [])
    for process in stubborn:
        _send(process, signal.SIGKILL)
    psutil.wait_procs(stubborn, timeout=5)
    return count + len(servers)


def _is_server(process: psutil.Process) -> bool:
    try:
        return Path(process.exe().removesuffix(" (deleted)")).name in SERVERS.values()
    except (psutil.Error, OSError):
        return False


def _send(process: psutil.Process, sign: signal.Signals) -> None:
    with contextlib.suppress(psutil.Error):
        process.send_signal(sign)


def is_alive(pid: int) -> bool:
    """Whether a process of this number lives (a zombie does not)."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def wait_until_gone(pid: int, patience_s: float) -> bool:
    """Wait for a process that is not ours to end. Returns whether it did."""
    until = time.monotonic() + patience_s
    while is_alive(pid):
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True
