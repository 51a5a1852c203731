"""Recipes of the knowledge base."""

from crm import knowledge
from tests.contract.recipes.asked import Asked, recipe
from tests.factories.crm import TopicFactory
from tests.factories.knowledge import WRITTEN, published, written


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
