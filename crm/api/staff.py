"""/departments/ and /teams/ over HTTP."""

from datetime import datetime

from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.response import Response

from config.api.catalogue import CatalogueViewSet, catalogue
from config.api.fields import TimeZoneField
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import example, operation
from config.platform.models import LEADERS, PEOPLE, Role, Scope
from crm import duty
from crm.api.duty import OnDutyQuery, OnDutySerializer
from crm.models import Department, Team

READ = allow(*PEOPLE, scope=Scope.CONTACTS_READ)
KEEP = allow(Role.ADMIN)
DEPARTMENT = {
    "name": "Repairs",
    "parent": "0199a1b2-2222-7000-8000-293a4b5c6d7e",
    "head": None,
    "members": ["0199a1b2-0000-7000-8000-293a4b5c6d7e"],
    "time_zone": "Europe/Moscow",
    "calendar": None,
    "is_active": True,
}
TEAM = {
    "name": "Morning shift",
    "department": None,
    "lead": None,
    "members": ["0199a1b2-0000-7000-8000-293a4b5c6d7e"],
    "is_active": True,
}
ID = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"


@example({"id": ID, **DEPARTMENT})
class DepartmentSerializer(serializers.ModelSerializer):
    class Meta:
        model = Department
        fields = ["id", "name", "parent", "head", "members", "time_zone", "calendar", "is_active"]
        read_only_fields = fields


@example(DEPARTMENT)
class DepartmentBody(serializers.ModelSerializer):
    time_zone = TimeZoneField(required=False)

    class Meta:
        model = Department
        fields = ["name", "parent", "head", "members", "time_zone", "calendar", "is_active"]
        extra_kwargs = {"members": {"required": False}}
        validators: list[object] = []  # the table's own constraints answer


class DepartmentFilter(FilterSet):
    parent = filters.UUIDFilter(field_name="parent_id")
    is_active = filters.BooleanFilter()

    class Meta:
        model = Department
        fields = ["parent", "is_active"]


@catalogue(one="department", many="departments", about="Departments form a tree; complaints are passed to them.")
class DepartmentViewSet(CatalogueViewSet):
    """Departments."""

    resource = "departments"
    queryset = Department.objects.prefetch_related("members")
    serializer_class = DepartmentSerializer
    body_class = DepartmentBody
    filterset_class = DepartmentFilter
    ordering_fields = ("name",)
    parameters = {"on_duty": frozenset({"at"})}
    permits = {"list": READ, "retrieve": READ, "create": KEEP, "partial_update": KEEP, "destroy": KEEP, "on_duty": READ}

    @operation(
        answer=OnDutySerializer,
        method="get",
        filters=False,
        parameters=[OpenApiParameter("at", datetime, description="The instant asked about; now by default.")],
    )
    def on_duty(self, request, pk) -> Response:
        """Who is on duty in a department

        By its roster; without one, all members while its calendar is open. Until when that holds, and who is there next.
        """
        department = self.get_object()
        query = OnDutyQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        return Response(OnDutySerializer(duty.presence(department, query.validated_data["at"])).data)


@example({"id": ID, **TEAM})
class TeamSerializer(serializers.ModelSerializer):
    class Meta:
        model = Team
        fields = ["id", "name", "department", "lead", "members", "is_active"]
        read_only_fields = fields


@example(TEAM)
class TeamBody(serializers.ModelSerializer):
    class Meta:
        model = Team
        fields = ["name", "department", "lead", "members", "is_active"]
        extra_kwargs = {"members": {"required": False}}


class TeamFilter(FilterSet):
    department = filters.UUIDFilter(field_name="department_id")
    is_active = filters.BooleanFilter()

    class Meta:
        model = Team
        fields = ["department", "is_active"]


@catalogue(one="team", many="teams", about="People who work together under one supervisor.")
class TeamViewSet(CatalogueViewSet):
    """Teams."""

    resource = "teams"
    queryset = Team.objects.prefetch_related("members")
    serializer_class = TeamSerializer
    body_class = TeamBody
    filterset_class = TeamFilter
    ordering_fields = ("name",)
    permits = {
        "list": READ,
        "retrieve": READ,
        "create": allow(*LEADERS),
        "partial_update": allow(*LEADERS),
        "destroy": KEEP,
    }
