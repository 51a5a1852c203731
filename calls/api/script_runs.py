"""/script-runs/ and /reports/script-adherence/ over HTTP: pass the steps of a script, and see how closely it was kept to."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from calls import script_report, script_runs
from calls.api.script_bodies import AdherenceQuery, AdherenceSerializer, FinishRunBody, PassBody, ScriptRunSerializer
from calls.models import ScriptRun
from config.api.fields import time_zones
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import ApiViewSet, ReadViewSet, operation
from config.platform.models import LEADERS, PEOPLE, Role, Scope
from config.platform.moves import VersionConflict
from crm.script_fields import AnswerInvalid

READ = allow(*PEOPLE, scope=Scope.CALLS_READ)
WRITE = allow(Role.AGENT, *LEADERS, scope=Scope.CALLS_WRITE)


class ScriptRunFilter(FilterSet):
    call = filters.UUIDFilter(field_name="call_id")
    agent = filters.UUIDFilter(field_name="agent_id", help_text="Id of a user.")
    script = filters.UUIDFilter(field_name="script_version__script_id")
    script_version = filters.UUIDFilter(field_name="script_version_id")
    outcome = filters.CharFilter()
    open = filters.BooleanFilter(field_name="finished_at", lookup_expr="isnull", help_text="true: those that go on.")
    started_after = filters.IsoDateTimeFilter(field_name="started_at", lookup_expr="gte")
    started_before = filters.IsoDateTimeFilter(field_name="started_at", lookup_expr="lt")

    class Meta:
        model = ScriptRun
        fields = ["outcome"]


class ScriptRunViewSet(ReadViewSet):
    """Runs of scripts."""

    resource = "script_runs"
    queryset = ScriptRun.objects.for_api()
    serializer_class = ScriptRunSerializer
    filterset_class = ScriptRunFilter
    ordering_fields = ("started_at",)
    ordering = "-started_at"
    permits = {"list": READ, "retrieve": READ, "steps": WRITE, "finish": WRITE}

    def held(self, pk: str) -> dict[str, Any]:
        """The run that a verb is about, and what every verb gets besides its body."""
        return {"run_id": self.get_object().pk, "if_version": self.if_version, **self.by}

    @operation(answer=ScriptRunSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Runs of scripts

        Latest first. An operator sees their own.
        """
        return super().list(request)

    @operation(answer=ScriptRunSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One run of a script

        With the steps passed, in the order of their sequence.
        """
        return super().retrieve(request, pk)

    @operation(
        body=PassBody,
        answer=ScriptRunSerializer,
        refusals=[
            VersionConflict, AnswerInvalid, script_runs.NotYourScriptRun, script_runs.ScriptStepUnknown, script_runs.SequenceTaken,
            script_runs.ScriptRunOver, script_runs.TooManyPassings,
        ],
    )  # fmt: skip
    def steps(self, request, pk) -> Response:
        """Pass a step

        Any step may be passed at any time: one that no rule leads to is noted as `off_script`. The same `sequence` with the same
        step and answer changes nothing, so a retry is safe. The answer to a step of kind `field` is written to the contact.
        """
        return self.respond(script_runs.pass_step(**self.held(pk), **self.read(PassBody)))

    @operation(
        body=FinishRunBody,
        answer=ScriptRunSerializer,
        refusals=[VersionConflict, script_runs.NotYourScriptRun, script_runs.ScriptRunOver],
    )
    def finish(self, request, pk) -> Response:
        """Finish a run

        With the outcome you give, else that of the end that was reached, else `broken_off`.
        """
        return self.respond(script_runs.finish(**self.held(pk), **self.read(FinishRunBody)))


class ScriptAdherenceViewSet(ApiViewSet):
    """How closely scripts are kept to."""

    resource = "script_adherence"
    tag = "reports"
    serializer_class = AdherenceSerializer
    queryset = ScriptRun.objects.none()
    pagination_class = None
    parameters = {"retrieve": frozenset(AdherenceQuery().fields)}
    permits = {"retrieve": allow(*LEADERS, scope=Scope.CALLS_READ)}

    @operation(
        answer=AdherenceSerializer,
        method="get",
        refusals=[script_report.ReportTooLarge],
        parameters=[
            AdherenceQuery,
            OpenApiParameter("after", str, description="Runs begun at or after this time; by default a week before `before`."),
            OpenApiParameter("before", str, description="Runs begun before this time; by default now."),
            OpenApiParameter("group_by", str, description="Some of agent, script, interval, with commas. By default agent,script."),
            OpenApiParameter("interval", str, enum=script_report.INTERVALS, description="By default day."),
            OpenApiParameter("time_zone", str, description="IANA name: whose days. By default UTC."),
        ],
    )
    def retrieve(self, request) -> Response:
        """Adherence to scripts

        Finished runs added up for each group. `adherence` = must-say steps passed on the way taken / must-say steps on it; the way
        taken is what the rules prescribe by the answers given, up to the furthest step passed, and on from each jump.
        """
        asked = _asked(request.query_params)
        rows = script_report.adherence(**asked)
        named = {"after": asked["after"], "before": asked["before"], "time_zone": str(asked["zone"]), "rows": rows}
        return Response(AdherenceSerializer(named).data)


def _asked(query: Any) -> dict[str, Any]:
    """The parameters of the report, as its keyword arguments.

    Raises:
        ValidationError
    """
    given = AdherenceQuery(data=query.dict())
    given.is_valid(raise_exception=True)
    asked = dict(given.validated_data)
    before = asked.get("before") or timezone.now()
    after = asked.get("after") or before - timedelta(days=7)
    if not timedelta(0) < before - after <= timedelta(days=366):
        raise ValidationError({"after": ["Ask for a year at most, that begins before it ends."]}, code="invalid")
    groups = asked.pop("group_by", "agent,script").split(",")
    if not set(groups) <= set(script_report.GROUPS):
        raise ValidationError({"group_by": ["Give some of agent, script, interval, with commas."]}, code="invalid")
    if asked.get("interval", "day") not in script_report.INTERVALS:
        raise ValidationError({"interval": [f"Give one of {', '.join(script_report.INTERVALS)}."]}, code="invalid")
    zone = asked.pop("time_zone", "UTC")
    if zone not in time_zones():
        raise ValidationError({"time_zone": ["This is not an IANA time zone, for instance Europe/Moscow."]}, code="unknown_time_zone")
    return {**asked, "after": after, "before": before, "group_by": groups, "zone": ZoneInfo(zone)}
