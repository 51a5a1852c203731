"""/lookup/ and /phone-numbers/ over HTTP: who is calling, and what is known of a number."""

from typing import Any

from django.conf import settings
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from config.api.fields import countries
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import ApiViewSet, ReadViewSet, example, operation
from config.platform.models import LEADERS, PEOPLE, Scope
from config.platform.moves import VersionConflict
from crm import lookup, phone_book
from crm.api.contact_bodies import SHOWN, ContactSerializer
from crm.contact_rows import shown_number
from crm.models import PhoneNumber
from crm.phone_book import NumberIsInternal
from crm.phone_numbers import NumberInvalid


class MatchSerializer(serializers.Serializer):
    contact = ContactSerializer()
    quality = serializers.ChoiceField(choices=[lookup.EXACT, lookup.SUFFIX], help_text="`suffix`: only the last digits are the same.")
    score = serializers.FloatField(help_text="0 to 1.")


class AskedNumberSerializer(serializers.Serializer):
    raw = serializers.CharField(allow_blank=True)
    e164 = serializers.CharField(allow_null=True)
    display = serializers.CharField(allow_blank=True)


LOOKUP: dict[str, Any] = {
    "phone": {"raw": "8 (495) 123-45-67", "e164": "+74951234567", "display": "+7 495 123-45-67"},
    "is_internal": False,
    "matches": [{"contact": SHOWN, "quality": "exact", "score": 1.0}],
    "open": {"calls": [], "tasks": []},
}


@example(LOOKUP, request=False)
class LookupSerializer(serializers.Serializer):
    phone = AskedNumberSerializer()
    is_internal = serializers.BooleanField(help_text="An extension or a line of our own: nobody's.")
    matches = MatchSerializer(many=True)
    open = serializers.DictField(
        child=serializers.ListField(),
        help_text="What is open for this caller, by resource: calls, tasks, orders.",
    )


class LookupViewSet(ApiViewSet):
    """Who is calling."""

    resource = "lookup"
    serializer_class = LookupSerializer
    queryset = PhoneNumber.objects.none()
    pagination_class = None
    parameters = {"retrieve": frozenset({"phone", "region"})}
    permits = {"retrieve": allow(*PEOPLE, scope=Scope.LOOKUP_READ)}

    @operation(
        answer=LookupSerializer,
        method="get",
        parameters=[
            OpenApiParameter("phone", str, required=True, description="As the phone system or a person gives it."),
            OpenApiParameter(
                "region", str, description="ISO 3166-1 alpha-2: where a number without a country belongs. By default a setting."
            ),
        ],
    )
    def retrieve(self, request) -> Response:
        """Who is calling

        Everybody who has this number, the likeliest first, and what is open for them. An unreadable number finds nobody.
        """
        phone, region = (
            request.query_params.get("phone", ""),
            request.query_params.get("region", settings.DEFAULT_PHONE_REGION).upper(),
        )
        if not phone.strip() or len(phone) > 200 or "\0" in phone:
            raise ValidationError({"phone": ["Give a phone number, for instance ?phone=%2B74951234567."]}, code="required")
        if region not in countries():
            raise ValidationError({"region": ["This is not an ISO 3166 country code, for instance PH."]}, code="unknown_country")
        return Response(lookup.who_is(phone, region=region).shown())


@example(
    {
        "id": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
        "number": "+74951234567",
        "display": "+7 495 123-45-67",
        "line_type": "fixed",
        "region": "RU",
        "time_zone": "Europe/Moscow",
        "validity": "unknown",
        "validity_at": None,
        "is_blocked": False,
        "contacts": ["0199a1b2-c3d4-75f6-8718-293a4b5c6d7f"],
    },
    request=False,
)
class PhoneNumberSerializer(serializers.ModelSerializer):
    number = serializers.CharField(source="e164")
    display = serializers.SerializerMethodField()
    contacts = serializers.SerializerMethodField(help_text="Whoever has it.")

    class Meta:
        model = PhoneNumber
        fields = ["id", "number", "display", "line_type", "region", "time_zone", "validity", "validity_at", "is_blocked", "contacts"]
        read_only_fields = fields

    def get_display(self, row: PhoneNumber) -> str:
        return shown_number(row.e164)

    def get_contacts(self, row: PhoneNumber) -> list[str]:
        return [str(link.contact_id) for link in row.contact_phones.all()]


class PhoneNumberFilter(FilterSet):
    number = filters.CharFilter(field_name="e164", help_text="E.164, exactly.")
    validity = filters.ChoiceFilter(choices=PhoneNumber.Validity.choices)

    is_blocked = filters.BooleanFilter()

    class Meta:
        model = PhoneNumber
        fields = ["validity", "is_blocked"]


@example({"validity": "unreachable", "is_blocked": False})
class PhoneNumberBody(serializers.ModelSerializer):
    class Meta:
        model = PhoneNumber
        fields = ["validity", "is_blocked"]


@example({"number": "8 (495) 123-45-67", "is_blocked": True})
class MarkBody(PhoneNumberBody):
    number = serializers.CharField(max_length=200, help_text="As people write it.")

    class Meta(PhoneNumberBody.Meta):
        fields = ["number", *PhoneNumberBody.Meta.fields]


class PhoneNumberViewSet(ReadViewSet):
    """Phone numbers."""

    resource = "phone_numbers"
    queryset = PhoneNumber.objects.prefetch_related("contact_phones")
    serializer_class = PhoneNumberSerializer
    filterset_class = PhoneNumberFilter
    permits = {
        "list": allow(*PEOPLE, scope=Scope.CONTACTS_READ),
        "retrieve": allow(*PEOPLE, scope=Scope.CONTACTS_READ),
        "create": allow(*LEADERS, scope=Scope.CONTACTS_WRITE),
        "partial_update": allow(*LEADERS, scope=Scope.CONTACTS_WRITE),
    }

    @operation(body=MarkBody, answer=PhoneNumberSerializer, refusals=[NumberInvalid, NumberIsInternal])
    def create(self, request) -> Response:
        """Say something of a number

        Whether calls from it are to be blocked, whether it can be reached; whoever has it, or nobody. A number that is new to us
        is written down. Phone systems learn of a block by the `hints` in the answer to their events.
        """
        return self.respond(phone_book.mark(**self.read(MarkBody), **self.by), location=True)

    @operation(body=PhoneNumberBody(partial=True), answer=PhoneNumberSerializer, refusals=[VersionConflict])
    def partial_update(self, request, pk) -> Response:
        """Correct what is known of a number

        Whether it can be reached, and whether calls from it are to be blocked.
        """
        fields = self.read(PhoneNumberBody, partial=True)
        return self.respond(phone_book.alter(self.get_object().pk, **fields, if_version=self.if_version, **self.by))

    @operation(answer=PhoneNumberSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Phone numbers

        One row for each number in the whole system, whoever has it.
        """
        return super().list(request)

    @operation(answer=PhoneNumberSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One phone number"""
        return super().retrieve(request, pk)
