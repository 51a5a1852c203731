"""/consents/ over HTTP, and how it stands with one contact."""

from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.response import Response

from config.api.fields import OriginField
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import ApiViewSet, ReadViewSet, example, operation
from config.platform.models import PEOPLE, Scope
from config.platform.origins import OriginUnknown
from crm import consent, suppressions_of_contacts
from crm.api.contact_ids import ContactField, ContactFilter, meant
from crm.models import Channel, Consent, Contact, Purpose
from crm.number_keys import keys_of
from crm.phone_book import NumberIsInternal
from crm.phone_numbers import NumberInvalid, parse

READ = allow(*PEOPLE, scope=Scope.CONTACTS_READ)
WRITE = allow(*PEOPLE, scope=Scope.CONTACTS_WRITE)
SAID: dict[str, Any] = {
    "contact": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
    "phone": "+7 495 123-45-67",
    "purpose": "marketing",
    "channel": "call",
    "status": "withdrawn",
    "obtained_via": "call",
    "evidence": "“Please do not offer me anything any more.”",
    "text_version": "",
    "valid_from": "2026-11-23T09:00:00Z",
    "valid_to": None,
    "origin": {"kind": "call", "id": "0199a1b2-5555-7000-8000-293a4b5c6d7e"},
}
SHOWN = {
    "id": "0199a1b2-8888-7000-8000-293a4b5c6d7e",
    **SAID,
    "phone": "+74951234567",
    "by": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
    "created_at": "2026-11-23T09:00:00Z",
    "version": 1,
}


@example(SHOWN, request=False)
class ConsentSerializer(serializers.ModelSerializer):
    phone = serializers.CharField(source="e164", help_text="E.164; empty when the statement names a contact alone.")
    origin = OriginField(allow_null=True)

    class Meta:
        model = Consent
        fields = [
            "id", "contact", "phone", "purpose", "channel", "status", "obtained_via", "evidence", "text_version", "valid_from", "valid_to",
            "origin", "by", "created_at", "version",
        ]  # fmt: skip
        read_only_fields = fields


@example(SAID)
class ConsentBody(serializers.Serializer):
    contact = ContactField(required=False, allow_null=True)
    phone = serializers.CharField(max_length=200, required=False, allow_blank=True, help_text="As people write it.")
    purpose = serializers.ChoiceField(choices=Purpose.choices)
    channel = serializers.ChoiceField(choices=Channel.choices)
    status = serializers.ChoiceField(choices=Consent.Status.choices)
    obtained_via = serializers.ChoiceField(choices=[one for one in Consent.ObtainedVia.choices if one[0] != "merge"])
    evidence = serializers.CharField(max_length=10_000, required=False, allow_blank=True, help_text="How it can be proved.")
    text_version = serializers.CharField(max_length=100, required=False, allow_blank=True, help_text="Which wording was read or signed.")
    valid_from = serializers.DateTimeField(required=False, allow_null=True, help_text="By default now.")
    valid_to = serializers.DateTimeField(required=False, allow_null=True, help_text="From then on it says nothing any more.")
    origin = OriginField(required=False, allow_null=True, help_text="The call on which it was said.")


def said_number(text: str) -> str:
    """A number of a query, as people write it, in E.164.

    Raises:
        ValidationError: it cannot be read.
    """
    try:
        e164 = parse(text, region=settings.DEFAULT_PHONE_REGION).e164
    except NumberInvalid as refusal:
        raise serializers.ValidationError({"phone": [refusal.detail]}) from None
    if not e164:
        raise serializers.ValidationError({"phone": ["Give the whole number."]})
    return e164


def of_number(queryset: Any, name: str, value: str) -> Any:
    """Rows that name a number, erased or not."""
    e164 = said_number(value)
    return queryset.filter(Q(e164=e164) | Q(number_hash__in=keys_of(e164)))


class ConsentFilter(FilterSet):
    contact = ContactFilter(field_name="contact_id")
    phone = filters.CharFilter(method=of_number, help_text="As people write it.")
    purpose = filters.ChoiceFilter(choices=Purpose.choices)
    channel = filters.ChoiceFilter(choices=Channel.choices)
    status = filters.ChoiceFilter(choices=Consent.Status.choices)
    current = filters.BooleanFilter(
        method="that_count", help_text="`true`: only the statements that count, `false`: those that a later one replaced."
    )

    class Meta:
        model = Consent
        fields = ["purpose"]

    def that_count(self, queryset, name, value):
        now = timezone.now()
        later = Consent.objects.filter(purpose=OuterRef("purpose"), channel=OuterRef("channel"), valid_from__lte=now).filter(
            Q(valid_from__gt=OuterRef("valid_from")) | Q(valid_from=OuterRef("valid_from"), id__gt=OuterRef("id"))
        )
        of_contact = Q(Exists(later.filter(contact=OuterRef("contact"))))
        of_phone = Q(contact=None) & ~Q(e164="") & Q(Exists(later.filter(e164=OuterRef("e164")).exclude(e164="")))
        of_hash = Q(contact=None, e164="") & Q(Exists(later.filter(number_hash=OuterRef("number_hash")).exclude(number_hash="")))
        replaced = of_contact | of_phone | of_hash
        return queryset.filter(~replaced & Q(valid_from__lte=now)) if value else queryset.filter(replaced)


class ConsentViewSet(ReadViewSet):
    """Consents."""

    resource = "consents"
    queryset = Consent.objects.all()
    serializer_class = ConsentSerializer
    filterset_class = ConsentFilter
    permits = {"list": READ, "retrieve": READ, "create": WRITE}

    @operation(answer=ConsentSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Consents

        Every statement that was made, newest first: granted, refused, withdrawn. The latest one of a contact for a purpose and a
        channel counts (`current=true`); none is ever changed or deleted.
        """
        return super().list(request)

    @operation(answer=ConsentSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One consent

        With how it was obtained, who wrote it down and on which call.
        """
        return super().retrieve(request, pk)

    @operation(
        body=ConsentBody,
        answer=ConsentSerializer,
        status=201,
        refusals=[consent.SubjectMissing, NumberInvalid, NumberIsInternal, OriginUnknown],
    )
    def create(self, request) -> Response:
        """Write down a consent, a refusal or a withdrawal

        Of a contact, of a number before any contact exists, or of both. To take something back, write down `withdrawn`: it counts
        from now on, and whoever is about to call is stopped.
        """
        return self.respond(consent.say(**self.read(ConsentBody), **self.by), 201, location=True)


STANDING: dict[str, Any] = {
    "purpose": "marketing",
    "channel": "call",
    "state": "granted",
    "consent": "0199a1b2-8888-7000-8000-293a4b5c6d7e",
    "since": "2026-11-23T09:00:00Z",
    "valid_to": None,
    "obtained_via": "web_form",
    "text_version": "2026-1",
    "suppressions": ["0199a1b2-9999-7000-8000-293a4b5c6d7e"],
}


class StandingSerializer(serializers.Serializer):
    purpose = serializers.ChoiceField(choices=Purpose.choices)
    channel = serializers.ChoiceField(choices=Channel.choices)
    state = serializers.ChoiceField(choices=["granted", "refused", "withdrawn", "expired", "none"])
    consent = serializers.UUIDField(allow_null=True, help_text="The statement that counts.")
    since = serializers.DateTimeField(allow_null=True)
    valid_to = serializers.DateTimeField(allow_null=True)
    obtained_via = serializers.CharField(allow_blank=True)
    text_version = serializers.CharField(allow_blank=True)
    suppressions = serializers.ListField(
        child=serializers.UUIDField(), help_text="Suppressions in force, of the contact or of one of its numbers."
    )


@example({"results": [STANDING]}, request=False)
class StandingsSerializer(serializers.Serializer):
    results = StandingSerializer(many=True)


class ContactConsentsViewSet(ApiViewSet):
    """How it stands with one contact."""

    resource = "contacts"
    queryset = Contact.objects.all()
    permits = {"consents": READ}

    @operation(answer=StandingsSerializer, method="get")
    def consents(self, request, pk) -> Response:
        """What a contact allows

        Every purpose by every channel, as it is now: the statement that counts, and the suppressions that stand against it.
        """
        contact, now = meant(self.get_object()), timezone.now()
        stops = suppressions_of_contacts.in_force(contact.pk, at=now)
        return Response({"results": [_standing(key, one, stops) for key, one in consent.current(contact.pk, at=now).items()]})


def _standing(key: tuple[str, str], one: consent.Standing, stops: list[Any]) -> dict[str, Any]:
    (purpose, channel), said = key, one.statement
    against = [stop.pk for stop in stops if stop.purpose in ("", purpose) and stop.channel in ("", channel)]
    return {
        "purpose": purpose,
        "channel": channel,
        "state": one.state,
        "consent": said.pk if said else None,
        "since": said.valid_from if said else None,
        "valid_to": said.valid_to if said else None,
        "obtained_via": said.obtained_via if said else "",
        "text_version": said.text_version if said else "",
        "suppressions": against,
    }
