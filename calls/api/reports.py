"""/reports/calls/ over HTTP."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.response import Response

from calls import intervals, reports
from calls.api.report_bodies import ReportQuery, ReportSerializer, shown
from calls.models import Call
from config.api.permissions import allow
from config.api.viewsets import ApiViewSet, operation
from config.platform.errors import Refusal
from config.platform.models import LEADERS, PEOPLE, Role, Scope

DAYS = 28


class FiguresOfOthers(Refusal):
    """The figures of others are for those who lead; your own you get without naming anybody."""

    code = "figures_of_others"
    status = 403
    advice = "Ask without naming anybody to get your own figures. For those of others, ask a supervisor."


class ReportViewSet(ApiViewSet):
    """Reports on calls."""

    resource = "reports"
    parameters = {"calls": frozenset(ReportQuery().fields)}
    permits = {"calls": allow(*PEOPLE, scope=Scope.CALLS_READ)}

    @operation(
        answer=ReportSerializer,
        method="get",
        detail=False,
        refusals=[intervals.PeriodUnusable, intervals.ReportTooLarge, FiguresOfOthers],
        parameters=[
            OpenApiParameter("since", str, description=f"The first day, for instance 2026-11-01; else {DAYS} days before the last."),
            OpenApiParameter("until", str, description="The last day, which counts whole; else today."),
            OpenApiParameter("time_zone", str, description="IANA name: whose days and hours they are; else your own."),
            OpenApiParameter(
                "interval",
                str,
                enum=list(intervals.INTERVALS),
                description="How long a line is: a day unless you say otherwise. An hour is what the clocks call one, a week begins on Monday; "
                "`none` is the whole period.",
            ),
            OpenApiParameter(
                "group_by", str, enum=list(reports.GROUPS), description="A line for each of these in every interval that has any."
            ),
            OpenApiParameter("queue", str, description="Only calls of this queue; its slug."),
            OpenApiParameter("agent", str, description="Only calls of this agent: who talked last, or whose phone rang last."),
            OpenApiParameter("topic", str, description="Only calls on this topic; its code."),
            OpenApiParameter("direction", str, enum=Call.Direction.values, description="Only calls of this direction."),
        ],
    )
    def calls(self, request) -> Response:
        """Calls by interval

        How many calls there were, how many were answered, how soon and how long they took: by the quarter of an hour, the hour, day, week or
        month of any time zone, by queue, agent, topic or direction. A day on which the clocks change has 23 or 25 hours. Without a group
        there is a line for every interval; with one, for those that have any calls. At most 5,000 lines.

        Each figure says how it is computed; all count what is known at `as_of`, also calls that were corrected a moment ago. Agents get
        their own figures.
        """
        query = ReportQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        given = dict(query.validated_data)
        now = timezone.now()
        zone = ZoneInfo(given.pop("time_zone", "") or self.user.time_zone)
        until = given.pop("until", None) or now.astimezone(zone).date()
        since = given.pop("since", None) or max(until, until.min + timedelta(days=DAYS)) - timedelta(days=DAYS)
        if self.user.role not in (*LEADERS, Role.INTEGRATION):
            if given["agent"] not in (None, self.user.pk):
                raise FiguresOfOthers("The figures of others are for those who lead.")
            given["agent"] = self.user.pk
        topic = given.pop("topic")
        asked = reports.Asked(since, until, zone, topic=topic.pk if topic else None, **given)
        return Response(shown(reports.make(asked, now=now), now=now))
