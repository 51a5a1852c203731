"""/escalation-policies/, what happens when promises are broken, and /escalations/, what happened."""

from django_filters import rest_framework as filters
from rest_framework.response import Response

from complaints import escalation, escalation_policies
from complaints.api.escalation_bodies import (
    EscalationPolicyBody,
    EscalationPolicySerializer,
    EscalationSerializer,
    PlanSerializer,
    PreviewBody,
)
from complaints.models import EscalationPolicy, EscalationStep, SLAPolicy
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import ReadViewSet, operation
from config.platform import upkeep
from config.platform.models import LEADERS, PEOPLE, Scope
from config.platform.moves import VersionConflict

READ = allow(*PEOPLE, scope=Scope.COMPLAINTS_READ)
WRITE = allow(*PEOPLE, scope=Scope.COMPLAINTS_WRITE)
KEEP = allow(*LEADERS)


class EscalationPolicyFilter(FilterSet):
    is_active = filters.BooleanFilter()

    class Meta:
        model = EscalationPolicy
        fields = ["is_active"]


class EscalationPolicyViewSet(ReadViewSet):
    """Escalation policies."""

    resource = "escalation_policies"
    queryset = EscalationPolicy.objects.prefetch_related("levels")
    serializer_class = EscalationPolicySerializer
    filterset_class = EscalationPolicyFilter
    ordering_fields = ("name",)
    permits = {"list": READ, "retrieve": READ, "preview": READ, "create": KEEP, "partial_update": KEEP, "destroy": KEEP}

    @operation(answer=EscalationPolicySerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Escalation policies

        What happens, level by level, when a promise to a customer is about to be broken, or is. An SLA policy names the one that holds for
        its promises.
        """
        return super().list(request)

    @operation(answer=EscalationPolicySerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One escalation policy

        With its levels in order.
        """
        return super().retrieve(request, pk)

    @operation(body=EscalationPolicyBody, answer=EscalationPolicySerializer, status=201)
    def create(self, request) -> Response:
        """Add an escalation policy

        Its levels are numbered as you send them. A level is reached `offset_s` after the due time (before it, when negative), in business
        time or by every hour; when several are due at once, only the highest happens. In quiet hours a level waits for their end, unless it
        `breaks_quiet`.
        """
        return self.respond(escalation_policies.add(**self.read(EscalationPolicyBody), **self.by), 201, location=True)

    @operation(body=EscalationPolicyBody(partial=True), answer=EscalationPolicySerializer, refusals=[VersionConflict])
    def partial_update(self, request, pk) -> Response:
        """Change an escalation policy

        Only what you send is changed; `levels` replaces them all. Promises that run follow the new levels within seconds: what they passed
        already is not repeated, and a level that would have been long ago happens at once.
        """
        row = self.get_object()
        body = EscalationPolicyBody(row, data=request.data, partial=True, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        return self.respond(escalation_policies.alter(row.pk, **body.validated_data, if_version=self.if_version, **self.by))

    @operation(status=204, refusals=[VersionConflict])
    def destroy(self, request, pk) -> Response:
        """Remove an escalation policy

        Only while no SLA policy and no promise has it (409 `still_in_use` otherwise): switch it off instead.
        """
        upkeep.remove(EscalationPolicy, self.get_object().pk, if_version=self.if_version, **self.by)
        return Response(status=204)

    @operation(body=PreviewBody, answer=PlanSerializer)
    def preview(self, request, pk) -> Response:
        """Preview an escalation

        What would happen when with a promise that nobody keeps and nobody takes on, by the same reckoning as in earnest. Nothing is written.
        """
        asked = self.read(PreviewBody)
        always = asked.pop("counted") == SLAPolicy.Counted.ALWAYS
        plan = escalation_policies.preview(self.get_object(), **asked, always=always, now=self.by["now"])
        return Response(PlanSerializer(plan).data)


class EscalationFilter(FilterSet):
    complaint = filters.UUIDFilter(field_name="complaint_id")
    is_open = filters.BooleanFilter(method="that_are_open", help_text="`true`: fired, and nobody has taken it on.")
    mine = filters.BooleanFilter(method="told_to_me", help_text="`true`: those that you were told of.")

    class Meta:
        model = EscalationStep
        fields = ["complaint"]

    def that_are_open(self, queryset, name, value):
        return queryset.open() if value else queryset.exclude(pk__in=EscalationStep.objects.open().values("pk"))

    def told_to_me(self, queryset, name, value):
        told = EscalationStep.objects.filter(fired_at__isnull=False, told__contains=[self.request.user.pk])
        return queryset.filter(pk__in=told.values("pk")) if value else queryset.exclude(pk__in=told.values("pk"))


class EscalationViewSet(ReadViewSet):
    """Escalations."""

    resource = "escalations"
    queryset = EscalationStep.objects.select_related("complaint", "clock")
    serializer_class = EscalationSerializer
    filterset_class = EscalationFilter
    permits = {"list": READ, "retrieve": READ, "acknowledge": WRITE}

    @operation(answer=EscalationSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Escalations

        The newest first. What waits for you: `?mine=true&is_open=true`; the live feed tells of each: `complaint.escalated`. Levels that were
        passed over for a higher one are here too, with `skipped_because`.
        """
        return super().list(request)

    @operation(answer=EscalationSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One escalation

        Which level of which promise, whom it was told, what was done.
        """
        return super().retrieve(request, pk)

    @operation(
        answer=EscalationSerializer, refusals=[VersionConflict, escalation.EscalationNotOpen, escalation.NotYourEscalation]
    )  # fmt: skip
    def acknowledge(self, request, pk) -> Response:
        """Take an escalation on

        You see to it: no further level of this promise is reached, and whoever else was told hears that you have it. The promise itself goes
        on, and begins a new chain only when the complaint is reopened.
        """
        return self.respond(escalation.acknowledge(self.get_object().pk, if_version=self.if_version, **self.by))
