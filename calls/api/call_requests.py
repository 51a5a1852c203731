"""/call-requests/ over HTTP: click-to-call."""

from typing import Any

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.response import Response

from calls import call_requests
from calls.call_requests import CallRequestOpen, CannotDial, ExtensionNeeded, MayNotCall, NobodyToCall, NotOurLine
from calls.models import CallRequest, PhoneSystem
from calls.models.call_requests import PURPOSES
from config.api.fields import OriginField
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import ReadViewSet, example, operation
from config.platform.models import LEADERS, Role, Scope
from config.platform.moves import TransitionNotAllowed, VersionConflict
from config.platform.origins import OriginUnknown
from crm.api.calling import FindingSerializer
from crm.api.contact_ids import ContactField, ContactFilter
from crm.phone_book import NumberIsInternal
from crm.phone_numbers import NumberInvalid

READ = allow(Role.AGENT, *LEADERS, scope=Scope.CALLS_READ)
WRITE = allow(Role.AGENT, *LEADERS, scope=Scope.CALLS_WRITE)
ASKED: dict[str, Any] = {
    "phone": "8 (495) 123-45-67",
    "contact": "0199a1b2-1111-7000-8000-293a4b5c6d7e",
    "reason": "manual",
    "purpose": "service",
}
SHOWN: dict[str, Any] = {
    "id": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
    "state": "requested",
    "agent": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
    "phone_system": "demo-pbx",
    "extension": "201",
    "number": "+74951234567",
    "line": "",
    "contact": "0199a1b2-1111-7000-8000-293a4b5c6d7e",
    "reason": "manual",
    "purpose": "service",
    "origin": None,
    "verdict": {"allowed": True, "reasons": [], "warnings": [], "next_at": "2026-11-23T07:15:00Z"},
    "call": None,
    "problem": "",
    "asked_at": "2026-11-23T07:15:00Z",
    "expires_at": "2026-11-23T07:16:00Z",
    "ended_at": None,
    "by": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
    "is_open": True,
    "version": 1,
}


class CallingVerdictSerializer(serializers.Serializer):
    allowed = serializers.BooleanField()
    reasons = FindingSerializer(many=True, help_text="Why not.")
    warnings = FindingSerializer(many=True, help_text="What stands against it without forbidding it: show it.")
    next_at = serializers.DateTimeField(allow_null=True, help_text="From when on the answer is yes; null: never by itself.")


@example(SHOWN, request=False)
class RequestedCallSerializer(serializers.ModelSerializer):
    state = serializers.ChoiceField(source="status", choices=CallRequest.Status.choices)
    phone_system = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    origin = OriginField(allow_null=True)
    verdict = CallingVerdictSerializer(help_text="What the gate said when it was asked for.")
    is_open = serializers.BooleanField(help_text="A call may still come of it.")

    class Meta:
        model = CallRequest
        fields = [
            "id", "state", "agent", "phone_system", "extension", "number", "line", "contact", "reason", "purpose", "origin", "verdict",
            "call", "problem", "asked_at", "expires_at", "ended_at", "by", "is_open", "version",
        ]  # fmt: skip
        read_only_fields = fields


@example(ASKED)
class CallRequestBody(serializers.Serializer):
    phone = serializers.CharField(
        required=False, max_length=200, help_text="As people write it. With a contact: which number of theirs; left out, their first."
    )
    contact = ContactField(required=False, allow_null=True, help_text="Whom the call is with; the call will know it.")
    reason = serializers.ChoiceField(choices=CallRequest.Reason.choices, required=False)
    purpose = serializers.ChoiceField(choices=PURPOSES, required=False, help_text="What for: the gate judges by it.")
    origin = OriginField(required=False, allow_null=True)
    phone_system = serializers.SlugRelatedField(
        slug_field="slug", queryset=PhoneSystem.objects.filter(is_active=True), required=False, help_text="Slug; left out: where you sit."
    )
    extension = serializers.CharField(
        required=False,
        max_length=50,
        help_text="Which phone rings first; left out: yours. Supervisors and integrations may name another's: the call is then theirs.",
    )
    line = serializers.RegexField(
        r"^\+[1-9][0-9]{3,17}$", required=False, help_text="Which of our own numbers to show, E.164; left out: the phone system decides."
    )


class CallRequestFilter(FilterSet):
    state = filters.ChoiceFilter(field_name="status", choices=CallRequest.Status.choices)
    agent = filters.UUIDFilter(field_name="agent_id")
    contact = ContactFilter(field_name="contact_id")
    call = filters.UUIDFilter(field_name="call_id")
    phone_system = filters.CharFilter(field_name="phone_system__slug", help_text="Slug.")

    class Meta:
        model = CallRequest
        fields = ["state"]


class CallRequestViewSet(ReadViewSet):
    """Click-to-call."""

    resource = "call_requests"
    queryset = CallRequest.objects.for_api()
    serializer_class = RequestedCallSerializer
    filterset_class = CallRequestFilter
    permits = {"list": READ, "retrieve": READ, "create": WRITE, "cancel": WRITE}
    refused: CallRequest | None = None

    def finalize_response(self, request, response, *args, **kwargs):
        """What the gate refused is kept when all that the request did is rolled back: here nothing of it is open any more."""
        if self.refused is not None:
            refused, self.refused = self.refused, None
            call_requests.keep_refused(refused, **self.by)
        return super().finalize_response(request, response, *args, **kwargs)

    @operation(answer=RequestedCallSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Calls asked for

        Your own; a supervisor sees everybody's. `state=refused` shows also what the gate refused.
        """
        return super().list(request)

    @operation(answer=RequestedCallSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One call asked for

        `call` is the call that came of it. The live feed tells each step as `call_request.updated`.
        """
        return super().retrieve(request, pk)

    @operation(
        body=CallRequestBody,
        answer=RequestedCallSerializer,
        status=201,
        refusals=[
            MayNotCall, CallRequestOpen, ExtensionNeeded, CannotDial, NobodyToCall, NotOurLine, NumberInvalid, NumberIsInternal,
            OriginUnknown,
        ],
    )  # fmt: skip
    def create(self, request) -> Response:
        """Ask for a call (click-to-call)

        The gate is asked whether they may be called now; if so, the phone system is told to ring your phone and then theirs. A call
        comes of it within a minute (`expires_at`), or `problem` says why not. One at a time.
        """
        try:
            return self.respond(call_requests.ask(**self.read(CallRequestBody), **self.by), 201, location=True)
        except MayNotCall as refusal:
            self.refused = refusal.request
            raise

    @operation(answer=RequestedCallSerializer, refusals=[TransitionNotAllowed, VersionConflict])
    def cancel(self, request, pk) -> Response:
        """Call it off

        While no call came of it. If the phone system has taken it already, your phone may ring all the same: hang up.
        """
        return self.respond(call_requests.cancel(self.get_object().pk, if_version=self.if_version, **self.by))
