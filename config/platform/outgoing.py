"""The one way out for HTTP: every request that Switchboard makes to another server is made here, guarded.

The URL is judged and its name resolved once (config.platform.destinations); the connection goes to the address that was judged,
with TLS checked for the name. Redirects are answers like others, never followed. Every step has its time and the whole has one;
a body is read up to a limit, as it was sent (nothing is unpacked), and hashed on the way.
"""

import hashlib
import http.client
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass

from django.conf import settings
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError
from urllib3.response import HTTPResponse

from config.platform.deadlines import Watch
from config.platform.destinations import AddressForbidden as AddressForbidden
from config.platform.destinations import Destination, OutgoingRefused, Resolver, require_https_outside
from config.platform.destinations import HttpsNeeded as HttpsNeeded
from config.platform.destinations import NameUnknown as NameUnknown
from config.platform.destinations import UrlForbidden as UrlForbidden
from config.platform.destinations import check_url as check_url

CHUNK = 64 * 1024
MOST_ADDRESSES = 3
AGENT = "Switchboard/1"
#: one step: connecting, and each wait for bytes
CONNECT_S, READ_S = 3.0, 10.0


class Unreachable(OutgoingRefused):
    """Nobody answered at the address, or the connection broke."""

    code = "unreachable"
    advice = "See whether the other server runs and lets this one in, then try again."


class TimedOut(OutgoingRefused):
    """The other server took longer than it was given."""

    code = "outgoing_timed_out"
    advice = "Try again later: the other server answers too slowly."


class CertificateRefused(OutgoingRefused):
    """The other server could not prove to be who its name says."""

    code = "certificate_refused"
    advice = "Give the other server a certificate for its name from an authority that is trusted here; `OUTGOING_CA_FILE` names your own."


class AnswerTooLarge(OutgoingRefused):
    """The other server sent more than was asked for."""

    code = "answer_too_large"
    advice = "See what lies at the address: it answered more than is read here. Give the address of the thing itself."
    lasting = True


@dataclass(frozen=True)
class Answer:
    """What another server said: names of ``headers`` are in small letters, ``body`` is its first bytes as they were sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class Download:
    """A body on its way: iterate over its pieces; then ``size`` and ``sha256`` are of the whole."""

    def __init__(self, exchange: "_Exchange", most_bytes: int) -> None:
        self.status, self.headers = exchange.status, exchange.headers
        self.size = 0
        self._exchange, self._most = exchange, most_bytes
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def __iter__(self) -> Iterator[bytes]:
        told = self.headers.get("content-length", "")
        if told.isascii() and told.isdigit() and int(told[:20]) > self._most:
            raise AnswerTooLarge(f"The answer has {told[:20]} bytes, more than {self._most}.")
        while piece := self._exchange.read(CHUNK):
            self.size += len(piece)
            if self.size > self._most:
                raise AnswerTooLarge(f"The answer has more than {self._most} bytes.")
            self._hash.update(piece)
            yield piece


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str] | None = None,
    *,
    connect_s: float = CONNECT_S,
    read_s: float = READ_S,
    whole_s: float = 15.0,
    keep_bytes: int = 4096,
    resolver: Resolver | None = None,
) -> Answer:
    """Post ``body`` and read the answer's first ``keep_bytes``; what comes after them is not waited for.

    A redirect is an answer (3xx), not followed. Times are seconds.

    Raises:
        OutgoingRefused: one of its subclasses says why there is no answer.
    """
    return ask("POST", url, body, headers, connect_s=connect_s, read_s=read_s, whole_s=whole_s, keep_bytes=keep_bytes, resolver=resolver)


def ask(
    method: str,
    url: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    connect_s: float = CONNECT_S,
    read_s: float = READ_S,
    whole_s: float = 15.0,
    keep_bytes: int = 4096,
    resolver: Resolver | None = None,
) -> Answer:
    """As ``post``, with any method (a PBX that is told by GET or DELETE).

    Raises:
        OutgoingRefused: one of its subclasses says why there is no answer.
    """
    with closing(_Exchange(method, url, body, headers or {}, _Times(connect_s, read_s, whole_s), resolver)) as exchange:
        return exchange.answer(keep_bytes)[0]


@contextmanager
def download(
    url: str,
    headers: Mapping[str, str] | None = None,
    *,
    most_bytes: int,
    connect_s: float = CONNECT_S,
    read_s: float = READ_S,
    whole_s: float = 90.0,
    resolver: Resolver | None = None,
) -> Iterator[Download]:
    """``with download(url, most_bytes=…) as body: for piece in body: …``; look at ``body.status`` first.

    Raises:
        OutgoingRefused: one of its subclasses says why; also from within the block, while pieces are read.
    """
    with closing(_Exchange("GET", url, None, headers or {}, _Times(connect_s, read_s, whole_s), resolver)) as exchange:
        yield Download(exchange, most_bytes)


@dataclass(frozen=True)
class _Times:
    connect_s: float
    read_s: float
    whole_s: float


class Line:
    """A connection to one URL that is kept open from post to post, for one thread: ``with closing(Line(url)) as line: line.post(…)``.

    The URL is judged and its name resolved whenever it connects, and that is at least once a minute. A server may close a connection that
    rests: then the post is made once more on a new one, so it may come twice. Post only what has an id by which doubles are told apart.
    ``https_outside``: outside of networks of our own nothing goes by plain http, wherever the name leads by then.
    """

    KEPT_S = 60.0

    def __init__(self, url: str, *, https_outside: bool = False, resolver: Resolver | None = None) -> None:
        self.url, self._resolver, self._https_outside = url, resolver, https_outside
        self._kept: tuple[Destination, HTTPConnection, float] | None = None

    def post(
        self,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        *,
        connect_s: float = CONNECT_S,
        read_s: float = READ_S,
        whole_s: float = 15.0,
        keep_bytes: int = 4096,
    ) -> Answer:
        """As ``outgoing.post``; an answer longer than ``keep_bytes`` costs the connection.

        Raises:
            OutgoingRefused: one of its subclasses says why there is no answer.
        """
        kept, self._kept = self._kept, None
        if kept is not None and time.monotonic() > kept[2]:
            kept[1].close()
            kept = None
        times = _Times(connect_s, read_s, whole_s)
        sent = {"connection": "keep-alive", **(headers or {})}
        began = time.monotonic()
        try:
            return self._post(body, sent, times, keep_bytes, kept)
        except Unreachable:
            if kept is None:
                raise
        return self._post(body, sent, _Times(connect_s, read_s, max(0.1, whole_s - (time.monotonic() - began))), keep_bytes, None)

    def _post(
        self,
        body: bytes,
        headers: Mapping[str, str],
        times: _Times,
        keep_bytes: int,
        kept: tuple[Destination, HTTPConnection, float] | None,
    ) -> Answer:
        exchange = _Exchange(
            "POST", self.url, body, headers, times, self._resolver, https_outside=self._https_outside, on=kept[:2] if kept else None
        )
        try:
            answer, is_whole = exchange.answer(keep_bytes)
            if is_whole and exchange.may_go_on:
                self._kept = (exchange.to, exchange.let_go(), kept[2] if kept else time.monotonic() + self.KEPT_S)
            return answer
        finally:
            exchange.close()

    def close(self) -> None:
        """End the connection."""
        kept, self._kept = self._kept, None
        if kept is not None:
            kept[1].close()


class _Exchange:
    """One request and its answer. What goes wrong on the way, and only that, becomes an OutgoingRefused."""

    def __init__(
        self,
        method: str,
        url: str,
        body: bytes | None,
        headers: Mapping[str, str],
        times: _Times,
        resolver: Resolver | None,
        *,
        https_outside: bool = False,
        on: tuple[Destination, HTTPConnection] | None = None,
    ) -> None:
        self._watch = Watch(times.whole_s)
        self._connection: HTTPConnection | None = on[1] if on else None
        self.to = on[0] if on else check_url(url, resolver=resolver)
        if https_outside:
            require_https_outside(self.to)
        sent = {"user-agent": AGENT, "accept-encoding": "identity", "connection": "close"}
        sent |= {name.lower(): value for name, value in headers.items()} | {"host": self.to.host_header}
        try:
            with self._told():
                self._connection = self._connection or _connected(self.to, times.connect_s, self._watch)
                self._response = self._request(self._connection, method, body, sent, times.read_s)
        except OutgoingRefused:
            self.close()
            raise
        self.status = self._response.status
        self.headers = {name.lower(): value for name, value in self._response.headers.items()}

    def answer(self, keep_bytes: int) -> tuple[Answer, bool]:
        """The answer with its first ``keep_bytes``, and whether that is the whole of it."""
        kept = b""
        while len(kept) < keep_bytes and (piece := self.read(keep_bytes - len(kept))):
            kept += piece
        return Answer(self.status, self.headers, kept), self._response.isclosed()

    @property
    def may_go_on(self) -> bool:
        """Whether another request may be sent on the connection."""
        return self._connection is not None and self._connection.sock is not None and not self._watch.over

    def let_go(self) -> HTTPConnection:
        """The connection, for whoever keeps it: it is not closed with the exchange."""
        connection, self._connection = self._connection, None
        if connection is None:
            raise Unreachable("There is no connection any more.")
        return connection

    def read(self, most: int) -> bytes:
        """Up to ``most`` bytes as they were sent, as soon as there are any; empty at the end."""
        with self._told():
            piece: bytes = self._response.read1(most, decode_content=False)
        if not piece:
            _check(self._watch)  # a body without a length also ends where the connection was cut
        return piece

    def close(self) -> None:
        self._watch.stop()
        if self._connection:
            self._connection.close()

    def _request(self, connection: HTTPConnection, method: str, body: bytes | None, headers: dict[str, str], read_s: float) -> HTTPResponse:
        connection.timeout = min(read_s, self._watch.left_s)
        if connection.sock is not None:
            connection.sock.settimeout(connection.timeout)
            self._watch.over_see(connection.sock)
        connection.request(method, self.to.target, body=body, headers=headers, preload_content=False, decode_content=False)
        return connection.getresponse()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (HTTPError, http.client.HTTPException, OSError) as error:
            raise _why(error, self._watch, self.to) from error
        except ValueError as error:  # of UnicodeError too
            raise UrlForbidden("The request holds a character that no header may hold.") from error


def _check(watch: Watch) -> None:
    if watch.is_up:
        raise TimedOut("The other server took too long for the whole of its answer.")


def _connected(to: Destination, connect_s: float, watch: Watch) -> HTTPConnection:
    """A connection to the first of the judged addresses that takes it. Nothing was sent on the others."""
    failed: Exception = OSError("no address")
    for address in to.addresses[:MOST_ADDRESSES]:
        _check(watch)
        connection = _connection(to, address, min(connect_s, watch.left_s))
        try:
            connection.connect()
        except (HTTPError, OSError) as error:
            connection.close()
            failed = error
        else:
            return connection
    raise failed


def _connection(to: Destination, address: str, connect_s: float) -> HTTPConnection:
    if to.scheme == "http":
        return HTTPConnection(address, to.port, timeout=connect_s)
    return HTTPSConnection(
        address,
        to.port,
        timeout=connect_s,
        server_hostname=to.host,
        ssl_context=ssl.create_default_context(cafile=settings.OUTGOING_CA_FILE or None),
    )


def _why(error: Exception, watch: Watch, to: Destination) -> OutgoingRefused:
    slow = isinstance(error, ConnectTimeoutError | ReadTimeoutError | TimeoutError) and not isinstance(error, NewConnectionError)
    if watch.over or slow:
        return TimedOut(f"{to.host} took too long.")
    causes = (error, error.__cause__, *error.args)
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return CertificateRefused(f"{to.host} has no certificate that proves its name.")
    return Unreachable(f"{to.host} cannot be reached, or broke off.", reason=type(error).__name__)
