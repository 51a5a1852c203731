"""Promises of campaigns: the desk of callbacks says when they are due and whose they are; and limits that grow let people wait again."""

from datetime import UTC, datetime, timedelta

import pytest

from calls import callbacks
from calls.models import Callback
from campaigns import handout, outcomes, preparing, reporting, revoking, running
from campaigns.models import Attempt, Campaign, Target
from crm import suppression
from tests.factories.campaigns import CampaignFactory, TargetFactory
from tests.factories.crm import ContactPhoneFactory, TeamFactory
from tests.factories.dispositions import DispositionFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TEN = NOW + timedelta(hours=3)


@pytest.fixture
def promised():
    """A contact of a campaign who was promised a call at ``TEN``, the operator who did, and another one of the campaign."""
    one, other = UserFactory(role="agent"), UserFactory(role="agent")
    campaign = CampaignFactory(agents=[one, other])
    TargetFactory(campaign=campaign, contact=ContactPhoneFactory().contact)
    later = DispositionFactory(direction="outbound", contact_made=True, callback=True)

    def make(of=None, **whose):
        Campaign.objects.filter(pk=campaign.pk).update(**of or {})
        held = handout.next_for(campaign.pk, agent=one, now=NOW).attempt
        said = {"disposition": later, "callback": {"at": TEN, **whose}}
        reporting.report(held.pk, held.lease_token, **said, by=one, now=NOW + timedelta(minutes=2))
        return campaign, Callback.objects.get(), one, other

    return make


def test_a_promise_that_the_desk_moved_is_kept_at_its_new_time(promised):
    campaign, callback, one, _ = promised()
    later = TEN + timedelta(hours=5)
    callbacks.reschedule(callback.pk, at=later, by=one, now=NOW + timedelta(hours=1))
    assert handout.next_for(campaign.pk, agent=one, now=TEN + timedelta(minutes=1)).attempt is None
    outcomes.tend(now=TEN + timedelta(minutes=1))
    assert Target.objects.get().next_attempt_at == later
    assert handout.next_for(campaign.pk, agent=one, now=later + timedelta(minutes=1)).attempt.callback == callback


def test_call_me_in_twenty_minutes_is_kept_though_the_campaign_leaves_an_hour_between_calls():
    agent = UserFactory(role="agent")
    campaign = CampaignFactory(agents=[agent], min_gap_s=3600, max_per_day=1)
    TargetFactory(campaign=campaign, contact=ContactPhoneFactory().contact)
    held = handout.next_for(campaign.pk, agent=agent, now=NOW).attempt
    later = DispositionFactory(direction="outbound", contact_made=True, callback=True)
    soon = NOW + timedelta(minutes=20)
    reporting.report(held.pk, held.lease_token, disposition=later, callback={"at": soon}, by=agent, now=NOW + timedelta(minutes=2))
    assert handout.next_for(campaign.pk, agent=agent, now=soon - timedelta(minutes=1)).attempt is None
    given = handout.next_for(campaign.pk, agent=agent, now=soon)
    assert given.attempt and given.why == "promised"


def test_a_promise_to_a_team_is_left_for_it_however_often_others_ask(promised):
    team = TeamFactory()
    campaign, callback, one, other = promised(team=team)
    team.members.set([other])
    dialler, due = UserFactory(role="integration"), TEN + timedelta(minutes=1)
    for step in range(3):
        assert handout.next_for(campaign.pk, agent=one, now=due + timedelta(seconds=step)).attempt is None
        assert handout.lease_batch(campaign.pk, by=dialler, most=5, now=due + timedelta(seconds=step)) == []
    assert handout.next_for(campaign.pk, agent=other, now=due + timedelta(seconds=5)).attempt.callback == callback


def test_a_write_up_put_right_takes_no_promise_out_of_the_hands_that_have_it_now(promised):
    campaign, callback, one, other = promised()
    due = TEN + timedelta(minutes=1)
    held = handout.next_for(campaign.pk, agent=one, now=due).attempt
    reporting.report(held.pk, held.lease_token, outcome="no_answer", by=one, now=due + timedelta(minutes=1))
    callbacks.take(callback.pk, by=other, now=due + timedelta(hours=2))
    talked = DispositionFactory(direction="outbound", contact_made=True)
    reporting.report(held.pk, held.lease_token, disposition=talked, by=one, now=due + timedelta(hours=2, minutes=1))
    callback.refresh_from_db()
    assert (callback.status, callback.taken_by) == ("taken", other)


@pytest.mark.parametrize("purpose", ["service", "marketing"])
def test_a_promise_of_a_marketing_campaign_is_called_off_by_a_no_to_marketing(purpose, promised):
    campaign, callback, one, _ = promised({"purpose": purpose})
    assert callback.purpose == purpose
    asked = callbacks.schedule(
        phone="+74950000077", at=TEN, origin={"kind": "attempt", "id": Attempt.objects.get().pk}, by=one, now=NOW + timedelta(minutes=5)
    )
    assert asked.purpose == purpose, "also when it is promised apart from a write-up"
    assert callbacks.schedule(phone="+74950000078", at=TEN, by=one, now=NOW).purpose == "service"
    suppression.add(contact=callback.contact, purpose="marketing", source="customer", by=None, now=NOW + timedelta(hours=1))
    callback.refresh_from_db()
    target = Target.objects.get()
    stops = purpose == "marketing"
    assert (callback.status, target.state) == (("cancelled", "suppressed") if stops else ("scheduled", "callback_wait"))
    if stops:
        running.tend(now=NOW + timedelta(hours=2))
        campaign.refresh_from_db()
        assert campaign.status == "completed", "who may not be called is waited for no more"


def test_limits_that_grow_let_people_wait_again_before_the_campaign_could_end():
    boss, agent = UserFactory(role="supervisor"), UserFactory(role="agent")
    campaign = CampaignFactory(agents=[agent], max_attempts=1, status="running")
    target = TargetFactory(campaign=campaign, contact=ContactPhoneFactory().contact)
    held = handout.next_for(campaign.pk, agent=agent, now=NOW).attempt
    reporting.report(held.pk, held.lease_token, outcome="busy", by=agent, now=NOW)
    target.refresh_from_db()
    assert (target.state, target.reason) == ("exhausted", "attempts")

    preparing.alter(campaign.pk, max_attempts=3, by=boss, now=NOW + timedelta(minutes=1))
    running.tend(now=NOW + timedelta(minutes=1))
    campaign.refresh_from_db()
    assert campaign.status == "running", "whoever was used up is asked about again first"
    assert revoking.revive(now=NOW + timedelta(minutes=2)) == 1
    assert revoking.revive(now=NOW + timedelta(minutes=3)) == 0
    target.refresh_from_db()
    campaign.refresh_from_db()
    assert (target.state, target.ended_at, campaign.limits_grew_at) == ("retry_wait", None, None)
    assert handout.next_for(campaign.pk, agent=agent, now=NOW + timedelta(hours=5)).attempt is not None
    assert Attempt.objects.count() == 2
