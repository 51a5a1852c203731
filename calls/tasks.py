"""Celery's entrances to calls."""

from celery import shared_task
from django.utils import timezone

from calls import call_requests, command_posting, commands, intake, silence
from calls.demo import exchange

#: A try that is due sooner than the sweep comes is asked for by itself.
SOON_S = 5.0


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


@shared_task(name="calls.send_commands")
def send_commands(*, limit: int = 20, **_later_arguments: object) -> None:
    """Post commands to phone systems. Twice or at once: see command_posting; the phone system tells doubles by the id."""
    again_in = command_posting.send_due(limit=limit)
    if again_in is not None and again_in < 2 * SOON_S:
        send_commands.apply_async(kwargs={"limit": limit}, countdown=max(0.2, again_in))


@shared_task(name="calls.end_overdue_requests")
def end_overdue_requests(*, limit: int = 200, **_later_arguments: object) -> None:
    """End commands and call requests whose time is over. Twice or at once: each is moved once, under its lock."""
    now = timezone.now()
    commands.expire_due(now=now, limit=limit)
    call_requests.expire_due(now=now, limit=limit)


@shared_task(name="calls.play_demo_exchange")
def play_demo_exchange(**_later_arguments: object) -> None:
    """Let the demo's exchange take clicks and play their calls; scheduled in the demo only. Twice or at once: events are known by their ids."""
    exchange.tick(now=timezone.now())
