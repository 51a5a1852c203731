"""One connection to PostgreSQL that hears who has something new: it only wakes, so nothing is lost while it is away."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

import psycopg2
from django.db import connections
from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT

from config.platform.feed import CHANNEL

logger = logging.getLogger(__name__)
PAUSES_S = (0.2, 0.5, 1, 2, 5)
KEEPALIVE = {"keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 2}


class Ear:
    """Listens on the channel of the feed. ``heard`` gets a user's id, or None when something may have been missed."""

    def __init__(self, pool: Executor, heard: Callable[[str | None], None]) -> None:
        self._pool = pool
        self._heard = heard
        self._line: Any = None
        self._broken = asyncio.Event()

    @property
    def is_open(self) -> bool:
        """Whether it hears just now."""
        return self._line is not None

    async def listen(self) -> None:
        """Hear for ever: whenever the line breaks, take a new one."""
        failures = 0
        loop = asyncio.get_running_loop()
        while True:
            try:
                line = await loop.run_in_executor(self._pool, connect)
            except psycopg2.Error as error:
                logger.warning("feed_not_heard", extra={"error": type(error).__name__})
                await asyncio.sleep(PAUSES_S[min(failures, len(PAUSES_S) - 1)])
                failures += 1
                continue
            failures, self._line = 0, line
            self._broken.clear()
            handle = line.fileno()
            loop.add_reader(handle, self._read)
            self._heard(None)
            try:
                await self._broken.wait()
            finally:
                loop.remove_reader(handle)
                self._line = None
                line.close()

    def _read(self) -> None:
        try:
            self._line.poll()
        except psycopg2.Error:
            self._broken.set()
            return
        while self._line.notifies:
            self._heard(self._line.notifies.pop(0).payload)


def connect() -> Any:
    """A connection that listens.

    Raises:
        psycopg2.Error
    """
    line = psycopg2.connect(**{**connections["default"].get_connection_params(), **KEEPALIVE})
    try:
        line.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
        with line.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
    except psycopg2.Error:
        line.close()
        raise
    return line
