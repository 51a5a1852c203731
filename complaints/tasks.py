"""Celery's entrances to complaints."""

from celery import shared_task
from django.utils import timezone

from complaints import attachment_scanning, attachments


@shared_task(name="complaints.scan_attachments")
def scan_attachments(*, limit: int = 50, **_later_arguments: object) -> None:
    """Look through new files, and delete those of deleted rows. Twice or at once: each row is taken or passed over."""
    attachments.delete_files()
    if attachment_scanning.scan_owed(now=timezone.now(), limit=limit) >= limit:
        scan_attachments.apply_async(kwargs={"limit": limit})


@shared_task(name="complaints.sweep_attachment_files")
def sweep_attachment_files(**_later_arguments: object) -> None:
    """Delete files that no row names. Twice or at once: a file that is gone is as good as deleted."""
    attachments.sweep_strays(now=timezone.now())
