"""Whom the embedded servers run as, and whether that account can reach a file.

PostgreSQL refuses to run as root. Root therefore lends the servers a system account; anybody else runs them as themselves.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

SYSTEM_ACCOUNT = "switchboard"
ROOMS_FOR_ROOT = Path("/var/lib/switchboard")


@dataclass(frozen=True)
class Account:
    """A user and a group of the system, by number."""

    uid: int
    gid: int

    def own(self, path: Path) -> None:
        """Give the file or folder to this account."""
        os.chown(path, self.uid, self.gid)

    def reaches(self, path: Path, how: str) -> bool:
        """Whether this account may read (``how`` = "r"), write ("w") or enter and run ("x") the path."""
        test = ["/bin/sh", "-c", f'test -{how} "$0"', str(path)]
        return subprocess.run(test, check=False, user=self.uid, group=self.gid, extra_groups=[], cwd="/").returncode == 0


def for_servers(files: Path) -> Account | None:
    """The account for servers whose files lie in ``files``; None means: as whoever runs this.

    The owner of files that are there already goes on owning them.

    Raises:
        RuntimeError: this is root, and there is no account to lend.
    """
    if os.geteuid() != 0:
        return None
    try:
        there = (files / "postgres").stat()
    except OSError:
        there = None
    if there is not None and there.st_uid != 0:
        return Account(there.st_uid, there.st_gid)
    for name in (SYSTEM_ACCOUNT, None, "postgres", "nobody"):
        if name is None:
            _make_system_account()
        try:
            found = pwd.getpwnam(name or SYSTEM_ACCOUNT)
        except KeyError:
            continue
        if found.pw_uid != 0:
            return Account(found.pw_uid, found.pw_gid)
    raise RuntimeError("PostgreSQL refuses to run as root, and there is no other account. Make one: useradd --system switchboard")


def _make_system_account() -> None:
    """Make the account with whichever command this system has; the caller looks whether it is there."""
    useradd = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"]
    adduser = ["adduser", "-S", "-D", "-H", "-h", "/nonexistent", "-s", "/sbin/nologin"]  # Alpine's
    for command in (useradd, adduser):
        try:
            done = subprocess.run([*command, SYSTEM_ACCOUNT], check=False, capture_output=True)
        except OSError:
            continue
        if done.returncode == 0:
            return


def account_name(account: Account) -> str:
    """How people call the account; its numbers when it has no name."""
    try:
        return pwd.getpwuid(account.uid).pw_name
    except KeyError:
        return f"{account.uid}:{account.gid}"
