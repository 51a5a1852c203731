"""``make up``: everything of Switchboard on this machine, from nothing, until Ctrl-C.

    python -m config.embedded.up          PORT, STREAM_PORT, BIND, DATA_DIR, DATABASE_URL, BROKER_URL and the settings of docs/operations.md

What stands in DATABASE_URL and BROKER_URL is used; what does not is started here, in the data folder.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from config.embedded import accounts, addresses, folders, ports, processes, telling, trying, web
from config.embedded.postgres import FAREWELL as POSTGRES_FAREWELL
from config.embedded.postgres import PostgreSQL
from config.embedded.supervisor import Service, Stopped, Supervisor
from config.embedded.valkey import Valkey

REPOSITORY = Path(__file__).resolve().parents[2]
APPLICATIONS = ("web", "stream", "worker", "worker_batch", "beat")
SERVERS = ("valkey", "postgres")


class NotUp(RuntimeError):
    """It cannot be started; the message says to people why, and what to do."""


class Up:
    """One run of everything on one data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.teller = telling.Teller()
        self.supervisor = Supervisor(folder, lambda line: self.teller.say(f"  {time.strftime('%H:%M:%S')} {line}"))
        given = dict(os.environ)
        self.demo = given["DEMO"].lower() in {"1", "true", "yes", "on"} if given.get("DEMO") else not given.get("SECRET_KEY")
        self.host = given.get("BIND") or "127.0.0.1"
        self.port = ports.choose(given.get("PORT", ""), self.host)
        if not given.get("PORT") and self.port != ports.USUAL_PORT:
            self.teller.say(f"  Port {ports.USUAL_PORT} is taken by another program: taking {self.port} (PORT=… chooses another).")
        self.stream_port = ports.choose_beside(given.get("STREAM_PORT", ""), self.host, self.port)
        self.environment = given | {"DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONUNBUFFERED": "1"}
        self.environment.pop(processes.MARK, None)
        self.told: dict[str, Any] = {}
        self.caller = ""

    def run(self) -> int:
        """Start everything, watch it until somebody asks to stop, stop it. Returns the exit code."""
        began = time.monotonic()
        try:
            self._start()
        except Stopped:
            self.teller.say("  Asked to stop before everything was up.")
        except NotUp as reason:
            self._stop()
            self.teller.say(f"\n{reason}")
            return 1
        else:
            self.supervisor.on_change = self._write_up
            self._write_up()
            self.teller.say(telling.block(self.told, folder=self.folder, demo=self.demo, caller=self.caller))
            self.teller.say(f"  Up in {time.monotonic() - began:.1f} s.")
            self.supervisor.tend()
        self._stop()
        return 0

    def _start(self) -> None:
        (self.folder / "up.json").unlink(missing_ok=True)
        left = processes.end_leftovers(self.folder)
        if left:
            self.teller.say(f"  Ended {left} processes that an earlier run of this data folder left behind.")
        self._servers()
        if self.demo and not self.environment.get("SECRET_KEY"):
            self.environment["SECRET_KEY"] = folders.secret_key(self.folder)
        if self.demo and not self.environment.get("DEMO"):
            self.environment["DEMO_IMPLIED"] = "1"
        self.environment["DEMO"] = "1" if self.demo else "0"
        if not self.environment.get("STREAM_URL"):
            self.environment["STREAM_URL"] = f"{self._url(self.stream_port)}/api/v1/stream/"
        if self.demo and not self.environment.get("CORS_ALLOWED_ORIGINS"):  # a page of the one port reads the stream of the other
            self.environment["CORS_ALLOWED_ORIGINS"] = f"http://127.0.0.1:{self.port},http://localhost:{self.port}"
        prepared = self._prepare()
        self._applications()
        url = self._url()
        self.told = {
            "url": url,
            "docs": f"{url}/api/v1/docs/",
            "admin": f"{url}/admin/",
            "stream_url": self.environment["STREAM_URL"],
            "tokens": prepared.get("tokens", {}),
            "admin_login": prepared.get("login", {}),
        }
        self.caller = trying.known_caller(url, self.told["tokens"].get("supervisor", ""))

    def _servers(self) -> None:
        """Start the servers that nobody gave, and wait for them."""
        needed: list[type[PostgreSQL] | type[Valkey]] = []
        needed += [] if self.environment.get("DATABASE_URL") else [PostgreSQL]
        needed += [] if self.environment.get("BROKER_URL") else [Valkey]
        account = accounts.for_servers(addresses.servers_dir(self.folder)) if needed else None
        had_a_place = (self.folder / "servers_are_in").exists()
        elsewhere = folders.furnish(self.folder, account)
        processes.trim_logs(self.folder)
        if elsewhere and account and not had_a_place:
            name = accounts.account_name(account)
            self.teller.say(
                f"  PostgreSQL refuses to run as root and runs as {name}, who cannot reach {self.folder}: its files go to {elsewhere}"
            )
        started = []
        for kind in needed:
            server = kind(self.folder, account)
            new = isinstance(server, PostgreSQL) and server.is_new
            self.teller.begin("PostgreSQL: making its files" if new else f"{kind.__name__}: starting")
            if new or isinstance(server, Valkey):
                server.make_files()
            service = Service(
                server.name,
                server.command(),
                self._plain_environment(),
                cwd=server.files,
                account=account,
                before_start=server.before_start,
                patience_s=60,
            )
            if isinstance(server, PostgreSQL):
                service.farewell = POSTGRES_FAREWELL
            started.append((server, self.supervisor.add(service)))
            if not self.supervisor.wait_for(server.answers, of=service, within_s=120, ticking=self.teller.tick):
                raise NotUp(f"{kind.__name__} did not start. Its last words:\n{processes.last_words(self.folder, server.name)}")
            self.teller.end(f"{kind.__name__} answers")

    @staticmethod
    def _plain_environment() -> dict[str, str]:
        """What a server needs of the environment: no secret among it."""
        return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}

    def _prepare(self) -> dict[str, Any]:
        """Migrate, load the demo data, make tokens; show how far it is. Returns tokens and login."""
        self.teller.begin("Database: migrating")
        child = processes.start(
            "prepare", [sys.executable, "-m", "config.embedded.prepare"], folder=self.folder, environment=self.environment, cwd=REPOSITORY,
            output=subprocess.PIPE,
        )  # fmt: skip
        assert child.stdout is not None  # noqa: S101 (a pipe was asked for)
        pipe, heard, result = child.stdout.fileno(), b"", None
        os.set_blocking(pipe, False)
        detail, doing = "", "migrating"
        while True:
            if self.supervisor.stop_asked:
                child.terminate()
                child.wait()
                raise Stopped
            self.supervisor.sleep(0.2, pipe)
            try:
                some = os.read(pipe, 65536)
            except BlockingIOError:
                some = None
            if some == b"":
                break
            *lines, heard = (heard + (some or b"")).split(b"\n")
            for line in lines:
                word = json.loads(line)
                result = word.get("done") if isinstance(word.get("done"), dict) else result
                detail = f"{word['done']} of {word['total']}" if word.get("total") else ""
                if word.get("doing", doing) != doing:
                    self.teller.end("Database: migrated")
                    doing = word["doing"]
                    self.teller.begin(f"Database: {doing}")
            self.teller.tick(detail)
        if child.wait() != 0 or result is None:
            words = processes.last_words(self.folder, "prepare")
            raise NotUp(f"The database could not be made ready. The last words ({processes.log_file(self.folder, 'prepare')}):\n{words}")
        self.teller.end(f"Database: {doing} done" if doing != "migrating" else "Database: migrated")
        return result

    def _applications(self) -> None:
        """Start web server, workers and beat, and wait until they serve."""
        run = self.folder / "ready"
        run.mkdir(mode=0o700, exist_ok=True)
        metrics = self.folder / "metrics"
        web_environment = self.environment | {"PROMETHEUS_MULTIPROC_DIR": str(metrics)}
        add, environment = self.supervisor.add, self.environment
        self.teller.begin("Web server, workers, beat: starting")
        server = add(
            Service(
                "web",
                web.web_command(environment, self.host, self.port),
                web_environment,
                cwd=REPOSITORY,
                before_start=partial(_emptied, metrics),
            )
        )
        stream = add(Service("stream", web.stream_command(environment, self.host, self.stream_port), environment, cwd=REPOSITORY))
        workers = []
        for name, queue in (("worker", "fast"), ("worker_batch", "batch")):
            ready = run / name
            command, words = web.worker_command(environment, queue), web.worker_environment(environment, ready)
            worker = Service(name, command, words, cwd=REPOSITORY, patience_s=20, before_start=partial(ready.unlink, missing_ok=True))
            workers.append((ready, add(worker)))
        add(Service("beat", web.beat_command(), environment, cwd=REPOSITORY))
        for happened, service in [
            (self._is_ready, server),
            (self._holds_streams, stream),
            *((ready.exists, worker) for ready, worker in workers),
        ]:
            if not self.supervisor.wait_for(happened, of=service, within_s=90, ticking=self.teller.tick):
                last = processes.last_words(self.folder, service.name)
                raise NotUp(f"{service.name} did not start. The last words ({processes.log_file(self.folder, service.name)}):\n{last}")
        self.teller.end("Web server, workers and beat run")

    def _url(self, port: int = 0) -> str:
        """Where it, or what listens on another port, is reached from this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 (compared, not bound)
        port = port or self.port
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def _is_ready(self) -> bool:
        return trying.is_ready(self._url(), self.environment.get("ALLOWED_HOSTS", ""))

    def _holds_streams(self) -> bool:
        return trying.is_ready(self._url(self.stream_port), self.environment.get("ALLOWED_HOSTS", ""))

    def _write_up(self) -> None:
        """Tell scripts: where it is, the tokens, the processes."""
        self.told["pids"] = {"supervisor": os.getpid(), **self.supervisor.pids()}
        folders.write_private(self.folder / "up.json", json.dumps(self.told, indent=2) + "\n")

    def _stop(self) -> None:
        (self.folder / "up.json").unlink(missing_ok=True)
        self.teller.say("  Stopping …")
        began = time.monotonic()
        self.supervisor.stop(APPLICATIONS, SERVERS)
        processes.end_leftovers(self.folder)
        self.teller.say(
            f"  Everything is stopped ({time.monotonic() - began:.1f} s). The data stays in {addresses.servers_dir(self.folder)}."
        )


def _emptied(folder: Path) -> None:
    """Counters of web processes that are gone would be summed with the living."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def main() -> int:
    """Run, or say plainly why not."""
    folder = addresses.data_dir()
    try:
        with folders.hold(folder):
            return Up(folder).run()
    except folders.Busy as busy:
        where = folders.read_up(folder).get("url", "it is just starting")
        print(f"Switchboard already runs on {folder} (process {busy.pid}; {where}).")
        print("`make down` stops it. For a second one beside it, give another data folder: DATA_DIR=… make up")
    except ports.PortTaken as reason:
        print(reason)
    except PermissionError as error:
        print(f"{error.filename} cannot be written by this user. Choose another data folder (DATA_DIR=… make up), or make it yours.")
    except RuntimeError as reason:
        print(reason)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
