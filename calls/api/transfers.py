"""/calls/{id}/transfers/ and /call-transfers/ over HTTP: pass a call on, with what is known of it."""

from typing import Any

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.response import Response

from calls import transfers as passing_on
from calls.api.call_ids import OldIdsAnswer
from calls.by_hand import CallOver
from calls.models import Call, CallTransfer, Queue
from calls.transfer_notices import CONTEXT
from config.api import preconditions
from config.api.filters import FilterSet
from config.api.pages import SUBLIST_PARAMETERS
from config.api.permissions import allow
from config.api.viewsets import ApiViewSet, ReadViewSet, example, operation
from config.platform.models import PEOPLE, Scope, User
from config.platform.moves import TransitionNotAllowed, VersionConflict
from crm.models import Department
from crm.phone_book import NumberIsInternal
from crm.phone_numbers import NumberInvalid

READ = allow(*PEOPLE, scope=Scope.CALLS_READ)
WRITE = allow(*PEOPLE, scope=Scope.CALLS_WRITE)
SHOWN: dict[str, Any] = {
    "id": "0199a1b2-8888-7000-8000-293a4b5c6d7e",
    "call": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
    "state": "asked",
    "kind": "attended",
    "at": "2026-11-23T07:15:40Z",
    "from_agent": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
    "from_raw": "",
    "to_agent": None,
    "to_queue": "complaints",
    "to_department": None,
    "to_number": "",
    "to_raw": {},
    "note": "Her parcel is late for the second time.",
    "context": CONTEXT,
    "asked_by": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
    "asked_at": "2026-11-23T07:15:40Z",
    "answered_by": None,
    "answered_at": None,
    "decline_reason": "",
    "told_at": None,
    "open_moves": ["accept", "cancel", "decline"],
    "version": 1,
}


@example(SHOWN, request=False)
class CallTransferSerializer(serializers.ModelSerializer):
    state = serializers.ChoiceField(source="status", choices=CallTransfer.Status.choices)
    to_raw = serializers.DictField(help_text="As the phone system tells it.")
    context = serializers.DictField(help_text="What was known of the call when it was asked for.")
    open_moves = serializers.ListField(source="open_to_people", child=serializers.CharField())

    class Meta:
        model = CallTransfer
        fields = list(SHOWN)
        read_only_fields = fields


@example({"kind": "attended", "queue": "complaints", "note": "Her parcel is late for the second time."})
class CallTransferBody(serializers.Serializer):
    kind = serializers.ChoiceField(choices=CallTransfer.Kind.choices, default=CallTransfer.Kind.BLIND)
    agent = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True, role__in=PEOPLE), required=False, allow_null=True, help_text="Id of a user."
    )
    queue = serializers.SlugRelatedField(
        slug_field="slug", queryset=Queue.objects.filter(is_active=True), required=False, allow_null=True, help_text="Slug."
    )
    department = serializers.PrimaryKeyRelatedField(queryset=Department.objects.filter(is_active=True), required=False, allow_null=True)
    number = serializers.CharField(max_length=200, required=False, allow_blank=True, default="", help_text="Outside; as people write it.")
    note = serializers.CharField(
        max_length=10_000, required=False, allow_blank=True, default="", help_text="What whoever takes the call should know."
    )


@example({"reason": "I am with another customer."})
class TransferDeclineBody(serializers.Serializer):
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class CallTransferFilter(FilterSet):
    state = filters.ChoiceFilter(field_name="status", choices=CallTransfer.Status.choices)
    kind = filters.ChoiceFilter(choices=CallTransfer.Kind.choices)
    call = filters.UUIDFilter(field_name="call_id")
    from_agent = filters.UUIDFilter(field_name="from_agent_id")
    to_agent = filters.UUIDFilter(field_name="to_agent_id")
    to_queue = filters.CharFilter()
    to_department = filters.UUIDFilter(field_name="to_department_id")

    class Meta:
        model = CallTransfer
        fields = ["state"]


class CallPassedViewSet(OldIdsAnswer, ApiViewSet):
    """Transfers of one call."""

    resource = "calls"
    queryset = Call.objects.all()
    serializer_class = CallTransferSerializer
    parameters = {"transfers": SUBLIST_PARAMETERS}
    permits = {"transfers": READ, "transfer": WRITE}

    @operation(answer=CallTransferSerializer(many=True), method="get", filters=False)
    def transfers(self, request, pk) -> Response:
        """The transfers of a call

        In order of time: those that operators asked for with what they handed on, and those that the phone system told of; where both are
        the same it is one. What became of each follows from the events.
        """
        found = CallTransfer.objects.filter(call=self.get_object().pk)
        self.ordering, self.ordering_fields = "at", ("at",)
        return self.get_paginated_response(CallTransferSerializer(self.paginate_queryset(found), many=True).data)

    @operation(
        body=CallTransferBody,
        answer=CallTransferSerializer,
        status=201,
        refusals=[
            CallOver, NumberInvalid, NumberIsInternal, passing_on.TransferTargetUnclear, passing_on.TransferToYourself,
            passing_on.TransferPending, passing_on.NotYourCallToPassOn,
        ],
    )  # fmt: skip
    def transfer(self, request, pk) -> Response:
        """Ask for a call to be passed on

        To exactly one `agent`, `queue`, `department` or outside `number`. What is known of the call (your note, contact, topics, how far the
        script was gone through, what is open) goes to the recipients by their live feed (`transfer.offered`), before the call does.
        """
        row = passing_on.ask(self.get_object().pk, **self.read(CallTransferBody), **self.by)
        row = CallTransfer.objects.get(pk=row.pk)
        headers = {"ETag": preconditions.etag(row.version), "Location": request.build_absolute_uri(f"/api/v1/call-transfers/{row.pk}/")}
        return Response(CallTransferSerializer(row).data, status=201, headers=headers)


class CallTransferViewSet(ReadViewSet):
    """Transfers."""

    resource = "call_transfers"
    queryset = CallTransfer.objects.all()
    serializer_class = CallTransferSerializer
    filterset_class = CallTransferFilter
    permits = {"list": READ, "retrieve": READ, "accept": WRITE, "decline": WRITE, "cancel": WRITE}

    def held(self) -> dict[str, Any]:
        """The row that a verb is about, and what every verb gets besides its body."""
        return {"transfer_id": self.get_object().pk, "if_version": self.if_version, **self.by}

    @operation(answer=CallTransferSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Transfers

        How calls were passed on. What waits for you: `?to_agent=<you>&state=asked`.
        """
        return super().list(request)

    @operation(answer=CallTransferSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One transfer

        With what was handed on.
        """
        return super().retrieve(request, pk)

    @operation(answer=CallTransferSerializer, refusals=[TransitionNotAllowed, VersionConflict, passing_on.NotAskedOfYou])
    def accept(self, request, pk) -> Response:
        """Say that you take the call

        Of several who are asked the first one does. Whoever asked is told (`transfer.answered`).
        """
        return self.respond(passing_on.accept(**self.held()))

    @operation(
        body=TransferDeclineBody, answer=CallTransferSerializer, refusals=[TransitionNotAllowed, VersionConflict, passing_on.NotAskedOfYou]
    )
    def decline(self, request, pk) -> Response:
        """Say that you do not take the call

        And why. Whoever asked is told, and looks for another way. For a queue or a department a supervisor declines.
        """
        return self.respond(passing_on.decline(**self.held(), **self.read(TransferDeclineBody)))

    @operation(answer=CallTransferSerializer, refusals=[TransitionNotAllowed, VersionConflict, passing_on.NotAskedOfYou])
    def cancel(self, request, pk) -> Response:
        """Call a transfer off

        As long as nothing came of it.
        """
        return self.respond(passing_on.cancel(**self.held()))
