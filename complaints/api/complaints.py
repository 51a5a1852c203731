"""/complaints/ and /root-causes/ over HTTP."""

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.response import Response

from complaints import handling, intake
from complaints.api.complaint_bodies import ComplaintBody, ComplaintChangeBody, ComplaintSerializer
from complaints.api.complaint_verbs import HANDLED, MONEY, READ, VERBS, WRITE, ComplaintVerbs
from complaints.complaint_filters import ComplaintFilter
from complaints.handling import WhoComplains
from complaints.models import RootCause
from config.api.catalogue import CatalogueViewSet, catalogue
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import example, operation
from config.platform.models import LEADERS, Role
from config.platform.origins import OriginUnknown
from crm.phone_book import NumberIsInternal
from crm.phone_numbers import NumberInvalid

CAUSE = {"code": "packing", "name": "Packed badly", "is_active": True}


class ComplaintViewSet(ComplaintVerbs):
    """Complaints and claims."""

    filterset_class = ComplaintFilter
    ordering_fields = ("due_at", "received_at")
    permits = {"list": READ, "retrieve": READ, "create": WRITE, "partial_update": WRITE, **dict.fromkeys(VERBS, WRITE)}

    def filter_queryset(self, queryset):
        """What is ordered by when it is due is due at some time."""
        queryset = super().filter_queryset(queryset)
        by_due = self.action == "list" and self.request.query_params.get("ordering", "").lstrip("-") == "due_at"
        return queryset.filter(due_at__isnull=False) if by_due else queryset

    @operation(answer=ComplaintSerializer(many=True), method="get", refusals=[NumberInvalid, NumberIsInternal])
    def list(self, request) -> Response:
        """Complaints

        The newest first. What is due next in a department: `?department=…&ordering=due_at`; with this ordering only those that have a
        due time are shown. Yours: `?mine=true&is_open=true`. The back office sees what its departments have or had, what is theirs, and
        what they watch.
        """
        return super().list(request)

    @operation(answer=ComplaintSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One complaint

        With its clocks, and the verbs that it would accept now.
        """
        return super().retrieve(request, pk)

    @operation(
        body=ComplaintBody,
        answer=ComplaintSerializer,
        status=201,
        refusals=[WhoComplains, intake.ReceivedWhen, NumberInvalid, NumberIsInternal, OriginUnknown, *MONEY],
    )
    def create(self, request) -> Response:
        """Receive a complaint

        It has its `number` at once, to be said on the phone; the routing rules find its department and perhaps somebody there, the SLA
        policies its promises. Name a `contact`, a `phone` (the contact is found when one only has the number), or an `order`. With
        `solve` it is received and resolved in one request: solved on the call.
        """
        return self.respond(intake.receive(**self.read(ComplaintBody), **self.by), 201, location=True)

    @operation(
        body=ComplaintChangeBody(partial=True),
        answer=ComplaintSerializer,
        refusals=[WhoComplains, NumberInvalid, NumberIsInternal, *MONEY, *HANDLED],
    )
    def partial_update(self, request, pk) -> Response:
        """Change what is known of a complaint

        Only what you send is changed. Another kind, severity or priority may bring another promise: its clocks are reckoned anew, the
        history tells the due times before and after, and whoever has it is told.
        """
        return self.respond(handling.alter(**self.read(ComplaintChangeBody, partial=True), **self.held()))


@example({"id": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e", **CAUSE, "version": 1})
class RootCauseSerializer(serializers.ModelSerializer):
    class Meta:
        model = RootCause
        fields = ["id", "code", "name", "is_active", "version"]
        read_only_fields = fields


@example(CAUSE)
class RootCauseBody(serializers.ModelSerializer):
    class Meta:
        model = RootCause
        fields = ["code", "name", "is_active"]


class RootCauseFilter(FilterSet):
    code = filters.CharFilter()
    is_active = filters.BooleanFilter()

    class Meta:
        model = RootCause
        fields = ["code", "is_active"]


@catalogue(one="root cause", many="root causes", about="Why complaints come about, as the company counts it.")
class RootCauseViewSet(CatalogueViewSet):
    """Root causes of complaints."""

    resource = "root_causes"
    queryset = RootCause.objects.all()
    serializer_class = RootCauseSerializer
    body_class = RootCauseBody
    filterset_class = RootCauseFilter
    ordering_fields = ("code", "name")
    permits = {
        "list": READ, "retrieve": READ, "create": allow(*LEADERS), "partial_update": allow(*LEADERS), "destroy": allow(Role.ADMIN),
    }  # fmt: skip
