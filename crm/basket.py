"""What is in an order: lines as they are asked for become lines with their snapshots, and are priced."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from config.platform.errors import Refusal
from crm import catalogue, offers, pricing
from crm.models import Contact, Order, OrderLine, Product, Promotion, PromotionUse

MOST_LINES = 200
SNAPSHOT = ("sku", "name", "unit", "unit_price", "price_includes_vat", "vat_rate")
WRITTEN = ("position", "quantity", *SNAPSHOT, "gross", "discount", "vat", "total", "promotions")
PRICE = ("unit_price", "price_includes_vat", "vat_rate")
WHY = {
    "applies_to_nothing": "Nothing in the order is what it is for.",
    "least_total": "What it is for does not come to its least total.",
    "takes_nothing_off": "It takes nothing off: what it is for is as cheap already.",
    "better_one_chosen": "Another promotion takes more off, and they do not go together.",
    "other_currency": "It is in another currency.",
    "gift_not_active": "The gift cannot be ordered any more.",
}


class LineUnclear(Refusal):
    """A line names exactly one of `id` (a line that is there), `product`, `sku`, or `name` with `unit_price`; `line` counts from 0."""

    code = "line_unclear"
    status = 400
    advice = "Mend the line that `line` counts from 0: exactly one of `id`, `product`, `sku`, or `name` with `unit_price`."


class ProductUnknown(Refusal):
    """There is no product with this id or SKU; `line` says which line, counted from 0."""

    code = "product_unknown"
    status = 400
    advice = "Look the product up with `GET /products/?search=…`. An item outside of the catalogue is a line with `name` and `unit_price`."


class ProductNotOrdered(Refusal):
    """The product is switched off: it cannot be ordered. `products` lists the SKUs."""

    code = "product_not_active"
    advice = "Take the SKUs in `products` off the order, or switch them on in the catalogue."


class PromotionUnknown(Refusal):
    """There is no promotion with this code."""

    code = "promotion_unknown"
    status = 400
    advice = "Check the spelling of the code, or leave it out. `GET /contacts/{id}/offers/` lists what this customer may have."


class CurrencyNeeded(Refusal):
    """No line names a product, so nothing tells the currency: give `currency`."""

    code = "currency_needed"
    status = 400
    advice = "Send `currency` (ISO 4217), or at least one line with a product of the catalogue."


@dataclass
class Basket:
    """Priced lines, not saved. ``told`` says of each promotion that was asked for what became of it."""

    currency: str
    lines: list[OrderLine]
    bill: pricing.Bill
    promotions: list[Promotion]
    told: list[dict[str, Any]] = field(default_factory=list)

    def write_to(self, order: Order) -> None:
        """Put the amounts on the order."""
        order.currency = self.currency
        order.promotions = self.told
        for name in ("subtotal", "discount_total", "vat_total", "vat_on_top", "total"):
            setattr(order, name, getattr(self.bill, name))

    def refused(self) -> list[dict[str, Any]]:
        """The promotions that cannot be had; one that only gives way to a better one is not among them."""
        return [one for one in self.told if any(reason["code"] != "better_one_chosen" for reason in one["reasons"])]


def read(wanted: Sequence[Mapping[str, Any]], *, had: Sequence[OrderLine] = ()) -> list[OrderLine]:
    """The lines that are asked for, not priced yet.

    A line with ``id`` stays as it was ordered, with its name and price of then, in a new quantity if one is given; a product
    comes with its name and price of now. Gifts among ``had`` are left out: promotions add them anew.

    Raises:
        LineUnclear, ProductUnknown, ProductNotOrdered
    """
    there = {line.pk: line for line in had if not line.is_gift}
    products = _products(wanted)
    lines, seen = [], set()
    for number, one in enumerate(wanted):
        line = _line(number, one, there, products)
        if line.pk in seen:
            raise LineUnclear("The same line is named twice.", line=number)
        seen.add(line.pk)
        line.position = number
        lines.append(line)
    off = sorted({line.sku for line in lines if line.pk not in there and line.product and not line.product.is_active})
    if off:
        raise ProductNotOrdered(f"Not to be ordered any more: {', '.join(off)}.", products=off)
    return lines


def _line(number: int, one: Mapping[str, Any], there: Mapping[UUID, OrderLine], products: Mapping[Any, Product]) -> OrderLine:
    named = [name for name in ("id", "product", "sku", "name") if one.get(name)]
    if len(named) != 1 or (named[0] != "name" and any(name in one for name in PRICE)):
        raise LineUnclear("Name exactly one of `id`, `product`, `sku` or `name`; only with `name` goes a price.", line=number)
    (by,) = named
    if by == "id":
        if one["id"] not in there:
            raise LineUnclear("The order has no such line that could stay.", line=number)
        line = there[one["id"]]
        line.quantity = one.get("quantity", line.quantity)
        return line
    rest = {"quantity": one.get("quantity", Decimal(1)), "is_delivery": one.get("is_delivery", False)}
    if by == "name":
        if one.get("unit_price") is None:
            raise LineUnclear("A line without a product needs its `unit_price`.", line=number)
        return OrderLine(**{name: one[name] for name in SNAPSHOT if name in one}, **rest)
    product = products.get(one[by])
    if product is None:
        raise ProductUnknown(f"There is no product with this {by}.", line=number)
    return of_product(product, **rest)


def of_product(product: Product, **fields: Any) -> OrderLine:
    """A line with the product's name and price of now."""
    line = OrderLine(product=product, **fields)
    take_snapshot(line, product)
    return line


def take_snapshot(line: OrderLine, product: Product) -> None:
    """Write the product's name and price of now on its line."""
    line.sku, line.name, line.unit, line.unit_price = product.sku, product.name, product.unit, product.price
    line.price_includes_vat, line.vat_rate = product.price_includes_vat, product.vat_rate


def _products(wanted: Sequence[Mapping[str, Any]]) -> dict[Any, Product]:
    """By id and by SKU, in one statement each."""
    found: dict[Any, Product] = {}
    if ids := [one["product"] for one in wanted if one.get("product")]:
        found |= Product.objects.in_bulk(ids)
    if skus := [one["sku"] for one in wanted if one.get("sku") and not one.get("product")]:
        found |= Product.objects.in_bulk(skus, field_name="sku")
    return found


def named(codes: Sequence[str], *, is_locked: bool = False) -> list[Promotion]:
    """The promotions of these codes, in the order they were given. ``is_locked`` holds them until the transaction ends.

    Raises:
        PromotionUnknown
    """
    codes = list(dict.fromkeys(codes))
    if not codes:
        return []
    rows = Promotion.objects.filter(code__in=codes).order_by("pk")  # in one order, so that nobody waits in a ring
    if is_locked:
        rows = rows.select_for_update(of=("self",), no_key=True)
    found = {one.code: one for one in rows.prefetch_related("products", "categories").select_related("gift")}
    for code in codes:
        if code not in found:
            raise PromotionUnknown(f"There is no promotion '{code[:40]}'.", promotion=code[:40])
    return [found[code] for code in codes]


def price(
    lines: Sequence[OrderLine],
    promotions: Sequence[Promotion],
    contact: Contact,
    *,
    currency: str = "",
    kept: frozenset[UUID] = frozenset(),
    given: Mapping[str, OrderLine] | None = None,
    now: datetime,
) -> Basket:
    """Price the lines with the promotions that the contact may have.

    ``kept`` are promotions that the order has already, ``given`` the gifts that it has of them, by the promotion's code: they stay.

    Raises:
        CurrencyNeeded, CurrenciesMixed, CurrencyUnknown, CurrencyNotKept, OrderTooLarge
    """
    currency = _one_currency(lines, currency)
    asked = [one for one in promotions if one.pk not in kept]
    refused = offers.refusals(asked, contact, now=now) if asked else {}
    reasons = {one.code: [{"code": why.code, "detail": why.detail} for why in refused.get(one.pk) or []] for one in promotions}
    for one in promotions:
        if _currency_of(one) not in ("", currency):
            reasons[one.code].append({"code": "other_currency", "detail": WHY["other_currency"]})
        if one.gift and not one.gift.is_active and one.pk not in kept:
            reasons[one.code].append({"code": "gift_not_active", "detail": WHY["gift_not_active"]})
    items = {str(line.pk): line for line in lines}
    shelves = catalogue.shelves() if any(one.categories.all() for one in promotions) else {}
    had = given or {}
    gifts = {
        one.code: had[one.code] if one.pk in kept and one.code in had else of_product(one.gift, quantity=Decimal(1), is_gift=True)
        for one in promotions
        if one.discount == "gift" and one.gift
    }
    bill = pricing.bill(
        [_item(line) for line in lines],
        [_offer(one, items, gifts, shelves) for one in promotions if not reasons[one.code]],
        currency=currency,
    )
    for code, why in bill.unused.items():
        reasons[code].append({"code": why, "detail": WHY[why]})
    told = [
        {
            "code": one.code,
            "title": one.title,
            "is_applied": one.code in bill.amounts,
            "amount": str(bill.amounts.get(one.code, pricing.ZERO) + pricing.ZERO),
            "reasons": reasons[one.code],
        }
        for one in promotions
    ]
    items |= {str(gift.pk): gift for gift in gifts.values()}
    made = [_written(items[line.item.key], line) for line in bill.lines]
    for number, line in enumerate(made):
        line.position = number
    return Basket(currency, made, bill, [one for one in promotions if one.code in bill.amounts], told)


def _item(line: OrderLine) -> pricing.Item:
    return pricing.Item(str(line.pk), line.quantity, line.unit_price, line.vat_rate, line.price_includes_vat)


def _offer(
    promotion: Promotion, items: Mapping[str, OrderLine], gifts: Mapping[str, OrderLine], shelves: Mapping[UUID, UUID | None]
) -> pricing.Offer:
    is_for_all = not promotion.products.all() and not promotion.categories.all()
    keys = [
        key
        for key, line in items.items()
        if not line.is_delivery
        and (is_for_all or (line.product is not None and offers.applies_to(promotion, line.product, shelves=shelves)))
    ]
    return pricing.Offer(
        code=promotion.code,
        discount=promotion.discount,
        value=promotion.value,
        keys=frozenset(keys),
        is_stackable=promotion.is_stackable,
        priority=promotion.priority,
        least_total=promotion.least_total,
        gift=_item(gifts[promotion.code]) if promotion.code in gifts else None,
    )


def _currency_of(promotion: Promotion) -> str:
    return promotion.gift.currency if promotion.discount == "gift" and promotion.gift else promotion.currency


def _one_currency(lines: Sequence[OrderLine], currency: str) -> str:
    """That of the products added now; a line that was there already is in the currency of its order, whatever the product is now."""
    added = {line.product.currency for line in lines if line.product and line._state.adding}
    found = sorted(added | ({currency} if currency else set()))
    if not found:
        raise CurrencyNeeded("No line names a product, so nothing tells the currency: give `currency`.")
    if len(found) > 1:
        raise pricing.CurrenciesMixed(f"An order has one currency; here are {', '.join(found)}.", currencies=found)
    return found[0]


def _written(line: OrderLine, priced: pricing.Priced) -> OrderLine:
    for name in ("gross", "discount", "vat", "total"):
        setattr(line, name, getattr(priced, name) + pricing.ZERO)  # with two digits, as the column gives it back
    line.promotions = sorted(priced.taken)
    return line


def lines_of(order: Order) -> list[OrderLine]:
    """The lines of an order with their products, as they stand."""
    return list(order.lines.select_related("product").order_by("position"))


def write_lines(order: Order, lines: Sequence[OrderLine]) -> None:
    """Make these the lines of the order; whichever is not among them goes."""
    had = {row["id"]: row for row in order.lines.values("id", *WRITTEN)}
    if gone := had.keys() - {line.pk for line in lines}:
        order.lines.filter(pk__in=gone).delete()
    changed = [line for line in lines if line.pk in had and any(getattr(line, name) != had[line.pk][name] for name in WRITTEN)]
    OrderLine.objects.bulk_update(changed, WRITTEN)
    for line in (added := [line for line in lines if line._state.adding]):
        line.order = order
    OrderLine.objects.bulk_create(added)


def in_short(lines: Sequence[OrderLine]) -> list[dict[str, str]]:
    """The lines as the audit trail and amendments remember them."""
    return [
        {
            "id": str(line.pk),
            "sku": line.sku,
            "name": line.name,
            "quantity": f"{line.quantity.normalize():f}",
            "unit_price": str(line.unit_price),
            "discount": str(line.discount),
            "total": str(line.total),
        }
        for line in lines
    ]


def settle_uses(order: Order, priced: Basket, *, now: datetime) -> None:
    """Count a use of every promotion that takes something off, and give back those that no longer do."""
    had = {use.promotion_id: use for use in order.uses.all()}
    for promotion in priced.promotions:
        use = had.pop(promotion.pk, None) or PromotionUse(promotion=promotion, order=order, given_back_at=now)
        if use.given_back_at is not None:
            use.used_at, use.given_back_at = now, None
        use.contact, use.amount, use.currency = order.contact, priced.bill.amounts[promotion.code], priced.currency
        use.save()
    give_back_uses(order, [use.pk for use in had.values()], now=now)


def give_back_uses(order: Order, uses: Sequence[UUID] | None = None, *, now: datetime) -> None:
    """Let these uses of the order's promotions, or all, no longer count."""
    rows = order.uses.filter(given_back_at=None)
    if uses is not None:
        rows = rows.filter(pk__in=uses)
    rows.update(given_back_at=now)
