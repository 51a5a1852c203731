"""Escalation over HTTP: policies as a whole, a preview before they are used, steps that somebody takes on."""

from datetime import UTC, datetime, timedelta

import pytest

from complaints import clocks, escalation
from complaints.models import EscalationStep
from config.platform import feed
from tests.factories.complaints import ComplaintFactory, EscalationPolicyFactory, EscalationStepFactory, SLAPolicyFactory
from tests.factories.crm import DepartmentFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/escalation-policies/"
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
LEVELS = [{"offset_s": -3600, "target": "assignee"}, {"offset_s": 0, "target": "leads", "emails": True}]


def test_levels_are_numbered_as_sent_and_replaced_as_a_whole(client_of):
    client = client_of("supervisor")
    made = client.post(URL, {"name": "Claims", "quiet_from": "21:00", "quiet_until": "08:00", "levels": LEVELS}).json()
    assert [(one["number"], one["offset_s"], one["counted"]) for one in made["levels"]] == [(1, -3600, "business"), (2, 0, "business")]
    assert (made["quiet_from"], made["quiet_until"]) == ("21:00", "08:00")
    changed = client.patch(f"{URL}{made['id']}/", {"levels": LEVELS[1:]}).json()
    assert [(one["number"], one["offset_s"]) for one in changed["levels"]] == [(1, 0)]
    assert (changed["name"], changed["version"]) == ("Claims", 2)


@pytest.mark.parametrize(
    ("levels", "pointer", "code"),
    [
        ([{"offset_s": 0, "target": "team"}], "/levels/0/team", "required"),
        ([{"offset_s": 0, "repeat_times": 2}], "/levels/0/repeat_times", "required"),
        ([{"offset_s": 0, "notifies": False}], "/levels/0/notifies", "does_nothing"),
        ([{"offset_s": 60}, {"offset_s": 0}], "/levels", "out_of_order"),
        ([{"offset_s": 32 * 86400}], "/levels/0/offset_s", "max_value"),
    ],
)
def test_a_ladder_that_nobody_could_climb_is_refused(client_of, levels, pointer, code):
    answer = client_of("admin").post(URL, {"name": "Claims", "levels": levels})
    assert answer.status_code == 400
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(pointer, code)]


def test_half_quiet_hours_are_refused(client_of):
    answer = client_of("admin").post(URL, {"name": "Claims", "quiet_from": "21:00", "levels": LEVELS})
    assert answer.status_code == 409 and answer.json()["detail"].startswith("Quiet hours need a beginning and another end")


def test_a_preview_says_what_would_happen_when(client_of):
    policy = EscalationPolicyFactory(levels=3)
    asked = {"target_s": 24 * 3600, "started_at": NOON.isoformat(), "counted": "always"}
    plan = client_of("agent").post(f"{URL}{policy.pk}/preview/", asked).json()
    assert plan["due_at"] == "2026-11-26T12:00:00Z"
    assert [(step["level"], step["at"]) for step in plan["steps"]] == [
        (1, "2026-11-26T11:00:00Z"), (2, "2026-11-26T12:00:00Z"), (3, "2026-11-26T13:00:00Z"),
    ]  # fmt: skip
    assert plan["steps"][0]["said"].startswith("1: 1 h before the due time")


def test_whoever_was_told_finds_the_step_and_takes_it_on(client_of):
    head = client_of("supervisor")
    SLAPolicyFactory(escalation=EscalationPolicyFactory(levels=3))
    complaint = ComplaintFactory(received_at=NOON, department=DepartmentFactory(head=head.user))
    clocks.begin(complaint, now=NOON)
    complaint.save()
    escalation.tend(now=NOON + timedelta(hours=1))
    EscalationStepFactory()
    found = head.get("/api/v1/escalations/", {"mine": "true", "is_open": "true"}).json()["results"]
    assert [(one["complaint_number"], one["metric"], one["level"]) for one in found] == [
        (complaint.number, "assign", 1), (complaint.number, "acknowledge", 2),
    ]  # fmt: skip
    url = f"/api/v1/escalations/{found[0]['id']}/acknowledge/"
    assert client_of("back_office").post(url).status_code == 404  # it does not see the complaint
    taken = head.post(url).json()
    assert (taken["is_open"], taken["acknowledged_by"]) == (False, str(head.user.pk))
    again = head.post(url)
    assert (again.status_code, again.json()["code"]) == (409, "escalation_not_open")
    assert EscalationStep.objects.open().filter(complaint=complaint).count() == 1
    assert len(head.get("/api/v1/escalations/", {"is_open": "false"}).json()["results"]) == 2


def test_the_screen_of_whoever_was_told_begins_with_it(client_of):
    agent = client_of("agent")
    step = EscalationStepFactory(told=[agent.user.pk])
    EscalationStepFactory(told=[agent.user.pk], is_over=True)
    shown = feed.screen(agent.user, NOON)["escalations"]
    assert [(one["escalation"], one["number"]) for one in shown] == [(str(step.pk), step.complaint.number)]


@pytest.mark.parametrize("started_at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_preview_of_an_instant_out_of_reach_is_refused(client_of, started_at):
    policy = EscalationPolicyFactory(levels=1)
    body = {"target_s": 3600, "started_at": started_at, "counted": "always"}
    answer = client_of("admin").post(f"{URL}{policy.pk}/preview/", body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid"), answer.json()
