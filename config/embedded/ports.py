"""Which ports the web server and the process that holds streams get."""

import errno
import socket

USUAL_PORT = 8000
PORTS_TRIED = 100


class PortTaken(RuntimeError):
    """The port cannot be listened on; the message says it to people."""


def choose(wanted: str, host: str) -> int:
    """The port to listen on: the wanted one, or (when ``wanted`` is empty) the first free one from 8000 on.

    Raises:
        PortTaken: the wanted port is taken, forbidden or no port; or none of a hundred is free.
    """
    if wanted:
        if not wanted.isdigit() or not 0 < int(wanted) < 65536:
            raise PortTaken(f"PORT={wanted} is not a port: give a number from 1 to 65535.")
        refusal = _refusal(int(wanted), host)
        if refusal:
            raise PortTaken(
                f"Port {wanted} {refusal}. Choose another (PORT={int(wanted) % 65000 + 1} make up), or leave PORT out to get a free one."
            )
        return int(wanted)
    for port in range(USUAL_PORT, USUAL_PORT + PORTS_TRIED):
        if not _refusal(port, host):
            return port
    raise PortTaken(f"No port from {USUAL_PORT} to {USUAL_PORT + PORTS_TRIED - 1} is free. Choose one: PORT=… make up")


def choose_beside(wanted: str, host: str, port: int) -> int:
    """The port of the streams: the wanted one, or the first free one after ``port``.

    Raises:
        PortTaken
    """
    if wanted:
        return choose(wanted, host)
    for beside in range(port + 1, min(port + 1 + PORTS_TRIED, 65536)):
        if not _refusal(beside, host):
            return beside
    raise PortTaken(f"No port after {port} is free for the streams. Choose one: STREAM_PORT=… make up")


def _refusal(port: int, host: str) -> str:
    """Why nobody may listen there; empty when one may."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
            trial.listen(1)
        except PermissionError:
            return "is not allowed to this user"
        except OSError as error:
            return "is taken by another program" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
    return ""
