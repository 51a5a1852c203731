"""/return-calls/ over HTTP: whom we owe a call."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers
from rest_framework.response import Response

from calls import answer_reports, return_call_report, return_calls
from calls.api.return_call_bodies import (
    ReturnCallAssignBody,
    ReturnCallBody,
    ReturnCallCallSerializer,
    ReturnCallCancelBody,
    ReturnCallDoneBody,
    ReturnCallReportSerializer,
    ReturnCallSerializer,
)
from calls.models import ReturnCall, ReturnCallCall
from calls.models.return_calls import OWED
from config.api import preconditions
from config.api.fields import TimeZoneField
from config.api.filters import FilterSet
from config.api.pages import SUBLIST_PARAMETERS
from config.api.permissions import allow
from config.api.viewsets import ApiViewSet, ReadViewSet, operation
from config.platform.models import LEADERS, PEOPLE, Role, Scope
from config.platform.moves import TransitionNotAllowed, VersionConflict
from crm.api.contact_ids import ContactFilter
from crm.phone_book import NumberIsInternal
from crm.phone_numbers import NumberInvalid

READ = allow(*PEOPLE, scope=Scope.CALLS_READ)
WRITE = allow(*PEOPLE, scope=Scope.CALLS_WRITE)
AT_THE_PHONE = allow(Role.AGENT, *LEADERS)
REFUSALS = [TransitionNotAllowed, VersionConflict, return_calls.NotYourReturnCall]


class ReturnCallFilter(FilterSet):
    state = filters.ChoiceFilter(field_name="status", choices=ReturnCall.Status.choices)
    owed = filters.BooleanFilter(method="still_owed", help_text="true: those that somebody still has to do.")
    overdue = filters.BooleanFilter(method="late", help_text="true: owed, and their term is over.")
    reason = filters.ChoiceFilter(choices=ReturnCall.Reason.choices)
    queue = filters.CharFilter()
    department = filters.UUIDFilter(field_name="department_id")
    assignee = filters.UUIDFilter(field_name="assignee_id")
    number = filters.CharFilter(field_name="e164", help_text="E.164.")
    contact = ContactFilter(field_name="contact_id")

    class Meta:
        model = ReturnCall
        fields = ["state"]

    def still_owed(self, queryset, name, value):
        return queryset.owed() if value else queryset.exclude(status__in=OWED)

    def late(self, queryset, name, value):
        return queryset.overdue(timezone.now()) if value else queryset.exclude(status__in=OWED, due_at__lt=timezone.now())


class ReturnCallViewSet(ReadViewSet):
    """Return calls."""

    resource = "return_calls"
    queryset = ReturnCall.objects.all()
    serializer_class = ReturnCallSerializer
    filterset_class = ReturnCallFilter
    ordering_fields = ("due_at",)
    parameters = {"calls": SUBLIST_PARAMETERS}
    permits = {
        "list": READ, "retrieve": READ, "calls": READ, "create": WRITE, "next": AT_THE_PHONE, "take": AT_THE_PHONE,
        "assign": allow(*LEADERS, scope=Scope.CALLS_WRITE), "release": AT_THE_PHONE, "complete": WRITE, "cancel": WRITE,
    }  # fmt: skip

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "now": timezone.now()}

    def held(self) -> dict[str, Any]:
        """The row that a verb is about, and what every verb gets besides its body."""
        return {"return_call_id": self.get_object().pk, "if_version": self.if_version, **self.by}

    @operation(answer=ReturnCallSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Return calls

        Whom we owe a call. What is owed, the most urgent first: `?owed=true&ordering=due_at`; yours: `?assignee=<you>&owed=true`.
        """
        return super().list(request)

    @operation(answer=ReturnCallSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One return call

        With what it is for, until when, and what came of it.
        """
        row = self.get_object()
        headers = {"ETag": preconditions.etag(row.version)}
        is_overdue = row.is_overdue(timezone.now())  # it became so without a change: who read it before may not know
        if not is_overdue and preconditions.not_modified(request, row.version):
            return Response(status=304, headers=headers)
        return Response(self.get_serializer(row).data, headers=headers)

    @operation(answer=ReturnCallCallSerializer(many=True), method="get", filters=False)
    def calls(self, request, pk) -> Response:
        """The calls of a return call

        For which calls it is owed, in order of time. One without a call is a promise. `counts` is false for a call that was answered
        after all.
        """
        found = ReturnCallCall.objects.filter(return_call=self.get_object().pk)
        self.ordering, self.ordering_fields = "at", ("at",)
        return self.get_paginated_response(ReturnCallCallSerializer(self.paginate_queryset(found), many=True).data)

    @operation(
        body=ReturnCallBody,
        answer={200: ReturnCallSerializer, 201: ReturnCallSerializer},
        refusals=[NumberInvalid, NumberIsInternal, return_calls.NobodyToReturnTo, return_calls.DoNotCallAtAll],
    )
    def create(self, request) -> Response:
        """Promise a return call

        To a `phone`, or to whoever is in a `call`. Due as the queue promises; for a time that the customer names make a task. If one is
        owed to the number already, the promise is added to it (200). The others come by themselves from calls that nobody answered.
        """
        row, is_new = return_calls.promise(**self.read(ReturnCallBody), **self.by)
        return self.respond(row, 201 if is_new else 200, location=is_new)

    @operation(
        answer={200: ReturnCallSerializer, 204: OpenApiResponse(description="Nobody is to be called back now.")},
        detail=False,
        refusals=[return_calls.NotYourReturnCall],
    )
    def next(self, request) -> Response:
        """Take the next return call

        The most urgent one: one that you have in hand already (an answer may be lost), else of those given to you, else of your queues and
        departments. It is yours then, `in_progress`; nobody else gets it. Who asked in the queue to be called back keeps the place in the
        line. 204 when there is none.
        """
        row = return_calls.next_one(**self.by)
        return Response(status=204) if row is None else self.respond(row)

    @operation(answer=ReturnCallSerializer, refusals=REFUSALS)
    def take(self, request, pk) -> Response:
        """Take a return call

        It is yours from now on, `in_progress`. One given to another operator is theirs; a supervisor may take it.
        """
        return self.respond(return_calls.take(**self.held()))

    @operation(body=ReturnCallAssignBody, answer=ReturnCallSerializer, refusals=[TransitionNotAllowed, VersionConflict])
    def assign(self, request, pk) -> Response:
        """Give a return call to somebody

        They are told by their live feed (`return_call.assigned`).
        """
        return self.respond(return_calls.assign(**self.held(), **self.read(ReturnCallAssignBody)))

    @operation(answer=ReturnCallSerializer, refusals=REFUSALS)
    def release(self, request, pk) -> Response:
        """Give a return call back

        For whoever comes next.
        """
        return self.respond(return_calls.release(**self.held()))

    @operation(body=ReturnCallDoneBody, answer=ReturnCallSerializer, refusals=[*REFUSALS, return_calls.CallOfSomebodyElse])
    def complete(self, request, pk) -> Response:
        """Say that a return call is done

        What came of it, and by which call. A conversation with the number closes it by itself (`auto_closed`); then this adds what came of
        it.
        """
        return self.respond(return_calls.complete(**self.held(), **self.read(ReturnCallDoneBody)))

    @operation(body=ReturnCallCancelBody, answer=ReturnCallSerializer, refusals=REFUSALS)
    def cancel(self, request, pk) -> Response:
        """Call a return call off

        And why nobody will be called back.
        """
        return self.respond(return_calls.cancel(**self.held(), **self.read(ReturnCallCancelBody)))


class ReportQuery(serializers.Serializer):
    """The days of the report, as one zone counts them, and what a line is of."""

    since = serializers.DateField(required=False)
    until = serializers.DateField(required=False)
    time_zone = TimeZoneField(required=False)
    by = serializers.ChoiceField(choices=sorted(return_call_report.BY), default="queue")


class ReturnCallReportViewSet(ApiViewSet):
    """Return calls in figures."""

    resource = "reports"
    parameters = {"return_calls": frozenset({"since", "until", "time_zone", "by"})}
    permits = {"return_calls": allow(*LEADERS, scope=Scope.CALLS_READ)}

    @operation(
        answer=ReturnCallReportSerializer,
        method="get",
        detail=False,
        refusals=[answer_reports.IntervalUnusable],
        parameters=[
            OpenApiParameter("since", str, description="The first day, for instance 2026-11-01; else seven days ago."),
            OpenApiParameter("until", str, description="The last day, which counts whole; else today."),
            OpenApiParameter("time_zone", str, description="IANA name: whose days they are; else your own."),
            OpenApiParameter(
                "by", str, enum=sorted(return_call_report.BY), description="What a line is of; `queue` unless you say otherwise."
            ),
        ],
    )
    def return_calls(self, request) -> Response:
        """Return calls in figures

        Of the return calls whose first call was in the interval: how many, what became of them, and how long it took until somebody talked
        with the customer, in seconds from their first call (median, and the time within which nine of ten were). `opened` = `done` +
        `called_again` + `called_back` + `expired` + `cancelled` + `still_open`; those of calls that were answered after all
        (`taken_back`) are not among them. Lines by `agent` are of whoever closed it.
        """
        query = ReportQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked, now = query.validated_data, timezone.now()
        zone = ZoneInfo(asked.get("time_zone", "") or self.user.time_zone)
        last = asked.get("until") or now.astimezone(zone).date()
        first = asked.get("since") or (max(last, last.min + timedelta(days=7)) - timedelta(days=7))
        since, until = answer_reports.interval(first, last, zone)
        lines, total = return_call_report.figures(since, until, by=asked["by"], now=now)
        return Response({"since": since, "until": until, "time_zone": zone.key, "by": asked["by"], "results": lines, "total": total})
