"""A process of operators and perhaps a dialler, for tests of the hand-out: each calls until nobody is left, some vanish with a contact in hand."""

import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Thread
from typing import Any, TypeVar

from django.db import OperationalError, connection

from campaigns import handout, reporting
from campaigns.models import Attempt, Target
from config.platform.models import User

Answer = TypeVar("Answer")
LOCK_NOT_AVAILABLE = "55P03"
BEGIN = datetime(2026, 11, 23, 9, tzinfo=UTC)
WITNESS = "SELECT pg_try_advisory_lock(hashtextextended(one, 99)) FROM unnest(%s::text[]) AS one"
FORGET = "SELECT pg_advisory_unlock_all()"


def clock(begun: float, pace: float) -> datetime:
    """Time goes by ``pace`` times as fast: a minute of waiting is soon over."""
    return BEGIN + timedelta(seconds=(time.time() - begun) * pace)


def work(asked: dict[str, Any]) -> None:
    """Let everybody work in a thread of their own, until nobody is left."""
    people = [Thread(target=_at_desk, args=(asked, agent)) for agent in asked["agents"]]
    if asked.get("dialler"):
        people.append(Thread(target=_dials, args=(asked, asked["dialler"])))
    for one in people:
        one.start()
    for one in people:
        one.join()


def patiently(ask: Callable[[], Answer]) -> Answer:
    """As clients do: told 409 ``busy``, since others write at the same number for so long, they ask again."""
    while True:
        try:
            return ask()
        except OperationalError as error:
            if getattr(error.__cause__, "pgcode", "") != LOCK_NOT_AVAILABLE:
                raise
            time.sleep(0.1)


def say(line: str) -> None:
    """In one piece: of ``print`` two threads mix the text and the end of the line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _at_desk(asked: dict[str, Any], agent_id: str) -> None:
    agent, chance = User.objects.get(pk=agent_id), random.Random(agent_id)
    while _is_somebody_left():
        now = clock(asked["begun"], asked["pace"])
        campaign = chance.choice(asked["campaigns"])
        attempt = patiently(partial(handout.next_for, campaign, agent=agent, now=now)).attempt
        if attempt is None:
            time.sleep(0.05)
        else:
            _hold([attempt], asked, chance, agent)
    connection.close()


def _dials(asked: dict[str, Any], dialler_id: str) -> None:
    dialler, chance = User.objects.get(pk=dialler_id), random.Random(dialler_id)
    while _is_somebody_left():
        now = clock(asked["begun"], asked["pace"])
        campaign = chance.choice(asked["campaigns"])
        attempts = patiently(partial(handout.lease_batch, campaign, by=dialler, most=5, now=now))
        if not attempts:
            time.sleep(0.05)
        _hold(attempts, asked, chance, dialler)
    connection.close()


def _is_somebody_left() -> bool:
    return Target.objects.filter(ended_at=None).exists()


def _hold(attempts: list[Attempt], asked: dict[str, Any], chance: random.Random, by: User) -> None:
    """Have them in hand for a moment; the witness says whether somebody else has them too."""
    for attempt in attempts:
        with connection.cursor() as cursor:
            cursor.execute(WITNESS, [[attempt.e164, str(attempt.target_id), str(attempt.contact_id)]])
            if (alone := [row[0] for row in cursor.fetchall()]) != [True, True, True]:
                say(f"twice in hand {attempt.e164} {alone}")
    if asked.get("holds_s"):
        say(f"holds {attempts[0].e164}")
        time.sleep(asked["holds_s"])
    time.sleep(chance.uniform(0, 0.01))
    with connection.cursor() as cursor:
        cursor.execute(FORGET)
    for attempt in attempts:
        now = clock(asked["begun"], asked["pace"])
        if chance.random() < 0.05:  # never heard of again
            Attempt.objects.filter(pk=attempt.pk).update(lease_until=now)
            while Attempt.objects.filter(pk=attempt.pk, state="leased").exists():
                time.sleep(0.05)
        else:
            patiently(partial(reporting.report, attempt.pk, attempt.lease_token, outcome="no_answer", by=by, now=now))
            say(f"called {attempt.e164}")
