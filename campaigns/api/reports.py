"""Results of campaigns over HTTP: of one, and side by side."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from campaigns import reports
from campaigns.api.report_bodies import CampaignFiguresQuery, CampaignFiguresSerializer, CampaignsReportQuery, CampaignsReportSerializer
from campaigns.models import Campaign
from config.api.permissions import allow
from config.api.viewsets import ApiViewSet, ReadViewSet, operation
from config.platform.models import LEADERS, PEOPLE, Role, Scope, User

READ = allow(*PEOPLE, scope=Scope.CAMPAIGNS_READ)
REPORTS = allow(*LEADERS, Role.BACK_OFFICE, scope=Scope.CAMPAIGNS_READ)


class CampaignFiguresViewSet(ReadViewSet):
    """A campaign in figures."""

    resource = "campaigns"
    queryset = Campaign.objects.all()
    serializer_class = CampaignFiguresSerializer
    permits: ClassVar = {"results": READ}
    parameters: ClassVar = {"results": frozenset({"agent"})}

    @operation(
        answer=CampaignFiguresSerializer,
        method="get",
        parameters=[OpenApiParameter("agent", str, description="Attempts and conversions of this person alone: their id, or `me`.")],
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
    permits: ClassVar = {"campaigns": REPORTS}
    parameters: ClassVar = {"campaigns": frozenset(CampaignsReportQuery().fields)}

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
