"""What /complaints/ takes and shows."""

from typing import Any

from django.core.validators import MaxLengthValidator
from django.db.models import Prefetch
from django.utils import timezone
from rest_framework import serializers

from calls.api.call_ids import CallField
from complaints.deciding import RULINGS
from complaints.intake import LONGEST_TAG
from complaints.models import Clock, Complaint, RootCause
from complaints.models.complaints import Channel, Impact, Kind, Priority, Severity
from config.api.fields import LanguageField, OriginField
from config.api.viewsets import example
from config.platform.models import PEOPLE, User
from crm.api.contact_ids import ContactField
from crm.models import Department, Order, Product, Topic

STAFF = User.objects.filter(is_active=True, role__in=PEOPLE)
MONEY: dict[str, Any] = {"max_digits": 14, "decimal_places": 2, "min_value": 0}
LONG = 20_000
LIKE: dict[str, Any] = {"required": False}
NOT_YET = ("", "Not yet")
DECISIONS = [NOT_YET, *Complaint.Decision.choices]
REDRESSES = [NOT_YET, *Complaint.Redress.choices]
WAYS = [NOT_YET, *Channel.choices]
ID = "0199a1b2-8888-7000-8000-293a4b5c6d7e"
TOLD: dict[str, Any] = {
    "contact": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
    "phone": "+7 495 123-45-67",
    "kind": "complaint",
    "channel": "call",
    "topic": "delivery-damaged",
    "order": "0199a1b2-aaaa-7000-8000-293a4b5c6d7e",
    "product": "0199a1b2-bbbb-7000-8000-293a4b5c6d7e",
    "summary": "The lamp came broken",
    "description": "The box was wet, and the lamp is in pieces.",
    "remedy_sought": "A new lamp before Friday.",
    "severity": "medium",
    "impact": "one",
    "amount_claimed": "49.90",
    "currency": "EUR",
    "language": "ru",
    "origin": {"kind": "call", "id": "0199a1b2-5555-7000-8000-293a4b5c6d7e"},
}
RULING: dict[str, Any] = {
    "decision": "upheld",
    "decision_text": "It broke on the way, so the carrier pays. A new lamp is sent today.",
    "redress": "replacement",
    "redress_amount": "49.90",
    "currency": "EUR",
    "root_cause": "packing",
    "corrective_action": "Lamps go in double boxes.",
}
CLOCK: dict[str, Any] = {
    "metric": "resolve",
    "cycle": 1,
    "state": "running",
    "target_s": 86400,
    "started_at": "2026-11-30T09:00:00Z",
    "due_at": "2026-12-01T15:00:00Z",
    "warn_at": "2026-12-01T10:00:00Z",
    "breached_at": None,
    "stopped_at": None,
    "overrun_s": None,
    "is_breached": False,
}
SHOWN: dict[str, Any] = {
    "id": ID,
    "number": "C-2026-000123",
    "status": "in_progress",
    **TOLD,
    "phone": "+74951234567",
    "priority": "normal",
    "department": "0199a1b2-dddd-7000-8000-293a4b5c6d7e",
    "assignee": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
    "routed_by": "0199a1b2-eeee-7000-8000-293a4b5c6d7e",
    "policy": "0199a1b2-ffff-7000-8000-293a4b5c6d7e",
    "by": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
    "received_at": "2026-11-30T09:00:00Z",
    "acknowledged_at": "2026-11-30T09:00:00Z",
    "first_response_at": None,
    "decided_at": None,
    "resolved_at": None,
    "ended_at": None,
    "due_at": "2026-12-01T15:00:00Z",
    "breached_at": None,
    "is_breached": False,
    "clocks": [CLOCK],
    "ping_pongs": 0,
    "reopened_count": 0,
    "decision": "",
    "decision_text": "",
    "decided_by": None,
    "redress": "",
    "redress_amount": None,
    "root_cause": None,
    "corrective_action": "",
    "communicated_at": None,
    "communicated_via": "",
    "communicated_call": None,
    "reject_reason": "",
    "is_satisfied": None,
    "solved_on_call": False,
    "duplicate_of": None,
    "follows": None,
    "created_at": "2026-11-30T09:00:00Z",
    "updated_at": "2026-11-30T09:30:00Z",
    "open_moves": ["alter", "assign", "decide", "reject", "transfer", "wait_for_customer", "withdraw"],
    "version": 3,
}
#: Of each promise the newest cycle: however often it began anew, there are five at most.
NEWEST_CLOCKS = Prefetch(
    "clocks", Clock.objects.order_by("complaint_id", "metric", "-cycle").distinct("complaint_id", "metric"), to_attr="newest_clocks"
)


class ComplaintClockSerializer(serializers.ModelSerializer):
    is_breached = serializers.SerializerMethodField(help_text="Whether the promise is broken, be it kept late since, or not yet.")

    class Meta:
        model = Clock
        fields = [
            "metric", "cycle", "state", "target_s", "started_at", "due_at", "warn_at", "breached_at", "stopped_at", "overrun_s",
            "is_breached",
        ]  # fmt: skip
        read_only_fields = fields

    def get_is_breached(self, row: Clock) -> bool:
        return row.is_breached(timezone.now())


@example(SHOWN, request=False)
class ComplaintSerializer(serializers.ModelSerializer):
    phone = serializers.CharField(source="e164", allow_blank=True, help_text="Whom to ring about it, E.164.")
    topic = serializers.SlugRelatedField(slug_field="code", read_only=True, allow_null=True, help_text="Its code.")
    root_cause = serializers.SlugRelatedField(slug_field="code", read_only=True, allow_null=True, help_text="Its code.")
    origin = OriginField(allow_null=True)
    decision = serializers.ChoiceField(choices=DECISIONS)
    redress = serializers.ChoiceField(choices=REDRESSES)
    communicated_via = serializers.ChoiceField(choices=WAYS)
    is_breached = serializers.SerializerMethodField(help_text="Whether a promise is broken, be it kept late since, or not yet.")
    clocks = ComplaintClockSerializer(many=True, source="newest_clocks", help_text="Of each promise the newest cycle.")
    open_moves = serializers.ListField(child=serializers.CharField(), help_text="The verbs that it would accept now.")

    class Meta:
        model = Complaint
        fields = [
            "id", "number", "status", "kind", "channel", "contact", "phone", "language", "order", "product", "topic", "summary",
            "description", "remedy_sought", "severity", "impact", "priority", "amount_claimed", "currency", "department", "assignee",
            "routed_by", "policy", "origin", "by", "received_at", "acknowledged_at", "first_response_at", "decided_at", "resolved_at",
            "ended_at", "due_at", "breached_at", "is_breached", "clocks", "ping_pongs", "reopened_count", "decision", "decision_text",
            "decided_by", "redress", "redress_amount", "root_cause", "corrective_action", "communicated_at", "communicated_via",
            "communicated_call", "reject_reason", "is_satisfied", "solved_on_call", "duplicate_of", "follows", "created_at", "updated_at",
            "open_moves", "version",
        ]  # fmt: skip
        read_only_fields = fields

    def get_is_breached(self, row: Complaint) -> bool:
        return row.is_breached(timezone.now())


class CurrencyField(serializers.RegexField):
    """A currency by its code."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(r"^[A-Z]{3}\Z", required=False, help_text="ISO 4217; left out: the one it has, else its order's.", **kwargs)


class RootCauseField(serializers.SlugRelatedField):
    """A root cause by its code."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            slug_field="code",
            queryset=RootCause.objects.filter(is_active=True),
            required=False,
            help_text="Code of a root cause.",
            **kwargs,
        )


class LearntBody(serializers.Serializer):
    root_cause = RootCauseField(allow_null=True)
    corrective_action = serializers.CharField(
        max_length=LONG, **LIKE, allow_blank=True, help_text="What is changed so that it does not happen again."
    )


class RulingBody(LearntBody):
    decision = serializers.ChoiceField(choices=RULINGS)
    decision_text = serializers.CharField(max_length=LONG, help_text="As the customer is told.")
    redress = serializers.ChoiceField(choices=Complaint.Redress.choices, **LIKE)
    redress_amount = serializers.DecimalField(**MONEY, **LIKE, allow_null=True, help_text="With a redress that costs something.")
    currency = CurrencyField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("redress_amount") is not None and attrs.get("redress", "none") in ("none", "apology"):
            raise serializers.ValidationError({"redress_amount": ["An amount belongs to a refund, a replacement, a repair or the like."]})
        return attrs


class SolvedBody(RulingBody):
    communicated_via = serializers.ChoiceField(
        choices=Channel.choices, **LIKE, help_text="How the customer was told; solved as they told it: in the same way."
    )


class ToldBody(serializers.Serializer):
    """What people say of a complaint, at receipt and later."""

    contact = ContactField(**LIKE)
    phone = serializers.CharField(max_length=200, **LIKE, allow_blank=True, help_text="Whom to ring about it, as people write it.")
    kind = serializers.ChoiceField(choices=Kind.choices, **LIKE)
    channel = serializers.ChoiceField(choices=Channel.choices, **LIKE)
    topic = serializers.SlugRelatedField(
        slug_field="code", queryset=Topic.objects.filter(is_active=True), **LIKE, allow_null=True, help_text="Code of a topic."
    )
    order = serializers.PrimaryKeyRelatedField(queryset=Order.objects.all(), **LIKE, allow_null=True)
    product = serializers.PrimaryKeyRelatedField(queryset=Product.objects.all(), **LIKE, allow_null=True)
    summary = serializers.CharField(max_length=200, help_text="In a line.")
    description = serializers.CharField(max_length=LONG, **LIKE, allow_blank=True)
    remedy_sought = serializers.CharField(max_length=LONG, **LIKE, allow_blank=True, help_text="What they ask for, in their words.")
    severity = serializers.ChoiceField(choices=Severity.choices, **LIKE)
    impact = serializers.ChoiceField(choices=Impact.choices, **LIKE)
    priority = serializers.ChoiceField(choices=Priority.choices, **LIKE, help_text="Left out: by severity and impact.")
    amount_claimed = serializers.DecimalField(**MONEY, **LIKE, allow_null=True)
    currency = CurrencyField()
    language = LanguageField(**LIKE, allow_blank=True, validators=[MaxLengthValidator(LONGEST_TAG)])


@example(TOLD, name="Told on a call")
@example(TOLD | {"solve": RULING}, name="Solved on the call")
class ComplaintBody(ToldBody):
    department = serializers.PrimaryKeyRelatedField(
        queryset=Department.objects.filter(is_active=True), **LIKE, allow_null=True, help_text="Left out: by the routing rules."
    )
    assignee = serializers.PrimaryKeyRelatedField(queryset=STAFF, **LIKE, allow_null=True, help_text="Left out: by the routing rules.")
    received_at = serializers.DateTimeField(**LIKE, help_text="Of a letter the day on which it came. Its promises run since then.")
    origin = OriginField(**LIKE, allow_null=True)
    solve = SolvedBody(**LIKE, allow_null=True, help_text="It was solved in the moment in which it was told.")


@example({"severity": "high", "description": "She cut her hand on the glass."})
class ComplaintChangeBody(ToldBody):
    root_cause = RootCauseField(allow_null=True)
    corrective_action = serializers.CharField(max_length=LONG, **LIKE, allow_blank=True)


@example({"assignee": "0199a1b2-0000-7000-8000-293a4b5c6d7e", "reason": "She knows the carrier."})
class ComplaintAssignBody(serializers.Serializer):
    assignee = serializers.PrimaryKeyRelatedField(queryset=STAFF, **LIKE, allow_null=True, help_text="Left out: you.")
    reason = serializers.CharField(max_length=500, **LIKE, allow_blank=True)


@example({"party": "customer", "reason": "Asked for a photograph of the box."})
class ComplaintWaitBody(serializers.Serializer):
    party = serializers.ChoiceField(choices=[("customer", "The customer"), ("third_party", "Somebody else: a supplier, a carrier")])
    reason = serializers.CharField(max_length=500, help_text="What is waited for.")


@example({"reason": "The photographs came by post."})
class ComplaintCarryOnBody(serializers.Serializer):
    reason = serializers.CharField(max_length=500, **LIKE, allow_blank=True)


@example(RULING)
class ComplaintDecideBody(RulingBody):
    pass


@example({"via": "call", "call": "0199a1b2-5555-7000-8000-293a4b5c6d7e", "at": "2026-12-01T10:00:00Z"})
class ComplaintCommunicateBody(serializers.Serializer):
    via = serializers.ChoiceField(choices=Channel.choices, **LIKE, help_text="Left out: on a call.")
    call = CallField(**LIKE, allow_null=True)
    at = serializers.DateTimeField(**LIKE, help_text="Left out: now.")


@example({"root_cause": "packing", "corrective_action": "Lamps go in double boxes."})
class ComplaintResolveBody(LearntBody):
    pass


@example(RULING | {"communicated_via": "call", "call": "0199a1b2-5555-7000-8000-293a4b5c6d7e"})
class ComplaintSolveBody(SolvedBody):
    call = CallField(**LIKE, allow_null=True, help_text="The call on which they were told.")


@example({"corrective_action": "The carrier was changed."})
class ComplaintCloseBody(LearntBody):
    pass


@example({"reason": "Bought from somebody else; we never sold it."})
class ComplaintRejectBody(serializers.Serializer):
    reason = serializers.CharField(max_length=2000)


@example({"reason": "The neighbour had the parcel."})
class ComplaintWithdrawBody(serializers.Serializer):
    reason = serializers.CharField(max_length=2000, **LIKE, allow_blank=True)


@example({"reason": "The new lamp flickers.", "channel": "call"})
class ComplaintReopenBody(serializers.Serializer):
    reason = serializers.CharField(max_length=2000)
    channel = serializers.ChoiceField(choices=Channel.choices, **LIKE)
