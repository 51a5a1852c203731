"""Whoever might not be called waits again once nothing stands in the way, and not before."""

from datetime import UTC, datetime, timedelta

import pytest

from campaigns import excluding, revoking
from campaigns.models import Target
from crm import suppression
from tests.factories.campaigns import AttemptFactory, CampaignFactory, TargetFactory
from tests.factories.crm import ContactPhoneFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def stopped(campaign, lead, **more):
    """A target whose contact was put on the do-not-call list while it waited."""
    target = TargetFactory(campaign=campaign, contact=ContactPhoneFactory().contact, **more)
    stop, _ = suppression.add(contact=target.contact, purpose="service", source="customer", by=lead, now=NOW)
    target.refresh_from_db()
    assert (target.state, target.is_ready, target.reason) == ("suppressed", False, "suppressed") and target.ended_at
    return target, stop


def asked_again(target, at):
    revoking.ask_again(now=at)
    return Target.objects.get(pk=target.pk)


def test_whoever_is_taken_off_the_list_waits_again_with_what_was_tried_before():
    lead, campaign = UserFactory(role="supervisor"), CampaignFactory()
    fresh, stop = stopped(campaign, lead)
    tried, other = stopped(campaign, lead)
    tried_at = NOW - timedelta(days=1)
    AttemptFactory(target=tried, state="closed", closing="result", outcome="busy", counted="contact", leased_at=tried_at)
    Target.objects.update(checked_at=NOW)
    assert asked_again(fresh, NOW + timedelta(minutes=16)).state == "suppressed", "it still stands there"
    for one in (stop, other):
        suppression.lift(one.pk, reason="They called and asked us to.", by=lead, now=NOW + timedelta(minutes=20))
    assert asked_again(fresh, NOW + timedelta(minutes=25)).state == "suppressed", "each is asked about every quarter of an hour"
    back = asked_again(fresh, NOW + timedelta(minutes=32))
    assert (back.state, back.is_ready, back.reason, back.ended_at) == ("pending", True, "", None)
    again = Target.objects.get(pk=tried.pk)
    assert (again.state, again.attempts_total, again.outcome) == ("retry_wait", 1, "busy"), "as its attempts say"


def test_whoever_was_taken_out_by_hand_does_not_come_back_by_itself():
    lead, campaign = UserFactory(role="supervisor"), CampaignFactory()
    target = TargetFactory(campaign=campaign, contact=ContactPhoneFactory().contact)
    excluding.exclude(target.pk, reason="They moved.", by=lead, now=NOW)
    assert asked_again(target, NOW + timedelta(days=2)).state == "suppressed"
    paused, stop = stopped(CampaignFactory(status="paused"), lead)
    Target.objects.filter(pk=paused.pk).update(checked_at=NOW)
    suppression.lift(stop.pk, reason="A mistake.", by=lead, now=NOW)
    assert asked_again(paused, NOW + timedelta(hours=1)).state == "pending", "a campaign that rests goes on with them"
