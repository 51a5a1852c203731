"""News of people and calls: once for a change, with what was before; of many at once; emptied with the person, where it bears a number only too."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from calls import by_hand, callbacks, identifying, intake, return_calls
from calls.models import Call
from config.platform.models import OutboxEvent
from crm import consent, contacts, erasure, lifecycle, ordering, ownership, suppression
from crm.importing import jobs
from tests.crm.test_importing import brought_in
from tests.crm.test_suppression_lists import brought_in as listed
from tests.factories.calls import AgentExtensionFactory, CallFactory, PhoneSystemFactory
from tests.factories.crm import ContactFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
NUMBER, LINE = "+74951234567", "+78001234567"


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def news(*types: str) -> list[OutboxEvent]:
    return list(OutboxEvent.objects.filter(type__in=types).order_by("id"))


def types() -> list[str]:
    return sorted(OutboxEvent.objects.values_list("type", flat=True))


def test_what_was_changed_is_told_with_what_it_was():
    contact = contacts.add(surname="Орлова", phones=[{"number": NUMBER}], by=None, now=timezone.now())
    (added,) = news("contact.added")
    assert (added.previous, added.data["phones"], added.subject_version, added.contact) == (None, [NUMBER], 1, contact.pk)
    contacts.alter(contact.pk, surname="Соколова", phones=[{"number": "+74950000001"}], by=None, now=timezone.now())
    contacts.alter(contact.pk, surname="Соколова", by=None, now=timezone.now())  # nothing changes
    lifecycle.qualify(contact.pk, by=None, now=timezone.now())
    owner = UserFactory()
    ownership.assign([contact.pk], owner=owner, by=None, now=timezone.now())
    (changed,), (moved,), (assigned,) = news("contact.changed"), news("contact.moved"), news("contact.assigned")
    assert (changed.previous, changed.data["changed"]) == ({"surname": "Орлова"}, ["phones", "surname"])
    assert (moved.previous, moved.data["lifecycle"]) == ({"lifecycle": "lead"}, "qualified")
    assert (assigned.previous, assigned.data["owner"]) == ({"owner": None}, str(owner.pk))


def test_an_order_and_a_callback_tell_each_step_once():
    contact, by = ContactFactory(phones=True), UserFactory()
    now = timezone.now()
    line = {"name": "Lamp", "unit_price": Decimal(10), "quantity": Decimal(2)}
    order = ordering.create(contact=contact, lines=[line], currency="EUR", at_once=True, by=by, now=now)
    ordering.confirm(order.pk, by=by, now=now)
    ordering.cancel(order.pk, reason="Too late.", by=by, now=now)
    told = news("order.created", "order.placed", "order.changed", "order.cancelled")
    assert [(one.type, one.data["status"], one.previous) for one in told] == [
        ("order.created", "draft", None),
        ("order.placed", "placed", {"status": "draft"}),
        ("order.changed", "confirmed", {"status": "placed"}),
        ("order.cancelled", "cancelled", {"status": "confirmed"}),
    ]
    assert {one.data["total"] for one in told} == {"20.00"} and [one.subject_version for one in told] == [1, 2, 3, 4]
    row = callbacks.schedule(
        contact=contact, at=now + timedelta(days=1), force=True, reason="They asked.", by=UserFactory(role="supervisor"), now=now
    )
    later = now + timedelta(days=2)
    callbacks.reschedule(row.pk, at=later, force=True, reason="They asked.", by=UserFactory(role="supervisor"), now=now)
    (moved,) = news("callback.changed")
    assert moved.previous.keys() == {"at"} and moved.data["at"] > moved.previous["at"]


def told_of(call: str, kind: str, minutes: float, **more) -> dict:
    at = timezone.now() - timedelta(minutes=10 - minutes)
    return {"type": kind, "call_id": call, "occurred_at": at.isoformat(), **more}


def test_a_call_is_told_when_it_ends_and_again_only_when_something_else_is_known(client_of):
    system = PhoneSystemFactory(own_lines=[LINE])
    AgentExtensionFactory(phone_system=system, extension="201")
    ends = {"direction": "inbound", "from": NUMBER, "to": LINE}
    ringing = told_of("c", "leg.ringing", 0, leg_id="a", agent={"extension": "201"}, **ends)
    answered = told_of("c", "leg.answered", 1, leg_id="a", agent={"extension": "201"})
    over = told_of("c", "call.ended", 3, hangup_by="caller")
    intake.receive(system, ringing, now=timezone.now())
    assert types() == [], "nothing is told while it rings"
    intake.receive(system, over, now=timezone.now())
    intake.receive(system, over, now=timezone.now())
    missed = news("call.missed", "call.ended")
    assert sorted(one.type for one in missed) == ["call.ended", "call.missed"] and {one.data["outcome"] for one in missed} == {"missed"}
    intake.receive(system, answered, now=timezone.now())  # late: it was answered after all
    (changed,) = news("call.changed")
    assert (changed.data["outcome"], changed.previous["outcome"]) == ("answered", "missed")
    call = Call.objects.get()
    contact = ContactFactory()
    identifying.identify(call.pk, contact=contact, by=None, now=timezone.now())
    assert news("call.changed")[1].previous == {"contact": None} and news("call.changed")[1].contact == contact.pk
    (gained,) = news("contact.changed")
    assert gained.data["changed"] == ["phones"] and gained.subject_id == contact.pk
    assert len(news("call.ended", "call.missed")) == 2


def test_what_a_file_brings_and_takes_back_is_told_one_by_one():
    head = "Фамилия;Имя;Телефон;Организация\n"
    brought_in(head + "Орлова;Анна;84951234567;\n")
    batch = brought_in(head + "Орлова;Анна;84951234567;\nСоколов;Пётр;84951234568;Ромашка\n;;84951234569;\n")
    assert len(news("contact.added")) == 4, "three people and a company"
    assert {one.subject_version for one in news("contact.added")} == {1}
    jobs.undo(batch.pk, by=batch.by, now=timezone.now())
    jobs.run_owed(now=timezone.now())
    assert len(news("contact.removed")) == 3


def test_a_list_tells_each_number_that_it_adds_and_lifts():
    listed("8 (495) 123-45-67\n+7 916 765-43-21\n")
    listed("8 (495) 123-45-67\n", mode="replace")
    assert sorted(one.data["phone"] for one in news("suppression.added")) == [NUMBER, "+79167654321"]
    (lifted,) = news("suppression.lifted")
    assert (lifted.data["phone"], lifted.data["list"], lifted.subject_version) == ("+79167654321", "national", 2) and lifted.data[
        "lifted_at"
    ]


def test_nothing_that_was_told_names_an_erased_person_any_more():
    now, by = timezone.now(), UserFactory(role="supervisor")
    call = CallFactory(manual=True, open=True, customer_e164=NUMBER, contact=None, direction="inbound", from_raw=NUMBER, from_e164=NUMBER)

    by_hand.finish(call.pk, outcome="answered", by=by, now=now)
    return_calls.promise(phone=NUMBER, by=by, now=now)
    consent.give(phone=NUMBER, purpose="survey", channel="call", obtained_via="call", by=by, now=now)
    suppression.add(phone=NUMBER, source="customer", purpose="marketing", by=by, now=now)
    assert {one.contact for one in OutboxEvent.objects.all()} == {None}
    contact = contacts.add(surname="Орлова", phones=[{"number": NUMBER}], by=by, now=now)
    contacts.alter(contact.pk, surname="Соколова", by=by, now=now)
    erasure.erase(contact.pk, reason="Asked for.", by=by, now=now)
    everything = str([(one.data, one.previous) for one in OutboxEvent.objects.all()])
    assert all(word not in everything for word in (NUMBER[1:], "Орлова", "Соколова"))
    (erased,) = news("contact.erased")
    assert erased.data == {"contact": str(contact.pk)}
