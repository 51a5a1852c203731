"""The forms in which scripts go out and come in."""

import json
import re
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.api.fields import LanguageField
from config.api.viewsets import example
from config.platform.models import LEADERS, Role
from crm.models import Script, ScriptStep, ScriptVersion, Topic

ID = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"
SCRIPT: dict[str, Any] = {
    "code": "delivery-en",
    "name": "Where is my parcel",
    "purpose": "inbound",
    "language": "en",
    "translation_key": "delivery",
    "topics": ["delivery"],
    "queues": ["support"],
    "department": None,
    "is_active": True,
}
STEPS: list[dict[str, Any]] = [
    {
        "key": "hello",
        "kind": "say",
        "text": "{now.greeting}, {contact.address_form}! This is {agent.name}.",
        "must_say": True,
        "choices": [],
        "field": "",
        "next": [{"when": None, "goto": "ready"}],
        "outcome": "",
    },
    {
        "key": "ready",
        "kind": "ask",
        "text": "Have you a minute?",
        "must_say": True,
        "choices": [{"value": "yes", "label": "Yes"}, {"value": "no", "label": "No"}],
        "field": "",
        "next": [{"when": {"field": "answer", "is": "yes"}, "goto": "email"}, {"when": None, "goto": "bye"}],
        "outcome": "",
    },
    {
        "key": "email",
        "kind": "field",
        "text": "What is your e-mail address?",
        "must_say": False,
        "choices": [],
        "field": "email",
        "next": [{"when": None, "goto": "bye"}],
        "outcome": "",
    },
    {"key": "bye", "kind": "end", "text": "Good-bye!", "must_say": True, "choices": [], "field": "", "next": [], "outcome": "helped"},
]
VERSION: dict[str, Any] = {
    "id": ID,
    "script": ID,
    "number": 2,
    "status": "draft",
    "comment": "Asks for the e-mail.",
    "published_at": None,
    "retired_at": None,
    "created_at": "2026-11-23T07:15:00Z",
    "updated_at": "2026-11-23T07:15:00Z",
    "steps": STEPS,
}
PROBLEM = {"step": "hello", "code": "unknown_placeholder", "detail": "There is no placeholder {contact.nmae}."}


@extend_schema_field({"type": "object", "additionalProperties": True})
class ConditionField(serializers.JSONField):
    """A condition, as ``crm.script_conditions`` knows it."""


class CodeField(serializers.CharField):
    """A slug that may be empty."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=50, allow_blank=True, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        code = super().to_internal_value(data)
        if not re.fullmatch(r"[-a-zA-Z0-9_]*", code):
            raise serializers.ValidationError("Give letters, digits, - and _.", code="invalid")
        return code


class VersionOfScriptSerializer(serializers.ModelSerializer):
    class Meta:
        model = ScriptVersion
        fields = ["id", "number", "published_at"]
        read_only_fields = fields


@example(
    {
        "id": ID,
        **SCRIPT,
        "published_version": {"id": ID, "number": 1, "published_at": "2026-11-23T07:15:00Z"},
        "draft_version": None,
    },
    request=False,
)
class ScriptSerializer(serializers.ModelSerializer):
    topics = serializers.SlugRelatedField(slug_field="code", many=True, read_only=True)
    translation_key = CodeField(help_text="Shared by the scripts that say the same in other languages.")
    published_version = serializers.SerializerMethodField(help_text="The one in use.")
    draft_version = serializers.SerializerMethodField(help_text="The one being written; only for those who may write.")

    class Meta:
        model = Script
        fields = [
            "id", "code", "name", "purpose", "language", "translation_key", "topics", "queues", "department", "is_active",
            "published_version", "draft_version",
        ]  # fmt: skip
        read_only_fields = fields

    def get_published_version(self, row: Script) -> VersionOfScriptSerializer(allow_null=True):  # type: ignore[valid-type]
        return self._version(row, ScriptVersion.Status.PUBLISHED)

    def get_draft_version(self, row: Script) -> VersionOfScriptSerializer(allow_null=True):  # type: ignore[valid-type]
        writes = self.context["request"].user.role in (*LEADERS, Role.INTEGRATION)
        return self._version(row, ScriptVersion.Status.DRAFT) if writes else None

    def _version(self, row: Script, status: str) -> Any:
        found = next((version for version in row.versions.all() if version.status == status), None)
        return VersionOfScriptSerializer(found).data if found else None


@example(SCRIPT)
class ScriptBody(serializers.ModelSerializer):
    language = LanguageField()
    translation_key = CodeField(required=False, help_text="Shared by the scripts that say the same in other languages.")
    topics = serializers.SlugRelatedField(
        slug_field="code", many=True, required=False, queryset=Topic.objects.all(), help_text="Codes. None: for any topic."
    )
    queues = serializers.ListField(
        child=serializers.CharField(max_length=100), max_length=50, required=False, help_text="Queues it is for. None: for any."
    )

    class Meta:
        model = Script
        fields = ["code", "name", "purpose", "language", "translation_key", "topics", "queues", "department", "is_active"]
        validators: list[object] = []  # the table's own constraints answer


class ChoiceSerializer(serializers.Serializer):
    value = serializers.CharField(max_length=50)
    label = serializers.CharField(max_length=200)


class RuleSerializer(serializers.Serializer):
    when = ConditionField(
        allow_null=True,
        default=None,
        help_text='A condition, for instance {"field": "answer", "is": "yes"}, or null, which always holds. See docs/admin/scripts.md.',
    )
    goto = serializers.CharField(max_length=50, help_text="Key of the step that follows.")

    def validate_when(self, value: Any) -> Any:
        if len(json.dumps(value)) > 8000:
            raise serializers.ValidationError("A condition has 8,000 characters at most.", code="too_long")
        return value


class StepSerializer(serializers.Serializer):
    key = serializers.SlugField(max_length=50)
    kind = serializers.ChoiceField(choices=ScriptStep.Kind.choices)
    text = serializers.CharField(max_length=10_000, allow_blank=True, default="", help_text="With placeholders like {contact.name|friend}.")
    must_say = serializers.BooleanField(default=False, help_text="Counts in the adherence to the script.")
    choices = ChoiceSerializer(many=True, default=list, max_length=30, help_text="Of ask; none: any text is an answer.")
    field = serializers.CharField(max_length=60, allow_blank=True, default="", help_text="Of field: surname, email, custom.KEY …")
    next = RuleSerializer(many=True, default=list, max_length=30, help_text="The first rule that holds leads on.")
    outcome = CodeField(default="", help_text="Of end: how the conversation came out.")


@example(VERSION, request=False)
class ScriptVersionSerializer(serializers.ModelSerializer):
    steps = StepSerializer(many=True, read_only=True)

    class Meta:
        model = ScriptVersion
        fields = ["id", "script", "number", "status", "comment", "published_at", "retired_at", "created_at", "updated_at", "steps"]
        read_only_fields = fields


@example({"script": ID, "copy_of": ID, "comment": "Asks for the e-mail."})
class DraftBody(serializers.Serializer):
    script = serializers.PrimaryKeyRelatedField(queryset=Script.objects.all())
    copy_of = serializers.PrimaryKeyRelatedField(
        queryset=ScriptVersion.objects.all(), required=False, allow_null=True, help_text="A version whose steps it begins with."
    )
    comment = serializers.CharField(max_length=200, allow_blank=True, required=False)


@example({"comment": "Asks for the e-mail.", "steps": STEPS})
class WriteBody(serializers.Serializer):
    comment = serializers.CharField(max_length=200, allow_blank=True, required=False)
    steps = StepSerializer(many=True, required=False, max_length=200, help_text="The whole list; the first step is the start.")


class ScriptProblemSerializer(serializers.Serializer):
    step = serializers.CharField(allow_blank=True, help_text="Key of the step; empty: the whole script.")
    code = serializers.CharField()
    detail = serializers.CharField()


@example({"is_publishable": False, "problems": [PROBLEM]}, request=False)
class CheckSerializer(serializers.Serializer):
    is_publishable = serializers.BooleanField()
    problems = ScriptProblemSerializer(many=True)


class DecidedRuleSerializer(serializers.Serializer):
    when = ConditionField(allow_null=True)
    goto = serializers.CharField()
    holds = serializers.BooleanField(allow_null=True, help_text="null: it hangs on an answer.")


class SpokenStepSerializer(StepSerializer):
    text = serializers.CharField(help_text="As it is to be said. Plain text: never put it into a page as HTML.")
    next = DecidedRuleSerializer(many=True)


class MissingSerializer(serializers.Serializer):
    step = serializers.CharField()
    placeholder = serializers.CharField()


RENDERED: dict[str, Any] = {
    "script": ID,
    "code": "delivery-en",
    "name": "Where is my parcel",
    "script_version": ID,
    "number": 2,
    "language": "en",
    "steps": [
        {
            **STEPS[0],
            "text": "Good morning, Maria Santos! This is Anna.",
            "next": [{"when": None, "goto": "ready", "holds": True}],
        }
    ],
    "missing": [],
}


@example(RENDERED, request=False)
class RenderedScriptSerializer(serializers.Serializer):
    script = serializers.UUIDField()
    code = serializers.CharField()
    name = serializers.CharField()
    script_version = serializers.UUIDField()
    number = serializers.IntegerField()
    language = serializers.CharField()
    steps = SpokenStepSerializer(many=True)
    missing = MissingSerializer(many=True, help_text="Placeholders of which nothing is known: they are left out of the text.")
