"""Tasks: promised, seen by whoever takes the next call, done once."""

import pytest

from crm.models import Task
from tests.factories.calls import CallFactory
from tests.factories.crm import ContactPhoneFactory
from tests.factories.follow_ups import TaskFactory

pytestmark = pytest.mark.django_db


def test_a_task_without_anybody_is_the_authors_own(client_of):
    agent = client_of("agent")
    made = agent.post("/api/v1/tasks/", {"title": "Send the invoice"}, format="json").json()
    assert (made["assignee"], made["state"], made["by"]) == (str(agent.user.pk), "open", str(agent.user.pk))


def test_what_was_promised_shows_when_the_contact_calls_until_it_is_done(client_of):
    agent, link = client_of("agent"), ContactPhoneFactory()
    call = CallFactory(contact=link.contact)
    body = {"title": "Call back", "contact": str(link.contact.pk), "origin": {"kind": "call", "id": str(call.pk)}}
    made = agent.post("/api/v1/tasks/", body, format="json").json()
    assert made["origin"] == body["origin"]
    assert [one["id"] for one in agent.get("/api/v1/lookup/", {"phone": link.phone.e164}).json()["open"]["tasks"]] == [made["id"]]
    timeline = agent.get(f"/api/v1/contacts/{link.contact.pk}/timeline/").json()["results"]
    assert [one["data"]["title"] for one in timeline if one["kind"] == "task"] == ["Call back"]
    assert agent.post(f"/api/v1/tasks/{made['id']}/complete/", {"result": "Paid"}, format="json").json()["state"] == "done"
    assert agent.get("/api/v1/lookup/", {"phone": link.phone.e164}).json()["open"]["tasks"] == []


@pytest.mark.parametrize("verb", ["complete", "cancel"])
def test_a_task_is_over_once(client_of, verb):
    agent, task = client_of("agent"), TaskFactory()
    body = {"reason": "why"} if verb == "cancel" else {}
    assert agent.post(f"/api/v1/tasks/{task.pk}/{verb}/", body, format="json").status_code == 200
    again = agent.post(f"/api/v1/tasks/{task.pk}/{verb}/", body, format="json")
    assert (again.status_code, again.json()["code"], again.json()["allowed"]) == (409, "invalid_transition", ["reopen"])


@pytest.mark.parametrize(
    "origin",
    [{"kind": "call", "id": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"}, {"kind": "dream", "id": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"}],
)
def test_an_origin_that_is_not_there_is_refused(client_of, origin):
    answer = client_of("agent").post("/api/v1/tasks/", {"title": "x", "origin": origin}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "origin_unknown")
    assert not Task.objects.exists()


def test_mine_for_today_come_in_the_order_of_urgency(client_of):
    agent = client_of("agent")
    late, later = (TaskFactory(assignee=agent.user, due_at=f"2026-11-2{day}T12:00:00Z") for day in (3, 4))
    TaskFactory(), TaskFactory(assignee=agent.user, done=True)
    found = agent.get("/api/v1/tasks/", {"assignee": str(agent.user.pk), "state": "open", "ordering": "due_at"}).json()["results"]
    assert [one["id"] for one in found] == [str(late.pk), str(later.pk)]
