"""Hold a piece of work in one worker's hands, without a row or a transaction that a dead worker would leave behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection


@contextmanager
def held(job_id: UUID) -> Iterator[bool]:
    """Whether this worker, and no other, may work on the job now. The lock goes with the connection."""
    key = job_id.int % 2**63
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        is_mine = bool(cursor.fetchone()[0])
    try:
        yield is_mine
    finally:
        if is_mine and connection.connection is not None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
