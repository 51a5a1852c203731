"""Who is called next, over HTTP: for an operator, for a dialler; signs of life; and why somebody is called or not."""

from typing import Any, ClassVar

from django.utils import timezone
from rest_framework.response import Response

from campaigns import briefing, excluding, handout
from campaigns.api.handout_bodies import (
    AttemptHeartbeatBody,
    AttemptReleaseBody,
    ExcludeBody,
    ExplainQuery,
    ExplanationSerializer,
    LeaseBatchBody,
    LeaseBatchSerializer,
    LeaseStandingSerializer,
    NextSerializer,
    TargetSerializer,
)
from campaigns.campaign_filters import TargetFilter
from campaigns.handout import CampaignNotRunning, Given, NotYourCampaign
from campaigns.leases import LeaseLost
from campaigns.models import Attempt, Campaign, Target
from config.api.permissions import allow
from config.api.viewsets import ApiViewSet, ReadViewSet, operation
from config.platform.models import LEADERS, PEOPLE, Role, Scope
from config.platform.moves import VersionConflict

READ = allow(*PEOPLE, scope=Scope.CAMPAIGNS_READ)
WORK = allow(Role.AGENT, *LEADERS, scope=Scope.CAMPAIGNS_WORK)
TAKE = allow(Role.AGENT, *LEADERS)


class HandoutViewSet(ApiViewSet):
    """The next contact."""

    resource = "campaigns"
    queryset = Campaign.objects.all()
    serializer_class = NextSerializer
    permits: ClassVar = {"next": TAKE, "lease_batch": allow(*LEADERS, scope=Scope.CAMPAIGNS_WORK), "my_next": TAKE}

    @operation(answer=NextSerializer, refusals=[NotYourCampaign, CampaignNotRunning])
    def next(self, request, pk) -> Response:
        """The next contact of a campaign

        Leased to you, on one number, until `lease_until`: whoever is due by a promise first, then by priority, fewest attempts, longest in
        the campaign, of those whose hours are open and of whom no rule says no. With all that is needed to speak: script, promotion,
        history. Asked again while you have one in hand, it is the same. `in_hand` null: `next_at` says when to ask again.
        """
        return self._answer(handout.next_for(self._meant(pk), agent=self.user, now=timezone.now()))

    @operation(answer=NextSerializer)
    def my_next(self, request) -> Response:
        """The next contact of all your campaigns

        As of one campaign; due promises of any come first, then the campaign of the highest priority.
        """
        return self._answer(handout.next_of_all(self.user, now=timezone.now()))

    @operation(body=LeaseBatchBody, answer=LeaseBatchSerializer, refusals=[NotYourCampaign, CampaignNotRunning])
    def lease_batch(self, request, pk) -> Response:
        """Contacts for a dialler

        Up to `most`, each with a lease and a token of its own; as many as can be called now. Call them, carry `attempt_id` in the events or
        report each, give back those that you do not call. Promises to one operator are left to them. Fewer than you asked for: `waiting` says
        who waits for what, `next_at` when to ask again. What the operator must see of each call is `GET /attempts/{id}/briefing/`.
        """
        campaign, now, most = self.get_object(), timezone.now(), self.read(LeaseBatchBody)["most"]
        found = handout.lease_batch(campaign.pk, by=self.user, most=most, now=now)
        less = handout.nobody_more(campaign.pk, now=now) if len(found) < most else Given()
        told = {
            "campaign": briefing.of_campaign(campaign),
            "survey_version": campaign.survey_version_id,
            "results": briefing.of(found, user=self.user, now=now),
            "waiting": less.waiting,
            "next_at": less.next_at,
        }
        return Response(LeaseBatchSerializer(told).data)

    def _meant(self, pk: str) -> Any:
        """A campaign that is there: that somebody does not work in it is said, not hidden."""
        return self.get_object().pk

    def get_queryset(self):
        return self.all_rows()

    def _answer(self, given: Given) -> Response:
        shown: dict[str, Any] = {"in_hand": None, "waiting": given.waiting, "next_at": given.next_at}
        if given.attempt is not None:
            row = Attempt.objects.select_related("campaign__script", "campaign__promotion", "contact", "callback").get(pk=given.attempt.pk)
            shown["in_hand"] = briefing.whole(row, why=given.why, user=self.user, now=timezone.now())
        return Response(NextSerializer(shown).data)


class LeaseViewSet(ApiViewSet):
    """Signs of life."""

    resource = "attempts"
    queryset = Attempt.objects.all()
    serializer_class = LeaseStandingSerializer
    permits: ClassVar = {"heartbeat": WORK, "release": WORK}

    @operation(body=AttemptHeartbeatBody, answer=LeaseStandingSerializer, refusals=[LeaseLost])
    def heartbeat(self, request, pk) -> Response:
        """Say that a contact is still in your hands

        The lease begins anew. 409 `lease_lost`: they are out of your hands, do not call.
        """
        found = handout.heartbeat(self.get_object().pk, **self.read(AttemptHeartbeatBody), now=timezone.now())
        return Response(LeaseStandingSerializer(found).data)

    @operation(body=AttemptReleaseBody, answer=LeaseStandingSerializer, refusals=[LeaseLost])
    def release(self, request, pk) -> Response:
        """Give a contact back that was not called

        Somebody else gets them, no sooner than in `again_in_s` seconds. It does not count as an attempt.
        """
        found = handout.release(self.get_object().pk, **self.read(AttemptReleaseBody), now=timezone.now())
        return Response(LeaseStandingSerializer(found).data)


class TargetViewSet(ReadViewSet):
    """Contacts of campaigns."""

    resource = "targets"
    queryset = Target.objects.select_related("disposition")
    serializer_class = TargetSerializer
    filterset_class = TargetFilter
    permits: ClassVar = {"list": READ, "retrieve": READ, "explain": READ, "exclude": allow(*LEADERS), "reinstate": allow(*LEADERS)}
    parameters: ClassVar = {"explain": frozenset({"at", "agent"})}

    @operation(answer=TargetSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Contacts of campaigns

        Each is one contact in one campaign, and how it stands. Give `campaign`.
        """
        return super().list(request)

    @operation(answer=TargetSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One contact of a campaign

        How it stands; its attempts are under `/attempts/?target=`.
        """
        return super().retrieve(request, pk)

    @operation(
        answer=ExplanationSerializer,
        method="get",
        parameters=[ExplainQuery],
    )
    def explain(self, request, pk) -> Response:
        """Why are they called, or not?

        Every rule with its verdict and the first time at which it says yes, by the same code that hands out.
        """
        target = Target.objects.select_related("campaign").get(pk=self.get_object().pk)
        now = timezone.now()
        query = ExplainQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        (verdict,) = handout.explain([target], agent=asked.get("agent", self.user), at=asked.get("at", now), now=now)
        told = {
            "target": target.pk, "at": verdict.at, "phone": verdict.subject.e164, "allowed": verdict.allowed, "next_at": verdict.next_at,
            "rules": [{name: getattr(one, name) for name in ("rule", "verdict", "code", "detail", "next_at", "facts")} for one in verdict.findings],
        }  # fmt: skip
        return Response(ExplanationSerializer(told).data)

    @operation(body=ExcludeBody, answer=TargetSerializer, refusals=[excluding.TargetInHand, VersionConflict])
    def exclude(self, request, pk) -> Response:
        """Take somebody out of a campaign

        By hand, and why. They are not called in it any more.
        """
        return self.respond(excluding.exclude(self.get_object().pk, **self.read(ExcludeBody), if_version=self.if_version, **self.by))

    @operation(answer=TargetSerializer, refusals=[excluding.NotExcluded, VersionConflict])
    def reinstate(self, request, pk) -> Response:
        """Bring somebody back whom you took out

        They go on as their attempts and the rules say.
        """
        return self.respond(excluding.reinstate(self.get_object().pk, if_version=self.if_version, **self.by))
