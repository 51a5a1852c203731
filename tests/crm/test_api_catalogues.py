"""What an administrator keeps for contacts: departments, teams, topics and fields of their own."""

import pytest

from tests.factories.crm import ContactFactory, CustomFieldFactory, DepartmentFactory, TeamFactory, TopicFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
API = "/api/v1"


@pytest.fixture
def admin(client_of):
    return client_of("admin")


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content


ROWS = {
    "departments": ({"name": "Repairs", "time_zone": "Europe/Moscow"}, {"name": "Warranty", "is_active": False}),
    "teams": ({"name": "Morning shift"}, {"name": "Evening shift", "is_active": False}),
    "topics": ({"code": "late", "name": "Delivery is late"}, {"name": "Late", "is_hard": True}),
    "custom-fields": ({"key": "card", "label": "Card", "type": "text"}, {"label": "Loyalty card", "is_required": True}),
    "dispositions": ({"code": "advised", "name": "Advised"}, {"name": "Helped", "needs_note": True}),
    "phone-systems": ({"slug": "pbx", "name": "PBX", "own_lines": ["+78001234567"]}, {"name": "Exchange", "stale_after_s": 600}),
}


@pytest.mark.parametrize("resource", ROWS)
def test_a_row_is_added_read_changed_and_removed(resource, admin):
    body, change = ROWS[resource]
    answer = admin.post(f"{API}/{resource}/", body)
    assert answer.status_code == 201, answer.content
    row, url = answer.json(), answer.headers["Location"]
    assert {name: row[name] for name in body} == body
    assert admin.get(url).json() == row
    assert admin.get(f"{API}/{resource}/").json()["results"] == [row]
    tag = admin.get(url).headers["ETag"]
    assert admin.patch(url, change, HTTP_IF_MATCH=tag).json() == row | change
    refused(admin.patch(url, change, HTTP_IF_MATCH=tag), 412, "version_conflict")
    assert admin.delete(url).status_code == 204
    assert admin.get(url).status_code == 404


@pytest.mark.parametrize("resource", ROWS)
def test_an_agent_reads_and_changes_nothing(resource, admin, client_of):
    url = admin.post(f"{API}/{resource}/", ROWS[resource][0]).headers["Location"]
    agent = client_of("agent")
    for answer in (agent.post(f"{API}/{resource}/", ROWS[resource][0]), agent.patch(url, {}), agent.delete(url)):
        assert answer.status_code == 403
    assert agent.get(url).status_code == (403 if resource == "phone-systems" else 200)


def test_departments_form_a_tree(admin):
    root, member = DepartmentFactory(name="Service"), UserFactory()
    child = admin.post(f"{API}/departments/", {"name": "Repairs", "parent": str(root.pk), "members": [str(member.pk)]}).json()
    assert (child["parent"], child["members"]) == (str(root.pk), [str(member.pk)])
    assert [row["id"] for row in admin.get(f"{API}/departments/", {"parent": str(root.pk)}).json()["results"]] == [child["id"]]
    refused(admin.post(f"{API}/departments/", {"name": "Repairs", "parent": str(root.pk)}), 409, "one_department_name_per_parent")
    refused(admin.post(f"{API}/departments/", {"name": "Service"}), 409, "one_department_name_per_parent")
    assert admin.post(f"{API}/departments/", {"name": "Repairs"}).status_code == 201
    refused(admin.delete(f"{API}/departments/{root.pk}/"), 409, "still_in_use")
    refused(admin.patch(f"{API}/departments/{root.pk}/", {"parent": str(root.pk)}), 409, "department_is_not_its_own_parent")


@pytest.mark.parametrize(("resource", "factory"), [("departments", DepartmentFactory), ("topics", TopicFactory)])
def test_a_tree_has_no_circle(resource, factory, admin):
    root = factory()
    child = factory(parent=root)
    grandchild = factory(parent=child)
    answer = admin.patch(f"{API}/{resource}/{root.pk}/", {"parent": str(grandchild.pk)})
    assert answer.status_code == 400, answer.content
    assert admin.patch(f"{API}/{resource}/{grandchild.pk}/", {"parent": str(root.pk)}).status_code == 200


def test_names_and_codes_are_one(admin):
    TeamFactory(name="Night")
    TopicFactory(code="late")
    for resource, body in {"teams": {"name": "Night"}, "topics": {"code": "late", "name": "x"}}.items():
        answer = admin.post(f"{API}/{resource}/", body)
        assert (answer.status_code, "already" in answer.json()["detail"]) == (400, True), answer.content


def test_a_team_keeps_its_people(client_of):
    people = [UserFactory() for _ in range(2)]
    client = client_of("supervisor")
    team = client.post(f"{API}/teams/", {"name": "Night", "lead": str(people[0].pk), "members": [str(one.pk) for one in people]}).json()
    assert set(team["members"]) == {str(one.pk) for one in people}
    assert client.patch(f"{API}/teams/{team['id']}/", {"members": []}).json()["members"] == []
    assert client.delete(f"{API}/teams/{team['id']}/").status_code == 403


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"key": "Card", "label": "x", "type": "text"}, "custom_field_key_is_plain"),
        ({"key": "1card", "label": "x", "type": "text"}, "custom_field_key_is_plain"),
        ({"key": "level", "label": "x", "type": "choice"}, "custom_field_choice_has_choices"),
        ({"key": "level", "label": "x", "type": "multi", "choices": []}, "custom_field_choice_has_choices"),
        ({"key": "taken", "label": "x", "type": "text"}, "one_custom_field_per_key"),
    ],
)
def test_what_a_field_may_not_be_is_told_by_the_name_of_the_rule(body, code, admin):
    CustomFieldFactory(key="taken")
    refused(admin.post(f"{API}/custom-fields/", body), 409, code)


@pytest.mark.parametrize("change", [{"key": "other"}, {"type": "number"}])
def test_the_key_and_the_type_of_a_field_are_fixed(change, admin):
    field = CustomFieldFactory(key="card")
    refused(admin.patch(f"{API}/custom-fields/{field.pk}/", change), 400, "invalid")


def test_a_topic_in_use_stays(admin):
    root = TopicFactory()
    TopicFactory(parent=root)
    refused(admin.delete(f"{API}/topics/{root.pk}/"), 409, "still_in_use")


def test_a_department_shows_nothing_of_contacts(admin):
    ContactFactory()
    assert admin.get(f"{API}/departments/").json()["results"] == []
