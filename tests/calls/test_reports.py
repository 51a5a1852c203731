"""Reports over HTTP: the formulas, who may see what, and that the day's page says the same."""

import csv
import io
import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command

from calls import occupancy, reports, rollups, today
from calls.models import QueueRollup
from config.platform.models import Role
from tests.calls.test_rollups import World
from tests.factories.agents import AgentStateIntervalFactory
from tests.factories.calls import CallFactory, QueueFactory
from tests.factories.crm import ContactFactory, TopicFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/reports/calls/"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = {"since": "2026-11-23", "until": "2026-11-23", "time_zone": "UTC"}
SWEPT = pytest.mark.parametrize("is_swept", [False, True], ids=["from calls", "from rollups"])


def ask(client, **query):
    answer = client.get(URL, DAY | query)
    assert answer.status_code == 200, answer.json()
    return answer.json()


@SWEPT
def test_every_formula_is_what_the_schema_says(client_of, is_swept):
    QueueFactory(slug="support", service_level_s=20, short_abandon_s=5)
    support = {"queue": "support", "started_at": NOON}
    CallFactory(**support, wait_s=20.0, talk_s=100.0, hold_s=10.0, ended_at=NOON, wrapped_up_at=NOON + timedelta(seconds=40))
    CallFactory(**support, wait_s=20.001, talk_s=200.0, hold_s=0.0, ended_at=NOON, wrapped_up_at=NOON + timedelta(hours=9))
    CallFactory(**support, missed=True, outcome="abandoned", wait_s=5.0)
    CallFactory(**support, missed=True, outcome="missed", wait_s=60.0)
    CallFactory(**support, missed=True, outcome="abandoned", wait_s=4.999)
    CallFactory(**support, missed=True, outcome="overflow", wait_s=120.0)
    CallFactory(**support, direction="outbound", transfers=[{}, {}], talk_s=30.0)
    CallFactory(**support, direction="outbound", missed=True, outcome="no_answer")
    CallFactory(**support, direction="outbound", missed=True, outcome="machine")
    CallFactory(**support, direction="internal", talk_s=999.0)
    CallFactory(**support, open=True, answered_at=None, state="queued", wait_s=None)
    if is_swept:
        rollups.sweep()
    line = ask(client_of("supervisor"))["totals"]
    counts = ("calls", "offered", "answered", "in_time", "abandoned", "short_abandons", "lost_otherwise", "attempts", "reached", "handled")
    assert [line[name] for name in counts] == [11, 6, 2, 1, 2, 1, 1, 3, 1, 3]
    assert line["transfers"] == 2
    assert line["service_level"] == 0.25  # 1 of 2 answered and 2 abandoned
    assert line["abandon_share"] == 0.3333  # 2 of 6
    assert line["asa_s"] == 20.0
    assert line["longest_wait_s"] == 120.0
    assert (line["talk_s"], line["hold_s"], line["wrap_s"]) == (330.0, 10.0, 940.0)  # nobody writes for nine hours
    assert line["aht_s"] == 426.7
    assert (line["talk_mean_s"], line["hold_mean_s"], line["wrap_mean_s"]) == (110.0, 3.3, 313.3)
    assert line["contact_rate"] == 0.3333


def test_of_nothing_there_is_no_share(client_of):
    answer = ask(client_of("supervisor"), interval="1h")
    assert len(answer["results"]) == 24
    rates = ("service_level", "abandon_share", "asa_s", "longest_wait_s", "aht_s", "talk_mean_s", "fcr", "contact_rate", "occupancy")
    assert {answer["totals"][name] for name in rates} == {None}
    assert {line["calls"] for line in answer["results"]} == {0}


@SWEPT
def test_a_matter_is_solved_at_once_when_nobody_calls_again_about_it(client_of, is_swept):
    bill, delivery = TopicFactory(code="bill"), TopicFactory(code="delivery")
    her = ContactFactory()

    def call(days, *topics, **facts):
        made = CallFactory(started_at=NOON + timedelta(days=days), **{"contact": her} | facts)
        made.topics.set(topics)

    call(0, bill, delivery)  # again about the bill, within seven days
    call(0, delivery, contact=ContactFactory())  # somebody else's
    call(0, bill, contact=None)  # nobody knows whose
    call(0, contact=ContactFactory())  # nobody knows what about
    call(7, bill)
    if is_swept:
        rollups.sweep()
    boss = client_of("supervisor")
    line = ask(boss)["totals"]
    assert (line["first_contacts"], line["fcr"]) == (2, 0.5)
    by_topic = {line["name"]: (line["first_contacts"], line["fcr"]) for line in ask(boss, group_by="topic")["results"] if line["topic"]}
    assert by_topic == {bill.name: (1, 0.0), delivery.name: (2, 1.0)}
    call(7.001, delivery)
    assert ask(boss, group_by="topic")["totals"]["fcr"] == 0.5
    assert ask(boss, topic="delivery")["totals"]["first_contacts"] == 2


def test_lines_are_told_apart_by_queue_agent_topic_and_direction(client_of):
    anna = UserFactory(role=Role.AGENT, surname="Фёдорова", name="Анна", patronymic="")
    QueueFactory(slug="support", name="Support")
    topic = TopicFactory(code="bill", name="Bills")
    CallFactory(started_at=NOON, queue="support", agent=anna).topics.add(topic)
    CallFactory(started_at=NOON, queue="", missed=True, direction="outbound", outcome="busy")
    boss = client_of("supervisor")
    shown = {
        group: {(line[group], line["name"], line["calls"]) for line in ask(boss, group_by=group)["results"]}
        for group in ("queue", "agent", "topic", "direction")
    }
    assert shown["queue"] == {("support", "Support", 1), ("", "", 1)}
    assert shown["agent"] == {(str(anna.pk), "Фёдорова Анна", 1), (None, "", 1)}
    assert shown["topic"] == {(str(topic.pk), "Bills", 1), (None, "", 1)}
    assert shown["direction"] == {("inbound", "inbound", 1), ("outbound", "outbound", 1)}
    assert ask(boss, group_by="queue", agent=str(anna.pk))["results"][0]["queue"] == "support"
    assert ask(boss, queue="support", direction="outbound")["totals"]["calls"] == 0


def test_an_agent_gets_their_own_figures_and_nobody_elses(client_of):
    mine = CallFactory(started_at=NOON)
    other = CallFactory(started_at=NOON)
    agent = client_of(user=mine.agent)
    assert ask(agent)["totals"]["calls"] == 1
    assert [line["agent"] for line in ask(agent, group_by="agent")["results"]] == [str(mine.agent_id)]
    assert ask(agent, agent=str(mine.agent_id))["totals"]["calls"] == 1
    refused = agent.get(URL, DAY | {"agent": str(other.agent_id)})
    assert (refused.status_code, refused.json()["code"]) == (403, "figures_of_others")
    assert ask(client_of("supervisor"))["totals"]["calls"] == 2


def test_the_hours_of_an_agent_are_cut_at_the_intervals(client_of):
    """Available from 8 to 13 by their word; on the phone from 8:50 to 9:10, writing up until 9:15, and again since 12:30."""
    anna = UserFactory(role=Role.AGENT)

    def at(hour, minute=0):
        return NOON.replace(hour=hour, minute=minute)

    AgentStateIntervalFactory(agent=anna, started_at=at(8), ended_at=at(11))
    AgentStateIntervalFactory(agent=anna, started_at=at(11), ended_at=at(11, 30), state="paused")
    AgentStateIntervalFactory(agent=anna, started_at=at(11, 30), open=True)
    observed = {"agent": anna, "track": "observed", "source": "phone"}
    AgentStateIntervalFactory(**observed, state="talking", started_at=at(8, 50), ended_at=at(9, 10))
    AgentStateIntervalFactory(**observed, state="wrap_up", started_at=at(9, 10), ended_at=at(9, 15))
    AgentStateIntervalFactory(**observed, state="talking", started_at=at(12, 30), ended_at=None)
    asked = reports.Asked(date(2026, 11, 23), date(2026, 11, 23), ZoneInfo("UTC"), "1h", "agent")
    report = reports.make(asked, now=at(13))
    minutes = {line.since.hour: (line.hours.worked_s / 60, line.hours.available_s / 60) for line in report.lines}
    assert minutes == {8: (10, 50), 9: (15, 45), 10: (0, 60), 11: (0, 30), 12: (30, 30)}
    assert report.totals.hours.occupancy == round(55 / (55 + 215), 4)
    own = ask(client_of(user=anna), interval="none")
    assert own["totals"]["occupancy"] is not None
    assert ask(client_of("supervisor"), group_by="agent", queue="support")["totals"]["occupancy"] is None


def test_hours_equal_a_count_by_the_second():
    import random

    pick = random.Random(5)
    people = [UserFactory(role=Role.AGENT) for _ in range(3)]
    seconds: dict = {}
    begin = NOON - timedelta(hours=3)
    for who in people:
        for track, states in (("declared", ["available", "paused", "offline"]), ("observed", ["talking", "wrap_up", "ringing", None])):
            at = begin + timedelta(seconds=pick.randrange(600))
            while at < NOON:
                end, state = at + timedelta(seconds=pick.randrange(1, 1500)), pick.choice(states)
                if state:
                    AgentStateIntervalFactory(agent=who, track=track, state=state, started_at=at, ended_at=end if end < NOON else None)
                    seconds.setdefault((who.pk, track), []).append((at, min(end, NOON), state))
                at = end
    edges = [begin + timedelta(seconds=n * 777) for n in range(15)]
    found = occupancy.of_agents(edges, agent=None, now=NOON)
    for number, (since, until) in enumerate(itertools.pairwise(edges)):
        for who in people:
            worked = free = 0
            for n in range(int((until - since).total_seconds())):
                moment = since + timedelta(seconds=n)
                in_state = {
                    track: next((s for a, b, s in seconds.get((who.pk, track), []) if a <= moment < b), None)
                    for track in ("declared", "observed")
                }
                worked += in_state["observed"] is not None
                free += in_state["observed"] is None and in_state["declared"] == "available"
            hours = found.get((number, who.pk), occupancy.Hours())
            assert (hours.worked_s, hours.available_s) == (worked, free), (number, who)


@SWEPT
def test_the_page_of_the_day_says_what_the_report_of_the_day_says(is_swept):
    world = World(3)
    for _ in range(60):
        world.call()
    if is_swept:
        rollups.sweep()
    for zone in map(ZoneInfo, ("Europe/Berlin", "Asia/Kathmandu", "Pacific/Chatham")):
        now = datetime(2026, 10, 24, 20, tzinfo=UTC)
        day = now.astimezone(zone).date()
        page = today.counts(now, zone)
        report = reports.make(reports.Asked(day, day, zone, "1h"), now=now).totals.counts
        outbound = reports.make(reports.Asked(day, day, zone, "1d", direction="outbound"), now=now).totals.counts
        assert (page.total, page.answered, page.missed) == (report["calls"], report["answered"], report["offered"] - report["answered"])
        assert page.outbound == outbound["calls"]
        assert page.waits == report["waits"]
        assert page.wait_s * 1000 == pytest.approx(report["wait_ms"])


def test_a_report_that_nobody_could_read_is_refused(client_of):
    boss = client_of("supervisor")
    for query, code in (
        ({"interval": "15m", "until": "2027-11-23"}, "report_too_large"),
        ({"since": "2026-11-24"}, "period_unusable"),
        ({"since": "0001-01-01", "until": "0001-01-02"}, "period_unusable"),
        ({"since": "9999-12-31", "until": "9999-12-31"}, "period_unusable"),
        ({"interval": "5m"}, None),
        ({"group_by": "mood"}, None),
        ({"agent": "x"}, None),
        ({"topic": "nothing like it"}, None),
        ({"queue": "\x00"}, None),
        ({"time_zone": "Mars/Base"}, None),
    ):
        answer = boss.get(URL, DAY | query)
        assert answer.status_code == 400, query
        assert code is None or answer.json()["code"] == code


def test_more_lines_than_may_be_are_refused_and_not_cut_off(client_of, monkeypatch):
    monkeypatch.setattr("calls.intervals.MOST", 3)
    for number in range(4):
        CallFactory(started_at=NOON, queue=f"q{number}")
    answer = client_of("supervisor").get(URL, DAY | {"group_by": "queue", "interval": "none"})
    assert (answer.status_code, answer.json()["code"]) == (400, "report_too_large")


def test_a_report_costs_the_same_few_statements_whatever_it_is_of(client_of, django_assert_num_queries):
    boss = client_of("supervisor")
    boss.get("/api/v1/me/")
    for number in range(12):
        CallFactory(started_at=NOON, queue=f"q{number}")
    with django_assert_num_queries(2):  # the token; the counts
        ask(boss, interval="15m")
    with django_assert_num_queries(3):  # and the names
        ask(boss, group_by="queue")
    with django_assert_num_queries(4):  # and the hours
        ask(boss, group_by="agent")


def test_the_command_tells_rollups_that_are_wrong_and_counts_them_anew():
    CallFactory(started_at=NOON)
    rollups.sweep()
    call_command("rebuild_rollups", check=True)
    QueueRollup.objects.update(answered=7)
    with pytest.raises(CommandError, match="1 rollups differ"):
        call_command("rebuild_rollups", check=True)
    call_command("rebuild_rollups")
    call_command("rebuild_rollups", check=True)
    assert QueueRollup.objects.get().answered == 1


def test_an_export_of_the_page_has_the_lines_of_the_report():
    from tests.config.test_admin_pages import client_for

    CallFactory(started_at=NOON, queue="support")
    page = client_for(Role.SUPERVISOR).get("/admin/calls/alarm/reports/", DAY | {"group_by": "queue", "interval": "1d", "as": "csv"})
    assert page["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(page.content.decode("utf-8-sig"))))
    assert [(row["queue"], row["calls"]) for row in rows] == [("support", "1")]
