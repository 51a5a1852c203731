from datetime import timedelta

import factory
from django.utils import timezone

from calls.models import CallRequest, PhoneCommand
from tests.factories.calls import AgentExtensionFactory, CallFactory, PhoneSystemFactory
from tests.factories.crm import ContactFactory

SECRET = "whsec_bWFkZSBvZiB0aGlydHktdHdvIHJhbmRvbSBieXRlcw=="


class CallRequestFactory(factory.django.DjangoModelFactory):
    """One that waits for its call. ``seat`` is the operator's extension; ``linked=True`` is one that became a call."""

    class Meta:
        model = CallRequest
        exclude = ["seat"]

    class Params:
        linked = factory.Trait(
            status="linked", call=factory.SubFactory(CallFactory), ended_at=factory.LazyFunction(timezone.now), external_id="call"
        )

    seat = factory.SubFactory(AgentExtensionFactory, phone_system__takes_commands="poll")
    agent = factory.SelfAttribute("seat.user")
    by = factory.SelfAttribute("seat.user")
    phone_system = factory.SelfAttribute("seat.phone_system")
    extension = factory.SelfAttribute("seat.extension")
    number = factory.Sequence(lambda n: f"+7495{n % 10_000_000:07d}")
    contact = factory.SubFactory(ContactFactory)
    verdict = factory.LazyFunction(lambda: {"allowed": True, "reasons": [], "warnings": [], "next_at": None})
    asked_at = factory.LazyFunction(timezone.now)
    expires_at = factory.LazyAttribute(lambda request: request.asked_at + timedelta(seconds=60))


class PhoneCommandFactory(factory.django.DjangoModelFactory):
    """A command to call somebody, with its call request: they have one id."""

    class Meta:
        model = PhoneCommand
        exclude = ["request"]

    request = factory.SubFactory(CallRequestFactory)
    id = factory.SelfAttribute("request.pk")
    kind = "dial"
    phone_system = factory.SelfAttribute("request.phone_system")
    way = "poll"
    asked_at = factory.SelfAttribute("request.asked_at")
    expires_at = factory.SelfAttribute("request.expires_at")
    run_after = factory.SelfAttribute("request.asked_at")


def telling_system(url: str, **fields):
    """A phone system that commands are posted to."""
    return PhoneSystemFactory(takes_commands="post", dial_url=url, dial_secret=SECRET, **fields)
