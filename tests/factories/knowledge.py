"""Articles as they stand after somebody wrote and published them: through the doors, so that they are found."""

from datetime import UTC, datetime
from typing import Any

import factory
from django.utils import timezone

from calls import answers, unanswered
from calls.models import ArticleUse, QuestionAsked, UnansweredQuestion
from config.platform.models import Role
from crm import knowledge
from crm.models import Article, ArticleTally, ArticleVersion, ArticleWord
from tests.factories.calls import CallFactory
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


def used(**fields: Any) -> ArticleUse:
    """An article that was read to a caller; on a call of its own unless ``call`` is given."""
    article = fields.pop("article", None) or published()
    call = fields.pop("call") if "call" in fields else CallFactory(queue="support")
    given = {"by": UserFactory(), "now": timezone.now()} | fields
    return answers.use(article.pk, call_id=call.pk if call else None, **given)[0]


def question(**fields: Any) -> UnansweredQuestion:
    """Something that was asked and not answered."""
    given = {"text": f"Is there a discount number {UnansweredQuestion.objects.count()}?", "by": UserFactory(), "now": timezone.now()}
    return unanswered.tell(**given | fields)


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


class ArticleUseFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ArticleUse

    @classmethod
    def _create(cls, model_class: type[ArticleUse], *args: Any, **fields: Any) -> ArticleUse:
        return used(**fields)


class UnansweredQuestionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = UnansweredQuestion

    @classmethod
    def _create(cls, model_class: type[UnansweredQuestion], *args: Any, **fields: Any) -> UnansweredQuestion:
        return question(**fields)


class QuestionAskedFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = QuestionAsked

    @classmethod
    def _create(cls, model_class: type[QuestionAsked], *args: Any, **fields: Any) -> QuestionAsked:
        return question(call=CallFactory()).times.get()
