"""The orders of the demo: taken on its calls, where there are products to order."""

from datetime import UTC, datetime
from random import Random

import pytest
from django.db import connection, transaction

from calls.demo import day, loading, orders
from crm.models import Order
from tests.factories.orders import product

NOW = datetime(2026, 11, 23, 15, 20, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small(monkeypatch, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(loading, "PEOPLE", 60)
    monkeypatch.setattr(day, "RHYTHM", tuple(many // 2 for many in day.RHYTHM))


@pytest.mark.long
def test_orders_are_taken_on_calls_and_are_the_same_each_time():
    for price, currency in (("49.90", "EUR"), ("9.99", "EUR"), ("1290.00", "RUB")):
        product(price, currency=currency, vat_rate=20)
    seen = []
    for _ in range(2):
        with transaction.atomic():
            loading.load(now=NOW)
            connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
            rows = Order.objects.order_by("id")
            seen.append(list(rows.values_list("contact__surname", "status", "total", "currency", "delivery_date")))
            assert {order.origin_kind for order in rows} == {"call"}
            assert all(order.placed_at is None or order.placed_at < NOW for order in rows)
            transaction.set_rollback(True)
    assert seen[0] == seen[1]
    assert len(seen[0]) >= 3


def test_without_products_there_are_none():
    assert orders.take(Random(1), now=NOW) == 0
    assert not Order.objects.exists()
