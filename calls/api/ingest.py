"""/calls/ingest/{slug}/: where phone systems that speak their own language post what happens."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotFound
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from calls import ingesting
from calls.api.events import PerSystem, SignedOrPermitted
from calls.models import CallEvent, PhoneSystem
from calls.phone_systems import adapters
from calls.phone_systems.deliveries import Delivery, DeliveryUnreadable
from calls.receipts import TooManyEvents
from config.api.authentication import BearerAuthentication
from config.api.callers import client_ip
from config.api.permissions import ANYBODY, allow
from config.api.viewsets import ApiViewSet, operation, text_example
from config.platform.models import Role, Scope


def delivery_of(request: Request) -> Delivery:
    """The request just as it came."""
    plain = request._request
    return Delivery(
        body=plain.body,
        content_type=plain.META.get("CONTENT_TYPE", ""),
        headers={name.lower(): value for name, value in plain.headers.items()},
        path=plain.get_full_path(),
        query=plain.META.get("QUERY_STRING", ""),
        method=plain.method or "",
        address=client_ip(plain) or "",
    )


def system_of(request: Request) -> PhoneSystem | None:
    """The active phone system that the address names."""
    slug = str(request.parser_context["kwargs"].get("slug", ""))
    return PhoneSystem.objects.filter(slug=slug[:50].replace("\0", ""), is_active=True).first()


CODE = OpenApiParameter("code", str, OpenApiParameter.PATH, description="What is told: `call`, `summary`, `recording` and so on.")
MANGO = {"vpbx_api_key": "…", "sign": "…", "json": "{…}"}
DELIVERED = {"CallSid": "CA1", "CallStatus": "ringing", "Direction": "inbound", "From": "+12025550123", "SequenceNumber": "1"}


SLUG = OpenApiParameter("slug", str, OpenApiParameter.PATH, description="Slug of the phone system.")


class AnyBody(BaseParser):
    """The room of the phone system reads the body; REST framework leaves it alone."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> dict[str, Any]:
        return {}


class DeliveryAuthentication(BaseAuthentication):
    """The proof that the phone system is set up for; one with bearer tokens is left to them."""

    def authenticate(self, request: Request) -> tuple[None, PhoneSystem] | None:
        system = system_of(request)
        has_token = request.headers.get("Authorization", "")[:7].lower() == "bearer "
        if system.auth_mode == PhoneSystem.AuthMode.TOKEN if system else has_token:
            return None  # whoever has a token may learn that there is nothing here
        url = request.build_absolute_uri()
        if system is None or not ingesting.prove(system, delivery_of(request), url=url, now=timezone.now()):
            raise AuthenticationFailed(
                "There is no phone system at this address, or this does not prove to come from it: see the page of your phone system."
            )
        return None, system

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="switchboard"'


class DeliveryScheme(OpenApiAuthenticationExtension):
    target_class = DeliveryAuthentication
    name = "delivery"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "basic", "description": "Or as the phone system signs: see its page in the documentation."}


class IngestViewSet(ApiViewSet):
    """Deliveries of phone systems in their own formats."""

    resource = "call_ingest"
    tag = "call events"
    queryset = CallEvent.objects.none()
    pagination_class = None
    parser_classes = [AnyBody]
    authentication_classes = [DeliveryAuthentication, BearerAuthentication]
    permission_classes: list[type[BasePermission]] = [SignedOrPermitted]
    throttle_classes = [PerSystem]
    permits = {
        "create": allow(Role.ADMIN, scope=Scope.EVENTS_WRITE),
        "below": allow(Role.ADMIN, scope=Scope.EVENTS_WRITE),
        "check": ANYBODY,
    }
    #: A phone system that accepts web pages only must not lose its calls.
    ignores_accept = frozenset({"create", "below", "check"})

    def refuse_unknown_parameters(self, request: Request) -> None:
        """Phone systems put into the query what they like; their room reads it."""

    def get_authenticators(self) -> list[Any]:
        """A GET proves nothing: it only says back what it was told."""
        request = self.request
        return [] if request is not None and request.method == "GET" else super().get_authenticators()

    @operation(
        answer={(200, "text/plain"): OpenApiTypes.STR},
        method="get",
        filters=False,
        parameters=[SLUG],
        examples=text_example("7c1f0a5e", "text/plain"),
    )
    def check(self, request, slug) -> HttpResponse:
        """Is the address yours?

        Some phone systems ask this before they send anything, and want a word of theirs back. Any other GET is a 404.
        """
        system = system_of(request)
        echo = adapters.named(system.adapter).echo(delivery_of(request)) if system else None
        if echo is None:
            raise NotFound
        return HttpResponse(echo[:200], content_type="text/plain; charset=utf-8", headers={"X-Content-Type-Options": "nosniff"})

    @operation(
        body={"application/json": OpenApiTypes.OBJECT, "application/x-www-form-urlencoded": OpenApiTypes.OBJECT},
        answer=OpenApiTypes.OBJECT,
        examples=[
            OpenApiExample("Twilio says that it rings", DELIVERED, request_only=True),
            OpenApiExample("As a form", DELIVERED, request_only=True, media_type="application/x-www-form-urlencoded"),
            OpenApiExample("Stored", {"status": "accepted", "duplicate": False}, response_only=True, status_codes=["200"]),
        ],
        refusals=[DeliveryUnreadable, TooManyEvents],
        parameters=[SLUG],
    )
    def create(self, request, slug) -> Response:
        """Post what a phone system says, in its own words

        `slug` names a phone system; its `adapter` says which language it speaks. Answered 2xx as soon as it is stored. What cannot
        be read as an event of a call is kept aside and can be read anew later. The answer is that of `POST /calls/events/`, or what
        the phone system itself understands.
        """
        system = request.auth if isinstance(request.auth, PhoneSystem) else system_of(request)
        if system is None:
            raise NotFound
        return Response(ingesting.take(system, delivery_of(request), now=timezone.now()))

    @operation(
        body={"application/json": OpenApiTypes.OBJECT, "application/x-www-form-urlencoded": OpenApiTypes.OBJECT},
        answer=OpenApiTypes.OBJECT,
        examples=[
            OpenApiExample("Mango Office says that a call appeared", MANGO, request_only=True),
            OpenApiExample("As a form", MANGO, request_only=True, media_type="application/x-www-form-urlencoded"),
            OpenApiExample("Stored", {"status": "accepted", "duplicate": False}, response_only=True, status_codes=["200"]),
        ],
        refusals=[DeliveryUnreadable, TooManyEvents],
        parameters=[SLUG, CODE],
    )
    def below(self, request, slug, code) -> Response:
        """Post it under the name of what is told

        The same as `POST /calls/ingest/{slug}/`, for phone systems that put the name of what they tell behind the address that
        they are given, as Mango Office does. The name is passed over: the body says what it is.
        """
        return self.create(request, slug)
