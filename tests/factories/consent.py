"""What customers said, whom we may not contact, and how contacts moved."""

import factory
from django.utils import timezone

from crm.models import Consent, LifecycleChange, Suppression, SuppressionUpload, SuppressionUploadRow
from tests.factories.crm import ContactFactory
from tests.factories.platform import UserFactory


class ConsentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Consent

    contact = factory.SubFactory(ContactFactory)
    purpose = "marketing"
    channel = "call"
    status = "granted"
    obtained_via = "web_form"
    evidence = factory.Sequence(lambda n: f"Form {n}")
    valid_from = factory.LazyFunction(timezone.now)
    by = factory.SubFactory(UserFactory)


class SuppressionFactory(factory.django.DjangoModelFactory):
    """Of a number; ``SuppressionFactory(e164="", contact=…)`` is of a contact."""

    class Meta:
        model = Suppression

    e164 = factory.Sequence(lambda n: f"+7495{n % 1_000_000:07d}")
    source = "customer"
    reason = "She asked for it."
    starts_at = factory.LazyFunction(timezone.now)
    by = factory.SubFactory(UserFactory)


class SuppressionUploadFactory(factory.django.DjangoModelFactory):
    """An upload that waits. It has no file on the disk."""

    class Meta:
        model = SuppressionUpload

    list_code = factory.Sequence(lambda n: f"list-{n}")
    filename = factory.Sequence(lambda n: f"list-{n}.csv")
    file = factory.LazyAttribute(lambda batch: f"suppressions/{batch.filename}")
    size = 1234
    sha256 = "0" * 64
    region = "RU"
    by = factory.SubFactory(UserFactory)


class SuppressionUploadRowFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = SuppressionUploadRow

    upload = factory.SubFactory(SuppressionUploadFactory)
    line = factory.Sequence(lambda n: n + 1)
    raw = "=12-34"
    problem = "This does not read as a phone number."


class LifecycleChangeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = LifecycleChange

    contact = factory.SubFactory(ContactFactory)
    from_stage = "lead"
    to_stage = "qualified"
    since = factory.LazyFunction(timezone.now)
    at = factory.LazyAttribute(lambda step: step.since)
    by = factory.SubFactory(UserFactory)
