"""Recipes of the knowledge base."""

from django.utils import timezone

from calls import unanswered
from config.platform.models import Role
from crm import knowledge
from tests.contract.recipes.asked import Asked, recipe
from tests.factories.calls import CallFactory
from tests.factories.crm import ContactFactory, TopicFactory
from tests.factories.knowledge import WRITTEN, published, question, used, written
from tests.factories.platform import UserFactory


@recipe("articles_list")
def _listed() -> Asked:
    published(topics=[TopicFactory()]), written()
    return Asked()


@recipe("articles_retrieve", "articles_versions")
def _read() -> Asked:
    return Asked(published(topics=[TopicFactory()]))


@recipe("articles_create")
def _write() -> Asked:
    body = {"slug": "late", "language": "en-PH", "title": "Late", "short_answer": "Today.", "body": "**Today**", "keywords": ["when"]}
    return Asked(body=body | {"topics": [TopicFactory().code], "translation_of": str(published(language="fil").pk)})


@recipe("articles_partial_update")
def _revise() -> Asked:
    return Asked(published(), {"title": "Later", "valid_until": "2030-01-01T00:00:00+08:00", "topics": []})


@recipe("articles_submit")
def _submit() -> Asked:
    return Asked(written())


def in_review():
    article = written()
    return knowledge.submit(article.pk, by=None, now=WRITTEN)


@recipe("articles_publish")
def _publish() -> Asked:
    return Asked(in_review())


@recipe("articles_send_back")
def _send_back() -> Asked:
    return Asked(in_review(), {"reason": "Too long to read aloud."})


@recipe("articles_archive")
def _archive() -> Asked:
    return Asked(published(), {"reason": "The sale is over."})


@recipe("articles_revert_to")
def _revert() -> Asked:
    return Asked(published(), {"number": 1})


# --- answers on calls
@recipe("calls_answers")
def _ready() -> Asked:
    topic = TopicFactory()
    published(topics=[topic])
    call = CallFactory(contact=ContactFactory(language="ru"))
    call.topics.add(topic)
    return Asked(call, query={"language": "en"})


@recipe("articles_answers")
def _ready_for_nobody() -> Asked:
    topic = TopicFactory()
    published(topics=[topic])
    return Asked(query={"topic": topic.code, "contact": str(ContactFactory().pk), "queue": "support"})


@recipe("calls_answered")
def _answered() -> Asked:
    return Asked(CallFactory(), {"article": str(published().pk), "helpful": True, "key": 3})


@recipe("article_uses_create")
def _use() -> Asked:
    return Asked(body={"article": str(published().pk), "topic": TopicFactory().code})


@recipe("article_uses_list", "reports_most_asked")
def _uses() -> Asked:
    used(helpful=True, topic=TopicFactory())
    return Asked()


@recipe("article_uses_retrieve")
def _one_use() -> Asked:
    return Asked(used())


@recipe("article_uses_partial_update")
def _judge() -> Asked:
    return Asked(used(), {"helpful": False})


@recipe("unanswered_questions_create")
def _tell() -> Asked:
    return Asked(body={"text": "Can I pay with shells?", "topic": TopicFactory().code, "call": str(CallFactory().pk), "language": "en"})


@recipe("unanswered_questions_list", "reports_unanswered")
def _questions() -> Asked:
    question(topic=TopicFactory())
    return Asked()


@recipe("unanswered_questions_retrieve")
def _one_question() -> Asked:
    return Asked(question())


@recipe("unanswered_questions_answer")
def _answer() -> Asked:
    return Asked(question(), {"article": str(published().pk)})


@recipe("unanswered_questions_dismiss")
def _dismiss() -> Asked:
    return Asked(question(), {"reason": "A joke."})


@recipe("unanswered_questions_reopen")
def _reopen() -> Asked:
    row = question()
    unanswered.dismiss(row.pk, by=UserFactory(role=Role.SUPERVISOR), now=timezone.now())
    return Asked(row)
