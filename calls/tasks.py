"""Celery's entrances to calls."""

from celery import shared_task
from django.utils import timezone

from calls import alarms, intake, rollups, silence


@shared_task(name="calls.fold_waiting_events")
def fold_waiting_events(*, limit: int = 500, **_later_arguments: object) -> None:
    """Fold events that came in batches or could not be folded at once. Twice or at once: a call is folded under its lock."""
    if intake.fold_waiting(now=timezone.now(), limit=limit) >= limit:
        fold_waiting_events.apply_async(kwargs={"limit": limit})


@shared_task(name="calls.close_silent_calls")
def close_silent_calls(*, limit: int = 500, **_later_arguments: object) -> None:
    """Close calls of which nothing more is heard. Twice or at once: see silence.close_silent."""
    if silence.close_silent(now=timezone.now(), limit=limit) == limit:
        close_silent_calls.apply_async(kwargs={"limit": limit})


@shared_task(name="calls.sweep_rollups")
def sweep_rollups(*, limit: int = 2_000, **_later_arguments: object) -> None:
    """Count again what changed. Twice or at once: a quarter of an hour is counted by one worker, and the same count comes out."""
    if rollups.sweep(limit=limit) >= limit:
        sweep_rollups.apply_async(kwargs={"limit": limit})


@shared_task(name="calls.watch_queues")
def watch_queues(**_later_arguments: object) -> None:
    """Raise and clear alarms. Twice or at once: one alarm of a kind is open for a queue, by constraint."""
    alarms.watch(now=timezone.now())
