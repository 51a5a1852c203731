"""Pairs that may be one, and contacts that were merged."""

from datetime import UTC, datetime
from typing import Any

import factory

from crm.models import DuplicateCandidate, DuplicateWatch, MergeRecord, MovedRows
from tests.factories.crm import ContactFactory
from tests.factories.platform import UserFactory

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class DuplicateCandidateFactory(factory.django.DjangoModelFactory):
    """An open pair. ``DuplicateCandidateFactory(pair=(one, other))`` puts the two in their order."""

    class Meta:
        model = DuplicateCandidate

    score = factory.Sequence(lambda n: (60 + n % 40) / 100)
    reasons = ["phone"]
    fingerprint = "0" * 64

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        pair = kwargs.pop("pair", None) or (ContactFactory(), ContactFactory())
        kwargs["first"], kwargs["second"] = sorted(pair, key=lambda contact: contact.pk)
        return super()._create(model_class, *args, **kwargs)


class DuplicateWatchFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = DuplicateWatch
        django_get_or_create = ("id",)

    id = 1
    changed_at = NOON
    contact_id = factory.LazyFunction(lambda: ContactFactory().pk)


class MergeRecordFactory(factory.django.DjangoModelFactory):
    """That somebody merged two contacts; only the record: ``crm.merging.merge`` does it."""

    class Meta:
        model = MergeRecord

    survivor = factory.SubFactory(ContactFactory)
    loser = factory.SubFactory(ContactFactory)
    choices = {"surname": "survivor"}
    counts = {"calls.call.contact": 2}
    by = factory.SubFactory(UserFactory)
    merged_at = NOON


class MovedRowsFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = MovedRows

    merge = factory.SubFactory(MergeRecordFactory)
    relation = "calls.call.contact"
    ids: list[Any] = []
