"""The streams of one process: who is woken, one statement for all that read, and whose reason is gone."""

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.conf import settings
from django.db import Error, close_old_connections
from django.utils import timezone

from config.api.stream.admitting import Admitted, outlived
from config.api.stream.listening import Ear
from config.platform import feed_reading
from config.platform.feed_reading import Place, Read

T = TypeVar("T")
logger = logging.getLogger(__name__)
SWEEP_S = 5.0  # how long a wake-up that was lost, or a token that was revoked, may go unnoticed
MOST = 200  # messages a stream gets at a time
MOST_READERS = 500  # in one statement


class FeedAway(Exception):
    """The database does not answer just now."""


class Stream:
    """One connection. ``ending`` says why it must end, once it must; ``woken`` that there may be something to read or that it ends."""

    __slots__ = ("admitted", "ending", "place", "woken")

    def __init__(self, admitted: Admitted) -> None:
        self.admitted = admitted
        self.place: Place = admitted.place
        self.woken = asyncio.Event()
        self.ending = ""

    def end(self, reason: str) -> None:
        """Have it end for this reason; the first one counts."""
        self.ending = self.ending or reason
        self.woken.set()


class Hub:
    """All streams of this process. Everything but the statements happens on its loop."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(settings.STREAM_THREADS, thread_name_prefix="feed")
        self.streams: dict[str, list[Stream]] = defaultdict(list)  # by the id of their person, the eldest first
        self.count = 0
        self.is_stopping = False
        self._ear = Ear(self.pool, self._heard)
        self._asked: list[tuple[Stream, asyncio.Future[Read]]] = []
        self._bell = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._empty = asyncio.Event()

    def start(self) -> None:
        """Begin to hear, to read and to sweep."""
        self._tasks = [asyncio.create_task(work()) for work in (self._ear.listen, self._read_on, self._sweep)]

    @property
    def is_full(self) -> bool:
        return self.is_stopping or self.count >= settings.STREAMS_MOST

    def enter(self, stream: Stream) -> None:
        """A stream begins. With too many of one person the eldest ends."""
        own = self.streams[str(stream.admitted.user_id)]
        own.append(stream)
        self.count += 1
        for one in own[: -settings.STREAMS_PER_USER]:
            one.end("replaced")

    def leave(self, stream: Stream) -> None:
        """A stream is over."""
        who = str(stream.admitted.user_id)
        self.streams[who].remove(stream)
        self.count -= 1
        if not self.streams[who]:
            del self.streams[who]
        if not self.count:
            self._empty.set()

    async def read(self, stream: Stream) -> Read:
        """What there is to tell, read together with what others ask for at this moment.

        Raises:
            FeedAway
        """
        answer: asyncio.Future[Read] = asyncio.get_running_loop().create_future()
        self._asked.append((stream, answer))
        self._bell.set()
        return await answer

    async def in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        """Do something that asks the database, off the loop."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, _with_a_living_connection, work, arguments)

    async def stop(self, patience_s: float = 5.0) -> None:
        """End every stream, so that clients go on elsewhere, and wait until they are gone."""
        self.is_stopping = True
        self._empty.clear()
        for own in self.streams.values():
            for stream in own:
                stream.end("stopping")
        if self.count:
            try:
                async with asyncio.timeout(patience_s):
                    await self._empty.wait()
            except TimeoutError:
                logger.warning("streams_not_ended", extra={"count": self.count})
        for task in self._tasks:
            task.cancel()

    def _heard(self, who: str | None) -> None:
        for own in [self.streams.get(who, [])] if who else self.streams.values():
            for stream in own:
                stream.woken.set()

    async def _read_on(self) -> None:
        while True:
            await self._bell.wait()
            batch, self._asked = self._asked[:MOST_READERS], self._asked[MOST_READERS:]
            if not self._asked:
                self._bell.clear()
            readers = [(stream.admitted.user_id, stream.place) for stream, _ in batch]
            try:
                found = await self.in_thread(_read, readers)
            except Exception as error:  # whatever it is, those who wait must hear of it, and this must go on
                if not isinstance(error, Error):
                    logger.exception("feed_not_read")
                for _, answer in batch:
                    if not answer.done():
                        answer.set_exception(FeedAway())
                continue
            for (_, answer), read in zip(batch, found, strict=True):
                if not answer.done():
                    answer.set_result(read)

    async def _sweep(self) -> None:
        """The net under the wake-ups; and streams that lost their reason end here."""
        while True:
            await asyncio.sleep(SWEEP_S * random.uniform(0.9, 1.1))
            held = [stream for own in self.streams.values() for stream in own]
            if not held:
                continue
            try:
                for position in await self.in_thread(_outlived, [stream.admitted for stream in held]):
                    held[position].end("refused")
            except Exception as error:  # the next sweep looks again
                logger.warning("streams_not_looked_after", extra={"error": type(error).__name__})
            self._heard(None)


def _with_a_living_connection(work: Callable[..., T], arguments: tuple[Any, ...]) -> T:
    close_old_connections()
    return work(*arguments)


def _read(readers: list[Any]) -> list[Read]:
    return feed_reading.read(readers, most=MOST, now=timezone.now())


def _outlived(held: list[Admitted]) -> list[int]:
    return outlived(held, timezone.now())
