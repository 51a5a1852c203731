"""Celery's entrances to complaints."""

from celery import shared_task
from django.utils import timezone

from complaints import satisfaction


@shared_task(name="complaints.expire_satisfaction")
def expire_satisfaction(*, limit: int = 200, **_later_arguments: object) -> None:
    """End questions whose time to be answered is over. Twice or at once: each row is in one worker's hands, and moves once."""
    if satisfaction.expire(now=timezone.now(), limit=limit) == limit:
        expire_satisfaction.apply_async(kwargs={"limit": limit})
