"""Articles and unanswered questions written in the admin go through the rules of the knowledge base."""

import pytest
from django.urls import reverse

from calls.models import UnansweredQuestion
from config.platform.models import Role
from crm import knowledge
from crm.models import Article
from tests.config.test_admin_pages import address, client_for
from tests.config.test_admin_writes import save, trail
from tests.factories.crm import TopicFactory
from tests.factories.knowledge import WRITTEN, published, question, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss():
    return client_for(Role.ADMIN)


def press(client, article, verb):
    return client.post(reverse(f"admin:crm_article_{verb}", args=[article.pk]))


def test_an_article_is_written_reviewed_and_published_by_buttons(boss):
    topic = TopicFactory()
    assert save(
        boss, address(Article, "add"), slug="late", language="en", title="Late", short_answer="Today.", body="**Today**",
        keywords="courier,waiting", topics=[topic.pk],
    ).status_code == 302  # fmt: skip
    article = Article.objects.get(slug="late")
    version = article.versions.get()
    assert (version.title, version.keywords, list(article.topics.all())) == ("Late", ["courier", "waiting"], [topic])
    assert trail(article, "write").by.role == Role.ADMIN
    assert press(boss, article, "publish").status_code == 403, "it was not submitted"
    for verb in ("submit", "send_back", "submit", "publish"):
        assert press(boss, article, verb).status_code == 302
    assert Article.objects.readable().get() == article
    page = boss.get(address(Article, "change", article.pk)).content.decode()
    assert "version 1, published" in page
    assert press(boss, article, "archive").status_code == 302
    assert not Article.objects.readable().exists()


def test_a_change_in_the_admin_is_a_draft_beside_what_is_published(boss):
    article = published(title="Late", keywords=["a"], body="<script>alert(1)</script>")
    assert save(boss, address(Article, "change", article.pk), title="Later").status_code == 302
    assert sorted(article.versions.values_list("title", "status")) == [("Late", "published"), ("Later", "draft")]
    assert "<script>alert(1)" not in boss.get(address(Article, "change", article.pk)).content.decode()


def test_what_was_seen_too_long_ago_is_not_overwritten(boss):
    article = written(title="Late")
    url = address(Article, "change", article.pk)
    knowledge.revise(article.pk, title="Meanwhile", by=None, now=WRITTEN)
    refused = save(boss, url, title="Later", seen_version=1)
    assert "version 1" in str(refused)
    assert article.versions.get().title == "Meanwhile"


def test_saving_without_a_change_begins_no_draft(boss):
    article = published(body="a\r\n\r\nb", keywords=["one"])
    assert save(boss, address(Article, "change", article.pk), keywords="one", body="a\r\n\r\nb").status_code == 302
    assert article.versions.count() == 1


def test_the_search_of_the_list_finds_drafts_and_mistyped_ones(boss):
    draft, shown = written(title="Kaleidoscope"), published(title="Refund", slug="refund-slug")
    for text, article in (("kaleidoscope", draft), ("refnud", shown), ("refund-sl", shown)):
        assert list(boss.get(address(Article, "changelist"), {"q": text}).context["cl"].result_list) == [article], text
    assert boss.get(address(Article, "changelist"), {"state": "draft"}).context["cl"].result_list[0] == draft
    assert list(boss.get(address(Article, "changelist"), {"state": "due"}).context["cl"].result_list) == []


def test_a_question_is_answered_dismissed_and_opened_again(boss):
    row, article = question(), published()
    assert save(boss, address(UnansweredQuestion, "change", row.pk), article=article.pk).status_code == 302
    row.refresh_from_db()
    assert (row.status, row.article) == ("answered", article)
    for verb, status in (("reopen", "open"), ("dismiss", "dismissed")):
        assert boss.post(reverse(f"admin:calls_unansweredquestion_{verb}", args=[row.pk])).status_code == 302
        row.refresh_from_db()
        assert row.status == status
    assert trail(row, "answer").changes["status"] == ["open", "answered"]


def test_agents_have_no_place_there():
    row = question()
    client = client_for(Role.BACK_OFFICE)
    assert client.get(address(UnansweredQuestion, "change", row.pk)).status_code == 302
