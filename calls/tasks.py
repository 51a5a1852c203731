"""Celery's entrances to calls."""

from celery import shared_task
from django.utils import timezone

from calls import agent_watch, alarms, breaks, intake, rollups, silence


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


@shared_task(name="calls.watch_agents")
def watch_agents(*, limit: int = 500, **_later_arguments: object) -> None:
    """Agents of whom nothing is heard, writing up and pauses whose time is over. Twice or at once: each row is held or passed over."""
    agent_watch.welcome()
    agent_watch.miss(limit=limit)
    agent_watch.end_wrap_ups(now=timezone.now(), limit=limit)
    agent_watch.tell_pauses_over(now=timezone.now(), limit=limit)


@shared_task(name="calls.tell_breaks")
def tell_breaks(*, limit: int = 200, **_later_arguments: object) -> None:
    """Tell whose break is due. Twice or at once: each row is held or passed over, and says when it was told."""
    if breaks.tell_due(now=timezone.now(), limit=limit) == limit:
        tell_breaks.apply_async(kwargs={"limit": limit})


@shared_task(name="calls.sweep_rollups")
def sweep_rollups(*, limit: int = 500, **_later_arguments: object) -> None:
    """Count again what changed. Twice or at once: an hour is counted by one worker, and the same count comes out."""
    if rollups.sweep(limit=limit) >= limit:
        sweep_rollups.apply_async(kwargs={"limit": limit})


@shared_task(name="calls.watch_queues")
def watch_queues(**_later_arguments: object) -> None:
    """Raise and clear alarms. Twice or at once: one alarm of a kind is open for a queue, by constraint."""
    alarms.watch(now=timezone.now())
