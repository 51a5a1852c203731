"""The wallboard: what it shows, what it costs, and that many who look cost one look."""

import threading
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from calls import rollups, wallboard
from config.platform import sharing
from config.platform.models import Role
from tests.factories.agents import AgentPresenceFactory
from tests.factories.alarms import AlarmFactory
from tests.factories.calls import CallFactory, QueueFactory
from tests.factories.crm import TeamFactory
from tests.factories.platform import UserFactory

URL = "/api/v1/wallboard/"
MOSCOW = ZoneInfo("Europe/Moscow")
NOW = datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC)


def ago(**span):
    return NOW - timedelta(**span)


@pytest.mark.django_db
def test_it_shows_who_waits_and_who_is_served_of_each_queue_and_of_all():
    QueueFactory(slug="support", name="Support")
    QueueFactory(slug="sales", name="Sales")
    QueueFactory(slug="old", is_active=False)
    waiting = {"open": True, "answered_at": None, "state": "queued", "agent": None}
    CallFactory(**waiting, queue="support", started_at=ago(seconds=90), queued_at=ago(seconds=60))
    CallFactory(**waiting | {"state": "ringing"}, queue="support", started_at=ago(seconds=20))
    CallFactory(**waiting, queue="nobody described", started_at=ago(seconds=200))
    CallFactory(open=True, queue="sales", started_at=ago(seconds=300))
    CallFactory(open=True, queue="sales", started_at=ago(seconds=300), direction="internal")
    CallFactory(**waiting | {"state": "initiated"}, queue="", started_at=ago(seconds=500))
    board = wallboard.measure(NOW, MOSCOW)
    now = {one["queue"]: tuple(one["now"].values()) for one in board["queues"]}
    assert now == {"support": (2, 60, 0), "sales": (0, None, 1), "nobody described": (1, 200, 0)}
    assert tuple(board["total"]["now"].values()) == (3, 200, 1)


@pytest.mark.django_db
@pytest.mark.parametrize("is_swept", [False, True])
def test_it_counts_the_day_of_the_zone_and_the_last_half_hour(is_swept):
    QueueFactory(slug="support", service_level_s=20)
    CallFactory(queue="support", started_at=datetime(2026, 11, 22, 20, 59, tzinfo=UTC))  # yesterday in Moscow
    CallFactory(queue="support", started_at=datetime(2026, 11, 22, 21, 0, tzinfo=UTC), wait_s=30.0)
    CallFactory(queue="support", started_at=ago(minutes=31))
    CallFactory(queue="support", started_at=ago(minutes=29))
    CallFactory(queue="", missed=True, outcome="abandoned", started_at=ago(minutes=1), wait_s=9.0)
    if is_swept:
        rollups.sweep()
    board = wallboard.measure(NOW, MOSCOW)
    of = {tile: board["queues"][0][tile] for tile in ("today", "half_hour")}
    assert (of["today"]["answered"], of["today"]["service_level"]) == (3, 0.6667)
    assert (of["half_hour"]["answered"], of["half_hour"]["service_level"], of["half_hour"]["abandoned"]) == (1, 1.0, 0)
    assert (board["total"]["today"]["offered"], board["total"]["half_hour"]["service_level"]) == (4, 0.5)


@pytest.mark.django_db
def test_it_counts_agents_by_what_they_do_and_for_the_queues_that_their_teams_serve():
    queue = QueueFactory(slug="support")
    teams = [TeamFactory(), TeamFactory()]
    queue.teams.set(teams)
    free, talking, _elsewhere = (AgentPresenceFactory(available=True) for _ in range(3))
    teams[0].members.add(free.agent, talking.agent)
    teams[1].members.add(free.agent)  # in two teams, and one agent
    talking.observed, talking.observed_since, talking.call = "talking", NOW, CallFactory()
    talking.save()
    AgentPresenceFactory(agent=UserFactory(role=Role.AGENT, is_active=False))
    board = wallboard.measure(NOW, MOSCOW)
    support = next(one for one in board["queues"] if one["queue"] == "support")["agents"]
    assert {state: many for state, many in support.items() if many} == {"available": 1, "talking": 1}
    assert {state: many for state, many in board["total"]["agents"].items() if many} == {"available": 2, "talking": 1}


@pytest.mark.django_db
@pytest.mark.parametrize("many", [1, 12])
def test_it_costs_one_statement_a_tile_however_many_queues_there_are(many):
    for number in range(many):
        alarm = AlarmFactory()
        CallFactory(queue=alarm.queue.slug, open=True, started_at=ago(minutes=number))
        AgentPresenceFactory(available=True)
    with CaptureQueriesContext(connection) as asked:
        board = wallboard.measure(NOW, MOSCOW)
    assert len(asked) == len(list(wallboard.tiles)) + 1  # and the names of the queues
    assert len(board["queues"]) == many
    assert len(board["total"]["alarms"]["open"]) == many


@pytest.mark.django_db
def test_a_wallboard_of_one_queue_shows_that_queue_as_the_whole(client_of):
    QueueFactory(slug="support")
    CallFactory(queue="support", open=True, started_at=timezone.now())
    CallFactory(queue="sales", open=True, started_at=timezone.now())
    client = client_of("agent")
    assert client.get(URL).json()["total"]["now"]["served"] == 2
    one = client.get(URL, {"queue": "support"}).json()
    assert (one["total"]["now"]["served"], [queue["queue"] for queue in one["queues"]]) == (1, ["support"])
    none = client.get(URL, {"queue": "no such"}).json()
    assert (none["total"]["now"]["served"], none["queues"]) == (0, [])


@pytest.mark.django_db
def test_who_has_seen_it_is_told_that_nothing_has_changed(client_of):
    client = client_of("agent")
    seen = client.get(URL)
    assert client.get(URL, HTTP_IF_NONE_MATCH=seen["ETag"]).status_code == 304
    CallFactory(open=True, started_at=timezone.now())
    assert client.get(URL, HTTP_IF_NONE_MATCH=seen["ETag"]).status_code == 200


@pytest.fixture
def forgetful():
    """Nothing kept from other tests."""
    sharing._kept.clear()
    sharing._asleep_until = 0.0
    yield
    sharing._kept.clear()


def test_many_who_look_at_once_cost_one_look(forgetful):
    """Threads of one process, and processes, which share nothing but the store."""
    made = []

    def make():
        made.append(1)
        time.sleep(0.2)
        return b"%d" % len(made)

    answers = []
    key = f"test:{time.time()}"

    def look(process):
        # another process has its own memory: here a memory that forgets
        own: dict = {}
        found = sharing._from_store(key, make, 5.0) if process else (0, sharing.shared(key, make, fresh_s=5.0))
        own[key] = found
        answers.append(found[1])

    threads = [threading.Thread(target=look, args=(number % 2,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [b"1"] * 40
    assert made == [1]


def test_what_is_kept_grows_old(forgetful):
    made = []
    key = f"test:{time.time()}"

    def make():
        made.append(1)
        return b"%d" % len(made)

    assert sharing.shared(key, make, fresh_s=0.2) == sharing.shared(key, make, fresh_s=0.2) == b"1"
    time.sleep(0.25)
    assert sharing.shared(key, make, fresh_s=0.2) == b"2"


def test_with_the_store_away_everybody_works_it_out(forgetful, monkeypatch):
    import redis

    monkeypatch.setattr(sharing, "_client", redis.Redis.from_url("unix:///nowhere/at/all"))
    assert sharing.shared(f"test:{time.time()}", lambda: b"made", fresh_s=5.0) == b"made"


def test_what_cannot_be_worked_out_holds_nobody_up(forgetful):
    key = f"test:{time.time()}"

    def fails():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        sharing.shared(key, fails, fresh_s=5.0)
    begun = time.monotonic()
    assert sharing.shared(key, lambda: b"made", fresh_s=5.0) == b"made"
    assert time.monotonic() - begun < 1
