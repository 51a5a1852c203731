"""Which deliveries are tried now, and what came of a try: a few statements for however many."""

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import transaction

from config.platform import feed, mailing, statements
from config.platform.copying import as_json
from config.platform.models import OutboxEvent, Role, User, WebhookDelivery, WebhookEndpoint
from config.platform.moves import change

State, Reason = WebhookDelivery.State, WebhookEndpoint.Reason
#: How long after each try the next one comes, when nobody says otherwise; the last pause is repeated until TRIED_FOR is over.
PAUSES_S = (5, 300, 1800, 7200, 18_000, 36_000, 36_000)
TRIED_FOR = timedelta(days=3)
#: For so long a delivery is in one sender's hands. A sender that dies is not waited for any longer.
LEASE = timedelta(seconds=90)
NEVER_CAME_BACK = "It was being sent when the worker ended."
#: So many failures without a success between, and an endpoint is only asked now and then if it is there again.
FAILURES_TO_REST = 5
REST_S, LONGEST_REST_S = 5.0, 300.0
LONGEST_RETRY_AFTER_S = 86_400.0
GONE = 410


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one try. ``status`` is None when there was no answer."""

    delivery: WebhookDelivery
    at: datetime
    took_ms: int
    status: int | None = None
    error: str = ""
    retry_after_s: float = 0.0

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


TAKE = """
WITH room(endpoint_id, most) AS (SELECT * FROM unnest(%(endpoints)s::uuid[], %(rooms)s::int[])),
mine AS (
    SELECT d.id, d.was_due_at FROM room JOIN platform_webhookendpoint w ON w.id = room.endpoint_id AND w.is_active
        AND (w.paused_until IS NULL OR w.paused_until <= %(now)s)
    CROSS JOIN LATERAL (
        SELECT id, due_at AS was_due_at FROM platform_webhookdelivery WHERE endpoint_id = w.id AND state = 'owed' AND due_at <= %(now)s
        ORDER BY due_at, id LIMIT room.most FOR UPDATE SKIP LOCKED) d)
UPDATE platform_webhookdelivery d SET tries = d.tries + 1, due_at = %(until)s, last_error = %(word)s FROM mine WHERE d.id = mine.id
RETURNING d.id, d.endpoint_id, d.event_id, d.type, d.occurred_at, d.owed_at, d.tries, d.attempts, mine.was_due_at
"""


def take(rooms: Mapping[UUID, int], now: datetime) -> list[tuple[WebhookDelivery, OutboxEvent | None]]:
    """What is due, as many for each endpoint as ``rooms`` says, the longest waiting first; each try counted before anything can go wrong."""
    if not rooms:
        return []
    values = {
        "endpoints": [str(one) for one in rooms],
        "rooms": list(rooms.values()),
        "now": now,
        "until": now + LEASE,
        "word": NEVER_CAME_BACK,
    }
    names = ("id", "endpoint_id", "event_id", "type", "occurred_at", "owed_at", "tries", "attempts", "due_at")
    found = [dict(zip(names, row, strict=True)) for row in statements.rows(TAKE, values)]
    for one in found:
        one["attempts"] = orjson.loads(one["attempts"])
    taken = sorted((WebhookDelivery(**one) for one in found), key=lambda one: one.pk)
    events = OutboxEvent.objects.in_bulk([one.event_id for one in taken if one.event_id])
    return [(one, events.get(one.event_id) if one.event_id else None) for one in taken if not one.event_id or one.event_id in events]


PUT_BACK = """
UPDATE platform_webhookdelivery d SET tries = greatest(tries - 1, 0), due_at = n.due_at, last_error = ''
FROM unnest(%s::uuid[], %s::timestamptz[]) AS n(id, due_at) WHERE d.id = n.id AND d.state = 'owed'
"""


def put_back(deliveries: Iterable[WebhookDelivery]) -> None:
    """Those that were taken and not tried after all, due as they were: what came after them stays behind them."""
    unsent = list(deliveries)
    if unsent:
        statements.count(PUT_BACK, [[str(one.pk) for one in unsent], [one.due_at for one in unsent]])


# --- what came of it
SETTLE = """
UPDATE platform_webhookdelivery d SET state = r.state, due_at = r.due_at, settled_at = r.settled_at, last_status = r.status,
    last_took_ms = r.took_ms, last_error = r.error, attempts = r.attempts, updated_at = now(), version = d.version + 1
FROM unnest(%(id)s::uuid[], %(tries)s::int[], %(state)s::text[], %(due_at)s::timestamptz[], %(settled_at)s::timestamptz[],
    %(status)s::int[], %(took_ms)s::int[], %(error)s::text[], %(attempts)s::jsonb[])
    AS r(id, tries, state, due_at, settled_at, status, took_ms, error, attempts)
WHERE d.id = r.id AND d.state = 'owed' AND (d.tries = r.tries OR r.state = 'delivered')
"""


def settle(results: Sequence[Result], now: datetime) -> None:
    """Write down what came of these tries, and what they say of their endpoints."""
    if not results:
        return
    endpoints = WebhookEndpoint.objects.filter(pk__in={one.delivery.endpoint_id for one in results}).order_by("pk")
    with transaction.atomic():
        # before their deliveries, as whoever switches one on or removes it
        took = dict(endpoints.select_for_update(no_key=True).values_list("pk", "last_delivered_at"))
        of_endpoints: dict[UUID, list[Result]] = defaultdict(list)
        for one in results:
            of_endpoints[one.delivery.endpoint_id].append(one)
            if one.ok:
                took[one.delivery.endpoint_id] = max(one.at, took.get(one.delivery.endpoint_id) or one.at)
        columns: dict[str, list[Any]] = defaultdict(list)
        given_up: dict[UUID, int] = defaultdict(int)
        for one in results:
            values = _columns(one, took.get(one.delivery.endpoint_id))
            given_up[one.delivery.endpoint_id] += values["state"] == State.GIVEN_UP
            for name, value in values.items():
                columns[name].append(value)
        statements.count(SETTLE, columns)
        for endpoint_id in sorted(of_endpoints):
            _judge(endpoint_id, of_endpoints[endpoint_id], now)
            if many := given_up[endpoint_id]:
                _tell_given_up(endpoint_id, many, now)


def _columns(result: Result, took: datetime | None) -> dict[str, Any]:
    """What is written of a try. ``took``: when its endpoint took something last. What fails while nothing at all is taken is not given up."""
    delivery = result.delivery
    is_away = took is None or took <= delivery.owed_at
    is_over = result.ok or (not is_away and delivery.tries > len(PAUSES_S) and result.at - delivery.owed_at >= TRIED_FOR)
    attempt = {"at": result.at.isoformat(), "status": result.status, "took_ms": result.took_ms, "error": result.error}
    return {
        "id": str(delivery.pk),
        "tries": delivery.tries,
        "state": str(State.DELIVERED if result.ok else State.GIVEN_UP if is_over else State.OWED),
        "due_at": result.at + pause(delivery.tries, result.retry_after_s),
        "settled_at": result.at if is_over else None,
        "status": result.status,
        "took_ms": result.took_ms,
        "error": result.error,
        "attempts": as_json([*delivery.attempts, attempt][-WebhookDelivery.KEPT_ATTEMPTS :]),
    }


def pause(tries: int, retry_after_s: float = 0.0) -> timedelta:
    """How long after the try of this number the next one comes: spread, so that what failed together does not come together; never before it was told to."""
    usual = PAUSES_S[min(max(tries, 1), len(PAUSES_S)) - 1] * random.uniform(0.8, 1.2)
    return timedelta(seconds=max(usual, min(retry_after_s, LONGEST_RETRY_AFTER_S)))


def _judge(endpoint_id: UUID, results: Sequence[Result], now: datetime) -> None:
    """What these tries, in the order of their ends, say of the endpoint. Nothing is written while all goes well but once in a while."""
    row = WebhookEndpoint.objects.select_for_update(no_key=True).filter(pk=endpoint_id).first()
    if row is None:
        return
    taken = [one.at for one in results if one.ok]
    lost = [one for one in results if not one.ok]
    after = [one for one in lost if not taken or one.at > max(taken)]
    if taken and row.failing_since:
        _back_again(row, now)
    values: dict[str, Any] = {}
    if taken and (row.last_delivered_at is None or max(taken) - row.last_delivered_at >= timedelta(seconds=1) or lost):
        values["last_delivered_at"] = max(taken)
    if taken and row.failures:
        values |= {"failures": 0, "failing_since": None, "paused_until": None}
    if after:
        failures = (0 if taken else row.failures) + len(after)
        since = (None if taken else row.failing_since) or min(one.at for one in after)
        values |= {"failures": failures, "failing_since": since}
        values["paused_until"] = _rest(failures, max(one.retry_after_s for one in after), now)
    if bool(values.get("failing_since", row.failing_since)) != bool(row.failing_since):
        values["version"] = row.version + 1
    if values:
        WebhookEndpoint.objects.filter(pk=endpoint_id).update(**values)
    if any(one.status == GONE for one in lost):
        disable(endpoint_id, Reason.GONE, now=now)
    elif after and now - values["failing_since"] >= timedelta(days=settings.WEBHOOK_DISABLED_AFTER_DAYS):
        disable(endpoint_id, Reason.FAILING, now=now)


def _rest(failures: int, retry_after_s: float, now: datetime) -> datetime | None:
    """When an endpoint that fails is asked again. What waits for it loses no try meanwhile."""
    rest_s = min(retry_after_s, LONGEST_RETRY_AFTER_S)
    if failures >= FAILURES_TO_REST:
        rest_s = max(rest_s, min(REST_S * 2 ** min(failures - FAILURES_TO_REST, 10), LONGEST_REST_S) * random.uniform(0.8, 1.2))
    return now + timedelta(seconds=rest_s) if rest_s else None


def _back_again(row: WebhookEndpoint, now: datetime) -> None:
    """It takes news again: what failed since it was away need not wait for hours."""
    if row.failures >= FAILURES_TO_REST:
        row.deliveries.owed().filter(tries__gt=0, due_at__gt=now + LEASE).update(due_at=now)


def disable(endpoint_id: UUID, reason: str, *, now: datetime) -> None:
    """Tell it nothing more, and tell the administrators. What is owed stays owed, until somebody switches it on."""
    if not WebhookEndpoint.objects.filter(pk=endpoint_id, is_active=True).exists():
        return
    with change(WebhookEndpoint, endpoint_id, "disable", by=None, now=now) as row:
        row.is_active, row.disabled_at, row.disabled_reason, row.paused_until = False, now, reason, None
    admins = _admins()
    why = f"{row.get_disabled_reason_display()}."
    text = (
        f"News is no longer posted to the webhook “{row.name}”. {why}\n\n"
        "Nothing is lost: what happens meanwhile is posted once it is switched on again, as long as news is kept "
        f"({settings.OUTBOX_KEPT_DAYS} days). Look at it in the admin, under Webhooks.\n"
    )
    feed.tell([one.pk for one in admins], DISABLED, {"webhook": str(row.pk), "name": row.name, "reason": reason}, about=row.pk, now=now)
    for admin in admins:
        key = f"webhook-off:{row.pk}:{row.version}:{admin.pk}"
        mailing.owe(to=admin, subject=f"Webhook switched off: {row.name}", text=text, key=key, about=row.pk, now=now)


def _tell_given_up(endpoint_id: UUID, many: int, now: datetime) -> None:
    """Tell the administrators that news is not tried any more, though the endpoint takes other news; by e-mail once a day."""
    row = WebhookEndpoint.objects.filter(pk=endpoint_id).first()
    if row is None:
        return
    admins = _admins()
    text = (
        f"The webhook “{row.name}” takes news, but some pieces it has refused for {TRIED_FOR.days} days: they are not tried any more. "
        "Look at them in the admin, under Webhooks (deliveries that were given up), and post them again from there once it can take them.\n"
    )
    feed.tell([one.pk for one in admins], GIVEN_UP, {"webhook": str(row.pk), "name": row.name, "deliveries": many}, about=row.pk, now=now)
    for admin in admins:
        key = f"webhook-given-up:{row.pk}:{now:%Y-%m-%d}:{admin.pk}"
        mailing.owe(to=admin, subject=f"Webhook refuses news: {row.name}", text=text, key=key, about=row.pk, now=now)


def _admins() -> list[User]:
    return list(User.objects.filter(role=Role.ADMIN, is_active=True))


DISABLED, GIVEN_UP = "webhook.disabled", "webhook.given_up"


def declare() -> None:
    """What screens of administrators are told."""
    refused = {"webhook": "0199a1b2-8888-7000-8000-293a4b5c6d7e", "name": "Helpdesk", "deliveries": 2}
    feed.declare(GIVEN_UP, "A webhook takes news but has refused some for days: that is not tried any more. For administrators.", refused)
    example = {"webhook": "0199a1b2-8888-7000-8000-293a4b5c6d7e", "name": "Helpdesk", "reason": "failing"}
    feed.declare(DISABLED, "A webhook was switched off by itself: it answered 410, or failed for days. For administrators.", example)
