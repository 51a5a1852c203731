"""The forms in which return calls go out and what is said of them comes in."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from calls.api.call_ids import CallField
from calls.models import ReturnCall, ReturnCallCall
from config.api.viewsets import example
from config.platform.models import PEOPLE, User
from crm import contact_rows
from crm.api.contact_ids import ContactField
from crm.models import Department

SHOWN: dict[str, Any] = {
    "id": "0199a1b2-9999-7000-8000-293a4b5c6d7e",
    "state": "open",
    "number": {"e164": "+74951234567", "display": "+7 495 123-45-67"},
    "contact": "0199a1b2-1111-7000-8000-293a4b5c6d7e",
    "queue": "support",
    "department": "0199a1b2-2222-7000-8000-293a4b5c6d7e",
    "reason": "abandoned",
    "times_called": 3,
    "first_call": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
    "last_call": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7f",
    "first_call_at": "2026-11-23T10:15:00Z",
    "last_call_at": "2026-11-23T10:24:00Z",
    "due_at": "2026-11-23T11:15:00Z",
    "is_overdue": False,
    "place_kept_from": None,
    "note": "",
    "assignee": None,
    "taken_at": None,
    "closed_at": None,
    "closed_by": None,
    "closed_by_call": None,
    "response_s": None,
    "result": "",
    "cancelled_because": "",
    "created_at": "2026-11-23T10:15:41Z",
    "updated_at": "2026-11-23T10:24:41Z",
    "open_moves": ["assign", "cancel", "complete", "take"],
    "version": 3,
}


class NumberSerializer(serializers.Serializer):
    e164 = serializers.CharField()
    display = serializers.CharField(help_text="As people read it.")


@example(SHOWN, request=False)
class ReturnCallSerializer(serializers.ModelSerializer):
    state = serializers.ChoiceField(source="status", choices=ReturnCall.Status.choices)
    number = serializers.SerializerMethodField()
    is_overdue = serializers.SerializerMethodField(help_text="Owed, and its term is over.")
    open_moves = serializers.ListField(source="open_to_people", child=serializers.CharField(), help_text="What people may do with it now.")

    cancelled_because = serializers.ChoiceField(choices=ReturnCall.Because.choices, allow_blank=True)

    class Meta:
        model = ReturnCall
        fields = list(SHOWN)
        read_only_fields = fields

    @extend_schema_field(NumberSerializer)
    def get_number(self, row: ReturnCall) -> dict[str, str]:
        shown = contact_rows.shown_number(row.e164) if row.e164.startswith("+") else row.e164
        return {"e164": row.e164, "display": shown}

    def get_is_overdue(self, row: ReturnCall) -> bool:
        return row.is_overdue(self.context["now"])


@example(
    {
        "call": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
        "at": "2026-11-23T10:15:00Z",
        "reason": "abandoned",
        "queue": "support",
        "due_at": "2026-11-23T11:15:00Z",
        "place_kept_from": None,
        "counts": True,
    },
    request=False,
)
class ReturnCallCallSerializer(serializers.ModelSerializer):
    class Meta:
        model = ReturnCallCall
        fields = ["call", "at", "reason", "queue", "due_at", "place_kept_from", "counts"]
        read_only_fields = fields


@example({"phone": "8 (495) 123-45-67", "queue": "support", "note": "Wants to know the price of the large one."})
class ReturnCallBody(serializers.Serializer):
    phone = serializers.CharField(max_length=200, required=False, allow_blank=True, default="", help_text="As people write it.")
    call = CallField(required=False, allow_null=True, help_text="Instead: a call with them.")
    contact = ContactField(required=False, allow_null=True)
    queue = serializers.CharField(
        max_length=100, required=False, allow_blank=True, default="", help_text="Whose promise it is; else the call's."
    )
    department = serializers.PrimaryKeyRelatedField(
        queryset=Department.objects.filter(is_active=True), required=False, allow_null=True, help_text="Else that of the queue."
    )
    note = serializers.CharField(max_length=10_000, required=False, allow_blank=True, default="")


@example({"assignee": "0199a1b2-0000-7000-8000-293a4b5c6d7e"})
class ReturnCallAssignBody(serializers.Serializer):
    assignee = serializers.PrimaryKeyRelatedField(queryset=User.objects.filter(is_active=True, role__in=PEOPLE))


@example({"result": "She ordered two.", "call": None})
class ReturnCallDoneBody(serializers.Serializer):
    result = serializers.CharField(max_length=10_000, required=False, allow_blank=True, default="")
    call = CallField(required=False, allow_null=True, help_text="By which call.")


@example({"reason": "It was a fax."})
class ReturnCallCancelBody(serializers.Serializer):
    reason = serializers.CharField(max_length=500)


class ReturnCallLineSerializer(serializers.Serializer):
    name = serializers.CharField(allow_null=True, help_text="Name of the queue, or id of the department or user; null: of none.")
    opened = serializers.IntegerField()
    calls = serializers.IntegerField(help_text="How often they called in vain.")
    done = serializers.IntegerField(help_text="Somebody said so.")
    called_again = serializers.IntegerField(help_text="The customer called again, and was answered.")
    called_back = serializers.IntegerField(help_text="We called, and talked with them.")
    expired = serializers.IntegerField()
    cancelled = serializers.IntegerField()
    taken_back = serializers.IntegerField(help_text="The call was answered after all; not among `opened`.")
    still_open = serializers.IntegerField()
    overdue = serializers.IntegerField(help_text="Of those still open.")
    in_time = serializers.IntegerField(help_text="Somebody talked with them before the term.")
    response_median_s = serializers.FloatField(allow_null=True)
    response_p90_s = serializers.FloatField(allow_null=True)


class ReturnCallTotalSerializer(ReturnCallLineSerializer):
    name = None


LINE = {
    "opened": 40, "calls": 61, "done": 10, "called_again": 12, "called_back": 14, "expired": 1, "cancelled": 1, "taken_back": 0,
    "still_open": 2, "overdue": 1, "in_time": 33, "response_median_s": 1260.0, "response_p90_s": 3480.0,
}  # fmt: skip


@example(
    {
        "since": "2026-11-16T00:00:00+03:00",
        "until": "2026-11-24T00:00:00+03:00",
        "time_zone": "Europe/Moscow",
        "by": "queue",
        "results": [{"name": "support", **LINE}],
        "total": LINE,
    },
    request=False,
)
class ReturnCallReportSerializer(serializers.Serializer):
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    time_zone = serializers.CharField()
    by = serializers.CharField()
    results = ReturnCallLineSerializer(many=True)
    total = ReturnCallTotalSerializer()
