"""What can be offered now, and why not the rest; the state of a promotion is one, in Python and in SQL."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm import offers, promotions
from crm.models import Promotion
from tests.conftest import NOON
from tests.factories.crm import ContactFactory, CustomFieldFactory
from tests.factories.offers import CategoryFactory, ProductFactory, PromotionFactory, used
from tests.factories.orders import OrderFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def codes(contact, promotion) -> list[str]:
    return [reason.code for reason in offers.refusals([promotion], contact, now=NOON)[promotion.pk]]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, None),
        ({"status": "draft"}, "not_active"),
        ({"status": "suspended"}, "not_active"),
        ({"starts_at": NOON + DAY}, "not_yet"),
        ({"starts_at": NOON}, None),
        ({"ends_at": NOON}, "over"),
        ({"ends_at": NOON + DAY}, None),
        ({"segment": {"lifecycle": "client"}}, "not_for_this_contact"),
        ({"segment": {"lifecycle": ["lead", "client"]}}, None),
        ({"segment": {"cf_gone": "1"}}, "not_for_this_contact"),
        ({"limit_in_all": 0}, "used_up"),
        ({"limit_per_contact": 0}, "contact_had_it"),
    ],
)
def test_each_reason_is_told(fields, reason):
    assert codes(ContactFactory(lifecycle="lead"), PromotionFactory(**fields)) == ([reason] if reason else [])


def test_limits_count_what_was_used_and_not_given_back():
    promotion = PromotionFactory(limit_per_contact=1, limit_in_all=2)
    first = used(promotion)
    someone = first.contact
    assert codes(someone, promotion) == ["contact_had_it"]
    assert codes(ContactFactory(), promotion) == []
    used(promotion)
    assert codes(ContactFactory(), promotion) == ["used_up"]
    first.given_back_at = NOON
    first.save()
    assert codes(someone, promotion) == []


def test_a_gift_that_cannot_be_had_is_no_gift():
    promotion = PromotionFactory(discount="gift", value=0, gift=ProductFactory(is_active=False))
    assert codes(ContactFactory(), promotion) == ["gift_inactive"]


def test_the_best_comes_first_with_what_to_say_and_the_rest_with_reasons(client_of):
    contact = ContactFactory(lifecycle="lead")
    kettle = ProductFactory(price="50.00", category=CategoryFactory(name="Kettles"))
    OrderFactory(contact=contact, lines=[{"sku": kettle.sku, "quantity": Decimal(1)}])
    plain = PromotionFactory(code="B")
    fitting = PromotionFactory(code="C", products=[kettle], what_to_say="Ten off kettles.")
    urgent = PromotionFactory(code="A", priority=5, discount="fixed_price", value="44.00", currency="EUR", products=[kettle])
    PromotionFactory(code="D", segment={"lifecycle": "client"})
    PromotionFactory(code="E", status="draft")
    PromotionFactory(code="F", ends_at=NOON - 400 * DAY)
    answer = client_of("agent").get(f"/api/v1/contacts/{contact.pk}/offers/").json()
    assert [one["code"] for one in answer["offers"]] == [urgent.code, fitting.code, plain.code]
    assert [one["products"][0]["price_now"] for one in answer["offers"][:2]] == ["44.00", "45.00"]
    assert [one["fits"] for one in answer["offers"]] == [True, True, False]
    assert {one["code"]: [why["code"] for why in one["reasons"]] for one in answer["not_offered"]} == {"D": ["not_for_this_contact"]}


def test_what_is_offered_costs_a_fixed_number_of_statements():
    CustomFieldFactory(key="tier", type="choice", choices=["gold", "silver"])
    contact, costs = ContactFactory(), []
    for _ in range(3):
        for number in range(6):
            PromotionFactory(
                products=[ProductFactory()], categories=[CategoryFactory()], segment={"not_cf_tier": "gold"} if number % 2 else {}
            )
        with CaptureQueriesContext(connection) as asked:
            found = offers.for_contact(contact, now=NOON)
        costs.append(len(asked))
    assert len(found.offered) == 18 and len(set(costs)) == 1 and costs[0] <= 11, costs


def test_a_promotion_of_a_shelf_is_for_what_stands_below():
    top = CategoryFactory()
    product = ProductFactory(category=CategoryFactory(parent=top))
    assert offers.applies_to(PromotionFactory(categories=[top]), product)
    assert not offers.applies_to(PromotionFactory(categories=[CategoryFactory()]), product)
    assert offers.applies_to(PromotionFactory(), product)


moments = st.sampled_from([None, NOON - 2 * DAY, NOON - DAY, NOON, NOON + DAY, NOON + 2 * DAY])


@given(
    st.lists(
        st.tuples(st.sampled_from(Promotion.Status.values), moments, moments, st.sampled_from([None, 0, 1, 2]), st.integers(0, 2)),
        min_size=1,
        max_size=6,
    )
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_state_is_the_same_in_python_and_in_sql(drawn):
    Promotion.objects.filter(uses=None).delete()
    made: list[tuple[Any, int]] = []
    for status, starts_at, ends_at, limit, uses in drawn:
        if starts_at and ends_at and ends_at <= starts_at:
            continue
        row = PromotionFactory(status=status, starts_at=starts_at, ends_at=ends_at, limit_in_all=limit)
        for _ in range(uses):
            used(row)
        made.append((row, uses))
    said = promotions.with_state(Promotion.objects.all(), now=NOON).in_bulk()
    for row, uses in made:
        assert (said[row.pk].state, said[row.pk].uses_in_all) == (promotions.state_of(row, uses=uses, now=NOON), uses)


class TestPromotions:
    """Over HTTP: written as drafts, run by dates, fixed once they were had."""

    BODY = {"code": "TEN", "title": "Ten off", "discount": "percent", "value": "10"}

    @pytest.mark.parametrize(
        "change",
        [
            {"value": "0"}, {"value": "101"}, {"currency": "EUR"}, {"discount": "amount"}, {"discount": "amount", "currency": "ABX"},
            {"discount": "amount", "currency": "JPY", "value": "1.50"}, {"discount": "gift", "value": "0"}, {"discount": "magic"},
            {"starts_at": "2026-12-02T00:00:00Z", "ends_at": "2026-12-01T00:00:00Z"}, {"segment": {"nonsense": "1"}}, {"segment": []},
            {"segment": {"search": "anna"}}, {"limit_in_all": -1}, {"limit_in_all": 10**12}, {"priority": 10**6}, {"code": "a\0"},
            {"products": ["0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"]}, {"least_total": "-1"},
        ],
    )  # fmt: skip
    def test_nonsense_is_refused(self, client_of, change):
        answer = client_of("supervisor").post("/api/v1/promotions/", self.BODY | change, format="json")
        assert answer.status_code in (400, 409), answer.content
        assert not Promotion.objects.exists()

    def test_it_runs_when_it_is_let_and_its_day_has_come(self, client_of):
        boss = client_of("supervisor")
        made = boss.post("/api/v1/promotions/", self.BODY | {"starts_at": "2100-01-01T00:00:00Z"}, format="json").json()
        assert made["state"] == "draft"
        at = f"/api/v1/promotions/{made['id']}/"
        assert boss.post(at + "activate/").json()["state"] == "scheduled"
        assert boss.patch(at, {"starts_at": None}, format="json").json()["state"] == "active"
        assert boss.post(at + "suspend/", {"reason": "Sold out"}, format="json").json()["state"] == "suspended"
        assert boss.post(at + "suspend/", {"reason": "Sold out"}, format="json").json()["code"] == "invalid_transition"
        boss.patch(at, {"ends_at": "2020-01-01T00:00:00Z"}, format="json")
        assert boss.post(at + "activate/").json()["code"] == "promotion_over"
        assert [one["id"] for one in boss.get("/api/v1/promotions/", {"state": "suspended"}).json()["results"]] == [made["id"]]

    def test_what_customers_had_stays_as_it_was(self, client_of):
        boss, promotion = client_of("supervisor"), PromotionFactory()
        used(promotion)
        at = f"/api/v1/promotions/{promotion.pk}/"
        refused = boss.patch(at, {"value": "20"}, format="json")
        assert (refused.status_code, refused.json()["code"], refused.json()["fields"]) == (409, "promotion_in_use", ["value"])
        assert boss.patch(at, {"title": "New words"}, format="json").status_code == 200
        assert boss.delete(at).json()["code"] == "still_in_use"
        copied = boss.post(at + "copy/", {"code": "TWENTY"}, format="json").json()
        assert (copied["state"], copied["title"], copied["uses"]) == ("draft", "New words", 0)
        assert boss.patch(f"/api/v1/promotions/{copied['id']}/", {"value": "20"}, format="json").status_code == 200
