"""/reviews/ and the reports on quality over HTTP."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django_filters import rest_framework as filters
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from calls import review_report, reviews, scorecards
from calls.api.review_bodies import (
    AnswersBody,
    CalibrationSerializer,
    ClaimBody,
    DisputeBody,
    NextReviewBody,
    QualityQuery,
    QualityReportSerializer,
    ReviewSerializer,
    SettleBody,
)
from calls.models import Call, Review
from config.api import preconditions
from config.api.filters import FilterSet
from config.api.pages import SUBLIST_PARAMETERS
from config.api.permissions import allow
from config.api.viewsets import ApiViewSet, ReadViewSet, operation
from config.platform.models import LEADERS, Role, Scope
from config.platform.moves import TransitionNotAllowed, VersionConflict

READ = allow(Role.AGENT, *LEADERS, scope=Scope.CALLS_READ)
JUDGE = allow(*LEADERS)
#: Whoever takes calls may answer what is said of them.
ABOUT_ME = allow(Role.AGENT, *LEADERS)


class ReviewFilter(FilterSet):
    call = filters.UUIDFilter(field_name="call_id")
    agent = filters.UUIDFilter(field_name="agent_id", help_text="Id of the user whose call it is.")
    reviewer = filters.UUIDFilter(field_name="reviewer_id")
    state = filters.ChoiceFilter(field_name="status", choices=Review.Status.choices)
    scorecard_version = filters.UUIDFilter(field_name="scorecard_version_id")

    class Meta:
        model = Review
        fields = ["call", "agent", "reviewer"]


class ReviewViewSet(ReadViewSet):
    """Reviews of calls."""

    resource = "reviews"
    tag = "quality"
    queryset = Review.objects.for_api()
    serializer_class = ReviewSerializer
    filterset_class = ReviewFilter
    permits = {
        "list": READ, "retrieve": READ, "next": JUDGE, "partial_update": JUDGE, "submit": JUDGE, "release": JUDGE, "accept": ABOUT_ME,
        "dispute": ABOUT_ME, "settle": JUDGE,
    }  # fmt: skip

    def held(self, pk: str) -> dict[str, Any]:
        """The review that a verb is about, and what every verb gets besides its body."""
        return {"review_id": self.get_object().pk, "if_version": self.if_version, **self.by}

    @operation(answer=ReviewSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Reviews

        Latest first. Operators see those of their own calls once they are told. Whoever is reviewing a call does not see what another
        found in it before they have told theirs.
        """
        return super().list(request)

    @operation(answer=ReviewSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One review

        With its answers.
        """
        return super().retrieve(request, pk)

    @operation(
        body=NextReviewBody,
        answer=ReviewSerializer,
        status=201,
        detail=False,
        refusals=[scorecards.ScorecardNotInUse, reviews.TooManyClaims, reviews.NoCallLeft],
    )
    def next(self, request) -> Response:
        """Claim the next call to review

        An answered call of the last days, long enough, that nobody has reviewed by this scorecard. The operator with the fewest reviews
        in that time comes first, so that everybody is heard. No two reviewers get one call, unless `second` asks for it.
        """
        return self.respond(reviews.claim_next(**self.read(NextReviewBody), **self.by), 201)

    @operation(
        body=AnswersBody(partial=True),
        answer=ReviewSerializer,
        refusals=[VersionConflict, TransitionNotAllowed, reviews.NotYourReview, reviews.CheckpointUnknown, reviews.PointsOutOfRange],
    )
    def partial_update(self, request, pk) -> Response:
        """Write a review

        Points for some checkpoints or all, as often as you like before it is submitted.
        """
        return self.respond(reviews.answer(**self.held(pk), **self.read(AnswersBody, partial=True)))

    @operation(answer=ReviewSerializer, refusals=[VersionConflict, TransitionNotAllowed, reviews.NotYourReview, reviews.AnswersMissing])
    def submit(self, request, pk) -> Response:
        """Submit a review

        It is scored, and the operator is told. The score is the points given over the points of the checkpoints that applied.
        """
        return self.respond(reviews.submit(**self.held(pk)))

    @operation(answer=ReviewSerializer, refusals=[VersionConflict, TransitionNotAllowed, reviews.NotYourReview])
    def release(self, request, pk) -> Response:
        """Give a claimed review back

        What was written of it is thrown away. It happens by itself when the time of the claim is over.
        """
        return self.respond(reviews.release(**self.held(pk)))

    @operation(answer=ReviewSerializer, refusals=[VersionConflict, TransitionNotAllowed, reviews.NotYourReview])
    def accept(self, request, pk) -> Response:
        """Accept a review

        By the operator whose call it was, or by a leader in their name.
        """
        return self.respond(reviews.accept(**self.held(pk)))

    @operation(
        body=DisputeBody,
        answer=ReviewSerializer,
        refusals=[VersionConflict, TransitionNotAllowed, reviews.NotYourReview, reviews.TooLateToDispute],
    )
    def dispute(self, request, pk) -> Response:
        """Dispute a review

        By the operator whose call it was, or by a leader in their name, with the reason. Leaders are told on the live feed.
        """
        return self.respond(reviews.dispute(**self.held(pk), **self.read(DisputeBody)))

    @operation(
        body=SettleBody,
        answer=ReviewSerializer,
        refusals=[VersionConflict, TransitionNotAllowed, reviews.OwnReview, reviews.CheckpointUnknown, reviews.PointsOutOfRange],
    )
    def settle(self, request, pk) -> Response:
        """Settle a dispute

        By another leader than the reviewer. With `answers` some points change and the review is scored anew; the score before stays in
        `percent_before`.
        """
        return self.respond(reviews.settle(**self.held(pk), **self.read(SettleBody)))


CLAIM_REFUSED = [reviews.NothingToReview, reviews.OwnCall, scorecards.ScorecardNotInUse, reviews.ReviewedAlready, reviews.TooManyClaims]


class CallReviewViewSet(ApiViewSet):
    """Reviews of one call."""

    resource = "calls"
    tag = "quality"
    queryset = Call.objects.only("pk", "version")
    serializer_class = ReviewSerializer
    parameters = {"reviews": SUBLIST_PARAMETERS}
    permits = {"reviews": READ, "review": JUDGE}

    @operation(answer=ReviewSerializer(many=True), method="get", filters=False)
    def reviews(self, request, pk) -> Response:
        """Reviews of a call

        As in `/reviews/`: you see what you may see there.
        """
        found = Review.objects.for_api().visible_to(self.user).filter(call=self.get_object().pk)
        return self.get_paginated_response(ReviewSerializer(self.paginate_queryset(found) or [], many=True).data)

    @operation(
        body=ClaimBody,
        answer={200: ReviewSerializer, 201: ReviewSerializer},
        refusals=CLAIM_REFUSED,
    )
    def review(self, request, pk) -> Response:
        """Claim a call for review

        Claimed again while it is being written, it is the same review (200). Two people may review one call by one scorecard.
        """
        review, is_new = reviews.claim(self.get_object().pk, **self.read(ClaimBody), **self.by)
        fresh = Review.objects.for_api().get(pk=review.pk)
        headers = {"ETag": preconditions.etag(fresh.version)}
        if is_new:
            headers["Location"] = request.build_absolute_uri(f"/api/v1/reviews/{review.pk}/")
        return Response(ReviewSerializer(fresh).data, status=201 if is_new else 200, headers=headers)


class QualityReportViewSet(ApiViewSet):
    """What reviews say when they are added up."""

    resource = "reports"
    tag = "reports"
    serializer_class = QualityReportSerializer
    queryset = Review.objects.none()
    pagination_class = None
    parameters = dict.fromkeys(("quality", "calibration"), frozenset(QualityQuery().fields))
    permits = {"quality": allow(Role.AGENT, *LEADERS, scope=Scope.CALLS_READ), "calibration": allow(*LEADERS, scope=Scope.CALLS_READ)}

    @operation(answer=QualityReportSerializer, method="get", parameters=[QualityQuery], filters=False)
    def quality(self, request) -> Response:
        """Quality of calls

        Reviews told from `since` (by default thirty days before `until`) until just before `until` (by default now), for each operator
        and, when a scorecard is named, for each of its checkpoints. An operator sees their own.
        """
        asked = self._asked()
        if self.user.role == Role.AGENT:
            asked["agent"] = self.user.pk
        scorecard = asked.get("scorecard")
        shown = {
            "since": asked["since"],
            "until": asked["until"],
            "agents": review_report.by_agent(**asked),
            "checkpoints": review_report.by_checkpoint(**asked) if scorecard else [],
        }
        return Response(QualityReportSerializer(shown).data)

    @operation(answer=CalibrationSerializer, method="get", parameters=[QualityQuery], filters=False)
    def calibration(self, request) -> Response:
        """How alike reviewers judge

        Calls that two people reviewed by one version of a scorecard; the pair whose scores lie farthest apart first.
        """
        asked = self._asked()
        asked.pop("agent", None)
        shown = {"since": asked["since"], "until": asked["until"], "pairs": review_report.calibration(**asked)}
        return Response(CalibrationSerializer(shown).data)

    def _asked(self) -> dict[str, Any]:
        given = QualityQuery(data=self.request.query_params.dict())
        given.is_valid(raise_exception=True)
        asked = dict(given.validated_data)
        asked.setdefault("until", timezone.now())
        try:
            asked.setdefault("since", asked["until"] - timedelta(days=30))
            is_bounded = timedelta(0) < asked["until"] - asked["since"] <= timedelta(days=366)
        except OverflowError:
            is_bounded = False
        if not is_bounded:
            raise ValidationError({"since": ["Ask for a year at most, that begins before it ends."]}, code="invalid")
        return asked
