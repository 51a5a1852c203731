"""The set-up of phone systems: secrets that change without a gap, and a trial that goes all the way and leaves nothing behind."""

import base64
import secrets as random_secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from calls import ingesting
from calls.models import PhoneSystem
from calls.phone_systems import adapters, genuine
from calls.phone_systems.deliveries import Delivery
from config.platform.errors import Refusal
from config.platform.models import User
from config.platform.moves import change

PATH = "/api/v1/calls/ingest/{slug}/"


def check_dial_secret(secret: str) -> None:
    """Whether commands can be signed with it.

    Raises:
        ValidationError
    """
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True) if secret.startswith("whsec_") else b""
    except ValueError:
        key = b""
    if not 24 <= len(key) <= 64:
        raise ValidationError("Give whsec_ and 24 to 64 random bytes in base64, as Standard Webhooks asks.", code="invalid")


def rotate(
    system_id: UUID, *, secret: str = "", overlap_s: int, if_version: int | None = None, by: User | None, now: datetime
) -> tuple[PhoneSystem, str]:
    """Give a phone system a new secret, made here unless it is given; the one before counts too for ``overlap_s`` seconds.

    Raises:
        VersionConflict
    """
    new = secret or random_secrets.token_urlsafe(24)
    with change(PhoneSystem, system_id, "rotate", by=by, now=now, if_version=if_version) as system:
        is_overlap = bool(system.secret) and overlap_s > 0
        system.old_secret = system.secret if is_overlap else ""
        system.old_secret_until = now + timedelta(seconds=overlap_s) if is_overlap else None
        system.secret = new
    return system, new


def trial(system: PhoneSystem, *, url: str, now: datetime) -> dict[str, Any]:
    """What would become of the first event of a call, sent as the phone system would send it. Nothing is kept."""
    adapter = adapters.named(system.adapter)
    plain = adapter.sample(now)
    address = system.public_url or url.rstrip("/") + PATH.format(slug=system.slug)
    secret = next(iter(system.secrets(now)), "")
    signed = genuine.sign(system.auth_mode, plain, secret=secret, account=system.account, url=address, now=now)
    delivery = signed or plain
    told: dict[str, Any] = {"sent": _sent(delivery), "is_genuine": None, "events": [], "answer": None, "problem": ""}
    if signed is not None:
        told["is_genuine"] = genuine.is_genuine(system.auth_mode, delivery, secrets=[secret], account=system.account, url=address, now=now)
        if not told["is_genuine"]:
            told["problem"] = "The secret, or the account, cannot be used: " + (
                "none is set up." if not secret else "see the page of this phone system."
            )
            return told
    try:
        with transaction.atomic():
            told["events"] = ingesting.read(system, adapter.value(delivery))[0]
            told["answer"] = ingesting.take(system, delivery, now=now)
            transaction.set_rollback(True)
    except Refusal as refusal:
        told["problem"] = refusal.detail
    return told


def _sent(delivery: Delivery) -> dict[str, Any]:
    return {
        "content_type": delivery.content_type,
        "headers": sorted(delivery.headers),
        "body": delivery.body.decode("utf-8", "replace")[:4000],
    }
