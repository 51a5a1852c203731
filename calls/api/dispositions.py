"""/dispositions/, what calls may come out as, and /reports/dispositions/, how they came out."""

from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.response import Response

from calls import answer_reports, disposition_report
from calls.api.answer_reports import DAYS, AnswerReportViewSet, Between
from calls.models import Disposition
from config.api.catalogue import CatalogueViewSet, catalogue
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import example, operation
from config.platform.models import LEADERS, PEOPLE, Role, Scope
from crm.models import Consent, Purpose

ID = "0199a1b2-5555-7000-8000-293a4b5c6d7e"
DISPOSITION: dict[str, Any] = {
    "code": "refused",
    "name": "Refused, do not call",
    "group": "No sale",
    "direction": "any",
    "final": True,
    "contact_made": True,
    "right_party": True,
    "success": False,
    "refused": True,
    "machine": False,
    "technical": False,
    "is_hard": False,
    "needs_note": False,
    "needs_topic": False,
    "min_talk_s": 0,
    "callback": False,
    "number_invalid": False,
    "suppress_scope": "purpose",
    "suppress_purpose": "marketing",
    "suppress_days": 365,
    "consent_status": "refused",
    "consent_purpose": "marketing",
    "is_active": True,
    "order": 1,
}


@example({"id": ID, **DISPOSITION})
class DispositionSerializer(serializers.ModelSerializer):
    suppress_purpose = serializers.ChoiceField(choices=Purpose.choices, allow_blank=True)
    consent_status = serializers.ChoiceField(choices=Consent.Status.choices, allow_blank=True)
    consent_purpose = serializers.ChoiceField(choices=Purpose.choices, allow_blank=True)

    class Meta:
        model = Disposition
        fields = ["id", *DISPOSITION]
        read_only_fields = fields


@example(DISPOSITION)
class DispositionBody(serializers.ModelSerializer):
    class Meta:
        model = Disposition
        fields = list(DISPOSITION)


class DispositionFilter(FilterSet):
    code = filters.CharFilter()
    group = filters.CharFilter()
    direction = filters.ChoiceFilter(
        choices=Disposition.Direction.choices, method="of_direction", help_text="Those that a call of this direction may have."
    )
    is_active = filters.BooleanFilter()

    class Meta:
        model = Disposition
        fields = ["code", "group", "is_active"]

    def of_direction(self, queryset, name, value):
        return queryset.of_direction(value)


@catalogue(
    one="disposition",
    many="dispositions",
    about="How a call may come out, in the words of your company, and what follows from it: somebody is not to be contacted, a number does "
    "not exist, a consent was refused, a callback is owed. One that is in use is switched off, not removed.",
)
class DispositionViewSet(CatalogueViewSet):
    """Dispositions."""

    resource = "dispositions"
    queryset = Disposition.objects.all()
    serializer_class = DispositionSerializer
    body_class = DispositionBody
    filterset_class = DispositionFilter
    ordering_fields = ("code", "order")
    permits = {
        "list": allow(*PEOPLE, scope=Scope.CALLS_READ),
        "retrieve": allow(*PEOPLE, scope=Scope.CALLS_READ),
        "create": allow(*LEADERS),
        "partial_update": allow(*LEADERS),
        "destroy": allow(Role.ADMIN),
    }


class DispositionQuery(Between):
    limit = None
    queue = serializers.CharField(max_length=100, required=False, default="")
    agent = serializers.UUIDField(required=False)


COUNTS = {name: 12 if name in ("calls", "contact_made", "right_party", "refused") else 0 for name in disposition_report.COUNTS}
TIMES = {"talk_s": 840.5, "wrap_s": 512.0}


class DispositionCountsSerializer(serializers.Serializer):
    calls = serializers.IntegerField()
    corrected = serializers.IntegerField(help_text="Calls among them that came out otherwise, or were described otherwise, at first.")
    talk_s = serializers.FloatField()
    wrap_s = serializers.FloatField()

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), **{name: serializers.IntegerField() for name in disposition_report.FLAGS}}


class DispositionLineSerializer(DispositionCountsSerializer):
    disposition = serializers.CharField(help_text="Its code.")
    disposition_name = serializers.CharField()
    group = serializers.CharField(allow_blank=True)


@example(
    {
        "since": "2026-11-01T00:00:00+03:00", "until": "2026-12-01T00:00:00+03:00", "time_zone": "Europe/Moscow",
        "results": [{"disposition": "refused", "disposition_name": "Refused, do not call", "group": "No sale", **COUNTS, **TIMES}],
        "total": {**COUNTS, **TIMES},
    },
    request=False,
)  # fmt: skip
class DispositionReportSerializer(serializers.Serializer):
    since = serializers.DateTimeField()
    until = serializers.DateTimeField(help_text="Not included.")
    time_zone = serializers.CharField()
    results = DispositionLineSerializer(many=True)
    total = DispositionCountsSerializer()


class DispositionReportViewSet(AnswerReportViewSet):
    """Reports on dispositions."""

    parameters = {"dispositions": frozenset({"since", "until", "time_zone", "queue", "agent"})}
    permits = {"dispositions": allow(*LEADERS)}

    @operation(
        answer=DispositionReportSerializer,
        method="get",
        detail=False,
        refusals=[answer_reports.IntervalUnusable],
        parameters=[
            *DAYS[:3],
            OpenApiParameter("queue", str, description="Only calls that came to this queue last."),
            OpenApiParameter("agent", str, description="Only calls of this user: an id."),
        ],
    )
    def dispositions(self, request) -> Response:
        """How calls came out

        Calls that began between two days and are written up, by disposition: how many, how many of them reached somebody, the right
        person, were a success or a refusal, and the time they took. Only the last write-up of a call counts.
        """
        asked, between = self.asked(DispositionQuery)
        lines, total = disposition_report.count(between["since"], between["until"], **asked)
        return Response(between | {"results": lines, "total": total})
