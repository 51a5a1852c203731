"""Hard calls over HTTP: say that one was, see how they are spread, ask whose turn it is."""

from datetime import timedelta

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from calls import hard_calls
from calls.api.agent_bodies import HardBody, HardCallsSerializer, ReportQuery, TurnSerializer
from calls.api.call_bodies import CallSerializer
from calls.api.calls import CallViewSet
from calls.models import HardCall, Queue
from calls.wrap_up import NotYourCall
from config.api.permissions import allow
from config.api.viewsets import ApiViewSet, operation
from config.platform.models import LEADERS, PEOPLE, Role, Scope
from config.platform.moves import VersionConflict


class HardCallViewSet(CallViewSet):
    """Calls that tire."""

    permits = {"hard": allow(Role.AGENT, *LEADERS, scope=Scope.CALLS_WRITE)}

    @operation(body=HardBody, answer=CallSerializer, refusals=[VersionConflict, NotYourCall])
    def hard(self, request, pk) -> Response:
        """Say that a call was hard

        That the caller was abusive. Hard topics and dispositions are noticed without it, when the call is written up. A micro-pause is
        offered after it (`micro_pause.offered`), and the next hard call goes to somebody else.
        """
        return self.shown(hard_calls.mark(**self.held(pk), **self.read(HardBody)).pk)


class FairOrderViewSet(ApiViewSet):
    """Whose turn it is."""

    resource = "queues"
    queryset = Queue.objects.all()
    serializer_class = TurnSerializer
    pagination_class = None
    permits = {"fair_order": allow(*PEOPLE, scope=Scope.CALLS_READ)}

    @operation(answer=TurnSerializer(many=True), method="get")
    def fair_order(self, request, pk) -> Response:
        """Who should get the next hard call

        Those of the queue's people who are free: who had the fewest hard calls lately first, of equals who is free longest.
        """
        return Response(TurnSerializer(hard_calls.fair_order(self.get_object(), now=timezone.now()), many=True).data)


class HardCallReportViewSet(ApiViewSet):
    """How hard calls are spread."""

    resource = "reports"
    queryset = HardCall.objects.none()
    serializer_class = HardCallsSerializer
    pagination_class = None
    parameters = {"hard_calls": frozenset(ReportQuery().fields)}
    permits = {"hard_calls": allow(*LEADERS)}

    @operation(
        answer=HardCallsSerializer,
        method="get",
        detail=False,
        parameters=[
            OpenApiParameter("after", str, description="By default a week before `before`."),
            OpenApiParameter("before", str, description="By default now; three months after `after` at most."),
        ],
    )
    def hard_calls(self, request) -> Response:
        """How hard calls are spread

        For each who answered calls in this time: how many were hard, which share of theirs, and how many micro-pauses were taken.
        """
        given = ReportQuery(data=request.query_params.dict())
        given.is_valid(raise_exception=True)
        before = given.validated_data.get("before") or timezone.now()
        try:
            after = given.validated_data.get("after") or before - timedelta(days=7)
        except OverflowError:
            after = before
        if not timedelta(0) < before - after <= timedelta(days=93):
            raise ValidationError({"after": ["Ask for three months at most, that begin before they end."]}, code="invalid")
        rows = hard_calls.shares(after=after, before=before)
        return Response(HardCallsSerializer({"after": after, "before": before, "rows": rows}).data)
