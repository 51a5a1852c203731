"""Articles: written, reviewed, published, taken back. What operators read to callers is always a version that somebody published."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max

from config.platform.errors import Refusal
from config.platform.history import difference, record, snapshot
from config.platform.models import AuditEvent, User
from config.platform.moves import check_version, transition
from crm import knowledge_words
from crm.models import Article, ArticleTally, ArticleVersion, Topic

TEXT = ("title", "short_answer", "body", "keywords", "valid_from", "valid_until", "change_note")
STATUS = ArticleVersion.Status


class NoOpenVersion(Refusal):
    """The article has no version that is being worked on: change it first, which begins one."""

    code = "no_open_version"
    advice = "Change the article (`PATCH /articles/{id}/`), which begins a version, then repeat this."


class VersionInReview(Refusal):
    """The new version is with its reviewer: send it back before you change it."""

    code = "version_in_review"
    advice = "Send it back first (`POST /articles/{id}/send-back/`), or wait until it is published."


class ReviewedByItsAuthor(Refusal):
    """Whoever wrote in a version may not publish it here: another one looks at it (setting ARTICLES_REVIEWED_BY_ANOTHER)."""

    code = "reviewed_by_its_author"
    advice = "Ask a colleague who did not write in this version to publish it."


class NotFitToPublish(Refusal):
    """A version needs a short answer to read aloud, must not be over already, nor leave a gap before it begins."""

    code = "not_fit_to_publish"
    advice = "Add the short answer and mend the dates of validity, as `detail` says, then publish."


class NoSuchVersion(Refusal):
    """The article has no version with this number."""

    code = "no_such_version"
    status = 400
    advice = "Choose a number of `GET /articles/{id}/versions/`."


@transaction.atomic
def write(
    *,
    slug: str,
    language: str,
    topics: Sequence[Topic] = (),
    translation_of: Article | None = None,
    by: User | None,
    now: datetime,
    **fields: Any,
) -> Article:
    """Write a new article: the article itself and its first version, a draft.

    ``fields`` are those of the article (audience, owner, review_at) and of the version (``TEXT``). ``translation_of`` puts it
    into the group of an article that says the same in another language.
    """
    text = _text(fields)
    article = Article(slug=slug, language=language, **fields)
    if translation_of is not None:
        article.group = translation_of.group
    article.save(force_insert=True)
    ArticleTally.objects.create(article=article)
    article.topics.set(topics)
    draft = _begin(article, text, by=by, now=now)
    record(article, "write", by=by, now=now, before={}, topics=_codes(topics), number=draft.number)
    return article


@transaction.atomic
def revise(article_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime, **fields: Any) -> Article:
    """Change an article. What it says is changed in its draft; one is begun from what is published if there is none.

    Raises:
        VersionConflict, VersionInReview
    """
    article = _held(article_id, if_version)
    before = snapshot(article)
    facts: dict[str, Any] = {}
    text = _text(fields)
    if "topics" in fields:
        topics = fields.pop("topics")
        facts |= difference({"topics": sorted(article.topics.values_list("code", flat=True))}, {"topics": _codes(topics)})
        article.topics.set(topics)
    if "translation_of" in fields:
        other = fields.pop("translation_of")
        article.group = other.group if other is not None else article.pk
    moved = fields.get("language", article.language) != article.language
    for name, value in fields.items():
        setattr(article, name, value)
    if text:
        facts["number"] = _draft(article, text, by=by, now=now).number
    if moved:
        for version in article.versions.alive():
            knowledge_words.index(version, article.language)
    _keep(article, "revise", before, by=by, now=now, **facts)
    return article


@transaction.atomic
def submit(article_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> Article:
    """Hand the draft to a reviewer.

    Raises:
        VersionConflict, NoOpenVersion, TransitionNotAllowed
    """
    return _move(article_id, "submit", if_version=if_version, by=by, now=now)


@transaction.atomic
def send_back(article_id: UUID, *, reason: str = "", if_version: int | None = None, by: User | None, now: datetime) -> Article:
    """Hand what is in review back to its author, with a word why.

    Raises:
        VersionConflict, NoOpenVersion, TransitionNotAllowed
    """
    return _move(article_id, "send_back", reason=reason, if_version=if_version, by=by, now=now)


@transaction.atomic
def publish(article_id: UUID, *, if_version: int | None = None, by: User, now: datetime) -> Article:
    """Publish what is in review; what was published until now goes to the archive in the same moment.

    Raises:
        VersionConflict, NoOpenVersion, TransitionNotAllowed
        ReviewedByItsAuthor: and the setting wants another one.
        NotFitToPublish: nothing to read aloud, or no longer valid.
    """
    article = _held(article_id, if_version)
    before, version = snapshot(article), _open(article)
    if version.status == STATUS.IN_REVIEW:
        _judge(version, by=by, now=now)
        for old in article.versions.filter(status=STATUS.PUBLISHED):
            with transition(ArticleVersion, old.pk, "archive", by=by, now=now, reason=f"Version {version.number} takes its place."):
                pass
    with transition(ArticleVersion, version.pk, "publish", by=by, now=now) as row:
        row.reviewer, row.published_at = by, now
    knowledge_words.remember(version)
    article.is_archived = False
    _keep(article, "publish", before, by=by, now=now, number=version.number)
    return article


@transaction.atomic
def archive(article_id: UUID, *, reason: str = "", if_version: int | None = None, by: User | None, now: datetime) -> Article:
    """Take an article off the shelf: what is published and what is being written go to the archive. A new version brings it back.

    Raises:
        VersionConflict
    """
    article = _held(article_id, if_version)
    before = snapshot(article)
    for version in article.versions.alive():
        with transition(ArticleVersion, version.pk, "archive", by=by, now=now, reason=reason):
            pass
    article.is_archived = True
    _keep(article, "archive", before, by=by, now=now, reason=reason)
    return article


@transaction.atomic
def revert_to(article_id: UUID, *, number: int, if_version: int | None = None, by: User | None, now: datetime) -> Article:
    """Make the draft say what an earlier version said. It goes the way of every draft: somebody reviews and publishes it.

    Its dates of validity are not taken over: they were of their time.

    Raises:
        VersionConflict, VersionInReview, NoSuchVersion
    """
    article = _held(article_id, if_version)
    before, old = snapshot(article), article.versions.filter(number=number).first()
    if old is None:
        raise NoSuchVersion(f"The article has no version {number}.")
    text = {name: getattr(old, name) for name in TEXT} | {"valid_from": None, "valid_until": None, "change_note": f"As version {number}."}
    draft = _draft(article, text, by=by, now=now)
    _keep(article, "revert_to", before, by=by, now=now, number=draft.number, as_version=number)
    return article


def count_use(article_id: UUID, *, used: int = 0, helpful: int = 0, unhelpful: int = 0) -> None:
    """Note that an article was used or judged (1), or that this is taken back (-1). Held for the moment of the statement's transaction."""
    ArticleTally.objects.filter(article=article_id).update(
        used=F("used") + used, helpful=F("helpful") + helpful, unhelpful=F("unhelpful") + unhelpful
    )


def _held(article_id: UUID, if_version: int | None) -> Article:
    """The article, locked: whoever changes any of its versions holds it first."""
    article = Article.objects.select_for_update(of=("self",)).get(pk=article_id)
    check_version(article, if_version)
    return article


def _keep(article: Article, verb: str, before: dict[str, Any], *, by: User | None, now: datetime, **facts: Any) -> None:
    article.version += 1
    article.save()
    record(article, verb, by=by, now=now, before=before, **facts)


def _open(article: Article) -> ArticleVersion:
    version = article.versions.filter(status__in=[STATUS.DRAFT, STATUS.IN_REVIEW]).first()
    if version is None:
        raise NoOpenVersion("Nothing new is being written for this article: change it first.")
    return version


def _move(article_id: UUID, verb: str, *, reason: str = "", if_version: int | None, by: User | None, now: datetime) -> Article:
    article = _held(article_id, if_version)
    before, version = snapshot(article), _open(article)
    with transition(ArticleVersion, version.pk, verb, by=by, now=now, reason=reason):
        pass
    _keep(article, verb, before, by=by, now=now, number=version.number, reason=reason)
    return article


def _judge(version: ArticleVersion, *, by: User, now: datetime) -> None:
    if settings.ARTICLES_REVIEWED_BY_ANOTHER and _wrote_in(version, by):
        raise ReviewedByItsAuthor("You wrote in this version: somebody else must look at it and publish it.")
    if not version.short_answer.strip():
        raise NotFitToPublish("Write a short answer first: it is what operators read aloud.")
    if version.valid_until is not None and version.valid_until <= now:
        raise NotFitToPublish("Its validity is over already: move `valid_until`, or leave it empty.")
    begins_later = version.valid_from is not None and version.valid_from > now
    if begins_later and version.article.versions.valid(now).exists():
        raise NotFitToPublish("Callers would get no answer until its `valid_from`: publish it then, or leave the date empty.")


def _wrote_in(version: ArticleVersion, user: User) -> bool:
    written = AuditEvent.objects.filter(subject_id=version.pk, verb__in=["begin", "revise"], by=user)
    return version.author_id == user.pk or written.exists()


def _draft(article: Article, text: dict[str, Any], *, by: User | None, now: datetime) -> ArticleVersion:
    """Change the draft, or begin one from what is published, or was last."""
    version = article.versions.filter(status__in=[STATUS.DRAFT, STATUS.IN_REVIEW]).first()
    if version is None:
        last = article.versions.filter(status=STATUS.PUBLISHED).first() or article.versions.order_by("-number").first()
        was = {name: getattr(last, name) for name in TEXT if name != "change_note"}
        return _begin(article, was | text, by=by, now=now)
    if version.status == STATUS.IN_REVIEW:
        raise VersionInReview(f"Version {version.number} is being reviewed: send it back first, then change it.")
    before = snapshot(version)
    for name, value in text.items():
        setattr(version, name, value)
    version.version += 1
    version.save()
    knowledge_words.index(version, article.language)
    record(version, "revise", by=by, now=now, before=before, article=article.pk)
    return version


def _begin(article: Article, text: dict[str, Any], *, by: User | None, now: datetime) -> ArticleVersion:
    last = article.versions.aggregate(last=Max("number"))["last"] or 0
    version = ArticleVersion(article=article, number=last + 1, author=by, **text)
    version.save(force_insert=True)
    knowledge_words.index(version, article.language)
    record(version, "begin", by=by, now=now, before={}, article=article.pk)
    return version


def _text(fields: dict[str, Any]) -> dict[str, Any]:
    """Take out of ``fields`` what a version says; lines end alike, whatever they were written with."""
    text = {name: fields.pop(name) for name in TEXT if name in fields}
    return text | {name: text[name].replace("\r\n", "\n") for name in ("short_answer", "body") if name in text}


def _codes(topics: Sequence[Topic]) -> list[str]:
    return sorted(topic.code for topic in topics)
