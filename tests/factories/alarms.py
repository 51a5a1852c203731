"""Alarms of queues."""

from datetime import timedelta

import factory

from calls.models import Alarm
from tests.factories.calls import BEGIN, QueueFactory


class AlarmFactory(factory.django.DjangoModelFactory):
    """Too many callers wait. Traits: ``cleared``."""

    class Meta:
        model = Alarm

    class Params:
        cleared = factory.Trait(cleared_at=factory.LazyAttribute(lambda alarm: alarm.raised_at + timedelta(minutes=5)))

    queue = factory.SubFactory(QueueFactory)
    kind = Alarm.Kind.WAITING
    limit = 10
    value = 11.0
    worst = 14.0
    raised_at = factory.Sequence(lambda n: BEGIN + timedelta(minutes=n % 600))
    seen_at = factory.SelfAttribute("raised_at")
