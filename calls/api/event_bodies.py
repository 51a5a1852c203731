"""The forms in which events come in and go out."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from calls.api.call_bodies import CALL, CallSerializer
from calls.events import TYPES
from calls.models import Call, CallEvent, CallTransfer
from config.api.fields import TextOrField
from config.api.viewsets import example
from crm.api.contact_bodies import SHOWN
from crm.api.lookup import MatchSerializer

EVENT: dict[str, Any] = {
    "event_id": "01J9Z3-4",
    "type": "leg.answered",
    "occurred_at": "2026-11-23T10:15:03.120+03:00",
    "call_id": "1732345.15",
    "leg_id": "1732345.18",
    "direction": "inbound",
    "from": "8 (495) 123-45-67",
    "to": "+78001234567",
    "queue": "support",
    "agent": {"extension": "201"},
}


@example(
    {
        "id": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
        "phone_system": "demo-pbx",
        "call": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7f",
        "call_id": "1732345.15",
        "event_id": "01J9Z3-4",
        "type": "leg.answered",
        "occurred_at": "2026-11-23T07:15:03.120000Z",
        "received_at": "2026-11-23T07:15:03.300000Z",
        "state": "projected",
        "error": "",
        "raw": EVENT,
    },
    request=False,
)
class EventSerializer(serializers.ModelSerializer):
    phone_system = serializers.CharField(source="phone_system.slug", allow_null=True)
    call_id = serializers.CharField(source="call_key", help_text="The sender's id of the call.")
    call = serializers.PrimaryKeyRelatedField(read_only=True, allow_null=True)
    raw = serializers.JSONField(help_text="As it came.")

    class Meta:
        model = CallEvent
        fields = ["id", "phone_system", "call", "call_id", "event_id", "type", "occurred_at", "received_at", "state", "error", "raw"]
        read_only_fields = fields


class EventPartyBody(serializers.Serializer):
    number = serializers.CharField(max_length=200)
    name = serializers.CharField(max_length=200, required=False, allow_blank=True)


class EventAgentBody(serializers.Serializer):
    extension = serializers.CharField(max_length=100, required=False)
    email = serializers.CharField(max_length=254, required=False)
    name = serializers.CharField(max_length=200, required=False, allow_blank=True)


class EventRecordingBody(serializers.Serializer):
    url = serializers.CharField(max_length=2000, required=False, help_text="Where its audio is to be had.")
    id = serializers.CharField(max_length=2000, required=False, help_text="Your id of it.")
    duration_s = serializers.FloatField(required=False)


class EventTargetBody(serializers.Serializer):
    """Exactly one of them."""

    extension = serializers.CharField(max_length=200, required=False)
    queue = serializers.CharField(max_length=200, required=False)
    number = serializers.CharField(max_length=200, required=False)


class EventTransferBody(serializers.Serializer):
    to = TextOrField(of=EventTargetBody, help_text="An extension, a number, or an object that says which of these it is.")
    kind = serializers.ChoiceField(choices=CallTransfer.Kind.choices, required=False)


class EventBody(serializers.Serializer):
    """One event, for the schema: it is read by ``calls.phone_systems.native``, which forgives more than a serializer does."""

    type = serializers.CharField(max_length=60, help_text=f"One of {', '.join(TYPES)}. Others are kept and passed over.")
    call_id = serializers.CharField(max_length=200, help_text="Your id of the call; the same in all its events.")
    event_id = serializers.CharField(max_length=200, required=False, help_text="Your id of the event. The same id again is a double.")
    occurred_at = serializers.DateTimeField(
        required=False, help_text="With an offset, else in the zone of the phone system; now when left out."
    )
    sequence = serializers.IntegerField(required=False)
    linked_ids = serializers.ListField(child=serializers.CharField(), required=False, help_text="Other ids of the same call.")
    leg_id = serializers.CharField(max_length=200, required=False, help_text="One party's part of the call.")
    call_request_id = serializers.CharField(max_length=100, required=False, help_text="The click-to-call that it comes of.")
    attempt_id = serializers.CharField(max_length=100, required=False, help_text="The attempt of a campaign that it comes of.")
    direction = serializers.ChoiceField(choices=Call.Direction.choices, required=False)
    to = TextOrField(of=EventPartyBody, required=False, help_text="Whom the caller asked for: a number, or with a name.")
    line = serializers.CharField(max_length=100, required=False)
    queue = serializers.CharField(max_length=100, required=False)
    queue_position = serializers.IntegerField(required=False)
    agent = TextOrField(of=EventAgentBody, required=False, help_text="The operator: an extension, or with a name.")
    cause = serializers.IntegerField(required=False, help_text="ITU-T Q.850.")
    cause_text = serializers.CharField(max_length=200, required=False)
    hangup_by = serializers.ChoiceField(choices=Call.HangupBy.choices, required=False)
    reason = serializers.CharField(max_length=60, required=False, help_text="Why a queue was left: abandon, timeout, empty, …")
    duration_s = serializers.FloatField(required=False, help_text="Of the whole call; for `cdr`.")
    talk_s = serializers.FloatField(required=False, help_text="For `cdr`.")
    started_at = serializers.DateTimeField(required=False, help_text="For `cdr`.")
    answered_at = serializers.DateTimeField(required=False, help_text="For `cdr`.")
    ended_at = serializers.DateTimeField(required=False, help_text="For `cdr`.")
    recording = TextOrField(of=EventRecordingBody, required=False, help_text="Its address, or with more.")
    transfer = TextOrField(of=EventTransferBody, required=False, help_text="Whom it is passed on to, or with the kind.")
    phone_system = serializers.CharField(required=False, help_text="Slug; may stand in the query or in X-Phone-System instead.")
    raw = serializers.JSONField(required=False, help_text="Anything you want kept.")

    def get_fields(self) -> dict[str, Any]:
        caller = TextOrField(of=EventPartyBody, required=False, help_text="Who calls: a number, or with a name.")
        return {**super().get_fields(), "from": caller}


@extend_schema_serializer(
    examples=[
        OpenApiExample("The least", value={"type": "call.initiated", "call_id": "42", "from": "84951234567"}, request_only=True),
        OpenApiExample("An answer", value=EVENT, request_only=True),
        OpenApiExample("Many", value={"events": [EVENT]}, request_only=True),
    ]
)
class EventsBody(EventBody):
    """One event, or ``{"events": […]}`` with up to 500."""

    type = serializers.CharField(max_length=60, required=False, help_text=f"One of {', '.join(TYPES)}. Others are kept and passed over.")
    call_id = serializers.CharField(max_length=200, required=False, help_text="Your id of the call; the same in all its events.")
    events = EventBody(many=True, required=False, help_text="Up to 500 events, instead of the members of one.")


class HandedOnSerializer(serializers.Serializer):
    id = serializers.UUIDField(help_text="Of the transfer.")
    kind = serializers.CharField(help_text="blind, attended, conference")
    from_agent = serializers.UUIDField(allow_null=True)
    note = serializers.CharField(allow_blank=True)
    context = serializers.DictField(help_text="What was known of the call: topics, script, how much is open.")


class ScreenPopSerializer(serializers.Serializer):
    agent = serializers.UUIDField(allow_null=True, help_text="At whose desk it rings.")
    contact = serializers.UUIDField(allow_null=True, help_text="The caller, when there is no doubt.")
    url = serializers.CharField(allow_null=True, help_text="What to open there (setting SCREEN_POP_URL).")
    transfer = HandedOnSerializer(allow_null=True, help_text="What was handed on with a call that was passed on.")


class RouteSerializer(serializers.Serializer):
    extension = serializers.CharField(required=False)
    queue = serializers.CharField(required=False)
    number = serializers.CharField(required=False)
    reason = serializers.CharField(help_text="`last_agent`: whom the caller talked with last.")


class HintsSerializer(serializers.Serializer):
    display_name = serializers.CharField(allow_blank=True, help_text="To show on the telephone; empty when there is doubt.")
    route_to = RouteSerializer(allow_null=True, help_text="Where this caller is best put through, if anywhere.")
    block = serializers.BooleanField(help_text="The number is blocked: do not put it through.")


class ItemSerializer(serializers.Serializer):
    index = serializers.IntegerField()
    status = serializers.ChoiceField(choices=["accepted", "duplicate", "quarantined", "rejected"])
    event = serializers.UUIDField(allow_null=True)
    call = serializers.UUIDField(allow_null=True, help_text="Null while it waits to be folded: a second or two.")
    problem = serializers.DictField(allow_null=True)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "One event",
            value={
                "status": "accepted",
                "duplicate": False,
                "event": "0199a1b2-c3d4-75f6-8718-293a4b5c6d70",
                "call": CALL,
                "matches": [{"contact": SHOWN, "quality": "exact", "score": 1.0}],
                "open": {"calls": [], "tasks": []},
                "screen_pop": {"agent": CALL["agent"], "contact": SHOWN["id"], "url": None, "transfer": None},
                "hints": {"display_name": "", "route_to": None, "block": False},
            },
            response_only=True,
        ),
        OpenApiExample(
            "Many",
            value={
                "results": [
                    {"index": 0, "status": "accepted", "event": "0199a1b2-c3d4-75f6-8718-293a4b5c6d70", "call": None, "problem": None}
                ]
            },
            response_only=True,
        ),
    ]
)
class ReceiptSerializer(serializers.Serializer):
    """The answer to one event; for many, only ``results``."""

    status = serializers.ChoiceField(choices=["accepted", "duplicate", "quarantined"], required=False)
    duplicate = serializers.BooleanField(required=False)
    event = serializers.UUIDField(required=False, allow_null=True)
    call = CallSerializer(required=False, allow_null=True)
    matches = MatchSerializer(many=True, required=False)
    open = serializers.DictField(child=serializers.ListField(), required=False)
    screen_pop = ScreenPopSerializer(required=False)
    hints = HintsSerializer(required=False, help_text="For a phone system that can use them, while nobody answered yet.")
    results = ItemSerializer(many=True, required=False, help_text="For many: one verdict for each, in their order.")
