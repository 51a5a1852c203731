"""P7: two contacts become one, and part again with nothing lost."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from calls.models import Call
from config.platform.models import AuditEvent
from config.platform.moves import TransitionNotAllowed, VersionConflict
from crm import contacts, duplicates, lookup, merging, old_ids, searching, timeline
from crm.merging import relations, strays
from crm.merging.fields import FieldChoiceInvalid, KindsDiffer
from crm.merging.joining import MergeWithItself
from crm.merging.parting import UndoBlocked
from crm.models import Contact, ContactEmail, MergeRecord, MovedRows, Note
from tests.factories.calls import CallFactory, PhoneSystemFactory
from tests.factories.crm import (
    ContactAddressFactory,
    ContactEmailFactory,
    ContactFactory,
    NoteFactory,
    PhoneNumberFactory,
)
from tests.factories.merging import DuplicateCandidateFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ONE, TWO, THREE = "+74950000001", "+74950000002", "+74950000003"


def merge(survivor, loser, **said):
    return merging.merge(survivor.pk, loser.pk, by=None, now=NOW, **said)


def undo(record, **said):
    return merging.undo(record.pk, by=None, now=NOW, **said)


def numbers(contact):
    return [link.phone.e164 for link in contact.contact_phones.order_by("order")]


def kinds(record):
    return [(one["kind"], one["what"]) for one in record.conflicts]


def test_merge_then_a_new_call_then_undo():
    """The proof of P7: every relation where it was, the new call stays with the survivor, nothing lost."""
    anna = ContactFactory(surname="Иванова", name="Анна", patronymic="", phones=[ONE, TWO])
    double = ContactFactory(surname="Иванова", name="Анна", patronymic="Петровна", phones=[TWO, THREE])
    theirs = [CallFactory(contact=double, customer_e164=THREE) for _ in range(3)]
    rest = [
        NoteFactory(contact=double),
        ContactEmailFactory(contact=double),
        ContactAddressFactory(contact=double),
    ]
    record = merge(anna, double)
    anna.refresh_from_db()
    assert anna.patronymic == "Петровна"
    assert {call.contact_id for call in Call.objects.all()} == {anna.pk}
    assert numbers(anna) == [ONE, TWO, THREE]
    assert anna.contact_phones.get(is_primary=True).phone.e164 == ONE
    new = CallFactory(contact=anna, customer_e164=THREE)
    undone = undo(record)
    for row in (*theirs, *rest):
        row.refresh_from_db()
        assert row.contact_id == double.pk
    new.refresh_from_db()
    assert new.contact_id == anna.pk
    anna.refresh_from_db()
    assert (anna.patronymic, numbers(anna), numbers(double)) == ("", [ONE, TWO], [TWO, THREE])
    assert (undone.conflicts, Contact.objects.living().count()) == ([], 2)


# Whose value stays


def test_what_nobody_chose_is_the_survivors_or_the_losers_where_there_is_none():
    owner = UserFactory()
    one = ContactFactory(surname="Иванова", patronymic="", lifecycle="lead", tags=["vip"], custom_fields={"card": "7"}, owner=None)
    other = ContactFactory(
        surname="Петрова",
        patronymic="Ивановна",
        lifecycle="client",
        tags=["old"],
        custom_fields={"card": "8", "class": "gold"},
        owner=owner,
    )
    record = merge(one, other)
    one.refresh_from_db()
    assert (one.surname, one.patronymic, one.lifecycle, one.tags, one.owner) == ("Иванова", "Ивановна", "client", ["old", "vip"], owner)
    assert one.custom_fields == {"card": "7", "class": "gold"}
    assert record.choices["tags"] == "both" and record.choices["custom_fields.card"] == "survivor"
    undo(record)
    one.refresh_from_db()
    assert (one.patronymic, one.lifecycle, one.tags, one.owner, one.custom_fields) == ("", "lead", ["vip"], None, {"card": "7"})


def test_what_was_chosen_is_taken_and_the_survivor_is_found_by_it():
    one, other = ContactFactory(surname="Иванова", name="Анна"), ContactFactory(surname="Петрова", name="Анна", custom_fields={"card": "8"})
    merge(one, other, choices={"surname": "loser", "custom_fields.card": "survivor"})
    one.refresh_from_db()
    assert (one.surname, one.custom_fields) == ("Петрова", {})
    assert searching.find("петрова анна") == [one.pk]
    assert searching.find("иванова анна") == [], "the loser is nobody's answer"


@pytest.mark.parametrize(
    "choices", [{"shoe_size": "loser"}, {"surname": "both"}, {"surname": "mine"}, {"id": "loser"}, {"merged_into": "loser"}]
)
def test_a_choice_that_means_nothing_is_refused(choices):
    with pytest.raises(FieldChoiceInvalid):
        merge(ContactFactory(), ContactFactory(), choices=choices)


def test_a_person_and_a_company_are_one_only_when_somebody_says_what_they_are():
    person, company = ContactFactory(surname="Ромашка"), ContactFactory(company=True)
    with pytest.raises(KindsDiffer):
        merge(company, person)
    merge(company, person, choices={"kind": "survivor"})
    company.refresh_from_db()
    assert (company.kind, company.surname) == ("company", "Ромашка")


def test_an_external_id_leads_to_the_survivor_whether_it_is_taken_over_or_not():
    one = ContactFactory(source="shop", external_id="1")
    other = ContactFactory(source="shop", external_id="2")
    record = merge(one, other, choices={"external_id": "loser"})
    one.refresh_from_db()
    assert one.external_id == "2"
    for external_id in ("1", "2"):
        assert [found.contact_id for found in duplicates.candidates(source="shop", external_id=external_id)] == [one.pk]
    undo(record)
    assert [Contact.objects.get(pk=contact.pk).external_id for contact in (one, other)] == ["1", "2"]


# Lists


def test_the_survivors_primary_number_stays_and_one_that_has_none_gets_the_losers():
    one, other, nameless = ContactFactory(phones=[ONE]), ContactFactory(phones=[TWO]), ContactFactory()
    merge(one, other)
    assert one.contact_phones.get(is_primary=True).phone.e164 == ONE
    merge(nameless, one)
    assert nameless.contact_phones.get(is_primary=True).phone.e164 == ONE


def test_what_both_had_is_kept_once_and_given_back_to_both():
    one, other = ContactFactory(phones=[ONE]), ContactFactory(phones=[ONE])
    link = other.contact_phones.get()
    for contact in (one, other):
        ContactEmailFactory(contact=contact, email="a@example.com")
    record = merge(one, other)
    assert (numbers(one), ContactEmail.objects.count()) == ([ONE], 1)
    undo(record)
    back = other.contact_phones.get()
    assert (numbers(one), back.pk, back.created_at, back.is_primary) == ([ONE], link.pk, link.created_at, True)
    assert ContactEmail.objects.count() == 2


def test_a_list_that_was_edited_since_gives_back_what_is_still_there():
    one, other = ContactFactory(phones=[ONE]), ContactFactory(phones=[TWO, THREE])
    record = merge(one, other)
    contacts.alter(one.pk, phones=[{"number": ONE}, {"number": TWO}], by=None, now=NOW)
    undone = undo(record)
    assert (numbers(one), numbers(other)) == ([ONE], [TWO])
    assert {"kind": "removed_since", "what": "phones", "value": THREE} in undone.conflicts
    assert other.contact_phones.get().is_primary


# Relations


def test_every_relation_moves_and_a_dry_look_tells_the_same_numbers():
    one, other = ContactFactory(phones=[ONE]), ContactFactory(company=True, phones=[TWO])
    NoteFactory.create_batch(2, contact=other)
    CallFactory.create_batch(3, contact=other)
    ContactFactory(employer=other)
    told = merging.preview(one.pk, other.pk, choices={"kind": "loser"}).moves
    record = merge(one, other, choices={"kind": "loser"})
    assert (
        record.counts == told == {"calls.call.contact": 3, "crm.contact.employer": 1, "crm.contactphone.contact": 1, "crm.note.contact": 2}
    )
    assert relations.counts(other.pk) == {}
    assert {rows.relation: len(rows.ids) for rows in record.moved.all()} == {
        "calls.call.contact": 3, "crm.contact.employer": 1, "crm.note.contact": 2,
    }  # fmt: skip


@pytest.mark.parametrize("turned", [False, True])
def test_one_that_employs_the_other_is_not_the_other(turned):
    company = ContactFactory(company=True)
    branch = ContactFactory(company=True, employer=company)
    both = (branch, company) if turned else (company, branch)
    with pytest.raises(contacts.EmployerInCircle):
        merge(*both, choices={"employer": "survivor" if turned else "loser"})
    assert not MergeRecord.objects.exists()


def test_an_employer_that_proves_to_be_the_contact_itself_comes_back_with_the_undo():
    company = ContactFactory(company=True)
    branch = ContactFactory(company=True, employer=company)
    undo(merge(branch, company, choices={"employer": "loser"}))
    branch.refresh_from_db()
    assert branch.employer_id == company.pk


def test_a_circle_of_employers_through_others_is_refused():
    top = ContactFactory(company=True)
    middle = ContactFactory(company=True, employer=top)
    bottom = ContactFactory(company=True, employer=middle)
    with pytest.raises(contacts.EmployerInCircle):
        merge(top, bottom)
    merge(top, bottom, choices={"employer": "survivor"})
    middle.refresh_from_db()
    assert middle.employer_id == top.pk


def test_calls_that_waited_because_two_had_the_number_find_their_contact_and_wait_again_after_an_undo():
    one, other = ContactFactory(phones=[ONE]), ContactFactory(phones=[ONE, TWO])
    waiting = CallFactory(customer_e164=ONE, contact=None)
    elsewhere = CallFactory(customer_e164=THREE, contact=None)
    record = merge(one, other)
    waiting.refresh_from_db()
    assert (waiting.contact_id, waiting.match_quality) == (one.pk, "exact")
    assert lookup.who_is(ONE, region="RU").best == one.pk
    undo(record)
    for call in (waiting, elsewhere):
        call.refresh_from_db()
        assert (call.contact_id, call.match_quality) == (None, "")


def test_a_number_that_a_third_one_shares_tells_nothing_still():
    one, other = ContactFactory(phones=[ONE]), ContactFactory(phones=[ONE])
    ContactFactory(phones=[ONE])
    waiting = CallFactory(customer_e164=ONE, contact=None)
    merge(one, other)
    waiting.refresh_from_db()
    assert waiting.contact_id is None


# The old id


def test_the_loser_is_out_of_searches_look_ups_and_duplicates():
    one, other = ContactFactory(surname="Иванова", name="Анна", patronymic="Петровна"), ContactFactory(
        surname="Иванова", name="Анна", patronymic="Петровна", phones=[ONE]
    )  # fmt: skip
    merge(one, other)
    assert searching.find("Иванова Анна") == [one.pk]
    assert searching.find(ONE) == [one.pk]
    assert [match["contact"]["id"] for match in lookup.who_is(ONE, region="RU").matches] == [one.pk]
    found = duplicates.candidates(surname="Иванова", name="Анна", patronymic="Петровна", e164s=[ONE])
    assert [candidate.contact_id for candidate in found] == [one.pk]


@pytest.mark.parametrize("change", [
    lambda pk: contacts.alter(pk, surname="X", by=None, now=NOW),
    lambda pk: contacts.remove(pk, by=None, now=NOW),
    lambda pk: contacts.write_note(pk, text="X", by=None, now=NOW),
    lambda pk: merging.merge(pk, ContactFactory().pk, by=None, now=NOW),
    lambda pk: merging.merge(ContactFactory().pk, pk, by=None, now=NOW),
])  # fmt: skip
def test_the_loser_itself_is_not_changed_and_the_refusal_names_who_is_left(change):
    last, one, other = ContactFactory(), ContactFactory(), ContactFactory()
    merge(one, other)
    merge(last, one)
    with pytest.raises(old_ids.ContactMerged) as refused:
        change(other.pk)
    assert refused.value.facts == {"survivor": str(last.pk)}


def test_the_timeline_and_the_trail_of_the_survivor_tell_of_the_merge():
    one, other = ContactFactory(), ContactFactory()
    contacts.alter(other.pk, surname="Прежняя", by=None, now=NOW - timedelta(days=1))
    call, by = CallFactory(contact=other), UserFactory()
    record = merging.merge(one.pk, other.pk, reason="One person.", by=by, now=NOW)
    told = [(event.kind, event.data.get("verb")) for event in timeline.of(one.pk, before=None, limit=20)]
    assert set(told) == {("change", "merge"), ("change", "merge_into"), ("change", "alter"), ("call", None)}
    event = AuditEvent.objects.get(subject_id=one.pk, verb="merge")
    assert (event.by, event.reason, event.facts["merged"], event.facts["merge"]) == (by, "One person.", str(other.pk), str(record.pk))
    assert event.facts["moved"] == {"calls.call.contact": 1} and call.pk in MovedRows.objects.get().ids


# Refusals


def test_nobody_is_merged_with_itself():
    one = ContactFactory()
    with pytest.raises(MergeWithItself):
        merge(one, one)


def test_a_merge_decided_on_an_older_state_is_refused():
    one = ContactFactory()
    with pytest.raises(VersionConflict):
        merge(one, ContactFactory(), if_version=7)


# Undo


def test_merges_of_one_contact_are_undone_from_the_latest():
    last, one, first, second = (ContactFactory() for _ in range(4))
    earliest, middle = merge(one, first), merge(one, second)
    with pytest.raises(UndoBlocked) as refused:
        undo(earliest)
    assert refused.value.facts == {"merge": str(middle.pk)}
    latest = merge(last, one)
    for record in (earliest, middle):
        with pytest.raises(UndoBlocked) as refused:
            undo(record)
        assert refused.value.facts == {"merge": str(latest.pk)}
    for record in (latest, middle, earliest):
        undo(record)
    assert Contact.objects.living().count() == 4


def test_a_merge_is_undone_once():
    record = merge(ContactFactory(), ContactFactory())
    undo(record)
    with pytest.raises(TransitionNotAllowed):
        undo(record)


def test_two_that_were_parted_can_be_merged_again():
    one, other = ContactFactory(), ContactFactory(phones=[ONE])
    for _ in range(2):
        undo(merge(one, other))
    assert numbers(other) == [ONE]


def test_what_was_edited_deleted_or_given_away_since_is_kept_and_told():
    one, other, third = ContactFactory(surname="Иванова", patronymic=""), ContactFactory(patronymic="Петровна"), ContactFactory()
    gone, call, note = NoteFactory(contact=other), CallFactory(contact=other), NoteFactory(contact=other)
    record = merge(one, other)
    contacts.alter(one.pk, surname="Орлова", patronymic="Павловна", custom_fields={}, tags=["new"], by=None, now=NOW)
    gone.delete()
    Call.objects.filter(pk=call.pk).update(contact=third)
    undone = undo(record)
    one.refresh_from_db()
    note.refresh_from_db()
    assert (one.surname, one.patronymic, one.tags, note.contact_id) == ("Орлова", "Павловна", ["new"], other.pk)
    assert set(kinds(undone)) == {
        ("edited_since", "surname"), ("edited_since", "patronymic"), ("edited_since", "tags"),
        ("deleted_since", "crm.note.contact"), ("moved_since", "calls.call.contact"),
    }  # fmt: skip
    told = {one["what"]: one for one in undone.conflicts}
    assert (told["patronymic"]["value"], told["patronymic"]["before"]) == ("Павловна", "")
    assert told["calls.call.contact"]["ids"] == [str(call.pk)]


def test_an_external_id_that_somebody_else_took_since_stays_theirs():
    one, other = ContactFactory(), ContactFactory(source="shop", external_id="7")
    record = merge(one, other)
    contacts.alter(one.pk, external_id="", by=None, now=NOW)
    thief = ContactFactory(source="shop", external_id="7")
    assert ("taken_since", "external_id") in kinds(undo(record))
    assert (Contact.objects.get(pk=other.pk).external_id, Contact.objects.get(pk=thief.pk).external_id) == ("", "7")


def test_an_employer_that_was_merged_or_deleted_since_is_followed_or_told():
    company, twin, gone = (ContactFactory(company=True) for _ in range(3))
    one, other = ContactFactory(employer=company), ContactFactory(employer=gone)
    record = merge(one, other, choices={"employer": "loser"})
    merge(twin, company)
    undo(record)
    one.refresh_from_db()
    assert one.employer_id == twin.pk


# What is written to the old id meanwhile


def test_what_strays_to_the_old_id_is_gathered_and_given_back_by_an_undo():
    one, other = ContactFactory(phones=[ONE]), ContactFactory()
    record = merge(one, other)
    late = CallFactory(contact=other)
    PhoneNumberFactory(e164=TWO)
    other.contact_phones.create(phone=PhoneNumberFactory(e164=TWO), is_primary=True)
    assert strays.settle(now=NOW) == 2
    late.refresh_from_db()
    assert (late.contact_id, numbers(one)) == (one.pk, [ONE, TWO])
    record.refresh_from_db()
    assert (record.counts["calls.call.contact"], record.settled_at) == (1, None)
    assert strays.settle(now=NOW + timedelta(minutes=6)) == 0
    record.refresh_from_db()
    assert record.settled_at
    undo(record)
    late.refresh_from_db()
    assert (late.contact_id, numbers(one), numbers(other)) == (other.pk, [ONE], [TWO])


def test_a_stray_goes_on_to_whoever_is_left_and_comes_back_step_by_step():
    last, one, other = ContactFactory(), ContactFactory(), ContactFactory()
    first, second = merge(one, other), merge(last, one)
    MergeRecord.objects.filter(pk=second.pk).update(settled_at=NOW)
    late = CallFactory(contact=other)
    strays.settle(now=NOW)
    late.refresh_from_db()
    assert late.contact_id == last.pk
    undo(second)
    undo(first)
    late.refresh_from_db()
    assert late.contact_id == other.pk


# The house is told


def test_those_who_registered_are_told_before_rows_move_and_after_they_moved_back(monkeypatch):
    told = []

    def join(survivor, loser, by, now):
        told.append(("joined", Note.objects.get().contact_id == loser))
        return {"kept": "this"}

    def part(survivor, loser, remembered, by, now):
        told.append(("parted", Note.objects.get().contact_id == loser, remembered))

    monkeypatch.setitem(merging.joined._entries, "test", join)
    monkeypatch.setitem(merging.parted._entries, "test", part)
    one, other = ContactFactory(), ContactFactory()
    NoteFactory(contact=other)
    undo(merge(one, other))
    assert told == [("joined", True), ("parted", True, {"kept": "this"})]


def test_a_relation_that_is_registered_as_an_exception_is_left_alone(monkeypatch):
    monkeypatch.setitem(merging.left_alone._entries, "crm.note.contact", lambda: "For the test.")
    one, other = ContactFactory(), ContactFactory()
    note = NoteFactory(contact=other)
    merge(one, other)
    note.refresh_from_db()
    assert note.contact_id == other.pk


def test_the_open_pair_is_decided_by_the_merge_and_dismissed_by_its_undo():
    one, other, third = ContactFactory(), ContactFactory(), ContactFactory()
    pair, elsewhere = DuplicateCandidateFactory(pair=(one, other)), DuplicateCandidateFactory(pair=(other, third))
    record = merge(one, other)
    pair.refresh_from_db()
    assert pair.status == "merged" and not type(elsewhere).objects.filter(pk=elsewhere.pk).exists()
    undo(record)
    pair.refresh_from_db()
    assert pair.status == "dismissed"


# Size


def test_ten_thousand_calls_move_in_one_statement_and_back():
    one, other, system = ContactFactory(), ContactFactory(), PhoneSystemFactory()
    Call.objects.bulk_create(
        Call(contact=other, phone_system=system, started_at=NOW, state="ended", ended_at=NOW, external_id=str(n)) for n in range(10_000)
    )
    costs = []
    for do in (lambda: merge(one, other), lambda: undo(MergeRecord.objects.get())):
        with CaptureQueriesContext(connection) as asked:
            do()
        costs.append(len(asked))
        assert sum('UPDATE "calls_call" SET "contact_id"' in query["sql"] for query in asked.captured_queries) == 1
    assert Call.objects.filter(contact=other).count() == 10_000
    again = ContactFactory(), ContactFactory()
    CallFactory(contact=again[1])
    with CaptureQueriesContext(connection) as asked:
        merge(*again)
    assert len(asked) == costs[0], "one call costs as many statements as ten thousand"
