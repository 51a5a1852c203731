"""What /callbacks/ takes and shows."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from calls import callback_times
from calls.models import Callback
from config.api.fields import OriginField, TimeZoneField
from config.api.viewsets import example
from config.platform.models import User
from crm.api.contact_ids import ContactField
from crm.models import Purpose, Team

WEEK = 7 * 86400
PEOPLE = User.objects.filter(is_active=True)
TEAMS = Team.objects.filter(is_active=True)
CALLBACK: dict[str, Any] = {
    "contact": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
    "phone": "+7 495 123-45-67",
    "local_time": "2026-12-01T18:00:00",
    "time_zone": "Europe/Moscow",
    "flexibility_s": 900,
    "recipient": "agent",
    "agent": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
    "team": None,
    "queue": "support",
    "purpose": "service",
    "grace_s": 900,
    "reassign_after_s": 1800,
    "note": "About the invoice; she is at home after six.",
    "asked_by": "customer",
    "origin": {"kind": "call", "id": "0199a1b2-5555-7000-8000-293a4b5c6d7e"},
}
SHOWN: dict[str, Any] = {
    "id": "0199a1b2-7777-7000-8000-293a4b5c6d7e",
    "state": "scheduled",
    **CALLBACK,
    "phone": "+74951234567",
    "at": "2026-12-01T15:00:00Z",
    "local_time_is": "exact",
    "asked_at": "2026-11-30T09:00:00Z",
    "forced_reason": "",
    "by": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
    "passed_on": 0,
    "missed_at": None,
    "taken_by": None,
    "lease_until": None,
    "call": None,
    "result": "",
    "ended_at": None,
    "ended_by": None,
    "created_at": "2026-11-30T09:00:00Z",
    "updated_at": "2026-11-30T09:00:00Z",
    "open_moves": ["cancel", "reassign", "reschedule", "take"],
    "version": 1,
}


class WallTimeField(serializers.CharField):
    """A date and time as a clock on the wall shows it: without a zone."""

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        try:
            wall = datetime.fromisoformat(text[:40])
        except ValueError:
            raise serializers.ValidationError("Write it as 2026-12-01T18:00.", code="invalid_time") from None
        if wall.tzinfo is not None:
            raise serializers.ValidationError("A wall time has no offset; give an instant as `at`.", code="invalid_time")
        if not 2000 <= wall.year <= 2190:
            raise serializers.ValidationError("Give a time between 2000 and 2190.", code="out_of_reach")
        return wall.replace(microsecond=0)


@example(SHOWN, request=False)
class CallbackSerializer(serializers.ModelSerializer):
    state = serializers.ChoiceField(source="status", choices=Callback.Status.choices)
    phone = serializers.CharField(source="e164", allow_blank=True, help_text="E.164.")
    local_time = serializers.SerializerMethodField(help_text="As they said it, in `time_zone`.")
    local_time_is = serializers.SerializerMethodField(
        help_text="`exact`; `skipped`: the clocks never show it, so it means as much later; `repeated`: they show it twice, the first was taken."
    )
    origin = OriginField(allow_null=True)
    open_moves = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Callback
        fields = [
            "id", "state", "contact", "phone", "purpose", "queue", "at", "local_time", "time_zone", "local_time_is", "flexibility_s",
            "recipient", "agent", "team", "grace_s", "reassign_after_s", "note", "asked_by", "asked_at", "origin", "forced_reason", "by",
            "passed_on", "missed_at", "taken_by", "lease_until", "call", "result", "ended_at", "ended_by", "created_at", "updated_at",
            "open_moves", "version",
        ]  # fmt: skip
        read_only_fields = fields

    def get_local_time(self, row: Callback) -> str:
        return row.wall.isoformat()

    def get_local_time_is(self, row: Callback) -> str:
        return callback_times.kind(row.wall, row.time_zone)


class WhenBody(serializers.Serializer):
    at = serializers.DateTimeField(required=False, allow_null=True, help_text="An instant; or give `local_time`.")
    local_time = WallTimeField(
        required=False,
        allow_null=True,
        help_text="What they said, by their own clocks, without an offset. A time that the clocks skip means as much later, of one that they "
        "repeat the first.",
    )
    time_zone = TimeZoneField(required=False, allow_blank=True, help_text="IANA name; left out: the customer's, as far as it is known.")
    force = serializers.BooleanField(
        default=False, help_text="Against the gate's advice; for supervisors, with `reason`. Suppressions and consents are never forced."
    )
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class WhoBody(serializers.Serializer):
    recipient = serializers.ChoiceField(
        choices=Callback.Recipient.choices, required=False, help_text="Left out: the named operator, else the team, else anyone."
    )
    agent = serializers.PrimaryKeyRelatedField(queryset=PEOPLE, required=False, allow_null=True)
    team = serializers.PrimaryKeyRelatedField(
        queryset=TEAMS, required=False, allow_null=True, help_text="With an operator: takes it when the operator does not."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        named = attrs.get("recipient")
        if named in ("agent", "team") and not attrs.get(named):
            raise serializers.ValidationError({named: ["Say who."]})
        return attrs


@example(CALLBACK | {"force": False, "reason": ""})
class CallbackBody(WhoBody, WhenBody):
    contact = ContactField(required=False, allow_null=True)
    phone = serializers.CharField(
        max_length=200, required=False, allow_blank=True, help_text="As people write it; of a contact its primary."
    )
    flexibility_s = serializers.IntegerField(
        min_value=0, max_value=WEEK, required=False, help_text="So many seconds sooner or later are as good."
    )
    queue = serializers.CharField(max_length=100, required=False, allow_blank=True, help_text="The queue whose people are told.")
    purpose = serializers.ChoiceField(choices=Purpose.choices, required=False)
    grace_s = serializers.IntegerField(
        min_value=0, max_value=WEEK, required=False, help_text="Nobody took it so long after its time: it is overdue."
    )
    reassign_after_s = serializers.IntegerField(
        min_value=0,
        max_value=WEEK,
        required=False,
        allow_null=True,
        help_text="An overdue one goes to the team, and so much later to anyone; null: it stays and is missed.",
    )
    note = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    asked_by = serializers.ChoiceField(choices=Callback.AskedBy.choices, required=False)
    origin = OriginField(required=False, allow_null=True)


@example({"local_time": "2026-12-02T10:00", "reason": "She asked for the morning."})
class CallbackRescheduleBody(WhenBody):
    pass


@example({"agent": "0199a1b2-0000-7000-8000-293a4b5c6d7e", "reason": "She knows the case."})
class CallbackReassignBody(WhoBody):
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


@example({"result": "The invoice is sent anew."})
class CallbackCompleteBody(serializers.Serializer):
    result = serializers.CharField(max_length=10_000, required=False, allow_blank=True, default="")


@example({"reason": "She wrote that it is settled."})
class CallbackCancelBody(serializers.Serializer):
    reason = serializers.CharField(max_length=500)


@example({"reason": "The line is bad."})
class CallbackReleaseBody(serializers.Serializer):
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
