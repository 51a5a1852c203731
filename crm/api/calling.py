"""/calling/check/: may these be called? And the windows and limits by which that is decided."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.response import Response

from config.api.catalogue import CatalogueViewSet, catalogue
from config.api.fields import SentWhole, TimeZoneField
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import ApiViewSet, ReadViewSet, example, operation
from config.platform import upkeep
from config.platform.models import LEADERS, PEOPLE, Role, Scope
from config.platform.moves import VersionConflict
from crm import calling, calling_policies
from crm.api.calendars import WeekHoursSerializer
from crm.api.suppression import WhomBody
from crm.calling import Finding, Verdict
from crm.calling_whom import Whom
from crm.models import CallingLimit, CallingWindow, Contact, Purpose

READ = allow(*PEOPLE, scope=Scope.CALLS_READ)
ANY_PURPOSE = [("", "Any"), *Purpose.choices]
BACK, AHEAD = timedelta(days=366), timedelta(days=2 * 366)
ID = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"


class MomentField(serializers.DateTimeField):
    """A time that the gate can be asked about: from a year ago to two years ahead."""

    def to_internal_value(self, value: Any) -> Any:
        at, now = super().to_internal_value(value), timezone.now()
        if not now - BACK <= at <= now + AHEAD:
            raise serializers.ValidationError("Ask for a time from a year ago to two years ahead.", code="out_of_reach")
        return at


@example({"purpose": "marketing", "whom": [{"phone": "8 (4152) 21-23-45"}, {"contact": ID}]})
class MayCallBody(serializers.Serializer):
    purpose = serializers.ChoiceField(choices=Purpose.choices)
    at = MomentField(required=False, allow_null=True, help_text="By default now; from a year ago to two years ahead.")
    is_manual = serializers.BooleanField(default=True, help_text="Somebody dials by hand; `false`: a campaign would.")
    is_return = serializers.BooleanField(default=False, help_text="It answers a call of the customer's own.")
    whom = serializers.ListField(child=WhomBody(), min_length=1, max_length=500)


class FindingSerializer(serializers.Serializer):
    rule = serializers.CharField(help_text="Which rule says so.")
    verdict = serializers.ChoiceField(choices=[calling.ALLOWED, calling.WARNED, calling.REFUSED])
    code = serializers.CharField(help_text="Stable; say your own words by it.")
    detail = serializers.CharField(help_text="A sentence for people.")
    next_at = serializers.DateTimeField(allow_null=True, help_text="From when on this rule would say yes; null: never by itself.")
    facts = serializers.DictField(help_text="What it was decided by: ids of a window, a limit, a suppression; time zones and local times.")


class MayCallSerializer(serializers.Serializer):
    index = serializers.IntegerField(help_text="Its place in the request, from 0.")
    phone = serializers.CharField(allow_blank=True, help_text="E.164; of a contact its primary number.")
    contact = serializers.UUIDField(allow_null=True, help_text="Of a number whoever alone has it.")
    allowed = serializers.BooleanField()
    next_at = serializers.DateTimeField(
        allow_null=True,
        help_text="The first time at which every rule says yes: `at` when it is allowed, null when it never will be by itself.",
    )
    reasons = FindingSerializer(many=True, help_text="Why not.")
    warnings = FindingSerializer(many=True, help_text="What stands against it without forbidding it.")
    rules = FindingSerializer(many=True, help_text="What every rule said: the whole explanation.")


REASON: dict[str, Any] = {
    "rule": "window",
    "verdict": "refused",
    "code": "outside_window",
    "detail": "“Sales” is closed: it is 21:40 in Asia/Kamchatka.",
    "next_at": "2026-11-23T21:00:00Z",
    "facts": {
        "window": ID,
        "zones": ["Asia/Kamchatka"],
        "zones_from": ["number"],
        "local_times": {"Asia/Kamchatka": "2026-11-23T21:40+12:00"},
    },
}
FINE = {"rule": "number", "verdict": "allowed", "code": "number_usable", "detail": "The number can be called.", "next_at": "2026-11-23T09:40:00Z", "facts": {}}  # fmt: skip


@example(
    {
        "at": "2026-11-23T09:40:00Z",
        "results": [
            {
                "index": 0,
                "phone": "+74152212345",
                "contact": ID,
                "allowed": False,
                "next_at": "2026-11-23T21:00:00Z",
                "reasons": [REASON],
                "warnings": [],
                "rules": [FINE, REASON],
            }
        ],
    },
    request=False,
)
class MayCallsSerializer(serializers.Serializer):
    at = serializers.DateTimeField(help_text="The time that was asked about.")
    results = MayCallSerializer(many=True)


class CallingViewSet(ApiViewSet):
    """The door."""

    resource = "calling"
    queryset = Contact.objects.none()
    permits = {"check": READ}

    @operation(body=MayCallBody, answer=MayCallsSerializer, detail=False)
    def check(self, request) -> Response:
        """May they be called?

        Asks every rule: the number, suppressions, consents, the window of the customer's own time zone, limits, a call that goes on. The
        same rules decide when somebody dials, so the answer is also the explanation. Nothing is written. Ask for several at once: it
        costs the same.
        """
        said, now = self.read(MayCallBody), timezone.now()
        whom = [Whom(one["e164"], one.get("contact")) for one in said.pop("whom")]
        verdicts = calling.may_call_many(whom, **{**said, "at": said.get("at") or now}, agent=self.user, now=now)
        return Response({"at": verdicts[0].at, "results": [_shown(index, one) for index, one in enumerate(verdicts)]})


def _shown(index: int, verdict: Verdict) -> dict[str, Any]:
    def all_of(findings: Any) -> list[dict[str, Any]]:
        return [_finding(one) for one in findings]

    return {
        "index": index,
        "phone": verdict.subject.e164,
        "contact": verdict.subject.contact_id,
        "allowed": verdict.allowed,
        "next_at": verdict.next_at,
        "reasons": all_of(verdict.reasons),
        "warnings": all_of(verdict.warnings),
        "rules": all_of(verdict.findings),
    }


def _finding(one: Finding) -> dict[str, Any]:
    return {**calling.shown(one), "next_at": one.next_at}


# --- windows
class RestrictedSerializer(SentWhole, serializers.Serializer):
    since = serializers.DateField()
    until = serializers.DateField(help_text="The last day.")
    name = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["until"] < attrs["since"]:
            raise serializers.ValidationError({"until": "It ends before it begins."}, code="invalid_period")
        return attrs


WINDOW: dict[str, Any] = {
    "name": "Sales",
    "purpose": "marketing",
    "week": [
        {"weekday": "monday", "opens": "09:00", "closes": "13:00"},
        {"weekday": "monday", "opens": "14:00", "closes": "20:00"},
    ],
    "keeps_holidays": True,
    "restricted": [{"since": "2026-12-31", "until": "2027-01-08", "name": "New Year"}],
    "unknown_zone": "country_zones",
    "default_zone": "",
    "start_grace_s": 900,
    "holds_for_returns": False,
    "is_active": True,
}


@example({"id": ID, **WINDOW, "version": 1})
class CallingWindowSerializer(serializers.ModelSerializer):
    purpose = serializers.ChoiceField(choices=ANY_PURPOSE, help_text="Empty: for every purpose that has no window of its own.")
    week = WeekHoursSerializer(source="intervals", many=True)
    restricted = RestrictedSerializer(many=True)

    class Meta:
        model = CallingWindow
        fields = ["id", *WINDOW, "version"]
        read_only_fields = fields


@example(WINDOW)
class CallingWindowBody(serializers.Serializer):
    name = serializers.CharField(max_length=100)
    purpose = serializers.ChoiceField(
        choices=ANY_PURPOSE, required=False, help_text="Left out: for every purpose that has no window of its own."
    )
    week = WeekHoursSerializer(many=True, max_length=168, help_text="When calls may begin, by the customer's own clocks.")
    keeps_holidays = serializers.BooleanField(required=False, help_text="Nobody is called on public holidays of their country.")
    restricted = RestrictedSerializer(many=True, required=False, max_length=500, help_text="Dates on which nobody is called.")
    unknown_zone = serializers.ChoiceField(
        choices=CallingWindow.UnknownZone.choices, required=False, help_text="What to do when nothing tells the customer's time zone."
    )
    default_zone = TimeZoneField(required=False, allow_blank=True, help_text="IANA name; empty: that of the settings.")
    start_grace_s = serializers.IntegerField(
        min_value=0, max_value=86400, required=False, help_text="No call begins in the last so many seconds before closing."
    )
    holds_for_returns = serializers.BooleanField(
        required=False, help_text="It also holds for calls that answer a call of the customer's own; usually they may be answered at once."
    )
    is_active = serializers.BooleanField(required=False)


class CallingWindowFilter(FilterSet):
    purpose = filters.ChoiceFilter(choices=Purpose.choices)
    is_active = filters.BooleanFilter()

    class Meta:
        model = CallingWindow
        fields = ["purpose", "is_active"]


class CallingWindowViewSet(ReadViewSet):
    """Windows of calling."""

    resource = "calling_windows"
    queryset = CallingWindow.objects.whole()
    serializer_class = CallingWindowSerializer
    filterset_class = CallingWindowFilter
    ordering_fields = ("name",)
    permits = {"list": READ, "retrieve": READ, "create": allow(*LEADERS), "partial_update": allow(*LEADERS), "destroy": allow(Role.ADMIN)}

    @operation(answer=CallingWindowSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Windows of calling

        When customers may be called, by their own clocks. A purpose has one active window, or that for all purposes; without any,
        marketing and surveys have the usual hours of the settings, and everything else has none.
        """
        return super().list(request)

    @operation(answer=CallingWindowSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One window of calling

        Its week, its dates, and what it does when nobody knows where the customer is.
        """
        return super().retrieve(request, pk)

    @operation(body=CallingWindowBody, answer=CallingWindowSerializer, status=201)
    def create(self, request) -> Response:
        """Add a window of calling

        An interval over midnight is two: until 24:00, and from 00:00 on the next day.
        """
        return self.respond(calling_policies.add(**self.read(CallingWindowBody), **self.by), 201, location=True)

    @operation(body=CallingWindowBody(partial=True), answer=CallingWindowSerializer, refusals=[VersionConflict])
    def partial_update(self, request, pk) -> Response:
        """Change a window of calling

        Only what you send is changed; `week` and `restricted` replace the whole list. It counts from the next question on.
        """
        row = self.get_object()
        said = self.read(CallingWindowBody, partial=True)
        return self.respond(calling_policies.alter(row.pk, **said, if_version=self.if_version, **self.by))

    @operation(status=204, refusals=[VersionConflict])
    def destroy(self, request, pk) -> Response:
        """Remove a window of calling

        The usual hours count again. To put it aside for a while, switch it off instead.
        """
        upkeep.remove(CallingWindow, self.get_object().pk, if_version=self.if_version, **self.by)
        return Response(status=204)


# --- limits
LIMIT: dict[str, Any] = {
    "name": "Three a day",
    "purpose": "",
    "subject": "number",
    "window": "calendar_day",
    "window_s": None,
    "most": 3,
    "min_gap_s": 3600,
    "manual_calls": "warn",
    "is_active": True,
}


@example({"id": ID, **LIMIT, "version": 1})
class CallingLimitSerializer(serializers.ModelSerializer):
    purpose = serializers.ChoiceField(choices=ANY_PURPOSE, help_text="Empty: for whatever purpose.")

    class Meta:
        model = CallingLimit
        fields = ["id", *LIMIT, "version"]
        read_only_fields = fields


@example(LIMIT)
class CallingLimitBody(serializers.ModelSerializer):
    class Meta:
        model = CallingLimit
        fields = list(LIMIT)


class CallingLimitFilter(FilterSet):
    purpose = filters.ChoiceFilter(choices=Purpose.choices)
    is_active = filters.BooleanFilter()

    class Meta:
        model = CallingLimit
        fields = ["purpose", "is_active"]


@catalogue(
    one="limit of calling",
    many="limits of calling",
    about="How often a number or a contact may be called, answered or not, by whomever, and how long we wait in between. All that touch a purpose hold together.",
)
class CallingLimitViewSet(CatalogueViewSet):
    """Limits of calling."""

    resource = "calling_limits"
    queryset = CallingLimit.objects.all()
    serializer_class = CallingLimitSerializer
    body_class = CallingLimitBody
    filterset_class = CallingLimitFilter
    ordering_fields = ("name",)
    permits = {
        "list": READ,
        "retrieve": READ,
        "create": allow(*LEADERS),
        "partial_update": allow(*LEADERS),
        "destroy": allow(Role.ADMIN),
    }
