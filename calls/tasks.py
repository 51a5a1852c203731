"""Celery's entrances to calls."""

from celery import shared_task
from django.utils import timezone

from calls import intake, return_call_sweeps, silence, transfers


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


@shared_task(name="calls.tell_overdue_return_calls")
def tell_overdue_return_calls(*, limit: int = 200, **_later_arguments: object) -> None:
    """Tell leaders of overdue return calls. Twice or at once: each is marked in the transaction that tells, see tell_overdue."""
    if return_call_sweeps.tell_overdue(now=timezone.now(), limit=limit) == limit:
        tell_overdue_return_calls.apply_async(kwargs={"limit": limit})


@shared_task(name="calls.expire_return_calls")
def expire_return_calls(*, limit: int = 200, **_later_arguments: object) -> None:
    """Give up return calls that nobody came to. Twice or at once: one that is closed is not closed again."""
    if return_call_sweeps.expire(now=timezone.now(), limit=limit) == limit:
        expire_return_calls.apply_async(kwargs={"limit": limit})


@shared_task(name="calls.expire_transfers")
def expire_transfers(*, limit: int = 200, **_later_arguments: object) -> None:
    """End asked transfers of which nothing came. Twice or at once: one that is ended is not ended again."""
    if transfers.expire(now=timezone.now(), limit=limit) == limit:
        expire_transfers.apply_async(kwargs={"limit": limit})
