"""Ready answers, their use, and questions without an answer, over HTTP."""

from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.response import Response

from calls import unanswered
from calls.answers import ArticleNotReadable, Situation, judge, ready, situation_of, use
from calls.api.answer_bodies import (
    AnsweredByBody,
    HelpfulBody,
    QuestionBody,
    QuestionDismissBody,
    QuestionSerializer,
    ReadyAnswersSerializer,
    TopicField,
    UseBody,
    UseSerializer,
)
from calls.api.call_ids import OldIdsAnswer
from calls.models import ArticleUse, Call, UnansweredQuestion
from config.api.fields import LanguageField
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import ApiViewSet, ReadViewSet, operation
from config.platform.models import LEADERS, PEOPLE, Role, Scope
from config.platform.moves import TransitionNotAllowed, VersionConflict
from crm.api.contact_ids import ContactField
from crm.knowledge_search import QuestionTooShort

READ = allow(*PEOPLE, scope=Scope.KNOWLEDGE_READ)
TELL = allow(*PEOPLE, scope=Scope.KNOWLEDGE_WRITE)
EDIT = allow(*LEADERS, Role.BACK_OFFICE)


class AskedOnCall(serializers.Serializer):
    """The query of ready answers for a call."""

    topic = TopicField(default=None)
    language = LanguageField(required=False, allow_blank=True, default="")


class Asked(AskedOnCall):
    """The query of ready answers without a call."""

    contact = ContactField(required=False, default=None)
    queue = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")


TOPIC = OpenApiParameter("topic", str, description="Code of the topic that the operator has just heard.")
LANGUAGE = OpenApiParameter("language", str, description="BCP 47; else the language of the contact.")


class CallAnswerViewSet(OldIdsAnswer, ApiViewSet):
    """Ready answers on a call."""

    resource = "calls"
    queryset = Call.objects.all()
    parameters = {"answers": frozenset({"topic", "language"})}
    permits = {"answers": READ, "answered": TELL}

    @operation(answer=ReadyAnswersSerializer, method="get", parameters=[TOPIC, LANGUAGE])
    def answers(self, request, pk) -> Response:
        """Ready answers for a call

        At most nine, best first, each with the key that reads it: by the topics of the call (or `topic`), what is open for the caller,
        the topics of their last calls, the queue, and how often and how well each article served; in the caller's language where there
        is one. The same facts on the same day give the same keys.
        """
        asked = AskedOnCall(data=request.query_params)
        asked.is_valid(raise_exception=True)
        situation = situation_of(self.get_object(), **asked.validated_data)
        return Response(ready(situation, **self.by))

    @operation(body=UseBody, answer={200: UseSerializer, 201: UseSerializer}, refusals=[ArticleNotReadable])
    def answered(self, request, pk) -> Response:
        """Say that an answer was read to the caller

        201 for the first time; on a call each version counts once, so pressing the key again is 200 and changes at most `helpful`.
        """
        body = self.read(UseBody)
        made, is_new = use(body.pop("article"), call_id=self.get_object().pk, **body, **self.by)
        return Response(UseSerializer(made).data, status=201 if is_new else 200)


class AnswerViewSet(ApiViewSet):
    """Ready answers where there is no call in the system: a chat, a visitor, a search line."""

    resource = "articles"
    parameters = {"answers": frozenset({"topic", "language", "contact", "queue"})}
    permits = {"answers": READ}

    @operation(
        answer=ReadyAnswersSerializer,
        method="get",
        detail=False,
        parameters=[
            TOPIC,
            LANGUAGE,
            OpenApiParameter("contact", str, description="Id: what is open for them, their last topics and their language count."),
            OpenApiParameter("queue", str, description="Its name: what is read most often there counts."),
        ],
    )
    def answers(self, request) -> Response:
        """Ready answers

        As for a call, by what you know: a topic, a contact, a queue, a language.
        """
        body = Asked(data=request.query_params)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        situation = Situation(
            (asked["topic"].pk,) if asked["topic"] else (), asked["contact"].pk if asked["contact"] else None, asked["queue"], asked["language"]
        )  # fmt: skip
        return Response(ready(situation, **self.by))


class UseFilter(FilterSet):
    article = filters.UUIDFilter(field_name="article_id")
    call = filters.UUIDFilter(field_name="call_id")
    agent = filters.UUIDFilter(field_name="agent_id", help_text="Id of a user.")
    queue = filters.CharFilter()
    at_after = filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    at_before = filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt")

    class Meta:
        model = ArticleUse
        fields = ["queue"]


class UseViewSet(ReadViewSet):
    """What was read to callers."""

    resource = "article_uses"
    queryset = ArticleUse.objects.select_related("article", "article_version", "topic")
    serializer_class = UseSerializer
    filterset_class = UseFilter
    ordering_fields = ("at",)
    ordering = "-at"
    permits = {"list": READ, "retrieve": READ, "create": TELL, "partial_update": TELL}

    @operation(answer=UseSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Uses of articles

        Latest first. Operators see their own; supervisors, the back office and administrators all.
        """
        return super().list(request)

    @operation(answer=UseSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One use of an article"""
        return super().retrieve(request, pk)

    @operation(body=UseBody, answer=UseSerializer, status=201, refusals=[ArticleNotReadable])
    def create(self, request) -> Response:
        """Say that an answer was read to somebody who is not on a call here

        On a call use `POST /calls/{id}/answers/`, which counts each version once.
        """
        body = self.read(UseBody)
        made, _ = use(body.pop("article"), **body, **self.by)
        return self.respond(made, 201, location=True)

    @operation(body=HelpfulBody, answer=UseSerializer, refusals=[VersionConflict])
    def partial_update(self, request, pk) -> Response:
        """Say whether it helped"""
        made = self.get_object()
        return self.respond(judge(made.pk, **self.read(HelpfulBody), if_version=self.if_version, **self.by))


class QuestionFilter(FilterSet):
    status = filters.ChoiceFilter(choices=UnansweredQuestion.Status.choices)
    language = filters.CharFilter(help_text="BCP 47, exactly.")
    topic = filters.CharFilter(field_name="topic__code", help_text="Code.")
    asked_after = filters.IsoDateTimeFilter(field_name="last_asked_at", lookup_expr="gte")

    class Meta:
        model = UnansweredQuestion
        fields = ["status"]


class QuestionViewSet(ReadViewSet):
    """Asked, but not answered."""

    resource = "unanswered_questions"
    queryset = UnansweredQuestion.objects.select_related("topic")
    serializer_class = QuestionSerializer
    filterset_class = QuestionFilter
    ordering_fields = ("asked_count", "last_asked_at")
    ordering = "-asked_count"
    permits = {"list": EDIT, "retrieve": EDIT, "create": TELL, "answer": EDIT, "dismiss": EDIT, "reopen": EDIT}

    @operation(answer=QuestionSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Questions without an answer

        Most asked first: what callers want to know and no article says.
        """
        return super().list(request)

    @operation(answer=QuestionSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One question without an answer"""
        return super().retrieve(request, pk)

    @operation(body=QuestionBody, answer=QuestionSerializer, status=201, refusals=[QuestionTooShort])
    def create(self, request) -> Response:
        """Say that there was no answer

        The same question in other words of order, case or signs is one row and counts on; on one call it counts once. Searches that find
        nothing are counted by themselves.
        """
        return self.respond(unanswered.tell(**self.read(QuestionBody), **self.by), 201, location=True)

    @operation(body=AnsweredByBody, answer=QuestionSerializer, refusals=[VersionConflict, TransitionNotAllowed])
    def answer(self, request, pk) -> Response:
        """Say which article answers it

        Asked again without result, the question is open again.
        """
        return self.done(unanswered.answer, **self.read(AnsweredByBody))

    @operation(body=QuestionDismissBody, answer=QuestionSerializer, refusals=[VersionConflict, TransitionNotAllowed])
    def dismiss(self, request, pk) -> Response:
        """Say that it needs no answer"""
        return self.done(unanswered.dismiss, **self.read(QuestionDismissBody))

    @operation(answer=QuestionSerializer, refusals=[VersionConflict, TransitionNotAllowed])
    def reopen(self, request, pk) -> Response:
        """Take that back"""
        return self.done(unanswered.reopen)

    def done(self, verb: Any, **fields: Any) -> Response:
        """The question after one of its verbs."""
        return self.respond(verb(self.get_object().pk, **fields, if_version=self.if_version, **self.by))
