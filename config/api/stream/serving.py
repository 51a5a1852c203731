"""The ASGI application of the process that holds streams. It begins a stream when Django says so, and tells as it is woken."""

import asyncio
import logging
import random
import signal
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from django.utils import timezone

from config.api.stream import wire
from config.api.stream.admitting import HOLD, Admitted, Opening
from config.api.stream.asking import Answer, ask, environ_of
from config.api.stream.hub import FeedAway, Hub, Stream

logger = logging.getLogger("switchboard.stream")
Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
ADDRESS = "/api/v1/stream/"
ANSWERED = frozenset({ADDRESS, "/healthz", "/readyz"})
HEARTBEAT_S = 15.0
PLACE_EVERY_S = 600.0  # a client to whom nothing is told is given a newer place now and then: it need not begin anew after days
PATIENCE_S = 20.0  # a client that takes nothing for so long is let go; it comes back to where it was
AWAY_S = 1.0
LAST_WORDS = {
    "replaced": {"detail": "Another screen of the same person was opened: too many are open. Do not come back by yourself."},
    "refused": {"detail": "The token was revoked or is past its time, or the account was changed. Sign in again."},
}
AWAY = b": the database is away for a moment; the stream goes on when it is back\n\n"


class SlowClient(Exception):
    """Nothing was taken for too long."""


class Streams:
    """ASGI: ``/api/v1/stream/``, and how this process is. Everything else is the web server's."""

    def __init__(self, django: Callable[..., Iterable[bytes]]) -> None:
        self._django = django
        self._hub: Hub | None = None

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._hub = Hub()
        self._hub.start()
        _before_the_end(self._hub)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._hub.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        assert self._hub is not None  # noqa: S101 (made when the process began)
        opening = Opening(is_full=self._hub.is_full)
        environ = environ_of(scope)
        if scope["path"] not in ANSWERED:
            environ["PATH_INFO"] = "/there-is-only-the-stream-here"
        elif scope["path"] == ADDRESS and scope["method"] == "GET":
            environ[HOLD] = opening
        status, headers, body = await self._hub.in_thread(ask, self._django, environ)
        if opening.admitted is None or status != 200:
            await _send_whole(send, (status, headers, body))
            return
        await self._hold(opening.admitted, headers, receive, send)

    async def _hold(self, admitted: Admitted, headers: list[tuple[bytes, bytes]], receive: Receive, send: Send) -> None:
        """Tell until the client is gone or must go."""
        hub, stream, began = self._hub, Stream(admitted), time.monotonic()
        assert hub is not None  # noqa: S101 (made when the process began)
        watching = asyncio.create_task(_watch(receive, stream))
        hub.enter(stream)
        try:
            kept = [pair for pair in headers if pair[0] != b"content-length"]
            await send({"type": "http.response.start", "status": 200, "headers": kept})
            await _push(send, wire.retry(wire.HELD_RETRY_MS) + admitted.first)
            await _tell(hub, stream, send)
            if stream.ending != "gone":
                await _push(send, _last_words(stream.ending))
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except SlowClient:
            stream.end("slow")
        except OSError:
            stream.end("gone")
        finally:
            watching.cancel()
            hub.leave(stream)
            seconds = round(time.monotonic() - began, 1)
            logger.info(
                "stream", extra={"user": str(admitted.user_id), "ended": stream.ending or "broken", "s": seconds, "held": hub.count}
            )


async def _tell(hub: Hub, stream: Stream, send: Send) -> None:
    """Read and pass on, until it must end. A stream is not read for while its client takes nothing: so it holds little memory."""
    is_away, placed_at = False, time.monotonic()
    while not stream.ending:
        stream.woken.clear()
        try:
            found = await hub.read(stream)
        except FeedAway:
            if not is_away:
                await _push(send, AWAY)
            is_away = True
            await _pause(stream, AWAY_S)
            stream.woken.set()
            continue
        is_away = False
        if found.messages:
            await _push(send, wire.told(found.messages))
            placed_at = time.monotonic()
        stream.place = found.place
        if found.has_more:
            continue
        if not stream.ending and not await _pause(stream, HEARTBEAT_S):
            if time.monotonic() - placed_at > PLACE_EVERY_S:
                placed_at = time.monotonic()
                await _push(send, wire.passed(stream.place))
            else:
                await _push(send, wire.BEAT)


async def _pause(stream: Stream, seconds: float) -> bool:
    """Wait to be woken; answers whether it was, in time."""
    try:
        async with asyncio.timeout(seconds):
            await stream.woken.wait()
    except TimeoutError:
        return False
    return True


async def _push(send: Send, body: bytes) -> None:
    """Give some to the client, who must take it.

    Raises:
        SlowClient
    """
    try:
        async with asyncio.timeout(PATIENCE_S):
            await send({"type": "http.response.body", "body": body, "more_body": True})
    except TimeoutError as error:
        raise SlowClient from error


async def _watch(receive: Receive, stream: Stream) -> None:
    """End the stream when its client goes away."""
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.end("gone")


async def _send_whole(send: Send, answer: Answer) -> None:
    status, headers, body = answer
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _last_words(ending: str) -> bytes:
    """What a client that must go is told. When the process stops, clients come back spread over two seconds, not all at once."""
    if ending in LAST_WORDS:
        return wire.said(ending, LAST_WORDS[ending], at=timezone.now())
    return wire.retry(random.randint(100, 2000))


def _before_the_end(hub: Hub) -> None:
    """The server waits for open connections before it tells us that it stops, and ours never end by themselves: so end them first."""
    loop = asyncio.get_running_loop()
    handlers: dict[int, Any] = getattr(loop, "_signal_handlers", {})
    tasks: set[asyncio.Task[None]] = set()

    async def end(then: Any) -> None:
        await hub.stop()
        then._run()

    for sign in (signal.SIGTERM, signal.SIGINT):
        then = handlers.get(sign)
        if then is not None:
            loop.add_signal_handler(sign, lambda then=then: tasks.add(asyncio.create_task(end(then))))
