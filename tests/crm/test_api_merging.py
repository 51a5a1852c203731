"""/contacts/{id}/merge/, /duplicates/ and /merges/: what is asked, what is told, and what the old id answers."""

import pytest

from crm.models import Contact
from tests.contract.operations import NOBODYS
from tests.factories.calls import CallFactory
from tests.factories.crm import ContactFactory, NoteFactory
from tests.factories.merging import DuplicateCandidateFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/contacts/"


@pytest.fixture
def client(client_of):
    return client_of("back_office")


@pytest.fixture
def two(db):
    one = ContactFactory(surname="Иванова", name="Анна", patronymic="", phones=["+74950000001"])
    other = ContactFactory(surname="Петрова", name="Анна", patronymic="Ильинична", phones=["+74950000002"])
    NoteFactory(contact=other)
    CallFactory(contact=other)
    return one, other


def merge(client, one, other, **more):
    return client.post(f"{URL}{one.pk}/merge/", {"loser": str(other.pk), **more})


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    return answer.json()


def test_a_dry_run_tells_what_differs_and_what_would_move_and_does_nothing(client, two):
    answer = merge(client, *two, dry_run=True).json()
    assert answer["merge"] is None and answer["dry_run"] is True
    told = {one["field"]: (one["survivor"], one["loser"], one["choice"]) for one in answer["differences"]}
    assert told["surname"] == ("Иванова", "Петрова", "survivor")
    assert told["patronymic"] == ("", "Ильинична", "loser")
    assert answer["moves"] == {"calls.call.contact": 1, "crm.contactphone.contact": 1, "crm.note.contact": 1}
    assert Contact.objects.living().count() == 2 and answer["contact"]["version"] == 1


def test_a_dry_run_of_a_person_and_a_company_tells_that_somebody_has_to_choose(client):
    answer = merge(client, ContactFactory(), ContactFactory(company=True), dry_run=True).json()
    assert [one["choice"] for one in answer["differences"] if one["field"] == "kind"] == [""]
    refused(merge(client, ContactFactory(), ContactFactory(company=True)), 409, "kinds_differ")


def test_after_a_merge_the_old_id_answers_with_the_survivor(client, two):
    one, other = two
    answer = merge(client, one, other, fields={"surname": "loser"}, reason="She married.")
    done = answer.json()
    assert (done["contact"]["surname"], done["contact"]["patronymic"]) == ("Петрова", "Ильинична")
    for contact, merged_from in ((one, None), (other, str(other.pk))):
        shown = client.get(f"{URL}{contact.pk}/")
        assert (shown.status_code, shown.json()["id"], shown.json()["merged_from"]) == (200, str(one.pk), merged_from)
    assert shown["Content-Location"].endswith(f"{URL}{one.pk}/")
    assert [row["id"] for row in client.get(URL).json()["results"]] == [str(one.pk)]
    assert [row["id"] for row in client.get(URL, {"search": "Петрова"}).json()["results"]] == [str(one.pk)]
    assert len(client.get(f"{URL}{other.pk}/timeline/").json()["results"]) == len(client.get(f"{URL}{one.pk}/timeline/").json()["results"])
    assert len(client.get("/api/v1/calls/", {"contact": str(other.pk)}).json()["results"]) == 1


def test_to_change_the_old_id_is_refused_and_a_reference_to_it_means_who_is_left(client, client_of, two):
    one, other = two
    merge(client, one, other)
    for answer in (
        client.patch(f"{URL}{other.pk}/", {"surname": "X"}),
        client.post(f"{URL}{other.pk}/notes/", {"text": "X"}),
        client_of("admin").delete(f"{URL}{other.pk}/"),
        merge(client, other, ContactFactory()),
        merge(client, ContactFactory(), other),
    ):
        assert refused(answer, 409, "contact_merged")["survivor"] == str(one.pk)
    call = client_of("agent").post("/api/v1/calls/", {"direction": "inbound", "contact": str(other.pk)})
    assert call.json()["contact"] == str(one.pk)


def test_an_employer_that_was_merged_means_the_company_that_is_left(client):
    one, other = ContactFactory(company=True), ContactFactory(company=True)
    merge(client, one, other)
    made = client.post(URL, {"surname": "Santos", "employer": str(other.pk)})
    assert made.json()["employer"] == str(one.pk)


@pytest.mark.parametrize(
    "body",
    [
        {"loser": None}, {"loser": NOBODYS}, {"loser": "x"}, {"fields": {"surname": None}}, {"fields": ["surname"]},
        {"fields": {"\u0000": "loser"}}, {"reason": "x" * 501}, {"dry_run": "perhaps"},
    ],
)  # fmt: skip
def test_nonsense_is_refused(client, two, body):
    assert client.post(f"{URL}{two[0].pk}/merge/", {"loser": str(two[1].pk)} | body).status_code == 400
    assert Contact.objects.living().count() == 2


@pytest.mark.parametrize("fields", [{"shoe_size": "loser"}, {"surname": "mine"}, {"surname": "both"}, {"custom_fields.card": "loser"}])
@pytest.mark.parametrize("dry_run", [False, True])
def test_a_choice_that_means_nothing_is_refused(client, two, fields, dry_run):
    refused(merge(client, *two, fields=fields, dry_run=dry_run), 400, "field_choice_invalid")


def test_nobody_is_merged_with_itself(client, two):
    refused(merge(client, two[0], two[0]), 400, "merge_with_itself")


def test_a_merge_is_undone_with_a_report(client, two):
    one, other = two
    done = merge(client, one, other).json()["merge"]
    client.patch(f"{URL}{one.pk}/", {"patronymic": "Павловна"})
    listed = client.get("/api/v1/merges/", {"survivor": str(one.pk), "state": "merged"}).json()["results"]
    assert [row["id"] for row in listed] == [done]
    undone = client.post(f"/api/v1/merges/{done}/undo/", {"reason": "Sisters."}).json()
    assert undone["state"] == "undone"
    told = {"kind": "edited_since", "what": "patronymic", "value": "Павловна", "before": ""}
    assert told in undone["conflicts"]
    back = client.get(f"{URL}{other.pk}/").json()
    assert (back["id"], back["merged_from"], back["phones"][0]["number"]) == (str(other.pk), None, "+74950000002")
    refused(client.post(f"/api/v1/merges/{done}/undo/", {}), 409, "invalid_transition")


def test_only_the_latest_merge_is_undone_and_the_refusal_names_it(client, two):
    first = merge(client, *two).json()["merge"]
    second = merge(client, two[0], ContactFactory()).json()["merge"]
    assert refused(client.post(f"/api/v1/merges/{first}/undo/", {}), 409, "undo_blocked")["merge"] == second


# Pairs


def test_pairs_are_listed_the_likeliest_first_and_narrowed(client):
    low, high = DuplicateCandidateFactory(score=0.6), DuplicateCandidateFactory(score=0.9)
    done = DuplicateCandidateFactory(score=0.8, status="dismissed")

    def asked(**query):
        return [row["id"] for row in client.get("/api/v1/duplicates/", query).json()["results"]]

    assert asked() == [str(high.pk), str(done.pk), str(low.pk)]
    assert asked(state="open") == [str(high.pk), str(low.pk)]
    assert asked(min_score="0.7", state="open") == [str(high.pk)]
    assert asked(contact=str(low.second_id)) == [str(low.pk)]
    page = client.get("/api/v1/duplicates/", {"page_size": 1}).json()
    assert client.get(page["next"]).json()["results"][0]["id"] == str(done.pk)


def test_a_pair_is_dismissed_with_a_reason(client):
    pair = DuplicateCandidateFactory()
    answer = client.post(f"/api/v1/duplicates/{pair.pk}/dismiss/", {"reason": "Mother and daughter."}).json()
    assert (answer["state"], answer["reason"], answer["decided_by"]) == ("dismissed", "Mother and daughter.", str(client.user.pk))
    refused(client.post(f"/api/v1/duplicates/{pair.pk}/dismiss/", {}), 409, "invalid_transition")


def test_the_two_of_a_pair_are_merged_from_it(client, two):
    pair = DuplicateCandidateFactory(pair=two)
    url = f"/api/v1/duplicates/{pair.pk}/merge/"
    refused(client.post(url, {"survivor": str(ContactFactory().pk)}), 400, "not_of_the_pair")
    told = client.post(url, {"survivor": str(two[1].pk), "dry_run": True}).json()
    assert told["merge"] is None
    done = client.post(url, {"survivor": str(two[1].pk)}).json()
    assert done["contact"]["id"] == str(two[1].pk)
    assert client.get(f"/api/v1/duplicates/{pair.pk}/").json()["state"] == "merged"
    refused(client.post(url, {"survivor": str(two[1].pk)}), 409, "invalid_transition")


def test_an_agent_sees_pairs_and_does_not_decide_them(client_of):
    agent, pair = client_of("agent"), DuplicateCandidateFactory()
    assert agent.get("/api/v1/duplicates/").status_code == 200
    assert agent.post(f"/api/v1/duplicates/{pair.pk}/dismiss/", {}).status_code == 403
