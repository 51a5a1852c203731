"""The forms in which surveys, their versions and responses go out and come in."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from calls.models import Call
from campaigns.models import Attempt, Question, Survey, SurveyResponse, SurveyVersion
from campaigns.surveys import checking, ways
from config.api.fields import LanguageField, OriginField
from config.api.viewsets import example
from config.platform.models import LEADERS, Role
from crm.api.contact_ids import ContactField
from crm.api.script_bodies import ChoiceSerializer, ConditionField, RuleSerializer
from crm.models import Department, Topic

ID = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"
WHEN = "2026-11-30T07:15:00Z"
SURVEY: dict[str, Any] = {
    "code": "after-delivery",
    "name": "After the delivery",
    "about": "Every tenth buyer, a week after the parcel came.",
    "language": "en",
    "is_active": True,
}
QUESTIONS: list[dict[str, Any]] = [
    {
        "key": "recommend", "kind": "nps", "text": "Would you recommend us to a friend?", "hint": "", "is_required": True, "choices": [],
        "low": None, "high": None, "low_label": "Not at all", "high_label": "Surely",
        "next": [{"when": {"field": "answer", "at_most": 6}, "goto": "why"}, {"when": None, "goto": "end"}],
    },
    {
        "key": "why", "kind": "multi", "text": "What was wrong?", "hint": "Read them all out.", "is_required": False,
        "choices": [{"value": "price", "label": "The price"}, {"value": "time", "label": "It took long"}],
        "low": None, "high": None, "low_label": "", "high_label": "", "next": [],
    },
]  # fmt: skip
QUOTA: dict[str, Any] = {"name": "Detractors", "condition": {"field": "answers.recommend", "at_most": 6}, "most": 200}
VERSION: dict[str, Any] = {
    "id": ID, "survey": ID, "number": 2, "status": "draft", "comment": "Asks why.", "greeting": "We have two questions.",
    "thanks": "Thank you!", "published_at": None, "retired_at": None, "created_at": WHEN, "updated_at": WHEN, "questions": QUESTIONS,
    "quotas": [QUOTA | {"taken": 0}], "version": 1,
}  # fmt: skip
ASKED: dict[str, Any] = {
    "key": "why", "kind": "multi", "text": "What was wrong?", "hint": "Read them all out.", "is_required": False,
    "choices": [{"value": "price", "label": "The price"}, {"value": "time", "label": "It took long"}],
    "low": None, "high": None, "low_label": "", "high_label": "",
}  # fmt: skip
RESPONSE: dict[str, Any] = {
    "id": ID, "survey": ID, "survey_version": ID, "state": "partial", "contact": ID, "attempt": ID, "campaign": ID, "call": None,
    "agent": ID, "topic": "delivery", "department": None, "origin": {"kind": "attempt", "id": ID}, "path": ["recommend", "why"],
    "started_at": WHEN, "ended_at": None, "seconds": None, "reason": "", "greeting": "We have two questions.", "thanks": "Thank you!",
    "question": ASKED, "answered": 1, "left_at_most": 1,
    "answers": [{"question": "recommend", "value": 4, "is_counted": True, "at": WHEN}],
    "open_moves": ["answer", "break_off", "find_ineligible", "go_back", "refuse"], "created_at": WHEN, "updated_at": WHEN, "version": 2,
}  # fmt: skip


@extend_schema_field(
    {
        "nullable": True,
        "oneOf": [{"type": "string"}, {"type": "number"}, {"type": "array", "items": {"type": "string"}}],
    }
)
class AnswerField(serializers.JSONField):
    """A text, a number, a list of values of choices, a date as YYYY-MM-DD; null passes the question over."""


class VersionOfSurveySerializer(serializers.ModelSerializer):
    class Meta:
        model = SurveyVersion
        fields = ["id", "number", "published_at"]
        read_only_fields = fields


@example(
    {"id": ID, **SURVEY, "published_version": {"id": ID, "number": 1, "published_at": WHEN}, "draft_version": None, "version": 1},
    request=False,
)
class SurveySerializer(serializers.ModelSerializer):
    published_version = serializers.SerializerMethodField(help_text="The one in use.")
    draft_version = serializers.SerializerMethodField(help_text="The one being written; only for those who may write.")

    class Meta:
        model = Survey
        fields = ["id", "code", "name", "about", "language", "is_active", "published_version", "draft_version", "version"]
        read_only_fields = fields

    def get_published_version(self, row: Survey) -> VersionOfSurveySerializer(allow_null=True):  # type: ignore[valid-type]
        return self._version(row, SurveyVersion.Status.PUBLISHED)

    def get_draft_version(self, row: Survey) -> VersionOfSurveySerializer(allow_null=True):  # type: ignore[valid-type]
        writes = self.context["request"].user.role in (*LEADERS, Role.INTEGRATION)
        return self._version(row, SurveyVersion.Status.DRAFT) if writes else None

    def _version(self, row: Survey, status: str) -> Any:
        found = next((version for version in row.versions.all() if version.status == status), None)
        return VersionOfSurveySerializer(found).data if found else None


@example(SURVEY)
class SurveyBody(serializers.ModelSerializer):
    language = LanguageField(required=False)

    class Meta:
        model = Survey
        fields = ["code", "name", "about", "language", "is_active"]
        validators: list[object] = []  # the table's own constraints answer


class SurveyAskedQuestionSerializer(serializers.ModelSerializer):
    """What the operator reads out."""

    choices = ChoiceSerializer(many=True)
    low = serializers.SerializerMethodField(help_text="The least number that is an answer: of NPS, CSAT and CES the scale's own.")
    high = serializers.SerializerMethodField(help_text="The greatest number that is an answer.")

    class Meta:
        model = Question
        fields = ["key", "kind", "text", "hint", "is_required", "choices", "low", "high", "low_label", "high_label"]
        read_only_fields = fields

    def get_low(self, row: Question) -> int | None:
        return checking.range_of(row)[0]

    def get_high(self, row: Question) -> int | None:
        return checking.range_of(row)[1]


class SurveyQuestionSerializer(serializers.Serializer):
    key = serializers.SlugField(max_length=50, help_text="Neither `end` nor `ineligible`: those are ends that rules may lead to.")
    kind = serializers.ChoiceField(choices=Question.Kind.choices)
    text = serializers.CharField(max_length=2000, allow_blank=True)
    hint = serializers.CharField(max_length=300, allow_blank=True, default="", help_text="For the operator.")
    is_required = serializers.BooleanField(default=True, help_text="It cannot be passed over.")
    choices = ChoiceSerializer(many=True, default=list, max_length=50, help_text="Of single and multi.")
    low = serializers.IntegerField(min_value=-(2**31), max_value=2**31 - 1, allow_null=True, default=None, help_text="Of scale and number.")
    high = serializers.IntegerField(
        min_value=-(2**31), max_value=2**31 - 1, allow_null=True, default=None, help_text="Of scale and number."
    )
    low_label = serializers.CharField(max_length=100, allow_blank=True, default="")
    high_label = serializers.CharField(max_length=100, allow_blank=True, default="")
    next = RuleSerializer(
        many=True, default=list, max_length=30, help_text="The first rule that holds leads on; without any, the next question in the list."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        low, high = attrs.get("low"), attrs.get("high")
        if low is not None and high is not None and low >= high:
            raise serializers.ValidationError({"high": ["`low` is less than `high`."]}, code="invalid")
        return attrs


class SurveyQuotaSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=100)
    condition = ConditionField(allow_null=True, default=None, help_text="On `answers.KEY`; null fits everybody.")
    most = serializers.IntegerField(min_value=1, max_value=2**31 - 1, help_text="Complete answers that are wanted.")
    taken = serializers.IntegerField(read_only=True, help_text="Complete answers that there are.")


@example(VERSION, request=False)
class SurveyVersionSerializer(serializers.ModelSerializer):
    questions = SurveyQuestionSerializer(many=True, read_only=True)
    quotas = SurveyQuotaSerializer(many=True, read_only=True)

    class Meta:
        model = SurveyVersion
        fields = [
            "id", "survey", "number", "status", "comment", "greeting", "thanks", "published_at", "retired_at", "created_at", "updated_at",
            "questions", "quotas", "version",
        ]  # fmt: skip
        read_only_fields = fields


@example({"survey": ID, "copy_of": ID, "comment": "Asks why."})
class SurveyDraftBody(serializers.Serializer):
    survey = serializers.PrimaryKeyRelatedField(queryset=Survey.objects.all())
    copy_of = serializers.PrimaryKeyRelatedField(
        queryset=SurveyVersion.objects.all(), required=False, allow_null=True, help_text="A version whose questions it begins with."
    )
    comment = serializers.CharField(max_length=200, allow_blank=True, required=False)


@example({"comment": "Asks why.", "greeting": "We have two questions.", "thanks": "Thank you!", "questions": QUESTIONS, "quotas": [QUOTA]})
class SurveyWriteBody(serializers.Serializer):
    comment = serializers.CharField(max_length=200, allow_blank=True, required=False)
    greeting = serializers.CharField(max_length=2000, allow_blank=True, required=False)
    thanks = serializers.CharField(max_length=2000, allow_blank=True, required=False)
    questions = SurveyQuestionSerializer(many=True, required=False, max_length=100, help_text="The whole list; the first is asked first.")
    quotas = SurveyQuotaSerializer(many=True, required=False, max_length=50, help_text="The whole list.")


class SurveyProblemSerializer(serializers.Serializer):
    question = serializers.CharField(allow_blank=True, help_text="Key of the question; empty: the whole survey, or a quota.")
    code = serializers.CharField()
    detail = serializers.CharField()


@example(
    {"is_publishable": False, "problems": [{"question": "why", "code": "no_choices", "detail": "Give at least two choices."}]},
    request=False,
)
class SurveyCheckSerializer(serializers.Serializer):
    is_publishable = serializers.BooleanField()
    problems = SurveyProblemSerializer(many=True)


@example({"mermaid": 'flowchart TD\n  q0["recommend: Would you recommend us?"]\n  q0 --> the_end\n  the_end(["The end"])'}, request=False)
class SurveyPictureSerializer(serializers.Serializer):
    mermaid = serializers.CharField(help_text="A flow chart as Mermaid draws it.")


class SurveyAnswerSerializer(serializers.Serializer):
    question = serializers.CharField(source="question.key")
    value = AnswerField(allow_null=True)
    is_counted = serializers.BooleanField(help_text="It lies on the present way.")
    at = serializers.DateTimeField()


@example(RESPONSE, request=False)
class SurveyResponseSerializer(serializers.ModelSerializer):
    survey = serializers.UUIDField(source="survey_version.survey_id")
    topic = serializers.SlugRelatedField(slug_field="code", read_only=True, allow_null=True)
    origin = OriginField(allow_null=True)
    path = serializers.ListField(child=serializers.CharField(), help_text="Keys of the questions on the present way, in order.")
    greeting = serializers.CharField(source="survey_version.greeting", help_text="To be said first.")
    thanks = serializers.CharField(source="survey_version.thanks", help_text="To be said last.")
    question = serializers.SerializerMethodField(help_text="What is to be asked now; null when it is over.")
    answered = serializers.SerializerMethodField(help_text="Questions of the present way that are answered.")
    left_at_most = serializers.SerializerMethodField(help_text="Questions that are still to come on the longest way.")
    answers = SurveyAnswerSerializer(many=True)
    open_moves = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = SurveyResponse
        fields = [
            "id", "survey", "survey_version", "state", "contact", "attempt", "campaign", "call", "agent", "topic", "department", "origin",
            "path", "started_at", "ended_at", "seconds", "reason", "greeting", "thanks", "question", "answered", "left_at_most", "answers",
            "open_moves", "created_at", "updated_at", "version",
        ]  # fmt: skip
        read_only_fields = fields

    def get_question(self, row: SurveyResponse) -> SurveyAskedQuestionSerializer(allow_null=True):  # type: ignore[valid-type]
        if row.state not in SurveyResponse.GOING_ON or not row.path:
            return None
        asked = next(one for one in row.survey_version.questions.all() if one.key == row.path[-1])
        return SurveyAskedQuestionSerializer(asked).data

    def get_answered(self, row: SurveyResponse) -> int:
        return sum(1 for one in row.answers.all() if one.is_counted)

    def get_left_at_most(self, row: SurveyResponse) -> int:
        if row.state not in SurveyResponse.GOING_ON or not row.path:
            return 0
        return ways.longest(list(row.survey_version.questions.all()), row.path[-1])


class VisibleField(serializers.PrimaryKeyRelatedField):
    """A row that the caller may see; any other is unknown to them."""

    def get_queryset(self) -> Any:
        return super().get_queryset().visible_to(self.context["request"].user)


@example({"attempt": ID})
class SurveyBeginBody(serializers.Serializer):
    attempt = VisibleField(
        queryset=Attempt.objects.all(),
        required=False,
        allow_null=True,
        help_text="The survey is that of its campaign, the person its contact.",
    )
    survey = VisibleField(queryset=Survey.objects.filter(is_active=True), required=False, allow_null=True, help_text="Without an attempt.")
    contact = ContactField(required=False, allow_null=True)
    call = VisibleField(queryset=Call.objects.all(), required=False, allow_null=True)
    topic = serializers.SlugRelatedField(slug_field="code", queryset=Topic.objects.all(), required=False, allow_null=True)
    department = serializers.PrimaryKeyRelatedField(queryset=Department.objects.all(), required=False, allow_null=True)
    origin = OriginField(required=False, allow_null=True, help_text="What it comes from: a call, a complaint, an order.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if bool(attrs.get("attempt")) == bool(attrs.get("survey")):
            raise serializers.ValidationError({"survey": ["Give a survey, or an attempt whose campaign has one."]}, code="invalid")
        return attrs


@example({"question": "recommend", "value": 4})
class SurveyAnswerBody(serializers.Serializer):
    question = serializers.CharField(max_length=50, help_text="Key of the question that waits, or of one before it on the way.")
    value = AnswerField(allow_null=True, help_text="null passes over what is not required.")


@example({"question": "recommend"})
class SurveyBackBody(serializers.Serializer):
    question = serializers.CharField(max_length=50, help_text="Key of a question on the way.")


@example({"reason": "No time now."})
class SurveyWhyBody(serializers.Serializer):
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
