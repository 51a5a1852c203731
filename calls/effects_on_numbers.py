"""Effect ``number_invalid``: the number does not exist. What was known of it before comes back, unless somebody said otherwise since."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from calls import effects
from calls.effect_subjects import held, number_of, on_number
from calls.models import Call, Disposition, DispositionEffect
from config.platform.models import User
from crm import phone_book
from crm.models import PhoneNumber

KIND = "number_invalid"
INVALID = PhoneNumber.Validity.INVALID


def wants(call: Call, disposition: Disposition, given: Mapping[str, Any]) -> dict[str, Any] | None:
    return {"on": on_number(number_of(call))} if disposition.number_invalid else None


def apply(call: Call, asked: Mapping[str, Any], by: User | None, now: datetime) -> effects.Done | str:
    """Mark it. Calls that say it together share what was known before and when it was marked first."""
    if not asked["on"]:
        return "There is no number."
    phone = phone_book.row_of(number_of(call))
    phone = held(phone.pk) or phone
    if phone.validity == INVALID:
        first = DispositionEffect.objects.filter(kind=KIND, subject_id=phone.pk, state="applied").order_by("-id").first()
        if first is None or first.details["set_at"] != _text(phone.validity_at):
            return "It was known to be invalid."
        return effects.Done("phone_number", phone.pk, first.details)
    before = {"was": phone.validity, "was_at": _text(phone.validity_at)}
    phone = phone_book.alter(phone.pk, validity=INVALID, by=by, now=now)
    return effects.Done("phone_number", phone.pk, {**before, "set_at": _text(phone.validity_at)})


def reverse(effect: DispositionEffect, by: User | None, now: datetime) -> str:
    """Say again what was known before, unless it was changed since or another call says the same."""
    phone = held(effect.subject_id)
    if phone is None:
        return "The number is not in the base any more."
    if phone.validity != INVALID or _text(phone.validity_at) != effect.details["set_at"]:
        return "What is known of the number was changed since."
    if any(other.details["set_at"] == effect.details["set_at"] for other in effects.of_others(effect)):
        return "Another call says so too."
    was_at = parse_datetime(effect.details["was_at"]) if effect.details["was_at"] else None
    phone_book.alter(phone.pk, validity=effect.details["was"], validity_at=was_at, by=by, now=now)
    return ""


def _text(at: datetime | None) -> str:
    return at.isoformat() if at else ""


NUMBER_INVALID = effects.Kind(wants, apply, reverse)
