"""Celery's entrances to complaints."""

from celery import shared_task
from django.utils import timezone

from complaints import attachment_scanning, attachments, clocks, escalation, escalation_policies, satisfaction


@shared_task(name="complaints.reckon_clocks")
def reckon_clocks(*, limit: int = 500, **_later_arguments: object) -> None:
    """Reckon anew the clocks whose calendar was changed. Twice or at once: a complaint is held, and what has caught up is not found again."""
    if clocks.reckon_stale(now=timezone.now(), limit=limit) >= limit:
        reckon_clocks.apply_async(kwargs={"limit": limit})


@shared_task(name="complaints.tend_clocks")
def tend_clocks(*, limit: int = 500, **_later_arguments: object) -> None:
    """Warn, note breaches, escalate what is due. Twice or at once: a step is a unique row, see escalation.tend."""
    now = timezone.now()
    laid = escalation_policies.lay_anew(now=now, limit=limit)
    if max(laid, escalation.tend(now=now, limit=limit)) >= limit:
        tend_clocks.apply_async(kwargs={"limit": limit})


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


@shared_task(name="complaints.expire_satisfaction")
def expire_satisfaction(*, limit: int = 200, **_later_arguments: object) -> None:
    """End questions whose time to be answered is over. Twice or at once: each row is in one worker's hands, and moves once."""
    if satisfaction.expire(now=timezone.now(), limit=limit) == limit:
        expire_satisfaction.apply_async(kwargs={"limit": limit})
