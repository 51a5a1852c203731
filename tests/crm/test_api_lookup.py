"""/lookup/: who is calling, what is open for them, and who is nobody."""

import pytest

from tests.factories.calls import CallFactory, PhoneSystemFactory
from tests.factories.crm import ContactFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/lookup/"
NUMBER = "+74951234567"


@pytest.fixture
def ask(client_of):
    client = client_of("agent")

    def look(phone, **more):
        answer = client.get(URL, {"phone": phone, **more})
        assert answer.status_code == 200, answer.content
        return answer.json()

    return look


def who(body):
    return [(match["contact"]["id"], match["quality"], match["score"]) for match in body["matches"]]


@pytest.mark.parametrize(
    "written", ["+74951234567", "8 (495) 123-45-67", "84951234567", "007 495 1234567", "+7 495 123-45-67 доб. 5", "tel:+74951234567"]
)
def test_the_one_who_has_the_number_is_found_however_it_is_written(written, ask):
    contact = ContactFactory(phones=[NUMBER])
    ContactFactory(phones=["+74951234568"])
    body = ask(written)
    assert (who(body), body["phone"]["e164"]) == ([(str(contact.pk), "exact", 1.0)], NUMBER)


def test_the_region_says_where_a_number_without_a_country_belongs(ask):
    contact = ContactFactory(phones=["+639171234567"])
    assert who(ask("0917 123 4567", region="ph")) == [(str(contact.pk), "exact", 1.0)]


def test_all_who_share_a_number_are_shown_and_its_first_owner_first(ask):
    second = ContactFactory(phones=["+74951234568", NUMBER])
    first = ContactFactory(phones=[NUMBER])
    assert who(ask(NUMBER)) == [(str(first.pk), "exact", 0.9), (str(second.pk), "exact", 0.9)]


def test_a_local_number_is_found_by_its_last_digits_with_less_certainty(ask):
    contact = ContactFactory(phones=[NUMBER])
    body = ask("123-45-67")
    assert (who(body), body["phone"]["e164"]) == ([(str(contact.pk), "suffix", 0.5)], None)
    other = ContactFactory(phones=["+78121234567"])
    assert sorted(who(ask("123-45-67"))) == sorted([(str(contact.pk), "suffix", 0.25), (str(other.pk), "suffix", 0.25)])


def test_an_extension_is_nobody_s(ask):
    ContactFactory(phones=["+74951230201"])
    body = ask("201")
    assert (body["is_internal"], body["matches"], body["open"]) == (True, [], {})


def test_our_own_line_is_nobody_s(ask):
    PhoneSystemFactory(own_lines=[NUMBER])
    ContactFactory(phones=[NUMBER])
    body = ask(NUMBER)
    assert (body["is_internal"], body["matches"]) == (True, [])


@pytest.mark.parametrize("text", ["anonymous", "hello", "%", "_____", "+", "12%45", "😀", "+7495' OR 1=1"])
def test_what_cannot_be_read_finds_nobody(text, ask):
    ContactFactory(phones=[NUMBER])
    assert ask(text)["matches"] == []


def test_a_stranger_has_no_match_but_what_is_open_is_told(ask):
    call = CallFactory(from_raw=NUMBER, open=True)
    CallFactory(from_raw=NUMBER, wrap_up_state="done")
    CallFactory(open=True)
    body = ask(NUMBER)
    assert (body["matches"], [one["id"] for one in body["open"]["calls"]]) == ([], [str(call.pk)])


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"phone": ""},
        {"phone": " "},
        {"phone": "1" * 201},
        {"phone": "\0"},
        {"phone": NUMBER, "region": "ZZ"},
        {"phone": NUMBER, "x": 1},
    ],
    ids=str,
)
def test_a_question_without_a_number_is_refused(query, client_of):
    assert client_of("agent").get(URL, query).status_code == 400


def test_a_token_for_look_ups_looks_up_and_nothing_else(client_of):
    client = client_of("integration", scopes=["lookup:read"])
    assert client.get(URL, {"phone": NUMBER}).status_code == 200
    assert client.get("/api/v1/contacts/").status_code == 403
    assert client_of("integration", scopes=["contacts:read"]).get(URL, {"phone": NUMBER}).status_code == 403
