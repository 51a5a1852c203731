from datetime import UTC, datetime

import factory

from calls.models import Announcement


class AnnouncementFactory(factory.django.DjangoModelFactory):
    """Said to everybody, and holds for years."""

    class Meta:
        model = Announcement

    text = factory.Sequence(lambda n: f"The warehouse is closed today ({n}).")
    until = datetime(2036, 11, 23, tzinfo=UTC)
