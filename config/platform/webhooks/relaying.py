"""From the outbox to what is owed: each piece of news once for each endpoint that wants it, whatever the order of commits.

Those who write news do nothing for it but wake the sender. An endpoint has a place in the outbox; the news after it is looked through in the order of
``transaction`` and ``id``, below the eldest transaction under way, so nothing can come before the place any more. The place moves in the
transaction that writes what is owed, and the pair of endpoint and news is unique: a worker that dies leaves neither a gap nor a double.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from uuid_utils.compat import uuid7

from config.platform import statements
from config.platform.models import OutboxEvent, WebhookDelivery, WebhookEndpoint
from config.platform.models.outbox import NextTransaction

MANY = 1000


def place_of_now() -> tuple[int, UUID]:
    """The place from which on nothing is missed: before the eldest transaction under way."""
    eldest = statements.rows("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint", [])[0][0]
    return eldest - 1, uuid7()


def relay(now: datetime) -> int:
    """Write down what is owed of the news that came; answers how much was looked through. Safe in any number of workers."""
    newest = OutboxEvent.objects.settled().order_by("-transaction", "-id").values_list("transaction", "id").first()
    if newest is None:
        return 0
    behind = Q(place_transaction__lt=newest[0]) | Q(place_transaction=newest[0], place_id__lt=newest[1])
    late = list(WebhookEndpoint.objects.filter(behind, is_active=True).values_list("pk", flat=True))
    return sum(_relay_to(endpoint_id, now) for endpoint_id in late)


@transaction.atomic
def _relay_to(endpoint_id: UUID, now: datetime) -> int:
    endpoint = WebhookEndpoint.objects.select_for_update(skip_locked=True).filter(pk=endpoint_id, is_active=True).first()
    if endpoint is None:
        return 0
    after = Q(transaction__gt=endpoint.place_transaction) | Q(id__gt=endpoint.place_id)
    news = OutboxEvent.objects.settled().filter(after, transaction__gte=endpoint.place_transaction).order_by("transaction", "id")
    seen = list(news.values_list("transaction", "id", "type", "occurred_at")[:MANY])
    if not seen:
        return 0
    owed = [
        WebhookDelivery(endpoint_id=endpoint_id, event_id=event_id, type=type_, occurred_at=at, owed_at=now, due_at=now)
        for _, event_id, type_, at in seen
        if wants(endpoint, type_)
    ]
    WebhookDelivery.objects.bulk_create(owed, ignore_conflicts=True)
    WebhookEndpoint.objects.filter(pk=endpoint_id).update(place_transaction=seen[-1][0], place_id=seen[-1][1])
    return len(seen)


def wants(endpoint: WebhookEndpoint, type_: str) -> bool:
    """Whether news of this type is owed to it."""
    return not endpoint.types or any(fits(one, type_) for one in endpoint.types)


def fits(pattern: str, type_: str) -> bool:
    """``complaint.closed`` is itself, and of the families ``complaint.*`` and ``*``."""
    return pattern in ("*", type_) or (pattern.endswith(".*") and type_.startswith(pattern[:-1]))


def take_in_restored() -> None:
    """Places of a database that was put back from a dump, as ``outbox.forget`` does with the news: an hour is looked through again, and doubles nothing."""
    for pk, last in WebhookEndpoint.objects.filter(place_transaction__gte=NextTransaction()).values_list("pk", "place_id"):
        WebhookEndpoint.objects.filter(pk=pk).update(place_transaction=0, place_id=_an_hour_before(last))


def _an_hour_before(event_id: UUID) -> UUID:
    """The time is the first 48 bits of such an id, in milliseconds."""
    at_ms = max(0, (event_id.int >> 80) - int(timedelta(hours=1).total_seconds() * 1000))
    return UUID(int=at_ms << 80)
