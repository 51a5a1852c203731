"""The embedded PostgreSQL of a data folder: its files, its command line, whether it answers."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import psutil
import psycopg2

from config.embedded import addresses, programs
from config.embedded.accounts import Account

# What differs from PostgreSQL's own defaults. A person may change it afterwards in postgresql.conf of the data folder.
OWN_DEFAULTS = """
# --- Switchboard
max_connections = 100
shared_buffers = 128MB
max_wal_size = 512MB
random_page_cost = 1.1
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_statement = none
log_parameter_max_length_on_error = 0
"""
# The built-in provider sorts and folds letters alike on every system; the words after it are for old code in extensions.
LOCALES = (["--locale=C.UTF-8"], ["--locale=en_US.UTF-8"], ["--locale=C"])
FAREWELL = signal.SIGINT  # a fast stop: clients are sent away, nothing is lost


class NotMade(RuntimeError):
    """The files of a new database could not be made."""


class PostgreSQL:
    """One server, listening on a unix socket of the data folder and nowhere else.

    Whoever may enter the socket's folder (mode 0700) is trusted: the owner of the data, and root.
    """

    name = "postgres"

    def __init__(self, folder: Path, account: Account | None, *, durable: bool = True) -> None:
        """``durable=False`` does not wait for the disk: for tests, whose data nobody wants back."""
        self.account = account
        self.durable = durable
        self.files = addresses.servers_dir(folder) / "postgres"
        self.sockets = addresses.socket_dir(folder)
        self.programs = programs.postgres_bin(account)

    @property
    def is_new(self) -> bool:
        """Whether there are no files yet."""
        return not (self.files / "PG_VERSION").exists()

    def make_files(self) -> None:
        """Make the files of a new server, beside their place first, so that a half-made one is never taken for a whole one.

        Raises:
            NotMade: initdb failed; its words are in the message.
        """
        making = self.files.with_name("postgres.making")
        for locale in LOCALES:
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir(mode=0o700)
            if self.account:
                self.account.own(making)
            done = self._run("initdb", "-D", str(making), "-U", "switchboard", "--auth=trust", "--encoding=UTF8", "--no-instructions",
                             "--locale-provider=builtin", "--builtin-locale=C.UTF-8", *locale)  # fmt: skip
            if done.returncode == 0:
                break
        else:
            raise NotMade(done.stderr.decode(errors="replace").strip() or f"initdb ended with {done.returncode}")
        with (making / "postgresql.conf").open("a") as conf:
            conf.write(OWN_DEFAULTS)
        shutil.rmtree(self.files, ignore_errors=True)
        making.rename(self.files)

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        account = self.account
        return subprocess.run(
            [str(self.programs / program), *arguments],
            check=False,
            capture_output=True,
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )

    def before_start(self) -> None:
        """Remove lock files whose process is gone, is a zombie, or is by now somebody else's: PostgreSQL would refuse to start."""
        for lock in (self.files / "postmaster.pid", self.sockets / ".s.PGSQL.5432.lock"):
            try:
                pid = int(lock.read_text().splitlines()[0])
            except (OSError, ValueError, IndexError):
                continue
            try:
                is_ours = Path(psutil.Process(pid).cwd()) == self.files
            except psutil.Error:
                is_ours = False
            if not is_ours:
                lock.unlink(missing_ok=True)

    def command(self) -> list[str]:
        """The command line of the server, which stays in the foreground."""
        options = {"listen_addresses": "", "unix_socket_directories": str(self.sockets), "unix_socket_permissions": "0700"}
        if not self.durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        return [str(self.programs / "postgres"), "-D", str(self.files), *(f"--{name}={value}" for name, value in options.items())]

    def answers(self) -> bool:
        """Whether it takes connections; makes the database ``switchboard`` the first time it does."""
        try:
            link = psycopg2.connect(host=str(self.sockets), user="switchboard", dbname="postgres", connect_timeout=2)
        except psycopg2.OperationalError:
            return False
        try:
            link.autocommit = True
            with link.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = 'switchboard'")
                if cursor.fetchone() is None:
                    cursor.execute("CREATE DATABASE switchboard")
        except psycopg2.OperationalError:
            return False
        finally:
            link.close()
        return True
