"""Effect ``consent``: what the customer said about being contacted. Nothing is unsaid: taking it back says again what counts without it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from calls import effects
from calls.effect_subjects import NOBODY, named, whom
from calls.models import Call, Disposition, DispositionEffect
from config.platform.models import User
from crm import consent
from crm.models import Consent
from crm.models.consent import Channel

KIND = "consent"


def wants(call: Call, disposition: Disposition, given: Mapping[str, Any]) -> dict[str, Any] | None:
    if not disposition.consent_status:
        return None
    return {"on": whom(call, disposition), "purpose": disposition.consent_purpose, "status": disposition.consent_status}


def apply(call: Call, asked: Mapping[str, Any], by: User | None, now: datetime) -> effects.Done | str:
    """A statement by call, with the call as its origin."""
    if not asked["on"]:
        return NOBODY
    said: dict[str, Any] = {"purpose": asked["purpose"], "channel": Channel.CALL, "obtained_via": Consent.ObtainedVia.CALL}
    row = consent.say(
        status=asked["status"], **said, **named(call, asked["on"]), evidence="How a call came out.",
        origin={"kind": "call", "id": call.pk}, by=by, now=now,
    )  # fmt: skip
    return effects.Done("consent", row.pk)


def reverse(effect: DispositionEffect, by: User | None, now: datetime) -> str:
    """Say again what counts when this statement is left out, and those of other corrected write-ups with it."""
    mine = Consent.objects.get(pk=effects.subject_of(effect))
    same = Consent.objects.filter(_by_the_same(mine), purpose=mine.purpose, channel=mine.channel, valid_from__lte=now).latest_first()
    valid = same.exclude(pk__in=_void(same))
    if valid.first() != mine:
        return "Something newer was said since."
    before = valid.exclude(pk=mine.pk).first()
    again = Consent(
        contact_id=mine.contact_id, e164=mine.e164, number_hash=mine.number_hash, purpose=mine.purpose, channel=mine.channel,
        status=before.status if before else mine.status, obtained_via=Consent.ObtainedVia.OTHER,
        evidence="The disposition of the call was corrected.", text_version=before.text_version if before else "", valid_from=now,
        valid_to=_until(before, now), by=by, origin_kind=mine.origin_kind, origin_id=mine.origin_id,
    )  # fmt: skip
    consent.put(again, by=by, now=now)
    effect.details = {**effect.details, "said_again": str(again.pk)}
    effect.save(update_fields=["details"])
    return ""


def _by_the_same(mine: Consent) -> Q:
    if mine.contact_id:
        return Q(contact=mine.contact_id)
    return Q(e164=mine.e164) if mine.e164 else Q(number_hash=mine.number_hash)


def _void(rows: Any) -> list[UUID]:
    """Of these statements those that write-ups made which count no longer, and those that took such back."""
    made = DispositionEffect.objects.filter(kind=KIND, subject_id__in=rows.order_by().values("pk")).exclude(state="applied")
    return [one for effect in made for one in (effect.subject_id, _id(effect.details.get("said_again"))) if one]


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None


def _until(before: Consent | None, now: datetime) -> datetime | None:
    """When nothing was said before, a statement that is over at once says nothing again."""
    if before is None:
        return now
    return max(before.valid_to, now) if before.valid_to else None


CONSENT = effects.Kind(wants, apply, reverse)
