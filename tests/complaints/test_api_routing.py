"""Routing, promises and transfers over HTTP and in the admin."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from complaints import clocks, spans
from complaints.models import RoutingRule, SLAPolicy
from config.platform.models import AuditEvent, Role
from tests.config.test_admin_pages import address, client_for
from tests.config.test_admin_writes import fields_of, save
from tests.factories.calendars import CalendarFactory
from tests.factories.complaints import ComplaintFactory, ComplaintTransferFactory, RoutingRuleFactory, SLAPolicyFactory
from tests.factories.crm import ContactFactory, DepartmentFactory, TopicFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/"
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def test_a_rule_is_tried_as_it_decides(client_of):
    person, department = UserFactory(role="back_office"), DepartmentFactory()
    department.members.add(person)
    boss = client_of("supervisor")
    topic = TopicFactory()
    body = {"name": "Bills", "topics": [str(topic.pk)], "department": str(department.pk), "choice": "round_robin", "position": 5}
    rule = boss.post(f"{URL}routing-rules/", body).json()
    answer = client_of("agent").post(f"{URL}routing-rules/try/", {"topic": str(TopicFactory(parent=topic).pk)}).json()
    assert (answer["decided_by"], answer["rule"], answer["department"], answer["person"]) == (
        "rule", rule["id"], str(department.pk), str(person.pk),
    )  # fmt: skip
    answer = boss.post(f"{URL}routing-rules/try/", {}).json()
    assert (answer["decided_by"], answer["rule"], answer["person"]) == ("nothing", None, None)
    assert [(one["verdict"], one["because"]) for one in answer["rules"]] == [("does_not_hold", ["topics"])]
    refused = boss.post(f"{URL}routing-rules/", body | {"name": "B", "choice": "direct"})
    assert (refused.status_code, refused.json()["code"]) == (409, "direct_rule_names_a_person")
    refused = boss.post(f"{URL}routing-rules/", body | {"name": "B", "languages": ["not a language"]})
    assert refused.status_code == 400


def test_a_policy_is_tried_at_an_instant_where_the_rule_would_send_it(client_of):
    calendar = CalendarFactory()  # whatever it is open: it is the department's, found through the rule
    department = DepartmentFactory(calendar=calendar)
    RoutingRuleFactory(department=department, kinds=["claim"])
    SLAPolicyFactory(position=1, severities=["critical"])
    policy = SLAPolicyFactory(position=2, department=department, counted="business", inform_every_s=None)
    contact = ContactFactory()
    body = {"kind": "claim", "contact": str(contact.pk), "at": NOON.isoformat()}
    answer = client_of("agent").post(f"{URL}sla-policies/try/", body).json()
    assert (answer["policy"], answer["department"]) == (str(policy.pk), str(department.pk))
    assert [(one["verdict"], one["because"]) for one in answer["policies"]] == [("does_not_hold", ["severities"]), ("decides", [])]
    complaint = ComplaintFactory(kind="claim", department=department, contact=contact, received_at=NOON)
    clocks.begin(complaint, now=NOON)
    real = {one.metric: one.due_at for one in complaint.clocks.all()}
    assert {one["metric"]: datetime.fromisoformat(one["due_at"]) for one in answer["promises"]} == real
    assert {one["calendar"] for one in answer["promises"]} == {str(calendar.pk)}


def test_a_complaint_goes_to_another_department_and_comes_back(client_of):
    owner, there, stranger = client_of("back_office"), client_of("back_office"), client_of("back_office")
    home, target = DepartmentFactory(), DepartmentFactory()
    home.members.add(owner.user)
    target.members.add(there.user)
    complaint = ComplaintFactory(assigned=True, assignee=owner.user, department=home)
    url = f"{URL}complaints/{complaint.pk}/"
    body = {"department": str(target.pk), "reason": "It is about a bill."}
    assert stranger.post(f"{url}transfer/", body).status_code == 404, "what the back office may not see is not there"
    made = owner.post(f"{url}transfer/", body, headers={"If-Match": f'"{complaint.version}"'})
    assert (made.status_code, made.json()["complaint"]["department"], made.json()["state"]) == (201, str(target.pk), "asked")
    assert owner.get(made["Location"]).json() == made.json()
    waiting = there.get(f"{URL}complaint-transfers/", {"state": "asked", "department": str(target.pk)}).json()["results"]
    assert [one["id"] for one in waiting] == [made.json()["id"]]
    assert owner.post(f"{url}accept/").json()["code"] == "not_your_transfer"
    assert there.post(f"{url}return/", {"reason": " "}).status_code == 400
    returned = there.post(f"{url}return/", {"reason": "Not ours."}, headers={"If-Match": made["ETag"]})
    assert (returned.status_code, returned.json()["state"]) == (200, "returned")
    assert returned.json()["complaint"]["assignee"] == str(owner.user.pk)
    assert there.post(f"{url}accept/").json()["code"] == "no_transfer_waits", "whoever had it still sees it"
    assert owner.post(f"{url}transfer/", body | {"department": str(home.pk)}).json()["code"] == "already_in_department"
    assert [one["state"] for one in there.get(f"{url}transfers/").json()["results"]] == ["returned"]
    assert stranger.get(f"{URL}complaint-transfers/").json()["results"] == []


def test_positions_are_written_in_the_list_and_a_turn_is_kept():
    boss = client_for(Role.SUPERVISOR)
    first, second = RoutingRuleFactory(position=1, last_person=UserFactory()), RoutingRuleFactory(position=2)
    sent = {"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "2", "_save": "Save"}
    for number, (rule, position) in enumerate([(first, 9), (second, 2)]):
        sent |= {f"form-{number}-id": str(rule.pk), f"form-{number}-position": str(position), f"form-{number}-is_active": "on"}
    assert boss.post(address(RoutingRule, "changelist"), sent).status_code == 302
    assert list(RoutingRule.objects.values_list("name", "position")) == [(second.name, 2), (first.name, 9)]
    (event,) = AuditEvent.objects.filter(subject_id__in=[first.pk, second.pk])
    assert event.changes == {"position": [1, 9]}
    assert RoutingRule.objects.get(pk=first.pk).last_person == first.last_person


def test_targets_are_written_as_people_write_them():
    boss = client_for(Role.SUPERVISOR)
    made = save(
        boss, address(SLAPolicy, "add"), name="Claims", resolve_s="40 h", acknowledge_s="1:30", kinds=["claim"], priorities=["high"]
    )
    assert made.status_code == 302, made
    policy = SLAPolicy.objects.get()
    assert (policy.resolve_s, policy.acknowledge_s, policy.assign_s, policy.kinds) == (144_000, 5400, None, ["claim"])
    url = address(SLAPolicy, "change", policy.pk)
    assert fields_of(boss, url)["acknowledge_s"] == "1 h 30 min"
    assert save(boss, url).status_code == 302
    policy.refresh_from_db()
    assert policy.acknowledge_s == 5400
    assert "Write it as" in str(save(boss, url, resolve_s="soon"))
    assert "acknowledge 1 h 30 min, solve 40 h" in boss.get(address(SLAPolicy, "changelist")).content.decode()


@pytest.mark.parametrize(
    ("text", "seconds"), [("4 h", 14400), ("90 min", 5400), ("1h30m", 5400), ("1:05", 3900), ("2 hours, 5 minutes", 7500), ("45s", 45)]
)
def test_a_length_of_time_is_read_and_written_back(text, seconds):
    assert spans.read(text) == seconds
    assert spans.read(spans.written(seconds)) == seconds


@pytest.mark.parametrize("text", ["", "4", "4 d", "four h", "h", "-4 h", "4 h x", "1:75"])
def test_what_is_no_length_of_time_is_refused(text):
    with pytest.raises(ValueError, match="Write it as"):
        spans.read(text)


def test_the_page_of_trials_tells_where_and_what_is_promised():
    boss = client_for(Role.SUPERVISOR)
    rule, policy = RoutingRuleFactory(kinds=["claim"]), SLAPolicyFactory()
    page = boss.get(reverse("admin:complaints_routingrule_try_out"))
    assert page.status_code == 200 and "trial" not in page.context
    page = boss.get(reverse("admin:complaints_slapolicy_try_out"), {"kind": "claim", "severity": "high", "at": "2026-11-25T12:00"})
    text = page.content.decode()
    assert str(rule.department) in text and str(policy) in text
    assert "Fri 2026" not in text and "2026-11-26 12:00" in text, "a day later, in the viewer's zone as it was asked"
    assert "There is no product" in boss.get(reverse("admin:complaints_routingrule_try_out"), {"product": "nothing"}).content.decode()


def test_a_complaint_is_passed_on_from_its_page():
    boss, complaint, target = client_for(Role.SUPERVISOR), ComplaintFactory(), DepartmentFactory()
    url = reverse("admin:complaints_complaint_pass_on", args=[complaint.pk])
    assert boss.get(url).status_code == 200
    assert "required" in boss.post(url, {"department": str(target.pk)}).content.decode()
    assert boss.post(url, {"department": str(target.pk), "reason": "It is about a bill."}).status_code == 302
    complaint.refresh_from_db()
    assert complaint.department == target
    answer = boss.post(url, {"department": str(target.pk), "reason": "Again."}).content.decode()
    assert "already" in answer


def test_a_supervisor_answers_for_a_department_that_does_not():
    boss = client_for(Role.SUPERVISOR)
    row = ComplaintTransferFactory(complaint__assigned=True, from_assignee=UserFactory())
    url = reverse("admin:complaints_complainttransfer_give_back", args=[row.pk])
    assert boss.get(url).status_code == 200
    boss.post(url, {"said": ""})
    row.refresh_from_db()
    assert row.state == "asked", "without a reason"
    boss.post(url, {"said": "Nobody there."})
    row.refresh_from_db()
    assert (row.state, row.answer) == ("returned", "Nobody there.")
    assert boss.get(url).status_code == 403
