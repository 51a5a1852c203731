"""/campaigns/ over HTTP: made ready, built, tried, started, paused, ended."""

from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from campaigns import audiences, dry_runs, preparing, running
from campaigns.api.campaign_bodies import (
    LISTS,
    AudienceRunSerializer,
    AudienceSerializer,
    CampaignBody,
    CampaignCancelBody,
    CampaignCompleteBody,
    CampaignCopyBody,
    CampaignPauseBody,
    CampaignScheduleBody,
    CampaignSerializer,
    CampaignStartBody,
    DryRunSerializer,
    LeftOutSerializer,
)
from campaigns.models import AudienceRun, Campaign, DryRun, LeftOut
from config.api import preconditions
from config.api.filters import FilterSet
from config.api.pages import PAGE_PARAMETERS
from config.api.permissions import allow
from config.api.viewsets import ReadViewSet, operation
from config.platform import numbers
from config.platform.models import LEADERS, PEOPLE, Scope, User
from config.platform.moves import TransitionNotAllowed, VersionConflict
from crm.contact_filters import FilterInvalid
from crm.searching import SearchTooShort

READ = allow(*PEOPLE, scope=Scope.CAMPAIGNS_READ)
SHAPE = allow(*LEADERS, scope=Scope.CAMPAIGNS_WRITE)
MOVED = [TransitionNotAllowed, VersionConflict]
UNREADABLE = [FilterInvalid, SearchTooShort]


class CampaignFilter(FilterSet):
    status = filters.MultipleChoiceFilter(choices=Campaign.Status.choices, help_text="One, or several by repeating it.")
    kind = filters.ChoiceFilter(choices=Campaign.Kind.choices)
    is_template = filters.BooleanFilter()
    mine = filters.BooleanFilter(method="that_are_mine", help_text="true: those in which you, or one of your teams, are named.")
    number = filters.CharFilter(method="of_number", help_text="As people say it: K-2026-000012, or 12.")

    class Meta:
        model = Campaign
        fields = ["kind", "is_template"]

    def that_are_mine(self, rows: QuerySet[Campaign], name: str, value: bool) -> QuerySet[Campaign]:
        user: User = self.request.user
        named = Campaign.objects.filter(Q(agents=user) | Q(teams__in=user.teams.values("pk"))).values("pk")
        return rows.filter(pk__in=named) if value else rows.exclude(pk__in=named)

    def of_number(self, rows: QuerySet[Campaign], name: str, value: str) -> QuerySet[Campaign]:
        return rows.filter(number__in=numbers.meant("K", value, now=timezone.now()))


class CampaignViewSet(ReadViewSet):
    """Campaigns."""

    resource = "campaigns"
    queryset = Campaign.objects.for_api()
    serializer_class = CampaignSerializer
    filterset_class = CampaignFilter
    permits: ClassVar = {
        "list": READ, "retrieve": READ, "create": SHAPE, "partial_update": SHAPE, "copy": SHAPE, "schedule": SHAPE, "unschedule": SHAPE,
        "start": SHAPE, "pause": SHAPE, "resume": SHAPE, "complete": SHAPE, "cancel": SHAPE, "archive": SHAPE,
    }  # fmt: skip

    def held(self) -> dict[str, Any]:
        """The campaign that is meant, as the first arguments of a capability."""
        return {"campaign_id": self.get_object().pk, "if_version": self.if_version, **self.by}

    @operation(answer=CampaignSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Campaigns

        An operator sees those in which they work; whoever leads, all.
        """
        return super().list(request)

    @operation(answer=CampaignSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One campaign

        With its hours, rules, people and sources.
        """
        return super().retrieve(request, pk)

    @operation(body=CampaignBody, answer=CampaignSerializer, status=201, refusals=UNREADABLE)
    def create(self, request) -> Response:
        """Make a campaign

        It begins as a draft: build its audience, make a dry run, start it. `sources` say whom it is for; whoever is in one with `mode`
        `exclude` is left out.
        """
        return self.respond(preparing.create(**_sorted(self.read(CampaignBody)), **self.by), 201, location=True)

    @operation(body=CampaignBody(partial=True), answer=CampaignSerializer, refusals=[preparing.CampaignBegun, *UNREADABLE, *MOVED])
    def partial_update(self, request, pk) -> Response:
        """Change a campaign

        Only what you send is changed; a list replaces the whole list. What runs goes by the new rules from the next hand-out on. Kind,
        purpose and survey stay as they are once it has begun.
        """
        return self.respond(preparing.alter(**_sorted(self.read(CampaignBody, partial=True)), **self.held()))

    @operation(body=CampaignCopyBody, answer=CampaignSerializer, status=201, refusals=UNREADABLE)
    def copy(self, request, pk) -> Response:
        """Copy a campaign

        A draft with the same settings, rules and people, or a template. Dates, audience and results stay where they are.
        """
        return self.respond(preparing.copy(self.get_object().pk, **self.read(CampaignCopyBody), **self.by), 201)

    @operation(
        body=CampaignScheduleBody, answer=CampaignSerializer, refusals=[running.NotBeforeItBegins, running.TemplateNeverRuns, *MOVED]
    )
    def schedule(self, request, pk) -> Response:
        """Let a campaign begin by itself

        At `starts_at`. Without a fresh dry run by then one is made first, and the campaign begins after it.
        """
        return self.respond(running.schedule(**self.read(CampaignScheduleBody), **self.held()))

    @operation(answer=CampaignSerializer, refusals=MOVED)
    def unschedule(self, request, pk) -> Response:
        """Do not let it begin by itself

        It is a draft again.
        """
        return self.respond(running.unschedule(**self.held()))

    @operation(
        body=CampaignStartBody,
        answer=CampaignSerializer,
        refusals=[
            running.DryRunNeeded, running.NobodyToCall, running.SurveyNotPublished, running.ScriptNotPublished, running.TemplateNeverRuns,
            *MOVED,
        ],
    )  # fmt: skip
    def start(self, request, pk) -> Response:
        """Start a campaign

        Its contacts are handed out from now on. It needs a fresh dry run, or `force` with a `reason`. The version of its survey that is
        published now is the one that is asked, to the end.
        """
        return self.respond(running.start(**self.read(CampaignStartBody), **self.held()))

    @operation(body=CampaignPauseBody, answer=CampaignSerializer, refusals=MOVED)
    def pause(self, request, pk) -> Response:
        """Pause a campaign

        Nobody is handed out once this is answered; what is in hands and on the line goes on.
        """
        return self.respond(running.pause(**self.read(CampaignPauseBody), **self.held()))

    @operation(answer=CampaignSerializer, refusals=MOVED)
    def resume(self, request, pk) -> Response:
        """Go on with a campaign

        Contacts are handed out again.
        """
        return self.respond(running.resume(**self.held()))

    @operation(body=CampaignCompleteBody, answer=CampaignSerializer, refusals=MOVED)
    def complete(self, request, pk) -> Response:
        """Bring a campaign to its end

        Contacts in hand that are not being called go back. It also ends by itself: at `ends_at`, when its goal is reached, and when nobody
        is left to call.
        """
        return self.respond(running.complete(**self.read(CampaignCompleteBody), **self.held()))

    @operation(body=CampaignCancelBody, answer=CampaignSerializer, refusals=MOVED)
    def cancel(self, request, pk) -> Response:
        """Break a campaign off

        And why. Contacts in hand that are not being called go back.
        """
        return self.respond(running.cancel(**self.read(CampaignCancelBody), **self.held()))

    @operation(answer=CampaignSerializer, refusals=MOVED)
    def archive(self, request, pk) -> Response:
        """Put a campaign away

        One that is over. Its results stay.
        """
        return self.respond(running.archive(**self.held()))


class AudienceViewSet(ReadViewSet):
    """Whom a campaign is for."""

    resource = "campaigns"
    queryset = Campaign.objects.all()
    serializer_class = AudienceSerializer
    permits: ClassVar = {"audience": READ, "build_audience": SHAPE, "left_out": READ, "dry_run": READ, "begin_dry_run": SHAPE}
    parameters: ClassVar = {"left_out": (PAGE_PARAMETERS - {"ordering"}) | {"reason"}}

    @operation(answer=AudienceSerializer, method="get")
    def audience(self, request, pk) -> Response:
        """The audience of a campaign

        How many are in it, how many were left out for which reason, and how far it is built.
        """
        campaign = self.get_object()
        runs = AudienceRun.objects.filter(campaign=campaign).order_by("-id")[:20]
        return Response(AudienceSerializer({**audiences.summary(campaign), "runs": runs}).data)

    @operation(
        body=None,
        answer=AudienceRunSerializer,
        status=202,
        refusals=[audiences.AudienceGoesOn, audiences.AudienceNeedsSources, audiences.CampaignOver],
    )
    def build_audience(self, request, pk) -> Response:
        """Build the audience, or add newcomers

        Workers do it, a million in minutes; ask for the progress with GET. Whoever can never be called for the purpose is left out with the
        reason. Done again it adds those who fit by now and are in it nowhere yet; nobody is taken out.
        """
        run = audiences.build(self.get_object().pk, **self.by)
        return Response(AudienceRunSerializer(run).data, status=202, headers={"ETag": preconditions.etag(run.version)})

    @operation(
        answer=LeftOutSerializer(many=True), method="get", parameters=[OpenApiParameter("reason", str, description="One of the reasons.")]
    )
    def left_out(self, request, pk) -> Response:
        """Who was left out

        And why: `excluded` by a source, or what the gate of calling said. `reason` narrows the list.
        """
        rows: Any = LeftOut.objects.filter(campaign=self.get_object()).order_by("-id")
        if reason := request.query_params.get("reason"):
            rows = rows.filter(reason=reason.replace("\0", ""))
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(LeftOutSerializer(page, many=True).data)

    @operation(answer=DryRunSerializer, method="get")
    def dry_run(self, request, pk) -> Response:
        """The latest dry run

        404 when there was none.
        """
        run = DryRun.objects.select_related("campaign").filter(campaign=self.get_object()).order_by("-id").first()
        if run is None:
            raise NotFound
        return Response(DryRunSerializer(run).data)

    @operation(body=None, answer=DryRunSerializer, status=202, refusals=[dry_runs.DryRunGoesOn])
    def begin_dry_run(self, request, pk) -> Response:
        """Make a dry run

        Everybody in the audience is asked about at the gate as if the campaign ran now, and nobody is called: how many can be called now,
        how many later and from which hour on, how many never, and what stands against them. Workers do it; ask for the result with GET.
        """
        run = dry_runs.begin(self.get_object().pk, **self.by)
        return Response(DryRunSerializer(run).data, status=202, headers={"ETag": preconditions.etag(run.version)})


def _sorted(said: dict[str, Any]) -> dict[str, Any]:
    """A body as the capability takes it: plain fields, and the lists together."""
    return {"lists": {name: said.pop(name) for name in LISTS if name in said}, **said}
