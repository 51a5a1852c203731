"""The way of an article: written, reviewed, published, replaced, taken back; and what may never happen to it."""

import contextlib
from datetime import timedelta

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from config.platform.models import AuditEvent
from config.platform.moves import TransitionNotAllowed, VersionConflict
from crm import knowledge
from crm.models import Article, ArticleVersion
from tests.factories.crm import TopicFactory
from tests.factories.knowledge import WRITTEN, published, written
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
NOW = WRITTEN + timedelta(days=1)
STATUS = ArticleVersion.Status


def statuses(article) -> list[str]:
    return list(article.versions.order_by("number").values_list("status", flat=True))


@pytest.fixture
def editor():
    return UserFactory(role="supervisor")


@pytest.mark.parametrize("verb", ["submit", "send_back", "publish"])
@pytest.mark.parametrize("status", [STATUS.DRAFT, STATUS.IN_REVIEW])
def test_the_table_of_moves(editor, verb, status):
    article = written()
    if status == STATUS.IN_REVIEW:
        knowledge.submit(article.pk, by=editor, now=NOW)
    is_open = status in ArticleVersion.MOVES[verb].start
    if is_open:
        getattr(knowledge, verb)(article.pk, by=editor, now=NOW)
        assert statuses(article) == [ArticleVersion.MOVES[verb].to]
    else:
        with pytest.raises(TransitionNotAllowed) as refused:
            getattr(knowledge, verb)(article.pk, by=editor, now=NOW)
        assert refused.value.facts["allowed"] == ArticleVersion.moves_open_from(status)
        assert statuses(article) == [status]


@pytest.mark.parametrize("verb", ["submit", "send_back", "publish"])
def test_what_is_published_has_nothing_to_be_moved(editor, verb):
    with pytest.raises(knowledge.NoOpenVersion):
        getattr(knowledge, verb)(published().pk, by=editor, now=NOW)


def test_a_change_begins_a_draft_and_callers_hear_the_old_text_until_it_is_published(editor):
    article = published(title="Old", short_answer="Yes.", keywords=["a"])
    knowledge.revise(article.pk, title="New", change_note="Prices.", by=editor, now=NOW)
    knowledge.revise(article.pk, title="Newer", by=editor, now=NOW)
    first, second = article.versions.order_by("number")
    assert (first.title, first.status, second.title, second.status) == ("Old", "published", "Newer", "draft")
    assert (second.short_answer, second.keywords, second.change_note) == ("Yes.", ["a"], "Prices.")
    knowledge.submit(article.pk, by=editor, now=NOW)
    knowledge.publish(article.pk, by=editor, now=NOW)
    assert statuses(article) == ["archived", "published"]


def test_what_is_in_review_is_not_changed_under_the_reviewers_eyes(editor):
    article = written()
    knowledge.submit(article.pk, by=editor, now=NOW)
    with pytest.raises(knowledge.VersionInReview):
        knowledge.revise(article.pk, title="Other", by=editor, now=NOW)
    knowledge.revise(article.pk, owner=editor, by=editor, now=NOW)
    knowledge.send_back(article.pk, reason="Too long.", by=editor, now=NOW)
    knowledge.revise(article.pk, title="Other", by=editor, now=NOW)
    assert article.versions.get().title == "Other"


@pytest.mark.parametrize("column", ["title", "short_answer", "body", "change_note", "number", "valid_until", "published_at"])
def test_the_table_refuses_to_change_what_was_published(column):
    version = published(valid_until=WRITTEN + timedelta(days=9)).versions.get()
    other = {"number": 7, "valid_until": None, "published_at": NOW}.get(column, "other")
    with pytest.raises(ProgrammingError, match="never changed"), transaction.atomic():
        ArticleVersion.objects.filter(pk=version.pk).update(**{column: other})
    with pytest.raises(ProgrammingError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM crm_articleversion WHERE id = %s", [version.pk])
    with pytest.raises(ProgrammingError, match="never changed"), transaction.atomic():
        ArticleVersion.objects.filter(pk=version.pk).update(status="draft")


def test_what_is_archived_stays_archived():
    article = published()
    knowledge.archive(article.pk, by=None, now=NOW)
    with pytest.raises(ProgrammingError, match="never changed"), transaction.atomic():
        article.versions.update(status="published")


def test_the_table_refuses_a_second_published_and_a_second_open_version():
    article = published()
    for status in ("published", "draft"):
        fields = {"article": article, "title": "x", "status": status, "published_at": NOW}
        with pytest.raises(IntegrityError), transaction.atomic():
            ArticleVersion.objects.create(number=2, **fields)
            ArticleVersion.objects.create(number=3, **fields)


def test_archiving_takes_all_off_and_a_new_version_brings_it_back(editor):
    article = published()
    knowledge.revise(article.pk, title="New", by=editor, now=NOW)
    knowledge.archive(article.pk, reason="Sale over", by=editor, now=NOW)
    article.refresh_from_db()
    assert (statuses(article), article.is_archived) == (["archived", "archived"], True)
    assert not Article.objects.readable().exists()
    knowledge.revise(article.pk, title="Again", by=editor, now=NOW)
    knowledge.submit(article.pk, by=editor, now=NOW)
    knowledge.publish(article.pk, by=editor, now=NOW)
    article.refresh_from_db()
    assert (statuses(article), article.is_archived) == (["archived", "archived", "published"], False)


def test_going_back_makes_a_draft_of_the_old_words_without_their_dates(editor):
    article = published(title="First", valid_until=WRITTEN + timedelta(days=30), topics=[TopicFactory()])
    knowledge.revise(article.pk, title="Second", by=editor, now=NOW)
    knowledge.submit(article.pk, by=editor, now=NOW)
    knowledge.publish(article.pk, by=editor, now=NOW)
    knowledge.revert_to(article.pk, number=1, by=editor, now=NOW)
    draft = article.versions.get(status="draft")
    assert (draft.number, draft.title, draft.valid_until, draft.change_note) == (3, "First", None, "As version 1.")
    assert article.versions.get(status="published").title == "Second"
    with pytest.raises(knowledge.NoSuchVersion):
        knowledge.revert_to(article.pk, number=99, by=editor, now=NOW)


def test_nobody_who_wrote_in_a_version_publishes_it_when_the_setting_says_so(settings, editor):
    author, reviewer = UserFactory(role="back_office"), UserFactory(role="supervisor")
    article = written(by=author)
    knowledge.revise(article.pk, title="Corrected", by=editor, now=NOW)
    knowledge.submit(article.pk, by=author, now=NOW)
    settings.ARTICLES_REVIEWED_BY_ANOTHER = True
    for who in (author, editor):
        with pytest.raises(knowledge.ReviewedByItsAuthor):
            knowledge.publish(article.pk, by=who, now=NOW)
    knowledge.publish(article.pk, by=reviewer, now=NOW)
    assert article.versions.get().reviewer == reviewer


@pytest.mark.parametrize(
    "fields", [{"short_answer": " "}, {"valid_until": NOW}, {"valid_until": NOW - timedelta(days=1)}], ids=["nothing to read", "over", "long over"]
)  # fmt: skip
def test_what_cannot_be_read_to_a_caller_is_not_published(editor, fields):
    article = written(**fields)
    knowledge.submit(article.pk, by=editor, now=NOW)
    with pytest.raises(knowledge.NotFitToPublish):
        knowledge.publish(article.pk, by=editor, now=NOW)
    assert statuses(article) == ["in_review"]


def test_a_version_that_begins_later_does_not_leave_callers_without_an_answer(editor):
    article = published()
    knowledge.revise(article.pk, valid_from=NOW + timedelta(days=1), by=editor, now=NOW)
    knowledge.submit(article.pk, by=editor, now=NOW)
    with pytest.raises(knowledge.NotFitToPublish):
        knowledge.publish(article.pk, by=editor, now=NOW)
    assert statuses(article) == ["published", "in_review"]
    knowledge.publish(article.pk, by=editor, now=NOW + timedelta(days=1))


def test_one_who_saw_an_older_state_is_refused(editor):
    article = written()
    knowledge.revise(article.pk, title="New", by=editor, now=NOW)
    for verb, more in (
        (knowledge.revise, {"title": "x"}),
        (knowledge.submit, {}),
        (knowledge.archive, {}),
        (knowledge.revert_to, {"number": 1}),
    ):
        with pytest.raises(VersionConflict):
            verb(article.pk, if_version=1, by=editor, now=NOW, **more)


def test_every_step_is_remembered_on_the_article_and_on_the_version(editor):
    article = written(by=editor)
    knowledge.submit(article.pk, by=editor, now=NOW)
    knowledge.publish(article.pk, by=editor, now=NOW)
    version = article.versions.get()
    trail = AuditEvent.objects.order_by("id")
    assert [event.verb for event in trail.filter(subject_id=article.pk)] == ["write", "submit", "publish"]
    assert [event.verb for event in trail.filter(subject_id=version.pk)] == ["begin", "submit", "publish"]
    assert not any("search" in event.changes for event in trail)


VERBS = st.lists(st.sampled_from(["revise", "submit", "send_back", "publish", "archive", "revert_to"]), max_size=14)


@given(VERBS)
@settings(max_examples=40, deadline=None)
def test_whatever_is_done_in_whatever_order_there_is_one_published_and_one_open_version_at_most(verbs):
    with transaction.atomic():
        article, editor = written(slug="a"), UserFactory(role="supervisor")
        texts: dict[int, str] = {}
        for step, verb in enumerate(verbs):
            more = {"revise": {"title": f"T{step}"}, "revert_to": {"number": 1}}.get(verb, {})
            with contextlib.suppress(knowledge.NoOpenVersion, knowledge.VersionInReview, TransitionNotAllowed):
                getattr(knowledge, verb)(article.pk, by=editor, now=NOW, **more)
            rows = list(article.versions.order_by("number"))
            assert [row.number for row in rows] == list(range(1, len(rows) + 1))
            assert sum(row.status == "published" for row in rows) <= 1
            assert sum(row.status in ("draft", "in_review") for row in rows) <= 1
            for row in rows:
                if row.status in ("published", "archived"):
                    assert texts.setdefault(row.number, row.title) == row.title
        transaction.set_rollback(True)
