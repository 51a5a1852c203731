from datetime import timedelta

import factory
from django.utils import timezone

from calls.models import CallDisposition, DispositionEffect
from tests.factories.calls import CallFactory, DispositionFactory
from tests.factories.consent import SuppressionFactory
from tests.factories.platform import UserFactory


class CallDispositionFactory(factory.django.DjangoModelFactory):
    """The only write-up of a call, which carries what it says."""

    class Meta:
        model = CallDisposition

    call = factory.SubFactory(
        CallFactory,
        wrap_up_state="done",
        wrapped_up_at=factory.LazyFunction(timezone.now),
        disposition=factory.SubFactory(DispositionFactory),
    )
    number = 1
    disposition = factory.SelfAttribute("call.disposition")
    note = "Wants no more calls."
    by = factory.SubFactory(UserFactory)
    at = factory.LazyFunction(timezone.now)


class DispositionEffectFactory(factory.django.DjangoModelFactory):
    """``DispositionEffectFactory(over=True)`` was taken back."""

    class Meta:
        model = DispositionEffect

    class Params:
        over = factory.Trait(state="reversed", reversed_at=factory.LazyFunction(timezone.now))

    revision = factory.SubFactory(CallDispositionFactory)
    kind = "suppress"
    subject_kind = "suppression"
    subject_id = factory.LazyFunction(lambda: SuppressionFactory(source="disposition").pk)
    parameters = factory.LazyFunction(lambda: {"on": "", "purpose": "marketing", "until": ""})
    applied_at = factory.LazyFunction(lambda: timezone.now() - timedelta(minutes=1))
