"""Calls as rows. The fold is tested with events (tests/calls/scenarios.py); these stand where a call must merely be there."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import factory

from calls.models import AgentExtension, Call, CallAlias, CallEvent, CallKey, CallLeg, Disposition, PhoneSystem, Queue, RefusedDelivery
from config.platform.models import Role
from tests.factories.platform import UserFactory

BEGIN = datetime(2026, 11, 23, 10, tzinfo=UTC)


class PhoneSystemFactory(factory.django.DjangoModelFactory):
    """A phone system that posts with a token. Trait ``signing``: with signatures."""

    class Meta:
        model = PhoneSystem

    class Params:
        signing = factory.Trait(auth_mode=PhoneSystem.AuthMode.HMAC, secret="a secret of thirty-two characters")

    slug = factory.Sequence(lambda n: f"pbx-{n}")
    name = factory.Sequence(lambda n: f"Office exchange {n}")
    default_region = "RU"


class AgentExtensionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = AgentExtension

    user = factory.SubFactory(UserFactory, role=Role.AGENT)
    phone_system = factory.SubFactory(PhoneSystemFactory)
    extension = factory.Sequence(lambda n: str(200 + n))


class DispositionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Disposition

    code = factory.Sequence(lambda n: f"disposition-{n}")
    name = factory.Sequence(lambda n: f"{('Helped', 'Will call again', 'Wrong number')[n % 3]} {n}")


class CallFactory(factory.django.DjangoModelFactory):
    """An inbound call. Traits: ``answered``, ``missed``, ``open`` (somebody talks); by default it was answered and is over."""

    class Meta:
        model = Call
        skip_postgeneration_save = True

    class Params:
        answered = factory.Trait(outcome=Call.Outcome.ANSWERED)
        missed = factory.Trait(outcome=Call.Outcome.MISSED, agent=None, answered_at=None, talk_s=0.0, wrap_up_state=Call.WrapUp.NONE)
        open = factory.Trait(state=Call.State.IN_PROGRESS, outcome="", ended_at=None, talk_s=None, wrap_up_state=Call.WrapUp.NONE)
        manual = factory.Trait(source=Call.Source.MANUAL, phone_system=None, external_id="")

    phone_system = factory.SubFactory(PhoneSystemFactory)
    external_id = factory.Sequence(lambda n: f"call-{n}")
    direction = Call.Direction.INBOUND
    state = Call.State.ENDED
    outcome = Call.Outcome.ANSWERED
    from_raw = factory.Sequence(lambda n: f"+7495{n % 1_000_000:07d}")
    from_e164 = factory.SelfAttribute("from_raw")
    customer_e164 = factory.SelfAttribute("from_raw")
    to_raw = "+78000001234"
    to_e164 = "+78000001234"
    agent = factory.SubFactory(UserFactory, role=Role.AGENT)
    started_at = factory.Sequence(lambda n: BEGIN + timedelta(minutes=n % 600))
    answered_at = factory.LazyAttribute(lambda call: call.started_at + timedelta(seconds=8))
    ended_at = factory.LazyAttribute(lambda call: call.started_at + timedelta(seconds=128))
    last_event_at = factory.SelfAttribute("started_at")
    wait_s = 8.0
    ring_s = 5.0
    talk_s = 120.0
    hold_s = 0.0
    wrap_up_state = Call.WrapUp.PENDING


class CallKeyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CallKey

    call = factory.SubFactory(CallFactory)
    phone_system = factory.SelfAttribute("call.phone_system")
    key = factory.SelfAttribute("call.external_id")


class CallLegFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CallLeg

    call = factory.SubFactory(CallFactory)
    key = factory.Sequence(lambda n: f"leg-{n}")
    party = "agent"
    agent = factory.SelfAttribute("call.agent")
    extension = "201"
    state = "ended"
    started_at = factory.SelfAttribute("call.started_at")
    answered_at = factory.SelfAttribute("call.answered_at")
    ended_at = factory.SelfAttribute("call.ended_at")


class CallEventFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CallEvent

    phone_system = factory.SubFactory(PhoneSystemFactory)
    call_key = factory.Sequence(lambda n: f"call-{n}")
    event_id = factory.Sequence(lambda n: f"event-{n}")
    dedupe_key = factory.LazyAttribute(lambda event: f"id:{event.event_id}")
    content_hash = "0" * 64
    type = "call.initiated"
    occurred_at = BEGIN
    received_at = BEGIN
    normalised = factory.LazyAttribute(
        lambda event: {"type": event.type, "call_key": event.call_key, "occurred_at": event.occurred_at.isoformat()}
    )
    raw = factory.LazyAttribute(lambda event: {"type": event.type, "call_id": event.call_key})
    state = CallEvent.State.PROJECTED


class CallAliasFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CallAlias

    old_id = factory.LazyFunction(uuid4)
    call = factory.SubFactory(CallFactory)


class RefusedDeliveryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = RefusedDelivery

    phone_system = factory.SubFactory(PhoneSystemFactory)
    at = BEGIN
    reason = "The proof is missing."
    url = "https://calls.example/api/v1/calls/ingest/pbx/"
    body = "{}"


class QueueFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Queue

    slug = factory.Sequence(lambda n: f"queue-{n}")
    name = factory.Sequence(lambda n: f"Queue {n}")
