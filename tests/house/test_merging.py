"""Nothing that points at a contact is forgotten when two become one."""

from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.contrib.contenttypes.fields import GenericForeignKey

from crm import merging
from crm.merging import relations
from crm.models import Contact
from tests.config.admin_rows import MADE_BY_FACTORY
from tests.factories.crm import ContactFactory

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
KNOWN = {one.label for one in relations.every()}
#: A suppression is of a number or of a contact.
BESIDES = {"crm.suppression.contact": {"e164": ""}}
MADE = [one for one in relations.moved() if one.model in MADE_BY_FACTORY]


def test_every_key_to_a_contact_is_moved_or_is_an_exception_with_a_reason():
    """Asked of Django's own list of what points at contacts, not of ours."""
    pointing = set()
    for one in Contact._meta.get_fields(include_hidden=True):
        if one.auto_created and not one.concrete and (one.one_to_many or one.one_to_one):
            pointing.add(f"{one.related_model._meta.label_lower}.{one.field.name}")
        if one.many_to_many:
            through = one.through if one.auto_created else one.remote_field.through
            pointing |= {
                f"{through._meta.label_lower}.{field.name}" for field in through._meta.concrete_fields if field.related_model is Contact
            }
    assert pointing == KNOWN
    hindered = {one.label: reason for one in relations.moved() if (reason := relations.hindrance(one))}
    assert hindered == {}, "register it in crm.merging.left_alone, and care for its rows by crm.merging.joined and parted"


def test_exceptions_are_of_relations_that_exist_and_say_why():
    exceptions = relations.OWN | {name: why() for name, why in merging.left_alone}
    assert set(exceptions) <= KNOWN and all(exceptions.values())


def test_whoever_remembers_something_also_takes_it_back():
    assert {name for name, _ in merging.joined} == {name for name, _ in merging.parted}


def test_no_table_points_at_contacts_without_a_key():
    """A generic key would be passed over."""
    assert [
        model._meta.label for model in apps.get_models() if any(isinstance(one, GenericForeignKey) for one in model._meta.private_fields)
    ] == []


@pytest.mark.django_db
@pytest.mark.parametrize("relation", MADE, ids=lambda one: one.label)
def test_a_row_of_it_goes_along_and_comes_back(relation):
    survivor, loser = ContactFactory(), ContactFactory()
    row = MADE_BY_FACTORY[relation.model](**{relation.field.name: loser}, **BESIDES.get(relation.label, {}))

    def at():
        return relation.model._base_manager.values_list(relation.field.attname, flat=True).get(pk=row.pk)

    done = merging.merge(survivor.pk, loser.pk, by=None, now=NOW)
    assert at() == survivor.pk
    assert merging.undo(done.pk, by=None, now=NOW).conflicts == []
    assert at() == loser.pk
