"""Celery's entrances to calls."""

from celery import shared_task
from django.utils import timezone

from calls import (
    agent_watch,
    alarms,
    breaks,
    call_requests,
    callback_turns,
    command_posting,
    commands,
    intake,
    recording_fetching,
    recording_upkeep,
    return_call_sweeps,
    reviews,
    rollups,
    silence,
    transfers,
    wrap_up_limits,
)
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


@shared_task(name="calls.release_stale_reviews")
def release_stale_reviews(*, limit: int = 500, **_later_arguments: object) -> None:
    """Give back reviews that were claimed and not written in time. Twice or at once: see reviews.release_stale."""
    if reviews.release_stale(now=timezone.now(), limit=limit) == limit:
        release_stale_reviews.apply_async(kwargs={"limit": limit})


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


@shared_task(name="calls.sweep_rollups")
def sweep_rollups(*, limit: int = 500, **_later_arguments: object) -> None:
    """Count again what changed. Twice or at once: an hour is counted by one worker, and the same count comes out."""
    if rollups.sweep(limit=limit) >= limit:
        sweep_rollups.apply_async(kwargs={"limit": limit})


@shared_task(name="calls.watch_queues")
def watch_queues(**_later_arguments: object) -> None:
    """Raise and clear alarms. Twice or at once: one alarm of a kind is open for a queue, by constraint."""
    alarms.watch(now=timezone.now())
