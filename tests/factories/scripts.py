"""Scripts, as they are written, published and gone through."""

from datetime import UTC, datetime

import factory

from calls.models import ScriptRun, ScriptRunStep
from config.platform.models import Role
from crm import scripts
from crm.models import Script, ScriptStep, ScriptVersion
from tests.factories.calls import CallFactory
from tests.factories.platform import UserFactory

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def say(key, goto, text="Good to hear you.", **more):
    """A step that says something and goes on."""
    return {"key": key, "kind": "say", "text": text, "next": [{"when": None, "goto": goto}], **more}


def ask(key, **ways):
    """A question: ``ask("ready", yes="offer", no="bye")``."""
    return {
        "key": key,
        "kind": "ask",
        "text": "Is it so?",
        "choices": [{"value": value, "label": value.title()} for value in ways],
        "next": [{"when": {"field": "answer", "is": value}, "goto": goto} for value, goto in ways.items()],
    }


def end(key="bye", outcome="helped", **more):
    return {"key": key, "kind": "end", "text": "Good-bye!", "outcome": outcome, **more}


STEPS = [
    say("hello", "ready", "{now.greeting}, {contact.address_form|friend}! This is {agent.name}.", must_say=True),
    {**ask("ready", yes="email", no="bye"), "must_say": True},
    {
        "key": "email",
        "kind": "field",
        "text": "What is your e-mail?",
        "field": "email",
        "next": [{"when": {"field": "contact.lifecycle", "is": "client"}, "goto": "thanks"}, {"when": None, "goto": "bye"}],
    },
    say("thanks", "bye", "Thank you for staying with us.", must_say=True),
    end(must_say=True),
]


class ScriptFactory(factory.django.DjangoModelFactory):
    """An inbound script in English, for anything."""

    class Meta:
        model = Script
        skip_postgeneration_save = True

    code = factory.Sequence(lambda n: f"script-{n}")
    name = factory.Sequence(lambda n: f"{('Delivery', 'Invoices', 'Returns')[n % 3]} {n}")
    purpose = Script.Purpose.INBOUND
    language = "en"

    @factory.post_generation
    def topics(self, create, extracted, **kwargs):
        if create and extracted:
            self.topics.set(extracted)


class ScriptVersionFactory(factory.django.DjangoModelFactory):
    """A published version with the steps above; ``steps=[…]`` gives others. Trait ``draft``: it is still being written."""

    class Meta:
        model = ScriptVersion
        skip_postgeneration_save = True

    class Params:
        draft = factory.Trait(wanted="draft")

    script = factory.SubFactory(ScriptFactory)
    number = factory.Sequence(lambda n: n + 1)

    @classmethod
    def _create(cls, model_class, *args, wanted="published", steps=STEPS, **kwargs):
        version = super()._create(model_class, *args, **kwargs)
        scripts._put(version, steps)
        return version if wanted == "draft" else scripts.publish(version.pk, by=None, now=NOON)


class ScriptStepFactory(factory.django.DjangoModelFactory):
    """A step of a draft."""

    class Meta:
        model = ScriptStep

    script_version = factory.SubFactory(ScriptVersionFactory, draft=True)
    position = factory.Sequence(lambda n: n % 1000 + 50)
    key = factory.Sequence(lambda n: f"step-{n}")
    kind = ScriptStep.Kind.SAY
    text = "One moment, please."


class ScriptRunFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ScriptRun

    call = factory.SubFactory(CallFactory)
    script_version = factory.SubFactory(ScriptVersionFactory)
    agent = factory.SubFactory(UserFactory, role=Role.AGENT)
    started_at = NOON


class ScriptRunStepFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ScriptRunStep

    run = factory.SubFactory(ScriptRunFactory)
    sequence = factory.Sequence(lambda n: n % 30_000 + 1)
    step = factory.LazyAttribute(lambda passing: passing.run.script_version.steps.first())
    at = NOON
