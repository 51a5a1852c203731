"""A worker that builds the audience of a campaign is killed, again and again: everybody is in it once, or left out with a reason, in the end."""

import random
import signal
import subprocess
import time
from datetime import timedelta

import pytest
from django.db import connection

from campaigns import audiences
from campaigns.models import AudienceRun, LeftOut, Target
from tests.conftest import NOON
from tests.factories.campaigns import AudienceSourceFactory, CampaignFactory, ContactListFactory, ContactListMemberFactory
from tests.factories.consent import SuppressionFactory
from tests.factories.crm import ContactFactory
from tests.faults.running import at_work

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
PEOPLE, STOPPED = 300, 30
WORKER = """
import sys, time
import django
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from django.utils import timezone
from campaigns import audiences
audiences.BATCH = 3
real = audiences._write_left_out
def slowly(*args):
    made = real(*args)
    time.sleep(0.05)
    return made
audiences._write_left_out = slowly
print("at work", flush=True)
while audiences.run_owed(now=timezone.now()):
    pass
"""


def worker() -> subprocess.Popen:
    return at_work(WORKER, str(connection.settings_dict["NAME"]))


def test_a_killed_worker_leaves_no_gap_and_no_double():
    campaign, which = CampaignFactory(status="draft"), ContactListFactory()
    people = [ContactFactory(phones=True) for _ in range(PEOPLE)]
    for one in people:
        ContactListMemberFactory(contact_list=which, contact=one)
    for one in people[::10]:
        SuppressionFactory(e164="", contact=one, starts_at=NOON - timedelta(days=1))
    AudienceSourceFactory(campaign=campaign, mode="include", kind="list", query={}, contact_list=which)
    run = audiences.build(campaign.pk, by=None, now=NOON)
    chance, kills, seen = random.Random(5), 0, []
    while kills < 4:
        first, second = worker(), worker()
        time.sleep(chance.uniform(0.05, 0.3))
        first.send_signal(signal.SIGKILL)
        second.send_signal(signal.SIGKILL)
        kills += first.wait(10) == second.wait(10) == -signal.SIGKILL
        middle = AudienceRun.objects.get(pk=run.pk)
        if middle.status == "done":
            break
        seen.append(middle.seen)
    assert kills >= 2 and seen[-1] > 0, "nothing was killed in the middle"
    assert seen == sorted(seen), "what was done stays done"
    assert worker().wait(60) == 0
    run.refresh_from_db()
    assert (run.status, run.seen, run.total, run.added, run.left_out) == ("done", PEOPLE, PEOPLE, PEOPLE - STOPPED, STOPPED)
    inside = list(Target.objects.filter(campaign=campaign).values_list("contact", flat=True))
    outside = list(LeftOut.objects.filter(campaign=campaign).values_list("contact", flat=True))
    assert len(inside) == PEOPLE - STOPPED and set(inside) | set(outside) == {one.pk for one in people}
    assert sorted(outside) == sorted(one.pk for one in people[::10])
