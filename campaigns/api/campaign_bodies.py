"""What /campaigns/ takes and shows."""

from typing import Any

from django.utils import timezone
from rest_framework import serializers

from calls.models import Call, Disposition
from campaigns import dry_runs
from campaigns.models import AudienceRun, AudienceSource, Campaign, ContactList, DryRun, LeftOut, RetryRule, Survey
from config.api.fields import SentWhole
from config.api.viewsets import example
from config.platform.models import PEOPLE, User
from crm.api.calendars import WeekHoursSerializer
from crm.models import Department, Import, Promotion, SavedFilter, Script, Team

ID = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"
PERSON = "0199a1b2-0000-7000-8000-293a4b5c6d7e"
OUTCOMES = [(one.value, one.label) for one in Call.Outcome]
PLAIN: dict[str, Any] = {
    "name": "Autumn offers",
    "kind": "promo",
    "purpose": "marketing",
    "is_template": False,
    "about": "Clients of last year hear of the new tariff.",
    "priority": 60,
    "department": None,
    "script": None,
    "survey": None,
    "promotion": None,
    "line": "+74951112233",
    "goal": "successes",
    "goal_count": 500,
    "starts_at": "2026-12-01T06:00:00Z",
    "ends_at": "2026-12-20T18:00:00Z",
    "keeps_holidays": True,
    "max_attempts": 5,
    "max_per_day": 2,
    "max_per_number": None,
    "rolling_most": 4,
    "rolling_s": 259200,
    "min_gap_s": 7200,
    "max_technical": 3,
    "retry_s": 14400,
    "drop_lockout_s": 259200,
    "lease_s": 600,
}
HOURS: list[dict[str, str]] = [
    {"weekday": "monday", "opens": "10:00", "closes": "13:00"},
    {"weekday": "monday", "opens": "14:00", "closes": "20:00"},
]
RULE: dict[str, Any] = {
    "outcome": "busy",
    "disposition": None,
    "delay_s": 1800,
    "growth": "multiplied",
    "factor": "2.00",
    "most_s": 14400,
    "max_attempts": 4,
    "next_number": "same",
    "varies_time_of_day": False,
    "agent": "any",
}
SOURCE: dict[str, Any] = {
    "mode": "include",
    "kind": "filter",
    "query": {"lifecycle": "client", "region": "RU"},
    "saved_filter": None,
    "contact_list": None,
    "imported": None,
    "priority": 0,
}
LISTS: dict[str, Any] = {"agents": [PERSON], "teams": [], "dispositions": [], "hours": HOURS, "retry_rules": [RULE], "sources": [SOURCE]}
SHOWN: dict[str, Any] = {
    "id": ID,
    "number": "K-2026-000012",
    "status": "running",
    **PLAIN,
    **LISTS,
    "survey_version": None,
    "copied_from": None,
    "started_at": "2026-12-01T06:00:00Z",
    "ended_at": None,
    "ended_because": "",
    "forced_reason": "",
    "start_problem": "",
    "by": PERSON,
    "created_at": "2026-11-30T09:00:00Z",
    "updated_at": "2026-12-01T06:00:00Z",
    "open_moves": ["alter", "cancel", "complete", "pause"],
    "version": 4,
}


class RetryRuleSerializer(SentWhole, serializers.ModelSerializer):
    outcome = serializers.ChoiceField(
        choices=[("", "None"), *OUTCOMES], required=False, help_text="Of the call; left out when it is for a disposition."
    )
    disposition = serializers.SlugRelatedField(
        slug_field="code", queryset=Disposition.objects.all(), required=False, allow_null=True, help_text="The code."
    )

    class Meta:
        model = RetryRule
        fields = list(RULE)
        validators: list[object] = []  # the table's own constraints answer


class AudienceSourceSerializer(SentWhole, serializers.ModelSerializer):
    kind = serializers.ChoiceField(choices=AudienceSource.Kind.choices)
    query = serializers.DictField(required=False, help_text="Of a filter: names and values as `GET /contacts/` takes them.")
    saved_filter = serializers.PrimaryKeyRelatedField(
        queryset=SavedFilter.objects.filter(entity="contacts"),
        required=False,
        allow_null=True,
        help_text="Its query is copied when none is given.",
    )
    contact_list = serializers.PrimaryKeyRelatedField(queryset=ContactList.objects.all(), required=False, allow_null=True)
    imported = serializers.PrimaryKeyRelatedField(
        queryset=Import.objects.all(), required=False, allow_null=True, help_text="Id of an import."
    )

    class Meta:
        model = AudienceSource
        fields = list(SOURCE)
        validators: list[object] = []


@example(SHOWN, request=False)
class CampaignSerializer(serializers.ModelSerializer):
    promotion = serializers.SlugRelatedField(slug_field="code", read_only=True, allow_null=True, help_text="Its code.")
    dispositions = serializers.SlugRelatedField(
        slug_field="code", many=True, read_only=True, help_text="Codes; none: all for outbound calls."
    )
    hours = WeekHoursSerializer(many=True, help_text="By the customer's clocks; none: whenever the purpose may.")
    retry_rules = RetryRuleSerializer(many=True)
    sources = AudienceSourceSerializer(many=True)
    open_moves = serializers.ListField(child=serializers.CharField(), help_text="The verbs that it would accept now.")

    class Meta:
        model = Campaign
        fields = list(SHOWN)
        read_only_fields = fields


@example({**PLAIN, **LISTS})
class CampaignBody(serializers.ModelSerializer):
    department = serializers.PrimaryKeyRelatedField(queryset=Department.objects.filter(is_active=True), required=False, allow_null=True)
    script = serializers.PrimaryKeyRelatedField(queryset=Script.objects.filter(is_active=True), required=False, allow_null=True)
    survey = serializers.PrimaryKeyRelatedField(queryset=Survey.objects.filter(is_active=True), required=False, allow_null=True)
    promotion = serializers.SlugRelatedField(
        slug_field="code", queryset=Promotion.objects.all(), required=False, allow_null=True, help_text="Its code."
    )
    agents = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True, role__in=PEOPLE), many=True, required=False, help_text="Who works in it: ids of users."
    )
    teams = serializers.PrimaryKeyRelatedField(queryset=Team.objects.filter(is_active=True), many=True, required=False)
    dispositions = serializers.SlugRelatedField(
        slug_field="code",
        queryset=Disposition.objects.filter(is_active=True),
        many=True,
        required=False,
        help_text="Codes; none: all for outbound calls.",
    )
    hours = WeekHoursSerializer(many=True, required=False, max_length=168, help_text="By the customer's clocks. Replaces the whole list.")
    retry_rules = RetryRuleSerializer(many=True, required=False, max_length=100, help_text="Replaces the whole list.")
    sources = AudienceSourceSerializer(many=True, required=False, max_length=50, help_text="Whom it is for. Replaces the whole list.")

    class Meta:
        model = Campaign
        fields = [*PLAIN, *LISTS]
        validators: list[object] = []  # the table's own constraints answer


class ReasonBody(serializers.Serializer):
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


@example({"reason": "The offer was withdrawn."})
class CampaignCancelBody(serializers.Serializer):
    reason = serializers.CharField(max_length=300)


@example({"reason": "The call centre closes early today."})
class CampaignPauseBody(ReasonBody):
    """Why it rests."""


@example({"reason": "Everybody who matters was called."})
class CampaignCompleteBody(ReasonBody):
    """Why it ends."""


@example({"starts_at": "2026-12-01T06:00:00Z"})
class CampaignScheduleBody(serializers.Serializer):
    starts_at = serializers.DateTimeField()


@example({"force": False, "reason": ""})
class CampaignStartBody(ReasonBody):
    force = serializers.BooleanField(default=False, help_text="Start without a fresh dry run; `reason` says why.")


@example({"name": "Winter offers", "is_template": False, "with_sources": True})
class CampaignCopyBody(serializers.Serializer):
    name = serializers.CharField(max_length=150)
    is_template = serializers.BooleanField(default=False, help_text="Make a template of it.")
    with_sources = serializers.BooleanField(default=True, help_text="Copy whom it is for too.")


RUN: dict[str, Any] = {
    "id": ID,
    "kind": "build",
    "status": "running",
    "total": 1000000,
    "seen": 412000,
    "added": 401770,
    "left_out": 10230,
    "reasons": {"no_number": 4100, "suppressed": 6130},
    "rate": 6200.0,
    "seconds_left": 95,
    "asked_at": "2026-11-30T09:00:00Z",
    "started_at": "2026-11-30T09:00:01Z",
    "finished_at": None,
    "problem": "",
    "by": PERSON,
    "version": 2,
}


@example(RUN, request=False)
class AudienceRunSerializer(serializers.ModelSerializer):
    reasons = serializers.DictField(child=serializers.IntegerField(), help_text="Left out, by reason.")
    seconds_left = serializers.SerializerMethodField(help_text="At the rate of late; null when it is not known.")

    class Meta:
        model = AudienceRun
        fields = list(RUN)
        read_only_fields = fields

    def get_seconds_left(self, row: AudienceRun) -> int | None:
        return round((row.total - row.seen) / row.rate) if row.rate and row.total and row.status == "running" else None


@example({"targets": 401770, "left_out": {"no_number": 4100, "suppressed": 6130}, "runs": [RUN]}, request=False)
class AudienceSerializer(serializers.Serializer):
    targets = serializers.IntegerField()
    left_out = serializers.DictField(child=serializers.IntegerField(), help_text="How many were left out, by reason.")
    runs = AudienceRunSerializer(many=True, help_text="The latest first, twenty at most.")


@example({"contact": ID, "reason": "suppressed", "detail": "This number may not be called for marketing.", "run": ID}, request=False)
class LeftOutSerializer(serializers.ModelSerializer):
    class Meta:
        model = LeftOut
        fields = ["contact", "reason", "detail", "run"]
        read_only_fields = fields


DRY_RUN: dict[str, Any] = {
    "id": ID,
    "status": "done",
    "is_fresh": True,
    "stops_since": 12,
    "total": 401770,
    "seen": 401770,
    "callable_now": 120400,
    "callable_later": 281220,
    "never": 150,
    "reasons": {"outside_campaign_hours": 281220, "suppressed": 150},
    "first_at": {"2026-12-01T07:00:00Z": 80000},
    "samples": [
        {"target": ID, "contact": ID, "code": "suppressed", "detail": "This number may not be called for marketing.", "next_at": None}
    ],
    "asked_at": "2026-11-30T09:00:00Z",
    "finished_at": "2026-11-30T09:02:00Z",
    "problem": "",
    "by": PERSON,
    "version": 3,
}


class DryRunSampleSerializer(serializers.Serializer):
    target = serializers.UUIDField()
    contact = serializers.UUIDField()
    code = serializers.CharField()
    detail = serializers.CharField()
    next_at = serializers.DateTimeField(allow_null=True)


@example(DRY_RUN, request=False)
class DryRunSerializer(serializers.ModelSerializer):
    is_fresh = serializers.SerializerMethodField(
        help_text="It is of the campaign, the audience, and the windows and limits of the house as they are, and not a day old: `start` takes it."
    )
    stops_since = serializers.SerializerMethodField(
        help_text="Do-not-call entries for its purpose that were written since, at most 10,000: it stays fresh, though some may drop out."
    )
    reasons = serializers.DictField(child=serializers.IntegerField(), help_text="What stands against how many, by code of the gate.")
    first_at = serializers.DictField(child=serializers.IntegerField(), help_text="How many can be called first in which hour, UTC.")
    samples = DryRunSampleSerializer(many=True, help_text="Up to five for each reason.")

    class Meta:
        model = DryRun
        fields = list(DRY_RUN)
        read_only_fields = fields

    def get_is_fresh(self, row: DryRun) -> bool:
        return dry_runs.is_fresh(row.campaign, now=timezone.now())

    def get_stops_since(self, row: DryRun) -> int:
        return dry_runs.stops_since(row)
