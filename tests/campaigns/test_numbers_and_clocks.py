"""On which number somebody is called, and by whose clocks: another number when one is shut, and the hours of where they are now."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns import clock_keys, excluding, handout, revoking
from campaigns.models import Campaign, Target
from crm import calling_whom, contacts
from crm.calling_whom import Whom
from crm.models import Contact
from tests.factories.calling import CallingWindowFactory
from tests.factories.campaigns import AttemptFactory, CampaignFactory, TargetFactory
from tests.factories.consent import SuppressionFactory
from tests.factories.crm import ContactFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
FIRST, SECOND = "+74951234567", "+74951234568"
DAYTIME = {day: [(9 * 60, 18 * 60)] for day in range(7)}


@pytest.fixture
def agent(db):
    return UserFactory(role="agent")


def target_of(campaign, *numbers, **more):
    contact = ContactFactory(phones=list(numbers), **more)
    (subject,) = calling_whom.found([Whom(contact_id=contact.pk)])
    return TargetFactory(campaign=campaign, contact=contact, clocks=clock_keys.key_of(subject.clocks))


def explained(target, agent, at=NOW):
    (verdict,) = handout.explain([Target.objects.select_related("campaign").get(pk=target.pk)], agent=agent, now=at)
    return verdict


def dropped():
    AttemptFactory(e164=FIRST, leased_at=NOW - timedelta(hours=2), state="closed", closing="result", is_drop=True, answered_at=NOW)


def stopped_for_a_while():
    SuppressionFactory(e164=FIRST, purpose="service", starts_at=NOW - timedelta(days=1), expires_at=NOW + timedelta(days=2))


def in_other_hands():
    AttemptFactory(e164=FIRST, leased_at=NOW, lease_until=NOW + timedelta(hours=1))


@pytest.mark.parametrize("shut", [dropped, stopped_for_a_while, in_other_hands])
def test_while_one_number_is_shut_the_other_is_called(shut, agent):
    campaign = CampaignFactory(agents=[agent])
    both, one = target_of(campaign, FIRST, SECOND), target_of(campaign, FIRST)
    shut()
    verdict = explained(both, agent)
    assert verdict.allowed and verdict.subject.e164 == SECOND
    assert not explained(one, agent).allowed
    given = handout.next_for(campaign.pk, agent=agent, now=NOW).attempt
    assert (given.target_id, given.e164) == (both.pk, SECOND)


def test_of_two_shut_numbers_the_one_that_opens_first_says_when(agent):
    campaign = CampaignFactory(agents=[agent])
    target = target_of(campaign, FIRST, SECOND)
    dropped()
    SuppressionFactory(e164=SECOND, purpose="service", starts_at=NOW - timedelta(days=1), expires_at=NOW + timedelta(hours=2))
    assert handout.next_for(campaign.pk, agent=agent, now=NOW).attempt is None
    assert Target.objects.get(pk=target.pk).next_attempt_at == NOW + timedelta(hours=2) == explained(target, agent).next_at
    given = handout.next_for(campaign.pk, agent=agent, now=NOW + timedelta(hours=2, seconds=1)).attempt
    assert given.e164 == SECOND


def test_who_is_in_hand_or_outside_their_hours_is_so_on_every_number(agent):
    campaign = CampaignFactory(agents=[agent])
    CallingWindowFactory(purpose="service", is_active=True, hours=DAYTIME)
    target = target_of(campaign, FIRST, SECOND)
    dropped()
    night = NOW + timedelta(hours=9)
    assert {one.code for one in explained(target, agent, night).reasons} == {"outside_window"}, (
        "of the number that is called in the morning"
    )
    AttemptFactory(target=TargetFactory(contact=target.contact, state="leased"), e164=FIRST, leased_at=NOW)
    assert {one.code for one in explained(target, agent).reasons} == {"contact_in_hand"}


def test_other_numbers_cost_no_more_statements_for_many(agent):
    campaign, counts = CampaignFactory(agents=[agent]), []
    AttemptFactory(
        target=TargetFactory(campaign=campaign),
        e164=FIRST,
        leased_at=NOW - timedelta(hours=2),
        state="closed",
        closing="result",
        is_drop=True,
        answered_at=NOW,
    )
    for many in (1, 8):
        made = [target_of(campaign, FIRST, f"+7495222{many}{number:03}") for number in range(many)]
        with CaptureQueriesContext(connection) as asked:
            campaign = Campaign.objects.prefetch_related("hours").get()
            for one in made:
                one.campaign = campaign
            assert all(verdict.allowed for verdict in handout.explain(made, agent=agent, now=NOW))
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_whoever_had_no_zone_and_has_one_now_is_called_in_its_hours(agent):
    CallingWindowFactory(purpose="service", is_active=True, hours=DAYTIME, unknown_zone="refuse")
    campaign = CampaignFactory(agents=[agent])
    target = target_of(campaign, "+79161234567")
    assert [one.code for one in explained(target, agent).reasons] == ["zone_unknown"]
    Target.objects.update(state="suppressed", reason="zone_unknown", is_ready=False, ended_at=NOW, checked_at=NOW)
    contacts.alter(target.contact_id, time_zone="Asia/Omsk", by=None, now=NOW + timedelta(minutes=1))
    assert revoking.ask_again(now=NOW + timedelta(minutes=16)) == 1
    target.refresh_from_db()
    assert (target.state, target.clocks) == ("pending", "Asia/Omsk;RU")
    assert handout.next_for(campaign.pk, agent=agent, now=NOW + timedelta(minutes=17)).attempt.target_id == target.pk


def test_whoever_is_brought_back_by_hand_is_called_by_the_clocks_of_where_they_are_now(agent):
    CallingWindowFactory(purpose="service", is_active=True, hours=DAYTIME)
    campaign, boss = CampaignFactory(agents=[agent]), UserFactory(role="supervisor")
    target = target_of(campaign, "+79161234567", time_zone="America/New_York", time_zone_source="explicit")
    excluding.exclude(target.pk, reason="Not now.", by=boss, now=NOW)
    contacts.alter(target.contact_id, time_zone="Europe/Moscow", by=boss, now=NOW)
    excluding.reinstate(target.pk, by=boss, now=NOW)
    assert handout.next_for(campaign.pk, agent=agent, now=NOW).attempt.target_id == target.pk


def test_a_move_is_seen_however_long_nobody_looked_and_by_whomever_they_are_held():
    campaign = CampaignFactory(freshened_at=NOW)
    moved = target_of(campaign, "+79161234567", time_zone="Europe/Moscow", time_zone_source="explicit")
    in_hand = target_of(campaign, "+79161234568", time_zone="Europe/Moscow", time_zone_source="explicit")
    Target.objects.filter(pk=in_hand.pk).update(state="leased", is_ready=False)
    Contact.objects.update(time_zone="Asia/Kamchatka", updated_at=NOW + timedelta(hours=1))
    assert revoking.freshen(now=NOW + timedelta(days=2)) == 2
    assert set(Target.objects.values_list("clocks", flat=True)) == {"Asia/Kamchatka;RU"}
    assert Campaign.objects.get().freshened_at == NOW + timedelta(days=2, minutes=-10)
    assert revoking.freshen(now=NOW + timedelta(days=2)) == 0
    moved.refresh_from_db()
    assert moved.state == "pending"


@pytest.mark.parametrize("reason", ["no_number", "no_number_left", "number_used_up"])
def test_a_new_number_lets_those_wait_again_who_had_none_left(reason, agent, client_of):
    running, over = CampaignFactory(agents=[agent]), CampaignFactory(status="completed", ended_at=NOW)
    contact = ContactFactory(phones=[])
    for campaign in (running, over):
        TargetFactory(campaign=campaign, contact=contact, state="exhausted", reason=reason)
    used_up = TargetFactory(campaign=CampaignFactory(), contact=contact, state="exhausted", reason="attempts")
    answer = client_of("supervisor").patch(f"/api/v1/contacts/{contact.pk}/", {"phones": [{"number": FIRST}]}, format="json")
    assert answer.status_code == 200, answer.content
    assert Target.objects.get(campaign=running).state == "pending"
    assert {Target.objects.get(campaign=over).state, Target.objects.get(pk=used_up.pk).state} == {"exhausted"}
    assert handout.next_for(running.pk, agent=agent, now=NOW).attempt.e164 == FIRST
