"""Articles as they stand after somebody wrote and published them: through the doors, so that they are found."""

from datetime import UTC, datetime
from typing import Any

import factory

from config.platform.models import Role
from crm import knowledge
from crm.models import Article, ArticleTally, ArticleVersion, ArticleWord
from tests.factories.platform import UserFactory

WRITTEN = datetime(2026, 11, 1, 9, tzinfo=UTC)


def written(**fields: Any) -> Article:
    """An article with a draft."""
    number = Article.objects.count()
    given = {"slug": f"article-{number}", "language": "en", "title": f"Question {number}", "short_answer": f"Answer {number}."}
    by, now = fields.pop("by", None) or UserFactory(role=Role.SUPERVISOR), fields.pop("now", WRITTEN)
    return knowledge.write(**given | fields, by=by, now=now)


def published(**fields: Any) -> Article:
    """An article whose first version operators may read."""
    now = fields.get("now", WRITTEN)
    article = written(**fields)
    by = fields.get("by") or UserFactory(role=Role.SUPERVISOR)
    knowledge.submit(article.pk, by=by, now=now)
    knowledge.publish(article.pk, by=by, now=now)
    article.refresh_from_db()
    return article


class ArticleFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Article

    @classmethod
    def _create(cls, model_class: type[Article], *args: Any, **fields: Any) -> Article:
        return published(**fields)


class ArticleVersionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ArticleVersion

    @classmethod
    def _create(cls, model_class: type[ArticleVersion], *args: Any, **fields: Any) -> ArticleVersion:
        return published(**fields).versions.get()


class ArticleTallyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ArticleTally

    @classmethod
    def _create(cls, model_class: type[ArticleTally], *args: Any, **fields: Any) -> ArticleTally:
        return written().tally


class ArticleWordFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ArticleWord

    word = factory.Sequence(lambda n: f"word{n}")
