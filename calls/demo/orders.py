"""Orders of the demo: taken on calls that came out as orders, placed at the time of the call and moved on since."""

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from calls.models import Call
from config.platform.models import User
from crm import amending, ordering, returning
from crm.models import Contact, Order, Product

MOST = 60
#: How far an order has come, the likelier the more often it stands here.
ENDS = (
    "draft",
    "placed",
    "placed",
    "confirmed",
    "confirmed",
    "in_progress",
    "completed",
    "completed",
    "completed",
    "cancelled",
    "returned",
)
WAY = {"placed": ordering.confirm, "confirmed": ordering.start, "in_progress": ordering.complete}
WHY = {
    "cancelled": ("Found it cheaper.", "Ordered by mistake.", "Does not need it any more."),
    "returned": ("The wrong colour.", "Arrived damaged.", "Does not fit."),
    "amended": ("One more, says the caller.", "The caller forgot one."),
}
HOURS = ((10, 14), (14, 18), (18, 21))


def take(random: Random, *, now: datetime) -> int:
    """Take orders on the calls that came out as orders, as far as there are products; answers how many."""
    products = list(Product.objects.filter(is_active=True).order_by("sku"))
    calls = Call.objects.filter(disposition__code="order-taken", contact__isnull=False, agent__isnull=False).order_by("started_at", "pk")
    taken = 0
    for call in calls.select_related("contact", "agent")[:MOST] if products else ():
        if call.contact is not None:
            _one(random, call, call.contact, products, now)
            taken += 1
    return taken


def _one(random: Random, call: Call, contact: Contact, products: list[Product], now: datetime) -> None:
    chosen = random.choice(products)
    same = [one for one in products if one.currency == chosen.currency]
    lines: list[dict[str, Any]] = [
        {"sku": one.sku, "quantity": Decimal(random.choice((1, 1, 1, 2, 3)))}
        for one in random.sample(same, min(len(same), random.randint(1, 3)))
    ]
    if random.random() < 0.5:
        price = Decimal(random.choice(("4.90", "7.50", "300.00")))
        lines.append({"name": "Courier", "unit_price": price, "vat_rate": Decimal(20), "is_delivery": True})
    moment, by, end = call.ended_at or call.started_at, call.agent, random.choice(ENDS)
    begin, until = random.choice(HOURS)
    order = ordering.create(
        contact=contact,
        lines=lines,
        phone=call.customer_e164,
        delivery={
            "date": (moment + timedelta(days=random.randint(1, 5))).date(),
            "from": f"{begin}:00",
            "until": f"{until}:00",
            "time_zone": contact.time_zone or "Europe/Moscow",
        },
        origin={"kind": "call", "id": call.pk},
        at_once=end != "draft",
        by=by,
        now=moment,
    )
    if end != "draft":
        _move_on(random, order, end, by, now)


def _move_on(random: Random, order: Order, end: str, by: User | None, now: datetime) -> None:
    if random.random() < 0.2:
        line = order.lines.filter(is_gift=False).first()
        if line is not None:
            more = [{"id": one.pk, "quantity": one.quantity + (one.pk == line.pk)} for one in order.lines.filter(is_gift=False)]
            amending.amend(order.pk, reason=random.choice(WHY["amended"]), lines=more, by=by, now=now)
    if end == "cancelled":
        ordering.cancel(order.pk, reason=random.choice(WHY[end]), by=by, now=now)
        return
    until = "completed" if end == "returned" else end
    while order.status != until:
        order = WAY[order.status](order.pk, by=by, now=now)
    if end == "returned":
        returning.take_back(order.pk, reason=random.choice(WHY[end]), by=by, now=now)
