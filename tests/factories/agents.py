"""Agents: where they are, where they were, and what they had to bear."""

from datetime import timedelta
from uuid import uuid4

import factory

from calls.models import AgentPresence, AgentStateInterval, HardCall, PauseCode
from config.platform.models import Role
from tests.factories.calls import BEGIN, CallFactory
from tests.factories.platform import UserFactory


class PauseCodeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PauseCode

    code = factory.Sequence(lambda n: f"pause-{n}")
    name = factory.Sequence(lambda n: f"{('Break', 'Lunch', 'Training')[n % 3]} {n}")
    kind = PauseCode.Kind.BREAK


class AgentPresenceFactory(factory.django.DjangoModelFactory):
    """Somebody who has never signed in. Trait ``available``: signed in at the beginning of the day."""

    class Meta:
        model = AgentPresence

    class Params:
        available = factory.Trait(
            declared="available", declared_since=BEGIN, session=factory.LazyFunction(uuid4), signed_in_at=BEGIN, last_heartbeat_at=BEGIN
        )

    agent = factory.SubFactory(UserFactory, role=Role.AGENT)
    id = factory.SelfAttribute("agent.pk")


class AgentStateIntervalFactory(factory.django.DjangoModelFactory):
    """Ten minutes of being available; every next one begins when the last ended. ``open=True``: it goes on."""

    class Meta:
        model = AgentStateInterval

    class Params:
        open = factory.Trait(ended_at=None)

    agent = factory.SubFactory(UserFactory, role=Role.AGENT)
    track = AgentStateInterval.Track.DECLARED
    state = "available"
    source = "agent"
    started_at = factory.Sequence(lambda n: BEGIN + timedelta(minutes=10 * n))
    ended_at = factory.LazyAttribute(lambda interval: interval.started_at + timedelta(minutes=10))


class HardCallFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = HardCall

    call = factory.SubFactory(CallFactory)
    agent = factory.SelfAttribute("call.agent")
    at = factory.SelfAttribute("call.ended_at")
    reasons = ["topic:complaint"]
