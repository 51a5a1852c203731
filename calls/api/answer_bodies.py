"""The forms of ready answers, of their use, and of questions without an answer."""

from typing import Any

from rest_framework import serializers

from calls.models import ArticleUse, Call, UnansweredQuestion
from config.api.fields import LanguageField
from config.api.viewsets import example
from crm.models import Article, Topic

ID = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"
ANSWER = {
    "key": 1,
    "article": ID,
    "slug": "late-delivery",
    "number": 3,
    "language": "en",
    "audience": "customer",
    "title": "The courier is late",
    "short_answer": "Your parcel is on its way and will be with you by nine this evening.",
    "score": 4.8,
    "why": ["topic", "queue", "language"],
    "uses": {"count": 128, "helpful": 90, "unhelpful": 4},
}
USE = {
    "id": ID,
    "call": ID,
    "article": ID,
    "slug": "late-delivery",
    "number": 3,
    "title": "The courier is late",
    "agent": ID,
    "at": "2026-11-23T07:15:00Z",
    "helpful": True,
    "queue": "support",
    "topic": "delivery-late",
    "key": 1,
    "version": 1,
}
QUESTION = {
    "id": ID,
    "status": "open",
    "text": "Can I pay with a gift card?",
    "language": "en",
    "topic": "billing",
    "asked_count": 7,
    "first_asked_at": "2026-11-20T07:15:00Z",
    "last_asked_at": "2026-11-23T07:15:00Z",
    "article": None,
    "version": 7,
}


class TopicField(serializers.SlugRelatedField):
    """A topic by its code."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "Code of a topic.")
        super().__init__(slug_field="code", queryset=Topic.objects.all(), required=False, allow_null=True, **kwargs)


class UsesSerializer(serializers.Serializer):
    count = serializers.IntegerField(help_text="How often it was read to callers, ever.")
    helpful = serializers.IntegerField()
    unhelpful = serializers.IntegerField()


class ReadyAnswerSerializer(serializers.Serializer):
    key = serializers.IntegerField(min_value=1, max_value=9, help_text="The key that reads it.")
    article = serializers.UUIDField()
    slug = serializers.CharField()
    number = serializers.IntegerField(help_text="Of the version.")
    language = serializers.CharField()
    audience = serializers.ChoiceField(choices=Article.Audience.choices)
    title = serializers.CharField()
    short_answer = serializers.CharField(help_text="To be read aloud as it stands.")
    score = serializers.FloatField(help_text="What the order follows.")
    why = serializers.ListField(child=serializers.CharField(), help_text="topic, queue, language; or used: one of those read most of all.")
    uses = UsesSerializer()


@example({"language": "en", "topics": ["delivery-late"], "results": [ANSWER]}, request=False)
class ReadyAnswersSerializer(serializers.Serializer):
    language = serializers.CharField(allow_blank=True, help_text="The caller's, as far as it is known.")
    topics = serializers.ListField(child=serializers.CharField(), help_text="Of the call, or those asked for: codes.")
    results = ReadyAnswerSerializer(many=True)


@example({"article": ID, "key": 1})
class UseBody(serializers.Serializer):
    article = serializers.UUIDField(help_text="Its id, as ready answers and searches give it.")
    helpful = serializers.BooleanField(required=False, allow_null=True, default=None)
    key = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=1, max_value=9, help_text="That was pressed.")
    topic = TopicField(default=None, help_text="Code of the topic it was about; else one of the call's.")


@example(USE, request=False)
class UseSerializer(serializers.ModelSerializer):
    slug = serializers.CharField(source="article.slug", read_only=True)
    number = serializers.IntegerField(source="article_version.number", read_only=True)
    title = serializers.CharField(source="article_version.title", read_only=True)
    topic = serializers.CharField(source="topic.code", read_only=True, allow_null=True, default=None)

    class Meta:
        model = ArticleUse
        fields = ["id", "call", "article", "slug", "number", "title", "agent", "at", "helpful", "queue", "topic", "key", "version"]
        read_only_fields = fields


@example({"helpful": True})
class HelpfulBody(serializers.Serializer):
    helpful = serializers.BooleanField(allow_null=True, help_text="null takes the word back.")


@example(QUESTION, request=False)
class QuestionSerializer(serializers.ModelSerializer):
    topic = serializers.CharField(source="topic.code", read_only=True, allow_null=True, default=None)

    class Meta:
        model = UnansweredQuestion
        fields = [
            "id", "status", "text", "language", "topic", "asked_count", "first_asked_at", "last_asked_at", "article", "version",
        ]  # fmt: skip
        read_only_fields = fields


@example({"text": QUESTION["text"], "topic": "billing", "call": ID, "language": "en"})
class QuestionBody(serializers.Serializer):
    text = serializers.CharField(max_length=300)
    language = LanguageField(required=False, allow_blank=True, default="")
    topic = TopicField(default=None)
    call = serializers.PrimaryKeyRelatedField(queryset=Call.objects.all(), required=False, allow_null=True, default=None)


@example({"article": ID})
class AnsweredByBody(serializers.Serializer):
    article = serializers.PrimaryKeyRelatedField(queryset=Article.objects.all())


@example({"reason": "A joke."})
class QuestionDismissBody(serializers.Serializer):
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class MostAskedRowSerializer(serializers.Serializer):
    """An article, or a topic: the members of the other one are left out."""

    article = serializers.UUIDField(required=False)
    slug = serializers.CharField(required=False)
    title = serializers.CharField(required=False)
    language = serializers.CharField(required=False)
    topic = serializers.CharField(required=False, allow_null=True, help_text="Its code; null: no topic was known.")
    topic_name = serializers.CharField(required=False, allow_null=True)
    uses = serializers.IntegerField()
    calls = serializers.IntegerField(help_text="On how many calls.")
    helpful = serializers.IntegerField()
    unhelpful = serializers.IntegerField()
    helpful_share = serializers.FloatField(allow_null=True, help_text="0 to 1, of those who said anything; null: nobody did.")


class IntervalSerializer(serializers.Serializer):
    since = serializers.DateTimeField(help_text="The first moment that counts.")
    until = serializers.DateTimeField(help_text="The first that counts no more.")
    time_zone = serializers.CharField()


MOST = {"uses": 128, "calls": 120, "helpful": 90, "unhelpful": 4, "helpful_share": 0.957}
BETWEEN = {"since": "2026-11-01T00:00:00+03:00", "until": "2026-11-24T00:00:00+03:00", "time_zone": "Europe/Moscow"}


@example(BETWEEN | {"results": [{"article": ID, "slug": "late-delivery", "title": "Late", "language": "en"} | MOST]}, request=False)
class MostAskedSerializer(IntervalSerializer):
    results = MostAskedRowSerializer(many=True)


class UnansweredRowSerializer(serializers.Serializer):
    question = serializers.UUIDField()
    text = serializers.CharField()
    language = serializers.CharField(allow_blank=True)
    status = serializers.ChoiceField(choices=UnansweredQuestion.Status.choices)
    article = serializers.UUIDField(allow_null=True)
    topic = serializers.CharField(allow_null=True, help_text="Code.")
    asked = serializers.IntegerField(help_text="In this interval.")
    calls = serializers.IntegerField(help_text="On how many calls; searches outside of calls count none.")
    people = serializers.IntegerField(help_text="By how many of us.")
    first_asked_at = serializers.DateTimeField()
    last_asked_at = serializers.DateTimeField()


ASKED = {name: QUESTION[name] for name in ("text", "language", "status", "article", "topic", "first_asked_at", "last_asked_at")}


@example(BETWEEN | {"results": [ASKED | {"question": ID, "asked": 7, "calls": 5, "people": 3}]}, request=False)
class UnansweredSerializer(IntervalSerializer):
    results = UnansweredRowSerializer(many=True)
