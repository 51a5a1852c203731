"""/reports/complaints/… over HTTP."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from rest_framework.response import Response

from calls import intervals
from complaints import promise_reports, reports, satisfaction_report
from complaints.api import report_bodies as bodies
from complaints.reports import Asked
from config.api.permissions import allow
from config.api.viewsets import ApiViewSet, operation
from config.platform.models import LEADERS, Role, Scope

READ = allow(*LEADERS, Role.BACK_OFFICE, scope=Scope.COMPLAINTS_READ)
QUERIES = {
    "complaints_open": bodies.AboutQuery,
    "complaints_promises": bodies.PromisesQuery,
    "complaints_times": bodies.PeriodQuery,
    "complaints_outcomes": bodies.OutcomesQuery,
    "complaints_root_causes": bodies.PeriodQuery,
    "complaints_redress": bodies.PeriodQuery,
    "complaints_repeated": bodies.RepeatedQuery,
    "complaints_satisfaction": bodies.SatisfactionQuery,
}
UNUSABLE = [intervals.PeriodUnusable]


class ComplaintReportViewSet(ApiViewSet):
    """Complaints in figures. The back office gets those of its departments."""

    resource = "reports"
    permits = dict.fromkeys(QUERIES, READ)
    parameters = {name: frozenset(query().fields) for name, query in QUERIES.items()}

    def asked(self) -> tuple[Asked, dict[str, Any], dict[str, Any]]:
        """What is asked for, the rest of the query, and the period as the answer shows it."""
        query = QUERIES[self.action](data=self.request.query_params)
        query.is_valid(raise_exception=True)
        given = dict(query.validated_data)
        zone = ZoneInfo(given.pop("time_zone", "") or self.user.time_zone)
        last = given.pop("until", None) or timezone.now().astimezone(zone).date()
        first = given.pop("since", None) or max(last, last.min + timedelta(days=bodies.DAYS)) - timedelta(days=bodies.DAYS)
        since, until = reports.period(first, last, zone)
        department = given.pop("department")
        departments = reports.departments_for(self.user, department.pk if department else None)
        shown = {"since": since.astimezone(zone), "until": until.astimezone(zone), "time_zone": zone.key}
        given |= {"first": first, "last": last, "zone": zone}
        return Asked(since, until, departments, given.pop("kind")), given, shown

    @operation(answer=bodies.OpenComplaintsReportSerializer, method="get", detail=False, parameters=bodies.ABOUT)
    def complaints_open(self, request) -> Response:
        """Open complaints by age

        How many wait now in each department, for how long, and of how many a promise was broken: the same truth as the list with
        `breached=true`. The department with the most comes first.
        """
        now = timezone.now()
        lines, total = reports.open_by_age(self.asked()[0], now=now)
        return Response({"as_of": now, "results": lines, "total": total})

    @operation(
        answer=bodies.PromisesReportSerializer,
        method="get",
        detail=False,
        refusals=[*UNUSABLE, intervals.ReportTooLarge],
        parameters=[
            *bodies.OF_DAYS,
            bodies.by_parameter(promise_reports.BY),
            bodies.OpenApiParameter(
                "interval", str, enum=list(intervals.INTERVALS), description="Lines for each; `none`: the whole period."
            ),
        ],
    )
    def complaints_promises(self, request) -> Response:
        """Promises kept and broken

        By metric: acknowledged, assigned, first answered, resolved, kept informed in time. A promise counts in the interval in which its
        verdict fell: when it was kept, or when it broke. A broken one stays broken, also when what was promised came later. Lines without
        a verdict are left out.
        """
        asked, given, shown = self.asked()
        edges = intervals.edges(given["first"], given["last"], given["interval"], given["zone"])
        lines, totals = promise_reports.promises(asked, edges, by=given["by"], now=timezone.now())
        if len(lines) > intervals.MOST:
            raise intervals.ReportTooLarge(f"The report would have more than {intervals.MOST} lines: take longer intervals, or fewer days.")
        for line in lines:
            line |= {"since": line["since"].astimezone(given["zone"]), "until": line["until"].astimezone(given["zone"])}
        return Response({**shown, "interval": given["interval"], "results": lines, "totals": totals})

    @operation(answer=bodies.ComplaintTimesReportSerializer, method="get", detail=False, refusals=UNUSABLE, parameters=bodies.OF_DAYS)
    def complaints_times(self, request) -> Response:
        """How long each step took

        Of the complaints received in the period: from receipt until they were acknowledged, first answered, decided, resolved. Median and
        the time within which nine of ten were; by the wall clock, and in counted time (business hours, rests left out) where the step is
        promised. Who has not reached a step yet is not in it: of the last days the figures still grow.
        """
        asked, _, shown = self.asked()
        lines, total = promise_reports.times(asked)
        return Response({**shown, "results": lines, "total": total})

    @operation(
        answer=bodies.ComplaintOutcomesReportSerializer,
        method="get",
        detail=False,
        refusals=UNUSABLE,
        parameters=[*bodies.OF_DAYS, bodies.by_parameter(reports.BY)],
    )
    def complaints_outcomes(self, request) -> Response:
        """What became of complaints

        Of those received in the period, as they are now: open, resolved, upheld or not, reopened, passed to and fro, late. At most 500
        lines, the biggest first; `total` is of all.
        """
        asked, given, shown = self.asked()
        lines, total = reports.outcomes(asked, by=given["by"], now=timezone.now())
        return Response({**shown, "results": lines, "total": total})

    @operation(answer=bodies.RootCausesReportSerializer, method="get", detail=False, refusals=UNUSABLE, parameters=bodies.OF_DAYS)
    def complaints_root_causes(self, request) -> Response:
        """Why complaints came about

        Causes of the complaints received in the period, the most frequent first, with the share of each and of all up to it (Pareto).
        """
        asked, _, shown = self.asked()
        return Response({**shown, **reports.root_causes(asked)})

    @operation(answer=bodies.RedressReportSerializer, method="get", detail=False, refusals=UNUSABLE, parameters=bodies.OF_DAYS)
    def complaints_redress(self, request) -> Response:
        """What was given to make up for it

        For the complaints resolved in the period, by kind and currency. Currencies are never added up.
        """
        asked, _, shown = self.asked()
        return Response({**shown, "results": bodies.RedressLineSerializer(reports.redress(asked), many=True).data})

    @operation(
        answer=bodies.RepeatedComplaintsReportSerializer,
        method="get",
        detail=False,
        refusals=UNUSABLE,
        parameters=[
            *bodies.OF_DAYS,
            bodies.OpenApiParameter("at_least", int, description="So many complaints in the period; 3 unless you say otherwise."),
        ],
    )
    def complaints_repeated(self, request) -> Response:
        """Who complains again and again

        Contacts with so many complaints and claims in the period or more. The hundred with the most are listed; `contacts` counts all.
        """
        asked, given, shown = self.asked()
        lines, contacts = reports.repeated(asked, at_least=given["at_least"])
        return Response({**shown, "at_least": given["at_least"], "contacts": contacts, "results": lines})

    @operation(
        answer=bodies.SatisfactionReportSerializer,
        method="get",
        detail=False,
        refusals=UNUSABLE,
        parameters=[*bodies.OF_DAYS, bodies.by_parameter(satisfaction_report.BY)],
    )
    def complaints_satisfaction(self, request) -> Response:
        """How content customers are

        Answers given in the period, by the department, topic or person that the complaint had when it was closed. A figure of few answers
        says little: look at `answers` beside it.
        """
        asked, given, shown = self.asked()
        lines, total = satisfaction_report.figures(asked, by=given["by"])
        return Response({**shown, "results": lines, "total": total})
