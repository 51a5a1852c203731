"""What the hand-out takes and shows."""

from typing import Any

from rest_framework import serializers

from campaigns.models import Attempt, Target
from config.api.viewsets import example
from config.platform.models import PEOPLE, User
from crm.api.calling import FindingSerializer, MomentField
from crm.api.contact_bodies import ContactSerializer
from crm.api.script_bodies import RenderedScriptSerializer

ID = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"
TOKEN = "0199a1b2-9999-4000-8000-293a4b5c6d7e"  # noqa: S105 (an example)
WHYS = [("in_hand", "You have them in hand already"), ("promised", "They were promised a call"), ("next", "They are the next")]
CONTACT: dict[str, Any] = {
    "id": ID, "kind": "person", "surname": "Смирнова", "name": "Анна", "patronymic": "Игоревна", "company_name": "",
    "display_name": "Смирнова Анна Игоревна", "employer": None, "employer_name": "", "lifecycle": "client", "owner": None, "language": "ru",
    "time_zone": "Europe/Moscow", "time_zone_source": "number", "phones": [], "emails": [], "addresses": [], "tags": [], "custom_fields": {},
    "source": "", "external_id": "", "anonymised_at": None, "created_at": "2026-11-01T09:00:00Z", "updated_at": "2026-11-01T09:00:00Z",
    "version": 1,
}  # fmt: skip
LEASE: dict[str, Any] = {
    "attempt": ID,
    "target": "0199a1b2-3333-7000-8000-293a4b5c6d7e",
    "token": TOKEN,
    "fence": 1,
    "number_of_attempt": 1,
    "phone": "+74951234567",
    "phones": ["+74951234567"],
    "contact": CONTACT,
    "leased_at": "2026-12-01T09:00:00Z",
    "lease_until": "2026-12-01T09:10:00Z",
    "heartbeat_every_s": 200,
    "line": "+74951112233",
    "why": "next",
    "because": "They are the next.",
}
IN_HAND: dict[str, Any] = {
    **LEASE,
    "campaign": {"id": ID, "number": "K-2026-000012", "name": "Autumn offers", "kind": "promo", "about": "Tell of the new tariff."},
    "script": None,
    "survey_version": None,
    "promotion": {"id": ID, "code": "autumn-15", "title": "Autumn, 15 % off", "what_to_say": "Until the 20th all tariffs are 15 % off.", "ends_at": "2026-12-20T18:00:00Z", "refused_because": []},
    "dispositions": [
        {
            "code": "sold", "name": "Sold", "group": "", "contact_made": True, "right_party": True, "success": True, "refused": False,
            "callback": False, "needs_note": False, "needs_topic": False,
        }
    ],
    "attempts": [],
    "history": [],
    "promise": None,
}  # fmt: skip


class ContactInHandSerializer(ContactSerializer):
    merged_from = None


class LeaseSerializer(serializers.Serializer):
    """A contact that is leased: whom to call, on which number, until when they are yours."""

    attempt = serializers.UUIDField(help_text="Carry it in the events of the call as `attempt_id`, and report with it.")
    target = serializers.UUIDField()
    token = serializers.UUIDField(help_text="Proves that the contact is in your hands: heartbeats, reports and releases need it.")
    fence = serializers.IntegerField(help_text="Grows with each lease of this contact.")
    number_of_attempt = serializers.IntegerField(help_text="1 for the first attempt with this contact.")
    phone = serializers.CharField(help_text="The number to call, E.164.")
    phones = serializers.ListField(child=serializers.CharField(), help_text="All their numbers, the one to call first.")
    contact = ContactInHandSerializer()
    leased_at = serializers.DateTimeField()
    lease_until = serializers.DateTimeField(help_text="Without a sign of life they are given to somebody else then.")
    heartbeat_every_s = serializers.IntegerField()
    line = serializers.CharField(allow_blank=True, help_text="Our own number to show.")
    why = serializers.ChoiceField(choices=WHYS)
    because = serializers.CharField(help_text="The same as a sentence.")


class CampaignInHandSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    number = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.CharField()
    about = serializers.CharField(allow_blank=True, help_text="What whoever calls should know.")


class NotOfferedSerializer(serializers.Serializer):
    code = serializers.CharField()
    detail = serializers.CharField()


class PromotionInHandSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    code = serializers.CharField()
    title = serializers.CharField()
    what_to_say = serializers.CharField(allow_blank=True, help_text="Read aloud.")
    ends_at = serializers.DateTimeField(allow_null=True)
    refused_because = NotOfferedSerializer(many=True, help_text="Why it is not for this contact; nothing: it is.")


class WayOutSerializer(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()
    group = serializers.CharField(allow_blank=True)
    contact_made = serializers.BooleanField()
    right_party = serializers.BooleanField()
    success = serializers.BooleanField()
    refused = serializers.BooleanField()
    callback = serializers.BooleanField(help_text="Give `callback` with it.")
    needs_note = serializers.BooleanField()
    needs_topic = serializers.BooleanField()


class AttemptBeforeSerializer(serializers.Serializer):
    number = serializers.IntegerField()
    phone = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField()
    closing = serializers.CharField(allow_blank=True)
    outcome = serializers.CharField(allow_blank=True)
    disposition = serializers.CharField(allow_null=True)
    agent = serializers.UUIDField(allow_null=True)


class HappeningInHandSerializer(serializers.Serializer):
    at = serializers.DateTimeField()
    kind = serializers.CharField()
    id = serializers.UUIDField()
    data = serializers.DictField()
    by = serializers.CharField(allow_null=True)


class PromiseInHandSerializer(serializers.Serializer):
    callback = serializers.UUIDField()
    at = serializers.DateTimeField()
    local_time = serializers.CharField(help_text="As they said it, by their clocks.")
    time_zone = serializers.CharField()
    note = serializers.CharField(allow_blank=True)


class ContactInHandsSerializer(LeaseSerializer):
    """All that an operator must know at one glance."""

    campaign = CampaignInHandSerializer()
    script = RenderedScriptSerializer(allow_null=True, help_text="In the contact's language, ready to be spoken.")
    survey_version = serializers.UUIDField(allow_null=True, help_text="Begin its survey with `POST /survey-responses/`.")
    promotion = PromotionInHandSerializer(allow_null=True)
    dispositions = WayOutSerializer(many=True, help_text="How the call may come out.")
    attempts = AttemptBeforeSerializer(many=True, help_text="The last attempts with them in this campaign.")
    history = HappeningInHandSerializer(many=True, help_text="The last things that happened with them at all.")
    promise = PromiseInHandSerializer(allow_null=True)


BRIEFING: dict[str, Any] = {name: value for name, value in IN_HAND.items() if name not in ("why", "because")}


@example({**BRIEFING, "state": "in_call"}, request=False)
class BriefingSerializer(ContactInHandsSerializer):
    """All that an operator must know of an attempt, whoever took it."""

    token = serializers.UUIDField(allow_null=True, help_text="For whoever has it in hand or took it; null for everybody else.")
    state = serializers.ChoiceField(choices=Attempt.State.choices)
    why = None
    because = None


@example({"in_hand": IN_HAND, "waiting": {}, "next_at": None}, request=False)
class NextSerializer(serializers.Serializer):
    in_hand = ContactInHandsSerializer(allow_null=True, help_text="Null: nobody can be called now.")
    waiting = serializers.DictField(child=serializers.IntegerField(), help_text="When nobody can be called: how many wait, by state.")
    next_at = serializers.DateTimeField(allow_null=True, help_text="When nobody can be called: ask again then, at the earliest.")


@example({"most": 50})
class LeaseBatchBody(serializers.Serializer):
    most = serializers.IntegerField(min_value=1, max_value=200, default=20)


@example({"campaign": IN_HAND["campaign"], "survey_version": None, "results": [LEASE], "waiting": {}, "next_at": None}, request=False)
class LeaseBatchSerializer(serializers.Serializer):
    campaign = CampaignInHandSerializer()
    survey_version = serializers.UUIDField(allow_null=True, help_text="That which its calls ask.")
    results = LeaseSerializer(
        many=True, help_text="What a dialler needs. Script, promotion and history of each: `GET /attempts/{id}/briefing/`."
    )
    waiting = serializers.DictField(
        child=serializers.IntegerField(), help_text="When fewer than asked can be called: how many wait, by state."
    )
    next_at = serializers.DateTimeField(allow_null=True, help_text="When fewer than asked can be called: ask again then, at the earliest.")


@example({"token": TOKEN})
class AttemptHeartbeatBody(serializers.Serializer):
    token = serializers.UUIDField()


@example({"attempt": ID, "state": "leased", "lease_until": "2026-12-01T09:20:00Z"}, request=False)
class LeaseStandingSerializer(serializers.Serializer):
    attempt = serializers.UUIDField(source="pk")
    state = serializers.CharField()
    lease_until = serializers.DateTimeField()


@example({"token": TOKEN, "reason": "The line is bad.", "again_in_s": 300})
class AttemptReleaseBody(serializers.Serializer):
    token = serializers.UUIDField()
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    again_in_s = serializers.IntegerField(min_value=0, max_value=30 * 86400, default=60, help_text="They are handed out again no sooner.")


TARGET: dict[str, Any] = {
    "id": ID,
    "campaign": ID,
    "contact": ID,
    "state": "retry_wait",
    "is_ready": False,
    "priority": 0,
    "next_e164": "+74951234567",
    "next_attempt_at": "2026-12-01T13:00:00Z",
    "callback": None,
    "only_agent": None,
    "attempts_total": 1,
    "attempts_technical": 0,
    "last_attempt_at": "2026-12-01T09:03:00Z",
    "is_reached": False,
    "is_right_party": False,
    "is_success": False,
    "outcome": "no_answer",
    "disposition": None,
    "reason": "",
    "ended_at": None,
    "version": 4,
}


@example(TARGET, request=False)
class TargetSerializer(serializers.ModelSerializer):
    disposition = serializers.SlugRelatedField(
        slug_field="code", read_only=True, allow_null=True, help_text="Of the last attempt: its code."
    )

    class Meta:
        model = Target
        fields = list(TARGET)
        read_only_fields = fields


@example({"reason": "They moved abroad."})
class ExcludeBody(serializers.Serializer):
    reason = serializers.CharField(max_length=300)


class ExplainQuery(serializers.Serializer):
    at = MomentField(required=False, help_text="By default now; from a year ago to two years ahead.")
    agent = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(role__in=PEOPLE), required=False, help_text="For whom; by default for you."
    )


@example({"reason": "Their shift is over."})
class AttemptTakeBackBody(serializers.Serializer):
    reason = serializers.CharField(max_length=300)


@example(
    {
        "target": ID,
        "at": "2026-12-01T09:40:00Z",
        "phone": "+74951234567",
        "allowed": False,
        "next_at": "2026-12-01T13:00:00Z",
        "rules": [
            {"rule": "campaign_pause", "verdict": "refused", "code": "retry_later", "detail": "They are tried again later.", "next_at": "2026-12-01T13:00:00Z", "facts": {}}
        ],
    },
    request=False,
)  # fmt: skip
class ExplanationSerializer(serializers.Serializer):
    target = serializers.UUIDField()
    at = serializers.DateTimeField()
    phone = serializers.CharField(allow_blank=True, help_text="The number that would be called.")
    allowed = serializers.BooleanField(help_text="Whether the hand-out would give them to who asks.")
    next_at = serializers.DateTimeField(allow_null=True, help_text="When every rule says yes; null: never by itself.")
    rules = FindingSerializer(many=True, help_text="What every rule says: the same that the hand-out asks.")
