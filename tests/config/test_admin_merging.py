"""Duplicates and merges in the admin: side by side, chosen line by line, undone with a report."""

import pytest
from django.urls import reverse

from config.platform.models import AuditEvent, Role
from crm import contacts, merging
from crm.models import Contact, DuplicateCandidate, MergeRecord
from tests.config.test_admin_pages import address, client_for
from tests.conftest import NOON
from tests.factories.crm import ContactFactory, NoteFactory
from tests.factories.merging import DuplicateCandidateFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def supervisor():
    return client_for(Role.SUPERVISOR)


@pytest.fixture
def two(db):
    one = ContactFactory(surname="Иванова", name="Анна", phones=["+74950000001"], tags=["vip"])
    other = ContactFactory(surname="Петрова", name="Анна", phones=["+74950000002"], tags=["old"], custom_fields={"card": "7"})
    NoteFactory(contact=other)
    return one, other


def page(name, *args):
    return reverse(f"admin:{name}", args=args)


def test_the_two_of_a_pair_stand_side_by_side_and_become_one_as_ticked(supervisor, two):
    pair = DuplicateCandidateFactory(pair=two)
    url = page("crm_duplicatecandidate_compare", pair.pk)
    text = supervisor.get(url).content.decode()
    for said in ("Иванова", "Петрова", "+7 495 000-00-01", "+7 495 000-00-02", "They share: phone", "note: 1"):
        assert said in text, said
    assert Contact.objects.living().count() == 2, "looking does nothing"
    answer = supervisor.post(url, {"left": "second", "field-surname": "first", "field-tags": "both", "reason": "She married."})
    other = Contact.objects.get(pk=two[1].pk)
    assert answer.url == address(Contact, "change", other.pk)
    assert (other.surname, other.tags, other.contact_phones.count()) == ("Иванова", ["old", "vip"], 2)
    pair.refresh_from_db()
    assert pair.status == DuplicateCandidate.Status.MERGED
    assert AuditEvent.objects.get(subject_id=other.pk, verb="merge").reason == "She married."


def test_a_pair_is_put_away_after_a_question(supervisor, two):
    pair = DuplicateCandidateFactory(pair=two)
    url = page("crm_duplicatecandidate_dismiss", pair.pk)
    supervisor.get(url)
    pair.refresh_from_db()
    assert pair.status == "open"
    supervisor.post(url)
    pair.refresh_from_db()
    assert pair.status == "dismissed"
    assert supervisor.post(url).status_code == 403


def test_a_contact_is_merged_with_whoever_was_searched_for(supervisor, two):
    one, other = two
    url = page("crm_contact_merge", one.pk)
    assert f"?with={other.pk}" in supervisor.get(url, {"q": "петрова"}).content.decode()
    assert "at least two letters" in supervisor.get(url, {"q": "a"}).content.decode()
    assert supervisor.get(url, {"with": "nobody"}).status_code == 200
    supervisor.post(f"{url}?with={other.pk}", {"left": "first"})
    assert MergeRecord.objects.get().loser_id == other.pk
    assert supervisor.get(address(Contact, "change", other.pk)).url == address(Contact, "change", one.pk)
    assert other not in supervisor.get(address(Contact, "changelist")).context["cl"].result_list


def test_a_refusal_is_told_on_the_page(supervisor):
    person, company = ContactFactory(), ContactFactory(company=True)
    url = f"{page('crm_contact_merge', person.pk)}?with={company.pk}"
    assert "say which they are" in supervisor.post(url, {"left": "first"}, follow=True).content.decode()
    assert not MergeRecord.objects.exists()


def test_a_merge_is_undone_and_its_page_tells_what_was_kept(supervisor, two):
    one, other = two
    merge = merging.merge(one.pk, other.pk, choices={"surname": "loser"}, by=None, now=NOON)
    contacts.alter(one.pk, surname="Орлова", by=None, now=NOON)
    url = page("crm_mergerecord_undo", merge.pk)
    supervisor.get(url)
    assert Contact.objects.living().count() == 1
    supervisor.post(url)
    assert Contact.objects.living().count() == 2
    text = supervisor.get(address(MergeRecord, "change", merge.pk)).content.decode()
    assert "surname was changed since, and stays “Орлова”" in text
    assert supervisor.post(url).status_code == 403


def test_an_agent_merges_nothing_here(two):
    agent, pair = client_for(Role.AGENT), DuplicateCandidateFactory(pair=two)
    for url in (page("crm_duplicatecandidate_compare", pair.pk), page("crm_contact_merge", two[0].pk)):
        assert agent.post(url, {"left": "first"}).status_code in (302, 403)
    assert not MergeRecord.objects.exists()
