"""Take an order: price it, write it down as a draft, place it, and move it on until it is done or cancelled."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from config.platform import numbers, origins
from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import User
from config.platform.moves import transition
from config.platform.registry import Registry
from crm import basket, pricing
from crm.models import Contact, Order, OrderLine
from crm.phone_book import NumberIsInternal
from crm.phone_numbers import parse

LETTER = "O"

#: Told, in the same transaction, of an order that was placed. For what follows from it: a lead becomes a client.
placed: Registry[Callable[[Order], None]] = Registry("told when an order is placed")
#: Told, in the same transaction, of an order that was called off, by whom and when. For what its placing had brought about.
called_off: Registry[Callable[[Order, User | None, datetime], None]] = Registry("told when an order is called off")


class OrderEmpty(Refusal):
    """An order without a line cannot be placed."""

    code = "order_empty"
    advice = "Add at least one line with `PATCH /orders/{id}/`, then place it."


class PricesChanged(Refusal):
    """It comes to something else than when it was written down: `lines` lists the products that cost something else now, `total_before` and `total_after` tell the whole. Send `accept_prices: true` to place it as it is now."""

    code = "prices_changed"
    advice = "Tell the customer the new sum (`total_after`). If they agree, send `accept_prices: true`; else change or cancel the order."


class PromotionsRefused(Refusal):
    """Promotions that were asked for cannot be had: `promotions` says of each why. Take them off the order, or mend what is wrong."""

    code = "promotions_refused"
    advice = "Take the codes in `promotions` off the order, or mend what each says, and place it again."


class OrderReasonNeeded(Refusal):
    """Say in `reason` why."""

    code = "order_reason_needed"
    status = 400
    advice = "Send `reason`: why is it cancelled, returned or amended?"


def quote(
    contact: Contact, *, lines: Sequence[Mapping[str, Any]], promotions: Sequence[str] = (), currency: str = "", now: datetime
) -> basket.Basket:
    """What these lines would come to for this contact. Nothing is written.

    ``lines`` are ``{product | sku | name and unit_price, quantity}`` as ``basket.read`` takes them; ``promotions`` are codes.

    Raises:
        as ``basket.read``, ``basket.named`` and ``basket.price``
    """
    return basket.price(basket.read(lines), basket.named(promotions), contact, currency=currency, now=now)


@transaction.atomic
def create(
    *,
    contact: Contact,
    lines: Sequence[Mapping[str, Any]] = (),
    promotions: Sequence[str] = (),
    currency: str = "",
    phone: str = "",
    delivery: Mapping[str, Any] | None = None,
    origin: Mapping[str, Any] | None = None,
    at_once: bool = False,
    by: User | None,
    now: datetime,
    **fields: Any,
) -> Order:
    """Write an order down as a draft; with ``at_once`` it is placed as well, or nothing is written at all.

    ``delivery`` is ``{address, date, from, until, time_zone, comment}``; ``fields`` are comment, source, external_id.

    Raises:
        as ``quote``, ``origins.columns`` and, with ``at_once``, ``place``
        NumberInvalid, NumberIsInternal
    """
    order = Order(contact=contact, phone=readable(phone), created_by=by, **origins.columns(origin), **fields)
    write_delivery(order, delivery or {})
    priced = quote(contact, lines=lines, promotions=promotions, currency=currency, now=now)
    priced.write_to(order)
    order.number = numbers.next_number(LETTER, now=now)
    order.save(force_insert=True)
    basket.write_lines(order, priced.lines)
    record(order, "create", by=by, now=now, before={}, lines=basket.in_short(priced.lines))
    return place(order.pk, by=by, now=now) if at_once else order


def alter(
    order_id: UUID,
    *,
    lines: Sequence[Mapping[str, Any]] | None = None,
    promotions: Sequence[str] | None = None,
    currency: str = "",
    phone: str | None = None,
    delivery: Mapping[str, Any] | None = None,
    if_version: int | None = None,
    by: User | None,
    now: datetime,
    **fields: Any,
) -> Order:
    """Change a draft. ``lines`` replace the whole list: those with the ``id`` of a line stay as they were, with its price of then.

    ``fields`` are contact, comment, source, external_id. Everything is priced anew.

    Raises:
        TransitionNotAllowed: it is no draft any more; ``amending.amend`` changes what was placed.
        VersionConflict, and as ``create``
    """
    written: list[dict[str, str]] = []
    with transition(Order, order_id, "alter", if_version=if_version, by=by, now=now, lines=written) as order:
        for name, value in fields.items():
            setattr(order, name, value)
        if phone is not None:
            order.phone = readable(phone)
        write_delivery(order, delivery or {})
        priced = changed_basket(order, lines, promotions, currency=currency, now=now)
        priced.write_to(order)
        basket.write_lines(order, priced.lines)
        written += basket.in_short(priced.lines)
    return order


def changed_basket(
    order: Order,
    lines: Sequence[Mapping[str, Any]] | None,
    promotions: Sequence[str] | None,
    *,
    currency: str = "",
    kept: frozenset[UUID] = frozenset(),
    is_locked: bool = False,
    now: datetime,
) -> basket.Basket:
    """The basket of an order with other lines or promotions; None leaves those that are there.

    The currency stays while a line of before does.
    """
    had = basket.lines_of(order)
    new = [line for line in had if not line.is_gift] if lines is None else basket.read(lines, had=had)
    stays = any(not line._state.adding for line in new)
    if stays and currency not in ("", order.currency):
        raise pricing.CurrenciesMixed(f"The order is in {order.currency}.", currencies=sorted([currency, order.currency]))
    if stays or not any(line.product for line in new):
        currency = currency or order.currency
    asked = basket.named(order.codes if promotions is None else promotions, is_locked=is_locked)
    given = {code: line for line in had if line.is_gift for code in line.promotions}
    return basket.price(new, asked, order.contact, currency=currency, kept=kept, given=given, now=now)


@transaction.atomic
def place(order_id: UUID, *, accept_prices: bool = False, if_version: int | None = None, by: User | None, now: datetime) -> Order:
    """Place a draft: from now on its lines and prices stand. The uses of its promotions are counted.

    The promotions are held while their limits are looked at, so that a limit holds however many place at once.

    Raises:
        VersionConflict, TransitionNotAllowed, OrderEmpty, ProductNotOrdered
        PromotionsRefused: a promotion that was asked for cannot be had.
        PricesChanged: it comes to something else than the draft says, and ``accept_prices`` is not set.
    """
    with transition(Order, order_id, "place", if_version=if_version, by=by, now=now) as order:
        lines = [line for line in basket.lines_of(order) if not line.is_gift]
        if not lines:
            raise OrderEmpty("There is no line on the order.")
        changed = _with_prices_of_now(order, lines)
        asked = basket.named(order.codes, is_locked=True)
        priced = basket.price(lines, asked, order.contact, currency=order.currency, now=now)
        if refused := priced.refused():
            said = "; ".join(f"{one['code']}: {one['reasons'][0]['detail']}" for one in refused)
            raise PromotionsRefused(f"Not to be had: {said}", promotions=refused)
        if (changed or priced.bill.total != order.total) and not accept_prices:
            raise PricesChanged(
                f"It was {order.total} {order.currency} and is {priced.bill.total} now: tell the caller, then send `accept_prices: true`.",
                lines=changed,
                total_before=str(order.total),
                total_after=str(priced.bill.total),
            )
        priced.write_to(order)
        basket.write_lines(order, priced.lines)
        basket.settle_uses(order, priced, now=now)
        order.placed_by, order.placed_at = by, now
    for _, tell in placed:
        tell(order)
    return order


def _with_prices_of_now(order: Order, lines: Sequence[OrderLine]) -> list[dict[str, Any]]:
    """Write the prices of now on the lines; answers which are others than before.

    Raises:
        ProductNotOrdered
        CurrenciesMixed: a product is sold in another currency now.
    """
    sold = [(line, line.product) for line in lines if line.product]
    if off := sorted({product.sku for _, product in sold if not product.is_active}):
        raise basket.ProductNotOrdered(f"Not to be ordered any more: {', '.join(off)}.", products=off)
    changed = []
    for line, product in sold:
        if product.currency != order.currency:
            raise pricing.CurrenciesMixed(
                f"{product.sku} is sold in {product.currency} now; the order is in {order.currency}.",
                currencies=sorted([product.currency, order.currency]),
            )
        before = [getattr(line, name) for name in basket.PRICE]
        basket.take_snapshot(line, product)
        if before != [getattr(line, name) for name in basket.PRICE]:
            price_before, price_after = str(before[0]), str(line.unit_price)
            changed.append({"line": str(line.pk), "sku": line.sku, "unit_price_before": price_before, "unit_price_after": price_after})
    return changed


def confirm(order_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> Order:
    """Say that the order will be carried out.

    Raises:
        VersionConflict, TransitionNotAllowed
    """
    return _move(order_id, "confirm", if_version, by, now)


def start(order_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> Order:
    """Say that somebody works on it. It can be amended still, but no longer cancelled.

    Raises:
        VersionConflict, TransitionNotAllowed
    """
    return _move(order_id, "start", if_version, by, now)


def complete(order_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> Order:
    """Say that everything was delivered or done.

    Raises:
        VersionConflict, TransitionNotAllowed
    """
    return _move(order_id, "complete", if_version, by, now)


def _move(order_id: UUID, verb: str, if_version: int | None, by: User | None, now: datetime) -> Order:
    with transition(Order, order_id, verb, if_version=if_version, by=by, now=now) as order:
        pass
    return order


@transaction.atomic
def cancel(order_id: UUID, *, reason: str, if_version: int | None = None, by: User | None, now: datetime) -> Order:
    """Call an order off. Its promotions may be had again.

    Raises:
        VersionConflict, TransitionNotAllowed, OrderReasonNeeded
    """
    with transition(Order, order_id, "cancel", reason=said(reason), if_version=if_version, by=by, now=now) as order:
        order.cancel_reason = said(reason)
        basket.give_back_uses(order, now=now)
    for _, tell in called_off:
        tell(order, by, now)
    return order


def said(reason: str) -> str:
    """The reason without blanks around it.

    Raises:
        OrderReasonNeeded: there is none.
    """
    if not reason.strip():
        raise OrderReasonNeeded("Say in `reason` why.")
    return reason.strip()


def readable(phone: str) -> str:
    """A number as people write it as E.164; empty stays empty.

    Raises:
        NumberInvalid, NumberIsInternal
    """
    if not phone.strip():
        return ""
    number = parse(phone, region=settings.DEFAULT_PHONE_REGION)
    if number.is_internal:
        raise NumberIsInternal("This looks like an internal extension: give the whole number.")
    return number.e164


def write_delivery(order: Order, delivery: Mapping[str, Any]) -> None:
    """Put what is given of ``{address, date, from, until, time_zone, comment}`` on the order; a day is of the contact's zone unless said."""
    for name, value in delivery.items():
        setattr(order, f"delivery_{name}", value)
    if order.delivery_date and not order.delivery_time_zone:
        order.delivery_time_zone = order.contact.time_zone
