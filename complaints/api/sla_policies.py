"""/sla-policies/: what is promised, and trying it out."""

from typing import Any

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.response import Response

from complaints import trying
from complaints.api import would_be
from complaints.api.routing import DEPARTMENT, ID, KEEP, READ
from complaints.api.would_be import VERDICTS, WOULD_BE, WouldBeBody
from complaints.models import SLAPolicy
from complaints.models.clocks import Metric
from config.api.catalogue import CatalogueViewSet, catalogue
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import example, operation
from config.platform.models import Role

CALENDAR = "0199a1b2-5555-7000-8000-293a4b5c6d7e"
POLICY: dict[str, Any] = {
    "name": "Claims",
    "position": 10,
    "is_active": True,
    "kinds": ["claim"],
    "severities": ["high", "critical"],
    "priorities": [],
    "department": None,
    "contact_tag": "",
    "counted": "business",
    "calendar": None,
    "acknowledge_s": 3600,
    "assign_s": 7200,
    "first_response_s": 14400,
    "resolve_s": 144000,
    "inform_every_s": 57600,
    "warn_percent": 75,
    "pauses_for_customer": True,
    "pauses_for_third_party": False,
    "escalation": None,
}


@example({"id": ID, **POLICY, "version": 1})
class SLAPolicySerializer(serializers.ModelSerializer):
    class Meta:
        model = SLAPolicy
        fields = ["id", *POLICY, "version"]
        read_only_fields = fields


@example(POLICY)
class SLAPolicyBody(serializers.ModelSerializer):
    class Meta:
        model = SLAPolicy
        fields = list(POLICY)
        validators: list[object] = []  # the table's own constraints answer


class PolicyVerdictSerializer(serializers.Serializer):
    policy = serializers.UUIDField(source="policy.pk")
    name = serializers.CharField(source="policy.name")
    position = serializers.IntegerField(source="policy.position")
    verdict = serializers.ChoiceField(choices=VERDICTS, help_text="`comes_later`: it fits too, but another one comes first.")
    because = serializers.ListField(child=serializers.CharField(), help_text="The conditions that do not hold, by their field names.")


class PromiseSerializer(serializers.Serializer):
    metric = serializers.ChoiceField(choices=Metric.choices)
    target_s = serializers.IntegerField(help_text="Seconds of counted time.")
    warn_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    calendar = serializers.UUIDField(source="calendar_id", allow_null=True, help_text="Null: every hour counts.")


@example(
    {
        "at": "2026-11-20T16:30:00Z",
        "department": DEPARTMENT,
        "policy": ID,
        "promises": [
            {"metric": "acknowledge", "target_s": 3600, "warn_at": "2026-11-23T08:15:00Z", "due_at": "2026-11-23T08:30:00Z", "calendar": CALENDAR},
        ],
        "policies": [
            {"policy": "0199a1b2-bbbb-7000-8000-293a4b5c6d7e", "name": "Safety", "position": 1, "verdict": "does_not_hold", "because": ["severities"]},
            {"policy": ID, "name": "Claims", "position": 10, "verdict": "decides", "because": []},
        ],
    },
    request=False,
)  # fmt: skip
class PolicyTrialSerializer(serializers.Serializer):
    at = serializers.DateTimeField(help_text="When it would be received.")
    department = serializers.UUIDField(
        source="routing.department.pk", default=None, allow_null=True, help_text="Where it would go: policies and calendars depend on it."
    )
    policy = serializers.UUIDField(source="policy.pk", default=None, allow_null=True, help_text="Null: nothing is promised.")
    promises = PromiseSerializer(source="clocks", many=True)
    policies = PolicyVerdictSerializer(many=True, help_text="Every active policy, in order.")


@example({**WOULD_BE, "at": "2026-11-20T16:30:00Z"})
class PolicyTrialBody(WouldBeBody):
    """A complaint that would be received."""


class SLAPolicyFilter(FilterSet):
    department = filters.UUIDFilter(field_name="department_id")
    is_active = filters.BooleanFilter()

    class Meta:
        model = SLAPolicy
        fields = ["department", "is_active"]


@catalogue(
    one="SLA policy",
    many="SLA policies",
    about=(
        "What is promised to customers. The first active policy by `position` whose conditions all hold is a complaint's. Clocks keep the "
        "targets that they began with, so a change counts for complaints that come after it."
    ),
)
class SLAPolicyViewSet(CatalogueViewSet):
    """Policies of promises."""

    resource = "sla_policies"
    queryset = SLAPolicy.objects.all()
    serializer_class = SLAPolicySerializer
    body_class = SLAPolicyBody
    filterset_class = SLAPolicyFilter
    ordering = "position"
    ordering_fields = ("position", "name")
    permits = {"list": READ, "retrieve": READ, "create": KEEP, "partial_update": KEEP, "destroy": allow(Role.ADMIN), "try_out": READ}

    @operation(body=PolicyTrialBody, answer=PolicyTrialSerializer, detail=False, path="try")
    def try_out(self, request) -> Response:
        """Try the policies out

        Which policy a complaint would have, and when each promise would be due, received now or at another instant. The same code reckons
        in earnest; here nothing is written.
        """
        complaint, at = would_be.meant(self.read(PolicyTrialBody))
        return Response(PolicyTrialSerializer(trying.try_out(complaint, at=at)).data)
