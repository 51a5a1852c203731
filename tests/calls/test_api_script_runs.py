"""A call's script over HTTP, from what to say to how closely it was kept to."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.platform.models import Role
from crm.models import ScriptVersion
from tests.factories.calls import CallFactory
from tests.factories.crm import ContactFactory, TopicFactory
from tests.factories.platform import UserFactory
from tests.factories.scripts import STEPS, ScriptFactory, ScriptRunFactory, ScriptVersionFactory, end, say

pytestmark = pytest.mark.django_db
BASE = "/api/v1"


@pytest.fixture
def anna(client_of):
    return client_of("agent")


@pytest.fixture
def call(anna):
    return CallFactory(agent=anna.user, contact=ContactFactory(lifecycle="client", language="en"), open=True)


def test_a_call_from_its_script_to_the_report(anna, call, client_of):
    version = ScriptVersionFactory()
    told = anna.get(f"{BASE}/calls/{call.pk}/script/").json()
    assert (told["script"]["script_version"], told["run"]) == (str(version.pk), None)
    begun = anna.post(f"{BASE}/calls/{call.pk}/script-runs/", {}, format="json")
    assert (begun.status_code, begun.json()["next_step"]) == (201, "hello")
    url = f"{BASE}/script-runs/{begun.json()['id']}/"
    assert begun["Location"].endswith(url)
    again = anna.post(f"{BASE}/calls/{call.pk}/script-runs/", {"script_version": str(version.pk)}, format="json")
    assert (again.status_code, again.json()["id"]) == (200, begun.json()["id"])
    assert anna.get(f"{BASE}/calls/{call.pk}/script/").json()["run"] == begun.json()["id"]
    for sequence, step, answer, follows in (
        (1, "hello", None, "ready"),
        (2, "ready", "yes", "email"),
        (3, "email", "n@example.com", "thanks"),
        (4, "bye", None, None),
    ):
        done = anna.post(f"{url}steps/", {"sequence": sequence, "step": step, "answer": answer}, format="json")
        assert (done.status_code, done.json()["next_step"]) == (200, follows)
    assert call.contact.emails.get().email == "n@example.com"
    over = anna.post(f"{url}finish/", {}, format="json").json()
    assert (over["outcome"], over["adherence"], over["off_script"], over["due"], over["passed"]) == ("helped", 0.75, 1, 4, 3)
    report = client_of("supervisor").get(f"{BASE}/reports/script-adherence/").json()
    (row,) = report["rows"]
    assert (row["agent"], row["script"], row["runs"], row["adherence"]) == (str(anna.user.pk), str(version.script_id), 1, 0.75)
    assert any(one["kind"] == "script_run" for one in anna.get(f"{BASE}/contacts/{call.contact_id}/timeline/").json()["results"])


def test_the_script_for_a_call_heeds_the_topic_that_the_operator_names(anna, call):
    topic = TopicFactory()
    general, special = ScriptVersionFactory(), ScriptVersionFactory(script=ScriptFactory(topics=[topic]))
    url = f"{BASE}/calls/{call.pk}/script/"
    assert anna.get(url).json()["script"]["script_version"] == str(general.pk)
    assert anna.get(url, {"topic": topic.code}).json()["script"]["script_version"] == str(special.pk)
    ScriptVersion.objects.filter(pk=general.pk).update(status="retired")
    assert anna.get(url, {"topic": "nothing"}).json() == {"script": None, "run": None}


def test_operators_see_their_own_runs_and_leaders_all(anna, client_of):
    mine, other = ScriptRunFactory(agent=anna.user), ScriptRunFactory()
    boss = client_of("supervisor")
    assert [row["id"] for row in anna.get(f"{BASE}/script-runs/").json()["results"]] == [str(mine.pk)]
    assert anna.get(f"{BASE}/script-runs/{other.pk}/").status_code == 404
    assert anna.post(f"{BASE}/script-runs/{other.pk}/steps/", {"sequence": 1, "step": "hello"}, format="json").status_code == 404
    assert len(boss.get(f"{BASE}/script-runs/").json()["results"]) == 2
    for query, count in (
        ({"agent": str(other.agent_id)}, 1), ({"script": str(mine.script_version.script_id)}, 1), ({"call": str(mine.call_id)}, 1),
        ({"open": "true"}, 2), ({"open": "false"}, 0), ({"outcome": "helped"}, 0), ({"started_after": "2030-01-01T00:00:00Z"}, 0),
        ({"script_version": str(mine.script_version_id)}, 1),
    ):  # fmt: skip
        assert len(boss.get(f"{BASE}/script-runs/", query).json()["results"]) == count, query
    assert anna.get(f"{BASE}/reports/script-adherence/").status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {}, {"sequence": 0, "step": "hello"}, {"sequence": 2**40, "step": "hello"}, {"sequence": "x", "step": "hello"}, {"sequence": 1},
        {"sequence": 1, "step": "nowhere"}, {"sequence": 1, "step": {}}, {"sequence": 1, "step": "ready", "answer": {}},
        {"sequence": 1, "step": "ready", "answer": ["yes"]}, {"sequence": 1, "step": "ready", "answer": "x" * 50_000},
        {"sequence": 1, "step": "hello", "at": "99999-01-01"}, {"sequence": 1, "step": "email", "answer": True},
        {"sequence": 1, "step": "email", "answer": "a@b\n.c"},
    ],
)  # fmt: skip
def test_a_step_that_makes_no_sense_is_refused_and_not_recorded(anna, body):
    run = ScriptRunFactory(agent=anna.user)
    answer = anna.post(f"{BASE}/script-runs/{run.pk}/steps/", body, format="json")
    assert answer.status_code == 400, answer.content
    assert not run.steps.exists()


@pytest.mark.parametrize(
    "query",
    [
        {"after": "2020-01-01T00:00:00Z"}, {"after": "2026-01-02T00:00:00Z", "before": "2026-01-01T00:00:00Z"}, {"group_by": "salary"},
        {"group_by": ""}, {"interval": "second"}, {"time_zone": "Mars/Base"}, {"agent": "x"}, {"after": "0001-01-01T00:00:00+14:00"},
        {"before": "9999-12-31T23:59:59-14:00"}, {"before": "0001-01-01T00:00:00Z"}, {"unknown": "1"},
    ],
)  # fmt: skip
def test_a_report_that_cannot_be_made_is_refused(client_of, query):
    answer = client_of("supervisor").get(f"{BASE}/reports/script-adherence/", query)
    assert answer.status_code == 400, answer.content


@pytest.mark.parametrize("steps", [2, 40])
def test_passing_a_step_costs_the_same_in_a_long_script(anna, steps):
    body = [say(f"s{n}", f"s{n + 1}", must_say=True) for n in range(steps)]
    run = ScriptRunFactory(agent=anna.user, script_version=ScriptVersionFactory(steps=[*body, end(f"s{steps}")]))
    anna.get(f"{BASE}/me/")
    costs = []
    for sequence in range(2):
        with CaptureQueriesContext(connection) as asked:
            done = anna.post(f"{BASE}/script-runs/{run.pk}/steps/", {"sequence": sequence + 1, "step": f"s{sequence}"}, format="json")
        assert done.status_code == 200
        costs.append(len(asked))
    assert max(costs) <= 25, costs


def test_a_stale_change_is_refused_but_a_retry_is_not(anna):
    run = ScriptRunFactory(agent=anna.user)
    url, body = f"{BASE}/script-runs/{run.pk}/steps/", {"sequence": 1, "step": "hello"}
    seen = anna.get(f"{BASE}/script-runs/{run.pk}/")["ETag"]
    assert anna.post(url, body, format="json", headers={"If-Match": seen}).status_code == 200
    assert anna.post(url, body, format="json", headers={"If-Match": seen}).status_code == 200, "the same again"
    assert anna.post(url, {"sequence": 2, "step": "bye"}, format="json", headers={"If-Match": seen}).status_code == 412


def test_an_integration_writes_for_the_operator_of_the_call(client_of):
    version, anna = ScriptVersionFactory(), UserFactory(role=Role.AGENT)
    machine = client_of("integration", scopes=["calls:write", "calls:read"])
    begun = machine.post(f"{BASE}/calls/{CallFactory(agent=anna).pk}/script-runs/", {"script_version": str(version.pk)}, format="json")
    assert (begun.status_code, begun.json()["agent"]) == (201, str(anna.pk))
    assert len(STEPS) == len(ScriptVersion.objects.get().steps.all())
