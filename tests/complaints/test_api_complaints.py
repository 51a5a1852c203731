"""The main job over HTTP: received on a call, found, worked on, decided, told, done; and who sees what."""

from datetime import timedelta

import pytest
from django.utils import timezone

from complaints.models import Complaint
from config.platform.models import AuditEvent
from crm.models import ContactPhone
from tests.complaints.statuses import RULING
from tests.factories.calls import CallFactory
from tests.factories.complaints import ClockFactory, ComplaintFactory, RootCauseFactory, SLAPolicyFactory, WatcherFactory
from tests.factories.crm import ContactFactory, DepartmentFactory, TopicFactory
from tests.factories.orders import OrderFactory

pytestmark = pytest.mark.django_db
COMPLAINTS = "/api/v1/complaints/"


def verb(client, complaint: str, name: str, body=None, status=200):
    answer = client.post(f"{COMPLAINTS}{complaint}/{name}/", body or {}, format="json")
    assert answer.status_code == status, answer.content
    return answer.json()


def ids(client, **query) -> set[str]:
    answer = client.get(COMPLAINTS, query)
    assert answer.status_code == 200, answer.content
    return {row["id"] for row in answer.json()["results"]}


def test_a_complaint_goes_from_the_call_to_the_last_word(client_of):
    SLAPolicyFactory()
    agent, back = client_of("agent"), client_of("back_office")
    department, call = DepartmentFactory(), CallFactory()
    department.members.add(back.user)
    topic = TopicFactory(department=department)
    contact = ContactFactory(phones=True)
    told = {
        "contact": str(contact.pk),
        "topic": topic.code,
        "summary": "The lamp came broken",
        "origin": {"kind": "call", "id": str(call.pk)},
    }
    made = agent.post(COMPLAINTS, told, format="json").json()
    assert made["number"].startswith("C-") and made["status"] == "acknowledged"
    assert (made["department"], made["phone"]) == (str(department.pk), ContactPhone.objects.get(contact=contact).phone.e164)
    clocks = {clock["metric"]: clock for clock in made["clocks"]}
    assert (clocks["acknowledge"]["state"], clocks["resolve"]["state"]) == ("met", "running")
    assert made["due_at"] == clocks["assign"]["due_at"] and made["is_breached"] is False

    assert ids(back, department=str(department.pk), ordering="due_at") == {made["id"]}
    one = made["id"]
    assert verb(back, one, "assign")["assignee"] == str(back.user.pk)
    verb(back, one, "start")
    resting = verb(back, one, "wait", {"party": "customer", "reason": "A photograph of the box."})
    assert resting["due_at"] is None and resting["open_moves"].count("carry_on") == 1
    verb(back, one, "carry-on")
    cause = RootCauseFactory()
    decided = verb(back, one, "decide", RULING | {"root_cause": cause.code})
    assert (decided["decision"], decided["redress_amount"], decided["root_cause"]) == ("upheld", "10.00", cause.code)
    verb(back, one, "communicate", {"call": str(call.pk)})
    done = verb(back, one, "resolve", {"corrective_action": "Double boxes."})
    assert {clock["state"] for clock in done["clocks"]} <= {"met", "cancelled"} and done["due_at"] is None
    assert verb(back, one, "close")["status"] == "closed"
    said = list(AuditEvent.objects.filter(subject_id=one).order_by("id").values_list("verb", flat=True))
    assert said == ["receive", "assign", "start", "wait_for_customer", "carry_on", "decide", "communicate", "resolve", "close"]
    assert verb(agent, one, "reopen", {"reason": "It flickers."})["status"] == "reopened"


def test_solved_on_the_call_is_one_request(client_of):
    order = OrderFactory()
    body = {"order": str(order.pk), "summary": "Too late", "solve": {**RULING, "redress": "discount"}}
    made = client_of("agent").post(COMPLAINTS, body, format="json").json()
    assert (made["status"], made["solved_on_call"], made["contact"]) == ("resolved", True, str(order.contact_id))


def test_what_comes_back_too_late_is_a_new_complaint_at_another_address(client_of, settings):
    long_ago = timezone.now() - timedelta(days=settings.COMPLAINT_REOPEN_DAYS + 1)
    old = ComplaintFactory(closed=True, received_at=long_ago, ended_at=long_ago, resolved_at=long_ago)
    client = client_of("agent")
    answer = client.post(f"{COMPLAINTS}{old.pk}/reopen/", {"reason": "It flickers."}, format="json")
    assert answer.status_code == 201 and answer.json()["follows"] == str(old.pk)
    assert client.get(answer["Location"]).json()["id"] == answer.json()["id"]
    again = client.post(f"{COMPLAINTS}{old.pk}/reopen/", {"reason": "It flickers."}, format="json").json()
    assert (again["code"], again["complaint"]) == ("already_followed", answer.json()["id"])


def test_an_amount_for_an_apology_or_without_a_currency_is_refused(client_of):
    client, complaint = client_of("supervisor"), ComplaintFactory(in_progress=True)
    for body, status in (({"redress": "apology"}, 400), ({"currency": "XXQ"}, 400), ({"currency": None}, 400)):
        answer = client.post(f"{COMPLAINTS}{complaint.pk}/decide/", RULING | body, format="json")
        assert answer.status_code == status, answer.content
    bare = {name: value for name, value in RULING.items() if name != "currency"}
    answer = client.post(f"{COMPLAINTS}{complaint.pk}/decide/", bare, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "complaint_amounts_have_a_currency")
    assert Complaint.objects.get(pk=complaint.pk).status == "in_progress"


def test_the_back_office_sees_what_its_departments_have_and_the_rest_is_not_there(client_of):
    back = client_of("back_office")
    own = DepartmentFactory()
    own.members.add(back.user)
    seen = [ComplaintFactory(department=own), ComplaintFactory(assigned=True, assignee=back.user), WatcherFactory(user=back.user).complaint]
    hidden = ComplaintFactory()
    assert ids(back) == {str(one.pk) for one in seen}
    assert back.get(f"{COMPLAINTS}{hidden.pk}/").status_code == 404
    verb(back, str(hidden.pk), "start", status=404)
    watched = seen[2]
    watched.assignee = client_of("agent").user
    watched.save()
    assert verb(back, str(watched.pk), "start", status=403)["code"] == "not_your_complaint"
    assert len(ids(client_of("agent"))) == 4


def test_each_filter_finds_what_it_says_and_nothing_else(client_of):
    now = timezone.now()
    client = client_of("agent")
    below = TopicFactory(parent=TopicFactory())
    late = ClockFactory(complaint__topic=below, complaint__received_at=now - timedelta(days=3)).complaint
    late.due_at, late.e164, late.origin_kind, late.origin_id = now - timedelta(hours=1), "+74951234567", "call", CallFactory().pk
    late.severity, late.priority, late.assignee, late.root_cause = "high", "urgent", client.user, RootCauseFactory()
    late.save()
    WatcherFactory(complaint=late, user=client.user)
    done = ComplaintFactory(closed=True, kind="claim", channel="letter", received_at=now, number="C-2026-000777")
    finds_late = {
        "is_open": "true", "breached": "true", "topic": below.parent.code, "mine": "true", "watched": "true", "phone": "8 495 123-45-67",
        "severity": "high", "priority": "urgent,high", "due_before": now.isoformat(), "received_before": (now - timedelta(days=1)).isoformat(),
        "contact": str(late.contact_id), "department": str(late.department_id), "assignee": str(client.user.pk), "origin": str(late.origin_id),
        "root_cause": late.root_cause.code, "status": "received,assigned", "kind": "complaint", "channel": "call", "ordering": "due_at",
    }  # fmt: skip
    finds_done = {
        "is_open": "false", "breached": "false", "mine": "false", "watched": "false", "kind": "claim", "status": "closed", "number": "777",
        "received_after": (now - timedelta(hours=1)).isoformat(), "channel": "letter",
    }  # fmt: skip
    for query, row in ((finds_late, late), (finds_done, done)):
        for name, value in query.items():
            assert ids(client, **{name: value}) == {str(row.pk)}, name
    assert client.get(COMPLAINTS, {"status": "received,nonsense"}).status_code == 400


def test_field_and_filter_say_the_same_of_every_complaint(client_of):
    now = timezone.now()
    for due, breached in ((None, None), (now - timedelta(minutes=1), None), (now + timedelta(hours=1), None), (None, now), (now, now)):
        ComplaintFactory(due_at=due, breached_at=breached)
    client = client_of("agent")
    shown = {row["id"]: row["is_breached"] for row in client.get(COMPLAINTS).json()["results"]}
    assert ids(client, breached="true") == {one for one, is_breached in shown.items() if is_breached}
    assert ids(client, breached="false") == {one for one, is_breached in shown.items() if not is_breached}
    assert sorted(shown.values()) == [False, False, True, True, True]
