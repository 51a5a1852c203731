import factory
from django.utils import timezone

from crm.models import Task
from tests.factories.crm import ContactFactory
from tests.factories.platform import UserFactory


class TaskFactory(factory.django.DjangoModelFactory):
    """``TaskFactory(done=True)`` is one that is over."""

    class Meta:
        model = Task

    class Params:
        done = factory.Trait(status="done", ended_at=factory.LazyFunction(timezone.now), ended_by=factory.SubFactory(UserFactory))

    title = factory.Sequence(lambda n: f"Call back {n}")
    contact = factory.SubFactory(ContactFactory)
    assignee = factory.SubFactory(UserFactory)
    by = factory.SubFactory(UserFactory)
    due_at = factory.LazyFunction(timezone.now)
