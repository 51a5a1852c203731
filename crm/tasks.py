"""Celery's entrances to contacts."""

from celery import shared_task
from django.utils import timezone

from crm import retention
from crm.exporting import jobs as exports
from crm.importing import jobs


@shared_task(name="crm.run_imports")
def run_imports(**_later_arguments: object) -> None:
    """Work on imports that are owed. Twice or at once: an import is in one worker's hands, a step is one transaction."""
    if jobs.run_owed(now=timezone.now()):
        run_imports.apply_async()


@shared_task(name="crm.run_exports")
def run_exports(**_later_arguments: object) -> None:
    """Work on exports that are owed. Twice or at once: an export is in one worker's hands, a piece has one name."""
    if exports.run_owed(now=timezone.now()):
        run_exports.apply_async()


@shared_task(name="crm.expire_exports")
def expire_exports(**_later_arguments: object) -> None:
    """Delete files whose time is over."""
    exports.expire(now=timezone.now())


@shared_task(name="crm.apply_retention")
def apply_retention(**_later_arguments: object) -> None:
    """Erase what is kept no longer. Twice or at once: what was erased is not due any more."""
    now = timezone.now()
    is_left, done = retention.apply(now=now)
    if is_left and any(done.values()):
        apply_retention.apply_async()
    elif not is_left:
        retention.sweep_files(now=now)
