"""Celery's entrances to contacts."""

from celery import shared_task
from django.utils import timezone

from crm import suppression_lists
from crm.importing import jobs


@shared_task(name="crm.run_imports")
def run_imports(**_later_arguments: object) -> None:
    """Work on imports that are owed. Twice or at once: an import is in one worker's hands, a step is one transaction."""
    if jobs.run_owed(now=timezone.now()):
        run_imports.apply_async()


@shared_task(name="crm.run_suppression_uploads")
def run_suppression_uploads(**_later_arguments: object) -> None:
    """Work on do-not-call lists that are owed. Twice or at once: a list is in one worker's hands, a step is one transaction."""
    if suppression_lists.run_owed(now=timezone.now()):
        run_suppression_uploads.apply_async()
