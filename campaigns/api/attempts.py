"""/attempts/ over HTTP: who had whom in hand, be put through, and say how it came out. Batches of results of diallers."""

from typing import Any, ClassVar

from django.db import transaction
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from calls import call_requests
from calls.api.call_requests import RequestedCallSerializer
from calls.by_hand import TimesDisagree
from calls.call_requests import CallRequestOpen, CannotDial, ExtensionNeeded, MayNotCall, NotOurLine
from calls.callbacks import TooManyCallbacks, WhenToCall, WhomToCall
from calls.disposition_lock import DispositionLocked
from calls.effects_on_callback import CallbackNeeded
from calls.models import CallRequest
from calls.wrap_up import CallNotOver, DispositionNotInCampaign, NoteNeeded, NotForThisCall, NotYourCall, TalkTooShort, TopicNeeded
from campaigns import briefing, reporting, taking_back
from campaigns.api.attempt_bodies import (
    AttemptSerializer,
    DialBody,
    ReportBody,
    ReportedResultsSerializer,
    ResultsBody,
    RowReportBody,
)
from campaigns.api.handout_bodies import AttemptTakeBackBody, BriefingSerializer
from campaigns.campaign_filters import AttemptFilter
from campaigns.leases import LeaseLost
from campaigns.models import Attempt, Campaign
from campaigns.reporting import AlreadyDialled, OutcomeContradicts, OutcomeNeeded
from config.api import preconditions
from config.api.permissions import allow
from config.api.viewsets import ApiViewSet, ReadViewSet, operation
from config.platform.errors import Refusal
from config.platform.models import LEADERS, PEOPLE, Role, Scope, User
from config.platform.moves import VersionConflict

READ = allow(*PEOPLE, scope=Scope.CAMPAIGNS_READ)
WORK = allow(Role.AGENT, *LEADERS, scope=Scope.CAMPAIGNS_WORK)
WRITTEN_UP = [
    LeaseLost, OutcomeNeeded, OutcomeContradicts, DispositionNotInCampaign, TimesDisagree, CallNotOver, NoteNeeded, TopicNeeded,
    TalkTooShort, CallbackNeeded, NotForThisCall, NotYourCall, DispositionLocked, WhomToCall, WhenToCall, TooManyCallbacks,
]  # fmt: skip


def fit(said: dict[str, Any], user: User) -> dict[str, Any]:
    """A report as the capability takes it: nobody but a dialler, or whoever leads, speaks for somebody else."""
    if user.role not in (*LEADERS, Role.INTEGRATION) and said.get("agent") not in (None, user):
        raise ValidationError({"agent": ["You report for yourself."]}, code="not_yourself")
    return said


class AttemptViewSet(ReadViewSet):
    """Contacts in somebody's hands, and what came of them."""

    resource = "attempts"
    queryset = Attempt.objects.select_related("disposition")
    serializer_class = AttemptSerializer
    filterset_class = AttemptFilter
    permits: ClassVar = {
        "list": READ, "retrieve": READ, "dial": WORK, "report": WORK, "briefing": WORK, "take_back": allow(*LEADERS),
    }  # fmt: skip
    refused: CallRequest | None = None
    put_back: Attempt | None = None

    def get_queryset(self):
        """A briefing is also for the operator at whose desk the call of a dialler rings: the attempt is theirs once they answer."""
        if self.action == "briefing":
            return briefing.readable_by(self.user).select_related("campaign__script", "campaign__promotion", "contact", "callback")
        return super().get_queryset()

    def finalize_response(self, request, response, *args, **kwargs):
        """What the gate refused is kept when all that the request did is rolled back, and the contact leaves the hands that had it."""
        if self.refused is not None and self.put_back is not None:
            refused, self.refused = self.refused, None
            call_requests.keep_refused(refused, **self.by)
            taking_back.after_a_refused_dial(self.put_back.pk, now=self.by["now"])
        return super().finalize_response(request, response, *args, **kwargs)

    @operation(answer=AttemptSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Attempts

        Each is one contact in somebody's hands, on one number, and how it came out. An operator sees their own, a dialler those that it took.
        """
        return super().list(request)

    @operation(answer=AttemptSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One attempt

        With the call that came of it.
        """
        return super().retrieve(request, pk)

    @operation(answer=BriefingSerializer, method="get")
    def briefing(self, request, pk) -> Response:
        """All that an operator must know of an attempt

        As `next` tells it: contact, numbers, script, promotion, history, ways out. For the operator to whom a dialler's call is connected, from
        when it rings at their desk; for whoever took the contact; and for whoever leads. The screen pop names the attempt in `open`.
        """
        return Response(BriefingSerializer(briefing.asked(self.get_object(), user=self.user, now=timezone.now())).data)

    @operation(
        body=AttemptTakeBackBody,
        answer=AttemptSerializer,
        refusals=[taking_back.AttemptOver, taking_back.ContactOnTheLine, VersionConflict],
    )
    def take_back(self, request, pk) -> Response:
        """Take a contact out of somebody's hands

        And why. The holder's token is void and their screen is told; what they report later is kept as late. The contact waits again. One
        whose call is over and was not written up is closed as the line told it.
        """
        return self.respond(
            taking_back.take_back(self.get_object().pk, **self.read(AttemptTakeBackBody), if_version=self.if_version, **self.by)
        )

    @operation(
        body=DialBody,
        answer=RequestedCallSerializer,
        status=201,
        refusals=[LeaseLost, AlreadyDialled, MayNotCall, CallRequestOpen, ExtensionNeeded, CannotDial, NotOurLine],
    )
    def dial(self, request, pk) -> Response:
        """Be put through to the contact in hand

        The phone system rings you and then them. The gate is asked again: when they may not be called any more it is 409 `may_not_call` with
        `reasons`, and the contact is out of your hands. The call that comes of it is the attempt's by itself.
        """
        attempt = self.get_object()
        try:
            asked = reporting.dial(attempt.pk, **self.read(DialBody), **self.by)
        except MayNotCall as refusal:
            self.refused, self.put_back = refusal.request, attempt
            raise
        return Response(RequestedCallSerializer(asked).data, status=201, headers={"ETag": preconditions.etag(asked.version)})

    @operation(body=ReportBody, answer=AttemptSerializer, refusals=WRITTEN_UP)
    def report(self, request, pk) -> Response:
        """Say how an attempt came out

        The write-up of its call, with all that its disposition does; where no phone system told of a call, one is written down by hand.
        Nobody spoken with: `outcome` alone. The same again changes nothing, and another outcome or disposition corrects the first. What you
        say counts before what the phone system tells: you hear a machine, or a busy tone, where the line shows an answer. What cannot be is
        409 `outcome_contradicts`. A result for a contact that was lost meanwhile is kept (`is_late`). 409 `lease_lost`: the token is another
        lease's.
        """
        attempt = self.get_object()
        return self.respond(reporting.report(attempt.pk, **fit(self.read(ReportBody), self.user), **self.by))


class CampaignResultsViewSet(ApiViewSet):
    """Results by the hundred, of a dialler."""

    resource = "campaigns"
    queryset = Campaign.objects.all()
    serializer_class = ReportedResultsSerializer
    permits: ClassVar = {"report_results": WORK}

    @operation(body=ResultsBody, answer=ReportedResultsSerializer)
    def report_results(self, request, pk) -> Response:
        """Say how many attempts came out

        Up to 200 of one campaign, each as `POST /attempts/{id}/report/` takes it and each for itself: one that is refused stops no other.
        `status` is what it alone would have been answered with.
        """
        campaign = self.get_object()
        rows = [self._one(campaign, one) for one in self.read(ResultsBody)["results"]]
        return Response(ReportedResultsSerializer({"results": rows}).data)

    def _one(self, campaign: Campaign, said: dict[str, Any]) -> dict[str, Any]:
        shown = {"attempt": str(said.get("attempt"))[:60], "state": None, "is_late": None, "problem": None}
        try:
            body = RowReportBody(data=said, context=self.get_serializer_context())
            body.is_valid(raise_exception=True)
            report = fit(dict(body.validated_data), self.user)
            attempt_id = report.pop("attempt")
            if not Attempt.objects.visible_to(self.user).filter(pk=attempt_id, campaign=campaign).exists():
                return shown | {"status": 404, "problem": {"code": "not_found", "detail": "There is no such attempt in this campaign."}}
            with transaction.atomic():
                attempt = reporting.report(attempt_id, **report, **self.by)
        except ValidationError as error:
            return shown | {"status": 400, "problem": {"code": "invalid", "detail": str(error.detail)[:500]}}
        except Refusal as refusal:
            return shown | {"status": refusal.status, "problem": {"code": refusal.code, "detail": refusal.detail}}
        return shown | {"status": 200, "state": attempt.state, "is_late": attempt.is_late}
