"""Pairs that may be one, found in the background: by the rule of the entry, only among those that changed, within bounds."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.platform.models import AuditEvent
from config.platform.moves import TransitionNotAllowed
from crm import contacts, duplicate_pairs, duplicates
from crm.models import Contact, ContactPhone, DuplicateCandidate, DuplicateWatch
from tests.factories.crm import ContactEmailFactory, ContactFactory, CustomFieldFactory, PhoneNumberFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
ANNA = {"surname": "Иванова", "name": "Анна", "patronymic": "Петровна"}
NUMBER = "+74951234567"


def look(after: float = 60) -> list[DuplicateCandidate]:
    """Look as if so many seconds had gone by since the last write."""
    duplicate_pairs.look(now=timezone.now() + timedelta(seconds=after))
    return list(DuplicateCandidate.objects.order_by("id"))


def nameless(number: int, **fields) -> Contact:
    return ContactFactory(surname=f"Семья{number}", name=f"Имя{number}", patronymic=f"Отчество{number}", **fields)


@pytest.mark.parametrize(
    ("one", "other", "score", "reasons"),
    [
        ({**ANNA}, {**ANNA}, 0.6, ["full_name"]),
        ({**ANNA}, {"surname": "ИВАНОВА", "name": "анна", "patronymic": "Петровна"}, 0.6, ["full_name"]),
        ({**ANNA, "phones": [NUMBER]}, {**ANNA, "phones": [NUMBER]}, 0.88, ["full_name", "phone"]),
        ({**ANNA, "phones": [NUMBER]}, {**ANNA, "patronymic": "", "phones": [NUMBER]}, 0.82, ["name", "phone"]),
        ({**ANNA, "phones": [NUMBER]}, {**ANNA, "patronymic": "Ильинична", "phones": [NUMBER]}, 0.7, ["phone"]),
        ({"surname": "А", "name": "Б", "phones": [NUMBER]}, {"surname": "В", "name": "Г", "phones": [NUMBER]}, 0.7, ["phone"]),
        ({"company": True, "company_name": "ООО «Ромашка»"}, {"company": True, "company_name": "ооо ромашка"}, 0.6, ["company_name"]),
    ],
)
def test_a_pair_is_found_with_score_and_reasons(one, other, score, reasons):
    first, second = ContactFactory(**one), ContactFactory(**other)
    (pair,) = look()
    assert (pair.first_id, pair.second_id) == (first.pk, second.pk)
    assert (pair.score, pair.reasons, pair.status) == (score, reasons, "open")


def test_an_address_makes_a_pair_and_a_surname_does_not():
    one, other = nameless(1), nameless(2)
    ContactFactory(surname=one.surname, name="Другая", patronymic="")
    for contact in (one, other):
        ContactEmailFactory(contact=contact, email="a@example.com")
    assert [(pair.first_id, pair.second_id, pair.reasons) for pair in look()] == [(one.pk, other.pk, ["email"])]


@pytest.mark.parametrize("patronymic", ["Петровна", "", "Ильинична"])
def test_the_entry_and_the_background_judge_by_one_rule(patronymic):
    """Whoever is refused at entry is found in the background when forced, with the same score and reasons."""
    first = ContactFactory(**ANNA, phones=[NUMBER], custom_fields={"tax_id": "7707083893"})
    CustomFieldFactory(key="tax_id", type="text", identifies=True)
    ContactEmailFactory(contact=first, email="a@example.com")
    who = {**ANNA, "patronymic": patronymic}
    (told,) = duplicates.candidates(**who, e164s=[NUMBER], emails=["a@example.com"], custom={"tax_id": "7707083893"})
    assert told.reasons >= {"phone", "email", "custom_field"}
    made = {**who, "phones": [{"number": NUMBER}], "emails": [{"email": "a@example.com"}], "custom_fields": {"tax_id": "7707083893"}}
    contacts.add(**made, force=True, reason="For the test.", by=None, now=timezone.now())
    (pair,) = look()
    assert (pair.score, set(pair.reasons)) == (told.score, told.reasons)


def test_only_those_that_changed_are_looked_at():
    for number in range(3):
        nameless(number, phones=[NUMBER])
    assert len(look()) == 3
    asked: list[set] = []
    compare = duplicate_pairs._compare
    duplicate_pairs._compare = lambda ids, now: asked.append(ids) or compare(ids, now=now)
    try:
        look()
        changed = Contact.objects.first()
        contacts.alter(changed.pk, tags=["vip"], by=None, now=timezone.now())
        look()
    finally:
        duplicate_pairs._compare = compare
    assert asked == [{changed.pk}]


def test_what_was_written_a_moment_ago_is_looked_at_later_so_that_nothing_is_passed_over():
    """A transaction that ends after a look may have written before it: the look stays behind the present."""
    ContactFactory(**ANNA), ContactFactory(**ANNA)
    assert look(after=0) == []
    assert len(look()) == 1


def test_a_killed_look_goes_on_where_it_was(monkeypatch):
    monkeypatch.setattr(duplicate_pairs, "BATCH", 2)
    for number in range(6):
        nameless(number, phones=[f"+7495000000{number // 2}"])
    assert duplicate_pairs.look(now=timezone.now() + timedelta(seconds=60), seconds=-1), "its turn is over and some are left"
    place = DuplicateWatch.objects.get()
    assert DuplicateCandidate.objects.count() == 1
    assert len(look()) == 3
    assert DuplicateWatch.objects.get().changed_at > place.changed_at


def test_five_hundred_colleagues_behind_one_switchboard_are_no_pairs():
    switchboard = PhoneNumberFactory(e164="+74950000000")
    people = [ContactFactory.build(surname=f"С{n}", name=f"И{n}", patronymic="", search_key=f" с{n} и{n} ") for n in range(500)]
    Contact.objects.bulk_create(people)
    ContactPhone.objects.bulk_create(ContactPhone(contact=contact, phone=switchboard) for contact in people)
    twin = ContactFactory(surname="С7", name="И7", patronymic="", phones=["+74950000000"])
    ContactEmailFactory(contact=twin, email="seven@example.com")
    ContactEmailFactory(contact=people[7], email="seven@example.com")
    with CaptureQueriesContext(connection) as asked:
        pairs = look()
    assert [(pair.reasons, pair.score) for pair in pairs] == [(["email", "name", "phone"], 0.95)], "something rarer still makes one"
    assert len(asked) < 40


def test_a_family_of_twenty_behind_one_number_is_still_told():
    for number in range(duplicate_pairs.CROWD):
        nameless(number, phones=[NUMBER])
    assert len(look()) == 190


def test_a_dismissed_pair_comes_back_only_when_the_data_of_one_changed():
    one, other = ContactFactory(**ANNA, phones=[NUMBER]), ContactFactory(**ANNA, phones=[NUMBER])
    (pair,) = look()
    now, by = timezone.now(), UserFactory()
    duplicate_pairs.dismiss(pair.pk, reason="Mother and daughter.", by=by, now=now)
    contacts.alter(one.pk, tags=["vip"], by=None, now=now)
    assert [found.status for found in look()] == ["dismissed"], "a tag is nothing that was compared"
    contacts.alter(other.pk, emails=[{"email": "a@example.com"}], by=None, now=now)
    (back,) = look()
    assert (back.pk, back.status) == (pair.pk, "open")
    assert [event.verb for event in AuditEvent.objects.filter(subject_id=pair.pk).order_by("id")] == ["dismiss", "reopen"]


def test_what_is_decided_is_not_dismissed_again():
    ContactFactory(**ANNA), ContactFactory(**ANNA)
    (pair,) = look()
    duplicate_pairs.dismiss(pair.pk, by=None, now=timezone.now())
    with pytest.raises(TransitionNotAllowed):
        duplicate_pairs.dismiss(pair.pk, by=None, now=timezone.now())


def test_an_open_pair_follows_its_contacts():
    one, other = ContactFactory(**ANNA), ContactFactory(**ANNA)
    look()
    contacts.alter(one.pk, phones=[{"number": NUMBER}], by=None, now=timezone.now())
    contacts.alter(other.pk, phones=[{"number": NUMBER}], by=None, now=timezone.now())
    assert [(pair.score, pair.reasons) for pair in look()] == [(0.88, ["full_name", "phone"])]
    contacts.alter(other.pk, surname="Орлова", phones=[], by=None, now=timezone.now())
    assert look() == [], "they are alike no more"


def test_a_number_given_to_a_contact_by_a_call_makes_it_looked_at():
    from calls import identifying
    from tests.factories.calls import CallFactory

    nameless(1, phones=[NUMBER])
    other = nameless(2)
    look()
    identifying.identify(CallFactory(customer_e164=NUMBER).pk, contact=other, by=UserFactory(), now=timezone.now())
    assert [pair.reasons for pair in look()] == [["phone"]]


def test_a_custom_field_that_says_who_somebody_is_makes_pairs_here_and_at_entry():
    """And when an administrator says so later, everybody is looked at anew."""
    field = CustomFieldFactory(key="tax_id", type="text")
    one, other = nameless(1, custom_fields={"tax_id": "7707083893"}), nameless(2, custom_fields={"tax_id": "7707083893"})
    nameless(3, custom_fields={"tax_id": ""}), nameless(4, custom_fields={"tax_id": ""})
    assert look() == []
    field.identifies = True
    field.save()
    assert [(pair.first_id, pair.second_id, pair.reasons, pair.score) for pair in look()] == [(one.pk, other.pk, ["custom_field"], 0.9)]
    with pytest.raises(contacts.DuplicateFound) as refused:
        contacts.add(surname="Третий", custom_fields={"tax_id": "7707083893"}, by=None, now=timezone.now())
    assert {candidate["contact"] for candidate in refused.value.facts["candidates"]} == {str(one.pk), str(other.pk)}
