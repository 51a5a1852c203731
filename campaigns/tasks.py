"""Celery's entrances to campaigns. Each may run twice, or twice at once."""

from celery import shared_task
from django.utils import timezone

from campaigns import audiences, dry_runs, handout, outcomes, revoking, running
from campaigns.surveys import walking


@shared_task(name="campaigns.expire_leases")
def expire_leases(*, limit: int = 200, **_later_arguments: object) -> None:
    """Take back contacts of whose holders nothing was heard in time."""
    if handout.expire(now=timezone.now(), limit=limit) >= limit:
        expire_leases.apply_async(kwargs={"limit": limit})


@shared_task(name="campaigns.tend_campaigns")
def tend_campaigns(**_later_arguments: object) -> None:
    """Begin campaigns whose time has come, and end those that are over."""
    running.tend(now=timezone.now())


@shared_task(name="campaigns.tend_promises")
def tend_promises(**_later_arguments: object) -> None:
    """Go on with whoever waited for a promise that ended otherwise, and close attempts that nobody writes up."""
    outcomes.tend(now=timezone.now())


@shared_task(name="campaigns.recheck_suppressed")
def recheck_suppressed(**_later_arguments: object) -> None:
    """Ask again about those who might not be called, and those who were used up before limits grew."""
    revoking.ask_again(now=timezone.now())
    revoking.revive(now=timezone.now())


@shared_task(name="campaigns.freshen_targets")
def freshen_targets(**_later_arguments: object) -> None:
    """Find the hours of contacts that moved, or have another number."""
    revoking.freshen(now=timezone.now())


@shared_task(name="campaigns.run_audiences")
def run_audiences(**_later_arguments: object) -> None:
    """Build audiences that are owed."""
    if audiences.run_owed(now=timezone.now()):
        run_audiences.apply_async()


@shared_task(name="campaigns.run_dry_runs")
def run_dry_runs(**_later_arguments: object) -> None:
    """Make dry runs that are owed."""
    if dry_runs.run_owed(now=timezone.now()):
        run_dry_runs.apply_async()


@shared_task(name="campaigns.end_left_surveys")
def end_left_surveys(*, limit: int = 200, **_later_arguments: object) -> None:
    """Break off surveys that were begun and left."""
    if walking.end_left(now=timezone.now(), limit=limit) >= limit:
        end_left_surveys.apply_async(kwargs={"limit": limit})
