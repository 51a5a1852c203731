"""What /satisfaction/ takes and shows."""

from typing import Any

from rest_framework import serializers

from calls.api.call_ids import CallField
from complaints import satisfaction
from complaints.models import Satisfaction
from config.api.viewsets import example

ID = "0199a1b2-7777-7000-8000-293a4b5c6d7e"
SATISFACTION: dict[str, Any] = {
    "id": ID,
    "complaint": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
    "cycle": 1,
    "state": "answered",
    "department": "0199a1b2-1111-7000-8000-293a4b5c6d7e",
    "topic": "0199a1b2-2222-7000-8000-293a4b5c6d7e",
    "agent": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
    "asked_at": "2026-11-28T09:00:00Z",
    "asked_via": "email",
    "expires_at": "2026-12-12T09:00:00Z",
    "answered_at": "2026-11-28T19:30:00Z",
    "answered_via": "link",
    "score": 5,
    "is_solved": True,
    "comment": "The new lamp came within two days.",
    "call": None,
    "by": None,
    "created_at": "2026-11-28T09:00:00Z",
    "updated_at": "2026-11-28T19:30:00Z",
    "open_moves": [],
    "version": 3,
}


@example(SATISFACTION, request=False)
class SatisfactionSerializer(serializers.ModelSerializer):
    state = serializers.ChoiceField(choices=Satisfaction.State.choices)
    answered_via = serializers.ChoiceField(choices=Satisfaction.Via.choices, allow_blank=True)
    open_moves = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Satisfaction
        fields = list(SATISFACTION)
        read_only_fields = fields


@example({"score": 4, "is_solved": True, "comment": "It took long, but it is well now.", "call": "0199a1b2-5555-7000-8000-293a4b5c6d7e"})
class SatisfactionBody(serializers.Serializer):
    score = serializers.IntegerField(min_value=1, max_value=5, help_text="1: not at all content, 5: entirely.")
    is_solved = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="Whether they say that it is solved; null: they do not say."
    )
    comment = serializers.CharField(max_length=satisfaction.LONGEST_COMMENT, required=False, allow_blank=True, default="")
    call = CallField(required=False, allow_null=True, default=None, help_text="The call on which they said so.")


@example({"by_email": False})
class SatisfactionLinkBody(serializers.Serializer):
    by_email = serializers.BooleanField(
        default=False, help_text="true: we write to the contact, and you do not see the link. false: you get it, and give it to them."
    )


@example(
    {
        "satisfaction": ID,
        "url": "https://crm.example.com/s/kX0rW5V2…/",
        "asked_via": "link",
        "expires_at": "2026-12-12T09:00:00Z",
    },
    request=False,
)
class SatisfactionLinkSerializer(serializers.Serializer):
    satisfaction = serializers.UUIDField()
    url = serializers.CharField(
        allow_null=True, help_text="The page on which they answer. It is shown now and never again; null: we wrote it to them."
    )
    asked_via = serializers.CharField(help_text="`link`, or `email`.")
    expires_at = serializers.DateTimeField()
