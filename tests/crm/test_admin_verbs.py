"""What an administrator expects of the pages of orders, tasks and articles: amend, take a part back, finish, call off, translate, say again."""

from decimal import Decimal

import pytest
from django.urls import reverse

from config.platform.models import Role
from crm.models import Article, Task
from tests.config.test_admin_pages import address, client_for
from tests.config.test_admin_writes import save
from tests.factories.follow_ups import TaskFactory
from tests.factories.knowledge import published
from tests.factories.orders import OrderFactory, product

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss():
    return client_for(Role.SUPERVISOR)


def said(boss, name: str, row, **body) -> str:
    url = reverse(f"admin:crm_{name}", args=[row.pk])
    assert boss.get(url).status_code == 200
    page = boss.post(url, body, follow=True).content.decode()
    row.refresh_from_db()
    return page


def test_an_order_is_amended_line_by_line(boss):
    order, more = OrderFactory(status="placed"), product("5.00")
    line = order.lines.get()
    field = f"quantity-{line.pk}"
    for wrong in ("many", "-1", "1e99", "NaN", "0.0001"):
        assert "is no quantity" in said(boss, "order_amend", order, **{field: wrong}, reason="x")
    said(boss, "order_amend", order, **{field: "3"}, reason="")
    assert not order.amendments.exists(), "without a reason"
    assert "keeps at least one line" in said(boss, "order_amend", order, **{field: "0"}, reason="x")
    assert "There is no product" in said(boss, "order_amend", order, **{field: "2"}, sku="nothing", reason="x")
    assert order.total == Decimal("200.00")
    said(boss, "order_amend", order, **{field: "3"}, sku=more.sku, more="2", reason="One more.")
    assert order.total == Decimal("310.00") and order.amendments.get().reason == "One more."


def test_a_part_of_an_order_comes_back(boss):
    order = OrderFactory(status="completed")
    line = order.lines.get()
    said(boss, "order_take_part_back", order, **{f"quantity-{line.pk}": "1"}, reason="Broken.")
    assert (order.status, order.refunded_total) == ("partly_returned", Decimal("100.00"))
    page = boss.get(reverse("admin:crm_order_take_part_back", args=[order.pk])).content.decode()
    assert "of 1<" in page
    said(boss, "order_take_part_back", order, **{f"quantity-{line.pk}": "2"}, reason="More.")
    assert order.refunded_total == Decimal("100.00"), "more than there is does not come back"


def test_a_task_is_finished_called_off_and_reopened(boss):
    task = TaskFactory()
    said(boss, "task_finish", task, said="Sent the catalogue.")
    assert (task.status, task.result) == ("done", "Sent the catalogue.")
    assert boss.get(reverse("admin:crm_task_cancel", args=[task.pk])).status_code == 403
    said(boss, "task_reopen", task, said="It came back.")
    assert task.status == Task.Status.OPEN
    said(boss, "task_cancel", task, said="No need.")
    assert task.status == "cancelled"


def test_an_article_is_translated_and_an_old_version_said_again(boss):
    first = published(slug="gift-cards", language="en", title="Gift cards")
    add = address(Article, "add")
    body = {"slug": "gift-cards-ru", "language": "ru", "title": "Подарочные карты", "audience": first.audience, "short_answer": "Да."}
    assert "There is no article" in str(save(boss, add, **body, translation_of="nothing"))
    assert save(boss, add, **body, translation_of="gift-cards").status_code == 302
    assert Article.objects.get(slug="gift-cards-ru").group == first.group
    version = first.versions.get()
    boss.post(reverse("admin:crm_articleversion_revert", args=[version.pk]))
    draft = first.versions.get(status="draft")
    assert draft.title == version.title and draft.change_note == "As version 1."
