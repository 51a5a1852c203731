"""Recipes of orders."""

from decimal import Decimal
from typing import Any

from tests.contract.recipes.asked import Asked, recipe
from tests.factories.calls import CallFactory
from tests.factories.crm import ContactFactory
from tests.factories.orders import OrderFactory, product, promotion


def whole(status: str = "placed") -> Any:
    """An order with everything on it that an answer may show."""
    call = CallFactory()
    return OrderFactory(
        status=status,
        lines=[{"sku": product().sku}, {"name": "Courier", "unit_price": Decimal("5.00"), "is_delivery": True}],
        promotions=[promotion().code, promotion(value="1.00").code],
        phone="+74951234567",
        delivery={"address": "ул. Лесная 5", "date": "2026-11-25", "from": "10:00", "until": "14:00", "time_zone": "Europe/Moscow"},
        origin={"kind": "call", "id": call.pk},
    )


def body() -> dict[str, Any]:
    return {
        "contact": str(ContactFactory().pk),
        "lines": [{"product": str(product().pk), "quantity": "1.5"}, {"name": "Courier", "unit_price": "5.00", "vat_rate": "20"}],
        "promotions": [promotion().code],
    }


@recipe("orders_list")
def some_orders() -> Asked:
    whole(), OrderFactory(), OrderFactory(status="partly_returned")
    return Asked()


@recipe("orders_retrieve")
def an_order() -> Asked:
    return Asked(whole("partly_returned"))


@recipe("orders_quote")
def a_quote() -> Asked:
    return Asked(body=body())


@recipe("orders_create")
def new_order() -> Asked:
    about = {"phone": "8 (495) 123-45-67", "delivery": {"date": "2026-11-25", "until": "14:00", "time_zone": "Asia/Manila"}}
    return Asked(body=body() | about | {"origin": {"kind": "call", "id": str(CallFactory().pk)}, "place": True})


@recipe("orders_partial_update")
def change_draft() -> Asked:
    order = OrderFactory()
    return Asked(order, {"lines": [{"id": str(order.lines.get().pk), "quantity": "3"}, {"sku": product().sku}], "comment": "Gift wrap."})


@recipe("orders_place")
def place_draft() -> Asked:
    return Asked(OrderFactory(), {"accept_prices": False})


@recipe("orders_confirm")
def confirm() -> Asked:
    return Asked(whole("placed"))


@recipe("orders_start")
def start() -> Asked:
    return Asked(OrderFactory(status="confirmed"))


@recipe("orders_complete")
def complete() -> Asked:
    return Asked(OrderFactory(status="in_progress"))


@recipe("orders_cancel")
def cancel() -> Asked:
    return Asked(whole("confirmed"), {"reason": "Changed their mind."})


@recipe("orders_amend")
def amend() -> Asked:
    order = whole("confirmed")
    line = order.lines.first()
    return Asked(order, {"reason": "One more.", "lines": [{"id": str(line.pk), "quantity": "2"}], "delivery": {"comment": "Ring first."}})


@recipe("orders_take_back")
def take_back() -> Asked:
    order = whole("completed")
    return Asked(order, {"reason": "Broken.", "lines": [{"id": str(order.lines.first().pk), "quantity": "0.5"}]})
