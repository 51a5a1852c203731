"""The placeholders `order` of scripts: what an operator says about an order."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from crm.models import Order
from crm.script_placeholders import About, Kind, Money, Namespace, SubjectUnknown

NAMES: dict[str, Kind] = {
    "number": "text",
    "total": "money",
    "discount": "money",
    "status": "code",
    "placed_at": "datetime",
    "delivery_date": "date",
    "delivery_address": "text",
    "items": "list",
}


def of_order() -> Namespace:
    """`order`: what was ordered; its contact follows from it."""
    return Namespace(names=lambda: NAMES, read=_order, parameter="order", leads_to=_leads_to)


def _order(about: About) -> Mapping[str, Any]:
    order_id = about.ids.get("order")
    if order_id is None:
        return {}
    row = Order.objects.prefetch_related("lines").filter(pk=order_id).first()
    if row is None:
        raise SubjectUnknown("There is no order with this id.")
    return {
        "number": row.number,
        "total": Money(row.total, row.currency),
        "discount": Money(row.discount_total, row.currency),
        "status": row.status,
        "placed_at": row.placed_at,
        "delivery_date": row.delivery_date,
        "delivery_address": row.delivery_address,
        "items": [line.name for line in row.lines.all() if not line.is_delivery],
    }


def _leads_to(order_id: UUID) -> Mapping[str, UUID | None]:
    return {"contact": Order.objects.filter(pk=order_id).values_list("contact_id", flat=True).first()}
