"""Orders in the admin: read, and moved on through the same doors as everywhere."""

import pytest
from django.urls import reverse

from config.platform.models import AuditEvent, Role
from crm.models import Order
from tests.config.test_admin_pages import address, client_for
from tests.factories.crm import ContactFactory
from tests.factories.orders import OrderFactory, promotion

pytestmark = pytest.mark.django_db
ORDER = "admin:crm_order_{}"


@pytest.mark.parametrize(
    ("status", "button", "to"),
    [
        ("draft", "place", "placed"),
        ("placed", "confirm", "confirmed"),
        ("confirmed", "begin", "in_progress"),
        ("in_progress", "complete", "completed"),
        ("placed", "cancel", "cancelled"),
        ("completed", "take_back", "returned"),
    ],
)
def test_an_order_is_moved_on_by_a_button_and_a_question(status, button, to):
    supervisor, order = client_for(Role.SUPERVISOR), OrderFactory(status=status)
    url = reverse(ORDER.format(button), args=[order.pk])
    assert "<form" in supervisor.get(url).content.decode()
    order.refresh_from_db()
    assert order.status == status, "looking at the question moves nothing"
    supervisor.post(url, {"said": "They said so."})
    order.refresh_from_db()
    assert order.status == to
    assert AuditEvent.objects.filter(subject_id=order.pk, status_after=to).get().by.role == Role.SUPERVISOR
    assert supervisor.post(url, {"said": "They said so."}).status_code == 403


def test_what_the_door_refuses_is_told_and_changes_nothing():
    supervisor, ten = client_for(Role.SUPERVISOR), promotion()
    order = OrderFactory(promotions=[ten.code])
    ten.status = "suspended"
    ten.save()
    page = supervisor.post(reverse(ORDER.format("place"), args=[order.pk]), follow=True).content.decode()
    assert "Not to be had" in page
    order.refresh_from_db()
    assert order.status == "draft"
    page = supervisor.post(reverse(ORDER.format("cancel"), args=[order.pk]), {"said": " "}, follow=True).content.decode()
    assert "it must be said" in page


def test_the_page_offers_what_is_open_and_shows_the_lines():
    supervisor, order = client_for(Role.SUPERVISOR), OrderFactory(status="placed", promotions=[promotion().code])
    page = supervisor.get(address(Order, "change", order.pk)).content.decode()
    offered = {name for name in ("place", "confirm", "begin", "complete", "cancel", "take_back") if reverse(ORDER.format(name), args=[order.pk]) in page}  # fmt: skip
    assert offered == {"confirm", "cancel"}
    assert order.lines.get().name in page
    assert order.codes[0] in page


def test_an_order_is_found_by_its_number_and_by_whose_it_is():
    supervisor = client_for(Role.SUPERVISOR)
    order = OrderFactory(contact=ContactFactory(surname="Абрикосова", name="Вера"))
    OrderFactory(contact=ContactFactory(surname="Тихонов", name="Глеб"))
    for said in (order.number, order.number.lower().replace("-", " "), "абрикосова вера"):
        found = supervisor.get(address(Order, "changelist"), {"q": said}).context["cl"].result_list
        assert [one.pk for one in found] == [order.pk], said


def test_orders_stand_on_the_contacts_page():
    order = OrderFactory(status="placed")
    page = client_for(Role.SUPERVISOR).get(reverse("admin:crm_contact_change", args=[order.contact_id])).content.decode()
    assert order.number in page
