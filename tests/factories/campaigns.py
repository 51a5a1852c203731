"""Campaigns, their audiences and targets, and surveys."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import factory

from campaigns.models import (
    Answer,
    Attempt,
    AudienceRun,
    AudienceSource,
    Campaign,
    CampaignHours,
    Collected,
    ContactList,
    ContactListMember,
    Conversion,
    DryRun,
    LeftOut,
    Question,
    Quota,
    RetryRule,
    Survey,
    SurveyResponse,
    SurveyVersion,
    Target,
)
from tests.factories.crm import ContactFactory
from tests.factories.platform import UserFactory

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class SurveyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Survey

    code = factory.Sequence(lambda n: f"survey-{n}")
    name = factory.Sequence(lambda n: f"Survey {n}")


class SurveyVersionFactory(factory.django.DjangoModelFactory):
    """A draft; publish it by ``campaigns.surveys.publishing``."""

    class Meta:
        model = SurveyVersion

    survey = factory.SubFactory(SurveyFactory)
    number = factory.Sequence(lambda n: n + 1)


class QuestionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Question

    survey_version = factory.SubFactory(SurveyVersionFactory)
    position = factory.Sequence(lambda n: n % 30_000)
    key = factory.Sequence(lambda n: f"q{n}")
    kind = "nps"
    text = "Would you recommend us to a friend?"


class QuotaFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Quota

    survey_version = factory.SubFactory(SurveyVersionFactory)
    name = factory.Sequence(lambda n: f"Quota {n}")
    most = 10


class CampaignFactory(factory.django.DjangoModelFactory):
    """A running one of service calls, without hours of its own and with a gap of an hour; ``agents=[…]`` names who works in it."""

    class Meta:
        model = Campaign
        skip_postgeneration_save = True

    number = factory.Sequence(lambda n: f"K-2025-{n:06}")
    name = factory.Sequence(lambda n: f"Campaign {n}")
    kind = "service"
    purpose = "service"
    status = "running"
    started_at = factory.Maybe("has_begun", NOW, None)

    class Params:
        has_begun = factory.LazyAttribute(lambda o: o.status in ("running", "paused", "completed"))

    @factory.post_generation
    def agents(self, create, extracted, **kwargs):
        if create and extracted:
            self.agents.set(extracted)


class CampaignHoursFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CampaignHours

    campaign = factory.SubFactory(CampaignFactory)
    weekday = 0
    opens = 9 * 60
    closes = 20 * 60


class RetryRuleFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = RetryRule

    campaign = factory.SubFactory(CampaignFactory)
    outcome = "no_answer"


class DryRunFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = DryRun

    campaign = factory.SubFactory(CampaignFactory)
    fingerprint = "0" * 64
    asked_at = NOW


class ContactListFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ContactList

    name = factory.Sequence(lambda n: f"List {n}")


class ContactListMemberFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ContactListMember

    contact_list = factory.SubFactory(ContactListFactory)
    contact = factory.SubFactory(ContactFactory)
    added_at = NOW


class AudienceSourceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = AudienceSource

    campaign = factory.SubFactory(CampaignFactory)
    kind = "filter"
    query = factory.LazyFunction(lambda: {"lifecycle": "client"})


class AudienceRunFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = AudienceRun

    campaign = factory.SubFactory(CampaignFactory)
    asked_at = NOW


class LeftOutFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = LeftOut

    campaign = factory.SubFactory(CampaignFactory)
    run = factory.SubFactory(AudienceRunFactory, campaign=factory.SelfAttribute("..campaign"), status="done")
    contact = factory.SubFactory(ContactFactory)
    reason = "no_number"


class TargetFactory(factory.django.DjangoModelFactory):
    """One that was not called yet; its clocks are those of nowhere, so that only the window of its purpose holds."""

    class Meta:
        model = Target

    campaign = factory.SubFactory(CampaignFactory)
    contact = factory.SubFactory(ContactFactory)
    state = "pending"
    is_ready = factory.LazyAttribute(lambda o: o.state == "pending")
    ended_at = factory.LazyAttribute(lambda o: NOW if o.state in ("done", "exhausted", "suppressed") else None)


class AttemptFactory(factory.django.DjangoModelFactory):
    """An open lease of ten minutes; ``state="closed", closing="result"`` makes one that is over. Its target is left as it is."""

    class Meta:
        model = Attempt

    target = factory.SubFactory(TargetFactory, state="leased")
    campaign = factory.SelfAttribute("target.campaign")
    contact = factory.SelfAttribute("target.contact")
    number = factory.LazyAttribute(lambda o: o.target.attempts.count() + 1)
    fence = factory.SelfAttribute("target.fence")
    e164 = factory.Sequence(lambda n: f"+7499{n:07}")
    agent = factory.SubFactory(UserFactory)
    leased_by = factory.SelfAttribute("agent")
    lease_token = factory.LazyFunction(uuid4)
    leased_at = NOW
    lease_until = factory.LazyAttribute(lambda o: o.leased_at + timedelta(minutes=10))
    heard_at = factory.SelfAttribute("leased_at")
    closed_at = factory.LazyAttribute(lambda o: o.leased_at if o.state == "closed" else None)
    state = "leased"


class ConversionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Conversion

    attempt = factory.SubFactory(AttemptFactory)
    campaign = factory.SelfAttribute("attempt.campaign")
    contact = factory.SelfAttribute("attempt.contact")
    agent = factory.SelfAttribute("attempt.agent")
    kind = "promise"
    at = NOW


class CollectedFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Collected

    campaign = factory.SubFactory(CampaignFactory, kind="collection")
    contact = factory.SubFactory(ContactFactory)
    is_new = True
    at = NOW


class SurveyResponseFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = SurveyResponse

    survey_version = factory.SubFactory(SurveyVersionFactory)
    contact = factory.SubFactory(ContactFactory)
    started_at = NOW


class AnswerFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Answer

    question = factory.SubFactory(QuestionFactory)
    response = factory.SubFactory(SurveyResponseFactory, survey_version=factory.SelfAttribute("..question.survey_version"))
    value = 9
    measure = 9.0
    at = NOW
