"""Django loads ``DatabaseWrapper`` from here."""

import select
import time

import orjson
from django.db.backends.postgresql import base
from psycopg2 import extras

ASK_EVERY_S = 5.0  # a peer that vanished without a word, behind a firewall for instance, is found only by asking


class DatabaseWrapper(base.DatabaseWrapper):
    """Looks whether the server hung up, before it asks.

    Before its first statement every request makes sure that its connection lives, since PostgreSQL may have been started
    anew meanwhile. Django asks ``SELECT 1``, which costs a quarter of a look-up. A server that ends, in whatever way, closes
    its connections, and the system tells that without asking: an idle connection that has nothing to read is alive.
    """

    health_check_enabled: bool
    health_check_done: bool
    _asked_at = 0.0

    def get_new_connection(self, conn_params):
        connection = super().get_new_connection(conn_params)
        self._asked_at = time.monotonic()
        extras.register_default_json(connection, loads=orjson.loads)  # what statements put together as JSON, several lists a row
        return connection

    def close_if_health_check_failed(self) -> None:
        if self.health_check_done or not self.health_check_enabled or self.connection is None:
            return
        if self._is_quiet():
            self.health_check_done = True
            return
        super().close_if_health_check_failed()

    def is_usable(self) -> bool:
        self._asked_at = time.monotonic()
        return super().is_usable()

    def _is_quiet(self) -> bool:
        """Whether the line is open, has nothing to say, and was asked not long ago."""
        if self.connection.closed or time.monotonic() - self._asked_at > ASK_EVERY_S:
            return False
        line = select.poll()
        line.register(self.connection.fileno(), select.POLLIN | select.POLLPRI)
        return not line.poll(0)
