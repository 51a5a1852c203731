"""Change an order that was placed: with a reason, and with what it came to before and after."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from config.platform.errors import Refusal
from config.platform.models import User
from config.platform.moves import transition
from crm import basket, ordering
from crm.models import Order, OrderAmendment

DELIVERY = ("address", "date", "from", "until", "time_zone", "comment")


class NothingAmended(Refusal):
    """The amendment changes nothing."""

    code = "nothing_amended"
    status = 400
    advice = "Send at least one line or amount that differs from the order as it is. If nothing should change, do nothing."


def amend(
    order_id: UUID,
    *,
    reason: str,
    lines: Sequence[Mapping[str, Any]] | None = None,
    promotions: Sequence[str] | None = None,
    phone: str | None = None,
    delivery: Mapping[str, Any] | None = None,
    comment: str | None = None,
    if_version: int | None = None,
    by: User | None,
    now: datetime,
) -> OrderAmendment:
    """Change an order between placing and completing.

    ``lines`` replace the whole list: those with the ``id`` of a line stay at the price of then, a product that is added comes
    at that of now. A promotion that the order has stays its right; one that is added must be to be had now.

    Raises:
        VersionConflict, TransitionNotAllowed, OrderReasonNeeded, NothingAmended, OrderEmpty
        PromotionsRefused: a promotion that is added cannot be had.
        and as ``ordering.alter``
    """
    why = ordering.said(reason)
    changes: dict[str, Any] = {}
    with transition(Order, order_id, "amend", reason=why, if_version=if_version, by=by, now=now, amended=changes) as order:
        before, total_before, had_codes = basket.in_short(basket.lines_of(order)), order.total, set(order.codes)
        was = {name: getattr(order, name) for name in ("phone", "comment", *(f"delivery_{name}" for name in DELIVERY))}
        kept = frozenset(order.uses.filter(given_back_at=None).values_list("promotion", flat=True))
        priced = ordering.changed_basket(order, lines, promotions, currency=order.currency, kept=kept, is_locked=True, now=now)
        if not any(not line.is_gift for line in priced.lines):
            raise ordering.OrderEmpty("An order keeps at least one line: cancel it instead.")
        if refused := [one for one in priced.refused() if one["code"] not in had_codes]:
            raise ordering.PromotionsRefused("A promotion that is added cannot be had; see `promotions`.", promotions=refused)
        priced.write_to(order)
        basket.write_lines(order, priced.lines)
        basket.settle_uses(order, priced, now=now)
        order.phone = order.phone if phone is None else ordering.readable(phone)
        order.comment = order.comment if comment is None else comment
        ordering.write_delivery(order, delivery or {})
        if before != (after := basket.in_short(priced.lines)):
            changes["lines"] = [before, after]
        if had_codes != set(order.codes):
            changes["promotions"] = [sorted(had_codes), sorted(order.codes)]
        if fields := sorted(name for name, value in was.items() if getattr(order, name) != value):
            changes["fields"] = fields
        if not changes:
            raise NothingAmended("The amendment changes nothing.")
        return OrderAmendment.objects.create(
            order=order, reason=why, changes=dict(changes), total_before=total_before, total_after=order.total, by=by, at=now
        )
