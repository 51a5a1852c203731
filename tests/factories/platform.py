from datetime import UTC, datetime
from random import Random

import factory
from uuid_utils.compat import uuid7

from config.platform import tokens
from config.platform.models import ApiToken, FeedMessage, Letter, OutboxEvent, Role, User, WebhookDelivery, WebhookEndpoint
from crm import believable

STAFF = [draft for _, draft in zip(range(400), believable.people(Random(1)), strict=False)]


class UserFactory(factory.django.DjangoModelFactory):
    """A supervisor by default; ``UserFactory(role=Role.AGENT)``. ``password="…"`` lets them sign in."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"person{n}")
    role = Role.SUPERVISOR
    surname = factory.Sequence(lambda n: STAFF[n % len(STAFF)].surname)
    name = factory.Sequence(lambda n: STAFF[n % len(STAFF)].name)
    patronymic = factory.Sequence(lambda n: STAFF[n % len(STAFF)].patronymic)
    is_staff = factory.LazyAttribute(lambda user: user.role in (Role.ADMIN, Role.SUPERVISOR))
    is_superuser = factory.LazyAttribute(lambda user: user.role == Role.ADMIN)

    @factory.post_generation
    def password(self, create, extracted, **kwargs):
        if extracted:
            self.set_password(extracted)
            if create:
                self.save(update_fields=["password"])


class ApiTokenFactory(factory.django.DjangoModelFactory):
    """A token nobody knows; use ``config.platform.tokens.issue`` where the secret is needed."""

    class Meta:
        model = ApiToken

    user = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"Desk {n}")
    digest = factory.Sequence(lambda n: tokens.digest_of(f"nobody knows {n}"))
    hint = "swb_abcd"


class FeedMessageFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = FeedMessage

    recipient = factory.SubFactory(UserFactory)
    kind = "announcement"
    data = factory.LazyFunction(dict)
    at = datetime(2026, 11, 23, 12, tzinfo=UTC)


class LetterFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Letter

    to = factory.Sequence(lambda n: f"reader{n}@example.com")
    subject = "A complaint waits"
    text = "Please look at it."
    owed_at = due_at = datetime(2026, 11, 23, 12, tzinfo=UTC)


class OutboxEventFactory(factory.django.DjangoModelFactory):
    """News told long ago: that of the present transaction is not shown to anybody yet."""

    class Meta:
        model = OutboxEvent

    transaction = 1
    type = "complaint.escalated"
    subject_kind = "complaint"
    subject_id = factory.LazyFunction(uuid7)
    subject_version = 2
    occurred_at = datetime(2026, 11, 23, 12, tzinfo=UTC)
    data = factory.LazyFunction(lambda: {"level": 2})


class WebhookEndpointFactory(factory.django.DjangoModelFactory):
    """Told of everything; its secret is that of Standard Webhooks' own examples."""

    class Meta:
        model = WebhookEndpoint

    name = factory.Sequence(lambda n: f"Helpdesk {n}")
    url = "http://127.0.0.1:9/hooks"
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class WebhookDeliveryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = WebhookDelivery

    endpoint = factory.SubFactory(WebhookEndpointFactory)
    event = factory.SubFactory(OutboxEventFactory)
    type = "complaint.escalated"
    occurred_at = owed_at = due_at = datetime(2026, 11, 23, 12, tzinfo=UTC)
    attempts = factory.LazyFunction(list)
