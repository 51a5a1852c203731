"""Promotions: written, set going, suspended, copied; and what state each is in at a moment.

The state is reckoned, never stored: a promotion ends by its date without anybody doing anything. ``state_of`` and ``with_state``
say the same in Python and in SQL; a test holds them equal.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, CharField, Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from config.platform import upkeep
from config.platform.errors import Refusal
from config.platform.history import record, snapshot
from config.platform.models import User
from config.platform.moves import check_version, transition
from crm import contact_filters
from crm.catalogue import PriceTooFine
from crm.models import Promotion, PromotionUse
from crm.pricing import digits_of

DRAFT, SCHEDULED, ACTIVE, ENDED, SUSPENDED, EXHAUSTED = STATES = ("draft", "scheduled", "active", "ended", "suspended", "exhausted")
FIXED_ONCE_USED = ("code", "discount", "value", "currency", "gift")
MANY = ("products", "categories")


class PromotionInUse(Refusal):
    """Customers had it already, so its code and what it takes off stay as they are. Copy it, and change the copy."""

    code = "promotion_in_use"
    advice = "Copy it (`POST /promotions/{id}/copy/`), change the copy, and suspend this one."


class PromotionOver(Refusal):
    """Its last day has passed: give it another `ends_at` first."""

    code = "promotion_over"
    advice = "Set an `ends_at` in the future (`PATCH /promotions/{id}/`), then activate it."


class GiftInactive(Refusal):
    """The product it gives cannot be ordered now."""

    code = "gift_inactive"
    advice = "Switch the gift's product on, or choose another one."


class SegmentWithSearch(Refusal):
    """A segment cannot hold `search`: choose by what stays true of a contact."""

    code = "segment_with_search"
    status = 400
    advice = "Take `search` out of the segment and use filters of contacts, for instance tags or the stage."


@transaction.atomic
def add(*, by: User | None, now: datetime, **fields: Any) -> Promotion:
    """Write a promotion; it is a draft until it is activated.

    Raises:
        CurrencyUnknown, CurrencyNotKept, PriceTooFine, FilterInvalid, SegmentWithSearch
        IntegrityError: the code is taken, or the value does not fit the discount.
    """
    many = {name: fields.pop(name) for name in MANY if name in fields}
    promotion = Promotion(**fields)
    _check(promotion)
    promotion.save(force_insert=True)
    facts = _set_many(promotion, many)
    record(promotion, "add", by=by, now=now, before={}, **facts)
    return promotion


@transaction.atomic
def alter(promotion_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime, **fields: Any) -> Promotion:
    """Change a promotion. What customers had stays as it was: code and discount are fixed once it was used.

    Raises:
        VersionConflict, PromotionInUse
        CurrencyUnknown, CurrencyNotKept, PriceTooFine, FilterInvalid, SegmentWithSearch
    """
    promotion = Promotion.objects.select_for_update(of=("self",)).get(pk=promotion_id)
    check_version(promotion, if_version)
    before = snapshot(promotion)
    fixed = [name for name in FIXED_ONCE_USED if name in fields and fields[name] != getattr(promotion, name)]
    if fixed and promotion.uses.exists():
        raise PromotionInUse(f"Customers had it already, so {', '.join(fixed)} cannot change: copy it, and change the copy.", fields=fixed)
    many = {name: fields.pop(name) for name in MANY if name in fields}
    for name, value in fields.items():
        setattr(promotion, name, value)
    _check(promotion)
    promotion.version += 1
    promotion.save()
    facts = _set_many(promotion, many)
    record(promotion, "alter", by=by, now=now, before=before, **facts)
    return promotion


def activate(promotion_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> Promotion:
    """Let it run, from its first day to its last.

    Raises:
        TransitionNotAllowed, VersionConflict, PromotionOver, GiftInactive
    """
    with transition(Promotion, promotion_id, "activate", by=by, now=now, if_version=if_version) as promotion:
        if promotion.ends_at and promotion.ends_at <= now:
            raise PromotionOver("Its last day has passed: give it another `ends_at` first.")
        if promotion.gift is not None and not promotion.gift.is_active:
            raise GiftInactive(f"{promotion.gift} cannot be ordered now: choose another gift, or make it active.")
    return promotion


def suspend(promotion_id: UUID, *, reason: str, if_version: int | None = None, by: User | None, now: datetime) -> Promotion:
    """Stop it for now; orders that have it keep it.

    Raises:
        TransitionNotAllowed, VersionConflict
    """
    with transition(Promotion, promotion_id, "suspend", by=by, now=now, reason=reason, if_version=if_version) as promotion:
        pass
    return promotion


@transaction.atomic
def copy(promotion_id: UUID, *, code: str, by: User | None, now: datetime) -> Promotion:
    """A draft with another code and everything else alike.

    Raises:
        IntegrityError: the code is taken.
    """
    like = Promotion.objects.get(pk=promotion_id)
    fields = {
        field.attname: getattr(like, field.attname)
        for field in Promotion._meta.concrete_fields
        if field.name not in ("id", "code", "status", "version", "created_at", "updated_at")
    }
    made = Promotion.objects.create(code=code, **fields)
    facts = _set_many(made, {name: list(getattr(like, name).all()) for name in MANY})
    record(made, "copy", by=by, now=now, before={}, copy_of=promotion_id, **facts)
    return made


def remove(promotion_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> None:
    """Take away one that nobody had.

    Raises:
        VersionConflict
        ProtectedError: somebody had it.
    """
    upkeep.remove(Promotion, promotion_id, if_version=if_version, by=by, now=now)


def state_of(promotion: Promotion, *, uses: int, now: datetime) -> str:
    """One of ``STATES``; ``uses`` is how often it was used and not given back."""
    if promotion.status != Promotion.Status.ACTIVE:
        return promotion.status
    if promotion.ends_at and promotion.ends_at <= now:
        return ENDED
    if promotion.starts_at and promotion.starts_at > now:
        return SCHEDULED
    if promotion.limit_in_all is not None and uses >= promotion.limit_in_all:
        return EXHAUSTED
    return ACTIVE


def with_state(promotions: QuerySet[Promotion], *, now: datetime) -> QuerySet[Promotion]:
    """The same promotions with ``state`` and ``uses_in_all``."""
    counted = PromotionUse.objects.filter(promotion=OuterRef("pk"), given_back_at=None).order_by().values("promotion")
    uses = Coalesce(Subquery(counted.annotate(many=Count("pk")).values("many"), output_field=IntegerField()), 0)
    state = Case(
        When(~Q(status=Promotion.Status.ACTIVE), then=F("status")),
        When(ends_at__lte=now, then=Value(ENDED)),
        When(starts_at__gt=now, then=Value(SCHEDULED)),
        When(limit_in_all__isnull=False, uses_in_all__gte=F("limit_in_all"), then=Value(EXHAUSTED)),
        default=Value(ACTIVE),
        output_field=CharField(),
    )
    return promotions.annotate(uses_in_all=uses).annotate(state=state)


def _check(promotion: Promotion) -> None:
    if promotion.currency:
        digits = digits_of(promotion.currency)
        if promotion.value != round(promotion.value, digits):
            raise PriceTooFine(f"An amount in {promotion.currency} has {digits} digits after the point.")
    check_segment(promotion.segment)


def check_segment(segment: Mapping[str, Any]) -> None:
    """Refuse a segment that the list of contacts would not take as filters.

    Raises:
        FilterInvalid, SegmentWithSearch
    """
    if isinstance(segment, Mapping) and "search" in segment:
        raise SegmentWithSearch("A segment cannot hold `search`: choose by what stays true of a contact.")
    contact_filters.condition(segment)


def _set_many(promotion: Promotion, many: Mapping[str, Sequence[Any]]) -> dict[str, list[str]]:
    for name, rows in many.items():
        getattr(promotion, name).set(rows)
    return {name: sorted(str(row.pk) for row in rows) for name, rows in many.items()}
