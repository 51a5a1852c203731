"""/saved-filters/ over HTTP: checked like the list, seen by whom they are shared with, changed by their owners."""

import pytest

from crm.models import SavedFilter
from tests.factories.crm import ContactFactory, CustomFieldFactory
from tests.factories.exports import SavedFilterFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/saved-filters/"


@pytest.fixture
def client(client_of):
    return client_of("agent")


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    return answer.json()


def test_a_saved_filter_chooses_what_it_says_together_with_the_rest(client):
    vip, plain = ContactFactory(tags=["vip"], lifecycle="client"), ContactFactory(lifecycle="client")
    ContactFactory(lifecycle="lead", tags=["vip"])
    saved = client.post(URL, {"entity": "contacts", "name": "Clients", "query": {"lifecycle": ["client"]}}).json()
    found = client.get("/api/v1/contacts/", {"saved_filter": saved["id"]}).json()["results"]
    assert [row["id"] for row in found] == [str(plain.pk), str(vip.pk)]
    found = client.get("/api/v1/contacts/", {"saved_filter": saved["id"], "tag": "vip"}).json()["results"]
    assert [row["id"] for row in found] == [str(vip.pk)]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"entity": "contacts", "name": "X", "query": {"nmae": "I"}}, "filter_invalid"), ({"entity": "contacts", "name": "X", "query": {"kind": "robot"}}, "filter_invalid"),
        ({"entity": "calls", "name": "X", "query": {"outcome": "happy"}}, "filter_invalid"), ({"entity": "calls", "name": "X", "query": {"kind": "person"}}, "filter_invalid"),
        ({"entity": "users", "name": "X", "query": {}}, "list_unknown"), ({"entity": "contacts", "name": "X", "query": []}, "invalid"), ({"entity": "contacts", "query": {}}, "invalid"),
        ({"entity": "contacts", "name": "X", "query": {"search": "a"}}, "search_too_short"),
    ],
    ids=str,
)  # fmt: skip
def test_a_filter_that_the_list_would_refuse_is_not_saved(client, body, code):
    refused(client.post(URL, body), 400, code)
    assert not SavedFilter.objects.exists()


def test_one_sees_ones_own_and_what_is_shared(client):
    mine, shared = SavedFilterFactory(owner=client.user), SavedFilterFactory(is_shared=True)
    private = SavedFilterFactory()
    assert {row["id"] for row in client.get(URL).json()["results"]} == {str(mine.pk), str(shared.pk)}
    assert client.get(f"{URL}{private.pk}/").status_code == 404
    refused(client.get("/api/v1/contacts/", {"saved_filter": str(private.pk)}), 400, "filter_invalid")
    refused(client.get("/api/v1/contacts/", {"saved_filter": "mine"}), 400, "filter_invalid")


def test_owners_and_leaders_change_a_filter_others_do_not(client, client_of):
    shared = SavedFilterFactory(is_shared=True)
    url = f"{URL}{shared.pk}/"
    refused(client.patch(url, {"name": "Mine now"}), 403, "not_your_filter")
    refused(client.delete(url), 403, "not_your_filter")
    assert client_of("supervisor").patch(url, {"query": {"lifecycle": "lead"}}).json()["query"] == {"lifecycle": "lead"}
    own = client_of("agent", user=shared.owner)
    assert own.patch(url, {"is_shared": False}).json()["version"] == 3
    refused(own.patch(url, {"query": {"nmae": 1}}), 400, "filter_invalid")
    assert own.delete(url).status_code == 204


def test_a_name_is_taken_once_per_owner_and_list(client):
    body = {"entity": "contacts", "name": "Clients", "query": {}}
    assert client.post(URL, body).status_code == 201
    refused(client.post(URL, body), 409, "one_saved_filter_name_per_owner")
    assert client.post(URL, body | {"entity": "calls"}).status_code == 201


def test_a_filter_whose_field_vanished_says_what_to_do(client):
    field = CustomFieldFactory(key="card")
    saved = client.post(URL, {"entity": "contacts", "name": "Card", "query": {"cf_card": "7"}}).json()
    assert client.get("/api/v1/contacts/", {"saved_filter": saved["id"]}).status_code == 200
    field.is_active = False
    field.save()
    problem = refused(client.get("/api/v1/contacts/", {"saved_filter": saved["id"]}), 400, "filter_invalid")
    assert problem["errors"][0]["pointer"] == "/cf_card" and "take `cf_card` out" in problem["detail"]
