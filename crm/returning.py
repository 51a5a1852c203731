"""Take things back that were delivered, and say what is given back for them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from config.platform.errors import Refusal
from config.platform.models import User
from config.platform.moves import check_version, transition
from crm import ordering, pricing
from crm.models import Order, OrderLine, OrderReturn, OrderReturnLine


class ReturnTooLarge(Refusal):
    """More would come back of a line than was ordered and is not back yet; `left` says how much there is."""

    code = "return_too_large"
    advice = "Send at most as many as `left` says for the line."


class ReturnLineUnknown(Refusal):
    """The order has no such line, or it is named twice."""

    code = "return_line_unknown"
    status = 400
    advice = "Send ids of lines of this order, each once: `GET /orders/{id}/` lists them."


@transaction.atomic
def take_back(
    order_id: UUID,
    *,
    reason: str,
    lines: Sequence[Mapping[str, Any]] | None = None,
    if_version: int | None = None,
    by: User | None,
    now: datetime,
) -> OrderReturn:
    """Write down what came back of a completed order: ``lines`` are ``{id, quantity}``; None is all that is not back yet.

    What is given back for a line is its share up to what is back now, less what was given back before: however many parts
    a line comes back in, its refunds add up to its total exactly.

    Raises:
        VersionConflict, TransitionNotAllowed, OrderReasonNeeded, ReturnTooLarge, ReturnLineUnknown
    """
    why = ordering.said(reason)
    order = Order.objects.select_for_update().get(pk=order_id)
    check_version(order, if_version)
    there = {line.pk: line for line in order.lines.order_by("position")}
    coming = {line.pk: line.quantity - line.returned_quantity for line in there.values()} if lines is None else _read(lines, there)
    coming = {line_id: quantity for line_id, quantity in coming.items() if quantity}
    is_whole = all(line.returned_quantity + coming.get(line.pk, 0) >= line.quantity for line in there.values())
    written: list[dict[str, str]] = []
    with transition(Order, order_id, "return" if is_whole else "return_part", reason=why, by=by, now=now, lines=written) as order:
        back = OrderReturn(order=order, reason=why, by=by, at=now, refund=pricing.ZERO, vat=pricing.ZERO)
        parts = [_part(back, there[line_id], quantity, order.currency) for line_id, quantity in coming.items()]
        back.refund = sum((part.refund for part in parts), pricing.ZERO)
        back.vat = sum((part.vat for part in parts), pricing.ZERO)
        back.save(force_insert=True)
        OrderReturnLine.objects.bulk_create(parts)
        OrderLine.objects.bulk_update([part.line for part in parts], ["returned_quantity", "refunded"])
        order.refunded_total += back.refund
        written += [{"line": str(part.line_id), "quantity": str(part.quantity), "refund": str(part.refund)} for part in parts]
    return back


def _read(lines: Sequence[Mapping[str, Any]], there: Mapping[UUID, OrderLine]) -> dict[UUID, Decimal]:
    coming: dict[UUID, Decimal] = {}
    for number, one in enumerate(lines):
        line = there.get(one["id"])
        if line is None or line.pk in coming:
            raise ReturnLineUnknown("The order has no such line, or it is named twice.", line=number)
        left = line.quantity - line.returned_quantity
        if one["quantity"] > left:
            raise ReturnTooLarge(f"Of “{line.name}” only {left.normalize():f} can come back.", line=number, left=f"{left.normalize():f}")
        coming[line.pk] = one["quantity"]
    return coming


def _part(back: OrderReturn, line: OrderLine, quantity: Decimal, currency: str) -> OrderReturnLine:
    """One line of a return; the line itself is brought up to date."""

    def shares(returned: Decimal) -> tuple[Decimal, Decimal]:
        total = pricing.share(line.total, returned, line.quantity, currency=currency)
        return total, pricing.share(line.vat, returned, line.quantity, currency=currency)

    before, after = shares(line.returned_quantity), shares(line.returned_quantity + quantity)
    line.returned_quantity += quantity
    line.refunded = after[0]
    return OrderReturnLine(order_return=back, line=line, quantity=quantity, refund=after[0] - before[0], vat=after[1] - before[1])
