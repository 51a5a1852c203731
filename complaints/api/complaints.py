"""/complaints/ and /root-causes/ over HTTP."""

from django.utils import timezone
from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.response import Response

from complaints import handling, intake
from complaints.api.complaint_bodies import ComplaintBody, ComplaintChangeBody, ComplaintSerializer
from complaints.api.complaint_verbs import HANDLED, MONEY, READ, VERBS, WRITE, ComplaintVerbs
from complaints.models import Complaint, RootCause, Watcher
from complaints.models.complaints import OPEN, Channel, Kind, Priority, Severity, Status
from config.api.catalogue import CatalogueViewSet, catalogue
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import example, operation
from config.platform import numbers
from config.platform.models import LEADERS, Role
from config.platform.origins import OriginUnknown
from crm import topic_tree
from crm.api.consent import said_number
from crm.api.contact_ids import ContactFilter
from crm.models import Topic
from crm.phone_book import NumberIsInternal
from crm.phone_numbers import NumberInvalid

CAUSE = {"code": "packing", "name": "Packed badly", "is_active": True}


class AnyOf(filters.BaseInFilter, filters.ChoiceFilter):
    """``?status=received,assigned``: any of these; one that does not exist is 400."""


class ComplaintFilter(FilterSet):
    number = filters.CharFilter(method="as_said", help_text="As people say it: `C-2026-123`, or `123` of any of the last years.")
    status = AnyOf(choices=Status.choices, help_text="One or several, with commas between: `received,assigned`.")
    is_open = filters.BooleanFilter(method="that_is_open", help_text="`true`: somebody waits for an answer.")
    kind = AnyOf(choices=Kind.choices, help_text="One or several.")
    severity = AnyOf(choices=Severity.choices, help_text="One or several.")
    priority = AnyOf(choices=Priority.choices, help_text="One or several.")
    channel = AnyOf(choices=Channel.choices, help_text="One or several.")
    topic = filters.CharFilter(method="about", help_text="Code of a topic; those beneath it too.")
    department = filters.UUIDFilter(field_name="department_id")
    assignee = filters.UUIDFilter(field_name="assignee_id")
    mine = filters.BooleanFilter(method="that_i_have", help_text="`true`: those that you have.")
    watched = filters.BooleanFilter(method="that_i_watch", help_text="`true`: those that you watch.")
    contact = ContactFilter(field_name="contact_id")
    phone = filters.CharFilter(method="of_number", help_text="As people write it.")
    product = filters.UUIDFilter(field_name="product_id")
    order = filters.UUIDFilter(field_name="order_id")
    root_cause = filters.CharFilter(method="of_cause", help_text="Code of a root cause.")
    origin = filters.UUIDFilter(field_name="origin_id", help_text="Id of the call it was told on.")
    breached = filters.BooleanFilter(method="that_broke_a_promise", help_text="As `is_breached`.")
    due_before = filters.IsoDateTimeFilter(field_name="due_at", lookup_expr="lt")
    received_after = filters.IsoDateTimeFilter(field_name="received_at", lookup_expr="gte")
    received_before = filters.IsoDateTimeFilter(field_name="received_at", lookup_expr="lt")

    class Meta:
        model = Complaint
        fields = ["number"]

    def as_said(self, queryset, name, value):
        return queryset.filter(number__in=numbers.meant(intake.LETTER, value, now=timezone.now()))

    def that_is_open(self, queryset, name, value):
        return queryset.open() if value else queryset.exclude(status__in=sorted(OPEN))

    def about(self, queryset, name, value):
        return queryset.filter(topic__in=list(topic_tree.below(Topic.objects.filter(code=value).values_list("pk", flat=True))))

    def of_cause(self, queryset, name, value):
        """By id, not by code through a join: then the plan knows how many there are."""
        return queryset.filter(root_cause__in=list(RootCause.objects.filter(code=value).values_list("pk", flat=True)))

    def that_i_have(self, queryset, name, value):
        user = self.request.user
        return queryset.filter(assignee=user) if value else queryset.exclude(assignee=user)

    def that_i_watch(self, queryset, name, value):
        own = Watcher.objects.filter(user=self.request.user).values("complaint")
        return queryset.filter(pk__in=own) if value else queryset.exclude(pk__in=own)

    def of_number(self, queryset, name, value):
        return queryset.filter(e164=said_number(value))

    def that_broke_a_promise(self, queryset, name, value):
        now = timezone.now()
        return queryset.breached(now) if value else queryset.not_breached(now)


class ComplaintViewSet(ComplaintVerbs):
    """Complaints and claims."""

    filterset_class = ComplaintFilter
    ordering_fields = ("due_at", "received_at")
    permits = {"list": READ, "retrieve": READ, "create": WRITE, "partial_update": WRITE, **dict.fromkeys(VERBS, WRITE)}

    def filter_queryset(self, queryset):
        """What is ordered by when it is due is due at some time."""
        queryset = super().filter_queryset(queryset)
        by_due = self.action == "list" and self.request.query_params.get("ordering", "").lstrip("-") == "due_at"
        return queryset.filter(due_at__isnull=False) if by_due else queryset

    @operation(answer=ComplaintSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Complaints

        The newest first. What is due next in a department: `?department=…&ordering=due_at`; with this ordering only those that have a
        due time are shown. Yours: `?mine=true&is_open=true`. The back office sees what its departments have or had, what is theirs, and
        what they watch.
        """
        return super().list(request)

    @operation(answer=ComplaintSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One complaint

        With its clocks, and the verbs that it would accept now.
        """
        return super().retrieve(request, pk)

    @operation(
        body=ComplaintBody,
        answer=ComplaintSerializer,
        status=201,
        refusals=[intake.WhoComplains, intake.ReceivedWhen, NumberInvalid, NumberIsInternal, OriginUnknown, *MONEY],
    )
    def create(self, request) -> Response:
        """Receive a complaint

        It has its `number` at once, to be said on the phone; the routing rules find its department and perhaps somebody there, the SLA
        policies its promises. Name a `contact`, a `phone` (the contact is found when one only has the number), or an `order`. With
        `solve` it is received and resolved in one request: solved on the call.
        """
        return self.respond(intake.receive(**self.read(ComplaintBody), **self.by), 201, location=True)

    @operation(
        body=ComplaintChangeBody(partial=True), answer=ComplaintSerializer, refusals=[NumberInvalid, NumberIsInternal, *MONEY, *HANDLED]
    )
    def partial_update(self, request, pk) -> Response:
        """Change what is known of a complaint

        Only what you send is changed. Another kind, severity or priority may bring another promise: its clocks are reckoned anew, the
        history tells the due times before and after, and whoever has it is told.
        """
        return self.respond(handling.alter(**self.read(ComplaintChangeBody, partial=True), **self.held()))


@example({"id": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e", **CAUSE, "version": 1})
class RootCauseSerializer(serializers.ModelSerializer):
    class Meta:
        model = RootCause
        fields = ["id", "code", "name", "is_active", "version"]
        read_only_fields = fields


@example(CAUSE)
class RootCauseBody(serializers.ModelSerializer):
    class Meta:
        model = RootCause
        fields = ["code", "name", "is_active"]


class RootCauseFilter(FilterSet):
    code = filters.CharFilter()
    is_active = filters.BooleanFilter()

    class Meta:
        model = RootCause
        fields = ["code", "is_active"]


@catalogue(one="root cause", many="root causes", about="Why complaints come about, as the company counts it.")
class RootCauseViewSet(CatalogueViewSet):
    """Root causes of complaints."""

    resource = "root_causes"
    queryset = RootCause.objects.all()
    serializer_class = RootCauseSerializer
    body_class = RootCauseBody
    filterset_class = RootCauseFilter
    ordering_fields = ("code", "name")
    permits = {
        "list": READ, "retrieve": READ, "create": allow(*LEADERS), "partial_update": allow(*LEADERS), "destroy": allow(Role.ADMIN),
    }  # fmt: skip
