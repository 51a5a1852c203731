"""Long work that lives in a row: an import, an export, a list of numbers. The row says what is owed, workers take turns at it.

Such a row is ``Movable`` with the verb ``fail`` and the columns ``failures``, ``run_after``, ``problem`` and ``finished_at``.
"""

import time
from collections.abc import Callable, Container
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from config.platform.holding import held
from config.platform.moves import Movable, transition

TURN_S = 45.0
AT_ONCE = 50
GIVE_UP_AFTER = 5


def run_owed(
    owed: QuerySet[Any],
    work: Callable[[UUID, float], bool],
    *,
    hand: Callable[[Any], UUID] = lambda job: job.pk,
    now: datetime,
    seconds: float,
) -> bool:
    """Work on the rows that are owed, for about ``seconds``; answers whether something is left.

    ``work(id, until)`` works on one until the monotonic clock says ``until``, and answers whether something of it is left. Safe in
    any number of workers: what ``hand`` names (the row itself, unless several share one) is in one worker's hands, and a dead
    worker's hands open by themselves.
    """
    until = time.monotonic() + seconds
    left = False
    for job in owed.filter(Q(run_after=None) | Q(run_after__lte=now))[:AT_ONCE]:
        with held(hand(job)) as is_mine:
            if is_mine:
                left = work(job.pk, until) or left
        if time.monotonic() > until:
            return True
    return left


def fail(model: type[Movable], job_id: UUID, problem: str) -> None:
    """End a job that cannot be done, and say why.

    Raises:
        TransitionNotAllowed: it is over already.
    """
    now = timezone.now()
    with transition(model, job_id, "fail", by=None, now=now, reason=problem) as job:
        job.problem, job.finished_at = problem[:500], now  # type: ignore[attr-defined]


def set_aside(model: type[Movable], job_id: UUID, error: Exception, *, owed_in: Container[str]) -> bool:
    """A step that failed is tried again later, longer each time; answers True when the job has failed for good by now.

    Nothing happens to a job that left the statuses ``owed_in`` meanwhile.
    """
    with transaction.atomic():
        job: Any = model._default_manager.select_for_update().get(pk=job_id)
        if job.status not in owed_in:
            return False
        job.failures += 1
        job.run_after = timezone.now() + timedelta(seconds=10 * 2**job.failures)
        job.save(update_fields=["failures", "run_after", "updated_at"])
    if job.failures < GIVE_UP_AFTER:
        return False
    fail(model, job_id, f"It failed {job.failures} times ({type(error).__name__}); the log tells more.")
    return True
