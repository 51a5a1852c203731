"""The servers that are measured: PostgreSQL and Valkey of the benchmark's own, as in life they wait for the disk.

They live in a room of the data folder and stay there, so that the next run finds the tables filled.
"""

import os
import shutil
import signal
import sys
from pathlib import Path

from config.embedded import accounts, addresses, beside, folders, processes
from config.embedded.postgres import FAREWELL, PostgreSQL
from config.embedded.supervisor import Service, Supervisor
from config.embedded.valkey import Valkey


def ready_django() -> None:
    """Settings of a measurement: no limits of rates, no lines of a log beside the table. Call it once, where the database is known."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("DEMO", "1")
    limits = ("PER_MINUTE", "INTEGRATION_PER_MINUTE", "ANONYMOUS_PER_MINUTE")
    os.environ.update({f"RATE_LIMIT_{kind}": "0" for kind in limits}, LOG_LEVEL="WARNING")
    import django

    django.setup()


def run(command: list[str], *, room: str, afresh: bool = False) -> int:
    """Start them, run the command beside them, stop them. Returns the command's exit code.

    ``afresh`` throws away what an earlier run left.
    """
    folder = addresses.data_dir() / room
    try:
        with folders.hold(folder):
            if afresh:
                shutil.rmtree(addresses.servers_dir(folder) / "postgres", ignore_errors=True)
            return _beside(command, folder)
    except folders.Busy as busy:
        print(f"Process {busy.pid} is measuring on {folder} already.", file=sys.stderr)
        return 1


def _beside(command: list[str], folder: Path) -> int:
    supervisor = Supervisor(folder, lambda line: print(line, file=sys.stderr))
    account = accounts.for_servers(addresses.servers_dir(folder))
    folders.furnish(folder, account)
    environment = {name: value for name, value in os.environ.items() if name != processes.MARK}
    environment |= {
        "DATA_DIR": str(folder),
        "DATABASE_URL": addresses.database_url(folder),
        "BROKER_URL": addresses.broker_url(folder),
        "CACHE_URL": addresses.cache_url(folder),
    }
    environment.setdefault("SECRET_KEY", folders.secret_key(folder))
    plain = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
    try:
        for server in (PostgreSQL(folder, account), Valkey(folder, account)):
            if not isinstance(server, PostgreSQL) or server.is_new:
                server.make_files()
            farewell = FAREWELL if isinstance(server, PostgreSQL) else signal.SIGTERM
            service = Service(
                server.name,
                server.command(),
                plain,
                cwd=server.files,
                account=account,
                farewell=farewell,
                before_start=server.before_start,
            )
            supervisor.add(service)
            if not supervisor.wait_for(server.answers, of=service, within_s=120):
                print(f"{server.name} did not start:\n{processes.last_words(folder, server.name)}", file=sys.stderr)
                return 1
        return beside.accompany(supervisor, command, environment)
    finally:
        supervisor.stop(("valkey", "postgres"))
        processes.end_leftovers(folder)
