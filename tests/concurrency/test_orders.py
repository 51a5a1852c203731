"""Orders placed by many at once, over real connections."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from config.platform import numbers
from crm.models import Order, PromotionUse
from tests.factories.crm import ContactFactory
from tests.factories.orders import OrderFactory, product, promotion

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/orders/"


def at_once(*asks):
    """Do all of these at the same moment, each over a connection of its own; what each answers, in order."""
    start = Barrier(len(asks))

    def run(ask):
        try:
            start.wait(20)
            return ask()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(asks)) as pool:
        return list(pool.map(run, asks))


def body(code, contact=None):
    return {
        "contact": str((contact or ContactFactory()).pk),
        "lines": [{"sku": product().sku}],
        "promotions": [code] if isinstance(code, str) else code,
        "place": True,
    }


def test_a_limit_holds_however_many_place_at_once(client_of):
    client, few = client_of("agent"), promotion(limit_in_all=5)
    bodies = [body(few.code) for _ in range(16)]
    answers = at_once(*(lambda asked=asked: client.post(URL, asked) for asked in bodies))
    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [409] * 11
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"promotions_refused"}
    assert PromotionUse.objects.count() == Order.objects.count() == 5


def test_the_limit_of_a_contact_holds_too_and_nobody_waits_in_a_ring(client_of):
    client, contact = client_of("agent"), ContactFactory()
    one, other = (promotion(value="10", limit_per_contact=3, is_stackable=True) for _ in range(2))
    bodies = [body([one.code, other.code] if n % 2 else [other.code, one.code], contact) for n in range(12)]
    answers = at_once(*(lambda asked=asked: client.post(URL, asked) for asked in bodies))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 9
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"promotions_refused"}


@pytest.mark.parametrize("turn", range(3))
def test_an_order_that_two_place_is_placed_once(turn, client_of):
    client, order = client_of("agent"), OrderFactory(promotions=[promotion().code])
    answers = at_once(*[lambda: client.post(f"{URL}{order.pk}/place/", {})] * 4)
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert PromotionUse.objects.count() == 1


def test_no_more_comes_back_than_was_ordered_when_two_take_it_back(client_of):
    client, order = client_of("agent"), OrderFactory(status="completed")
    back = {"reason": "Broken.", "lines": [{"id": str(order.lines.get().pk), "quantity": "1.5"}]}
    answers = at_once(*[lambda: client.post(f"{URL}{order.pk}/return/", back)] * 2)
    assert sorted(answer.status_code for answer in answers) == [200, 409]


def test_the_numbers_of_many_are_all_different_also_the_first_of_a_year():
    now = timezone.now().replace(year=2099)
    with connection.cursor() as cursor:
        cursor.execute("DROP SEQUENCE IF EXISTS number_x_2099")
    given = at_once(*[lambda: numbers.next_number("X", now=now)] * 16)
    assert sorted(given) == [f"X-2099-{n:06d}" for n in range(1, 17)]
    with connection.cursor() as cursor:
        cursor.execute("DROP SEQUENCE number_x_2099")
