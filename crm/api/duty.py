"""/duty-shifts/ over HTTP, and the shapes of who is on duty."""

from typing import Any

from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from config.api.catalogue import CatalogueViewSet
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import example, operation
from config.platform.models import LEADERS, PEOPLE, User
from config.platform.moves import VersionConflict
from crm import duty_shifts
from crm.api.calendars import ClockField, WeekdayField, WeekHoursSerializer
from crm.models import CalendarInterval, Department, DutyShift

READ = allow(*PEOPLE)
WRITE = allow(*LEADERS)
DEPARTMENT, PERSON = "0199a1b2-2222-7000-8000-293a4b5c6d7e", "0199a1b2-0000-7000-8000-293a4b5c6d7e"
SHIFT = {
    "department": DEPARTMENT,
    "person": PERSON,
    "kind": "on",
    "weekday": "monday",
    "on": None,
    "opens": "22:00",
    "closes": "24:00",
    "since": "2026-12-01",
    "until": None,
    "note": "",
}
LEAVE = {"person": PERSON, "kind": "off", "since": "2026-12-21", "until": "2027-01-03", "note": "Leave; ask Smirnova."}
WEEK = [{"weekday": "monday", "opens": "22:00", "closes": "24:00"}, {"weekday": "tuesday", "opens": "00:00", "closes": "06:00"}]


class PersonField(serializers.PrimaryKeyRelatedField):
    """Somebody who works here."""

    def __init__(self, **kwargs: Any) -> None:
        if not kwargs.get("read_only"):
            kwargs.setdefault("queryset", User.objects.filter(is_active=True, role__in=PEOPLE))
        super().__init__(**kwargs)


@example({"id": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e", **SHIFT, "version": 1})
class DutyShiftSerializer(serializers.ModelSerializer):
    weekday = WeekdayField(choices=CalendarInterval.WEEKDAYS, allow_null=True)
    opens = ClockField()
    closes = ClockField()

    class Meta:
        model = DutyShift
        fields = ["id", "department", "person", "kind", "weekday", "on", "opens", "closes", "since", "until", "note", "version"]
        read_only_fields = fields


@example(LEAVE, name="A leave", response=False)
class DutyShiftBody(serializers.Serializer):
    department = serializers.PrimaryKeyRelatedField(
        queryset=Department.objects.all(),
        required=False,
        allow_null=True,
        help_text="Empty, for an absence only: in every department.",
    )
    person = PersonField(help_text="Anybody who works here, a member of the department or not.")
    kind = serializers.ChoiceField(choices=DutyShift.Kind.choices, required=False, help_text="`on` duty, or `off`: away.")
    weekday = WeekdayField(choices=CalendarInterval.WEEKDAYS, required=False, allow_null=True, help_text="Every week.")
    on = serializers.DateField(required=False, allow_null=True, help_text="On this date only.")
    opens = ClockField(required=False, help_text="HH:MM, wall time of the department's zone; 00:00 by default.")
    closes = ClockField(required=False, help_text="HH:MM, up to 24:00, the default. A shift that passes midnight is two.")
    since = serializers.DateField(required=False, allow_null=True, help_text="The first day on which it counts.")
    until = serializers.DateField(required=False, allow_null=True, help_text="The last day on which it counts.")
    note = serializers.CharField(max_length=100, required=False, allow_blank=True, help_text="Everybody here can read it.")


@example({"department": DEPARTMENT, "person": PERSON, "week": WEEK})
class WeekBody(serializers.Serializer):
    department = serializers.PrimaryKeyRelatedField(queryset=Department.objects.all())
    person = PersonField()
    week = WeekHoursSerializer(many=True, max_length=168, help_text="All shifts of the person's week; empty: none.")


@example(
    {"week": [{"id": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e", **SHIFT, "since": None, **one, "version": 1} for one in WEEK]}, request=False
)
class DutyWeekSerializer(serializers.Serializer):
    week = DutyShiftSerializer(many=True, help_text="In order.")


class ComingSerializer(serializers.Serializer):
    at = serializers.DateTimeField(help_text="When they begin.")
    people = serializers.ListField(child=serializers.UUIDField())


@example(
    {
        "at": "2026-11-23T12:00:00Z",
        "known_by": "roster",
        "people": [PERSON],
        "until": "2026-11-23T15:00:00Z",
        "next": {"at": "2026-11-23T19:00:00Z", "people": ["0199a1b2-0001-7000-8000-293a4b5c6d7e"]},
    },
    request=False,
)
class OnDutySerializer(serializers.Serializer):
    at = serializers.DateTimeField(help_text="The instant asked about.")
    known_by = serializers.ChoiceField(
        choices=["roster", "calendar", "members"],
        help_text="`roster`: its shifts decide; `calendar`: no roster, all members while it is open; `members`: neither, always all.",
    )
    people = serializers.ListField(child=serializers.UUIDField(), help_text="Who is on duty then; empty: nobody.")
    until = serializers.DateTimeField(allow_null=True, help_text="When somebody comes or goes; null: not within a year.")
    next = ComingSerializer(allow_null=True, help_text="Who is on duty after that, be it later; null: nobody else within a year.")


class OnDutyQuery(serializers.Serializer):
    at = serializers.DateTimeField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not 1900 < attrs.setdefault("at", timezone.now()).year < 2190:
            raise serializers.ValidationError({"at": "Ask for an instant between 1901 and 2189."})
        return attrs


@extend_schema_field({"type": "string", "enum": list(CalendarInterval.WEEKDAYS)})
class WeekdayFilter(filters.TypedChoiceFilter):
    """By the name of the day, though the column holds its number."""


class DutyShiftFilter(FilterSet):
    department = filters.UUIDFilter(field_name="department_id", help_text="Absences for all departments have none: ask by `person`.")
    person = filters.UUIDFilter(field_name="person_id")
    kind = filters.ChoiceFilter(choices=DutyShift.Kind.choices)
    on = filters.DateFilter(help_text="Shifts of this one date; weekly ones are found by `weekday`.")
    weekday = WeekdayFilter(
        choices=[(name, name) for name in CalendarInterval.WEEKDAYS], coerce=CalendarInterval.WEEKDAYS.index, empty_value=None
    )

    class Meta:
        model = DutyShift
        fields = ["department", "person", "kind", "on", "weekday"]


class DutyShiftViewSet(CatalogueViewSet):
    """The roster."""

    resource = "duty_shifts"
    queryset = DutyShift.objects.all()
    serializer_class = DutyShiftSerializer
    body_class = DutyShiftBody
    filterset_class = DutyShiftFilter
    permits = {
        "list": READ, "retrieve": READ, "create": WRITE, "partial_update": WRITE, "destroy": WRITE, "replace_week": WRITE,
    }  # fmt: skip

    @operation(answer=DutyShiftSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Shifts of the roster

        Who is on duty when, and who is away. Who it comes to at an instant: `/departments/{id}/on-duty/`.
        """
        return super().list(request)

    @operation(answer=DutyShiftSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One shift of the roster

        Weekly, of one date, or an absence over several days.
        """
        return super().retrieve(request, pk)

    @operation(body=DutyShiftBody, answer=DutyShiftSerializer, status=201)
    def create(self, request) -> Response:
        """Add a shift or an absence

        Give `weekday` for every week, `on` for one date, or, for an absence, `since` and `until` for every day of them. A date's own
        shifts replace the person's weekly ones of that date; an absence takes away from both. A shift that overlaps another of
        its kind is refused.
        """
        return super().create(request)

    @operation(body=DutyShiftBody(partial=True), answer=DutyShiftSerializer, refusals=[VersionConflict])
    def partial_update(self, request, pk) -> Response:
        """Change a shift

        Only what you send is changed. To end a weekly one, give `until`; who was on duty before stays known.
        """
        return super().partial_update(request, pk)

    @operation(status=204, refusals=[VersionConflict])
    def destroy(self, request, pk) -> Response:
        """Remove a shift

        As if it had never been; its history stays. To end a weekly one, change its `until` instead.
        """
        return super().destroy(request, pk)

    @operation(body=WeekBody, answer=DutyWeekSerializer, detail=False)
    def replace_week(self, request) -> Response:
        """Replace a person's week in a department

        All weekly shifts of this person there become those of `week`, until further notice, in one step; shifts of single dates and
        absences stay. Answers the new week.
        """
        made = duty_shifts.replace_week(**self.read(WeekBody), **self.by)
        return Response(DutyWeekSerializer({"week": made}).data)
