"""Files looked through by a ClamAV daemon, by its INSTREAM command (``CLAMAV_ADDRESS``, host:port; unset: there is none)."""

import socket
import struct
from typing import IO

from django.conf import settings

from complaints.attachment_scanning import Scanner, ScannerAway

PIECE = 1 << 16
TIMEOUT_S = 60.0


def is_set_up() -> bool:
    """Whether there is a daemon to ask."""
    return bool(settings.CLAMAV_ADDRESS)


def scan(file: IO[bytes]) -> str:
    """What the daemon found in a file; empty when it is clean.

    Raises:
        ScannerAway: it cannot be reached, or would not say.
    """
    host, _, port = settings.CLAMAV_ADDRESS.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=TIMEOUT_S) as daemon:
            daemon.sendall(b"zINSTREAM\0")
            while piece := file.read(PIECE):
                daemon.sendall(struct.pack("!L", len(piece)) + piece)
            daemon.sendall(struct.pack("!L", 0))
            said = _answer(daemon)
    except (OSError, ValueError) as error:
        raise ScannerAway(f"ClamAV: {error}") from error
    if said == "stream: OK":
        return ""
    if said.startswith("stream: ") and said.endswith(" FOUND"):
        return said.removeprefix("stream: ").removesuffix(" FOUND")
    raise ScannerAway(f"ClamAV: {said[:150] or 'no answer'}")


def _answer(daemon: socket.socket) -> str:
    said = b""
    while not said.endswith(b"\0") and len(said) < 4096 and (more := daemon.recv(4096)):
        said += more
    return said.rstrip(b"\0").decode("utf-8", "replace").strip()


CLAMAV = Scanner(is_set_up, scan)
