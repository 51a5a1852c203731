from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import factory
from django.utils import timezone

from calls.models import Callback
from tests.factories.crm import ContactFactory
from tests.factories.platform import UserFactory


class CallbackFactory(factory.django.DjangoModelFactory):
    """For tomorrow, anyone's. Traits: ``due``, ``taken``, ``done``; ``at`` sets the wall time with it."""

    class Meta:
        model = Callback

    class Params:
        due = factory.Trait(status="due", at=factory.LazyFunction(lambda: timezone.now() - timedelta(minutes=1)))
        taken = factory.Trait(
            status="taken",
            taken_by=factory.SubFactory(UserFactory),
            lease_until=factory.LazyFunction(lambda: timezone.now() + timedelta(minutes=15)),
        )
        done = factory.Trait(
            status="done", ended_at=factory.LazyFunction(timezone.now), ended_by=factory.SubFactory(UserFactory), step_at=None
        )

    contact = factory.SubFactory(ContactFactory, phones=True)
    e164 = factory.LazyAttribute(
        lambda row: row.contact.contact_phones.get().phone.e164 if row.contact and row.contact.contact_phones.exists() else ""
    )
    at = factory.LazyFunction(lambda: (timezone.now() + timedelta(days=1)).replace(microsecond=0))
    time_zone = "Europe/Moscow"
    local_date = factory.LazyAttribute(lambda row: _wall(row.at, row.time_zone).date())
    local_time = factory.LazyAttribute(lambda row: _wall(row.at, row.time_zone).time())
    step_at = factory.SelfAttribute("at")
    asked_at = factory.LazyFunction(lambda: datetime(2026, 11, 20, tzinfo=UTC))
    note = factory.Sequence(lambda n: f"About invoice {n}")
    by = factory.SubFactory(UserFactory)


def _wall(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
