"""Alarms: raised once, told to those who lead, and over when the queue has been well for a while."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from calls import alarms
from calls.models import Alarm, Call, Queue
from config.platform.models import AuditEvent, FeedMessage, Role
from tests.factories.alarms import AlarmFactory
from tests.factories.calls import CallFactory, QueueFactory
from tests.factories.crm import DepartmentFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def later(**span):
    return NOW + timedelta(**span)


def waiting(queue, seconds=10, at=NOW):
    return CallFactory(
        open=True, answered_at=None, state="queued", agent=None, queue=queue.slug, started_at=at - timedelta(seconds=seconds)
    )


def answered(queue, wait_s, at=NOW):
    return CallFactory(queue=queue.slug, started_at=at - timedelta(minutes=5), wait_s=wait_s)


def test_each_limit_raises_its_own_alarm_when_it_is_broken_and_not_before():
    queue = QueueFactory(alarm_waiting=2, alarm_wait_s=60, alarm_service_level=80)
    waiting(queue), waiting(queue, 60)
    for wait_s in (1, 1, 1, 1, 99):
        answered(queue, wait_s)
    assert alarms.watch(now=NOW) == 0  # two wait, for sixty seconds, and four of five were in time: all as allowed
    waiting(queue, 61)
    answered(queue, 99)
    assert alarms.watch(now=NOW) == 3
    found = {alarm.kind: (alarm.value, alarm.limit) for alarm in Alarm.objects.all()}
    assert found == {"waiting": (3, 2), "wait": (61, 60), "service_level": (66.7, 80)}


def test_the_share_of_a_few_calls_raises_no_alarm():
    queue = QueueFactory(alarm_service_level=80)
    for _ in range(alarms.FEWEST_CALLS - 1):
        answered(queue, 99)
    assert alarms.watch(now=NOW) == 0


def test_a_queue_that_goes_up_and_down_is_one_alarm():
    queue = QueueFactory(alarm_waiting=1)
    calls = [waiting(queue), waiting(queue)]
    assert alarms.watch(now=NOW) == 1
    calls.append(waiting(queue))
    alarms.watch(now=later(seconds=10))
    Call.objects.filter(pk__in=[call.pk for call in calls[1:]]).update(state="in_progress")
    assert alarms.watch(now=later(seconds=20)) == 0
    Call.objects.filter(pk=calls[1].pk).update(state="queued")
    assert alarms.watch(now=later(seconds=60)) == 0
    Call.objects.filter(pk=calls[1].pk).update(state="in_progress")
    assert alarms.watch(now=later(seconds=119)) == 0
    assert alarms.watch(now=later(seconds=120)) == 1
    alarm = Alarm.objects.get()
    assert (alarm.value, alarm.worst, alarm.cleared_at) == (2, 3, later(seconds=120))
    assert [event.verb for event in AuditEvent.objects.filter(subject_id=alarm.pk).order_by("id")] == ["raise", "clear"]


def test_those_who_lead_the_department_are_told_when_it_begins_and_ends():
    head = UserFactory(role=Role.SUPERVISOR)
    UserFactory(role=Role.SUPERVISOR)
    queue = QueueFactory(alarm_waiting=1, department=DepartmentFactory(head=head))
    waiting(queue), waiting(queue)
    alarms.watch(now=NOW)
    Call.objects.update(state="in_progress")
    alarms.watch(now=later(minutes=2))
    told = list(FeedMessage.objects.order_by("id").values_list("recipient_id", "kind", "data__queue", "data__value"))
    assert told == [(head.pk, "alarm.raised", queue.slug, 2.0), (head.pk, "alarm.cleared", queue.slug, 2.0)]


@pytest.mark.parametrize("change", [{"alarm_waiting": None}, {"is_active": False}])
def test_an_alarm_without_a_limit_is_over(change):
    queue = QueueFactory(alarm_waiting=1)
    waiting(queue), waiting(queue)
    alarms.watch(now=NOW)
    Queue.objects.filter(pk=queue.pk).update(**change)
    assert alarms.watch(now=later(seconds=10)) == 1
    assert Alarm.objects.get().cleared_at == later(seconds=10)


def test_one_open_alarm_of_a_kind_is_a_matter_of_the_database():
    first = AlarmFactory()
    AlarmFactory(queue=first.queue, cleared=True)
    with pytest.raises(IntegrityError, match="one_open_alarm_per_queue_and_kind"), transaction.atomic():
        AlarmFactory(queue=first.queue)


def test_somebody_says_that_they_see_to_it_and_nobody_else_does(client_of):
    alarm = AlarmFactory()
    boss = client_of("supervisor")
    done = boss.post(f"/api/v1/alarms/{alarm.pk}/acknowledge/")
    assert (done.status_code, done.json()["acknowledged_by"]) == (200, str(boss.user.pk))
    again = client_of("admin").post(f"/api/v1/alarms/{alarm.pk}/acknowledge/")
    assert (again.status_code, again.json()["code"]) == (409, "already_acknowledged")
    assert boss.get("/api/v1/alarms/", {"is_acknowledged": "true", "is_open": "true"}).json()["results"][0]["id"] == str(alarm.pk)
    assert boss.get("/api/v1/alarms/", {"is_acknowledged": "false"}).json()["results"] == []


@pytest.mark.django_db(transaction=True)
def test_two_who_watch_at_once_raise_one_alarm():
    queue = QueueFactory(alarm_waiting=1, alarm_wait_s=5)
    waiting(queue), waiting(queue)
    UserFactory(role=Role.SUPERVISOR)
    problems = []

    def watch():
        try:
            for step in range(5):
                alarms.watch(now=later(seconds=step))
        except Exception as error:
            problems.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=watch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert Alarm.objects.count() == 2
    assert FeedMessage.objects.filter(kind="alarm.raised").count() == 2
