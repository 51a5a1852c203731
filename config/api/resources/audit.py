"""/audit-events/: who did what, when, and what it was before."""

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.response import Response

from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import ApiViewSet, example, operation
from config.platform.models import LEADERS, AuditEvent


@example(
    {
        "id": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
        "at": "2026-11-23T07:00:00Z",
        "by": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
        "subject_type": "contact",
        "subject_id": "0199a1b2-1111-7000-8000-293a4b5c6d7e",
        "verb": "alter",
        "status_before": "",
        "status_after": "",
        "reason": "",
        "changes": {"surname": ["Иванова", "Петрова"]},
        "facts": {},
        "request_id": "0199a1b2c3d475f68718293a4b5c6d7e",
        "ip": "192.0.2.7",
    }
)
class AuditEventSerializer(serializers.ModelSerializer):
    changes = serializers.DictField(child=serializers.ListField(), help_text="{field: [before, after]}")
    facts = serializers.DictField()

    class Meta:
        model = AuditEvent
        fields = [
            "id", "at", "by", "subject_type", "subject_id", "verb", "status_before", "status_after",
            "reason", "changes", "facts", "request_id", "ip",
        ]  # fmt: skip
        read_only_fields = fields


class AuditFilter(FilterSet):
    subject_type = filters.CharFilter()
    subject_id = filters.UUIDFilter()
    by = filters.UUIDFilter(field_name="by_id")

    class Meta:
        model = AuditEvent
        fields = ["subject_type", "subject_id", "by"]


class AuditViewSet(ApiViewSet):
    """Who did what."""

    resource = "audit_events"
    queryset = AuditEvent.objects.all()
    serializer_class = AuditEventSerializer
    filterset_class = AuditFilter
    permits = {"list": allow(*LEADERS)}

    @operation(answer=AuditEventSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """What was done

        Every write with its author, the values before and after, and the request it came with. Newest first.
        """
        return self.respond_list(self.get_queryset())
