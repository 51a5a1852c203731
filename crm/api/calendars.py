"""/calendars/ over HTTP."""

import re
from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from config.api.fields import CountryField, SentWhole, TimeZoneField
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import ReadViewSet, example, operation
from config.platform import upkeep
from config.platform.models import PEOPLE, Role, Scope
from config.platform.moves import VersionConflict
from crm import business_time, calendars
from crm.models import BusinessCalendar, CalendarInterval

READ = allow(*PEOPLE, scope=Scope.CONTACTS_READ)
KEEP = allow(Role.ADMIN)
MOST_DAYS = 400
CALENDAR = {
    "name": "Head office",
    "time_zone": "Europe/Moscow",
    "country": "RU",
    "subdivision": "",
    "is_default": False,
    "week": [
        {"weekday": "monday", "opens": "09:00", "closes": "13:00"},
        {"weekday": "monday", "opens": "14:00", "closes": "18:00"},
        {"weekday": "saturday", "opens": "10:00", "closes": "24:00"},
    ],
    "days": [{"on": "2026-12-31", "name": "Short day", "intervals": [{"opens": "09:00", "closes": "15:00"}]}],
}
ID = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"


@extend_schema_field({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$", "example": "09:00"})
class ClockField(serializers.CharField):
    """Wall time as ``HH:MM``, up to ``24:00``; inside, minutes after midnight."""

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d|24:00", text, re.ASCII):
            raise serializers.ValidationError("Write the time as HH:MM, from 00:00 to 24:00.", code="invalid_time")
        return int(text[:2]) * 60 + int(text[3:])

    def to_representation(self, value: Any) -> str:
        return calendars.clock(value)


class HoursSerializer(SentWhole, serializers.Serializer):
    opens = ClockField(help_text="HH:MM, wall time of the calendar's zone.")
    closes = ClockField(help_text="HH:MM, up to 24:00. An interval that passes midnight is two.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["closes"] <= attrs["opens"]:
            raise serializers.ValidationError(
                {"closes": "It closes before it opens; split an interval that passes midnight into two."}, code="invalid_interval"
            )
        return attrs


class WeekdayField(serializers.ChoiceField):
    """A day of the week by its name; inside, 0 for Monday."""

    def to_internal_value(self, data: Any) -> Any:
        return CalendarInterval.WEEKDAYS.index(super().to_internal_value(data))

    def to_representation(self, value: Any) -> str:
        return CalendarInterval.WEEKDAYS[value]


class WeekHoursSerializer(HoursSerializer):
    weekday = WeekdayField(choices=CalendarInterval.WEEKDAYS)


class CalendarDaySerializer(serializers.Serializer):
    on = serializers.DateField()
    name = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    intervals = HoursSerializer(many=True, max_length=24, help_text="Empty: a day off.")


@example({"id": ID, **CALENDAR, "version": 1})
class CalendarSerializer(serializers.ModelSerializer):
    week = WeekHoursSerializer(source="intervals", many=True)
    days = CalendarDaySerializer(many=True)

    class Meta:
        model = BusinessCalendar
        fields = ["id", "name", "time_zone", "country", "subdivision", "is_default", "week", "days", "version"]
        read_only_fields = fields


@example(CALENDAR)
class CalendarBody(serializers.Serializer):
    name = serializers.CharField(max_length=100)
    time_zone = TimeZoneField(required=False)
    country = CountryField(required=False, allow_blank=True, help_text="Its public holidays are days off. Empty: none.")
    subdivision = serializers.CharField(
        max_length=10, required=False, allow_blank=True, help_text="Of the country, for instance BY for Bavaria."
    )
    is_default = serializers.BooleanField(required=False)
    week = WeekHoursSerializer(many=True, max_length=168, help_text="The open intervals of a week.")
    days = CalendarDaySerializer(
        many=True, required=False, max_length=2000, help_text="Dates that differ, whatever the week and the holidays say."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        known = business_time.countries_with_holidays()
        country = attrs.get("country", getattr(self.instance, "country", ""))
        subdivision = attrs.get("subdivision", getattr(self.instance, "subdivision", ""))
        if country and country not in known:
            raise serializers.ValidationError(
                {"country": "The holidays of this country are not known; leave it empty and name them in `days`."}, code="unknown_country"
            )
        if subdivision and subdivision not in known.get(country, ()):
            listed = ", ".join(known.get(country, ())) or "none"
            raise serializers.ValidationError({"subdivision": f"Known here: {listed}."}, code="unknown_subdivision")
        return attrs


class SpanSerializer(serializers.Serializer):
    opens_at = serializers.DateTimeField()
    closes_at = serializers.DateTimeField()


@example(
    {
        "is_open": False,
        "next_open_at": "2026-11-24T06:00:00Z",
        "next_close_at": "2026-11-24T10:00:00Z",
        "spans": [{"opens_at": "2026-11-24T06:00:00Z", "closes_at": "2026-11-24T10:00:00Z"}],
        "holidays": [{"on": "2027-01-01", "name": "New Year Holidays"}],
    },
    request=False,
)
class OpeningSerializer(serializers.Serializer):
    is_open = serializers.BooleanField(help_text="Now.")
    next_open_at = serializers.DateTimeField(allow_null=True, help_text="Now, when it is open; null: not within five years.")
    next_close_at = serializers.DateTimeField(allow_null=True)
    spans = SpanSerializer(many=True, help_text="Open time of the days asked for.")
    holidays = serializers.ListField(child=serializers.DictField(), help_text="Public holidays among them: `on` and `name`.")


class RangeQuery(serializers.Serializer):
    since = serializers.DateField(required=False)
    until = serializers.DateField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        since = attrs.setdefault("since", timezone.now().date())
        if not 1900 < since.year < 2190:
            raise serializers.ValidationError({"since": "Ask for a day between 1901 and 2189."})
        until = attrs.setdefault("until", since + timedelta(days=7))
        if not timedelta(0) < until - since <= timedelta(days=MOST_DAYS):
            raise serializers.ValidationError({"until": f"It comes after `since`, by {MOST_DAYS} days at most."})
        return attrs


class CalendarFilter(FilterSet):
    is_default = filters.BooleanFilter()

    class Meta:
        model = BusinessCalendar
        fields = ["is_default"]


class CalendarViewSet(ReadViewSet):
    """Calendars of working time."""

    resource = "calendars"
    queryset = BusinessCalendar.objects.whole()
    serializer_class = CalendarSerializer
    filterset_class = CalendarFilter
    ordering_fields = ("name",)
    parameters = {"hours": frozenset({"since", "until"})}
    permits = {"list": READ, "retrieve": READ, "hours": READ, "create": KEEP, "partial_update": KEEP, "destroy": KEEP}

    @operation(answer=CalendarSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Calendars

        When the company and its departments work.
        """
        return super().list(request)

    @operation(answer=CalendarSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One calendar

        Its week, its dates that differ, and whose holidays it keeps.
        """
        return super().retrieve(request, pk)

    @operation(body=CalendarBody, answer=CalendarSerializer, status=201)
    def create(self, request) -> Response:
        """Add a calendar

        Several intervals a day are welcome: before and after lunch. A date in `days` has exactly its own intervals, also when
        it is a holiday.
        """
        return self.respond(calendars.add(**self.read(CalendarBody), **self.by), 201, location=True)

    @operation(body=CalendarBody(partial=True), answer=CalendarSerializer, refusals=[VersionConflict])
    def partial_update(self, request, pk) -> Response:
        """Change a calendar

        Only what you send is changed; `week` and `days` replace the whole list.
        """
        row = self.get_object()
        body = CalendarBody(row, data=request.data, partial=True, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        return self.respond(calendars.alter(row.pk, **body.validated_data, if_version=self.if_version, **self.by))

    @operation(status=204, refusals=[VersionConflict])
    def destroy(self, request, pk) -> Response:
        """Remove a calendar

        Only while no department uses it (409 `still_in_use` otherwise).
        """
        upkeep.remove(BusinessCalendar, self.get_object().pk, if_version=self.if_version, **self.by)
        return Response(status=204)

    @operation(
        answer=OpeningSerializer,
        method="get",
        filters=False,
        parameters=[
            OpenApiParameter("since", date, description="The first day, in the calendar's zone; today by default."),
            OpenApiParameter("until", date, description=f"The day after the last one; a week later by default, {MOST_DAYS} days at most."),
        ],
    )
    def hours(self, request, pk) -> Response:
        """Opening hours as instants

        Whether it is open now, when it opens and closes next, and the open time of some days, holidays and changes of the clock
        reckoned in.
        """
        calendar, now = self.get_object(), timezone.now()
        query = RangeQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        return Response(OpeningSerializer(calendars.opening(calendar, **query.validated_data, now=now)).data)
