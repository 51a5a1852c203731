"""Celery's entrances to calls."""

from celery import shared_task
from django.utils import timezone

from calls import intake, recording_fetching, recording_upkeep, silence


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


@shared_task(name="calls.fetch_recordings", soft_time_limit=240, time_limit=280)
def fetch_recordings(**_later_arguments: object) -> None:
    """Bring announced recordings here. Twice or at once: each is in one worker's hands, see recording_fetching."""
    if recording_fetching.fetch_owed(now=timezone.now()):
        fetch_recordings.apply_async()


@shared_task(name="calls.expire_recordings")
def expire_recordings(*, limit: int = 500, **_later_arguments: object) -> None:
    """Let go of recordings past their time, and delete files that are owed. Twice or at once: see recording_upkeep."""
    expired = recording_upkeep.expire(now=timezone.now(), limit=limit)
    if max(expired, recording_upkeep.delete_files(limit=limit)) >= limit:
        expire_recordings.apply_async(kwargs={"limit": limit})
