"""What results of campaigns look like over HTTP. What each figure is stands with it: the schema publishes it."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from calls import intervals
from campaigns.models import Campaign, Conversion, Target
from config.api.fields import TimeZoneField
from config.api.viewsets import example

SHARE = "From 0 to 1; null: of nothing."
CAMPAIGN, AGENT = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7f", "0199a1b2-1111-7000-8000-293a4b5c6d7e"


def count(text: str = "") -> serializers.IntegerField:
    return serializers.IntegerField(help_text=text or None)


def rate(text: str) -> serializers.FloatField:
    return serializers.FloatField(allow_null=True, help_text=f"{text} {SHARE}")


class CampaignFunnelSerializer(serializers.Serializer):
    targets = count("Contacts in the audience.")
    attempted = count("Of them, those with a result of an attempt.")
    reached = count("Of them, those with whom somebody spoke.")
    right_party = count("Of them, those where it was whom we wanted to speak with.")
    successes = count("Of them, those where it came out as wished.")
    penetration = rate("Attempted, of all targets.")
    conversion = rate("Successes, of all targets.")


class TargetStateCountSerializer(serializers.Serializer):
    state = serializers.ChoiceField(choices=Target.State.choices)
    reason = serializers.CharField(allow_blank=True, help_text="Why it is over, as a code.")
    targets = count()


class LeftOutCountSerializer(serializers.Serializer):
    reason = serializers.CharField()
    contacts = count()


class AttemptCountsSerializer(serializers.Serializer):
    attempts = count("Attempts with a result that counts, failures of the line among them; not those given back or lost.")
    reached = count("Somebody was spoken with, as the disposition says; without one, the call was answered.")
    right_party = count("The disposition says that it was the right party.")
    successes = count("The disposition says that it came out as wished.")
    contact_rate = rate("Reached, of the attempts.")
    right_party_rate = rate("Right party, of the attempts.")
    success_rate = rate("Successes, of the attempts.")


class AttemptTotalsSerializer(AttemptCountsSerializer):
    technical = count("Failures of the line.")
    answered = count("Calls that a living person answered.")
    drops = count("Of these, where nobody of ours was there.")
    drop_share = rate("Drops, of those answered.")
    attempts_per_contact = serializers.FloatField(allow_null=True, help_text="To each that reached somebody; null: nobody was reached yet.")
    attempts_per_success = serializers.FloatField(allow_null=True, help_text="null: there is no success yet.")


class AttemptNumberSerializer(AttemptCountsSerializer):
    number = count("1: first calls with a person, 2: second ones …; who was given back or lost was not called.")


class CampaignDispositionCountSerializer(serializers.Serializer):
    disposition = serializers.CharField(allow_null=True, help_text="Its code; null: not written up.")
    name = serializers.CharField(allow_blank=True)
    outcome = serializers.CharField(allow_blank=True)
    attempts = count()


class CampaignHourSerializer(AttemptCountsSerializer):
    weekday = count("0 is Monday, by the clocks of the person.")
    hour = count("0 to 23, by the clocks of the person.")
    at_least = rate("The contact rate is at least this, with a confidence of 95 % (Wilson's interval): compare hours by it.")


class ConversionSumSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(choices=Conversion.Kind.choices)
    currency = serializers.CharField(allow_blank=True, help_text="Empty: without an amount.")
    conversions = count("Those that were not taken back.")
    amount = serializers.DecimalField(max_digits=20, decimal_places=2, help_text="Currencies are never added up.")


class CampaignAgentSerializer(AttemptCountsSerializer):
    agent = serializers.UUIDField()
    name = serializers.CharField()
    talk_s = serializers.FloatField(help_text="Seconds of talk in these calls.")
    conversions = ConversionSumSerializer(many=True)


class CampaignHourAheadSerializer(serializers.Serializer):
    hour = serializers.DateTimeField(help_text="When it begins.")
    targets = count()


class CampaignGoalProgressSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(choices=Campaign.Goal.choices)
    wanted = serializers.IntegerField(allow_null=True, help_text="It is completed when so many are reached; null: everybody is called.")
    reached = count()


class CampaignRemainingSerializer(serializers.Serializer):
    callable_now = count("They wait only for somebody to call; it is an hour for calls where they are. Limits may still put one off.")
    waiting_for_hours = count("They wait until it is an hour for calls.")
    waiting_for_retry = count("They wait until they may be tried again.")
    promised = count("They were promised a call.")
    in_hand = count("Somebody has them in hand.")
    ended_in_last_hour = count("Targets that came to their end in the last hour: the present pace.")
    over_at = serializers.DateTimeField(allow_null=True, help_text="When none is left at this pace; null: nobody knows.")
    later = CampaignHourAheadSerializer(
        many=True, help_text="From which of the next 24 hours on they may be called: pauses that end, promises, hours that open."
    )
    beyond = count("Later than these.")
    unknown = count("No hour for calls comes by itself.")


COUNTS: dict[str, Any] = {
    "attempts": 400, "reached": 220, "right_party": 180, "successes": 60, "contact_rate": 0.55, "right_party_rate": 0.45, "success_rate": 0.15,
}  # fmt: skip
SUM: dict[str, Any] = {"kind": "order", "currency": "RUB", "conversions": 12, "amount": "84000.00"}


@example(
    {
        "as_of": "2026-11-30T09:00:00Z",
        "campaign": CAMPAIGN,
        "funnel": {"targets": 1000, "attempted": 350, "reached": 210, "right_party": 175, "successes": 60, "penetration": 0.35, "conversion": 0.06},
        "states": [{"state": "pending", "reason": "", "targets": 650}],
        "left_out": [{"reason": "consent_missing", "contacts": 31}],
        "attempts": {**COUNTS, "technical": 9, "answered": 224, "drops": 2, "drop_share": 0.0089, "attempts_per_contact": 1.82, "attempts_per_success": 6.67},
        "by_number": [{"number": 1, **COUNTS}],
        "by_disposition": [{"disposition": "order_placed", "name": "An order was placed", "outcome": "answered", "attempts": 60}],
        "by_hour": [{"weekday": 0, "hour": 18, **COUNTS, "at_least": 0.5008}],
        "by_agent": [{"agent": AGENT, "name": "Anna Smirnova", **COUNTS, "talk_s": 9120.0, "conversions": [SUM]}],
        "conversions": [SUM],
        "goal": {"kind": "successes", "wanted": 200, "reached": 60},
        "remaining": {
            "callable_now": 300, "waiting_for_hours": 290, "waiting_for_retry": 55, "promised": 4, "in_hand": 3, "ended_in_last_hour": 65,
            "over_at": "2026-11-30T19:02:00Z", "later": [{"hour": "2026-11-30T10:00:00Z", "targets": 41}], "beyond": 8, "unknown": 0,
        },
    },
    request=False,
)  # fmt: skip
class CampaignFiguresSerializer(serializers.Serializer):
    as_of = serializers.DateTimeField()
    campaign = serializers.UUIDField()
    funnel = CampaignFunnelSerializer()
    states = TargetStateCountSerializer(many=True)
    left_out = LeftOutCountSerializer(many=True)
    attempts = AttemptTotalsSerializer()
    by_number = AttemptNumberSerializer(many=True, help_text="What first, second … attempts bring.")
    by_disposition = CampaignDispositionCountSerializer(many=True, help_text="The most frequent first, at most 200.")
    by_hour = CampaignHourSerializer(many=True, help_text="Failures of the line left out.")
    by_agent = CampaignAgentSerializer(many=True, help_text="Whoever has the most successes first, at most 500.")
    conversions = ConversionSumSerializer(many=True)
    goal = CampaignGoalProgressSerializer()
    remaining = CampaignRemainingSerializer()


class CampaignsReportLineSerializer(CampaignFunnelSerializer):
    campaign = serializers.UUIDField()
    number = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=Campaign.Kind.choices)
    status = serializers.ChoiceField(choices=Campaign.Status.choices)
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    remaining = count("Targets that did not come to their end.")
    attempts = count("Attempts with a result that counts.")
    conversions = count("Those that were not taken back.")
    contact_share = rate("Reached, of those attempted.")


@example(
    {
        "as_of": "2026-11-30T09:00:00Z",
        "results": [
            {
                "campaign": CAMPAIGN, "number": "K-2026-000012", "name": "Winter offers", "kind": "sales", "status": "running",
                "started_at": "2026-11-23T06:00:00Z", "ended_at": None, "targets": 1000, "attempted": 350, "reached": 210, "right_party": 175,
                "successes": 60, "remaining": 690, "attempts": 400, "conversions": 72, "penetration": 0.35, "contact_share": 0.6,
                "conversion": 0.06,
            }
        ],
    },
    request=False,
)  # fmt: skip
class CampaignsReportSerializer(serializers.Serializer):
    as_of = serializers.DateTimeField()
    results = CampaignsReportLineSerializer(many=True)


class CampaignFiguresQuery(serializers.Serializer):
    agent = serializers.CharField(required=False, default="", max_length=40)


class CampaignsReportQuery(serializers.Serializer):
    status = serializers.ChoiceField(choices=Campaign.Status.choices, required=False)
    kind = serializers.ChoiceField(choices=Campaign.Kind.choices, required=False)


# --- in the course of time
DAYS = 28
OF_DAYS = [
    OpenApiParameter("since", str, description=f"The first day, for instance 2026-11-01; else {DAYS} days with the last."),
    OpenApiParameter("until", str, description="The last day, which counts whole; else today."),
    OpenApiParameter("time_zone", str, description="IANA name: whose days and hours they are; else your own."),
]
PERIOD: dict[str, Any] = {"since": "2026-11-01T00:00:00+03:00", "until": "2026-12-01T00:00:00+03:00"}


class CampaignDaysQuery(serializers.Serializer):
    since = serializers.DateField(required=False)
    until = serializers.DateField(required=False)
    time_zone = TimeZoneField(required=False)


class CampaignTrendQuery(CampaignDaysQuery):
    interval = serializers.ChoiceField(choices=intervals.INTERVALS, required=False, default="1d")
    agent = serializers.CharField(required=False, default="", max_length=40)


class CampaignDaysSerializer(serializers.Serializer):
    since = serializers.DateTimeField(help_text="The first moment that counts.")
    until = serializers.DateTimeField(help_text="The first that counts no more.")
    time_zone = serializers.CharField()


class CampaignIntervalSerializer(AttemptCountsSerializer):
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()


@example({**PERIOD, "time_zone": "Europe/Moscow", "interval": "1mo", "results": [{**PERIOD, **COUNTS}]}, request=False)
class CampaignTrendSerializer(CampaignDaysSerializer):
    interval = serializers.ChoiceField(choices=intervals.INTERVALS)
    results = CampaignIntervalSerializer(many=True)


class OriginLineSerializer(serializers.Serializer):
    origin = serializers.CharField(allow_blank=True, help_text="`call`, `attempt`, `complaint`, `order`; empty: nobody said.")
    campaign = serializers.UUIDField(allow_null=True)
    name = serializers.CharField(allow_blank=True, help_text="Of the campaign.")


class OrdersByOriginSerializer(OriginLineSerializer):
    currency = serializers.CharField(help_text="Currencies are never added up.")
    orders = count("Placed in the period, and not cancelled since.")
    amount = serializers.DecimalField(max_digits=20, decimal_places=2)


class ClientsByOriginSerializer(OriginLineSerializer):
    clients = count("Who became a client in the period.")


class PromisesByOriginSerializer(OriginLineSerializer):
    currency = serializers.CharField(allow_blank=True, help_text="Empty: without an amount.")
    promises = count("Made in the period, and not taken back since.")
    amount = serializers.DecimalField(max_digits=20, decimal_places=2, allow_null=True)


class SurveysByOriginSerializer(OriginLineSerializer):
    responses = count("Begun in the period.")
    complete = count("Of them, those that are complete.")


ORIGIN: dict[str, Any] = {"origin": "attempt", "campaign": CAMPAIGN, "name": "Winter offers"}


@example(
    {
        **PERIOD,
        "time_zone": "Europe/Moscow",
        "orders": [{**ORIGIN, "currency": "RUB", "orders": 12, "amount": "84000.00"}],
        "clients": [{**ORIGIN, "clients": 7}],
        "promises": [{**ORIGIN, "currency": "RUB", "promises": 3, "amount": "4500.00"}],
        "surveys": [{**ORIGIN, "responses": 84, "complete": 80}],
    },
    request=False,
)
class OriginsReportSerializer(CampaignDaysSerializer):
    orders = OrdersByOriginSerializer(many=True, help_text="At most 500 lines, the biggest first; so of each.")
    clients = ClientsByOriginSerializer(many=True)
    promises = PromisesByOriginSerializer(many=True)
    surveys = SurveysByOriginSerializer(many=True)
