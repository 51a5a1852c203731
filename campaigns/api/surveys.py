"""/surveys/ and /survey-versions/ over HTTP: write, check, publish."""

from typing import Any

from django_filters import rest_framework as filters
from rest_framework.response import Response

from campaigns.api.survey_bodies import (
    SurveyBody,
    SurveyCheckSerializer,
    SurveyDraftBody,
    SurveyPictureSerializer,
    SurveySerializer,
    SurveyVersionSerializer,
    SurveyWriteBody,
)
from campaigns.models import Survey, SurveyVersion
from campaigns.surveys import picture, publishing
from config.api.catalogue import CatalogueViewSet, catalogue
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import ReadViewSet, operation
from config.platform.models import LEADERS, PEOPLE, Role, Scope
from config.platform.moves import TransitionNotAllowed, VersionConflict

READ = allow(*PEOPLE, scope=Scope.CAMPAIGNS_READ)
WRITE = allow(*LEADERS, scope=Scope.CAMPAIGNS_WRITE)
REMOVE = allow(Role.ADMIN, scope=Scope.CAMPAIGNS_WRITE)


class SurveyFilter(FilterSet):
    code = filters.CharFilter()
    language = filters.CharFilter(lookup_expr="iexact")
    is_active = filters.BooleanFilter()

    class Meta:
        model = Survey
        fields = ["code"]


@catalogue(
    one="survey",
    many="surveys",
    about="Questions that are asked of many. The questions are in its versions; operators see what is published.",
)
class SurveyViewSet(CatalogueViewSet):
    """Surveys."""

    resource = "surveys"
    queryset = Survey.objects.prefetch_related("versions")
    serializer_class = SurveySerializer
    body_class = SurveyBody
    filterset_class = SurveyFilter
    ordering_fields = ("code", "name")
    permits = {"list": READ, "retrieve": READ, "create": WRITE, "partial_update": WRITE, "destroy": REMOVE}


class SurveyVersionFilter(FilterSet):
    survey = filters.UUIDFilter(field_name="survey_id")
    status = filters.ChoiceFilter(choices=SurveyVersion.Status.choices)

    class Meta:
        model = SurveyVersion
        fields = ["survey", "status"]


class SurveyVersionViewSet(ReadViewSet):
    """Versions of surveys."""

    resource = "survey_versions"
    queryset = SurveyVersion.objects.for_api()
    serializer_class = SurveyVersionSerializer
    filterset_class = SurveyVersionFilter
    permits = {
        "list": READ, "retrieve": READ, "create": WRITE, "partial_update": WRITE, "destroy": WRITE, "check": WRITE, "picture": READ,
        "publish": WRITE, "retire": WRITE,
    }  # fmt: skip

    def held(self, pk: str) -> dict[str, Any]:
        """The version that a verb is about, and what every verb gets besides its body."""
        return {"version_id": self.get_object().pk, "if_version": self.if_version, **self.by}

    @operation(answer=SurveyVersionSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Versions of surveys

        Newest first. `survey` narrows them to one survey.
        """
        return super().list(request)

    @operation(answer=SurveyVersionSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One version of a survey

        With its questions, their rules and the quotas.
        """
        return super().retrieve(request, pk)

    @operation(body=SurveyDraftBody, answer=SurveyVersionSerializer, status=201, refusals=[publishing.SurveyDraftExists])
    def create(self, request) -> Response:
        """Begin a draft of a survey

        Empty, or with the questions and quotas of another version. A survey has one draft at a time.
        """
        body = self.read(SurveyDraftBody)
        survey, source = body.pop("survey"), body.pop("copy_of", None)
        return self.respond(publishing.draft(survey.pk, source=source, **body, **self.by), 201, location=True)

    @operation(
        body=SurveyWriteBody,
        answer=SurveyVersionSerializer,
        refusals=[VersionConflict, TransitionNotAllowed, publishing.SurveyKeysRepeat],
    )
    def partial_update(self, request, pk) -> Response:
        """Write a draft of a survey

        `questions` and `quotas` each replace the whole list. A draft may be unfinished: what is wrong with it is told by `check`.
        """
        return self.respond(publishing.write(**self.held(pk), **self.read(SurveyWriteBody)))

    @operation(status=204, refusals=[VersionConflict, publishing.SurveyNotADraft])
    def destroy(self, request, pk) -> Response:
        """Throw a draft of a survey away"""
        publishing.discard(**self.held(pk))
        return Response(status=204)

    @operation(answer=SurveyCheckSerializer, method="get")
    def check(self, request, pk) -> Response:
        """Check a version of a survey

        What keeps it from being published: rules that lead nowhere or back, questions that no way leads to, rules and quotas that ask about
        a question that comes later or about an answer that cannot be given, choices and ranges that are missing.
        """
        found = [problem.shown() for problem in publishing.check(self.get_object())]
        return Response({"is_publishable": not found, "problems": found})

    @operation(answer=SurveyPictureSerializer, method="get")
    def picture(self, request, pk) -> Response:
        """A survey as a picture

        Its questions and where they lead, as a flow chart.
        """
        return Response({"mermaid": picture.mermaid(list(self.get_object().questions.all()))})

    @operation(answer=SurveyVersionSerializer, refusals=[VersionConflict, TransitionNotAllowed, publishing.SurveyHasProblems])
    def publish(self, request, pk) -> Response:
        """Publish a draft of a survey

        From now on it is what is asked; the version before is retired. A published version never changes, so all its answers are to the same
        questions.
        """
        return self.respond(publishing.publish(**self.held(pk)))

    @operation(answer=SurveyVersionSerializer, refusals=[VersionConflict, TransitionNotAllowed])
    def retire(self, request, pk) -> Response:
        """Retire a published version of a survey

        The survey then has none in use. Responses that were begun go on.
        """
        return self.respond(publishing.retire(**self.held(pk)))
