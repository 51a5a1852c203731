"""Recipes of duplicates and merges."""

from django.utils import timezone

from crm import merging
from tests.contract.recipes.asked import Asked, recipe
from tests.contract.recipes.house import contact
from tests.factories.calls import CallFactory
from tests.factories.crm import ContactFactory, NoteFactory
from tests.factories.merging import DuplicateCandidateFactory


def double():
    row = ContactFactory(phones=["+74950000001"])
    NoteFactory(contact=row)
    CallFactory(contact=row)
    return row


@recipe("contacts_merge")
def merge() -> Asked:
    return Asked(contact(), {"loser": str(double().pk), "fields": {"surname": "loser", "tags": "both"}, "reason": "One person."})


@recipe("duplicates_list", "duplicates_retrieve")
def a_pair() -> Asked:
    return Asked(DuplicateCandidateFactory(pair=(contact(), double())))


@recipe("duplicates_dismiss")
def dismiss() -> Asked:
    return Asked(DuplicateCandidateFactory(), {"reason": "Mother and daughter."})


@recipe("duplicates_merge")
def merge_pair() -> Asked:
    pair = DuplicateCandidateFactory(pair=(contact(), double()))
    return Asked(pair, {"survivor": str(pair.second_id)})


@recipe("merges_list", "merges_retrieve", "merges_undo")
def a_merge() -> Asked:
    survivor = contact()
    made = merging.merge(survivor.pk, double().pk, by=None, now=timezone.now())
    survivor.surname, survivor.version = "Орлова", 9
    survivor.save()
    return Asked(made, {"reason": "Sisters."})
