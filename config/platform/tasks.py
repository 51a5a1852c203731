"""Celery's entrances to the ground."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from config.platform import feed, mailing, outbox
from config.platform.models import Heartbeat, IdempotencyRecord
from config.platform.webhooks import keeping, relaying, sending


def _beat(name: str) -> None:
    Heartbeat.objects.update_or_create(name=name, defaults={"beaten_at": timezone.now()})


@shared_task(name="platform.beat_fast")
def beat_fast(**_later_arguments: object) -> None:
    """Say that the queue 'fast' is worked on. Running it twice only makes the time newer."""
    _beat("fast")


@shared_task(name="platform.beat_batch")
def beat_batch(**_later_arguments: object) -> None:
    """Say that the queue 'batch' is worked on. Running it twice only makes the time newer."""
    _beat("batch")


@shared_task(name="platform.forget_old_keys")
def forget_old_keys(**_later_arguments: object) -> None:
    """Forget answers kept for idempotency longer than promised. A second run finds nothing left to do."""
    IdempotencyRecord.objects.filter(created_at__lt=timezone.now() - settings.IDEMPOTENCY_KEPT).delete()


@shared_task(name="platform.forget_feed")
def forget_feed(**_later_arguments: object) -> int:
    """Forget messages of the live feed that nobody can come back for. A second run finds nothing left to do."""
    return feed.forget(timezone.now())


@shared_task(name="platform.send_letters")
def send_letters(**_later_arguments: object) -> None:
    """Send the e-mails that are due. A second run finds what the first did not take."""
    mailing.send_due(timezone.now())


@shared_task(name="platform.forget_letters")
def forget_letters(**_later_arguments: object) -> int:
    """Forget e-mails that were sent or given up long ago. A second run finds nothing left to do."""
    return mailing.forget(timezone.now())


@shared_task(name="platform.forget_outbox")
def forget_outbox(**_later_arguments: object) -> int:
    """Forget news for other systems that is kept no longer, with what was owed of it to webhooks. A second run finds nothing left to do."""
    now = timezone.now()
    relaying.take_in_restored()
    keeping.forget(now - timedelta(days=settings.OUTBOX_KEPT_DAYS))
    return outbox.forget(now)


@shared_task(name="platform.send_webhooks")
def send_webhooks(**_later_arguments: object) -> int:
    """Post the news that is owed to webhooks. While one does, a second run does nothing; a later one finds what the first did not take."""
    return sending.send_due()
