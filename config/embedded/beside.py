"""Run a command beside real servers: the ones named by DATABASE_URL and BROKER_URL, or embedded ones of its own.

    python -m config.embedded.beside pytest -q

Its own ones live in DATA_DIR (or a folder of the system for the time of the command) and do not wait for the disk unless ``--durable`` is said. They never
meet those of ``make up``.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from config.embedded import accounts, addresses, folders, processes
from config.embedded.postgres import FAREWELL, PostgreSQL
from config.embedded.supervisor import Service, Supervisor
from config.embedded.valkey import Valkey


def run(command: list[str], *, durable: bool = False) -> int:
    """Start what is missing, run the command, stop it all. Returns the command's exit code. ``durable``: as in life, it waits for the disk."""
    folder = Path(tempfile.mkdtemp(prefix="switchboard-test-")).resolve()
    folder.chmod(0o711)
    supervisor = Supervisor(folder, lambda line: print(line, file=sys.stderr))
    environment = dict(os.environ)
    environment.pop(processes.MARK, None)
    account = accounts.for_servers(addresses.servers_dir(folder))
    folders.furnish(folder, account)
    environment["DATA_DIR"] = str(folder)
    environment.setdefault("SECRET_KEY", folders.secret_key(folder))
    try:
        servers: list[tuple[str, PostgreSQL | Valkey, str]] = []
        if not environment.get("DATABASE_URL"):
            servers.append(("DATABASE_URL", PostgreSQL(folder, account, durable=durable), addresses.database_url(folder)))
        if not environment.get("BROKER_URL"):
            servers.append(("BROKER_URL", Valkey(folder, account, durable=durable), addresses.broker_url(folder)))
            environment.setdefault("CACHE_URL", addresses.cache_url(folder))
        for variable, server, address in servers:
            server.make_files()
            farewell = FAREWELL if isinstance(server, PostgreSQL) else signal.SIGTERM
            plain = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
            service = supervisor.add(Service(server.name, server.command(), plain, cwd=server.files, account=account, farewell=farewell))
            if not supervisor.wait_for(server.answers, of=service, within_s=60):
                print(f"{server.name} did not start:\n{processes.last_words(folder, server.name)}", file=sys.stderr)
                return 1
            environment[variable] = address
        return accompany(supervisor, command, environment)
    finally:
        supervisor.stop(("valkey", "postgres"))
        processes.end_leftovers(folder)
        folders.empty(folder)
        shutil.rmtree(folder, ignore_errors=True)


def accompany(supervisor: Supervisor, command: list[str], environment: dict[str, str]) -> int:
    """Run the command while the supervisor looks after its servers. Returns the command's exit code."""
    child = subprocess.Popen(command, env=environment)
    supervisor.guests.add(child.pid)
    asked = 0
    while child.poll() is None:
        supervisor.sleep(1)
        supervisor.look_after()
        if supervisor.stop_asked > asked:  # Ctrl-C reached the command as well; SIGTERM did not
            asked = supervisor.stop_asked
            child.send_signal(signal.SIGTERM)
    return child.returncode


if __name__ == "__main__":
    words = sys.argv[1:]
    raise SystemExit(run(words[1:], durable=True) if words[:1] == ["--durable"] else run(words))
