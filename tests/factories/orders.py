"""Orders whose totals are right: they are taken through the door, on products and promotions of their own."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

import factory

from crm import amending, ordering, returning
from crm.models import Order, OrderAmendment, OrderLine, OrderReturn, OrderReturnLine, Product, Promotion, PromotionUse
from tests.factories.crm import ContactFactory
from tests.factories.platform import UserFactory

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
_numbers = count(1)


def product(price: str = "100.00", **fields: Any) -> Product:
    """A product for 100 EUR with 20 % VAT inside."""
    number = next(_numbers)
    return Product.objects.create(
        **{
            "sku": f"SKU-{number}", "name": f"Kettle {number}", "price": Decimal(price), "currency": "EUR", "vat_rate": Decimal(20),
            **fields,
        }
    )  # fmt: skip


def promotion(discount: str = "percent", value: str = "10.00", *, products=(), categories=(), **fields: Any) -> Promotion:
    """Ten per cent off everything, running."""
    currency = "EUR" if discount in ("amount", "fixed_price") else ""
    row = Promotion.objects.create(
        **{
            "code": f"CODE-{next(_numbers)}", "title": "Off", "status": "active", "discount": discount, "value": Decimal(value),
            "currency": currency, **fields,
        }
    )  # fmt: skip
    row.products.set(products)
    row.categories.set(categories)
    return row


class OrderFactory(factory.django.DjangoModelFactory):
    """A draft of two kettles; ``OrderFactory(status="completed")`` is moved there through the doors; ``lines``, ``promotions`` as ``create``."""

    class Meta:
        model = Order

    @classmethod
    def _create(cls, model_class, *args, status: str = "draft", **asked: Any) -> Order:
        user = asked.pop("by", None) or UserFactory()
        asked.setdefault("contact", None)
        asked["contact"] = asked["contact"] or ContactFactory()
        asked.setdefault("lines", [{"sku": product().sku, "quantity": Decimal(2)}])
        by = {"by": user, "now": asked.pop("now", NOON)}
        order = ordering.create(**asked, **by)
        if status == "cancelled":
            return ordering.cancel(order.pk, reason="Changed their mind.", **by)
        verbs = {"place": "placed", "confirm": "confirmed", "start": "in_progress", "complete": "completed"}
        for verb, to in verbs.items() if status != "draft" else ():
            order = getattr(ordering, verb)(order.pk, **by)
            if to == status:
                break
        if status in ("partly_returned", "returned"):
            part = [{"id": order.lines.first().pk, "quantity": Decimal(1)}] if status == "partly_returned" else None
            order = returning.take_back(order.pk, reason="Broken.", lines=part, **by).order
        return order


class OrderLineFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = OrderLine

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        return OrderFactory().lines.get()


class OrderAmendmentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = OrderAmendment

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        order = OrderFactory(status="placed")
        return amending.amend(
            order.pk, reason="One more.", lines=[{"id": order.lines.get().pk, "quantity": Decimal(3)}], by=UserFactory(), now=NOON
        )


class OrderReturnFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = OrderReturn

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        return OrderFactory(status="partly_returned").returns.get()


class OrderReturnLineFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = OrderReturnLine

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        return OrderFactory(status="partly_returned").returns.get().lines.get()


class PromotionUseFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PromotionUse

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        return OrderFactory(status="placed", promotions=[promotion().code], **kwargs).uses.get()
