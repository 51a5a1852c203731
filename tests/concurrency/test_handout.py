"""Contacts handed out to many at once, over real connections and from real processes, some of which are killed with a contact in hand.

The witness is no row of ours: whoever is given a contact locks its number, its target and its person in the database by a lock of their own session.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from threading import Event
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from campaigns import handout, leases, reporting, running
from campaigns.models import Attempt, Target
from config.platform import statements
from crm import consent, suppression
from crm.models import Contact, ContactPhone, PhoneNumber
from tests.concurrency.handout_worker import clock
from tests.concurrency.test_orders import at_once
from tests.factories.campaigns import CampaignFactory, TargetFactory
from tests.factories.crm import ContactFactory, ContactPhoneFactory, PhoneNumberFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = """
import json, sys
import django
django.setup()
from django.db import connection
asked = json.loads(sys.argv[1])
connection.settings_dict["NAME"] = asked["database"]
from tests.concurrency.handout_worker import work
work(asked)
"""
PACE = 300


def crowd(count, *campaigns):
    """So many contacts, all in the first campaign and every second in the others too; every tenth has the number of the one before."""
    begin = PhoneNumber.objects.count()
    contacts = Contact.objects.bulk_create(ContactFactory.build() for _ in range(count))
    phones = PhoneNumber.objects.bulk_create(PhoneNumberFactory.build(e164=f"+7916{begin + number:07}") for number in range(count))
    ContactPhone.objects.bulk_create(
        ContactPhoneFactory.build(contact=contact, phone=phones[number - 1 if number % 10 == 9 else number], is_primary=True)
        for number, contact in enumerate(contacts)
    )
    for place, campaign in enumerate(campaigns):
        Target.objects.bulk_create(TargetFactory.build(campaign=campaign, contact=contact) for contact in contacts[:: 2 if place else 1])
    return contacts


class Shift:
    """Processes of operators and a dialler who call everybody; time goes by faster for them."""

    def __init__(self, campaigns):
        self.campaigns, self.begun = campaigns, time.time()

    def process(self, agents, **more):
        asked = {
            "database": str(connection.settings_dict["NAME"]), "campaigns": [str(one.pk) for one in self.campaigns], "begun": self.begun,
            "pace": PACE, "agents": [str(one.pk) for one in agents],
        } | more  # fmt: skip
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
        return subprocess.Popen([sys.executable, "-c", WORKER, json.dumps(asked)], env=environment, stdout=subprocess.PIPE, text=True)

    @property
    def now(self):
        return clock(self.begun, PACE)

    def look_after(self, processes, within_s):
        """Take back what is lost, until all have gone home."""
        until = time.monotonic() + within_s
        while any(one.poll() is None for one in processes):
            handout.expire(now=self.now)
            time.sleep(0.1)
            if time.monotonic() > until:
                for one in processes:
                    one.kill()
                raise AssertionError(f"not done in {within_s} s: {Counter(Target.objects.values_list('state', flat=True))}")


def everybody_is_called(count, agents, processes, within_s):
    people = [UserFactory(role="agent") for _ in range(agents + 2)]
    dialler = UserFactory(role="integration")
    campaigns = [CampaignFactory(agents=people, max_attempts=1, lease_s=86400) for _ in range(2)]
    crowd(count, *campaigns)
    shift = Shift(campaigns)
    doomed = shift.process(people[agents:], holds_s=60)
    held = [doomed.stdout.readline().split() for _ in range(2)]
    started = [
        shift.process(people[number:agents:processes], **({"dialler": str(dialler.pk)} if number == 0 else {}))
        for number in range(processes)
    ]
    doomed.send_signal(signal.SIGKILL)
    assert doomed.wait(20) == -signal.SIGKILL
    assert sorted(Attempt.objects.filter(agent__in=people[agents:], state="leased").values_list("e164", flat=True)) == sorted(
        e164 for _, e164 in held
    )
    Attempt.objects.filter(agent__in=people[agents:], state="leased").update(lease_until=shift.now)  # their time is over
    shift.look_after(started, within_s)
    said = [line for one in started for line in one.stdout.read().splitlines()]
    assert [one.wait(10) for one in started] == [0] * processes
    wrong = [line for line in said if not line.startswith("called ")]
    assert not wrong, wrong[:10]
    assert set(Target.objects.values_list("state", "attempts_total").distinct()) == {("exhausted", 1)}, (
        "nobody is lost, nobody called twice"
    )
    assert len(said) == Attempt.objects.filter(closing="result").count() == count + (count + 1) // 2
    lost = Attempt.objects.filter(closing="expired")
    assert lost.count() > 2, "nobody vanished"
    for attempt in lost[:5]:
        for late in (handout.heartbeat, handout.release):
            with pytest.raises(leases.LeaseLost):
                late(attempt.pk, attempt.lease_token, now=shift.now)
        with pytest.raises(leases.LeaseLost):
            reporting.report(attempt.pk, uuid4(), outcome="busy", by=attempt.agent, now=shift.now)


@pytest.mark.slow
def test_many_processes_call_everybody_once_and_no_number_is_in_two_hands():
    everybody_is_called(count=200, agents=6, processes=2, within_s=90)


@pytest.mark.long
def test_sixty_four_operators_call_ten_thousand():
    everybody_is_called(count=6667, agents=64, processes=4, within_s=1800)


def test_nobody_who_said_no_is_handed_out_after_it():
    people = [UserFactory(role="agent") for _ in range(4)]
    campaign = CampaignFactory(agents=people, min_gap_s=0)
    contacts = crowd(60, campaign)
    said, stop, seen = set(), Event(), []

    def take(agent):
        while not stop.is_set():
            known = set(said)
            attempt = handout.next_for(campaign.pk, agent=agent, now=timezone.now()).attempt
            if attempt is None:
                continue
            if attempt.contact_id in known:
                seen.append(f"{attempt.contact_id} was handed out after the no")
            if attempt.contact_id in set(said):
                attempt.refresh_from_db()
                if attempt.state != "closed":
                    seen.append(f"{attempt.contact_id} is still in hand after the no")
            try:
                handout.release(attempt.pk, attempt.lease_token, again_in_s=0, now=timezone.now())
            except leases.LeaseLost:
                seen.append(None)

    def say_no():
        try:
            for number, contact in enumerate(random.Random(3).sample(contacts[::10] + contacts[1::10] + contacts[2::10], 18)):
                now, by = timezone.now(), None
                e164 = contact.contact_phones.get().phone.e164
                if number % 3 == 0:
                    suppression.add(contact=contact, purpose="", source="customer", by=by, now=now)
                elif number % 3 == 1:
                    suppression.add(phone=e164, purpose="service", source="customer", by=by, now=now)
                else:
                    consent.withdraw(contact=contact, purpose="service", channel="call", obtained_via="call", by=by, now=now)
                said.add(contact.pk)
                if Attempt.objects.filter(contact=contact).exclude(state="closed").exists():
                    seen.append(f"the lease of {contact.pk} stands after the no")
                time.sleep(0.05)
        finally:
            stop.set()

    at_once(say_no, *(lambda one=one: take(one) for one in people))
    assert not [one for one in seen if one]
    assert Target.objects.filter(contact__in=said).count() == Target.objects.filter(contact__in=said, state="suppressed").count() == 18
    assert Attempt.objects.count() > 60, "nobody was handed out meanwhile"


def test_who_ends_an_attempt_and_who_says_no_do_not_wait_for_one_another():
    """Both hold the attempt first and its target then: whoever waits for the attempt has not taken the target before."""
    agent, waits = UserFactory(role="agent"), Event()
    campaign = CampaignFactory(agents=[agent])
    (contact,) = crowd(1, campaign)
    attempt = handout.next_for(campaign.pk, agent=agent, now=timezone.now()).attempt

    def end():
        with transaction.atomic():
            held = leases.in_hand(attempt.pk, attempt.lease_token)
            waits.set()
            until = time.monotonic() + 20
            while not statements.rows("SELECT 1 FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple') LIMIT 1", []):
                assert time.monotonic() < until, "nobody waits for the attempt"
                time.sleep(0.02)
            Target.objects.select_for_update(nowait=True, of=("self",)).get(pk=attempt.target_id)
            handout.close(held, Attempt.Closing.RELEASED, again_at=timezone.now(), now=timezone.now())

    def say_no():
        waits.wait(20)
        suppression.add(contact=contact, purpose="service", source="customer", by=None, now=timezone.now())

    at_once(end, say_no)
    attempt.refresh_from_db()
    assert (attempt.closing, Target.objects.get().state) == ("released", "suppressed")


def test_no_lease_begins_after_the_pause_was_answered():
    people, lead = [UserFactory(role="agent") for _ in range(4)], UserFactory(role="supervisor")
    for _ in range(3):
        campaign = CampaignFactory(agents=people)
        crowd(40, campaign)
        paused, seen = Event(), []

        def take(agent, campaign=campaign, paused=paused, seen=seen):
            for _ in range(200):
                was_paused = paused.is_set()
                try:
                    attempt = handout.next_for(campaign.pk, agent=agent, now=timezone.now()).attempt
                except handout.CampaignNotRunning:
                    return
                assert not was_paused, "handed out after the pause"
                handout.release(attempt.pk, attempt.lease_token, again_in_s=0, now=timezone.now())

        def pause(campaign=campaign, paused=paused, seen=seen):
            while Attempt.objects.filter(campaign=campaign).count() < 8:
                time.sleep(0.01)
            running.pause(campaign.pk, by=lead, now=timezone.now())
            paused.set()
            seen.append(Attempt.objects.filter(campaign=campaign).count())

        at_once(pause, *(lambda one=one, take=take: take(one) for one in people))
        assert seen == [Attempt.objects.filter(campaign=campaign).count()]


def test_an_operator_who_asks_twice_at_once_gets_the_same_contact():
    agent = UserFactory(role="agent")
    campaign = CampaignFactory(agents=[agent])
    crowd(20, campaign)
    for _ in range(5):
        given = at_once(*[lambda: handout.next_for(campaign.pk, agent=agent, now=timezone.now())] * 4)
        attempts = {one.attempt and one.attempt.pk for one in given}
        assert len(attempts) == 1 and None not in attempts
        handout.release(given[0].attempt.pk, given[0].attempt.lease_token, again_in_s=3600, now=timezone.now())
    assert Target.objects.filter(is_ready=True).count() == 15, "nobody else is put off by it"


def test_two_batches_of_shared_numbers_pass_each_other():
    diallers = [UserFactory(role="integration") for _ in range(4)]
    campaigns = [CampaignFactory() for _ in range(2)]
    contacts = crowd(150, *campaigns)
    Target.objects.filter(campaign=campaigns[1]).delete()
    Target.objects.bulk_create(TargetFactory.build(campaign=campaigns[1], contact=one) for one in reversed(contacts))
    taken = at_once(*(
        lambda one=one, number=number: handout.lease_batch(campaigns[number % 2].pk, by=one, most=120, now=timezone.now())
        for number, one in enumerate(diallers)
    ))  # fmt: skip
    numbers = [attempt.e164 for batch in taken for attempt in batch]
    assert len(numbers) == len(set(numbers)) == Attempt.objects.filter(state="leased").count() == 135


def test_nobody_is_in_two_hands_on_two_numbers():
    campaigns = [CampaignFactory() for _ in range(2)]
    contacts = crowd(100, campaigns[0])
    others = PhoneNumber.objects.bulk_create(PhoneNumberFactory.build(e164=f"+7926{number:07}") for number in range(len(contacts)))
    ContactPhone.objects.bulk_create(
        ContactPhoneFactory.build(contact=contact, phone=phone, is_primary=False, order=1)
        for contact, phone in zip(contacts, reversed(others), strict=True)
    )
    Target.objects.bulk_create(
        TargetFactory.build(campaign=campaigns[1], contact=contact, next_e164=phone.e164)
        for contact, phone in zip(contacts, reversed(others), strict=True)
    )
    diallers = [UserFactory(role="integration") for _ in range(4)]
    taken = at_once(*(
        lambda one=one, number=number: handout.lease_batch(campaigns[number % 2].pk, by=one, most=30, now=timezone.now())
        for number, one in enumerate(diallers)
    ))  # fmt: skip
    people = [attempt.contact_id for batch in taken for attempt in batch]
    assert len(people) == len(set(people)) == Attempt.objects.filter(state="leased").count() > 50
    assert {attempt.campaign_id for batch in taken for attempt in batch} == {one.pk for one in campaigns}
