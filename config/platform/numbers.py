"""Numbers that people say on the phone: a letter, the year, and a count that begins anew with each year."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction

DIGITS = 6
SPOKEN = re.compile(r"(?:([A-Za-z])\W*)?(?:(2\d{3})\W+)?0*(\d{1,12})")


def next_number(letter: str, *, now: datetime) -> str:
    """The next number of a kind, ``O-2026-000123``. Two at once get two numbers, and nobody waits for another's transaction.

    Each kind and year has a sequence of PostgreSQL, made when its first number is asked. Numbers grow and are never given
    twice; a transaction that fails leaves a gap.

    Raises:
        ValueError: ``letter`` is not one capital letter.
    """
    if not re.fullmatch(r"[A-Z]", letter):
        raise ValueError("A kind of numbers is one capital letter.")
    year = now.astimezone(ZoneInfo(settings.TIME_ZONE)).year
    sequence = f"number_{letter.lower()}_{year}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(to_regclass(%s))", [sequence])
        (count,) = cursor.fetchone()
        if count is None:  # the first of the year
            with transaction.atomic():  # the lock lasts as long as the sequence is not seen by others
                cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [sequence])
                cursor.execute(f"CREATE SEQUENCE IF NOT EXISTS {sequence}")
            cursor.execute("SELECT nextval(to_regclass(%s))", [sequence])
            (count,) = cursor.fetchone()
    return f"{letter}-{year}-{count:0{DIGITS}d}"


def meant(letter: str, said: str, *, now: datetime) -> list[str]:
    """The numbers that somebody may mean: ``O-2026-123``, ``2026 000123`` or ``123`` of this or one of the ten years before."""
    found = SPOKEN.fullmatch(said.strip())
    if found is None or (found[1] or letter).upper() != letter:
        return []
    this_year = now.astimezone(ZoneInfo(settings.TIME_ZONE)).year
    years = [int(found[2])] if found[2] else range(this_year, this_year - 11, -1)
    return [f"{letter}-{year}-{int(found[3]):0{DIGITS}d}" for year in years]
