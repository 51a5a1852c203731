"""Where the embedded servers of a data folder listen: known without asking them. Standard library only."""

import hashlib
import os
import re
from pathlib import Path

SOCKET_PATH_LIMIT = 80  # bytes; the system allows about 104, and PostgreSQL adds ".s.PGSQL.5432.lock"
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")


def data_dir() -> Path:
    """The data folder: DATA_DIR, or ``var`` beside manage.py."""
    return Path(os.environ.get("DATA_DIR") or Path(__file__).resolve().parents[2] / "var").resolve()


def servers_dir(folder: Path) -> Path:
    """Where the embedded servers keep their files: the data folder, unless ``up`` had to choose another and noted it there.

    It has to when it runs as root and the system user that PostgreSQL runs as cannot reach the data folder.
    """
    try:
        return Path((folder / "servers_are_in").read_text().strip())
    except OSError:
        return folder


def socket_dir(folder: Path) -> Path:
    """Where the sockets lie: beside the servers' files, or in a short folder of the system.

    The short one, when the path is too long for a socket or has letters that the three libraries quote in three ways.
    It is not the system's TMPDIR: another terminal may have another one, and must find the same servers.
    """
    inside = servers_dir(folder) / "run"
    if len(os.fsencode(inside)) <= SOCKET_PATH_LIMIT and PLAIN_PATH.fullmatch(str(inside)):
        return inside
    return Path("/tmp") / ("switchboard-" + hashlib.sha256(os.fsencode(folder)).hexdigest()[:12])


def database_url(folder: Path) -> str:
    """The address of the embedded PostgreSQL."""
    return f"postgres://switchboard@/switchboard?host={socket_dir(folder)}"


def broker_url(folder: Path) -> str:
    """The address of the embedded Valkey, for Celery."""
    return f"redis+socket://{valkey_socket(folder)}"


def cache_url(folder: Path) -> str:
    """The address of the embedded Valkey, for everything else."""
    return f"unix://{valkey_socket(folder)}?db=1"


def valkey_socket(folder: Path) -> Path:
    """The socket that the embedded Valkey listens on."""
    return socket_dir(folder) / "valkey.sock"


def secret_key(folder: Path) -> str:
    """The secret key that ``make up`` made for this folder; empty when there is none."""
    try:
        return (folder / "secret_key").read_text().strip()
    except OSError:
        return ""
