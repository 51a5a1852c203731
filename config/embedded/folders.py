"""The data folder: made, locked by the one who runs it, emptied. What ``up`` tells scripts lies in its up.json."""

import fcntl
import json
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from config.embedded import accounts, addresses

KEPT_IN_FOLDER = (
    "postgres",
    "postgres.making",
    "valkey",
    "run",
    "ready",
    "mail",
    "metrics",
    "files",
    "logs",
    "secret_key",
    "servers_are_in",
    "up.json",
)


class Busy(RuntimeError):
    """Somebody else holds the data folder; ``pid`` is who (0 when it did not say)."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"in use by process {pid}")
        self.pid = pid


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Be the only one on this data folder. The lock goes with the process, however it ends.

    Raises:
        Busy: somebody holds it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
    handle = os.open(folder / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Busy(int(os.read(handle, 20) or 0)) from None
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        yield
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def holder(folder: Path) -> int | None:
    """The process that holds the data folder; None when nobody does."""
    if not (folder / "up.lock").exists():
        return None
    try:
        with hold(folder):
            return None
    except Busy as busy:
        return busy.pid


def furnish(folder: Path, account: accounts.Account | None) -> Path | None:
    """Make what servers and programs need: rooms for sockets, logs and files, with the right owners.

    Returns the folder that the servers' files had to go to because ``account`` cannot reach the data folder; None when it can.
    """
    for name in ("logs", "metrics", "files", "mail"):
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    if account is not None and not (folder / "servers_are_in").exists() and not (folder / "postgres").exists():
        _let_through(folder)
        if not account.reaches(folder, "x"):
            elsewhere = accounts.ROOMS_FOR_ROOT / sha256(os.fsencode(folder)).hexdigest()[:12]
            elsewhere.mkdir(parents=True, exist_ok=True)
            elsewhere.chmod(0o711)
            for room in (accounts.ROOMS_FOR_ROOT,):
                room.chmod(0o755)
            write_private(folder / "servers_are_in", str(elsewhere))
    servers = addresses.servers_dir(folder)
    servers.mkdir(parents=True, exist_ok=True, mode=0o711)
    sockets = addresses.socket_dir(folder)
    sockets.mkdir(mode=0o700, exist_ok=True)
    owner = account.uid if account else os.geteuid()
    if sockets.stat().st_uid not in (owner, os.geteuid()) or sockets.is_symlink():
        raise RuntimeError(f"{sockets} belongs to somebody else; remove it, or choose another DATA_DIR")
    sockets.chmod(0o700)
    if account:
        account.own(sockets)
    return servers if servers != folder else None


def _let_through(folder: Path) -> None:
    """Let other accounts pass through (not look into) a data folder of root's: what lies in it has modes of its own."""
    mode = folder.stat()
    if mode.st_uid == 0:
        folder.chmod(stat.S_IMODE(mode.st_mode) | stat.S_IXOTH)


def write_private(path: Path, text: str) -> None:
    """Write a file that its owner alone may read, whole or not at all."""
    making = path.with_name(f".{path.name}.{os.getpid()}")
    making.unlink(missing_ok=True)
    with os.fdopen(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(text)
    making.replace(path)


def secret_key(folder: Path) -> str:
    """The secret key of this folder, made the first time."""
    if not addresses.secret_key(folder):
        write_private(folder / "secret_key", secrets.token_urlsafe(50))
    return addresses.secret_key(folder)


def read_up(folder: Path) -> dict[str, Any]:
    """What ``up`` told scripts; empty when it is not up."""
    try:
        told = json.loads((folder / "up.json").read_text())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def empty(folder: Path) -> None:
    """Remove everything that this package put into the data folder, and nothing else that may lie there."""
    servers = addresses.servers_dir(folder)
    sockets = addresses.socket_dir(folder)
    for place in {*(servers / name for name in KEPT_IN_FOLDER[:4]), *(folder / name for name in KEPT_IN_FOLDER), sockets}:
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
    if servers != folder and not any(servers.iterdir()):
        servers.rmdir()
