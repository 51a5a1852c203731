"""Endpoints as administrators keep them, and deliveries sent again. See docs/webhooks.md."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from config.platform import destinations, outbox, outgoing, upkeep
from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import User, WebhookDelivery, WebhookEndpoint
from config.platform.moves import change, check_version
from config.platform.queue import later
from config.platform.webhooks import relaying, signing

State, Reason = WebhookDelivery.State, WebhookEndpoint.Reason
SEND = "platform.send_webhooks"
SKIPPED = "It was passed over when the webhook was switched on."
LONGEST_OVERLAP_HOURS = 24 * 30


class WebhookTypeUnknown(Refusal):
    """No news of this type, or of this family, is ever told; `known` lists the types."""

    code = "webhook_type_unknown"
    status = 400
    advice = "Send types out of `known`, or a family with `.*`; the events page tells what each means."


class WebhookDisabled(Refusal):
    """Nothing is posted to this webhook now: switch it on first."""

    code = "webhook_disabled"
    advice = "Switch it on with `POST /webhook-endpoints/{id}/enable/`, once its receiver works again."


def check(*, url: str | None = None, types: Sequence[str] | None = None) -> None:
    """Judge what somebody wants to write.

    Raises:
        OutgoingRefused: the URL leads where nothing may be posted, or nowhere.
        HttpsNeeded, WebhookTypeUnknown
    """
    if url is not None:
        destinations.require_https_outside(outgoing.check_url(url))
    unknown = [one for one in types or () if not any(relaying.fits(one, name) for name in outbox.types)]
    if unknown:
        raise WebhookTypeUnknown(f"No such news: {', '.join(unknown)[:200]}.", known=sorted(outbox.types))


def add(*, by: User | None, now: datetime, **fields: Any) -> tuple[WebhookEndpoint, str]:
    """Begin to tell another system; the second value is its secret, which nobody can see again.

    It is told what happens from now on, and what is being written at this moment.

    Raises:
        OutgoingRefused, HttpsNeeded, WebhookTypeUnknown: see ``check``.
    """
    check(url=fields["url"], types=fields.get("types"))
    secret = signing.new_secret()
    place, place_id = relaying.place_of_now()
    row = upkeep.add(WebhookEndpoint, **fields, secret=secret, created_by=by, place_transaction=place, place_id=place_id, by=by, now=now)
    return row, secret


def alter(endpoint_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime, **fields: Any) -> WebhookEndpoint:
    """Change what an administrator may change. Other types hold for news that was not looked through yet.

    Raises:
        VersionConflict; OutgoingRefused, HttpsNeeded, WebhookTypeUnknown: see ``check``.
    """
    check(url=fields.get("url"), types=fields.get("types"))
    if "url" in fields:
        fields["paused_until"] = None  # the rest was for the old one
    return upkeep.alter(WebhookEndpoint, endpoint_id, if_version=if_version, by=by, now=now, **fields)


def rotate_secret(
    endpoint_id: UUID, *, overlap_hours: int = 24, if_version: int | None = None, by: User | None, now: datetime
) -> tuple[WebhookEndpoint, str]:
    """A new secret, which nobody can see again; for ``overlap_hours`` everything is signed with the one of now too."""
    secret = signing.new_secret()
    with change(WebhookEndpoint, endpoint_id, "rotate_secret", if_version=if_version, by=by, now=now, overlap_hours=overlap_hours) as row:
        is_kept = overlap_hours > 0
        row.previous_secret = row.secret if is_kept else ""
        row.previous_secret_until = now + timedelta(hours=overlap_hours) if is_kept else None
        row.secret = secret
    return row, secret


def disable(endpoint_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> WebhookEndpoint:
    """Post nothing more to it. Nothing is lost: see ``enable``. A second time changes nothing."""
    with transaction.atomic():
        row = WebhookEndpoint.objects.select_for_update().get(pk=endpoint_id)
        check_version(row, if_version)
        if not row.is_active:
            return row
        with change(WebhookEndpoint, endpoint_id, "disable", by=by, now=now) as row:
            row.is_active, row.disabled_at, row.disabled_reason, row.paused_until = False, now, Reason.BY_HAND, None
    return row


def enable(
    endpoint_id: UUID, *, skip_missed: bool = False, if_version: int | None = None, by: User | None, now: datetime
) -> WebhookEndpoint:
    """Post to it again, from where it stopped; with ``skip_missed`` only what happens from now on. A second time changes nothing."""
    with transaction.atomic():
        row = WebhookEndpoint.objects.select_for_update().get(pk=endpoint_id)
        check_version(row, if_version)
        if row.is_active:
            return row
        with change(WebhookEndpoint, endpoint_id, "enable", by=by, now=now, skip_missed=skip_missed) as row:
            row.is_active, row.disabled_at, row.disabled_reason = True, None, ""
            row.failing_since, row.failures, row.paused_until = None, 0, None
            if skip_missed:
                row.place_transaction, row.place_id = relaying.place_of_now()
                row.deliveries.owed().update(state=State.GIVEN_UP, settled_at=now, last_error=SKIPPED)
        row.deliveries.owed().update(due_at=now)
        later(SEND)
    return row


def test(endpoint_id: UUID, *, by: User | None, now: datetime) -> WebhookDelivery:
    """Owe it a test, at once.

    Raises:
        WebhookDisabled
    """
    with change(WebhookEndpoint, endpoint_id, "test", by=by, now=now) as row:
        _need_active(row)
        row.paused_until = None
        delivery = WebhookDelivery.objects.create(endpoint=row, type=signing.TEST, occurred_at=now, owed_at=now, due_at=now)
        later(SEND)
    return delivery


def replay(delivery_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> WebhookDelivery:
    """Owe a delivery anew, whatever became of it; it has the same ``webhook-id``.

    Raises:
        WebhookDisabled
    """
    with change(WebhookDelivery, delivery_id, "replay", if_version=if_version, by=by, now=now) as row:
        _need_active(row.endpoint)
        row.state, row.settled_at, row.tries, row.owed_at, row.due_at = State.OWED, None, 0, now, now
        later(SEND)
    return row


@transaction.atomic
def replay_many(
    endpoint_id: UUID,
    *,
    states: Sequence[str] = (State.GIVEN_UP,),
    types: Sequence[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    by: User | None,
    now: datetime,
) -> int:
    """Owe anew what was settled in one of these states, of these types, and happened within this time; answers how many.

    Raises:
        WebhookDisabled
    """
    row = WebhookEndpoint.objects.select_for_update().get(pk=endpoint_id)
    _need_active(row)
    those = row.deliveries.about(types=types, since=since, until=until).filter(state__in=states).exclude(state=State.OWED)
    many = those.update(state=State.OWED, settled_at=None, tries=0, owed_at=now, due_at=now)
    record(row, "replay", by=by, now=now, states=list(states), types=list(types), since=since, until=until, deliveries=many)
    later(SEND)
    return many


def _need_active(row: WebhookEndpoint) -> None:
    if not row.is_active:
        raise WebhookDisabled("This webhook is switched off: switch it on first, then nothing is missed that waits for it.")


# --- upkeep
def owed() -> dict[tuple[str, ...], float]:
    """Deliveries to webhooks that wait (of those switched on), and those of the last weeks that were given up"""
    waiting = WebhookDelivery.objects.owed().filter(endpoint__is_active=True).count()
    return {("waiting",): float(waiting), ("given_up",): float(WebhookDelivery.objects.filter(state=State.GIVEN_UP).count())}


def failing() -> dict[tuple[str, ...], float]:
    """Webhooks that take nothing now (failing), and those that switched themselves off (disabled)"""
    off = WebhookEndpoint.objects.filter(disabled_reason__in=[Reason.GONE, Reason.FAILING])
    return {
        ("failing",): float(WebhookEndpoint.objects.filter(is_active=True, failing_since__isnull=False).count()),
        ("disabled",): float(off.count()),
    }


def forget(before: datetime) -> int:
    """Delete tests of long ago; everything else goes with its news. Answers how many."""
    return WebhookDelivery.objects.filter(event=None, settled_at__lt=before).delete()[0]
