"""Celery's entrances to calls."""

from celery import shared_task
from django.utils import timezone

from calls import callback_turns, intake, silence, wrap_up_limits


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


@shared_task(name="calls.close_overdue_wrap_ups")
def close_overdue_wrap_ups(*, limit: int = 200, **_later_arguments: object) -> None:
    """Close write-ups that took longer than their queue allows. Twice or at once: see wrap_up_limits.close_overdue."""
    if wrap_up_limits.close_overdue(now=timezone.now(), limit=limit) == limit:
        close_overdue_wrap_ups.apply_async(kwargs={"limit": limit})


@shared_task(name="calls.tend_callbacks")
def tend_callbacks(*, limit: int = 200, **_later_arguments: object) -> None:
    """Let callbacks become due, go on to others, be missed. Twice or at once: a row is in one worker's hands, a step is one transaction."""
    if callback_turns.tend(now=timezone.now(), limit=limit) >= limit:
        tend_callbacks.apply_async(kwargs={"limit": limit})


@shared_task(name="calls.reckon_callbacks_anew")
def reckon_callbacks_anew(**_later_arguments: object) -> None:
    """Move callbacks whose time zone has other rules now. Twice or at once: what stands right is left alone."""
    callback_turns.reckon_anew(now=timezone.now())
