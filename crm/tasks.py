"""Celery's entrances to contacts."""

from celery import shared_task
from django.utils import timezone

from crm import duplicate_pairs, retention, suppression_lists
from crm.exporting import jobs as exports
from crm.importing import jobs
from crm.merging import strays


@shared_task(name="crm.run_imports")
def run_imports(**_later_arguments: object) -> None:
    """Work on imports that are owed. Twice or at once: an import is in one worker's hands, a step is one transaction."""
    if jobs.run_owed(now=timezone.now()):
        run_imports.apply_async()


@shared_task(name="crm.look_for_duplicates")
def look_for_duplicates(**_later_arguments: object) -> None:
    """Compare the contacts that changed. Twice or at once: one worker looks, a batch and its place are one transaction."""
    if duplicate_pairs.look(now=timezone.now()):
        look_for_duplicates.apply_async()


@shared_task(name="crm.settle_merges")
def settle_merges(**_later_arguments: object) -> None:
    """Gather what was written to an old id while its merge was committed. Twice or at once: a merge is in one worker's hands."""
    strays.settle(now=timezone.now())


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


@shared_task(name="crm.run_suppression_uploads")
def run_suppression_uploads(**_later_arguments: object) -> None:
    """Work on do-not-call lists that are owed. Twice or at once: a list is in one worker's hands, a step is one transaction."""
    if suppression_lists.run_owed(now=timezone.now()):
        run_suppression_uploads.apply_async()
