"""Prices of orders where it is easy to get them wrong: gifts that stay, prices that changed, and what pricing costs the database."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.platform.models import Role
from crm import amending, ordering
from crm.models import Category, Order, Product
from tests.config.test_admin_pages import client_for
from tests.factories.crm import ContactFactory
from tests.factories.orders import NOON, OrderFactory, product, promotion
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def with_gift():
    gift = product("20.00")
    promotion("gift", "0", code="GIFT", gift=gift, currency="")
    return gift, OrderFactory(status="placed", promotions=["GIFT"])


def amend(order: Order, lines) -> Order:
    amending.amend(order.pk, reason="Asked for it.", lines=lines, by=UserFactory(), now=NOON)
    order.refresh_from_db()
    return order


def bought(order: Order):
    return order.lines.get(is_gift=False)


def test_an_amendment_that_changes_nothing_is_none_with_a_gift_too(with_gift):
    _, order = with_gift
    with pytest.raises(amending.NothingAmended):
        amend(order, [{"id": bought(order).pk}])
    assert not order.amendments.exists()


def test_a_gift_stays_what_it_was_when_the_order_was_placed(with_gift):
    gift, order = with_gift
    before = order.lines.get(is_gift=True)
    Product.objects.filter(pk=gift.pk).update(price=Decimal("25.00"), name="Renamed")
    order = amend(order, [{"id": bought(order).pk, "quantity": Decimal(5)}])
    after = order.lines.get(is_gift=True)
    assert (after.pk, after.unit_price, after.discount, after.name) == (before.pk, Decimal("20.00"), Decimal("20.00"), before.name)
    assert order.subtotal - order.discount_total == sum(line.total for line in order.lines.all())
    order = amend(order, [{"id": bought(order).pk, "quantity": Decimal(6)}])
    assert order.lines.filter(is_gift=True).count() == 1


def test_pricing_asks_the_database_the_same_for_many_lines_and_promotions():
    contact, shelf = ContactFactory(), Category.objects.create(code="kettles", name="Kettles")
    goods = [product(category=Category.objects.create(code=f"shelf-{n}", name=f"Shelf {n}", parent=shelf)) for n in range(20)]
    codes = [promotion(code=f"P{n}", categories=[shelf], is_stackable=True).code for n in range(5)]
    counts = []
    for lines, promotions in ((1, 1), (20, 5)):
        wanted = [{"sku": one.sku, "quantity": Decimal(1)} for one in goods[:lines]]
        with CaptureQueriesContext(connection) as asked:
            priced = ordering.quote(contact=contact, lines=wanted, promotions=codes[:promotions], now=NOON)
        assert len(priced.promotions) == promotions
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 8


def test_a_draft_whose_price_changed_is_placed_in_the_admin_when_the_caller_was_told():
    order, boss = OrderFactory(), client_for(Role.SUPERVISOR)
    url = reverse("admin:crm_order_place", args=[order.pk])
    Product.objects.update(price=Decimal("120.00"))
    shown = boss.get(url).content.decode()
    assert "it was 200.00 EUR and is 240.00 now" in shown
    assert "tell the caller" in boss.post(url, follow=True).content.decode(), "without having seen the price"
    assert "tell the caller" in boss.post(url, {"agreed": "230.00"}, follow=True).content.decode(), "it changed again"
    order.refresh_from_db()
    assert order.status == "draft" and order.total == Decimal("200.00")
    boss.post(url, {"agreed": "240.00"})
    order.refresh_from_db()
    assert (order.status, order.total) == ("placed", Decimal("240.00"))
