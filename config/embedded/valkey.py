"""The embedded Valkey of a data folder: its command line, whether it answers."""

import signal
import socket
from pathlib import Path

from config.embedded import addresses, programs
from config.embedded.accounts import Account

FAREWELL = signal.SIGTERM


class Valkey:
    """One server on a unix socket, writing what it is told to a file each second.

    It never throws a key away to save memory: a broker that forgets is worse than one that refuses.
    """

    name = "valkey"

    def __init__(self, folder: Path, account: Account | None, *, durable: bool = True) -> None:
        """``durable=False`` keeps nothing on the disk: for tests."""
        self.account = account
        self.durable = durable
        self.files = addresses.servers_dir(folder) / "valkey"
        self.socket = addresses.valkey_socket(folder)
        self.program = programs.valkey_server(account)

    def make_files(self) -> None:
        """Make its folder when it is not there."""
        self.files.mkdir(mode=0o700, exist_ok=True)
        if self.account:
            self.account.own(self.files)

    def before_start(self) -> None:
        """Remove the socket of a server that is gone."""
        self.socket.unlink(missing_ok=True)

    def command(self) -> list[str]:
        """The command line of the server, which stays in the foreground."""
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.files),
            "daemonize": "no",
            "databases": "16",
            "save": "",
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
            "disable-thp": "no",
        }
        return [str(self.program), *(word for name, value in options.items() for word in (f"--{name}", value))]

    def answers(self) -> bool:
        """Whether it says PONG; while it reads its file it does not."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
                link.settimeout(1.0)
                link.connect(str(self.socket))
                link.sendall(b"*1\r\n$4\r\nPING\r\n")
                return link.recv(64).startswith(b"+PONG")
        except OSError:
            return False
