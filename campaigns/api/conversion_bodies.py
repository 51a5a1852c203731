"""What /conversions/, promises and contacts that were collected take and show."""

from typing import Any

from rest_framework import serializers

from campaigns.models import Collected, Conversion
from config.api.viewsets import example
from crm.api.contact_bodies import ContactFields
from crm.api.contact_ids import ContactField

CONVERSION: dict[str, Any] = {
    "id": "0199a1b2-7777-7000-8000-293a4b5c6d7e",
    "attempt": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
    "campaign": "0199a1b2-1111-7000-8000-293a4b5c6d7e",
    "contact": "0199a1b2-2222-7000-8000-293a4b5c6d7e",
    "agent": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
    "kind": "promise",
    "order": None,
    "amount": "1500.00",
    "currency": "RUB",
    "due_on": "2026-12-05",
    "note": "Pays after the salary.",
    "at": "2026-11-30T09:00:00Z",
    "by": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
    "reversed_at": None,
    "reversed_because": "",
    "version": 1,
}
COLLECTED: dict[str, Any] = {
    "id": "0199a1b2-8888-7000-8000-293a4b5c6d7e",
    "campaign": "0199a1b2-1111-7000-8000-293a4b5c6d7e",
    "contact": "0199a1b2-2222-7000-8000-293a4b5c6d7e",
    "is_new": True,
    "by": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
    "at": "2026-11-30T09:00:00Z",
    "version": 1,
}


@example(CONVERSION, request=False)
class ConversionSerializer(serializers.ModelSerializer):
    kind = serializers.ChoiceField(choices=Conversion.Kind.choices)

    class Meta:
        model = Conversion
        fields = list(CONVERSION)
        read_only_fields = fields


@example({name: CONVERSION[name] for name in ("amount", "currency", "due_on", "note")})
class ConversionPromiseBody(serializers.Serializer):
    amount = serializers.DecimalField(max_digits=14, decimal_places=2, min_value=0, required=False, allow_null=True)
    currency = serializers.RegexField(r"^[A-Za-z]{3}$", required=False, help_text="ISO 4217; with an amount, and only then.")
    due_on = serializers.DateField(required=False, allow_null=True, help_text="Until when.")
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True)


@example({"reason": "The payment did not come."})
class TakeBackBody(serializers.Serializer):
    reason = serializers.CharField(max_length=300)


@example(COLLECTED, request=False)
class CollectedSerializer(serializers.ModelSerializer):
    """A contact that was brought into the base."""

    class Meta:
        model = Collected
        fields = list(COLLECTED)
        read_only_fields = fields


@example(
    {
        "surname": "Смирнова",
        "name": "Анна",
        "phones": [{"number": "8 (495) 123-45-67"}],
        "source": "fair",
        "notes": "Met at the fair; asked for a catalogue.",
    }
)
class CollectBody(ContactFields):
    contact = ContactField(required=False, allow_null=True, help_text="Somebody who is in the base already; then nothing else is needed.")
    notes = serializers.CharField(max_length=10_000, required=False, allow_blank=True, help_text="Becomes the first note of a new contact.")
    force = serializers.BooleanField(default=False, help_text="Add it although somebody may be the same.")
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="", help_text="Why, when `force` is set.")
