from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now
from uuid_utils.compat import uuid7

from config.platform.models import LEADERS, Role, Row, User
from config.platform.moves import Movable, Move

EDITORS = (*LEADERS, Role.BACK_OFFICE)


class ArticleQuerySet(models.QuerySet["Article"]):
    def visible_to(self, user: User) -> "ArticleQuerySet":
        """Editors see all; operators what may be read to a caller today; integrations of that only what is meant for customers."""
        if user.role in EDITORS:
            return self
        rows = self.readable()
        return rows.filter(audience=Article.Audience.CUSTOMER) if user.role == Role.INTEGRATION else rows

    def readable(self) -> "ArticleQuerySet":
        """Those that have a published version which is valid now."""
        return self.filter(Exists(ArticleVersion.objects.valid(Now()).filter(article=OuterRef("pk"))))

    def for_api(self) -> "ArticleQuerySet":
        """With topics and the versions that are shown or worked on, in a fixed number of queries."""
        alive = ArticleVersion.objects.alive().select_related("author", "reviewer")
        return self.prefetch_related("topics", models.Prefetch("versions", queryset=alive, to_attr="alive_versions"))


class Article(Row):
    """An answer that is given again and again. What it says is in its versions; this is what holds for all of them.

    Articles that say the same in other languages share a ``group``.
    """

    class Audience(models.TextChoices):
        AGENT = "agent", "For operators"
        CUSTOMER = "customer", "May be shown to customers"

    slug = models.SlugField(max_length=80, unique=True, error_messages={"unique": "There is an article with this slug already."})
    group = models.UUIDField(default=uuid7, editable=False, help_text="Shared by translations of one another.")
    audience = models.CharField(max_length=10, choices=Audience, default=Audience.AGENT)
    language = models.CharField(max_length=12, help_text="BCP 47, for instance ru or en-PH.")
    topics = models.ManyToManyField("crm.Topic", blank=True, related_name="articles")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="owned_articles")
    review_at = models.DateTimeField(null=True, blank=True, help_text="When somebody must look whether it is still true.")
    is_archived = models.BooleanField(default=False, editable=False, help_text="Taken off the shelf as a whole.")

    alive_versions: "list[ArticleVersion]"
    objects = ArticleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="article_audience_is_known", condition=Q(audience__in=["agent", "customer"])),
            models.CheckConstraint(name="article_has_a_language", condition=~Q(language="")),
            models.UniqueConstraint(
                name="one_article_per_language_of_a_group",
                fields=["group", "language"],
                violation_error_message="The article has a translation in this language already.",
            ),
        ]
        indexes = [
            models.Index(fields=["audience", "-id"], name="article_audience"),
            models.Index(fields=["language", "-id"], name="article_language"),
            models.Index(fields=["owner", "-id"], name="article_owner", condition=~Q(owner=None)),
            models.Index(fields=["review_at", "id"], name="article_review", condition=Q(is_archived=False) & ~Q(review_at=None)),
            models.Index(fields=["updated_at", "id"], name="article_changed"),
        ]

    def __str__(self) -> str:
        return self.slug


class ArticleTally(models.Model):
    """How often an article was read to callers, and whether it helped. Apart from the article, so that counting holds nobody up."""

    article = models.OneToOneField(Article, on_delete=models.CASCADE, primary_key=True, related_name="tally")
    used = models.PositiveIntegerField(default=0)
    helpful = models.PositiveIntegerField(default=0)
    unhelpful = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(name="article_is_judged_no_more_often_than_used", condition=Q(used__gte=F("helpful") + F("unhelpful")))
        ]
        indexes = [models.Index(fields=["-used", "article"], name="article_most_used")]

    def __str__(self) -> str:
        return f"{self.used}"


class ArticleVersionQuerySet(models.QuerySet["ArticleVersion"]):
    def valid(self, now: Any) -> "ArticleVersionQuerySet":
        """Published, and within its dates at ``now``."""
        return self.filter(
            Q(valid_from=None) | Q(valid_from__lte=now),
            Q(valid_until=None) | Q(valid_until__gt=now),
            status="published",
        )

    def alive(self) -> "ArticleVersionQuerySet":
        """The one that is published and the one that is worked on."""
        return self.filter(status__in=["draft", "in_review", "published"])


class ArticleVersionManager(models.Manager.from_queryset(ArticleVersionQuerySet)):  # type: ignore[misc]
    """Never reads the search columns: they are as large as the text, and only the database looks at them."""

    def get_queryset(self) -> ArticleVersionQuerySet:
        return super().get_queryset().defer("search", "head")


class ArticleVersion(Movable):
    """What an article says from one publication to the next. Once published it is never changed: a trigger of the table refuses it."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        IN_REVIEW = "in_review", "In review"
        PUBLISHED = "published", "Published"
        ARCHIVED = "archived", "Archived"

    MOVES = {
        "submit": Move(frozenset({Status.DRAFT}), Status.IN_REVIEW),
        "send_back": Move(frozenset({Status.IN_REVIEW}), Status.DRAFT),
        "publish": Move(frozenset({Status.IN_REVIEW}), Status.PUBLISHED),
        "archive": Move(frozenset({Status.DRAFT, Status.IN_REVIEW, Status.PUBLISHED}), Status.ARCHIVED),
    }

    article = models.ForeignKey(Article, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    title = models.CharField(max_length=200)
    short_answer = models.CharField(max_length=600, blank=True, help_text="Read aloud as it stands.")
    body = models.TextField(blank=True, help_text="Markdown. Raw HTML in it is text, not markup.")
    keywords = ArrayField(
        models.CharField(max_length=50), default=list, blank=True, help_text="Words that callers say and the text does not."
    )
    valid_from = models.DateTimeField(null=True, blank=True, help_text="Empty: from its publication.")
    valid_until = models.DateTimeField(null=True, blank=True, help_text="Empty: until another version takes its place.")
    change_note = models.CharField(max_length=300, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(null=True, editable=False)
    # Written by crm.knowledge_words and nobody else. The head (title, keywords, short answer) is small and asked first.
    head = SearchVectorField(null=True, editable=False)
    search = SearchVectorField(null=True, editable=False)

    objects = ArticleVersionManager()

    class Meta:
        verbose_name = "version of an article"
        verbose_name_plural = "versions of articles"
        constraints = [
            models.UniqueConstraint(fields=["article", "number"], name="article_versions_are_numbered"),
            models.UniqueConstraint(
                fields=["article"],
                condition=Q(status="published"),
                name="one_published_version_per_article",
                violation_error_message="Another version was published at this moment.",
            ),
            models.UniqueConstraint(
                fields=["article"],
                condition=Q(status__in=["draft", "in_review"]),
                name="one_open_version_per_article",
                violation_error_message="Somebody else began a new version at this moment.",
            ),
            models.CheckConstraint(
                name="article_version_status_is_known", condition=Q(status__in=["draft", "in_review", "published", "archived"])
            ),
            models.CheckConstraint(
                name="article_version_has_a_title", condition=~Q(title=""), violation_error_message="An article needs a title."
            ),
            models.CheckConstraint(
                name="article_ends_after_it_begins",
                condition=Q(valid_from=None) | Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
                violation_error_message="It is valid until a time before it is valid from.",
            ),
            models.CheckConstraint(name="published_has_its_time", condition=~Q(status="published") | Q(published_at__isnull=False)),
        ]
        indexes = [
            GinIndex(fields=["head"], name="article_version_head", condition=Q(status__in=["draft", "in_review", "published"])),
            GinIndex(fields=["search"], name="article_version_search", condition=Q(status__in=["draft", "in_review", "published"])),
            models.Index(fields=["status", "article"], name="article_version_open", condition=Q(status__in=["draft", "in_review"])),
        ]

    def __str__(self) -> str:
        return self.title


class ArticleWord(models.Model):
    """Every folded word that articles hold, once: where a mistyped word finds the one that was meant."""

    word = models.CharField(max_length=60, primary_key=True)

    class Meta:
        indexes = [GinIndex(OpClass("word", name="gin_trgm_ops"), name="article_word_trigrams")]

    def __str__(self) -> str:
        return self.word
