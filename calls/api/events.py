"""/calls/events/: where phone systems post what happens."""

from typing import Any

from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiParameter
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, ValidationError
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from calls import call_rows, rebuilding, receipts
from calls.api.call_bodies import CallSerializer
from calls.api.event_bodies import EventsBody, EventSerializer, ReceiptSerializer
from calls.models import CallEvent, PhoneSystem
from calls.phone_systems import signatures
from calls.phone_systems.native import EventUnreadable
from config.api.authentication import AdminSessionAuthentication, BearerAuthentication
from config.api.filters import FilterSet
from config.api.permissions import RolePermission, allow
from config.api.throttling import PerCaller
from config.api.viewsets import ApiViewSet, operation
from config.platform.models import LEADERS, Role, Scope

HEADER = "X-Phone-System"
MOST = 500


def named_system(request: Request) -> str:
    """The slug that the request names: in the query, in a header, or in the body."""
    slug = request.query_params.get("phone_system") or request.headers.get(HEADER)
    return slug or ""


class SignatureAuthentication(BaseAuthentication):
    """``X-Signature: t=…,v1=…`` over the raw body, with the secret of the phone system that the request names."""

    def authenticate(self, request: Request) -> tuple[None, PhoneSystem] | None:
        header = request.headers.get("X-Signature")
        if header is None:
            return None
        system = PhoneSystem.objects.filter(slug=named_system(request)[:50].replace("\0", ""), is_active=True).first()
        now, body = timezone.now(), request._request.body
        secrets = system.secrets(now) if system and system.auth_mode == PhoneSystem.AuthMode.HMAC else []
        if system is None or not any(signatures.is_genuine(header, body, secret=secret, now=now) for secret in secrets):
            raise AuthenticationFailed(
                "The signature is not valid: name the phone system, sign the raw body with its secret, and keep your clock right."
            )
        return None, system

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="switchboard"'


class SignatureScheme(OpenApiAuthenticationExtension):
    target_class = SignatureAuthentication
    name = "signature"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "apiKey", "in": "header", "name": "X-Signature", "description": "`t=<unix>,v1=<hex HMAC-SHA256 of t.body>`"}


class SignedOrPermitted(RolePermission):
    """Who signed with a phone system's secret may post its events, and nothing else."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if isinstance(request.auth, PhoneSystem):
            return view.action in ("create", "below")
        return super().has_permission(request, view)


class PerSystem(PerCaller):
    """A phone system that signs has a budget of its own."""

    def kind_and_who(self, request: Request) -> tuple[str, str]:
        if isinstance(request.auth, PhoneSystem):
            return "integration", str(request.auth.pk)
        return super().kind_and_who(request)


class EventFilter(FilterSet):
    state = filters.ChoiceFilter(choices=CallEvent.State.choices)
    phone_system = filters.CharFilter(field_name="phone_system__slug", help_text="Slug.")
    call_id = filters.CharFilter(field_name="call__keys__key", help_text="The sender's id of the call.")

    class Meta:
        model = CallEvent
        fields = ["state"]


class EventViewSet(ApiViewSet):
    """Events of calls."""

    resource = "call_events"
    tag = "call events"
    queryset = CallEvent.objects.select_related("phone_system")
    serializer_class = EventSerializer
    filterset_class = EventFilter
    authentication_classes = [SignatureAuthentication, BearerAuthentication, AdminSessionAuthentication]
    permission_classes: list[type[BasePermission]] = [SignedOrPermitted]
    throttle_classes = [PerSystem]
    parameters = {"create": frozenset({"phone_system"})}
    permits = {
        "create": allow(Role.ADMIN, scope=Scope.EVENTS_WRITE),
        "list": allow(*LEADERS, scope=Scope.CALLS_READ),
        "replay": allow(*LEADERS),
    }

    @operation(answer=CallSerializer, refusals=[rebuilding.StillUnreadable, rebuilding.StillContradicts])
    def replay(self, request, pk) -> Response:
        """Read an event anew

        With what is known of its phone system today; its call is computed anew and answered. One that was set aside because it could
        not be read becomes a part of its call, if it can be read now.
        """
        call = rebuilding.replay(self.get_object().pk, **self.by)
        return Response(call_rows.show([call])[0])

    @operation(answer=EventSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Events

        As they came, newest first. `state=quarantined` shows those that contradict an earlier one.
        """
        return self.respond_list(self.get_queryset())

    @operation(
        body=EventsBody,
        answer=ReceiptSerializer,
        refusals=[EventUnreadable, receipts.PhoneSystemNeeded, receipts.TooManyEvents],
        parameters=[
            OpenApiParameter("phone_system", str, description="Slug. May be left out while there is only one."),
            OpenApiParameter(HEADER, str, OpenApiParameter.HEADER, description="The slug, instead of the query."),
        ],
    )
    def create(self, request) -> Response:
        """Post call events

        One event, or `{"events": […]}` with up to 500. Answered 2xx as soon as it is stored, even if it makes no sense: order
        does not matter and doubles are told apart, so repeat freely. The answer to one event says who is calling, what is open
        for them and at whose desk it rings; of many, each has a verdict of its own.
        """
        body = request.data
        system = request.auth if isinstance(request.auth, PhoneSystem) else receipts.system_named(named_system(request), body)
        if isinstance(body, dict) and "events" in body:
            if not isinstance(body["events"], list):
                raise ValidationError({"events": ["Give a list of events."]}, code="invalid")
            return Response({"results": receipts.many(system, body["events"], now=timezone.now())})
        return Response(receipts.one(system, body, now=timezone.now()))
