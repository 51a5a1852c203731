"""Another system on loopback: keeps what was posted, answers as ``say`` decides, and checks nothing itself."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook

Answer = tuple[int, dict[str, str]]


class Receiver:
    def __init__(self) -> None:
        self.came: list[tuple[dict[str, str], bytes, float]] = []
        self.connections = 0
        self.say: Callable[[dict[str, str]], Answer] = lambda headers: (200, {})
        me = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                me.connections += 1
                super().setup()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                me.came.append((headers, body, time.monotonic()))
                status, more = me.say(headers)
                with suppress(OSError):  # whoever posted is gone
                    self.send_response(status)
                    for name, value in {"content-length": "0", **more}.items():
                        self.send_header(name, value)
                    self.end_headers()

            def log_message(self, *args: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hooks"
        threading.Thread(target=self.server.serve_forever, args=[0.02], daemon=True).start()

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _, _ in self.came]

    def verified(self, secret: str) -> list[dict]:
        """What came, each with a signature of this secret as the published library judges it (without its look at the clock)."""
        return [checked(secret, headers, body) for headers, body, _ in self.came]


def checked(secret: str, headers: dict[str, str], body: bytes) -> dict:
    library = Webhook(secret)
    library._Webhook__verify_timestamp = lambda said: _moment(said)  # simulated time: only this one check is left out
    return library.verify(body, headers)


def _moment(said: str):
    from datetime import UTC, datetime

    return datetime.fromtimestamp(float(said), tz=UTC)


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()
