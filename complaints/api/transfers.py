"""/complaints/{id}/transfer/, /accept/, /return/ and /complaint-transfers/: passing complaints from department to department."""

from typing import Any

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.response import Response

from complaints import transfers as passing_on
from complaints.models import Complaint, ComplaintTransfer
from complaints.ownership import NotYourComplaint
from config.api import preconditions
from config.api.filters import FilterSet
from config.api.pages import SUBLIST_PARAMETERS
from config.api.permissions import allow
from config.api.viewsets import ApiViewSet, ReadViewSet, example, operation
from config.platform.models import PEOPLE, Scope, User
from config.platform.moves import TransitionNotAllowed, VersionConflict
from crm.models import Department

READ = allow(*PEOPLE, scope=Scope.COMPLAINTS_READ)
WRITE = allow(*PEOPLE, scope=Scope.COMPLAINTS_WRITE)
ID, PERSON = "0199a1b2-9999-7000-8000-293a4b5c6d7e", "0199a1b2-0000-7000-8000-293a4b5c6d7e"
HERE, THERE = "0199a1b2-2222-7000-8000-293a4b5c6d7e", "0199a1b2-3333-7000-8000-293a4b5c6d7e"
PASSED: dict[str, Any] = {
    "id": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
    "number": "C-2026-000123",
    "summary": "Billed twice for one parcel",
    "status": "acknowledged",
    "priority": "high",
    "department": THERE,
    "assignee": None,
    "due_at": "2026-11-23T15:00:00Z",
    "version": 5,
}
SHOWN: dict[str, Any] = {
    "id": ID,
    "complaint": PASSED,
    "from_department": HERE,
    "from_assignee": PERSON,
    "to_department": THERE,
    "to_person": None,
    "reason": "It is about a bill.",
    "state": "asked",
    "is_ping_pong": False,
    "by": PERSON,
    "at": "2026-11-23T09:15:40Z",
    "answered_by": None,
    "answered_at": None,
    "answer": "",
    "version": 1,
}


class PassedComplaintSerializer(serializers.ModelSerializer):
    class Meta:
        model = Complaint
        fields = list(PASSED)
        read_only_fields = fields


@example(SHOWN, request=False)
class ComplaintTransferSerializer(serializers.ModelSerializer):
    complaint = PassedComplaintSerializer(help_text="As it is now.")

    class Meta:
        model = ComplaintTransfer
        fields = list(SHOWN)
        read_only_fields = fields


@example({"department": THERE, "reason": "It is about a bill."})
class ComplaintTransferBody(serializers.Serializer):
    department = serializers.PrimaryKeyRelatedField(queryset=Department.objects.filter(is_active=True))
    person = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True, role__in=PEOPLE),
        required=False,
        allow_null=True,
        help_text="Somebody there, if it is known who; otherwise whoever accepts it.",
    )
    reason = serializers.CharField(max_length=10_000, help_text="Why, for those who get it.")


@example({"reason": "This was paid by the insurance: claims decide it."})
class ComplaintReturnBody(serializers.Serializer):
    reason = serializers.CharField(max_length=10_000, help_text="Why, for those who passed it on.")


class ComplaintTransferFilter(FilterSet):
    state = filters.ChoiceFilter(choices=ComplaintTransfer.State.choices)
    complaint = filters.UUIDFilter(field_name="complaint_id")
    department = filters.UUIDFilter(field_name="to_department_id", help_text="To which it was passed.")
    from_department = filters.UUIDFilter(field_name="from_department_id")
    to_person = filters.UUIDFilter(field_name="to_person_id")
    is_ping_pong = filters.BooleanFilter()

    class Meta:
        model = ComplaintTransfer
        fields = ["state"]


class ComplaintPassedViewSet(ApiViewSet):
    """The transfers of one complaint."""

    resource = "complaints"
    queryset = Complaint.objects.all()
    serializer_class = ComplaintTransferSerializer
    parameters = {"transfers": SUBLIST_PARAMETERS}
    permits = {"transfers": READ, "transfer": WRITE, "accept": WRITE, "give_back": WRITE}

    def held(self) -> dict[str, Any]:
        """The complaint that a verb is about, and what every verb gets besides its body."""
        return {"complaint_id": self.get_object().pk, "if_version": self.if_version, **self.by}

    def passed(self, row: ComplaintTransfer, status: int = 200) -> Response:
        """The transfer with its complaint as both are now. The ETag is the complaint's: it is what the next verb changes."""
        fresh = ComplaintTransfer.objects.select_related("complaint").get(pk=row.pk)
        headers = {"ETag": preconditions.etag(fresh.complaint.version)}
        if status == 201:
            headers["Location"] = self.request.build_absolute_uri(f"/api/v1/complaint-transfers/{row.pk}/")
        return Response(ComplaintTransferSerializer(fresh).data, status=status, headers=headers)

    @operation(answer=ComplaintTransferSerializer(many=True), method="get", filters=False)
    def transfers(self, request, pk) -> Response:
        """The transfers of a complaint

        From department to department, in order of time, with the reasons and what each department answered.
        """
        found = ComplaintTransfer.objects.select_related("complaint").filter(complaint=self.get_object().pk)
        self.ordering, self.ordering_fields = "id", ("id",)
        return self.get_paginated_response(ComplaintTransferSerializer(self.paginate_queryset(found), many=True).data)

    @operation(
        body=ComplaintTransferBody, answer=ComplaintTransferSerializer, status=201,
        refusals=[TransitionNotAllowed, VersionConflict, NotYourComplaint, passing_on.AlreadyInDepartment],
    )  # fmt: skip
    def transfer(self, request, pk) -> Response:
        """Pass a complaint to another department

        It moves at once: the department has it, and accepts it or returns it. Its clocks go on as they were: the customer waits, whoever
        has it. Those who lead the department and those on duty there are told (`complaint.transferred`). A department that gets back what
        it had counts as ping-pong.
        """
        return self.passed(passing_on.transfer(**self.held(), **self.read(ComplaintTransferBody)), 201)

    @operation(
        answer=ComplaintTransferSerializer,
        refusals=[TransitionNotAllowed, VersionConflict, passing_on.NoTransferWaits, passing_on.NotYourTransfer],
    )
    def accept(self, request, pk) -> Response:
        """Accept a complaint that was passed to your department

        Whoever accepts it has it, unless somebody there has it already. For people of the department and supervisors.
        """
        return self.passed(passing_on.accept(**self.held()))

    @operation(
        body=ComplaintReturnBody, answer=ComplaintTransferSerializer, path="return",
        refusals=[TransitionNotAllowed, VersionConflict, passing_on.NoTransferWaits, passing_on.NotYourTransfer],
    )  # fmt: skip
    def give_back(self, request, pk) -> Response:
        """Return a complaint that was passed to your department

        It goes back to the department, and to whoever had it there; the clocks have gone on all the while.
        """
        return self.passed(passing_on.give_back(**self.held(), **self.read(ComplaintReturnBody)))


class ComplaintTransferViewSet(ReadViewSet):
    """Transfers of complaints."""

    resource = "complaint_transfers"
    queryset = ComplaintTransfer.objects.select_related("complaint")
    serializer_class = ComplaintTransferSerializer
    filterset_class = ComplaintTransferFilter
    permits = {"list": READ, "retrieve": READ}

    @operation(answer=ComplaintTransferSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Transfers of complaints

        What waits for your department: `?state=asked&department=<its id>`.
        """
        return super().list(request)

    @operation(answer=ComplaintTransferSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One transfer of a complaint

        With its reason and what was answered.
        """
        return super().retrieve(request, pk)
