"""What /attempts/ takes and shows."""

from typing import Any

from rest_framework import serializers

from calls.api.write_up_bodies import PromiseBody as CallbackBody
from calls.models import Call, Disposition, PhoneSystem
from campaigns.models import Attempt
from config.api.fields import RowsField
from config.api.viewsets import example
from config.platform.models import PEOPLE, User
from crm.models import Topic

MOST = 200
OUTCOMES = [(one.value, one.label) for one in Call.Outcome]
LEASE = "0199a1b2-9999-4000-8000-293a4b5c6d7e"
ATTEMPT: dict[str, Any] = {
    "id": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
    "campaign": "0199a1b2-1111-7000-8000-293a4b5c6d7e",
    "target": "0199a1b2-3333-7000-8000-293a4b5c6d7e",
    "contact": "0199a1b2-2222-7000-8000-293a4b5c6d7e",
    "number": 1,
    "fence": 1,
    "e164": "+74951234567",
    "state": "closed",
    "agent": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
    "leased_by": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
    "is_batch": False,
    "leased_at": "2026-11-30T09:00:00Z",
    "lease_until": "2026-11-30T09:10:00Z",
    "call": "0199a1b2-5555-7000-8000-293a4b5c6d7e",
    "callback": None,
    "dialled_at": "2026-11-30T09:00:20Z",
    "answered_at": "2026-11-30T09:00:31Z",
    "closed_at": "2026-11-30T09:03:00Z",
    "closing": "result",
    "is_late": False,
    "is_drop": False,
    "outcome": "answered",
    "disposition": "sold",
    "counted": "contact",
    "reason": "",
    "version": 5,
}
REPORT: dict[str, Any] = {"token": LEASE, "outcome": "answered", "disposition": "sold", "topics": ["delivery-late"], "note": "Takes two."}


@example(ATTEMPT, request=False)
class AttemptSerializer(serializers.ModelSerializer):
    """One contact in somebody's hands, and what came of it."""

    state = serializers.ChoiceField(choices=Attempt.State.choices)
    closing = serializers.ChoiceField(choices=Attempt.Closing.choices, allow_blank=True, help_text="How it ended; empty while it goes on.")
    disposition = serializers.CharField(source="disposition.code", default=None, allow_null=True, help_text="The code.")

    class Meta:
        model = Attempt
        fields = list(ATTEMPT)
        read_only_fields = fields


class TokenBody(serializers.Serializer):
    token = serializers.UUIDField(help_text="That of the lease: `next` and `lease-batch` told it.")


@example({"token": LEASE, "extension": "201"})
class DialBody(TokenBody):
    phone_system = serializers.SlugRelatedField(
        slug_field="slug", queryset=PhoneSystem.objects.filter(is_active=True), required=False, help_text="Slug; left out: where you sit."
    )
    extension = serializers.CharField(required=False, max_length=50, help_text="Which phone rings first; left out: yours.")


@example(REPORT)
class ReportBody(TokenBody):
    outcome = serializers.ChoiceField(
        choices=OUTCOMES,
        required=False,
        help_text="How it came out, as you know it; it counts before what the phone system tells. Left out with a disposition: answered, of a call that no phone system tells of.",
    )
    disposition = serializers.SlugRelatedField(
        slug_field="code", queryset=Disposition.objects.filter(is_active=True), required=False, help_text="The code."
    )
    topics = serializers.ListField(
        child=serializers.SlugRelatedField(slug_field="code", queryset=Topic.objects.filter(is_active=True)),
        required=False,
        max_length=20,
        help_text="Codes.",
    )
    note = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    callback = CallbackBody(required=False, allow_null=True, help_text="A promise to call back; some dispositions need one.")
    started_at = serializers.DateTimeField(required=False, help_text="Of a call by hand; left out: when it was handed out.")
    ended_at = serializers.DateTimeField(required=False, help_text="Of a call by hand; left out: now.")
    agent = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True, role__in=PEOPLE),
        required=False,
        help_text="Who talked, when a dialler or a supervisor reports for them.",
    )


class RowReportBody(ReportBody):
    attempt = serializers.UUIDField()


@example({"results": [{"attempt": ATTEMPT["id"], "token": LEASE, "outcome": "no_answer"}]})
class ResultsBody(serializers.Serializer):
    results = RowsField(
        of=RowReportBody,
        child=serializers.DictField(),
        min_length=1,
        max_length=MOST,
        help_text="Each as the body of `report`, with `attempt`.",
    )


class RowProblemSerializer(serializers.Serializer):
    code = serializers.CharField()
    detail = serializers.CharField()


class RowResultSerializer(serializers.Serializer):
    attempt = serializers.CharField(allow_null=True, help_text="As it was given.")
    status = serializers.IntegerField(help_text="What this one alone would have been answered with.")
    state = serializers.CharField(allow_null=True)
    is_late = serializers.BooleanField(allow_null=True)
    problem = RowProblemSerializer(allow_null=True)


@example({"results": [{"attempt": ATTEMPT["id"], "status": 200, "state": "closed", "is_late": False, "problem": None}]}, request=False)
class ReportedResultsSerializer(serializers.Serializer):
    results = RowResultSerializer(many=True, help_text="In the order in which they were given.")
