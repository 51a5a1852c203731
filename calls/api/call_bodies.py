"""The forms in which calls go out and what is written of them comes in."""

from typing import Any

from rest_framework import serializers

from calls.models import Call
from config.api.fields import OriginField
from config.api.viewsets import example
from crm.api.contact_bodies import ContactBody
from crm.api.contact_ids import ContactField

CALL: dict[str, Any] = {
    "id": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
    "source": "event",
    "phone_system": "demo-pbx",
    "external_id": "1732345.15",
    "linked_ids": ["1732345.15"],
    "direction": "inbound",
    "state": "ended",
    "outcome": "answered",
    "from": {"raw": "8 (495) 123-45-67", "e164": "+74951234567", "name": ""},
    "to": {"raw": "+78001234567", "e164": "+78001234567", "name": ""},
    "answered_by": {"raw": "201", "name": "Иванова Анна", "agent": "0199a1b2-0000-7000-8000-293a4b5c6d7e"},
    "customer_e164": "+74951234567",
    "contact": "0199a1b2-1111-7000-8000-293a4b5c6d7e",
    "contact_name": "Фёдорова Алёна Игоревна",
    "match_quality": "exact",
    "agent": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
    "agent_name": "Иванова Анна",
    "line": "main",
    "queue": "support",
    "queue_position": 2,
    "started_at": "2026-11-23T07:15:00Z",
    "queued_at": "2026-11-23T07:15:01Z",
    "first_ring_at": "2026-11-23T07:15:05Z",
    "answered_at": "2026-11-23T07:15:09Z",
    "ended_at": "2026-11-23T07:16:10Z",
    "wait_s": 8.0,
    "ring_s": 4.0,
    "talk_s": 60.0,
    "hold_s": 0.0,
    "reported_talk_s": None,
    "hangup_by": "caller",
    "cause": 16,
    "cause_text": "NORMAL_CLEARING",
    "is_partial": False,
    "is_stale_closed": False,
    "legs": [],
    "transfers": [],
    "queue_stays": [],
    "recordings": 1,
    "call_request": None,
    "flags": [],
    "wrap_up_state": "done",
    "disposition": "advised",
    "topics": ["delivery-late"],
    "note": "The parcel comes tomorrow.",
    "wrapped_up_by": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
    "wrapped_up_at": "2026-11-23T07:17:00Z",
    "wrap_s": 45.0,
    "disposition_locked_at": None,
    "created_at": "2026-11-23T07:15:00Z",
    "updated_at": "2026-11-23T07:17:00Z",
    "version": 7,
}


class EndSerializer(serializers.Serializer):
    raw = serializers.CharField(allow_blank=True, help_text="As the phone system gave it.")
    e164 = serializers.CharField(allow_null=True)
    name = serializers.CharField(allow_blank=True)


class AnsweredBySerializer(serializers.Serializer):
    raw = serializers.CharField(allow_blank=True, help_text="The extension.")
    name = serializers.CharField(allow_blank=True)
    agent = serializers.UUIDField(allow_null=True, help_text="Id of a user.")


class LegSerializer(serializers.Serializer):
    key = serializers.CharField()
    party = serializers.CharField(help_text="agent, customer, unknown")
    agent = serializers.UUIDField(allow_null=True)
    extension = serializers.CharField(allow_blank=True)
    number = serializers.CharField(allow_blank=True)
    name = serializers.CharField(allow_blank=True)
    state = serializers.CharField(help_text="created, ringing, answered, ended: it only goes forward.")
    started_at = serializers.DateTimeField(allow_null=True)
    ring_at = serializers.DateTimeField(allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    hold_s = serializers.FloatField()
    cause = serializers.IntegerField(allow_null=True)
    end_reason = serializers.CharField(allow_blank=True)


class TransferSerializer(serializers.Serializer):
    at = serializers.DateTimeField()
    kind = serializers.CharField(help_text="blind, attended, conference")
    to = serializers.DictField()
    result = serializers.CharField(help_text="completed, returned, failed, abandoned, unknown")

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "from": serializers.CharField(allow_blank=True)}


class QueueStaySerializer(serializers.Serializer):
    queue = serializers.CharField(allow_blank=True)
    entered_at = serializers.DateTimeField()
    left_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(allow_blank=True, help_text="answered, abandon, timeout, moved, …")
    position = serializers.IntegerField(allow_null=True)


class CallRequestOfCallSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    reason = serializers.CharField(help_text="manual, return_call, callback, target")
    purpose = serializers.CharField()
    origin = OriginField(allow_null=True, help_text="What the operator called from.")


@example(CALL, name="An answered call", request=False)
class CallSerializer(serializers.Serializer):
    """A call as ``calls.call_rows`` reads it. It is the schema; the rows are shown as they are."""

    id = serializers.UUIDField()
    source = serializers.ChoiceField(choices=Call.Source.choices)
    phone_system = serializers.CharField(allow_null=True, help_text="Its slug; null for a call by hand.")
    external_id = serializers.CharField(allow_blank=True)
    linked_ids = serializers.ListField(child=serializers.CharField())
    direction = serializers.ChoiceField(choices=Call.Direction.choices)
    state = serializers.ChoiceField(choices=Call.State.choices)
    outcome = serializers.ChoiceField(choices=Call.Outcome.choices, allow_blank=True, help_text="Empty while the call goes on.")
    to = EndSerializer(help_text="Whom the caller asked for.")
    answered_by = AnsweredBySerializer(allow_null=True)
    customer_e164 = serializers.CharField(allow_blank=True, help_text="The far side: who calls in, or whom we call.")
    contact = serializers.UUIDField(allow_null=True)
    contact_name = serializers.CharField(allow_blank=True)
    match_quality = serializers.ChoiceField(choices=Call.MatchQuality.choices, allow_blank=True)
    agent = serializers.UUIDField(allow_null=True, help_text="The user who talked last.")
    agent_name = serializers.CharField(allow_blank=True)
    line = serializers.CharField(allow_blank=True)
    queue = serializers.CharField(allow_blank=True)
    queue_position = serializers.IntegerField(allow_null=True)
    started_at = serializers.DateTimeField()
    queued_at = serializers.DateTimeField(allow_null=True)
    first_ring_at = serializers.DateTimeField(allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    wait_s = serializers.FloatField(allow_null=True, help_text="From the queue, or the beginning, to the answer or the end.")
    ring_s = serializers.FloatField(allow_null=True)
    talk_s = serializers.FloatField(allow_null=True, help_text="Time talked, without holds.")
    hold_s = serializers.FloatField(allow_null=True)
    reported_talk_s = serializers.FloatField(allow_null=True, help_text="As the phone system counted.")
    hangup_by = serializers.ChoiceField(choices=Call.HangupBy.choices, allow_blank=True)
    cause = serializers.IntegerField(allow_null=True, help_text="ITU-T Q.850.")
    cause_text = serializers.CharField(allow_blank=True)
    is_partial = serializers.BooleanField(help_text="Its beginning has not been told yet.")
    is_stale_closed = serializers.BooleanField(help_text="Closed because nothing more was heard of it.")
    legs = LegSerializer(many=True)
    transfers = TransferSerializer(many=True)
    queue_stays = QueueStaySerializer(many=True)
    recordings = serializers.IntegerField(help_text="How many there are.")
    call_request = CallRequestOfCallSerializer(allow_null=True, help_text="The click-to-call that it came of, the latest.")
    flags = serializers.ListField(child=serializers.CharField(), help_text="What was odd about its events.")
    wrap_up_state = serializers.ChoiceField(choices=Call.WrapUp.choices)
    disposition = serializers.CharField(allow_null=True, help_text="Its code.")
    topics = serializers.ListField(child=serializers.CharField(), help_text="Their codes.")
    note = serializers.CharField(allow_blank=True)
    wrapped_up_by = serializers.UUIDField(allow_null=True)
    wrapped_up_at = serializers.DateTimeField(allow_null=True)
    wrap_s = serializers.FloatField(allow_null=True, help_text="From its end until it was written up first, passed over or closed.")
    disposition_locked_at = serializers.DateTimeField(allow_null=True, help_text="Since then only supervisors correct the disposition.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    version = serializers.IntegerField()

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "from": EndSerializer(help_text="Who calls.")}


@example({"new_contact": {"surname": "Фёдорова", "name": "Алёна"}})
class IdentifyBody(serializers.Serializer):
    contact = ContactField(required=False, help_text="One we have.")
    new_contact = ContactBody(required=False, help_text="Or a new one; the number of the call is added by itself.")


@example({"direction": "inbound", "phone": "8 (495) 123-45-67"})
class BeginBody(serializers.Serializer):
    direction = serializers.ChoiceField(choices=[Call.Direction.INBOUND, Call.Direction.OUTBOUND])
    phone = serializers.CharField(max_length=200, required=False, allow_blank=True, default="", help_text="As people write it.")
    contact = ContactField(required=False, allow_null=True)
    started_at = serializers.DateTimeField(required=False, allow_null=True, help_text="Now, when left out.")


@example({"outcome": "answered"})
class FinishBody(serializers.Serializer):
    outcome = serializers.ChoiceField(choices=Call.Outcome.choices, default=Call.Outcome.ANSWERED)
    ended_at = serializers.DateTimeField(required=False, allow_null=True, help_text="Now, when left out.")
