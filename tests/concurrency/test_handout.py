"""Contacts handed out to many at once, over real connections: each number in one pair of hands, nobody twice, nobody lost."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from campaigns import handout, leases
from campaigns.models import Attempt, Target
from crm import suppression
from tests.concurrency.test_orders import at_once
from tests.factories.calls import CallFactory
from tests.factories.campaigns import AttemptFactory, CampaignFactory, TargetFactory
from tests.factories.crm import ContactFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


def world(people: int, agents: int):
    """Two campaigns that share every fourth contact, and so its number."""
    users = [UserFactory(role="agent") for _ in range(agents)]
    campaigns = [CampaignFactory(agents=users, purpose="service", lease_s=600) for _ in range(2)]
    for number in range(people):
        contact = ContactFactory(phones=[f"+7495{number:07}"])
        for campaign in campaigns if number % 4 == 0 else [campaigns[number % 2]]:
            TargetFactory(campaign=campaign, contact=contact, priority=number % 5)
    return users


def finish(attempt: Attempt, now) -> None:
    """It came out: their number is not called again in this test."""
    Attempt.objects.filter(pk=attempt.pk).update(state="closed", closing="result", closed_at=now)
    Target.objects.filter(pk=attempt.target_id).update(state="done", ended_at=now, is_ready=False)


def work(agent, now) -> list[tuple[str, str]]:
    """Take until nobody is left; every fifth is forgotten in this pair of hands, which then works no more."""
    had = []
    try:
        for turn in range(200):
            attempt = handout.next_of_all(agent, now=now).attempt
            if attempt is None:
                break
            had.append((str(attempt.target_id), attempt.e164))
            if turn and turn % 5 == 0:
                break
            finish(attempt, now)
    finally:
        connection.close()
    return had


@pytest.mark.parametrize("people, agents", [(60, 16), pytest.param(2000, 64, marks=pytest.mark.long)])
def test_however_many_take_each_target_is_given_once_a_round_and_none_is_lost(people, agents):
    users = world(people, agents)
    total, now = Target.objects.count(), timezone.now()
    given: Counter[str] = Counter()
    for _ in range(people):
        with ThreadPoolExecutor(agents) as pool:
            rounds = list(pool.map(lambda agent, at=now: work(agent, at), users))
        round_of = Counter(target for had in rounds for target, _ in had)
        assert max(round_of.values(), default=0) <= 1, "somebody was given twice at once"
        open_numbers = Counter(Attempt.objects.open().values_list("e164", flat=True))
        assert max(open_numbers.values(), default=0) <= 1
        given += round_of
        now += timedelta(seconds=700)  # the leases of those who vanished are over
        while handout.expire(now=now, limit=50):
            pass
        Target.objects.filter(state__in=["pending", "retry_wait"], is_ready=False).update(next_attempt_at=now)
        if not Target.objects.exclude(state="done").exists():
            break
    assert Target.objects.filter(state="done").count() == total and set(given) == {
        str(pk) for pk in Target.objects.values_list("pk", flat=True)
    }


def test_who_asks_again_has_the_same_and_an_old_token_opens_nothing():
    agent = UserFactory(role="agent")
    campaign = CampaignFactory(agents=[agent])
    for number in range(3):
        TargetFactory(campaign=campaign, contact=ContactFactory(phones=[f"+7495000{number:04}"]))
    now = timezone.now()
    answers = at_once(*[lambda: handout.next_for(campaign.pk, agent=agent, now=now).attempt] * 4)
    assert len({one.pk for one in answers if one}) == 1 == Attempt.objects.open().count()
    attempt = Attempt.objects.get()
    handout.expire(now=now + timedelta(seconds=700))
    for token in (attempt.lease_token, uuid4()):
        with pytest.raises(leases.LeaseLost):
            handout.heartbeat(attempt.pk, token, now=now + timedelta(seconds=701))


@pytest.mark.parametrize("turn", range(3))
def test_a_no_that_is_written_while_contacts_are_handed_out_leaves_nobody_in_hand(turn):
    agents = [UserFactory(role="agent") for _ in range(4)]
    campaign = CampaignFactory(agents=agents)
    contacts = [ContactFactory(phones=[f"+7495000{number:04}"]) for number in range(4)]
    for contact in contacts:
        TargetFactory(campaign=campaign, contact=contact)
    admin, now = UserFactory(role="admin"), timezone.now()
    at_once(
        *(lambda one=one: handout.next_for(campaign.pk, agent=one, now=now) for one in agents),
        *(lambda one=one: suppression.add(contact=one, source="customer", by=admin, now=now) for one in contacts[:2]),
    )
    said_no = Attempt.objects.open().filter(contact__in=contacts[:2])
    assert not said_no.exists()
    assert set(Target.objects.filter(contact__in=contacts[:2]).values_list("state", flat=True)) == {"suppressed"}
    for attempt in Attempt.objects.filter(contact__in=contacts[:2]):
        assert attempt.closing == "revoked"
        with pytest.raises(leases.LeaseLost):
            handout.heartbeat(attempt.pk, attempt.lease_token, now=now)


def test_a_lease_waits_for_the_call_that_goes_on_with_its_number():
    attempt = AttemptFactory(leased_at=timezone.now() - timedelta(minutes=20))
    call = CallFactory(open=True, direction="outbound", customer_e164=attempt.e164)
    handout.expire(now=timezone.now())
    attempt.refresh_from_db()
    assert attempt.state == "leased"
    type(call).objects.filter(pk=call.pk).update(state="ended", ended_at=timezone.now())
    handout.expire(now=timezone.now() + timedelta(minutes=5))
    attempt.refresh_from_db()
    assert (attempt.state, attempt.closing) == ("closed", "expired")
