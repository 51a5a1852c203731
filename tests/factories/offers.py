from datetime import UTC, datetime
from decimal import Decimal

import factory

from crm.models import Category, Product, ProductPrice, Promotion, PromotionUse
from tests.factories.orders import OrderFactory

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


class CategoryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Category

    code = factory.Sequence(lambda n: f"shelf-{n}")
    name = factory.Sequence(lambda n: f"Shelf {n}")


class ProductFactory(factory.django.DjangoModelFactory):
    """A kettle for 50 EUR, with its price since the beginning of the year."""

    class Meta:
        model = Product
        skip_postgeneration_save = True

    sku = factory.Sequence(lambda n: f"KT-{n}")
    name = factory.Sequence(lambda n: f"Kettle {n}")
    price = Decimal("50.00")
    currency = "EUR"
    vat_rate = Decimal("19.00")

    @factory.post_generation
    def begun(self, create, extracted, **kwargs):
        facts = {name: getattr(self, name) for name in ("price", "currency", "vat_rate", "price_includes_vat")}
        ProductPrice.objects.create(product=self, valid_from=LONG_AGO, **facts)


class ProductPriceFactory(factory.django.DjangoModelFactory):
    """A price that was."""

    class Meta:
        model = ProductPrice

    product = factory.SubFactory(ProductFactory)
    price = Decimal("45.00")
    currency = "EUR"
    vat_rate = Decimal("19.00")
    price_includes_vat = True
    valid_from = datetime(2025, 1, 1, tzinfo=UTC)
    valid_until = LONG_AGO


class PromotionFactory(factory.django.DjangoModelFactory):
    """Ten per cent off everything, running."""

    class Meta:
        model = Promotion
        skip_postgeneration_save = True

    code = factory.Sequence(lambda n: f"TEN-{n}")
    title = "Ten per cent off"
    status = "active"
    discount = "percent"
    value = Decimal("10.00")

    @factory.post_generation
    def products(self, create, extracted, **kwargs):
        self.products.set(extracted or [])

    @factory.post_generation
    def categories(self, create, extracted, **kwargs):
        self.categories.set(extracted or [])


def used(promotion: Promotion) -> PromotionUse:
    """That somebody had this promotion, in an order of their own."""
    order = OrderFactory()
    return PromotionUse.objects.create(
        promotion=promotion, order=order, contact=order.contact, amount=Decimal("5.00"), currency="EUR", used_at=LONG_AGO
    )
