"""Merges at once, and while calls come in, over real connections."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event

import pytest
from django.db import connection, transaction

from calls import receipts
from calls.models import Call
from config.platform.errors import Refusal
from config.platform.moves import TransitionNotAllowed
from crm import contacts, merging
from crm.merging import strays
from crm.models import Contact, MergeRecord
from crm.old_ids import ContactMerged
from tests.calls.scenarios import BEGIN, SCENARIOS
from tests.factories.calls import CallFactory, PhoneSystemFactory
from tests.factories.crm import ContactFactory, NoteFactory

pytestmark = pytest.mark.django_db(transaction=True)
NOW = BEGIN + timedelta(hours=2)


def at_once(*jobs):
    """Run the jobs at the same moment, each over a connection of its own; what each answered or refused with."""
    start = Barrier(len(jobs))

    def run(job):
        try:
            start.wait(10)
            return job()
        except Refusal as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def merge(one, other):
    return merging.merge(one.pk, other.pk, by=None, now=NOW)


@pytest.mark.parametrize("turn", range(3))
def test_the_same_two_merged_crosswise_at_once_become_one_once(turn):
    one, other = ContactFactory(phones=["+74950000001"]), ContactFactory(phones=["+74950000002"])
    answers = at_once(lambda: merge(one, other), lambda: merge(other, one))
    assert sorted(type(answer).__name__ for answer in answers) == ["ContactMerged", "MergeRecord"]
    left = Contact.objects.living().get()
    assert left.contact_phones.count() == 2 and MergeRecord.objects.count() == 1


@pytest.mark.parametrize("turn", range(3))
def test_one_merged_into_two_at_once_goes_to_one_of_them(turn):
    one, other, third = (ContactFactory() for _ in range(3))
    note = NoteFactory(contact=third)
    answers = at_once(lambda: merge(one, third), lambda: merge(other, third))
    assert sorted(isinstance(answer, ContactMerged) for answer in answers) == [False, True]
    note.refresh_from_db()
    assert note.contact_id == MergeRecord.objects.get().survivor_id


def test_a_ring_of_merges_at_once_ends_with_one_chain():
    one, other, third = (ContactFactory() for _ in range(3))
    at_once(lambda: merge(one, other), lambda: merge(other, third), lambda: merge(third, one))
    assert Contact.objects.living().count() >= 1
    assert MergeRecord.objects.count() + Contact.objects.living().count() == 3


def test_two_undo_one_merge_at_once_and_it_is_undone_once():
    record = merge(ContactFactory(), ContactFactory(phones=["+74950000001"]))
    answers = at_once(*[lambda: merging.undo(record.pk, by=None, now=NOW)] * 2)
    assert sorted(isinstance(answer, TransitionNotAllowed) for answer in answers) == [False, True]
    assert Contact.objects.living().count() == 2


def test_an_edit_and_a_merge_at_once_pass_one_after_the_other():
    one, other = ContactFactory(), ContactFactory()
    edited = lambda: contacts.alter(other.pk, surname="Орлова", by=None, now=NOW)  # noqa: E731
    answers = at_once(lambda: merge(one, other), edited)
    assert isinstance(answers[0], MergeRecord)
    assert isinstance(answers[1], ContactMerged | Contact)


@pytest.mark.parametrize("turn", range(3))
def test_calls_that_come_in_while_their_contact_is_merged_end_with_the_survivor(turn):
    one, other, system = ContactFactory(), ContactFactory(phones=["+74951234567"]), PhoneSystemFactory()
    bodies = [{**body, "call_id": f"c{number}"} for number in range(6) for body in SCENARIOS["answered"][0]]

    def send(mine):
        return lambda: [receipts.one(system, body, now=NOW)["status"] for body in mine]

    answers = at_once(send(bodies[::2]), send(bodies[1::2]), lambda: merge(one, other))
    assert {status for answer in answers[:2] for status in answer} == {"accepted"}
    strays.settle(now=NOW)
    assert set(Call.objects.values_list("contact_id", flat=True)) == {one.pk}
    merging.undo(MergeRecord.objects.get().pk, by=None, now=NOW)
    assert set(Call.objects.values_list("contact_id", flat=True)) <= {one.pk, other.pk}


def test_a_call_that_was_being_written_to_the_old_id_waits_for_nobody_and_is_gathered():
    """The writer had looked the contact up before the merge and commits after it."""
    one, other, system = ContactFactory(), ContactFactory(), PhoneSystemFactory()
    written, merged = Event(), Event()

    def write():
        with transaction.atomic():
            call = CallFactory(contact=other, phone_system=system)
            written.set()
            assert merged.wait(20)
        return call

    def join():
        assert written.wait(20)
        record = merge(one, other)
        merged.set()
        return record

    call, record = at_once(write, join)
    call.refresh_from_db()
    assert call.contact_id == other.pk, "it strayed"
    assert strays.settle(now=NOW) == 1
    call.refresh_from_db()
    assert call.contact_id == one.pk
    merging.undo(record.pk, by=None, now=NOW)
    call.refresh_from_db()
    assert call.contact_id == other.pk
