"""Whether a promotion may be given to a contact now, and which products it is for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q

from crm.models import Category, Contact, Product, Promotion, PromotionUse


@dataclass(frozen=True)
class Reason:
    """Why not: a stable code, and a sentence for the operator."""

    code: str
    detail: str


def refusals(promotions: Sequence[Promotion], contact: Contact, *, now: datetime) -> dict[UUID, list[Reason]]:
    """Why each promotion may not be given to this contact now; an empty list for one that may. One statement for all.

    Whoever must be sure of the limits holds the promotions locked until the use is written.
    """
    counted = PromotionUse.objects.filter(promotion__in=[one.pk for one in promotions], given_back_at=None).values("promotion")
    uses = {
        row["promotion"]: (row["in_all"], row["of_contact"])
        for row in counted.annotate(in_all=Count("id"), of_contact=Count("id", filter=Q(contact=contact)))
    }
    return {one.pk: _reasons(one, *uses.get(one.pk, (0, 0)), now) for one in promotions}


def _reasons(promotion: Promotion, in_all: int, of_contact: int, now: datetime) -> list[Reason]:
    found = []
    if promotion.status != Promotion.Status.ACTIVE:
        found.append(Reason("not_active", f"It is {promotion.status}."))
    if promotion.starts_at and now < promotion.starts_at:
        found.append(Reason("not_yet", "It has not begun."))
    if promotion.ends_at and now >= promotion.ends_at:
        found.append(Reason("over", "It is over."))
    if promotion.limit_in_all is not None and in_all >= promotion.limit_in_all:
        found.append(Reason("used_up", "All of it has been given away."))
    if promotion.limit_per_contact is not None and of_contact >= promotion.limit_per_contact:
        found.append(Reason("contact_had_it", "This contact has had it as often as it may be had."))
    return found


def applies_to(promotion: Promotion, product: Product) -> bool:
    """Whether it is for this product: named itself, or on a shelf at or below a named one; nothing named means everything."""
    products = {one.pk for one in promotion.products.all()}
    shelves = {one.pk for one in promotion.categories.all()}
    if not products and not shelves:
        return True
    if product.pk in products:
        return True
    shelf, seen = product.category_id, set()
    parents = dict(Category.objects.values_list("pk", "parent")) if shelves and shelf else {}
    while shelf is not None and shelf not in seen:
        if shelf in shelves:
            return True
        seen.add(shelf)
        shelf = parents.get(shelf)
    return False
