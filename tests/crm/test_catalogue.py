"""Products: prices are remembered without a gap, currencies are those of the world, and a name is found mistyped."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from crm import catalogue
from crm.models import Product, ProductPrice
from tests.conftest import NOON
from tests.factories.offers import CategoryFactory, ProductFactory

pytestmark = pytest.mark.django_db
KETTLE = {"sku": "KT-17", "name": "Kettle", "price": "49.90", "currency": "EUR"}


def history(product) -> list[tuple[str, object, object]]:
    return [
        (str(one.price), one.valid_from, one.valid_until) for one in ProductPrice.objects.filter(product=product).order_by("valid_from")
    ]


def test_a_change_of_price_ends_one_and_begins_the_next_at_the_same_moment():
    product = catalogue.add(sku="a", name="A", price=Decimal("10.00"), currency="EUR", by=None, now=NOON)
    later = NOON + timedelta(days=3)
    catalogue.alter(product.pk, price=Decimal("12.00"), by=None, now=later)
    catalogue.alter(product.pk, name="B", by=None, now=later + timedelta(days=1))
    assert history(product) == [("10.00", NOON, later), ("12.00", later, None)]
    assert catalogue.price_at(product.pk, NOON - timedelta(seconds=1)) is None
    assert catalogue.price_at(product.pk, later - timedelta(seconds=1)).price == Decimal("10.00")
    assert catalogue.price_at(product.pk, later).price == Decimal("12.00")


def test_a_clock_that_goes_back_leaves_no_gap():
    product = catalogue.add(sku="a", name="A", price=Decimal("10.00"), currency="EUR", by=None, now=NOON)
    catalogue.alter(product.pk, price=Decimal("12.00"), by=None, now=NOON - timedelta(seconds=5))
    assert history(product) == [("10.00", NOON, NOON), ("12.00", NOON, None)]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"currency": "XXY"}, "currency_unknown"),
        ({"currency": "KWD"}, "currency_not_kept"),
        ({"currency": "JPY"}, "price_too_fine"),
        ({"currency": "eur"}, "invalid"),
        ({"price": "-1"}, "invalid"),
        ({"price": "1e30"}, "invalid"),
        ({"price": "NaN"}, "invalid"),
        ({"price": "1.999"}, "invalid"),
        ({"vat_rate": "100.01"}, "invalid"),
        ({"sku": ""}, "invalid"),
        ({"name": "a\0b"}, "parse_error"),
    ],
)
def test_a_price_that_makes_no_sense_is_refused(client_of, change, code):
    answer = client_of("supervisor").post("/api/v1/products/", KETTLE | change, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert not Product.objects.exists()


def test_an_sku_is_given_once(client_of):
    ProductFactory(sku="KT-17")
    answer = client_of("supervisor").post("/api/v1/products/", KETTLE, format="json")
    assert answer.status_code in (400, 409) and "SKU" in answer.json()["detail"]


def test_the_same_list_may_be_sent_every_night(client_of):
    shop = client_of("integration", scopes=["catalogue:write"])
    items = [
        KETTLE,
        {"sku": "S", "name": "Repair", "kind": "service", "price": "10", "currency": "JPY"},
        KETTLE | {"sku": "Z", "currency": "?"},
        7,
    ]
    said = [
        [one["verdict"] for one in shop.post("/api/v1/products/bulk/", {"products": items}, format="json").json()["results"]]
        for _ in range(2)
    ]
    assert said == [["created", "created", "invalid", "invalid"], ["unchanged", "unchanged", "invalid", "invalid"]]
    changed = shop.post(
        "/api/v1/products/bulk/", {"products": [{"sku": "KT-17", "name": "Kettle", "price": "39.90", "currency": "EUR"}]}, format="json"
    )
    assert changed.json()["results"][0]["verdict"] == "updated"
    assert [str(one.price) for one in ProductPrice.objects.filter(product__sku="KT-17").order_by("valid_from")] == ["49.90", "39.90"]


@pytest.mark.parametrize(
    ("text", "first"),
    [("kettle 1.7", "Kettle, 1.7 litres"), ("ketle", "Kettle, 1.7 litres"), ("чайнк", "Чайник электрический"), ("чайник", "Чайник электрический"), ("KT-17", "Kettle, 1.7 litres"), ("kt-1", "Kettle, 1.7 litres")],
)  # fmt: skip
def test_a_product_is_found_by_sku_and_by_a_mistyped_name(client_of, text, first):
    for sku, name in (("KT-17", "Kettle, 1.7 litres"), ("CH-1", "Чайник электрический"), ("TO-1", "Toaster"), ("LA-1", "Ladle")):
        ProductFactory(sku=sku, name=name)
    assert client_of("agent").get("/api/v1/products/", {"search": text}).json()["results"][0]["name"] == first


@pytest.mark.parametrize("text", ["%", "a", "_", "\\", "\0\0"])
def test_too_little_to_search_for_is_told(client_of, text):
    answer = client_of("agent").get("/api/v1/products/", {"search": text})
    assert answer.status_code in (200, 400) and (answer.status_code == 400 or answer.json()["results"] == [])


def test_a_shelf_holds_what_stands_on_the_shelves_below(client_of):
    top = CategoryFactory()
    below = CategoryFactory(parent=CategoryFactory(parent=top))
    product = ProductFactory(category=below)
    ProductFactory(category=CategoryFactory())
    found = client_of("agent").get("/api/v1/products/", {"category": str(top.pk)}).json()["results"]
    assert [one["id"] for one in found] == [str(product.pk)]


def test_a_search_goes_by_an_index():
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO crm_product (id, created_at, updated_at, version, sku, name, kind, unit, price, currency, vat_rate, price_includes_vat, "
            "description_for_agent, is_active, source, external_id) SELECT gen_random_uuid(), now(), now(), 1, 'S' || n, 'Thing ' || md5(n::text), "
            "'goods', 'pcs', 1, 'EUR', 0, true, '', true, '', '' FROM generate_series(1, 20000) n"
        )
        cursor.execute("ANALYZE crm_product")
        cursor.execute("SET LOCAL enable_seqscan = off")  # the table of a test is too small to need it
        cursor.execute("EXPLAIN SELECT id FROM crm_product WHERE name ILIKE %s OR %s <%% name LIMIT 2000", ["%kettle%", "kettle"])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "product_name_trigrams" in plan and "Seq Scan" not in plan


def test_prices_that_change_at_once_follow_one_another(client_of):
    product = ProductFactory()
    now = timezone.now()
    for number in range(5):
        catalogue.alter(product.pk, price=Decimal(number), by=None, now=now)
    ends = ProductPrice.objects.filter(product=product).order_by("valid_from", "id").values_list("valid_from", "valid_until")
    assert [until for _, until in ends][:-1] == [since for since, _ in ends][1:] and list(ends)[-1][1] is None
