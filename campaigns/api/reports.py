"""Results of campaigns over HTTP: of one, and side by side."""

from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from calls import intervals
from campaigns import report_trends, reports
from campaigns.api.report_bodies import (
    DAYS,
    OF_DAYS,
    CampaignDaysQuery,
    CampaignFiguresQuery,
    CampaignFiguresSerializer,
    CampaignsReportQuery,
    CampaignsReportSerializer,
    CampaignTrendQuery,
    CampaignTrendSerializer,
    OriginsReportSerializer,
)
from campaigns.models import Campaign
from config.api.permissions import allow
from config.api.viewsets import ApiViewSet, ReadViewSet, operation
from config.platform.models import LEADERS, PEOPLE, Role, Scope, User

READ = allow(*PEOPLE, scope=Scope.CAMPAIGNS_READ)
REPORTS = allow(*LEADERS, Role.BACK_OFFICE, scope=Scope.CAMPAIGNS_READ)
OF_ONE = OpenApiParameter("agent", str, description="Attempts and conversions of this person alone: their id, or `me`.")


class CampaignFiguresViewSet(ReadViewSet):
    """A campaign in figures."""

    resource = "campaigns"
    queryset = Campaign.objects.all()
    serializer_class = CampaignFiguresSerializer
    permits: ClassVar = {"results": READ, "trend": READ}
    parameters: ClassVar = {"results": frozenset({"agent"}), "trend": frozenset(CampaignTrendQuery().fields)}

    @operation(
        answer=CampaignFiguresSerializer,
        method="get",
        parameters=[OF_ONE],
    )
    def results(self, request, pk) -> Response:
        """The results of a campaign

        How far it came, what it brought, at which hours people are reached, what each operator did, and who is still to be called. The
        figures are read from the rows as they are now, or were some seconds ago when several look: a result that is corrected changes them. An operator gets their own
        attempts and conversions, whatever `agent` says; how far the campaign is, everybody sees.
        """
        campaign = self.get_object()
        query = CampaignFiguresQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        found = reports.shown(campaign, agent=self._whose(query.validated_data["agent"]), now=timezone.now())
        return Response(CampaignFiguresSerializer(found).data)

    @operation(
        answer=CampaignTrendSerializer,
        method="get",
        refusals=[intervals.PeriodUnusable, intervals.ReportTooLarge],
        parameters=[
            *OF_DAYS,
            OpenApiParameter(
                "interval", str, enum=list(intervals.INTERVALS), description="A line for each; `1d` unless you say otherwise."
            ),
            OF_ONE,
        ],
    )
    def trend(self, request, pk) -> Response:
        """How a campaign went in the course of time

        An attempt counts in the interval in which the call was made; one in which nobody was called has a line too. A day is one of the
        zone: it has 23 or 25 hours when the clocks change. An operator gets their own attempts.
        """
        campaign = self.get_object()
        query = CampaignTrendQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        given = query.validated_data
        zone, edges = _edges(given, self.user, given["interval"])
        lines = report_trends.trend(campaign, edges, agent=self._whose(given["agent"]))
        for line in lines:
            line |= {"since": line["since"].astimezone(zone), "until": line["until"].astimezone(zone)}
        return Response({**_shown(zone, edges), "interval": given["interval"], "results": lines})

    def _whose(self, asked: str) -> User | None:
        if asked == "me" or self.user.role == Role.AGENT:
            return self.user
        if not asked:
            return None
        try:
            return User.objects.get(pk=UUID(asked))
        except (ValueError, User.DoesNotExist) as error:
            raise ValidationError({"agent": "There is nobody with this id."}) from error


class CampaignReportViewSet(ApiViewSet):
    """Campaigns side by side."""

    resource = "reports"
    permits: ClassVar = {"campaigns": REPORTS, "origins": REPORTS}
    parameters: ClassVar = {"campaigns": frozenset(CampaignsReportQuery().fields), "origins": frozenset(CampaignDaysQuery().fields)}

    @operation(
        answer=CampaignsReportSerializer,
        method="get",
        detail=False,
        parameters=[
            OpenApiParameter("status", str, enum=Campaign.Status.values, description="Only those that stand so."),
            OpenApiParameter("kind", str, enum=Campaign.Kind.values, description="Only those of this kind."),
        ],
    )
    def campaigns(self, request) -> Response:
        """Campaigns side by side

        The 200 newest that fit, without templates: how far each came, and what it brought.
        """
        query: Any = CampaignsReportQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        rows = Campaign.objects.filter(is_template=False, **query.validated_data).order_by("-id")
        found = reports.across(list(rows.values_list("pk", flat=True)[: reports.MOST_CAMPAIGNS]))
        return Response(CampaignsReportSerializer({"as_of": timezone.now(), "results": found}).data)

    @operation(answer=OriginsReportSerializer, method="get", detail=False, refusals=[intervals.PeriodUnusable], parameters=OF_DAYS)
    def origins(self, request) -> Response:
        """What came of what

        Orders, new clients, promises and surveys of the period by what they came from: a call, a complaint, an attempt of which campaign.
        An order is the campaign's that it was credited to, also when a call is its origin.
        """
        query = CampaignDaysQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        zone, edges = _edges(query.validated_data, self.user, "none")
        found = report_trends.origins(since=edges[0], until=edges[-1])
        return Response(OriginsReportSerializer({**_shown(zone, edges), **found}).data)


def _edges(given: dict[str, Any], user: User, interval: str) -> tuple[ZoneInfo, list[datetime]]:
    """The zone, and where the intervals meet."""
    zone = ZoneInfo(given.get("time_zone") or user.time_zone)
    last = given.get("until") or timezone.now().astimezone(zone).date()
    first = given.get("since") or last - timedelta(days=min(DAYS - 1, last.toordinal() - 1))
    return zone, intervals.edges(first, last, interval, zone)


def _shown(zone: ZoneInfo, edges: list[datetime]) -> dict[str, Any]:
    return {"since": edges[0].astimezone(zone), "until": edges[-1].astimezone(zone), "time_zone": zone.key}
