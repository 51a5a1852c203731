"""What can be offered to a contact now, and why not the rest. The same reasons hold when an order is placed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from crm import catalogue, contact_filters
from crm.models import Contact, OrderLine, Product, Promotion, PromotionUse
from crm.pricing import digits_of, rounded

MOST = 500
MOST_PRODUCTS = 10
TOLD_AFTER_ITS_END = timedelta(days=30)
LOOKED_BACK = 200


@dataclass(frozen=True)
class Reason:
    """Why not: a stable code, a sentence for the operator, and when it may be different."""

    code: str
    detail: str
    next_at: datetime | None = None


@dataclass(frozen=True)
class Offered:
    """A promotion that the contact can have. ``products`` are some of those it is for; none means everything, or see ``categories``."""

    promotion: Promotion
    products: list[dict[str, Any]]
    categories: list[str]
    left_for_contact: int | None
    fits: bool


@dataclass(frozen=True)
class Refused:
    """A promotion that the contact cannot have now, and why."""

    promotion: Promotion
    reasons: list[Reason]


@dataclass
class Offers:
    """The answer for one contact: what can be offered, best first, and why not the rest."""

    contact: Contact
    offered: list[Offered] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


def refusals(promotions: Sequence[Promotion], contact: Contact, *, now: datetime) -> dict[UUID, list[Reason]]:
    """Why each promotion may not be given to this contact now; an empty list for one that may. At most four statements for all.

    Whoever must be sure of the limits holds the promotions locked until the use is written.
    """
    uses = _uses(promotions, contact)
    outside = _outside(promotions, contact)
    gifts = dict(Product.objects.filter(pk__in={one.gift_id for one in promotions if one.gift_id}).values_list("pk", "is_active"))
    return {
        one.pk: _reasons(one, uses.get(one.pk, (0, 0)), one.pk in outside, one.gift_id is None or gifts.get(one.gift_id, False), now)
        for one in promotions
    }


def _uses(promotions: Iterable[Promotion], contact: Contact) -> dict[UUID, tuple[int, int]]:
    """How often each was used in all, and by the contact."""
    counted = PromotionUse.objects.filter(promotion__in=[one.pk for one in promotions], given_back_at=None).values("promotion")
    rows = counted.annotate(in_all=Count("id"), of_contact=Count("id", filter=Q(contact=contact)))
    return {row["promotion"]: (row["in_all"], row["of_contact"]) for row in rows}


def _outside(promotions: Sequence[Promotion], contact: Contact) -> set[UUID]:
    """The promotions whose segment the contact is not in."""
    limited = [one for one in promotions if one.segment]
    fits = contact_filters.fitting(contact.pk, [one.segment for one in limited])
    return {one.pk for one, is_inside in zip(limited, fits, strict=True) if not is_inside}


def _reasons(promotion: Promotion, uses: tuple[int, int], is_outside: bool, has_gift: bool, now: datetime) -> list[Reason]:
    found, (in_all, of_contact) = [], uses
    if promotion.status == Promotion.Status.DRAFT:
        found.append(Reason("not_active", "It is not running yet: a supervisor has it as a draft."))
    if promotion.status == Promotion.Status.SUSPENDED:
        found.append(Reason("not_active", "It is suspended for now."))
    if promotion.starts_at and now < promotion.starts_at:
        found.append(Reason("not_yet", f"It begins on {promotion.starts_at:%Y-%m-%d}.", promotion.starts_at))
    if promotion.ends_at and now >= promotion.ends_at:
        found.append(Reason("over", f"It ended on {promotion.ends_at:%Y-%m-%d}."))
    if promotion.limit_in_all is not None and in_all >= promotion.limit_in_all:
        found.append(Reason("used_up", "All of it has been given away."))
    if promotion.limit_per_contact is not None and of_contact >= promotion.limit_per_contact:
        times = "once" if of_contact == 1 else f"{of_contact} times"
        found.append(Reason("contact_had_it", f"This contact has had it {times}, as often as it may be had."))
    if is_outside:
        found.append(Reason("not_for_this_contact", "It is for other customers."))
    if not has_gift:
        found.append(Reason("gift_inactive", "Its gift cannot be had now."))
    return found


def applies_to(promotion: Promotion, product: Product, *, shelves: Mapping[UUID, UUID | None] | None = None) -> bool:
    """Whether it is for this product: named itself, or on a shelf at or below a named one; nothing named means everything.

    ``shelves`` (``crm.catalogue.shelves()``) spares a statement to those who ask for many.
    """
    products = {one.pk for one in promotion.products.all()}
    named = {one.pk for one in promotion.categories.all()}
    if not products and not named:
        return True
    if product.pk in products:
        return True
    shelf, seen = product.category_id, set()
    above = (catalogue.shelves() if shelves is None else shelves) if named and shelf else {}
    while shelf is not None and shelf not in seen:
        if shelf in named:
            return True
        seen.add(shelf)
        shelf = above.get(shelf)
    return False


def for_contact(contact: Contact, *, now: datetime) -> Offers:
    """What the contact can be offered now: the higher priority first, then what fits what they bought, then what ends soonest.

    The rest, with reasons, are promotions that run, are suspended, or ended within a month. A fixed number of statements.
    """
    lately = Q(ends_at=None) | Q(ends_at__gt=now - TOLD_AFTER_ITS_END)
    known = list(
        Promotion.objects.filter(lately, status__in=[Promotion.Status.ACTIVE, Promotion.Status.SUSPENDED])
        .select_related("gift")
        .prefetch_related("categories")
        .order_by("-priority", "code")[:MOST]
    )
    why_not = refusals(known, contact, now=now)
    uses = _uses(known, contact)
    open_ones = [one for one in known if not why_not[one.pk]]
    products = _products(open_ones)
    bought, shelves = _bought(contact), catalogue.shelves()
    answer = Offers(contact, refused=[Refused(one, why_not[one.pk]) for one in known if why_not[one.pk]])
    for one in open_ones:
        left = None if one.limit_per_contact is None else one.limit_per_contact - uses.get(one.pk, (0, 0))[1]
        shown = [_priced(one, product) for product in products[one.pk]]
        answer.offered.append(
            Offered(one, shown, [shelf.name for shelf in one.categories.all()], left, _fits(one, products[one.pk], bought, shelves))
        )
    far = datetime.max.replace(tzinfo=now.tzinfo)
    answer.offered.sort(key=lambda it: (-it.promotion.priority, not it.fits, it.promotion.ends_at or far, it.promotion.code))
    return answer


def _products(promotions: Sequence[Promotion]) -> dict[UUID, list[Product]]:
    """Some of the products that each names, in the order of their names."""
    through = Promotion.products.through
    numbered: QuerySet[Any] = through.objects.filter(promotion__in=[one.pk for one in promotions], product__is_active=True).annotate(
        place=Window(RowNumber(), partition_by=F("promotion_id"), order_by=[F("product__name"), F("product_id")])
    )
    found: dict[UUID, list[Product]] = defaultdict(list)
    for link in numbered.filter(Q(place__lte=MOST_PRODUCTS)).select_related("product").order_by("promotion_id", "place"):
        found[link.promotion_id].append(link.product)
    return found


def _bought(contact: Contact) -> set[tuple[UUID, UUID | None]]:
    """Products, with their shelves, of the contact's last orders."""
    lines = OrderLine.objects.filter(order__contact=contact, product__isnull=False).exclude(order__status="cancelled").order_by("-id")
    return {(product, shelf) for product, shelf in lines.values_list("product_id", "product__category_id")[:LOOKED_BACK] if product}


def _fits(
    promotion: Promotion, products: Sequence[Product], bought: set[tuple[UUID, UUID | None]], shelves: Mapping[UUID, UUID | None]
) -> bool:
    """Whether it is for something like what was bought; what is for everything fits nobody in particular."""
    named, kinds = {one.pk for one in products}, {one.pk for one in promotion.categories.all()}
    near = {one.category_id for one in products if one.category_id}
    for product, shelf in bought:
        if product in named or (shelf and shelf in near):
            return True
        seen: set[UUID] = set()
        while shelf is not None and shelf not in seen:
            if shelf in kinds:
                return True
            seen.add(shelf)
            shelf = shelves.get(shelf)
    return False


def _priced(promotion: Promotion, product: Product) -> dict[str, Any]:
    """The product's price now and with the promotion; None where the promotion changes no single price."""
    price: Decimal | None = None
    if promotion.discount == Promotion.Discount.PERCENT:
        price = rounded(product.price * (100 - promotion.value) / 100, digits_of(product.currency))
    elif promotion.discount == Promotion.Discount.FIXED_PRICE and promotion.currency == product.currency:
        price = min(promotion.value, product.price)
    return {"product": product, "price_now": price}
