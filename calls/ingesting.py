"""The door of phone systems that speak their own language: prove, read, and hand on to the one door of events.

What came genuinely is never lost: what its room cannot make an event of is kept aside, as it came, and can be read anew when the
room has learned it. What could not prove who sent it changes nothing but a count and a short list of the last ones.
"""

import logging
import re
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any

from django.db import transaction
from django.db.models import F

from calls import intake, receipts
from calls.models import PhoneSystem, RefusedDelivery
from calls.phone_systems import adapters, genuine
from calls.phone_systems.deliveries import Delivery
from calls.phone_systems.native import EventUnreadable

logger = logging.getLogger(__name__)
KEPT_REFUSALS = 20
REFUSALS_KEPT_EVERY = timedelta(seconds=1)
REDACTED = "…"
_SECRETS_IN_TEXT = re.compile(r"(?i)((?:token|sign|signature|secret|password|key)[\"']?\s*[=:]\s*[\"']?)[^&\"'\s,}]+")


def prove(system: PhoneSystem, delivery: Delivery, *, url: str, now: datetime) -> bool:
    """Whether the delivery comes from this phone system; a refusal is counted, and a few are kept for people to look at."""
    problem = _problem(system, delivery, url=url, now=now)
    if problem:
        _note_refusal(system, delivery, url=url, reason=problem, now=now)
    return not problem


def _problem(system: PhoneSystem, delivery: Delivery, *, url: str, now: datetime) -> str:
    if system.allowed_networks and not _is_allowed(delivery.address, system.allowed_networks):
        return "It comes from an address that is not among the allowed networks."
    secrets = system.secrets(now)
    if not secrets:
        return "No secret is set up."
    address = f"{system.public_url}?{delivery.query}" if system.public_url and delivery.query else system.public_url or url
    if not genuine.is_genuine(system.auth_mode, delivery, secrets=secrets, account=system.account, url=address, now=now):
        return f"The proof ({system.get_auth_mode_display()}) is missing, old, or made with another secret or address."
    return ""


def _is_allowed(address: str, networks: list[str]) -> bool:
    try:
        return any(ip_address(address) in ip_network(network) for network in networks)
    except ValueError:
        return False


@transaction.atomic
def _note_refusal(system: PhoneSystem, delivery: Delivery, *, url: str, reason: str, now: datetime) -> None:
    """Count it; keep one a second at most and twenty in all, without what looks like a secret."""
    PhoneSystem.objects.filter(pk=system.pk).update(refused=F("refused") + 1, last_refused_at=now)
    if system.last_refused_at and now - system.last_refused_at < REFUSALS_KEPT_EVERY:
        return
    text = delivery.body[:4000].decode("utf-8", "replace").replace("\0", "\ufffd")
    RefusedDelivery.objects.create(
        phone_system=system, at=now, reason=reason[:200], address=delivery.address or None, headers=sorted(delivery.headers)[:50],
        url=_SECRETS_IN_TEXT.sub(rf"\1{REDACTED}", url)[:500], body=_SECRETS_IN_TEXT.sub(rf"\1{REDACTED}", text)[:2000],
    )  # fmt: skip
    old = RefusedDelivery.objects.filter(phone_system=system).order_by("-id").values_list("pk", flat=True)[KEPT_REFUSALS:]
    RefusedDelivery.objects.filter(pk__in=list(old)).delete()


def take(system: PhoneSystem, delivery: Delivery, *, now: datetime) -> dict[str, Any]:
    """Take what a phone system posted, in its own words; the answer is in its own words too, where it has some.

    Raises:
        DeliveryUnreadable: the body is nothing that could be read; nothing is stored.
        TooManyEvents
    """
    adapter = adapters.named(system.adapter)
    value = redacted(adapter.value(delivery), adapter.secret_fields)
    bodies, problem = read(system, value)
    if not bodies:
        kept = intake.keep_unreadable(system, value, reason=problem or "Nothing in it tells of a call.", now=now)
        return {"status": intake.QUARANTINED, "event": str(kept)}
    raws = [body.pop("raw", value) if isinstance(body, dict) else value for body in bodies]
    if len(bodies) > 1:
        return {"results": _many(system, bodies, raws, now=now)}
    try:
        receipt = receipts.one(system, bodies[0], now=now, raw=raws[0])
    except EventUnreadable as refusal:
        kept = intake.keep_unreadable(system, value, reason=refusal.detail, now=now)
        return {"status": intake.QUARANTINED, "event": str(kept)}
    if adapter.hints is None:
        return receipt
    advice = receipt["hints"] if system.follows_routes else {**receipt["hints"], "route_to": None}
    return adapter.hints(advice)


def _many(system: PhoneSystem, bodies: list[Any], raws: list[Any], *, now: datetime) -> list[dict[str, Any]]:
    verdicts = receipts.many(system, bodies, now=now, raws=raws)
    for verdict, raw in zip(verdicts, raws, strict=True):
        if verdict["status"] == intake.REJECTED:
            kept = intake.keep_unreadable(system, raw, reason=verdict["problem"]["detail"], now=now)
            verdict |= {"status": intake.QUARANTINED, "event": kept}
    return verdicts


def read(system: PhoneSystem, value: Any) -> tuple[list[dict[str, Any]], str]:
    """What the room of the phone system makes of a body: bodies of our own format, and why there are none."""
    try:
        return adapters.named(system.adapter).read(value, system.setting), ""
    except Exception as error:  # a room that stumbles over a body must not cost the body
        logger.exception("delivery_not_read")
        return [], f"It could not be read ({type(error).__name__})."


def redacted(value: Any, names: frozenset[str]) -> Any:
    """The same without the secrets that stand in it: they are not stored."""
    if isinstance(value, dict):
        return {name: REDACTED if name in names and isinstance(inner, str) else inner for name, inner in value.items()}
    return value
