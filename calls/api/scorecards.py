"""/scorecards/ and /scorecard-versions/ over HTTP: what calls are judged by."""

from django_filters import rest_framework as filters
from rest_framework.response import Response

from calls import scorecards
from calls.api.review_bodies import (
    ScorecardBody,
    ScorecardDraftBody,
    ScorecardSerializer,
    ScorecardVersionSerializer,
    ScorecardWriteBody,
)
from calls.models import Scorecard, ScorecardVersion
from config.api.catalogue import CatalogueViewSet, catalogue
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import ReadViewSet, operation
from config.platform.models import LEADERS, PEOPLE, Role, Scope
from config.platform.moves import TransitionNotAllowed, VersionConflict

READ = allow(*PEOPLE, scope=Scope.CALLS_READ)
WRITE = allow(*LEADERS)


class ScorecardFilter(FilterSet):
    code = filters.CharFilter()
    is_active = filters.BooleanFilter()

    class Meta:
        model = Scorecard
        fields = ["code", "is_active"]


@catalogue(one="scorecard", many="scorecards", about="What a kind of call is judged by. The checkpoints are in its versions.")
class ScorecardViewSet(CatalogueViewSet):
    """Scorecards."""

    resource = "scorecards"
    tag = "quality"
    queryset = Scorecard.objects.for_api()
    serializer_class = ScorecardSerializer
    body_class = ScorecardBody
    filterset_class = ScorecardFilter
    ordering_fields = ("code",)
    permits = {"list": READ, "retrieve": READ, "create": WRITE, "partial_update": WRITE, "destroy": allow(Role.ADMIN)}


class ScorecardVersionFilter(FilterSet):
    scorecard = filters.CharFilter(field_name="scorecard__code", help_text="Its code.")
    state = filters.ChoiceFilter(field_name="status", choices=ScorecardVersion.Status.choices)

    class Meta:
        model = ScorecardVersion
        fields = ["scorecard"]


class ScorecardVersionViewSet(ReadViewSet):
    """Versions of scorecards."""

    resource = "scorecard_versions"
    tag = "quality"
    queryset = ScorecardVersion.objects.for_api()
    serializer_class = ScorecardVersionSerializer
    filterset_class = ScorecardVersionFilter
    permits = {
        "list": READ,
        "retrieve": READ,
        "create": WRITE,
        "partial_update": WRITE,
        "publish": WRITE,
        "retire": WRITE,
        "destroy": WRITE,
    }

    @operation(answer=ScorecardVersionSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Versions of scorecards

        With their checkpoints. Operators see what is or was in use.
        """
        return super().list(request)

    @operation(answer=ScorecardVersionSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One version of a scorecard

        With its checkpoints.
        """
        return super().retrieve(request, pk)

    @operation(body=ScorecardDraftBody, answer=ScorecardVersionSerializer, status=201, refusals=[scorecards.ScorecardDraftExists])
    def create(self, request) -> Response:
        """Begin a version of a scorecard

        A draft with the checkpoints of the last version.
        """
        return self.respond(scorecards.draft(self.read(ScorecardDraftBody)["scorecard"].pk, **self.by), 201, location=True)

    @operation(
        body=ScorecardWriteBody(partial=True),
        answer=ScorecardVersionSerializer,
        refusals=[VersionConflict, TransitionNotAllowed, scorecards.CheckpointKeysRepeat],
    )
    def partial_update(self, request, pk) -> Response:
        """Write a draft of a scorecard

        A list of checkpoints replaces the whole list. What was published never changes.
        """
        said = self.read(ScorecardWriteBody, partial=True)
        return self.respond(scorecards.write(self.get_object().pk, **said, if_version=self.if_version, **self.by))

    @operation(answer=ScorecardVersionSerializer, refusals=[VersionConflict, TransitionNotAllowed, scorecards.ScorecardIsEmpty])
    def publish(self, request, pk) -> Response:
        """Put a scorecard's draft to use

        The version before is retired in the same moment; reviews that were begun by it go on.
        """
        return self.respond(scorecards.publish(self.get_object().pk, if_version=self.if_version, **self.by))

    @operation(answer=ScorecardVersionSerializer, refusals=[VersionConflict, TransitionNotAllowed])
    def retire(self, request, pk) -> Response:
        """Take a version of a scorecard out of use

        Reviews that were begun by it go on.
        """
        return self.respond(scorecards.retire(self.get_object().pk, if_version=self.if_version, **self.by))

    @operation(status=204, refusals=[VersionConflict, scorecards.ScorecardNotDraft])
    def destroy(self, request, pk) -> Response:
        """Throw a scorecard's draft away

        Only a draft: what calls were judged by is kept.
        """
        scorecards.discard(self.get_object().pk, if_version=self.if_version, **self.by)
        return Response(status=204)
