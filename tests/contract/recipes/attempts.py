"""Recipes of attempts, what they brought, and contacts collected."""

from django.utils import timezone

from campaigns.models import Attempt
from tests.contract.recipes.asked import Asked, recipe
from tests.factories.calls import AgentExtensionFactory, DispositionFactory
from tests.factories.campaigns import AttemptFactory, CampaignFactory, CollectedFactory, ConversionFactory
from tests.factories.crm import ContactPhoneFactory


@recipe("attempts_list", "attempts_retrieve")
def an_attempt() -> Asked:
    return Asked(AttemptFactory())


@recipe("attempts_promise")
def promise() -> Asked:
    return Asked(AttemptFactory(), {"amount": "1500.00", "currency": "RUB", "note": "After the salary."})


@recipe("conversions_list", "conversions_retrieve")
def a_conversion() -> Asked:
    return Asked(ConversionFactory())


@recipe("conversions_take_back")
def take_back() -> Asked:
    return Asked(ConversionFactory(), {"reason": "It did not come."})


@recipe("campaigns_collected")
def collected() -> Asked:
    return Asked(CollectedFactory().campaign)


@recipe("campaigns_collect")
def collect() -> Asked:
    return Asked(CampaignFactory(kind="collection"), {"surname": "Smirnova", "phones": [{"number": "+74951234567"}]})


def in_hand(**more) -> Attempt:
    """A contact that has a number, in the hands of somebody since a moment ago."""
    attempt = AttemptFactory(leased_at=timezone.now(), **more)
    ContactPhoneFactory(contact=attempt.contact, phone__e164=attempt.e164)
    return attempt


@recipe("attempts_dial")
def dial() -> Asked:
    seat = AgentExtensionFactory(phone_system__takes_commands="poll")
    attempt = in_hand(agent=seat.user, target__campaign__agents=[seat.user])
    body = {"token": str(attempt.lease_token), "phone_system": seat.phone_system.slug, "extension": seat.extension}
    return Asked(attempt, body)


@recipe("attempts_report")
def report() -> Asked:
    attempt = in_hand()
    return Asked(attempt, {"token": str(attempt.lease_token), "disposition": DispositionFactory(direction="outbound").code})


@recipe("campaigns_report_results")
def results() -> Asked:
    attempt = in_hand()
    return Asked(attempt.campaign, {"results": [{"attempt": str(attempt.pk), "token": str(attempt.lease_token), "outcome": "no_answer"}]})
