"""P7: two contacts become one, and part again with nothing lost."""

import pytest
from django.utils import timezone

from calls.models import Call
from crm import merging
from crm.merging import strays
from crm.models import Contact
from tests.factories.calls import CallFactory
from tests.factories.crm import ContactAddressFactory, ContactEmailFactory, ContactFactory, NoteFactory

pytestmark = pytest.mark.django_db


def test_merge_then_a_new_call_then_undo(client_of):
    now = timezone.now()
    anna = ContactFactory(surname="Иванова", name="Анна", patronymic="", phones=["+74950000001", "+74950000002"])
    double = ContactFactory(surname="Иванова", name="Анна", patronymic="Петровна", phones=["+74950000002", "+74950000003"])
    theirs = [CallFactory(contact=double, customer_e164="+74950000003") for _ in range(3)]
    note = NoteFactory(contact=double)
    mail, address = ContactEmailFactory(contact=double), ContactAddressFactory(contact=double)
    merge = merging.merge(anna.pk, double.pk, by=None, now=now)
    anna.refresh_from_db()
    assert anna.patronymic == "Петровна"
    assert {call.contact_id for call in Call.objects.all()} == {anna.pk}
    assert [link.phone.e164 for link in anna.contact_phones.order_by("order")] == ["+74950000001", "+74950000002", "+74950000003"]
    new = CallFactory(contact=anna, customer_e164="+74950000003")
    merging.undo(merge.pk, by=None, now=now)
    for row in (*theirs, note, mail, address):
        row.refresh_from_db()
        assert row.contact_id == double.pk
    new.refresh_from_db()
    assert new.contact_id == anna.pk
    assert strays.settle(now=now) == 0
    assert Contact.objects.living().count() == 2
    assert merge.conflicts == []
