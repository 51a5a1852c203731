"""A report equals a recount of the calls, at any moment and whatever happened to them."""

import random
import threading
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone

from calls import reports, rollups
from calls.models import Call, Queue, QueueRollup, RollupMark, RollupReach
from config.platform.models import Role
from tests.calls.recounting import ZONES, recount
from tests.factories.calls import CallFactory, PhoneSystemFactory, QueueFactory
from tests.factories.crm import ContactFactory, TopicFactory
from tests.factories.platform import UserFactory

FIRST, LAST = date(2026, 10, 24), date(2026, 10, 26)  # Europe puts the clocks back on the 25th
BEGIN = datetime(2026, 10, 23, 9, tzinfo=UTC)
OUTCOMES = ["answered", "answered", "answered", "abandoned", "missed", "overflow", "voicemail", "busy", "after_hours", ""]


class World:
    """A few calls, and everything that may happen to them."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.system = PhoneSystemFactory()
        self.agents = [UserFactory(role=Role.AGENT) for _ in range(3)]
        self.contacts = [ContactFactory() for _ in range(3)]
        self.topics = [TopicFactory() for _ in range(3)]
        self.queues = ["support", "sales", "nobody described", ""]
        QueueFactory(slug="support", service_level_s=20, short_abandon_s=5)
        QueueFactory(slug="sales", service_level_s=10, short_abandon_s=0)
        self.made = 0

    def facts(self):
        pick = self.random
        begin = BEGIN + timedelta(seconds=pick.randrange(4 * 86400), milliseconds=pick.randrange(1000))
        outcome = pick.choice(OUTCOMES)
        talked = outcome in ("answered", "") and pick.random() < 0.9
        wait = pick.choice([0.0, 4.9, 5.0, 9.999, 10.0, 20.0, 20.001, 33.3, None]) if outcome != "" else pick.choice([3.0, None])
        talk = round(pick.uniform(0, 600), 3)
        end = None if outcome == "" else begin + timedelta(seconds=(wait or 0) + talk)
        return {
            "started_at": begin,
            "answered_at": begin + timedelta(seconds=wait or 0) if talked else None,
            "ended_at": end,
            "state": "ended" if end else pick.choice(["queued", "in_progress"]),
            "outcome": outcome,
            "wait_s": wait,
            "talk_s": talk if end else None,
            "hold_s": round(pick.uniform(0, 60), 3) if end else None,
            "queue": pick.choice(self.queues),
            "direction": pick.choice(["inbound"] * 4 + ["outbound", "internal"]),
            "agent_id": pick.choice([one.pk for one in self.agents] + [None]),
            "contact_id": pick.choice([one.pk for one in self.contacts] + [None]),
            "transfers": [{"kind": "blind"}] * pick.choice([0, 0, 0, 1, 2]),
        }

    def call(self):
        self.made += 1
        call = CallFactory(phone_system=self.system, external_id=f"{self.random.random()}", agent=None, **self.facts())
        call.topics.set(self.random.sample(self.topics, self.random.choice([0, 1, 1, 2])))
        return call

    def step(self):
        """Something happens to somebody's call."""
        pick = self.random
        ids = list(Call.objects.order_by("external_id").values_list("pk", flat=True))
        if not ids or pick.random() < 0.3:
            self.call()
            return
        one = Call.objects.get(pk=pick.choice(ids))
        what = pick.choice(["facts", "facts", "agent", "contact", "topics", "wrap", "gone", "queue", "many", "nothing"])
        if what == "facts":  # a later event folds it anew, perhaps to another time
            for name, value in self.facts().items():
                setattr(one, name, value)
            one.save()
        elif what == "agent":
            Call.objects.filter(pk=one.pk).update(agent=pick.choice(self.agents))
        elif what == "contact":
            Call.objects.filter(pk=one.pk).update(contact=pick.choice([*self.contacts, None]))
        elif what == "topics":
            one.topics.set(pick.sample(self.topics, pick.choice([0, 1, 2, 3])))
        elif what == "wrap":
            at = one.ended_at and one.ended_at + timedelta(seconds=pick.choice([-5, 30, 45.5, 5000]))
            Call.objects.filter(pk=one.pk).update(wrapped_up_at=at)
        elif what == "gone":  # joined to another
            one.topics.clear()
            one.keys.all().delete()
            one.delete()
        elif what == "queue":
            Queue.objects.filter(slug="support").update(
                service_level_s=pick.choice([5, 10, 20, 33]), short_abandon_s=pick.choice([0, 5, 10])
            )
        elif what == "many":  # contacts are merged
            Call.objects.filter(contact=self.contacts[0]).update(contact=self.contacts[1])
        else:
            Call.objects.filter(pk=one.pk).update(note="Nothing that counts.")


def ask(**given):
    values = {"since": FIRST, "until": LAST, "zone": ZONES[0], "interval": "1d"} | given
    asked = reports.Asked(**values)
    edges = reports.intervals.edges(asked.since, asked.until, asked.interval, asked.zone)
    return {
        (number, key(group)): dict(zip(reports.figures.COUNTS, counts, strict=True))
        for number, group, *counts in reports.count(asked, edges)
    }, edges


def key(group):
    return str(group) if isinstance(group, UUID) else group


def assert_equal_to_a_recount(**given):
    found, edges = ask(**given)
    wanted = recount(edges, **{name: given[name] for name in ("group_by", "queue", "agent", "topic", "direction") if name in given})
    wanted = {(number, key(group)): figures for (number, group), figures in wanted.items()}
    assert found.keys() == wanted.keys(), given
    differ = {one: {name: (found[one][name], value) for name, value in wanted[one].items() if found[one][name] != value} for one in wanted}
    assert {one: names for one, names in differ.items() if names} == {}, given


def some_questions(world):
    pick = world.random
    for zone in ZONES:
        for group_by in ("", "queue", "agent", "topic", "direction"):
            more = pick.choice(
                [
                    {},
                    {"queue": pick.choice(world.queues)},
                    {"agent": pick.choice(world.agents).pk},
                    {"topic": pick.choice(world.topics).pk},
                    {"direction": pick.choice(["inbound", "outbound", "internal"])},
                    {"queue": "support", "direction": "inbound", "agent": world.agents[0].pk},
                ]
            )
            yield {"zone": zone, "interval": pick.choice(["15m", "30m", "1h", "1d", "1w", "1mo", "none"]), "group_by": group_by} | more


def assert_rollups_tell_the_truth():
    assert rollups.differences(BEGIN - timedelta(days=30), BEGIN + timedelta(days=30)) == []


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(6))
def test_reports_equal_a_recount_whatever_happens(seed):
    """Not swept, half swept and swept; a queue's limits change; earlier calls become repeated ones and cease to be."""
    world = World(seed)
    for _ in range(25):
        world.call()
    for turn in range(8):
        for question in world.random.sample(list(some_questions(world)), 6):
            assert_equal_to_a_recount(**question)
        assert_rollups_tell_the_truth()
        for _ in range(5):
            world.step()
        if turn % 2:
            rollups.sweep(limit=world.random.choice([1, 50, 2000]))
    rollups.sweep()
    assert not RollupMark.objects.exists()
    for question in some_questions(world):
        assert_equal_to_a_recount(**question)
    assert_rollups_tell_the_truth()


@pytest.mark.django_db
def test_clean_quarters_are_read_from_the_rollups_and_not_from_the_calls():
    """Else the equality above would be that of calls with calls."""
    world = World(7)
    for _ in range(20):
        world.call()
    rollups.sweep()
    QueueRollup.objects.update(calls=1000)
    found, _ = ask(interval="none")
    assert (
        found[0, None]["calls"]
        == 1000
        * QueueRollup.objects.filter(
            bucket_at__gte=datetime(2026, 10, 24, tzinfo=UTC), bucket_at__lt=datetime(2026, 10, 27, tzinfo=UTC)
        ).count()
    )
    assert rollups.differences(BEGIN - timedelta(days=30), BEGIN + timedelta(days=30)) != []
    rollups.forget()
    rollups.sweep()
    assert_equal_to_a_recount(interval="none")
    assert_rollups_tell_the_truth()


@pytest.mark.django_db
def test_what_was_there_before_the_rollups_is_counted_from_the_calls_until_the_sweep_has_reached_it():
    world = World(8)
    for _ in range(30):
        world.call()
    RollupMark.objects.all().delete()  # as if the triggers had not been there yet
    assert_equal_to_a_recount(group_by="agent")
    rollups.reach_back()
    assert_equal_to_a_recount(group_by="agent")
    rollups.sweep(limit=1)
    assert_equal_to_a_recount(group_by="topic")
    rollups.sweep()
    assert RollupReach.objects.get().since == rollups.ALWAYS
    assert QueueRollup.objects.exists()
    assert_equal_to_a_recount(group_by="queue")
    assert_rollups_tell_the_truth()


@pytest.mark.django_db
def test_what_does_not_count_marks_nothing():
    call = CallFactory()
    rollups.sweep()
    Call.objects.filter(pk=call.pk).update(note="A note.", version=7, last_event_at=timezone.now())
    assert not RollupMark.objects.exists()
    Call.objects.filter(pk=call.pk).update(talk_s=1.5)
    assert RollupMark.objects.count() == 1


def in_a_thread(function):
    def run():
        try:
            function()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in (1, 2))])
def test_reports_are_right_while_calls_change_and_several_workers_sweep(seed):
    """At any moment, in one snapshot: three who change calls, two who sweep, one of whom dies in the middle of every other sweep."""
    world = World(seed)
    for _ in range(30):
        world.call()
    stop = threading.Event()
    problems = []

    def change(number):
        mine = World.__new__(World)
        mine.__dict__ = world.__dict__ | {"random": random.Random(seed * 10 + number)}
        while not stop.is_set():
            try:
                with transaction.atomic():
                    mine.step()
                    if mine.random.random() < 0.2:
                        mine.step()
            except Call.DoesNotExist:
                pass
            except Exception as error:  # a deadlock of two random transactions is theirs, not ours
                if "deadlock" not in str(error) and "foreign key" not in str(error):
                    problems.append(error)

    class Dies(Exception):
        pass

    def sweep(dies):
        while not stop.is_set():
            try:
                with transaction.atomic():
                    rollups.expand()
                    with connection.cursor() as cursor:
                        cursor.execute(rollups.MARKED, [10])
                        marked = [at for (at,) in cursor.fetchall()]
                    if marked:
                        rollups.recount(marked)
                    if dies and random.random() < 0.5:
                        raise Dies
                rollups.reach_back()
            except Dies:
                pass
            except Exception as error:
                problems.append(error)

    threads = [in_a_thread(lambda n=n: change(n)) for n in range(3)] + [in_a_thread(lambda d=d: sweep(d)) for d in (False, True)]
    compared = 0
    until = timezone.now() + timedelta(seconds=6)
    try:
        while timezone.now() < until or compared < 24:
            for question in world.random.sample(list(some_questions(world)), 4):
                with transaction.atomic():
                    with connection.cursor() as cursor:
                        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    assert_equal_to_a_recount(**question)
                    assert_rollups_tell_the_truth()
                compared += 1
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert problems == []
    rollups.sweep()
    assert not RollupMark.objects.exists()
    assert_rollups_tell_the_truth()
    for question in some_questions(world):
        assert_equal_to_a_recount(**question)


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_committed_while_its_quarter_is_counted_is_counted_next_time():
    call = CallFactory(started_at=BEGIN)
    rollups.sweep()
    with transaction.atomic():
        Call.objects.filter(pk=call.pk).update(direction="outbound")
        thread = in_a_thread(lambda: (RollupMark.objects.create(bucket_at=BEGIN), rollups.sweep()))
        thread.join()
    assert QueueRollup.objects.get().direction == "inbound"
    assert RollupMark.objects.filter(bucket_at=BEGIN).exists()
    rollups.sweep()
    assert QueueRollup.objects.get().direction == "outbound"


@pytest.mark.django_db(transaction=True)
def test_a_queue_that_changes_its_limits_waits_for_who_counts_by_the_old_ones():
    QueueFactory(slug="support", service_level_s=5)
    CallFactory(started_at=BEGIN, queue="support", wait_s=8.0)
    changed = threading.Event()

    def change():
        Queue.objects.filter(slug="support").update(service_level_s=20)
        changed.set()

    with transaction.atomic():
        rollups.recount([BEGIN])
        thread = in_a_thread(change)
        assert not changed.wait(0.5)
    thread.join()
    assert QueueRollup.objects.get().in_time == 0
    assert RollupMark.objects.filter(bucket_at=BEGIN).exists()
    rollups.sweep()
    assert QueueRollup.objects.get().in_time == 1
