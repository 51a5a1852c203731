"""/surveys/{id}/results/ over HTTP. What each figure is stands with it: the schema publishes it."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.response import Response

from calls import intervals
from campaigns.api.survey_bodies import AnswerField
from campaigns.models import Campaign, Question, Survey, SurveyVersion
from campaigns.surveys import results
from campaigns.surveys.results import GROUPS, Wanted
from config.api.fields import TimeZoneField
from config.api.permissions import allow
from config.api.viewsets import ApiViewSet, example, operation
from config.platform.models import LEADERS, Role, Scope, User
from crm.models import Department, Topic

READ = allow(*LEADERS, Role.BACK_OFFICE, scope=Scope.CAMPAIGNS_READ)
DAYS = 28
ONLY = ("campaign", "agent", "topic", "department")


class SurveyResultsQuery(serializers.Serializer):
    since = serializers.DateField(required=False)
    until = serializers.DateField(required=False)
    time_zone = TimeZoneField(required=False)
    group_by = serializers.ChoiceField(choices=GROUPS, required=False, default="none")
    version = serializers.PrimaryKeyRelatedField(queryset=SurveyVersion.objects.all(), required=False, default=None)
    campaign = serializers.PrimaryKeyRelatedField(queryset=Campaign.objects.all(), required=False, default=None)
    agent = serializers.PrimaryKeyRelatedField(queryset=User.objects.all(), required=False, default=None)
    topic = serializers.SlugRelatedField(slug_field="code", queryset=Topic.objects.all(), required=False, default=None)
    department = serializers.PrimaryKeyRelatedField(queryset=Department.objects.all(), required=False, default=None)
    partial = serializers.BooleanField(required=False, default=False)


PARAMETERS = [
    OpenApiParameter("since", str, description=f"The first day, for instance 2026-11-01; else {DAYS} days before the last."),
    OpenApiParameter("until", str, description="The last day, which counts whole; else today. A response counts on the day it was begun."),
    OpenApiParameter("time_zone", str, description="IANA name: whose days and hours they are; else your own."),
    OpenApiParameter("group_by", str, enum=GROUPS, description="A line for each of these; `none`: the total alone."),
    OpenApiParameter("version", str, description="Only of this version; else of all, where questions of one key and kind are one."),
    OpenApiParameter("campaign", str, description="Only of this campaign; its id."),
    OpenApiParameter("agent", str, description="Only of this operator; their id."),
    OpenApiParameter("topic", str, description="Only of this topic; its code."),
    OpenApiParameter("department", str, description="Only of this department; its id."),
    OpenApiParameter("partial", bool, description="Also answers of responses that are not complete."),
]


class SurveyScoreSerializer(serializers.Serializer):
    name = serializers.CharField(help_text="`nps`; `top_two_share` of CSAT: the share of 4 and 5; `mean` of everything else.")
    value = serializers.FloatField(help_text="NPS: percent of 9 and 10 less percent of 0 to 6. A share is from 0 to 1.")
    low = serializers.FloatField(
        help_text="Where the 95 % interval begins. NPS: normal approximation, variance p + q − (p − q)²; share: Wilson; mean: normal."
    )
    high = serializers.FloatField(help_text="Where it ends.")
    n = serializers.IntegerField(help_text="Answers.")
    mean = serializers.FloatField()


class SurveySpreadSerializer(serializers.Serializer):
    value = AnswerField()
    count = serializers.IntegerField()


class QuestionResultSerializer(serializers.Serializer):
    key = serializers.CharField()
    kind = serializers.ChoiceField(choices=Question.Kind.choices)
    text = serializers.CharField(help_text="As the newest version puts it.")
    asked = serializers.IntegerField(help_text="Answers that count, also those that passed the question over.")
    answered = serializers.IntegerField()
    passed_over = serializers.IntegerField()
    stopped_here = serializers.IntegerField(help_text="Broke off or refused at this question.")
    score = SurveyScoreSerializer(allow_null=True, help_text="null: nothing to be reckoned, or nobody answered.")
    least = serializers.FloatField(allow_null=True)
    most = serializers.FloatField(allow_null=True)
    distribution = SurveySpreadSerializer(many=True, help_text="How often each value was given; nothing of numbers, texts and dates.")


class SurveyResultSerializer(serializers.Serializer):
    group = serializers.CharField(
        allow_null=True, help_text="Id, day (2026-11-30) or hour (0 to 23) of the group; null: none, or the total."
    )
    name = serializers.CharField(allow_blank=True)
    begun = serializers.IntegerField(help_text="Responses that were begun.")
    by_state = serializers.DictField(child=serializers.IntegerField(), help_text="How many are in each state.")
    completion_rate = serializers.FloatField(allow_null=True, help_text="Complete of those begun, from 0 to 1; null: of nothing.")
    median_seconds = serializers.FloatField(allow_null=True, help_text="Of complete responses, from their first question to the end.")
    questions = QuestionResultSerializer(many=True)


SCORE: dict[str, Any] = {"name": "nps", "value": 40.0, "low": 20.1, "high": 59.9, "n": 50, "mean": 8.1}
LINE: dict[str, Any] = {
    "group": None, "name": "", "begun": 60,
    "by_state": {
        "started": 0, "partial": 2, "complete": 50, "refused": 3, "breakoff": 5, "ineligible": 0, "quota_full": 0, "unreachable": 0,
    },
    "completion_rate": 0.8333, "median_seconds": 42.0,
    "questions": [
        {
            "key": "recommend", "kind": "nps", "text": "Would you recommend us to a friend?", "asked": 50, "answered": 50, "passed_over": 0,
            "stopped_here": 5, "score": SCORE, "least": 2.0, "most": 10.0,
            "distribution": [{"value": 2, "count": 10}, {"value": 8, "count": 10}, {"value": 10, "count": 30}],
        }
    ],
}  # fmt: skip


@example(
    {
        "since": "2026-11-01T00:00:00+03:00", "until": "2026-12-01T00:00:00+03:00", "time_zone": "Europe/Moscow", "group_by": "none",
        "partial": False, "results": [], "total": LINE,
    },
    request=False,
)  # fmt: skip
class SurveyResultsSerializer(serializers.Serializer):
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    time_zone = serializers.CharField()
    group_by = serializers.ChoiceField(choices=GROUPS)
    partial = serializers.BooleanField()
    results = SurveyResultSerializer(many=True)
    total = SurveyResultSerializer()


class SurveyResultsViewSet(ApiViewSet):
    """What surveys found out."""

    resource = "surveys"
    queryset = Survey.objects.all()
    permits = {"results": READ}
    parameters = {"results": frozenset(SurveyResultsQuery().fields)}

    @operation(
        answer=SurveyResultsSerializer,
        method="get",
        refusals=[intervals.PeriodUnusable, intervals.ReportTooLarge],
        parameters=PARAMETERS,
    )
    def results(self, request, pk) -> Response:
        """What a survey found out

        NPS, CSAT and means with their 95 % intervals, how often each answer was given, how many completed it and where others stopped.
        Counted now, from answers on the way that was really gone.
        """
        survey = self.get_object()
        query = SurveyResultsQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        given = dict(query.validated_data)
        zone = ZoneInfo(given.get("time_zone") or self.user.time_zone)
        last = given.get("until") or timezone.now().astimezone(zone).date()
        first = given.get("since") or max(last, last.min + timedelta(days=DAYS)) - timedelta(days=DAYS)
        since, until = intervals.edges(first, last, "none", zone)
        only = tuple((name, given[name]) for name in ONLY if given[name] is not None)
        version = given["version"]
        wanted = Wanted(survey, since, until, version.pk if version else None, only, given["partial"])
        told = results.results(wanted, group_by=given["group_by"], zone=zone)
        shown = {"since": since.astimezone(zone), "until": until.astimezone(zone), "time_zone": zone.key}
        return Response(SurveyResultsSerializer({**shown, "group_by": given["group_by"], "partial": given["partial"], **told}).data)
