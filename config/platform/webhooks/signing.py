"""What is posted: the body of a piece of news, and its signature by Standard Webhooks (https://www.standardwebhooks.com)."""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson
from django.core.serializers.json import DjangoJSONEncoder

from config.platform.models import OutboxEvent, WebhookDelivery, WebhookEndpoint

PREFIX = "whsec_"
SECRET_BYTES = 32
#: The type of a test; nothing happened, and no reader of the outbox sees it.
TEST = "webhook.test"


def new_secret() -> str:
    """A secret that nobody has yet, in the writing of Standard Webhooks."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def body(delivery: WebhookDelivery, event: OutboxEvent | None) -> bytes:
    """The news as it is posted: the same bytes at every try, unless the person whom it speaks of was erased meanwhile."""
    told: dict[str, Any] = {"id": delivery.webhook_id, "type": delivery.type, "occurred_at": delivery.occurred_at}
    if event is None:
        told |= {"object_kind": "webhook_endpoint", "object_id": delivery.endpoint_id, "object_version": 0, "contact": None}
        return _written(told | {"data": {"message": "If you can read this, and its signature is right, all is well."}, "previous": None})
    told |= {"object_kind": event.subject_kind, "object_id": event.subject_id, "object_version": event.subject_version}
    return _written(told | {"contact": event.contact, "data": event.data, "previous": event.previous})


def _written(told: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(told, option=orjson.OPT_UTC_Z)
    except TypeError:  # a number larger than 64 bits
        return json.dumps(told, cls=DjangoJSONEncoder, ensure_ascii=False).encode()


def headers(delivery: WebhookDelivery, content: bytes, secrets_of_it: Iterable[str], *, now: datetime) -> dict[str, str]:
    """The three headers of Standard Webhooks; with one signature for each secret that holds now."""
    at = str(int(now.timestamp()))
    signed = f"{delivery.webhook_id}.{at}.".encode() + content
    return {
        "content-type": "application/json",
        "webhook-id": delivery.webhook_id,
        "webhook-timestamp": at,
        "webhook-signature": " ".join(_signature(secret, signed) for secret in secrets_of_it),
    }


def secrets_of(endpoint: WebhookEndpoint, now: datetime) -> list[str]:
    """The secret, and the one before it as long as it holds."""
    is_old_good = endpoint.previous_secret and endpoint.previous_secret_until and endpoint.previous_secret_until > now
    return [endpoint.secret, endpoint.previous_secret] if is_old_good else [endpoint.secret]


def _signature(secret: str, signed: bytes) -> str:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not key:
        raise SecretLost
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


class SecretLost(Exception):
    """The secret cannot be read any more: SECRET_KEY was changed without keeping the old one."""
