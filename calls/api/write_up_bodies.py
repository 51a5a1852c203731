"""Bodies and answers of writing up a call: the write-up itself, its revisions with what they did, and passing it over."""

from typing import Any

from rest_framework import serializers

from calls.api.callback_bodies import WEEK, WallTimeField, WhoBody
from calls.models import CallDisposition, Disposition, DispositionEffect
from config.api.fields import TimeZoneField
from config.api.viewsets import example
from crm.models import Purpose, Topic


class PromiseBody(WhoBody):
    """When and by whom they are to be called back."""

    at = serializers.DateTimeField(required=False, allow_null=True, help_text="An instant; or give `local_time`.")
    local_time = WallTimeField(required=False, allow_null=True, help_text="What they said, by their own clocks, without an offset.")
    time_zone = TimeZoneField(required=False, allow_blank=True, help_text="IANA name; left out: the customer's, as far as it is known.")
    flexibility_s = serializers.IntegerField(
        min_value=0, max_value=WEEK, required=False, help_text="So many seconds sooner or later are as good."
    )
    purpose = serializers.ChoiceField(
        choices=Purpose.choices,
        required=False,
        help_text="What for; left out: what the call was for, of a campaign's that of the campaign, else service.",
    )
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True)


@example({"disposition": "advised", "topics": ["delivery-late"], "note": "The parcel comes tomorrow."})
class WrapUpBody(serializers.Serializer):
    disposition = serializers.SlugRelatedField(
        slug_field="code", queryset=Disposition.objects.filter(is_active=True), help_text="The code; `GET /dispositions/` lists them."
    )
    topics = serializers.ListField(
        child=serializers.SlugRelatedField(slug_field="code", queryset=Topic.objects.filter(is_active=True)),
        default=list,
        max_length=20,
        help_text="Codes; `GET /topics/` lists them.",
    )
    note = serializers.CharField(max_length=10_000, required=False, allow_blank=True, default="")
    callback = PromiseBody(
        required=False, allow_null=True, help_text="A promise to call back; some dispositions need one. Left out in a correction, it stays."
    )


@example({"reason": "The line broke after two seconds."})
class SkipBody(serializers.Serializer):
    reason = serializers.CharField(max_length=500)


class EffectSubjectSerializer(serializers.Serializer):
    kind = serializers.CharField(help_text="suppression, phone_number, consent, …")
    id = serializers.UUIDField()


class EffectSerializer(serializers.ModelSerializer):
    subject = EffectSubjectSerializer(allow_null=True, help_text="What it made or changed; null when it could not be done.")
    asked = serializers.DictField(source="parameters", help_text="What the disposition asked for.")
    ended_by = serializers.IntegerField(
        source="ended_by.number",
        default=None,
        allow_null=True,
        help_text="Number of the write-up that took it back, or found that it had to stay.",
    )

    class Meta:
        model = DispositionEffect
        fields = ["id", "kind", "state", "reason", "subject", "asked", "applied_at", "reversed_at", "ended_by"]
        read_only_fields = fields


SHOWN: dict[str, Any] = {
    "id": "0199a1b2-4444-7000-8000-293a4b5c6d7e",
    "number": 1,
    "disposition": "refused",
    "disposition_name": "Refused, do not call",
    "topics": ["new-order"],
    "note": "Has no garden.",
    "by": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
    "by_name": "Иванова Анна Петровна",
    "at": "2026-11-23T07:17:00Z",
    "supersedes": None,
    "counts": False,
    "effects": [
        {
            "id": "0199a1b2-6666-7000-8000-293a4b5c6d7e",
            "kind": "suppress",
            "state": "reversed",
            "reason": "",
            "subject": {"kind": "suppression", "id": "0199a1b2-7777-7000-8000-293a4b5c6d7e"},
            "asked": {"on": "contact 0199a1b2-c3d4-75f6-8718-293a4b5c6d7e", "purpose": "marketing", "until": ""},
            "applied_at": "2026-11-23T07:17:00Z",
            "reversed_at": "2026-11-23T07:21:00Z",
            "ended_by": 2,
        }
    ],
}


@example(SHOWN, request=False)
class RevisionSerializer(serializers.ModelSerializer):
    """One write-up, and what it did."""

    disposition = serializers.CharField(source="disposition.code")
    disposition_name = serializers.CharField(source="disposition.name")
    topics = serializers.ListField(child=serializers.CharField(), help_text="Codes, as they were then.")
    by = serializers.UUIDField(source="by_id", allow_null=True, help_text="Null when two calls became one: what counts of both.")
    by_name = serializers.SerializerMethodField()
    supersedes = serializers.IntegerField(
        source="supersedes.number", default=None, allow_null=True, help_text="Number of the one it corrects."
    )
    counts = serializers.SerializerMethodField(help_text="Whether it is the last one.")
    effects = EffectSerializer(many=True)

    class Meta:
        model = CallDisposition
        fields = [
            "id", "number", "disposition", "disposition_name", "topics", "note", "by", "by_name", "at", "supersedes", "counts", "effects",
        ]  # fmt: skip
        read_only_fields = fields

    def get_by_name(self, revision: CallDisposition) -> str:
        return str(revision.by) if revision.by else ""

    def get_counts(self, revision: CallDisposition) -> bool:
        return revision.number == revision.last  # type: ignore[attr-defined]
