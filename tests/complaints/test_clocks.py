"""P5: clocks tell the truth. Due times equal counting minute by minute; the verdict is kept; field and filter read one truth."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from complaints import clocks, escalation
from complaints.models import Clock, Complaint
from complaints.models.clocks import Metric
from complaints.models.complaints import Status
from config.platform.models import AuditEvent, FeedMessage, OutboxEvent
from tests.factories.complaints import ComplaintFactory, SLAPolicyFactory, WatcherFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def received(at=NOON, **fields) -> Complaint:
    complaint = ComplaintFactory(received_at=at, **fields)
    clocks.begin(complaint, now=at)
    complaint.save()
    return complaint


def follow(complaint, at, informed=False, **facts):
    for name, value in facts.items():
        setattr(complaint, name, value)
    clocks.follow(complaint, now=at, informed=informed)
    complaint.save()


def clock(complaint, metric, cycle=1) -> Clock:
    return complaint.clocks.get(metric=metric, cycle=cycle)


def test_a_received_complaint_has_a_clock_of_every_promise_and_is_due_by_the_first():
    SLAPolicyFactory(inform_every_s=None)
    complaint = received()
    assert {one.metric for one in complaint.clocks.all()} == {"acknowledge", "assign", "first_response", "resolve"}
    assert complaint.due_at == NOON + HOUR
    assert clock(complaint, "resolve").warn_at == NOON + 18 * HOUR


def test_a_late_answer_is_a_breach_for_ever():
    SLAPolicyFactory()
    complaint = received()
    follow(complaint, NOON + 6 * HOUR, first_response_at=NOON + 6 * HOUR)
    answered = clock(complaint, "first_response")
    assert (answered.state, answered.breached_at, answered.overrun_s) == ("missed", NOON + 4 * HOUR, 2 * 3600)
    assert complaint.is_breached(NOON + 6 * HOUR)
    follow(complaint, NOON + 7 * HOUR, acknowledged_at=NOON, assignee=UserFactory())
    assert clock(complaint, "first_response").state == "missed"
    assert complaint in Complaint.objects.breached(NOON + 9 * HOUR)


def test_waiting_for_the_customer_moves_the_due_time_by_as_much_as_counted():
    SLAPolicyFactory(acknowledge_s=None, assign_s=None, first_response_s=None, inform_every_s=None)
    complaint = received()
    follow(complaint, NOON + 2 * HOUR, status=Status.WAITING_CUSTOMER)
    resting = clock(complaint, "resolve")
    assert (resting.state, resting.due_at, complaint.due_at) == ("paused", None, None)
    follow(complaint, NOON + 5 * HOUR, status=Status.IN_PROGRESS)
    assert clock(complaint, "resolve").due_at == complaint.due_at == NOON + 27 * HOUR


def test_whoever_hears_of_it_in_time_is_owed_the_next_word_as_much_later():
    SLAPolicyFactory()
    complaint = received()
    follow(complaint, NOON + 3 * HOUR, informed=True)
    assert clock(complaint, "inform").state == "met"
    assert clock(complaint, "inform", 2).due_at == NOON + 11 * HOUR


def test_what_ends_unanswered_is_called_off_and_what_is_resolved_gets_its_verdict():
    SLAPolicyFactory()
    complaint = received()
    done = {"status": Status.RESOLVED, "ended_at": NOON + HOUR / 2, "decision": "upheld", "decided_at": NOON}
    follow(complaint, NOON + HOUR / 2, **done)
    assert {one.metric: one.state for one in complaint.clocks.all()} == {
        "acknowledge": "cancelled", "assign": "cancelled", "first_response": "cancelled", "resolve": "met", "inform": "cancelled",
    }  # fmt: skip
    assert complaint.due_at is None


def test_a_higher_priority_reckons_anew_and_says_what_moved():
    usual = SLAPolicyFactory(position=20)
    urgent = SLAPolicyFactory(position=10, priorities=["urgent"], resolve_s=6 * 3600)
    complaint = received()
    assert complaint.policy == usual
    complaint.priority = "urgent"
    moved = clocks.rematch(complaint, now=NOON + HOUR / 2)
    assert complaint.policy == urgent
    assert moved["resolve"] == [(NOON + 24 * HOUR).isoformat(), (NOON + 6 * HOUR).isoformat()]


def test_a_reopened_complaint_counts_anew_and_keeps_the_old_verdict():
    SLAPolicyFactory()
    complaint = received()
    follow(complaint, NOON + 30 * HOUR, status=Status.RESOLVED, ended_at=NOON, decision="upheld", decided_at=NOON)
    assert clock(complaint, "resolve").state == "missed"
    complaint.status, complaint.ended_at = Status.REOPENED, None
    clocks.restart(complaint, now=NOON + 40 * HOUR)
    follow(complaint, NOON + 40 * HOUR)
    assert (clock(complaint, "resolve").state, clock(complaint, "resolve", 2).state) == ("missed", "running")
    assert complaint.due_at == NOON + 42 * HOUR  # nobody has it: the assigning is owed first


def test_nothing_is_promised_without_a_policy():
    complaint = received(at=timezone.now())
    assert not complaint.clocks.exists() and complaint.due_at is None and complaint.policy is None


def test_every_metric_has_its_target():
    assert set(clocks.TARGETS) == set(Metric)


def test_a_word_to_the_customer_who_is_waited_for_owes_the_next_one_when_the_wait_is_over():
    SLAPolicyFactory(acknowledge_s=None, assign_s=None, first_response_s=None, resolve_s=None)
    complaint = received()
    follow(complaint, NOON + HOUR, status=Status.WAITING_CUSTOMER)
    follow(complaint, NOON + 2 * HOUR, informed=True)
    assert (clock(complaint, "inform", 2).state, complaint.due_at) == ("paused", None)
    follow(complaint, NOON + 20 * HOUR, status=Status.IN_PROGRESS)
    assert complaint.due_at == NOON + 28 * HOUR


def test_a_promise_that_is_kept_late_before_any_sweep_is_told_as_broken_once():
    SLAPolicyFactory(acknowledge_s=None, assign_s=None, first_response_s=None, inform_every_s=None)
    watcher = UserFactory()
    complaint = received()
    WatcherFactory(complaint=complaint, user=watcher)
    follow(complaint, NOON + 25 * HOUR, status=Status.RESOLVED, ended_at=NOON, decision="upheld", decided_at=NOON)
    escalation.tend(now=NOON + 26 * HOUR)
    news = OutboxEvent.objects.get(type="complaint.breached")
    assert (news.subject_id, news.data["metric"], news.contact) == (complaint.pk, "resolve", complaint.contact_id)
    assert FeedMessage.objects.filter(kind="complaint.breached", recipient=watcher).count() == 1
    assert AuditEvent.objects.get(subject_id=complaint.pk, verb="breach").facts["due_at"] == (NOON + 24 * HOUR).isoformat()
