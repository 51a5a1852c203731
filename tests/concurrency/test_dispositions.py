"""Corrections at once, over real connections: one last write-up, and effects that are those of it alone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from calls import wrap_up, wrap_up_limits
from calls.models import Call, CallDisposition, DispositionEffect
from config.platform.models import AuditEvent
from config.platform.moves import VersionConflict
from crm import suppression
from crm.models import PhoneNumber, Suppression
from tests.concurrency.test_events import at_once
from tests.factories.calls import CallFactory, DispositionFactory, QueueFactory
from tests.factories.crm import ContactFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


def ways():
    spoke = {"contact_made": True, "right_party": True}
    purpose = {"suppress_scope": "purpose", "suppress_purpose": "marketing"}
    return [
        DispositionFactory(**spoke, **purpose),
        DispositionFactory(**spoke, **purpose, suppress_days=30),
        DispositionFactory(suppress_scope="all", number_invalid=True),
        DispositionFactory(**spoke, success=True, consent_status="granted", consent_purpose="marketing"),
    ]


def a_call(contact) -> Call:
    number = contact.contact_phones.get().phone.e164
    return CallFactory(contact=contact, from_raw=number, started_at=timezone.now() - timedelta(minutes=3))


def consistent(calls) -> None:
    """What stands is what the last write-ups ask for."""
    asked = set()
    for call in calls:
        call.refresh_from_db()
        revisions = list(CallDisposition.objects.filter(call=call).order_by("number"))
        assert [one.number for one in revisions] == list(range(1, len(revisions) + 1))
        assert [one.supersedes_id for one in revisions] == [None, *[one.pk for one in revisions[:-1]]]
        last = revisions[-1]
        assert (call.disposition_id, call.note, call.wrapped_up_by_id) == (last.disposition_id, last.note, last.by_id)
        way = last.disposition
        wanted = {"suppress"} if way.suppress_scope != "none" else set()
        wanted |= {"number_invalid"} if way.number_invalid else set()
        wanted |= {"consent"} if way.consent_status else set()
        standing = DispositionEffect.objects.filter(revision__call=call, state="applied")
        assert {effect.kind for effect in standing} == wanted
        if way.suppress_scope != "none":
            asked.add((call.contact_id if way.right_party else None, way.suppress_purpose))
    live = Suppression.objects.filter(lifted_at=None)
    assert {(entry.contact_id, entry.purpose) for entry in live} == asked
    invalid = any(call.disposition.number_invalid for call in calls)
    numbers = set(PhoneNumber.objects.values_list("validity", flat=True))
    assert ("invalid" in numbers) == invalid


def test_eight_who_correct_one_call_at_once_leave_one_last_write_up():
    call, found, boss = a_call(ContactFactory(phones=["+74951234567"])), ways(), UserFactory(role="supervisor")

    def correct(n):
        wrap_up.wrap_up(call.pk, disposition=found[n % 4], note=f"Said {n}.", by=boss, now=timezone.now())

    at_once(correct, list(range(32)))
    assert CallDisposition.objects.filter(call=call).count() == 32
    consistent([call])


def test_of_those_who_saw_the_same_version_one_corrects():
    call, found, boss = a_call(ContactFactory(phones=["+74951234567"])), ways(), UserFactory(role="supervisor")

    def correct(n):
        try:
            wrap_up.wrap_up(call.pk, disposition=found[n % 4], note=f"Said {n}.", if_version=1, by=boss, now=timezone.now())
        except VersionConflict:
            return "conflict"
        return "written"

    assert sorted(at_once(correct, list(range(8)))) == ["conflict"] * 7 + ["written"]
    consistent([call])


def test_corrections_of_eight_calls_of_one_customer_at_once_wait_for_each_other_and_agree():
    """All are about one person and one number: nobody waits in a circle, and the entry lasts while one of them asks for it."""
    contact, found, boss = ContactFactory(phones=["+74951234567"]), ways(), UserFactory(role="supervisor")
    calls = [a_call(contact) for _ in range(8)]

    def correct(n):
        for step in range(6):
            way = found[(n * 3 + step * (n + 1)) % 4]
            wrap_up.wrap_up(calls[n].pk, disposition=way, note=f"{step}", by=boss, now=timezone.now())

    at_once(correct, list(range(8)))
    consistent(calls)
    for call in calls:
        wrap_up.wrap_up(call.pk, disposition=found[3], note="sold", by=boss, now=timezone.now())
    consistent(calls)
    assert not suppression.why(contact_id=contact.pk, purpose="marketing", channel="call", at=timezone.now())


def test_sweeps_at_once_close_each_write_up_once():
    QueueFactory(slug="support", wrap_up_limit_s=30)
    calls = [CallFactory(queue="support", started_at=timezone.now() - timedelta(hours=1)) for _ in range(40)]
    closed = at_once(lambda _: wrap_up_limits.close_overdue(now=timezone.now(), limit=10), list(range(16)))
    while more := wrap_up_limits.close_overdue(now=timezone.now()):
        closed.append(more)
    assert sum(closed) == 40 == Call.objects.filter(wrap_up_state="auto_closed").count()
    assert AuditEvent.objects.filter(verb="close_wrap_up").count() == len(calls)
