from datetime import timedelta

import factory
from django.utils import timezone

from calls.models import CallTransfer, ReturnCall, ReturnCallCall
from config.platform.models import Role
from tests.factories.calls import BEGIN, CallFactory
from tests.factories.crm import ContactFactory
from tests.factories.platform import UserFactory


class ReturnCallFactory(factory.django.DjangoModelFactory):
    """One that is owed for a missed call. Traits: ``taken`` (somebody has it in hand), ``done``."""

    class Meta:
        model = ReturnCall

    class Params:
        taken = factory.Trait(status="in_progress", assignee=factory.SubFactory(UserFactory, role=Role.AGENT), taken_at=BEGIN)
        done = factory.Trait(status="done", closed_at=BEGIN, settled_at=BEGIN, closed_by=factory.SubFactory(UserFactory))

    e164 = factory.Sequence(lambda n: f"+7496{n % 1_000_000:07d}")
    contact = factory.SubFactory(ContactFactory)
    queue = "support"
    first_call_at = factory.LazyFunction(timezone.now)
    last_call_at = factory.SelfAttribute("first_call_at")
    times_called = 1
    due_at = factory.LazyAttribute(lambda row: row.first_call_at + timedelta(hours=1))
    urgent_at = factory.SelfAttribute("due_at")


class ReturnCallCallFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ReturnCallCall

    return_call = factory.SubFactory(ReturnCallFactory)
    call = factory.SubFactory(CallFactory, missed=True)
    at = BEGIN
    queue = "support"
    reason = "missed"
    due_at = factory.LazyAttribute(lambda row: row.at + timedelta(hours=1))


class CallTransferFactory(factory.django.DjangoModelFactory):
    """One that an operator asked for and that waits for another one."""

    class Meta:
        model = CallTransfer

    call = factory.SubFactory(CallFactory, open=True)
    at = BEGIN
    asked_at = BEGIN
    asked_by = factory.SelfAttribute("call.agent")
    from_agent = factory.SelfAttribute("call.agent")
    to_agent = factory.SubFactory(UserFactory, role=Role.AGENT)
    note = "She waits for the second time."
