"""Who might be the same: 409 with candidates, scores and reasons, unless somebody says why not."""

import pytest

from config.platform.models import AuditEvent
from crm.models import Contact
from tests.factories.crm import ContactEmailFactory, ContactFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/contacts/"
ANNA = {"surname": "Иванова", "name": "Анна", "patronymic": "Петровна"}
PHONE, MAIL = {"number": "8 (495) 123-45-67"}, {"email": "anna@example.com"}


@pytest.fixture
def anna(db):
    contact = ContactFactory(**ANNA, phones=["+74951234567"], source="shop", external_id="7")
    ContactEmailFactory(contact=contact, email="anna@example.com")
    return contact


@pytest.mark.parametrize(
    ("body", "score", "reasons"),
    [
        ({"phones": [PHONE]}, 0.7, ["phone"]),
        ({"emails": [{"email": "ANNA@example.com"}]}, 0.7, ["email"]),
        ({"phones": [PHONE], "emails": [MAIL]}, 0.91, ["email", "phone"]),
        ({**ANNA}, 0.6, ["full_name"]),
        ({"surname": "иванова", "name": "АННА", "patronymic": "Петровна "}, 0.6, ["full_name"]),
        ({**ANNA, "phones": [PHONE]}, 0.88, ["full_name", "phone"]),
        ({"surname": "Somebody", "source": "shop", "external_id": "7"}, 0.99, ["external_id"]),
    ],
)
def test_who_is_likely_the_same_is_named_with_score_and_reasons(body, score, reasons, anna, client_of):
    answer = client_of("agent").post(URL, body)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "duplicate_contact")
    assert problem["candidates"] == [{"contact": str(anna.pk), "score": score, "reasons": reasons}]
    assert Contact.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [
        {"surname": "Иванова", "name": "Анна"},
        {"surname": "Иванова"},
        {"surname": "Иванова", "name": "Анна", "patronymic": "Ивановна"},
        {"phones": [{"number": "+74951234568"}]},
        {"surname": "Somebody", "source": "fair", "external_id": "7"},
    ],
)
def test_who_is_only_alike_is_added(body, anna, client_of):
    assert client_of("agent").post(URL, body).status_code == 201


def test_a_surname_and_a_name_do_not_make_two_people_one(client_of):
    ContactFactory(surname="Иванова", name="Анна", patronymic="")
    assert client_of("agent").post(URL, {"surname": "Иванова", "name": "Анна"}).status_code == 201


def test_companies_of_one_name_are_likely_one(client_of):
    company = ContactFactory(company=True, company_name="ООО «Ромашка»")
    ContactFactory(surname="Ромашка", name="ООО", patronymic="")
    answer = client_of("agent").post(URL, {"kind": "company", "company_name": "ооо ромашка"})
    assert answer.json()["candidates"] == [{"contact": str(company.pk), "score": 0.6, "reasons": ["company_name"]}]


def test_the_likeliest_comes_first_and_ten_are_enough(client_of):
    for _ in range(12):
        ContactFactory(phones=["+74951234567"])
    same = ContactFactory(**ANNA, phones=["+74951234567"])
    candidates = client_of("agent").post(URL, {**ANNA, "phones": [PHONE]}).json()["candidates"]
    assert (candidates[0]["contact"], len(candidates)) == (str(same.pk), 10)
    assert [one["score"] for one in candidates] == sorted((one["score"] for one in candidates), reverse=True)


@pytest.mark.parametrize("reason", [None, "", "   "])
def test_force_needs_a_reason(reason, anna, client_of):
    body = {**ANNA, "force": True} | ({} if reason is None else {"reason": reason})
    answer = client_of("agent").post(URL, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "reason_needed")


def test_with_force_and_a_reason_it_is_added_and_the_reason_is_kept(anna, client_of):
    answer = client_of("agent").post(URL, {**ANNA, "phones": [PHONE], "force": True, "reason": "Mother and daughter."})
    assert answer.status_code == 201
    kept = AuditEvent.objects.get(subject_id=answer.json()["id"], verb="add")
    assert (kept.reason, kept.facts["duplicates_overruled"]) == ("Mother and daughter.", [str(anna.pk)])


def test_an_external_id_is_one_even_by_force(anna, client_of):
    body = {"surname": "Other", "source": "shop", "external_id": "7", "force": True, "reason": "Because."}
    answer = client_of("agent").post(URL, body)
    assert (answer.status_code, answer.json()["code"]) == (409, "contact_external_id_is_one_per_source")
