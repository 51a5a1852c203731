"""/contacts/ over HTTP: what may be written, how it comes back, how it is found again by filters."""

from datetime import UTC, datetime, timedelta

import pytest

from config.platform.models import AuditEvent
from crm.models import Contact, PhoneNumber
from tests.factories.calls import CallFactory
from tests.factories.crm import ContactFactory, CustomFieldFactory, NoteFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/contacts/"
NUMBER = "+74951234567"


@pytest.fixture
def client(client_of):
    return client_of("agent")


def added(client, **body):
    answer = client.post(URL, body)
    assert answer.status_code == 201, answer.content
    return answer.json()


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    return answer.json()


def ids(answer):
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


# Adding


def test_a_person_comes_back_as_written(client):
    answer = client.post(
        URL,
        {
            "surname": "Фёдорова", "name": "Алёна", "patronymic": "Игоревна", "language": "ru", "tags": [" vip ", "newsletter", "vip"],
            "emails": [{"email": " Alyona@Example.com "}], "addresses": [{"city": "Казань", "country": "ru"}], "source": "form", "external_id": "77",
        },
    )  # fmt: skip
    shown = answer.json()
    assert answer.status_code == 201
    assert (shown["display_name"], shown["kind"], shown["lifecycle"], shown["version"]) == ("Фёдорова Алёна Игоревна", "person", "lead", 1)
    assert shown["tags"] == ["newsletter", "vip"]
    assert shown["emails"] == [{"email": "alyona@example.com", "label": "", "is_primary": True}]
    assert (shown["addresses"][0]["city"], shown["addresses"][0]["country"]) == ("Казань", "RU")
    assert answer.headers["Location"].endswith(f"{URL}{shown['id']}/")
    assert client.get(answer.headers["Location"]).json() == shown


def test_a_company_and_who_works_there(client):
    company = added(client, kind="company", company_name="ООО «Ромашка»")
    person = added(client, surname="Petrov", name="Pyotr", employer=company["id"])
    assert (company["display_name"], person["employer_name"]) == ("ООО «Ромашка»", "ООО «Ромашка»")
    assert ids(client.get(URL, {"employer": company["id"]})) == [person["id"]]
    answer = client.post(URL, {"surname": "Sidorov", "name": "Ivan", "employer": person["id"]})
    assert refused(answer, 400, "invalid")["errors"][0]["pointer"] == "/employer"


def test_a_lead_may_be_a_number_and_nothing_else(client):
    lead = added(client, phones=[{"number": "8 (495) 123-45-67"}])
    assert (lead["display_name"], lead["phones"][0]["number"]) == ("+7 495 123-45-67", NUMBER)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "nothing_known"),
        ({"surname": "  ", "tags": ["x"]}, "nothing_known"),
        ({"kind": "company", "surname": "Ivanov"}, "invalid"),
        ({"phones": [{"number": "hello"}]}, "phone_number_invalid"),
        ({"phones": [{"number": "201"}]}, "phone_number_internal"),
        ({"surname": "I", "emails": [{"email": "nobody"}]}, "invalid"),
        ({"surname": "I", "time_zone": "Mars/Base"}, "invalid"),
        ({"surname": "I", "language": "русский"}, "invalid"),
        ({"surname": "I", "addresses": [{"country": "XX"}]}, "invalid"),
        ({"surname": "I" * 101}, "invalid"),
        ({"surname": "I", "custom_fields": {"unheard": 1}}, "custom_field_invalid"),
    ],
)
def test_what_cannot_be_a_contact_is_refused(body, code, client):
    refused(client.post(URL, body), 400, code)
    assert not Contact.objects.exists()


@pytest.mark.parametrize(
    ("written", "e164", "display", "extension"),
    [
        ("8 (495) 123-45-67", "+74951234567", "+7 495 123-45-67", ""),
        ("+7 495 123 45 67 доб. 12", "+74951234567", "+7 495 123-45-67", "12"),
        ("８４９５１２３４５６７", "+74951234567", "+7 495 123-45-67", ""),
        ("0063 917 123 4567", "+639171234567", "+63 917 123 4567", ""),
        ("+44 20 7946 0958 ext. 5", "+442079460958", "+44 20 7946 0958", "5"),
    ],
)
def test_a_number_comes_back_in_one_form_however_it_was_written(written, e164, display, extension, client):
    (phone,) = added(client, phones=[{"number": written}])["phones"]
    assert (phone["number"], phone["display"], phone["extension"]) == (e164, display, extension)


def test_one_number_is_primary_and_the_same_number_is_taken_once(client):
    numbers = ["+74951234567", "8 495 123-45-67", "+79161234567", "+442079460958"]
    shown = added(client, phones=[{"number": number, "is_primary": index == 2} for index, number in enumerate(numbers)])["phones"]
    assert [(phone["number"], phone["is_primary"]) for phone in shown] == [
        ("+79161234567", True), ("+74951234567", False), ("+442079460958", False),
    ]  # fmt: skip
    assert [phone["line_type"] for phone in shown[:2]] == ["mobile", "fixed"]
    several = added(client, phones=[{"number": "+74957654321", "is_primary": True}, {"number": "+74957654322", "is_primary": True}])[
        "phones"
    ]
    assert [phone["is_primary"] for phone in several] == [True, False]


def test_the_primary_number_may_be_written_twice(client):
    shown = added(client, phones=[{"number": "+74951234567"}, {"number": "84951234567", "is_primary": True}, {"number": "+79161234567"}])
    assert [phone["is_primary"] for phone in shown["phones"]] == [True, False]
    mails = [{"email": "a@example.com"}, {"email": "A@example.com", "is_primary": True}, {"email": "b@example.com"}]
    assert [mail["is_primary"] for mail in added(client, emails=mails)["emails"]] == [True, False]


def test_a_number_is_one_row_whoever_shares_it(client):
    for surname in ("Ivanova", "Petrova"):
        added(client, surname=surname, phones=[{"number": "8 495 123-45-67"}], force=True, reason="They share a flat.")
    (row,) = client.get("/api/v1/phone-numbers/", {"number": NUMBER}).json()["results"]
    assert (len(row["contacts"]), row["time_zone"], row["line_type"]) == (2, "Europe/Moscow", "fixed")
    assert PhoneNumber.objects.count() == 1


def test_the_time_zone_is_told_by_the_number_unless_somebody_said_it(client):
    by_number = added(client, phones=[{"number": "+74951234567"}])
    said = added(client, phones=[{"number": "+78123456789"}], time_zone="Asia/Omsk")
    torn = added(client, phones=[{"number": "+442079460958"}, {"number": "+78123456780"}])
    assert [(one["time_zone"], one["time_zone_source"]) for one in (by_number, said, torn)] == [
        ("Europe/Moscow", "number"), ("Asia/Omsk", "explicit"), ("", "unknown"),
    ]  # fmt: skip
    moved = client.patch(f"{URL}{by_number['id']}/", {"phones": [{"number": "+442079460958"}]}).json()
    stays = client.patch(f"{URL}{said['id']}/", {"phones": [{"number": "+442079460959"}]}).json()
    assert (moved["time_zone"], stays["time_zone"]) == ("Europe/London", "Asia/Omsk")
    forgotten = client.patch(f"{URL}{said['id']}/", {"time_zone": ""}).json()
    assert (forgotten["time_zone"], forgotten["time_zone_source"]) == ("Europe/London", "number")


# Custom fields


@pytest.fixture
def fields(db):
    CustomFieldFactory(key="card")
    CustomFieldFactory(key="debt", type="number")
    CustomFieldFactory(key="agreed", type="bool")
    CustomFieldFactory(key="born", type="date")
    CustomFieldFactory(key="met", type="datetime")
    CustomFieldFactory(key="level", type="choice", choices=["gold", "silver"])
    CustomFieldFactory(key="likes", type="multi", choices=["tea", "coffee", "milk"])
    CustomFieldFactory(key="fax", type="phone")


GOOD = {
    "card": " 7-7 ", "debt": 12.5, "agreed": False, "born": "1990-02-28", "met": "2026-11-23T10:00:00+03:00", "level": "gold",
    "likes": ["milk", "tea"], "fax": "8 495 123-45-67",
}  # fmt: skip


def test_custom_fields_come_back_in_the_form_of_their_types(fields, client):
    shown = added(client, surname="I", custom_fields=GOOD)["custom_fields"]
    met = datetime.fromisoformat(shown.pop("met"))
    assert met == datetime(2026, 11, 23, 7, tzinfo=UTC)
    assert shown == {
        "card": "7-7", "debt": 12.5, "agreed": False, "born": "1990-02-28", "level": "gold", "likes": ["tea", "milk"], "fax": NUMBER,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("card", 5), ("card", "x" * 2001), ("debt", "5"), ("debt", True), ("debt", 1e30), ("agreed", "true"), ("agreed", 1), ("born", "28.02.1990"),
        ("born", "1990-02-30"), ("met", "2026-11-23T10:00:00"), ("met", 5), ("met", "0001-01-01T00:00:00+03:00"), ("level", "bronze"), ("level", ["gold"]),
        ("likes", "tea"), ("likes", ["beer"]), ("likes", [["tea"]]), ("fax", "hello"),
    ],
)  # fmt: skip
def test_a_custom_field_of_the_wrong_type_is_refused_and_named(key, value, fields, client):
    problem = refused(client.post(URL, {"surname": "I", "custom_fields": {**GOOD, key: value}}), 400, "custom_field_invalid")
    assert [error["pointer"] for error in problem["errors"]] == [f"/custom_fields/{key}"]


def test_a_required_field_is_missed_and_a_retired_one_is_unknown(client):
    CustomFieldFactory(key="card", is_required=True)
    CustomFieldFactory(key="old", is_active=False)
    problem = refused(client.post(URL, {"surname": "I", "custom_fields": {"old": "1"}}), 400, "custom_field_invalid")
    assert {(error["pointer"], error["code"]) for error in problem["errors"]} == {
        ("/custom_fields/card", "required"), ("/custom_fields/old", "unknown_field"),
    }  # fmt: skip
    added(client, surname="I", custom_fields={"card": "1"})


def test_a_contact_with_a_retired_field_can_still_be_changed(client):
    field = CustomFieldFactory(key="old")
    contact = added(client, surname="I", custom_fields={"old": "1"})
    CustomFieldFactory(key="new")
    field.is_active = False
    field.save()
    answer = client.patch(f"{URL}{contact['id']}/", {"custom_fields": {"new": "2"}})
    assert (answer.status_code, answer.json()["custom_fields"]) == (200, {"old": "1", "new": "2"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cf_card", "7-7"), ("cf_debt", "12.5"), ("cf_debt", "12.50"), ("cf_agreed", "false"), ("cf_born", "1990-02-28"),
        ("cf_met", "2026-11-23T10:00:00+03:00"), ("cf_met", "2026-11-23T07:00:00Z"), ("cf_level", "gold"), ("cf_likes", "tea"),
        ("cf_fax", "+7 495 1234567"),
    ],
)  # fmt: skip
def test_a_custom_field_filters(name, value, fields, client):
    contact = added(client, surname="I", custom_fields=GOOD)
    other = added(client, surname="J", custom_fields={"debt": 1, "level": "silver", "likes": ["coffee"], "agreed": True})
    assert ids(client.get(URL, {name: value})) == [contact["id"]]
    assert ids(client.get(URL, {"cf_level": "silver", "cf_agreed": "true"})) == [other["id"]]


@pytest.mark.parametrize(
    ("name", "value"), [("cf_debt", "much"), ("cf_agreed", "yes"), ("cf_level", "bronze"), ("cf_unheard", "1"), ("cf_born", "x")]
)
def test_a_filter_that_cannot_be_read_is_refused(name, value, fields, client):
    assert client.get(URL, {name: value}).status_code == 400


# Changing


def test_only_what_is_sent_is_changed_and_lists_are_replaced(client):
    body = {
        "surname": "Ivanova", "name": "Anna", "tags": ["a", "b"], "phones": [{"number": "+74951234567"}, {"number": "+79161234567"}],
        "emails": [{"email": "a@example.com"}], "addresses": [{"city": "Omsk"}],
    }  # fmt: skip
    contact = added(client, **body)
    url = f"{URL}{contact['id']}/"
    shown = client.patch(url, {"surname": "Petrova"}).json()
    changed = {"surname", "display_name", "version", "updated_at"}
    assert {name for name in shown if shown[name] != contact[name]} == changed
    shown = client.patch(url, {"tags": ["c"], "phones": [{"number": "+79161234567"}], "emails": [], "addresses": []}).json()
    assert (shown["tags"], shown["emails"], shown["addresses"]) == (["c"], [], [])
    assert [(phone["number"], phone["is_primary"]) for phone in shown["phones"]] == [("+79161234567", True)]
    assert shown["version"] == 3


def test_null_empties_a_custom_field_and_the_others_stay(fields, client):
    contact = added(client, surname="I", custom_fields=GOOD)
    shown = client.patch(f"{URL}{contact['id']}/", {"custom_fields": {"card": None, "debt": 3}}).json()["custom_fields"]
    assert shown == {name: value for name, value in contact["custom_fields"].items() if name != "card"} | {"debt": 3}


def test_the_last_thing_known_cannot_be_taken_away(client):
    contact = added(client, phones=[{"number": NUMBER}])
    refused(client.patch(f"{URL}{contact['id']}/", {"phones": []}), 400, "nothing_known")
    assert client.get(f"{URL}{contact['id']}/").json()["phones"][0]["number"] == NUMBER


def test_a_company_keeps_a_name_and_nobody_employs_themselves(client):
    company = added(client, kind="company", company_name="Acme")
    url = f"{URL}{company['id']}/"
    refused(client.patch(url, {"company_name": "", "surname": "Acme"}), 409, "contact_company_has_a_company_name")
    other = added(client, kind="company", company_name="Bcme", employer=company["id"])
    refused(client.patch(url, {"employer": other["id"]}), 409, "employer_in_circle")
    refused(client.patch(url, {"employer": company["id"]}), 409, "employer_in_circle")


def test_the_id_at_a_source_is_one(client):
    added(client, surname="I", source="shop", external_id="7")
    other = added(client, surname="J", source="shop", external_id="8")
    added(client, surname="K", source="fair", external_id="7")
    refused(client.patch(f"{URL}{other['id']}/", {"external_id": "7"}), 409, "contact_external_id_is_one_per_source")


def test_nobody_overwrites_what_they_have_not_seen(client):
    contact = added(client, surname="I")
    url = f"{URL}{contact['id']}/"
    tag = client.get(url).headers["ETag"]
    assert client.get(url, HTTP_IF_NONE_MATCH=tag).status_code == 304
    answer = client.patch(url, {"surname": "J"}, HTTP_IF_MATCH=tag)
    assert (answer.status_code, answer.headers["ETag"] != tag) == (200, True)
    refused(client.patch(url, {"surname": "K"}, HTTP_IF_MATCH=tag), 412, "version_conflict")
    assert client.get(url).json()["surname"] == "J"
    assert client.patch(url, {"surname": "K"}).status_code == 200


# Removing


def test_a_contact_with_whom_nothing_happened_can_be_removed(client_of):
    contact = ContactFactory(phones=[NUMBER])
    client = client_of("supervisor")
    url = f"{URL}{contact.pk}/"
    assert client_of("agent").delete(url).status_code == 403
    refused(client.delete(url, HTTP_IF_MATCH='"99"'), 412, "version_conflict")
    assert client.delete(url).status_code == 204
    assert client.get(url).status_code == 404
    assert AuditEvent.objects.get(subject_id=contact.pk, verb="remove").facts["phones"] == [NUMBER]


def test_a_contact_with_calls_or_people_stays(client_of):
    caller, company = ContactFactory(), ContactFactory(company=True)
    CallFactory(contact=caller)
    ContactFactory(employer=company)
    for contact in (caller, company):
        refused(client_of("supervisor").delete(f"{URL}{contact.pk}/"), 409, "still_in_use")


# Bulk


def test_each_of_many_has_a_verdict_and_garbage_stops_nobody(client):
    added(client, surname="Иванова", name="Анна", phones=[{"number": NUMBER}])
    items = [
        {"surname": "Петров", "name": "Пётр"}, 5, None, "x", [], {}, {"phones": [{"number": "8 495 123 45 67"}]}, {"phones": "no"},
        {"phones": [{"number": "hello"}]}, {"surname": ["I"]}, {"phones": [{"number": "+79161234567"}]}, {"phones": [{"number": "89161234567"}]},
    ]  # fmt: skip
    answer = client.post(f"{URL}bulk/", {"contacts": items})
    assert answer.status_code == 200, answer.content
    results = answer.json()["results"]
    assert [one["verdict"] for one in results] == [
        "created", "invalid", "invalid", "invalid", "invalid", "invalid", "duplicate", "invalid", "invalid", "invalid", "created", "duplicate",
    ]  # fmt: skip
    assert [one["index"] for one in results] == list(range(12))
    assert (results[5]["problem"]["code"], results[6]["problem"]["code"]) == ("nothing_known", "duplicate_contact")
    assert results[10]["contact"]["phones"][0]["number"] == "+79161234567"
    assert Contact.objects.count() == 3


def test_a_bulk_request_is_a_list_of_one_to_five_hundred(client):
    for contacts in ([], [{"surname": f"S{number}"} for number in range(501)], {"surname": "I"}, None):
        assert client.post(f"{URL}bulk/", {"contacts": contacts}).status_code == 400
    assert not Contact.objects.exists()


# Lists


def test_filters_choose(client):
    owner, begin = UserFactory(), datetime(2026, 11, 23, tzinfo=UTC)
    company = ContactFactory(company=True, language="en", lifecycle="dormant")
    person = ContactFactory(owner=owner, tags=["a", "b"], source="fair", external_id="7", lifecycle="qualified", language="ru")
    Contact.objects.filter(pk=company.pk).update(created_at=begin, updated_at=begin)
    Contact.objects.filter(pk=person.pk).update(created_at=begin + timedelta(days=2), updated_at=begin + timedelta(days=2))
    middle = (begin + timedelta(days=1)).isoformat()
    for chosen, filters in {
        company: [{"kind": "company"}, {"lifecycle": "dormant"}, {"language": "en"}, {"created_before": middle}, {"updated_before": middle}],
        person: [
            {"kind": "person"}, {"owner": str(owner.pk)}, {"tag": "b"}, {"source": "fair", "external_id": "7"}, {"lifecycle": "qualified"},
            {"created_after": middle}, {"updated_after": middle}, {"tag": "a", "kind": "person", "language": "ru"},
        ],
    }.items():  # fmt: skip
        for one in filters:
            assert ids(client.get(URL, one)) == [str(chosen.pk)], one
    assert ids(client.get(URL, {"tag": "A"})) == []


@pytest.mark.parametrize(
    "wrong",
    [{"kind": "robot"}, {"owner": "me"}, {"created_after": "soon"}, {"page_size": "0"}, {"page_size": "201"}, {"ordering": "phone"}, {"cursor": "x"}, {"nmae": "I"}],
    ids=str,
)  # fmt: skip
def test_a_parameter_that_cannot_be_read_is_refused(wrong, client):
    answer = client.get(URL, wrong)
    assert answer.status_code == 400
    own = {"nmae": "unknown_parameter", "kind": "filter_invalid", "owner": "filter_invalid", "created_after": "filter_invalid"}
    assert answer.json()["code"] == own.get(next(iter(wrong)), "invalid")


@pytest.mark.parametrize("ordering", ["id", "-id", "surname", "-surname", "created_at", "-updated_at"])
def test_pages_show_everybody_once_in_order_forth_and_back(ordering, client):
    people = [ContactFactory(surname=surname) for surname in ["Б", "А", "В", "А", "Б", "", "Я"]]
    column = ordering.lstrip("-")
    expected = sorted(people, key=lambda one: (getattr(one, column), one.pk), reverse=ordering.startswith("-"))
    if column == "surname":
        expected = list(Contact.objects.order_by(ordering, "-id" if ordering.startswith("-") else "id"))
    address, pages = f"{URL}?ordering={ordering}&page_size=3", []
    while address:
        page = client.get(address).json()
        pages.append([row["id"] for row in page["results"]])
        address, last = page["next"], page
    assert [one for page in pages for one in page] == [str(one.pk) for one in expected]
    assert [row["id"] for row in client.get(last["previous"]).json()["results"]] == pages[-2]


def test_a_page_does_not_show_again_what_was_shown_because_somebody_was_added(client):
    first = [ContactFactory() for _ in range(4)]
    page = client.get(URL, {"page_size": 2}).json()
    ContactFactory()
    assert ids(client.get(page["next"])) == [str(one.pk) for one in reversed(first[:2])]
    assert client.get(URL, {"count": "true", "page_size": 1}).json()["count"] == 5


# Timeline


def test_the_timeline_joins_calls_notes_and_changes_newest_first(client):
    contact = added(client, surname="I", notes="Prefers calls after six.")
    url = f"{URL}{contact['id']}/"
    client.patch(url, {"surname": "J", "tags": ["vip"]})
    assert client.post(f"{url}notes/", {"text": "Moved to Omsk.", "is_pinned": True}).status_code == 201
    CallFactory(contact_id=contact["id"], started_at=datetime.now(UTC) + timedelta(minutes=5), note="Asked for the invoice.")
    CallFactory(contact_id=contact["id"], started_at=datetime(2020, 1, 1, tzinfo=UTC))
    CallFactory()
    NoteFactory()
    found = client.get(f"{url}timeline/").json()["results"]
    kinds = [one["kind"] for one in found]
    assert (kinds[0], kinds[-1]) == ("call", "call")
    assert sorted(kinds[1:-1]) == ["change", "change", "note", "note"]
    assert found[0]["data"]["note"] == "Asked for the invoice."
    assert [one["data"]["text"] for one in found if one["kind"] == "note"] == ["Moved to Omsk.", "Prefers calls after six."]
    latest = next(one for one in found if one["kind"] == "change")
    assert (latest["data"]["verb"], {"surname", "tags"} <= set(latest["data"]["fields"])) == ("alter", True)
    assert [one["at"] for one in found] == sorted((one["at"] for one in found), reverse=True)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pages_of_the_timeline_show_each_thing_once(size, client):
    contact = ContactFactory()
    moment = datetime(2026, 11, 23, 10, tzinfo=UTC)
    for _ in range(5):
        CallFactory(contact=contact, started_at=moment)  # all at one moment: the id tells them apart
        NoteFactory(contact=contact)
    contact.notes.update(created_at=moment)
    whole = [one["id"] for one in client.get(f"{URL}{contact.pk}/timeline/").json()["results"]]
    assert len(set(whole)) == 10
    address, found = f"{URL}{contact.pk}/timeline/?page_size={size}", []
    while address:
        page = client.get(address).json()
        found += [one["id"] for one in page["results"]]
        address = page["next"]
    assert found == whole


@pytest.mark.parametrize("cursor", ["x", "", "W10", "WyIyMDI2IiwgIjEiXQ", "ё"])
def test_a_cursor_of_somebody_else_is_refused(cursor, client):
    assert client.get(f"{URL}{ContactFactory().pk}/timeline/", {"cursor": cursor}).status_code == 400


def test_a_note_needs_words(client):
    contact = ContactFactory()
    for text in ("", "  ", None, "x" * 10_001):
        assert client.post(f"{URL}{contact.pk}/notes/", {"text": text}).status_code == 400
    assert not contact.notes.exists()
