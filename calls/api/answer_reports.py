"""/reports/most-asked/ and /reports/unanswered/ over HTTP."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.response import Response

from calls import answer_reports
from calls.api.answer_bodies import MostAskedSerializer, UnansweredSerializer
from calls.models import UnansweredQuestion
from config.api.fields import TimeZoneField
from config.api.permissions import allow
from config.api.viewsets import ApiViewSet, operation
from config.platform.models import LEADERS

WEEKS = 4


class Between(serializers.Serializer):
    """The days of a report, as one zone counts them."""

    since = serializers.DateField(required=False)
    until = serializers.DateField(required=False)
    time_zone = TimeZoneField(required=False)
    limit = serializers.IntegerField(min_value=1, max_value=answer_reports.MOST, default=50)


class MostAskedQuery(Between):
    by = serializers.ChoiceField(choices=["article", "topic"], default="article")
    queue = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")


class UnansweredQuery(Between):
    status = serializers.ChoiceField(choices=UnansweredQuestion.Status.choices, required=False, default="")


DAYS = [
    OpenApiParameter("since", str, description=f"The first day, for instance 2026-11-01; else {WEEKS} weeks ago."),
    OpenApiParameter("until", str, description="The last day, which counts whole; else today."),
    OpenApiParameter("time_zone", str, description="IANA name: whose days they are; else your own."),
    OpenApiParameter("limit", int, description=f"How many lines: 50 unless you say otherwise, {answer_reports.MOST} at most."),
]
NAMES = frozenset({"since", "until", "time_zone", "limit"})


class AnswerReportViewSet(ApiViewSet):
    """Reports on answers."""

    resource = "reports"
    parameters = {"most_asked": NAMES | {"by", "queue"}, "unanswered": NAMES | {"status"}}
    permits = {"most_asked": allow(*LEADERS), "unanswered": allow(*LEADERS)}

    @operation(
        answer=MostAskedSerializer,
        method="get",
        detail=False,
        refusals=[answer_reports.IntervalUnusable],
        parameters=[
            *DAYS,
            OpenApiParameter(
                "by", str, enum=["article", "topic"], description="What a line is: an article (unless you say otherwise) or a topic."
            ),
            OpenApiParameter("queue", str, description="Only what was read in this queue."),
        ],
    )
    def most_asked(self, request) -> Response:
        """Most asked

        Which articles were read to callers most between two days, on how many calls, and how many said that it helped; or on which topics.
        """
        asked, between = self.asked(MostAskedQuery)
        return Response(between | {"results": answer_reports.most_asked(between["since"], between["until"], **asked)})

    @operation(
        answer=UnansweredSerializer,
        method="get",
        detail=False,
        refusals=[answer_reports.IntervalUnusable],
        parameters=[
            *DAYS,
            OpenApiParameter("status", str, enum=UnansweredQuestion.Status.values, description="Only those of this status now."),
        ],
    )
    def unanswered(self, request) -> Response:
        """Asked, but not answered

        What was asked most between two days and no article answered.
        """
        asked, between = self.asked(UnansweredQuery)
        return Response(between | {"results": answer_reports.unanswered(between["since"], between["until"], **asked)})

    def asked(self, query: type[Between]) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the query says beside the interval, and the interval as the answer shows it."""
        body = query(data=self.request.query_params)
        body.is_valid(raise_exception=True)
        given = dict(body.validated_data)
        zone = ZoneInfo(given.pop("time_zone", "") or self.user.time_zone)
        last = given.pop("until", None) or timezone.now().astimezone(zone).date()
        first = given.pop("since", None) or (max(last, last.min + timedelta(weeks=WEEKS)) - timedelta(weeks=WEEKS))
        since, until = answer_reports.interval(first, last, zone)
        return given, {"since": since, "until": until, "time_zone": zone.key}
