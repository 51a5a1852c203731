"""Where the embedded servers of a data folder listen: known without asking them. Standard library only."""

import hashlib
import os
import tempfile
from pathlib import Path


def data_dir() -> Path:
    """The data folder: DATA_DIR, or ``var`` beside manage.py."""
    return Path(os.environ.get("DATA_DIR") or Path(__file__).resolve().parents[2] / "var").resolve()


def socket_dir(folder: Path) -> Path:
    """Where the sockets lie: in the folder, or in a short one of the system when the path would be too long for a socket."""
    inside = folder / "run"
    if len(str(inside)) < 80:
        return inside
    return Path(tempfile.gettempdir()) / ("switchboard-" + hashlib.sha256(str(folder).encode()).hexdigest()[:12])


def database_url(folder: Path) -> str:
    """The address of the embedded PostgreSQL."""
    return f"postgres://switchboard@/switchboard?host={socket_dir(folder)}"


def broker_url(folder: Path) -> str:
    """The address of the embedded Valkey, for Celery."""
    return f"redis+socket://{socket_dir(folder)}/valkey.sock"


def cache_url(folder: Path) -> str:
    """The address of the embedded Valkey, for everything else."""
    return f"unix://{socket_dir(folder)}/valkey.sock?db=1"


def secret_key(folder: Path) -> str:
    """The secret key that ``make up`` made for this folder; empty when there is none."""
    try:
        return (folder / "secret_key").read_text().strip()
    except OSError:
        return ""
