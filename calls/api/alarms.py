"""/alarms/: queues that were worse than their limits allow."""

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.response import Response

from calls import alarms
from calls.models import Alarm
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import ReadViewSet, example, operation
from config.platform.models import LEADERS, Scope
from config.platform.moves import VersionConflict

READ = allow(*LEADERS, scope=Scope.CALLS_READ)


@example(
    {
        "id": "0199a1b2-9999-7000-8000-293a4b5c6d7e",
        "queue": "support",
        "queue_name": "Support",
        "kind": "waiting",
        "limit": 10,
        "value": 11.0,
        "worst": 14.0,
        "raised_at": "2026-11-23T10:15:00Z",
        "cleared_at": None,
        "acknowledged_at": "2026-11-23T10:16:10Z",
        "acknowledged_by": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
        "version": 2,
    },
    request=False,
)
class AlarmSerializer(serializers.ModelSerializer):
    queue = serializers.SlugRelatedField(slug_field="slug", read_only=True, help_text="Slug.")
    queue_name = serializers.CharField(source="queue.name", read_only=True)

    class Meta:
        model = Alarm
        fields = [
            "id", "queue", "queue_name", "kind", "limit", "value", "worst", "raised_at", "cleared_at", "acknowledged_at", "acknowledged_by",
            "version",
        ]  # fmt: skip
        read_only_fields = fields


class AlarmFilter(FilterSet):
    queue = filters.CharFilter(field_name="queue__slug", help_text="Slug.")
    kind = filters.ChoiceFilter(choices=Alarm.Kind.choices)
    is_open = filters.BooleanFilter(field_name="cleared_at", lookup_expr="isnull", help_text="Whether it goes on.")
    is_acknowledged = filters.BooleanFilter(field_name="acknowledged_at", lookup_expr="isnull", exclude=True)
    raised_after = filters.IsoDateTimeFilter(field_name="raised_at", lookup_expr="gte")
    raised_before = filters.IsoDateTimeFilter(field_name="raised_at", lookup_expr="lt")

    class Meta:
        model = Alarm
        fields = ["queue", "kind"]


class AlarmViewSet(ReadViewSet):
    """Alarms."""

    resource = "alarms"
    queryset = Alarm.objects.for_api()
    serializer_class = AlarmSerializer
    filterset_class = AlarmFilter
    ordering_fields = ("raised_at",)
    permits = {"list": READ, "retrieve": READ, "acknowledge": allow(*LEADERS, scope=Scope.CALLS_WRITE)}

    @operation(answer=AlarmSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Alarms of queues

        The newest first. Those that go on: `?is_open=true`. The limits are set on the queue: `alarm_waiting`, `alarm_wait_s`,
        `alarm_service_level`. Whoever leads the queue's department is told by the live feed: `alarm.raised`, `alarm.cleared`.
        """
        return super().list(request)

    @operation(answer=AlarmSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One alarm

        With the limit as it was, what was found when it was raised, and the worst since.
        """
        return super().retrieve(request, pk)

    @operation(answer=AlarmSerializer, refusals=[VersionConflict, alarms.AlreadyAcknowledged])
    def acknowledge(self, request, pk) -> Response:
        """Acknowledge an alarm

        Say that you see to it. It stays open until the queue has kept its limit for a minute.
        """
        return self.respond(alarms.acknowledge(self.get_object().pk, if_version=self.if_version, **self.by))
