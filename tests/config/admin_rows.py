"""Rows for every page of the admin, so that each is opened with something on it."""

from datetime import UTC, datetime
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import factory
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule

from config.platform.models import ApiToken, AuditEvent, Heartbeat, IdempotencyRecord, User
from tests import factories
from tests.factories import calls, crm, platform

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class AuditEventFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = AuditEvent

    subject_type = "contact"
    subject_id = factory.LazyFunction(lambda: crm.ContactFactory().pk)
    verb = "alter"
    by = factory.SubFactory(platform.UserFactory)
    at = NOON
    changes = {"surname": ["Смирнова", "Фёдорова"], "owner_id": [None, "x"]}


class IdempotencyRecordFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = IdempotencyRecord

    by = factory.SubFactory(platform.UserFactory)
    key = factory.Sequence(lambda n: f"key-{n}")
    fingerprint = "0" * 64


class HeartbeatFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Heartbeat

    name = factory.Sequence(lambda n: f"queue{n}")
    beaten_at = NOON


class IntervalFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = IntervalSchedule

    every = factory.Sequence(lambda n: n + 1)
    period = "minutes"


class CrontabFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CrontabSchedule

    minute = factory.Sequence(lambda n: str(n % 60))


class SolarFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = SolarSchedule

    event = "sunrise"
    latitude = factory.Sequence(lambda n: n % 60)
    longitude = 30


class ClockedFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ClockedSchedule

    clocked_time = NOON


class PeriodicTaskFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PeriodicTask

    name = factory.Sequence(lambda n: f"Sweep {n}")
    task = "platform.beat_fast"
    interval = factory.SubFactory(IntervalFactory)


class AccessAttemptFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = AccessAttempt

    username = factory.Sequence(lambda n: f"somebody{n}")
    ip_address = "127.0.0.1"
    user_agent = "a browser"
    failures_since_start = 5
    get_data = post_data = ""


class AccessLogFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = AccessLog

    username = factory.Sequence(lambda n: f"somebody{n}")
    ip_address = "127.0.0.1"


class AccessFailureLogFactory(AccessLogFactory):
    class Meta:
        model = AccessFailureLog


def _calls_event() -> Any:
    call = calls.CallFactory()
    return calls.CallEventFactory(call=call, phone_system=call.phone_system)


MADE_BY_FACTORY = {
    made._meta.model: made
    for made in [
        *(made for name in iter_modules(factories.__path__) for made in vars(import_module(f"tests.factories.{name.name}")).values()), AuditEventFactory,
        IdempotencyRecordFactory, HeartbeatFactory, IntervalFactory, CrontabFactory, SolarFactory, ClockedFactory, PeriodicTaskFactory,
        AccessAttemptFactory, AccessLogFactory, AccessFailureLogFactory,
    ]
    if isinstance(made, type) and issubclass(made, factory.django.DjangoModelFactory)
}  # fmt: skip
assert ApiToken in MADE_BY_FACTORY and User in MADE_BY_FACTORY


def make(model: type[Any]) -> Any:
    """A row of this table with everything that a page may show hanging on it."""
    if model._meta.model_name == "callevent":
        return _calls_event()
    row = MADE_BY_FACTORY[model]()
    if model._meta.model_name == "contact":
        crm.ContactPhoneFactory(contact=row)
        crm.ContactEmailFactory(contact=row)
        crm.ContactAddressFactory(contact=row)
        crm.NoteFactory(contact=row)
        row.employer, row.owner = crm.ContactFactory(company=True), platform.UserFactory()
        row.save()
    if model._meta.model_name == "call":
        calls.CallLegFactory(call=row)
        calls.CallEventFactory(call=row, phone_system=row.phone_system)
        row.contact = crm.ContactFactory(phones=True)
        row.save()
    return row
