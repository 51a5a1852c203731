"""What orders tell the rest of the house: those open for a caller, those in a contact's timeline, and what they know of a person."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from config.platform.history import entry, record_many
from config.platform.models import User
from crm import lifecycle
from crm.models import Contact, Order, OrderAmendment, OrderReturn
from crm.timeline import Happening, Position, older

OPEN = """
SELECT id, number, status, total::text, currency, delivery_date, created_at FROM crm_order
WHERE contact_id = ANY(%(contacts)s::uuid[]) AND status IN ('draft', 'placed', 'confirmed', 'in_progress') ORDER BY id DESC LIMIT 10
"""
ERASED = "[erased]"
PERSONAL = ("phone", "delivery_address", "delivery_comment", "comment")


def exists(order_id: UUID) -> bool:
    """Registered with ``config.platform.origins.kinds`` as `order`."""
    return Order.objects.filter(pk=order_id).exists()


def open_matters() -> str:
    """Registered with ``crm.lookup.open_matters``: orders of these contacts that are not completed, the newest first."""
    return OPEN


def of_contact(contact_id: UUID, before: Position, limit: int) -> list[Happening]:
    """Registered with ``crm.timeline.sources``."""
    rows = (
        Order.objects.filter(older("created_at", before), contact=contact_id)
        .select_related("created_by")
        .order_by("-created_at", "-id")[:limit]
    )
    return [
        Happening(
            row.created_at,
            "order",
            row.pk,
            {"number": row.number, "status": row.status, "total": str(row.total), "currency": row.currency, "comment": row.comment},
            by=str(row.created_by) if row.created_by else None,
            resource="orders",
        )
        for row in rows
    ]


def makes_a_client(order: Order) -> None:
    """Registered with ``crm.ordering.placed``: whoever orders is a client; credited to what the order came from, else to the order.

    Somebody who was given up or fell asleep begins again first, so that the history stays true.
    """
    contact, by, now = order.contact, order.placed_by, order.placed_at or timezone.now()
    if contact.lifecycle == Contact.Lifecycle.CLIENT:
        return
    why = f"Placed order {order.number}"
    if contact.lifecycle in (Contact.Lifecycle.DORMANT, Contact.Lifecycle.DISQUALIFIED):
        lifecycle.reactivate(contact.pk, reason=why, by=by, now=now)
    lifecycle.convert(contact.pk, reason=why, origin=order.origin or {"kind": "order", "id": order.pk}, by=by, now=now)


def reasons_against(contact_id: UUID) -> list[str]:
    """Registered with ``crm.erasure.vetoes``: whoever waits for goods must be reachable."""
    numbers = Order.objects.filter(contact=contact_id, status__in=("placed", "confirmed", "in_progress")).values_list("number", flat=True)
    return [f"Order {number} is still open." for number in numbers[:10]]


def personal_data(contact_id: UUID) -> list[dict[str, Any]]:
    """Everything that orders know of a contact, as JSON values: for whoever asks what is kept about them."""
    orders = Order.objects.filter(contact=contact_id).prefetch_related("lines").order_by("id")
    return [
        {
            "number": order.number,
            "status": order.status,
            "created_at": order.created_at.isoformat(),
            "placed_at": order.placed_at.isoformat() if order.placed_at else None,
            "total": str(order.total),
            "currency": order.currency,
            "lines": [{"name": line.name, "quantity": str(line.quantity), "total": str(line.total)} for line in order.lines.all()],
            **{name: getattr(order, name) for name in PERSONAL},
        }
        for order in orders
    ]


@transaction.atomic
def pseudonymise(contact_id: UUID, *, by: User | None = None, now: datetime | None = None) -> int:
    """Empty what tells of the person on the contact's orders; what was sold and for how much stays. Answers how many changed.

    The audit events name the columns and not their values. What earlier audit events say is the trail's own to forget.
    """
    told = ~Q(phone="") | ~Q(delivery_address="") | ~Q(delivery_comment="") | ~Q(comment="")
    orders = list(Order.objects.select_for_update().filter(told, contact=contact_id).order_by("id"))
    Order.objects.filter(pk__in=[order.pk for order in orders]).update(**dict.fromkeys(PERSONAL, ""), version=F("version") + 1)
    said = Q(order__contact=contact_id)
    Order.objects.filter(~Q(cancel_reason=""), contact=contact_id).update(cancel_reason=ERASED)
    OrderAmendment.objects.filter(said).update(reason=ERASED)
    OrderReturn.objects.filter(said).update(reason=ERASED)
    at = now or timezone.now()
    record_many([entry(order, "pseudonymise", by=by, now=at, emptied=list(PERSONAL)) for order in orders])
    return len(orders)
