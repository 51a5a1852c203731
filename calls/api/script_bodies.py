"""The forms in which runs of scripts go out, and what is written of them comes in."""

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from calls import script_runs
from calls.models import ScriptRun, ScriptRunStep
from calls.script_adherence import share
from config.api.viewsets import example
from crm.api.script_bodies import ID, RENDERED, RenderedScriptSerializer
from crm.models import ScriptVersion

RUN: dict[str, Any] = {
    "id": ID,
    "call": ID,
    "script": ID,
    "script_code": "delivery-en",
    "script_version": ID,
    "number": 2,
    "agent": ID,
    "agent_name": "Santos Maria Luz",
    "started_at": "2026-11-23T07:15:00Z",
    "finished_at": None,
    "outcome": "",
    "is_complete": False,
    "due": 2,
    "passed": 2,
    "adherence": 1.0,
    "is_in_order": True,
    "off_script": 0,
    "next_step": "email",
    "steps": [
        {"sequence": 1, "step": "hello", "at": "2026-11-23T07:15:05Z", "answer": None, "move": "start", "is_written": False},
        {"sequence": 2, "step": "ready", "at": "2026-11-23T07:15:11Z", "answer": "yes", "move": "next", "is_written": False},
    ],
}


@extend_schema_field({"type": ["string", "number", "boolean", "array"], "items": {"type": "string"}})
class AnswerField(serializers.JSONField):
    """What was answered: a text, a number, yes or no, or a list of choices."""


class PassingSerializer(serializers.ModelSerializer):
    step = serializers.CharField(source="step.key", help_text="Key of the step.")
    answer = AnswerField(allow_null=True)

    class Meta:
        model = ScriptRunStep
        fields = ["sequence", "step", "at", "answer", "move", "is_written"]
        read_only_fields = fields


@example(RUN, request=False)
class ScriptRunSerializer(serializers.ModelSerializer):
    script = serializers.UUIDField(source="script_version.script_id")
    script_code = serializers.CharField(source="script_version.script.code")
    number = serializers.IntegerField(source="script_version.number")
    agent_name = serializers.CharField(source="agent.get_full_name")
    adherence = serializers.SerializerMethodField(help_text="`passed` / `due`, 0 to 1; null when nothing had to be said.")
    next_step = serializers.SerializerMethodField(help_text="Key of the step that follows; null while an answer is open, and at an end.")
    steps = PassingSerializer(many=True)

    class Meta:
        model = ScriptRun
        fields = [
            "id", "call", "script", "script_code", "script_version", "number", "agent", "agent_name", "started_at", "finished_at",
            "outcome", "is_complete", "due", "passed", "adherence", "is_in_order", "off_script", "next_step", "steps",
        ]  # fmt: skip
        read_only_fields = fields

    def get_adherence(self, row: ScriptRun) -> float | None:
        return share(row.passed, row.due)

    def get_next_step(self, row: ScriptRun) -> str | None:
        return None if row.finished_at else script_runs.judge(row).next_step


@example({"script_version": ID})
class StartBody(serializers.Serializer):
    script_version = serializers.PrimaryKeyRelatedField(
        queryset=ScriptVersion.objects.all(), required=False, allow_null=True, help_text="None: the script that fits the call best."
    )


@example({"sequence": 2, "step": "ready", "answer": "yes"})
class PassBody(serializers.Serializer):
    sequence = serializers.IntegerField(
        min_value=1, max_value=32_000, help_text="Counted by you, from 1, one for each step passed: a retry sends the same."
    )
    step = serializers.CharField(max_length=50, help_text="Key of the step.")
    answer = AnswerField(required=False, allow_null=True, help_text="Of ask: a choice or a text. Of field: what the field holds.")
    at = serializers.DateTimeField(required=False, allow_null=True, help_text="When it was passed; by default now.")

    def validate_answer(self, value: Any) -> Any:
        if isinstance(value, dict) or len(json.dumps(value)) > 20_000:
            raise serializers.ValidationError("Give a text, a number, true, false or a list of texts.", code="invalid")
        return value


@example({"outcome": "helped"})
class FinishRunBody(serializers.Serializer):
    outcome = serializers.SlugField(
        max_length=50, required=False, allow_blank=True, help_text="By default that of the end that was reached."
    )


@example({"script": RENDERED, "run": ID}, request=False)
class CallScriptSerializer(serializers.Serializer):
    script = RenderedScriptSerializer(allow_null=True, help_text="null: no published script is for this call.")
    run = serializers.UUIDField(allow_null=True, help_text="The run of yours that goes on in this call.")


class AdherenceRowSerializer(serializers.Serializer):
    agent = serializers.UUIDField(allow_null=True)
    agent_name = serializers.CharField(allow_blank=True)
    script = serializers.UUIDField(allow_null=True)
    script_code = serializers.CharField(allow_null=True)
    interval_start = serializers.DateTimeField(allow_null=True)
    runs = serializers.IntegerField()
    complete = serializers.IntegerField(help_text="Those that came to an end of the script.")
    in_order = serializers.IntegerField(help_text="Those whose must-say steps were passed in the order of the script.")
    due = serializers.IntegerField(help_text="Must-say steps on the ways taken.")
    passed = serializers.IntegerField()
    adherence = serializers.FloatField(allow_null=True, help_text="`passed` / `due`.")
    off_script = serializers.IntegerField(help_text="Jumps that no rule allows.")
    duration_s = serializers.FloatField(help_text="Mean time from start to finish.")


REPORT: dict[str, Any] = {
    "after": "2026-11-16T00:00:00Z",
    "before": "2026-11-23T00:00:00Z",
    "time_zone": "UTC",
    "rows": [
        {
            "agent": ID,
            "agent_name": "Santos Maria Luz",
            "script": ID,
            "script_code": "delivery-en",
            "interval_start": None,
            "runs": 12,
            "complete": 10,
            "in_order": 11,
            "due": 36,
            "passed": 33,
            "adherence": 0.917,
            "off_script": 2,
            "duration_s": 141.5,
        }
    ],
}


@example(REPORT, request=False)
class AdherenceSerializer(serializers.Serializer):
    after = serializers.DateTimeField()
    before = serializers.DateTimeField()
    time_zone = serializers.CharField()
    rows = AdherenceRowSerializer(many=True)


class AdherenceQuery(serializers.Serializer):
    """The parameters of the report."""

    after = serializers.DateTimeField(required=False)
    before = serializers.DateTimeField(required=False)
    agent = serializers.UUIDField(required=False)
    script = serializers.UUIDField(required=False)
    group_by = serializers.CharField(required=False, max_length=100)
    interval = serializers.CharField(required=False, max_length=10)
    time_zone = serializers.CharField(required=False, max_length=64)
