"""Saved filters and exports."""

import factory

from crm.models import Export, ExportPart, SavedFilter
from tests.factories.platform import UserFactory


class SavedFilterFactory(factory.django.DjangoModelFactory):
    """Clients; ``SavedFilterFactory(is_shared=True)`` is everybody's."""

    class Meta:
        model = SavedFilter

    entity = "contacts"
    name = factory.Sequence(lambda n: f"Clients {n}")
    query = factory.LazyFunction(lambda: {"lifecycle": "client"})
    owner = factory.SubFactory(UserFactory)


class ExportFactory(factory.django.DjangoModelFactory):
    """One that waits for a worker."""

    class Meta:
        model = Export

    entity = "contacts"
    format = "csv"
    columns = factory.LazyFunction(lambda: ["surname", "name", "phones"])
    by = factory.SubFactory(UserFactory)


class ExportPartFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ExportPart

    export = factory.SubFactory(ExportFactory)
    number = factory.Sequence(lambda n: n)
    ids = factory.LazyFunction(list)
