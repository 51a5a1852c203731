"""Ask Django about a request that came by ASGI: the same middleware, permissions and refusals as for every other request."""

import io
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Answer = tuple[int, list[tuple[bytes, bytes]], bytes]
BASE: dict[str, Any] = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}


def environ_of(scope: Mapping[str, Any]) -> dict[str, Any]:
    """The request in the words of WSGI (PEP 3333), without its body. A header whose name has ``_`` is left out: it could pose as another."""
    host, port = scope.get("server") or ("localhost", 80)
    environ = BASE | {
        "REQUEST_METHOD": scope["method"],
        "PATH_INFO": scope["path"].encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port or 0),
        "REMOTE_ADDR": (scope.get("client") or ("", 0))[0],
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": io.BytesIO(),
    }
    for raw, value in scope["headers"]:
        if b"_" in raw:
            continue
        name = raw.decode("latin-1").upper().replace("-", "_")
        if name in ("CONTENT_LENGTH", "CONTENT_TYPE"):
            continue
        key, text = f"HTTP_{name}", value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    return environ


def ask(application: Callable[..., Iterable[bytes]], environ: dict[str, Any]) -> Answer:
    """The whole answer of the WSGI application. In a thread: it asks the database."""
    begun: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        begun[:] = [int(status[:3]), [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]]

    answer = application(environ, start)
    try:
        body = b"".join(answer)
    finally:
        if hasattr(answer, "close"):
            answer.close()
    return begun[0], begun[1], body
