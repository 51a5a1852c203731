"""The forms in which articles come in and go out."""

from typing import Any

from rest_framework import serializers

from config.api.fields import LanguageField
from config.api.viewsets import example
from config.platform.models import User
from crm.models import Article, ArticleVersion, Topic
from crm.plain_text import plain_text

ID = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"
WRITTEN: dict[str, Any] = {
    "slug": "late-delivery",
    "audience": "customer",
    "language": "en",
    "topics": ["delivery-late"],
    "review_at": "2027-03-01T08:00:00Z",
    "title": "The courier is late",
    "short_answer": "Your parcel is on its way and will be with you by nine this evening.",
    "body": "Look at the **route** of the courier first.\n\n- more than two hours late: offer a refund of the delivery",
    "keywords": ["courier", "waiting"],
    "change_note": "New hours of delivery.",
}
SHOWN_VERSION = {
    "id": ID,
    "number": 3,
    "status": "published",
    "title": WRITTEN["title"],
    "short_answer": WRITTEN["short_answer"],
    "keywords": WRITTEN["keywords"],
    "valid_from": None,
    "valid_until": None,
    "change_note": WRITTEN["change_note"],
    "author": ID,
    "author_name": "Мельник Галина Юрьевна",
    "reviewer": ID,
    "reviewer_name": "Орлов Сергей Викторович",
    "published_at": "2026-11-23T07:00:00Z",
    "created_at": "2026-11-22T07:00:00Z",
}
SHOWN = {
    "id": ID,
    "slug": "late-delivery",
    "group": ID,
    "audience": "customer",
    "language": "en",
    "topics": ["delivery-late"],
    "owner": None,
    "review_at": "2027-03-01T08:00:00Z",
    "is_archived": False,
    "shown": SHOWN_VERSION,
    "open_number": None,
    "open_status": None,
    "created_at": "2026-11-22T07:00:00Z",
    "updated_at": "2026-11-23T07:00:00Z",
    "version": 4,
}
PIECES = [{"text": "The ", "is_match": False}, {"text": "courier", "is_match": True}, {"text": " is late", "is_match": False}]


class TopicsField(serializers.ListField):
    """Codes of topics."""

    child = serializers.SlugRelatedField(slug_field="code", queryset=Topic.objects.all())

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=20, help_text="Codes; `GET /topics/` lists them.", **kwargs)


@example(SHOWN_VERSION, request=False)
class VersionSerializer(serializers.ModelSerializer):
    author_name = serializers.SerializerMethodField()
    reviewer_name = serializers.SerializerMethodField()

    class Meta:
        model = ArticleVersion
        fields = [
            "id", "number", "status", "title", "short_answer", "keywords", "valid_from", "valid_until", "change_note", "author",
            "author_name", "reviewer", "reviewer_name", "published_at", "created_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_author_name(self, version: ArticleVersion) -> str:
        return str(version.author) if version.author else ""

    def get_reviewer_name(self, version: ArticleVersion) -> str:
        return str(version.reviewer) if version.reviewer else ""


@example(SHOWN_VERSION | {"body": WRITTEN["body"], "text": "Look at the route of the courier first."}, request=False)
class WholeVersionSerializer(VersionSerializer):
    text = serializers.SerializerMethodField(help_text="The body as plain text.")

    class Meta(VersionSerializer.Meta):
        fields = [*VersionSerializer.Meta.fields, "body", "text"]
        read_only_fields = fields

    def get_text(self, version: ArticleVersion) -> str:
        return plain_text(version.body)


class PieceSerializer(serializers.Serializer):
    text = serializers.CharField()
    is_match = serializers.BooleanField()


@example(SHOWN | {"snippet": PIECES}, request=False)
class ArticleSerializer(serializers.ModelSerializer):
    """An article in a list: without the body. ``shown`` is the published version, for editors the open one where none is published."""

    topics = serializers.SerializerMethodField(help_text="Their codes.")
    shown = serializers.SerializerMethodField()
    open_number = serializers.SerializerMethodField(help_text="Of the version that is being written or reviewed; for editors.")
    open_status = serializers.SerializerMethodField()
    snippet = serializers.SerializerMethodField(
        help_text="With `search`: where the words stand. Plain text in pieces: escape it, mark what matches."
    )

    class Meta:
        model = Article
        fields = [
            "id", "slug", "group", "audience", "language", "topics", "owner", "review_at", "is_archived", "shown", "open_number",
            "open_status", "created_at", "updated_at", "version", "snippet",
        ]  # fmt: skip
        read_only_fields = fields

    @property
    def sees_drafts(self) -> bool:
        return bool(self.context.get("sees_drafts"))

    def chosen(self, article: Article) -> ArticleVersion | None:
        """The version that is shown: the one asked for, the published one, for editors else the open one, or the last."""
        asked: ArticleVersion | None = self.context.get("version")
        if asked is not None:
            return asked
        alive = sorted(article.alive_versions, key=lambda version: version.status != ArticleVersion.Status.PUBLISHED)
        if alive:
            return alive[0] if self.sees_drafts or alive[0].status == ArticleVersion.Status.PUBLISHED else None
        return None

    def get_topics(self, article: Article) -> list[str]:
        return sorted(topic.code for topic in article.topics.all())

    def get_shown(self, article: Article) -> VersionSerializer(allow_null=True):  # type: ignore[valid-type]
        version = self.chosen(article)
        return VersionSerializer(version).data if version else None

    def _open(self, article: Article) -> ArticleVersion | None:
        found = (one for one in article.alive_versions if one.status != ArticleVersion.Status.PUBLISHED)
        return next(found, None) if self.sees_drafts else None

    def get_open_number(self, article: Article) -> int | None:
        version = self._open(article)
        return version.number if version else None

    def get_open_status(self, article: Article) -> str | None:
        version = self._open(article)
        return version.status if version else None

    def get_snippet(self, article: Article) -> PieceSerializer(many=True, allow_null=True):  # type: ignore[valid-type]
        return self.context.get("snippets", {}).get(article.pk)


@example(SHOWN | {"shown": SHOWN_VERSION | {"body": WRITTEN["body"], "text": "Look at the route of the courier first."}}, request=False)
class WholeArticleSerializer(ArticleSerializer):
    """An article with the whole text of one version."""

    class Meta(ArticleSerializer.Meta):
        fields = [name for name in ArticleSerializer.Meta.fields if name != "snippet"]
        read_only_fields = fields

    snippet = None

    def get_shown(self, article: Article) -> WholeVersionSerializer(allow_null=True):  # type: ignore[valid-type]
        version = self.chosen(article)
        return WholeVersionSerializer(version).data if version else None


class TextBody(serializers.Serializer):
    """What a version says."""

    title = serializers.CharField(max_length=200)
    short_answer = serializers.CharField(max_length=600, required=False, allow_blank=True, help_text="Read aloud as it stands.")
    body = serializers.CharField(
        max_length=50_000, required=False, allow_blank=True, help_text="Markdown. Raw HTML is text: never render it as HTML."
    )
    keywords = serializers.ListField(
        child=serializers.CharField(max_length=50), required=False, max_length=50, help_text="Words that callers say and the text does not."
    )
    valid_from = serializers.DateTimeField(required=False, allow_null=True, help_text="Not shown before.")
    valid_until = serializers.DateTimeField(required=False, allow_null=True, help_text="Not shown from then on.")
    change_note = serializers.CharField(max_length=300, required=False, allow_blank=True)


@example(WRITTEN)
class ArticleBody(TextBody):
    slug = serializers.SlugField(max_length=80)
    audience = serializers.ChoiceField(choices=Article.Audience.choices, required=False)
    language = LanguageField()
    topics = TopicsField(required=False)
    owner = serializers.PrimaryKeyRelatedField(queryset=User.objects.filter(is_active=True), required=False, allow_null=True)
    review_at = serializers.DateTimeField(required=False, allow_null=True, help_text="When somebody must look whether it is still true.")
    translation_of = serializers.PrimaryKeyRelatedField(
        queryset=Article.objects.all(), required=False, allow_null=True, help_text="An article that says the same in another language."
    )


@example({"reason": "The dates of the sale are missing."})
class ReasonBody(serializers.Serializer):
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


@example({"number": 2})
class RevertBody(serializers.Serializer):
    number = serializers.IntegerField(min_value=1, max_value=1_000_000, help_text="Of the version whose words come back.")
