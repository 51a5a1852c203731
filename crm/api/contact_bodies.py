"""The forms in which contacts come in and go out."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from config.api.fields import CountryField, LanguageField, OriginField, RowsField, TimeZoneField
from config.api.viewsets import example
from config.platform.models import User
from crm.api.contact_ids import ContactField
from crm.models import Contact, ContactPhone, PhoneNumber

PHONE = {"number": "+7 (495) 123-45-67", "label": "work", "extension": "", "is_primary": True}
PERSON = {
    "kind": "person",
    "surname": "Фёдорова",
    "name": "Алёна",
    "patronymic": "Игоревна",
    "language": "ru",
    "phones": [PHONE],
    "emails": [{"email": "alyona@example.com"}],
    "tags": ["newsletter"],
}
SHOWN = {
    "id": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
    "kind": "person",
    "surname": "Фёдорова",
    "name": "Алёна",
    "patronymic": "Игоревна",
    "company_name": "",
    "display_name": "Фёдорова Алёна Игоревна",
    "employer": None,
    "employer_name": "",
    "lifecycle": "lead",
    "owner": None,
    "language": "ru",
    "time_zone": "Europe/Moscow",
    "time_zone_source": "number",
    "phones": [
        {
            "number": "+74951234567",
            "display": "+7 495 123-45-67",
            "label": "work",
            "extension": "",
            "is_primary": True,
            "line_type": "fixed",
            "validity": "unknown",
        }
    ],
    "emails": [{"email": "alyona@example.com", "label": "", "is_primary": True}],
    "addresses": [],
    "tags": ["newsletter"],
    "custom_fields": {},
    "source": "",
    "external_id": "",
    "anonymised_at": None,
    "created_at": "2026-11-23T07:00:00Z",
    "updated_at": "2026-11-23T07:00:00Z",
    "version": 1,
    "merged_from": None,
}


class PhoneSerializer(serializers.Serializer):
    number = serializers.CharField(help_text="E.164.")
    display = serializers.CharField(help_text="For people to read.")
    label = serializers.ChoiceField(choices=ContactPhone.Label.choices)
    extension = serializers.CharField(allow_blank=True)
    is_primary = serializers.BooleanField()
    line_type = serializers.ChoiceField(choices=PhoneNumber.LineType.choices)
    validity = serializers.ChoiceField(choices=PhoneNumber.Validity.choices)


class EmailSerializer(serializers.Serializer):
    email = serializers.EmailField(max_length=254)
    label = serializers.CharField(max_length=20, required=False, allow_blank=True, default="")
    is_primary = serializers.BooleanField(default=False)


class AddressSerializer(serializers.Serializer):
    label = serializers.CharField(max_length=20, required=False, allow_blank=True, default="")
    text = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    street = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    city = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    region = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    postal_code = serializers.CharField(max_length=20, required=False, allow_blank=True, default="")
    country = CountryField(required=False, allow_blank=True, default="", help_text="ISO 3166-1 alpha-2.")


@example(SHOWN, name="A person")
class ContactSerializer(serializers.Serializer):
    """A contact as ``crm.contact_rows`` reads it. It is the schema; the rows are shown as they are."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Contact.Kind.choices)
    surname = serializers.CharField(allow_blank=True)
    name = serializers.CharField(allow_blank=True)
    patronymic = serializers.CharField(allow_blank=True)
    company_name = serializers.CharField(allow_blank=True)
    display_name = serializers.CharField(allow_blank=True, help_text="What to show: the name, or the number of a nameless lead.")
    employer = serializers.UUIDField(allow_null=True)
    employer_name = serializers.CharField(allow_blank=True)
    lifecycle = serializers.ChoiceField(choices=Contact.Lifecycle.choices)
    owner = serializers.UUIDField(allow_null=True)
    language = serializers.CharField(allow_blank=True)
    time_zone = serializers.CharField(allow_blank=True)
    time_zone_source = serializers.ChoiceField(choices=Contact.TimeZoneSource.choices)
    phones = PhoneSerializer(many=True)
    emails = EmailSerializer(many=True)
    addresses = AddressSerializer(many=True)
    tags = serializers.ListField(child=serializers.CharField())
    custom_fields = serializers.DictField()
    source = serializers.CharField(allow_blank=True)
    external_id = serializers.CharField(allow_blank=True)
    anonymised_at = serializers.DateTimeField(allow_null=True, help_text="When everything personal was taken out of it.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    version = serializers.IntegerField()
    merged_from = serializers.UUIDField(
        allow_null=True, help_text="The id you asked with, when that contact was merged into this one; null otherwise."
    )


class PhoneBody(serializers.Serializer):
    number = serializers.CharField(max_length=200, help_text="As people write it: 8 (495) 123-45-67 доб. 12, +63 917 123 4567.")
    label = serializers.ChoiceField(choices=ContactPhone.Label.choices, required=False)
    extension = serializers.RegexField(r"^[0-9*#]{1,20}$", required=False, allow_blank=True, default="")
    is_primary = serializers.BooleanField(default=False)


class ContactFields(serializers.Serializer):
    """What may be written of a contact."""

    kind = serializers.ChoiceField(choices=Contact.Kind.choices, default=Contact.Kind.PERSON)
    surname = serializers.CharField(max_length=100, required=False, allow_blank=True)
    name = serializers.CharField(max_length=100, required=False, allow_blank=True)
    patronymic = serializers.CharField(max_length=100, required=False, allow_blank=True)
    company_name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    employer = ContactField(queryset=Contact.objects.filter(kind="company"), required=False, allow_null=True)
    lifecycle = serializers.ChoiceField(choices=Contact.Lifecycle.choices, required=False)
    owner = serializers.PrimaryKeyRelatedField(queryset=User.objects.filter(is_active=True), required=False, allow_null=True)
    language = LanguageField(required=False, allow_blank=True)
    time_zone = TimeZoneField(required=False, allow_blank=True)
    phones = PhoneBody(many=True, required=False, max_length=50)
    emails = EmailSerializer(many=True, required=False, max_length=50)
    addresses = AddressSerializer(many=True, required=False, max_length=50)
    tags = serializers.ListField(child=serializers.CharField(max_length=50), required=False, max_length=50)
    custom_fields = serializers.DictField(required=False, help_text="By key; `GET /custom-fields/` tells the keys and their types.")
    source = serializers.CharField(max_length=50, required=False, allow_blank=True)
    external_id = serializers.CharField(max_length=100, required=False, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not self.partial and attrs["kind"] == Contact.Kind.COMPANY and not attrs.get("company_name"):
            raise serializers.ValidationError({"company_name": "A company needs a company name."}, code="required")
        return attrs


@example(PERSON, name="A person")
class ContactBody(ContactFields):
    notes = serializers.CharField(max_length=10_000, required=False, allow_blank=True, help_text="Becomes the first note.")
    force = serializers.BooleanField(default=False, help_text="Add it although somebody may be the same.")
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="", help_text="Why, when `force` is set.")


@example({"surname": "Смирнова", "tags": ["newsletter", "vip"]}, name="A new surname")
class ContactChangeBody(ContactFields):
    kind = serializers.ChoiceField(choices=Contact.Kind.choices, required=False)
    lifecycle_reason = serializers.CharField(
        max_length=500, required=False, allow_blank=True, help_text="Why it goes to another stage; needed for `disqualified` and `lead`."
    )


@example({"contacts": [PERSON, {"phones": [{"number": "0917 123 4567"}]}]})
class BulkBody(serializers.Serializer):
    contacts = RowsField(of=ContactBody, min_length=1, max_length=500, help_text="Each as for `POST /contacts/`.")


class ContactVerdictSerializer(serializers.Serializer):
    index = serializers.IntegerField(help_text="Its place in the request, from 0.")
    verdict = serializers.ChoiceField(choices=["created", "duplicate", "invalid"])
    contact = ContactSerializer(allow_null=True)
    problem = serializers.DictField(allow_null=True, help_text="The problem that a single request would have got.")


@example({"results": [{"index": 0, "verdict": "created", "contact": SHOWN, "problem": None}]}, request=False)
class BulkSerializer(serializers.Serializer):
    results = ContactVerdictSerializer(many=True)


NOTE = {"text": "Prefers calls after six.", "is_pinned": True, "origin": {"kind": "call", "id": "0199a1b2-5555-7000-8000-293a4b5c6d7e"}}


@extend_schema_serializer(
    examples=[
        OpenApiExample("Example", value=NOTE, request_only=True),
        OpenApiExample(
            "Written",
            value={"id": "0199a1b2-6666-7000-8000-293a4b5c6d7e", **NOTE, "created_at": "2026-11-23T07:00:00Z"},
            response_only=True,
            status_codes=["201"],
        ),
    ]
)
class NoteBody(serializers.Serializer):
    id = serializers.UUIDField(read_only=True)
    text = serializers.CharField(max_length=10_000)
    is_pinned = serializers.BooleanField(default=False)
    origin = OriginField(required=False, allow_null=True, help_text="The call on which it was learned.")
    created_at = serializers.DateTimeField(read_only=True)


class HappeningSerializer(serializers.Serializer):
    at = serializers.DateTimeField()
    kind = serializers.CharField(help_text="call, note, change; later kinds may be added.")
    id = serializers.UUIDField()
    by = serializers.CharField(allow_null=True, help_text="Who did it, by name; null for a machine.")
    url = serializers.URLField(allow_null=True, help_text="Where to read all of it; null when it has no address of its own.")
    data = serializers.DictField()


@example(
    {
        "results": [
            {
                "at": "2026-11-23T07:15:00Z",
                "kind": "note",
                "id": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7f",
                "by": "Иванова Анна",
                "url": None,
                "data": {"text": "Prefers calls after six.", "is_pinned": True, "origin": None, "by": "Иванова Анна"},
            }
        ],
        "next": None,
        "previous": None,
    },
    request=False,
)
class TimelineSerializer(serializers.Serializer):
    results = HappeningSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
