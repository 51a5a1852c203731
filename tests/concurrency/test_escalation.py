"""P6 over real connections and processes: sweeps at once, sweeps beside changes, a sweep that is killed in the middle. Each step once."""

import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.db import connection

from complaints import clocks, escalation
from complaints.models import Complaint, EscalationStep
from config.platform.models import AuditEvent, FeedMessage, OutboxEvent
from config.platform.moves import transition
from tests.concurrency.test_orders import at_once
from tests.factories.complaints import ComplaintFactory, EscalationPolicyFactory, SLAPolicyFactory
from tests.factories.crm import DepartmentFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 24
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
DUE = NOON + timedelta(hours=24)


@pytest.fixture
def overdue() -> list[Complaint]:
    """Complaints whose promise is over: two levels were due, the second fires."""
    SLAPolicyFactory(
        escalation=EscalationPolicyFactory(levels=3), acknowledge_s=None, assign_s=None, first_response_s=None, inform_every_s=None
    )
    head = UserFactory(role="supervisor")
    made = []
    for _ in range(MANY):
        complaint = ComplaintFactory(received_at=NOON, department=DepartmentFactory(head=head), by=head, contact=None, topic=None)
        clocks.begin(complaint, now=NOON)
        complaint.save()
        made.append(complaint)
    return made


def sweep_all(limit: int = 5) -> None:
    while escalation.tend(now=DUE, limit=limit):
        pass


def assert_each_once() -> None:
    """Every step once, told once, remembered once."""
    found = Counter(EscalationStep.objects.values_list("number", "round", "skipped_because"))
    assert found == {(1, 0, "overtaken"): MANY, (2, 0, ""): MANY}
    assert FeedMessage.objects.filter(kind="complaint.escalated").count() == MANY
    assert OutboxEvent.objects.filter(type="complaint.breached").count() == MANY
    assert Counter(AuditEvent.objects.filter(verb__in=["breach", "fire_step"]).values_list("verb", flat=True)) == {
        "breach": MANY,
        "fire_step": MANY,
    }
    assert Complaint.objects.filter(breached_at=DUE).count() == MANY


def test_sweeps_at_once_do_every_step_once(overdue):
    at_once(*[sweep_all] * 4)
    assert_each_once()
    at_once(*[sweep_all] * 2)
    assert_each_once()


def test_sweeps_and_changes_at_once_neither_wait_for_ever_nor_lose_anything(overdue):
    def change() -> None:
        for complaint in overdue:
            with transition(Complaint, complaint.pk, "alter", by=None, now=DUE) as held:
                held.summary = "The lamp came broken, twice"
                clocks.follow(held, now=DUE)

    at_once(sweep_all, change, sweep_all)
    sweep_all()  # what was held by a change is the next sweep's
    assert_each_once()
    assert Complaint.objects.filter(summary__endswith="twice").count() == MANY


WORKER = f"""
import django; django.setup()
import time
from datetime import datetime
from complaints import escalation
tell = escalation._tell
def slowly(*given, **named):
    tell(*given, **named)
    print("in the middle", flush=True)
    time.sleep(60)
escalation._tell = slowly
escalation.tend(now=datetime.fromisoformat("{DUE.isoformat()}"), limit=5)
"""


def test_a_sweep_that_is_killed_in_the_middle_leaves_nothing_half_done(overdue):
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    environment = os.environ | {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "config.settings"}
    process = subprocess.Popen([sys.executable, "-W", "ignore", "-c", WORKER], env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "in the middle\n"
        assert not EscalationStep.objects.exists()
        sweep_all()  # others go on with the rest meanwhile
        assert EscalationStep.objects.filter(fired_at__isnull=False).count() == MANY - 5
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    until = datetime.now(UTC) + timedelta(seconds=30)
    while EscalationStep.objects.filter(fired_at__isnull=False).count() < MANY and datetime.now(UTC) < until:
        sweep_all()
    assert_each_once()
