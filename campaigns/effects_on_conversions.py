"""Effect ``conversions``: a write-up that says no takes back what its attempt was credited with; corrected, that counts again, once.

The order, or what they promised, stays as it is: only that it was a fruit of this attempt does not stand beside a refusal.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from calls import effects
from calls.models import Call, Disposition, DispositionEffect
from campaigns.models import Attempt, Conversion
from config.platform.models import User
from config.platform.moves import change
from crm.models import Order

KIND = "conversions"


def denies(disposition: Disposition) -> bool:
    """Whether nothing can have come of a call that came out so: they said no, or nobody was there to say anything."""
    said_no = disposition.refused or disposition.machine or disposition.technical or disposition.number_invalid
    return said_no and not disposition.success


def wants(call: Call, disposition: Disposition, said: Mapping[str, Any]) -> dict[str, Any] | None:
    if not denies(disposition):
        return None
    there = effects.in_force(call).filter(kind=KIND).first()
    if there is not None:
        asked: dict[str, Any] = there.parameters
        return asked
    attempt = _credited(call)
    return {"attempt": str(attempt.pk)} if attempt else None


def apply(call: Call, asked: Mapping[str, Any], by: User | None, now: datetime) -> effects.Done | str:
    """Take back what stands."""
    attempt = Attempt.objects.select_for_update(of=("self",)).get(pk=asked["attempt"])
    ids = list(Conversion.objects.standing().filter(attempt=attempt).order_by("id").values_list("pk", flat=True))
    because = f"The call was written up as '{call.disposition.name if call.disposition else ''}'."
    for conversion_id in ids:
        with change(Conversion, conversion_id, "take_back", by=by, now=now) as row:
            row.reversed_at, row.reversed_because = now, because
    return effects.Done("attempt", attempt.pk, {"conversions": [str(one) for one in ids]})


def reverse(effect: DispositionEffect, by: User | None, now: datetime) -> str:
    """Let it count again, but for an order that was called off since, and what was credited anew meanwhile."""
    attempt = Attempt.objects.select_for_update(of=("self",)).get(pk=effects.subject_of(effect))
    stays = 0
    for conversion in Conversion.objects.filter(pk__in=effect.details["conversions"]).select_related("order").order_by("id"):
        if _is_over(conversion, attempt):
            stays += 1
            continue
        with change(Conversion, conversion.pk, "restore", by=by, now=now) as row:
            row.reversed_at, row.reversed_because = None, ""
    return f"{stays} of what it took back were called off, or credited anew, since." if stays else ""


def _credited(call: Call) -> Attempt | None:
    return Attempt.objects.filter(call=call, conversions__reversed_at=None, conversions__isnull=False).order_by("id").first()


def _is_over(conversion: Conversion, attempt: Attempt) -> bool:
    if conversion.order is not None:
        anew = Conversion.objects.standing().filter(order=conversion.order)
        return conversion.order.status == Order.Status.CANCELLED or anew.exists()
    return Conversion.objects.standing().filter(attempt=attempt, kind=conversion.kind).exists()


CONVERSIONS = effects.Kind(wants, apply, reverse)
