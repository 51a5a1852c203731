"""A complaint that is not there, for trying rules and policies out."""

from typing import Any

from django.utils import timezone
from rest_framework import serializers

from complaints import priorities, trying
from complaints.models import Complaint
from complaints.models.complaints import Channel, Impact, Kind, Priority, Severity
from complaints.routing import COMES_LATER, DECIDES, DOES_NOT_HOLD
from config.api.fields import LanguageField
from crm.api.contact_ids import ContactField
from crm.models import Department, Product, Topic

VERDICTS = [(word, word) for word in (DECIDES, COMES_LATER, DOES_NOT_HOLD)]
WOULD_BE: dict[str, Any] = {
    "kind": "claim",
    "severity": "high",
    "priority": "high",
    "channel": "call",
    "language": "en-PH",
    "topic": "0199a1b2-4444-7000-8000-293a4b5c6d7e",
    "product": None,
    "contact": None,
    "department": None,
}


class WouldBeBody(serializers.Serializer):
    kind = serializers.ChoiceField(choices=Kind.choices, required=False)
    severity = serializers.ChoiceField(choices=Severity.choices, required=False)
    impact = serializers.ChoiceField(choices=Impact.choices, required=False)
    priority = serializers.ChoiceField(
        choices=Priority.choices, required=False, help_text="By default what follows from severity and impact."
    )
    channel = serializers.ChoiceField(choices=Channel.choices, required=False)
    language = LanguageField(required=False, allow_blank=True, help_text="BCP 47; by default the contact's.")
    topic = serializers.PrimaryKeyRelatedField(queryset=Topic.objects.all(), required=False, allow_null=True)
    product = serializers.PrimaryKeyRelatedField(queryset=Product.objects.all(), required=False, allow_null=True)
    contact = ContactField(required=False, allow_null=True)
    department = serializers.PrimaryKeyRelatedField(
        queryset=Department.objects.filter(is_active=True), required=False, allow_null=True, help_text="Named already: it wins."
    )
    at = serializers.DateTimeField(required=False, help_text="When it is received; by default now.")

    def validate_at(self, at: Any) -> Any:
        if not trying.is_in_reach(at):
            raise serializers.ValidationError("Ask for an instant between 1991 and 2099.", code="out_of_reach")
        return at


def meant(said: dict[str, Any]) -> tuple[Complaint, Any]:
    """The complaint that a body describes, not saved, and when it is received."""
    at = said.pop("at", None) or timezone.now()
    contact = said.get("contact")
    if contact is not None and not said.get("language"):
        said["language"] = contact.language
    complaint = Complaint(**said)
    complaint.priority = said.get("priority") or priorities.usual(complaint.severity, complaint.impact)
    return complaint, at
