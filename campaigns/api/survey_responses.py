"""/survey-responses/ over HTTP: the server leads through the questions."""

from typing import Any

from rest_framework.response import Response

from campaigns.api.survey_bodies import SurveyAnswerBody, SurveyBackBody, SurveyBeginBody, SurveyResponseSerializer, SurveyWhyBody
from campaigns.campaign_filters import SurveyResponseFilter
from campaigns.models import SurveyResponse
from campaigns.surveys import walking
from campaigns.surveys.checking import AnswerDoesNotFit
from campaigns.surveys.publishing import SurveyNotPublished
from config.api.permissions import allow
from config.api.viewsets import ReadViewSet, operation
from config.platform.models import LEADERS, PEOPLE, Role, Scope
from config.platform.moves import TransitionNotAllowed, VersionConflict
from config.platform.origins import OriginUnknown

READ = allow(*PEOPLE, scope=Scope.CAMPAIGNS_READ)
ASK = allow(Role.AGENT, *LEADERS, scope=Scope.CAMPAIGNS_WORK)
MOVED = [TransitionNotAllowed, VersionConflict]


class SurveyResponseViewSet(ReadViewSet):
    """Responses to surveys."""

    resource = "survey_responses"
    queryset = SurveyResponse.objects.select_related("survey_version", "topic").prefetch_related(
        "survey_version__questions", "answers__question"
    )
    serializer_class = SurveyResponseSerializer
    filterset_class = SurveyResponseFilter
    permits = {
        "list": READ, "retrieve": READ, "create": ASK, "answer": ASK, "back": ASK, "refuse": ASK, "break_off": ASK, "find_ineligible": ASK,
        "find_unreachable": ASK, "resume": ASK,
    }  # fmt: skip

    def held(self, pk: str) -> dict[str, Any]:
        """The response that a verb is about, and what every verb gets besides its body."""
        return {"response_id": self.get_object().pk, "if_version": self.if_version, **self.by}

    @operation(answer=SurveyResponseSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Responses to surveys

        Newest first; an operator sees those that they asked.
        """
        return super().list(request)

    @operation(answer=SurveyResponseSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One response to a survey

        With all answers. Those that no longer lie on the way have `is_counted` false, and no result counts them.
        """
        return super().retrieve(request, pk)

    @operation(
        body=SurveyBeginBody,
        answer=SurveyResponseSerializer,
        status=201,
        refusals=[SurveyNotPublished, walking.NoSurveyHere, OriginUnknown],
    )
    def create(self, request) -> Response:
        """Begin a survey

        For an `attempt` of a campaign, or a `survey` by itself, with the call or whatever it comes from. `question` is what to ask first.
        Asking again for the same attempt gives the response that was begun. `state` is `quota_full` at once when nobody else is wanted.
        """
        return self.respond(walking.begin(**self.read(SurveyBeginBody), **self.by), 201, location=True)

    @operation(body=SurveyAnswerBody, answer=SurveyResponseSerializer, refusals=[walking.QuestionNotAsked, AnswerDoesNotFit, *MOVED])
    def answer(self, request, pk) -> Response:
        """Answer a question

        `question` of the answer is what to ask next. An answer to an earlier question of the way changes it, and the way is found anew.
        After the last answer `state` is `complete`, or `quota_full` when so many as were wanted came first.
        """
        return self.respond(walking.answer(**self.held(pk), **self.read(SurveyAnswerBody)))

    @operation(body=SurveyBackBody, answer=SurveyResponseSerializer, refusals=[walking.QuestionNotAsked, *MOVED])
    def back(self, request, pk) -> Response:
        """Go back to a question

        It is asked again. What was answered from there on is kept, and counts again once the way comes back to it.
        """
        return self.respond(walking.go_back(**self.held(pk), **self.read(SurveyBackBody)))

    @operation(body=SurveyWhyBody, answer=SurveyResponseSerializer, refusals=MOVED)
    def refuse(self, request, pk) -> Response:
        """They would not answer

        The response ends; what was answered is kept, and counts among partial ones.
        """
        return self.respond(walking.refuse(**self.held(pk), **self.read(SurveyWhyBody)))

    @operation(body=SurveyWhyBody, answer=SurveyResponseSerializer, refusals=MOVED)
    def break_off(self, request, pk) -> Response:
        """It was broken off

        It may be resumed at the question that waited.
        """
        return self.respond(walking.break_off(**self.held(pk), **self.read(SurveyWhyBody)))

    @operation(body=SurveyWhyBody, answer=SurveyResponseSerializer, refusals=MOVED)
    def find_ineligible(self, request, pk) -> Response:
        """They are not whom the survey asks"""
        return self.respond(walking.find_ineligible(**self.held(pk), **self.read(SurveyWhyBody)))

    @operation(body=SurveyWhyBody, answer=SurveyResponseSerializer, refusals=MOVED)
    def find_unreachable(self, request, pk) -> Response:
        """They were not there to be asked

        Only before the first answer.
        """
        return self.respond(walking.find_unreachable(**self.held(pk), **self.read(SurveyWhyBody)))

    @operation(answer=SurveyResponseSerializer, refusals=MOVED)
    def resume(self, request, pk) -> Response:
        """Go on where it was broken off"""
        return self.respond(walking.resume(**self.held(pk)))
