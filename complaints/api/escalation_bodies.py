"""What escalation policies and steps look like over HTTP."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from complaints.models import EscalationLevel, EscalationPolicy, EscalationStep, SLAPolicy
from complaints.models.clocks import Metric
from complaints.models.escalation import MONTH_S
from complaints.models.policies import YEAR_S
from config.api.viewsets import example
from config.platform.models import Role
from crm.api.calendars import ClockField
from crm.models import BusinessCalendar, Department

ID = "0199a1b2-eeee-7000-8000-293a4b5c6d7e"
SOMEBODY = "0199a1b2-0000-7000-8000-293a4b5c6d7e"
MOST_LEVELS = 20
FIRST: dict[str, Any] = {
    "metric": "",
    "offset_s": -3600,
    "counted": "business",
    "target": "assignee",
    "team": None,
    "person": None,
    "role": "",
    "notifies": True,
    "emails": False,
    "reassigns": False,
    "raises_priority": False,
    "transfers_to": None,
    "tells_systems": False,
    "repeat_every_s": None,
    "repeat_times": 0,
    "breaks_quiet": False,
}
SECOND = FIRST | {
    "metric": "resolve", "offset_s": 7200, "target": "head", "emails": True, "raises_priority": True, "tells_systems": True,
    "repeat_every_s": 14400, "repeat_times": 3,
}  # fmt: skip
POLICY: dict[str, Any] = {"name": "Claims", "is_active": True, "quiet_from": "21:00", "quiet_until": "08:00"}


class LevelBody(serializers.ModelSerializer):
    metric = serializers.ChoiceField(choices=Metric.choices, allow_blank=True, required=False, help_text="Empty: of every promise.")
    role = serializers.ChoiceField(choices=Role.choices, allow_blank=True, required=False)
    offset_s = serializers.IntegerField(
        min_value=-MONTH_S, max_value=MONTH_S, help_text="Seconds after the due time; negative: before it. Level 1 comes first."
    )

    class Meta:
        model = EscalationLevel
        fields = list(FIRST)
        validators: list[object] = []

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        target = attrs.get("target", EscalationLevel.Target.LEADS)
        if target in ("team", "person", "role") and not attrs.get(target):
            raise serializers.ValidationError({target: f"Say which {target} it is."}, code="required")
        if (attrs.get("repeat_every_s") is None) != (attrs.get("repeat_times", 0) == 0):
            raise serializers.ValidationError({"repeat_times": "Give both how often and how many times, or neither."}, code="required")
        does = (
            attrs.get("notifies", True),
            *(attrs.get(word) for word in ("emails", "reassigns", "raises_priority", "transfers_to", "tells_systems")),
        )
        if not any(does):
            raise serializers.ValidationError({"notifies": "It does nothing: let it do something."}, code="does_nothing")
        return attrs


@example({**POLICY, "levels": [FIRST, SECOND]})
class EscalationPolicyBody(serializers.ModelSerializer):
    quiet_from = ClockField(required=False, allow_null=True, help_text="HH:MM, wall time of the department: from then on nobody is told.")
    quiet_until = ClockField(required=False, allow_null=True, help_text="HH:MM; earlier than `quiet_from`: on the next day.")
    levels = LevelBody(many=True, max_length=MOST_LEVELS, help_text="In order: the first is level 1.")

    class Meta:
        model = EscalationPolicy
        fields = [*POLICY, "levels"]
        validators: list[object] = []

    def validate_levels(self, levels: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Of two levels that may hold for one promise and count alike, the later one comes later: else it would never be reached."""
        for number, level in enumerate(levels):
            for before in levels[:number]:
                same = level.get("counted", "business") == before.get("counted", "business")
                meet = not level.get("metric") or not before.get("metric") or level["metric"] == before["metric"]
                if same and meet and level["offset_s"] < before["offset_s"]:
                    raise serializers.ValidationError(
                        f"Level {number + 1} comes before an earlier level: put them in the order of their times.", code="out_of_order"
                    )
        return levels


class LevelSerializer(LevelBody):
    number = serializers.IntegerField()

    class Meta(LevelBody.Meta):
        fields = ["number", *FIRST]
        read_only_fields = fields


@example({"id": ID, **POLICY, "levels": [{"number": 1, **FIRST}, {"number": 2, **SECOND}], "version": 1}, request=False)
class EscalationPolicySerializer(serializers.ModelSerializer):
    quiet_from = ClockField(allow_null=True)
    quiet_until = ClockField(allow_null=True)
    levels = LevelSerializer(many=True)

    class Meta:
        model = EscalationPolicy
        fields = ["id", *POLICY, "levels", "version"]
        read_only_fields = fields


@example(
    {
        "metric": "resolve", "target_s": 144000, "started_at": "2026-11-27T15:00:00Z", "calendar": None, "department": None,
        "counted": "business",
    }
)  # fmt: skip
class PreviewBody(serializers.Serializer):
    metric = serializers.ChoiceField(choices=Metric.choices, default=Metric.RESOLVE)
    target_s = serializers.IntegerField(min_value=1, max_value=YEAR_S, help_text="What is promised, in counted seconds.")
    started_at = serializers.DateTimeField(required=False, help_text="Now, when it is left out.")
    calendar = serializers.PrimaryKeyRelatedField(
        queryset=BusinessCalendar.objects.all(), required=False, allow_null=True, help_text="Empty: that of the department, else the default one."
    )  # fmt: skip
    department = serializers.PrimaryKeyRelatedField(queryset=Department.objects.all(), required=False, allow_null=True)
    counted = serializers.ChoiceField(
        choices=SLAPolicy.Counted.choices, default=SLAPolicy.Counted.BUSINESS, help_text="As the SLA policy counts."
    )

    def validate_started_at(self, at: datetime) -> datetime:
        if not 1990 < at.year < 2100:
            raise serializers.ValidationError("Ask for an instant between 1991 and 2099.", code="out_of_reach")
        return at


class PlannedStepSerializer(serializers.Serializer):
    level = serializers.IntegerField(source="level.number")
    round = serializers.IntegerField(help_text="1 and more: its repeats.")
    at = serializers.DateTimeField(help_text="When it would happen, quiet hours reckoned in.")
    is_passed_over = serializers.BooleanField(help_text="A higher level comes before it, so it never happens.")
    said = serializers.CharField(help_text="The level in words.")


@example(
    {
        "started_at": "2026-11-27T15:00:00Z",
        "due_at": "2026-12-04T15:00:00Z",
        "time_zone": "Europe/Moscow",
        "steps": [
            {
                "level": 1, "round": 0, "at": "2026-12-04T14:00:00Z", "is_passed_over": False,
                "said": "1: 1 h of business time before the due time, whoever has it: notify",
            }
        ],
    },
    request=False,
)  # fmt: skip
class PlanSerializer(serializers.Serializer):
    started_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    time_zone = serializers.CharField(help_text="In which quiet hours are meant.")
    steps = PlannedStepSerializer(many=True)


@example(
    {
        "id": "0199a1b2-aaaa-7000-8000-293a4b5c6d7e",
        "complaint": "0199a1b2-8888-7000-8000-293a4b5c6d7e",
        "complaint_number": "C-2026-000123",
        "metric": "resolve",
        "cycle": 1,
        "promised_at": "2026-11-30T15:00:00Z",
        "level": 2,
        "round": 0,
        "planned_at": "2026-11-30T17:00:00Z",
        "fired_at": "2026-11-30T17:00:06Z",
        "skipped_because": "",
        "told": [SOMEBODY],
        "did": ["notified", "emailed", "priority_raised"],
        "is_open": False,
        "is_over": False,
        "acknowledged_at": "2026-11-30T17:10:00Z",
        "acknowledged_by": SOMEBODY,
        "version": 2,
    },
    request=False,
)
class EscalationSerializer(serializers.ModelSerializer):
    complaint_number = serializers.CharField(source="complaint.number")
    metric = serializers.ChoiceField(source="clock.metric", choices=Metric.choices, help_text="Which promise.")
    cycle = serializers.IntegerField(source="clock.cycle", help_text="2 and more: the promise began anew.")
    promised_at = serializers.DateTimeField(source="clock.due_at", allow_null=True, help_text="When it is due now; null: it rests.")
    level = serializers.IntegerField(source="number", help_text="The level's number, as it was.")
    told = serializers.ListField(child=serializers.UUIDField(), help_text="Ids of those who were told.")
    did = serializers.ListField(child=serializers.CharField(), help_text="What was done; `failed`: something of it could not be.")
    is_open = serializers.BooleanField(help_text="It was fired, and nobody has taken it on.")

    class Meta:
        model = EscalationStep
        fields = [
            "id", "complaint", "complaint_number", "metric", "cycle", "promised_at", "level", "round", "planned_at", "fired_at",
            "skipped_because", "told", "did", "is_open", "is_over", "acknowledged_at", "acknowledged_by", "version",
        ]  # fmt: skip
        read_only_fields = fields
