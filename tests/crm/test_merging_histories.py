"""P7 as a property: whatever was merged, in whatever order, undoing all of it leaves the base as it was, field by field."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calls.models import Call
from config.platform.errors import Refusal
from crm import contacts, duplicate_pairs, merging
from crm.merging import strays
from crm.models import Contact, ContactAddress, ContactEmail, ContactPhone, MergeRecord, Note, PromotionUse
from tests.factories.calls import CallFactory, PhoneSystemFactory
from tests.factories.crm import ContactAddressFactory, ContactFactory, NoteFactory, PhoneNumberFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NUMBERS = ["+74950000001", "+74950000002", "+74950000003", "+74950000004"]
MAILS = ["a@example.com", "b@example.com", "c@example.com"]
TABLES = (Contact, ContactPhone, ContactEmail, ContactAddress, Note, Call, PromotionUse)
PASSING = {"version", "updated_at"}
MANY = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], database=None
)

drafts = st.fixed_dictionaries(
    {
        "company": st.booleans(),
        "surname": st.sampled_from(["", "Иванова", "Santos"]),
        "patronymic": st.sampled_from(["", "Петровна"]),
        "lifecycle": st.sampled_from(["lead", "client", "disqualified"]),
        "time_zone": st.sampled_from(["", "Asia/Manila"]),
        "tags": st.lists(st.sampled_from(["vip", "wholesale"]), unique=True),
        "custom": st.dictionaries(st.sampled_from(["card", "class"]), st.sampled_from(["1", "2"])),
        "external_id": st.booleans(),
        "phones": st.lists(st.sampled_from(NUMBERS), max_size=3, unique=True),
        "emails": st.lists(st.sampled_from(MAILS), max_size=2, unique=True),
        "addresses": st.lists(st.sampled_from(["Москва", "Казань"]), max_size=2),
        "notes": st.integers(0, 2),
        "calls": st.lists(st.sampled_from(NUMBERS), max_size=2),
        "employer": st.integers(0, 5),
    }
)
pairs = st.tuples(st.integers(0, 5), st.integers(0, 5))
choices = st.dictionaries(
    st.sampled_from(["kind", "surname", "patronymic", "lifecycle", "time_zone", "external_id", "employer", "owner"]),
    st.sampled_from(["survivor", "loser"]),
)


def made(number: int, draft: dict[str, Any], system: Any, before: list[Contact]) -> Contact:
    """A contact as the draft says, with all that hangs on it."""
    contact = ContactFactory(
        company=draft["company"],
        **({} if draft["company"] else {"surname": draft["surname"], "patronymic": draft["patronymic"]}),
        lifecycle=draft["lifecycle"],
        time_zone=draft["time_zone"],
        tags=sorted(draft["tags"]),
        custom_fields=draft["custom"],
        source="shop" if draft["external_id"] else "",
        external_id=str(number) if draft["external_id"] else "",
        employer=next((one for one in before[draft["employer"] :] if one.kind == "company"), None),
        phones=draft["phones"],
    )
    for order, mail in enumerate(draft["emails"]):
        ContactEmail.objects.create(contact=contact, email=mail, is_primary=order == 0)
    for city in draft["addresses"]:
        ContactAddressFactory(contact=contact, city=city, street="")
    for _ in range(draft["notes"]):
        NoteFactory(contact=contact)
    for e164 in draft["calls"]:
        CallFactory(contact=contact, phone_system=system, customer_e164=e164, match_quality="exact")
    return contact


def base() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table that a merge may touch, but for versions and the time of the last change."""
    return {
        model.__name__: sorted(
            (
                {field.attname: getattr(row, field.attname) for field in model._meta.concrete_fields if field.name not in PASSING}
                for row in model._base_manager.all()
            ),
            key=lambda row: str(row["id"]),
        )
        for model in TABLES
    }


class Rollback(Exception):
    """The end of one example."""


@MANY
@given(
    st.lists(drafts, min_size=2, max_size=6),
    st.lists(st.tuples(pairs, choices), min_size=1, max_size=6),
    st.lists(st.sampled_from(NUMBERS)),
)
def test_undoing_everything_leaves_the_base_as_it_was(drawn, merges, waiting):
    with pytest.raises(Rollback), transaction.atomic():
        people, _system = _fill(drawn, waiting)
        before = base()
        done: list[MergeRecord] = []
        for (one, other), chosen in merges:
            try:
                done.append(merging.merge(people[one % len(people)].pk, people[other % len(people)].pk, choices=chosen, by=None, now=NOW))
            except Refusal:
                continue
            _rows_are_all_there(before)
        assert Contact.objects.living().count() == len(people) - len(done)
        strays.settle(now=NOW + timedelta(hours=1))
        for merge in reversed(done):
            undone = merging.undo(merge.pk, by=None, now=NOW)
            assert undone.conflicts == []
        assert base() == before
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # every key points at something
        raise Rollback


steps = st.lists(
    st.one_of(
        st.tuples(st.just("merge"), pairs, choices),
        st.tuples(st.just("note"), pairs, st.none()),
        st.tuples(st.just("call"), pairs, st.none()),
        st.tuples(st.just("rename"), pairs, st.none()),
        st.tuples(st.just("phones"), pairs, st.lists(st.sampled_from(NUMBERS), max_size=2, unique=True)),
        st.tuples(st.just("undo"), pairs, st.none()),
        st.tuples(st.just("settle"), pairs, st.none()),
    ),
    min_size=2,
    max_size=12,
)


@MANY
@given(st.lists(drafts, min_size=2, max_size=5), steps)
def test_whatever_happens_in_between_no_row_is_lost_and_each_is_where_it_was_written(drawn, steps):
    """Notes and calls stay with whom they were written to; what was edited since stays edited; every number is still somebody's."""
    with pytest.raises(Rollback), transaction.atomic():
        people, system = _fill(drawn, [])
        written = {row.pk: row.contact_id for row in (*Note.objects.all(), *Call.objects.all())}
        names: dict[Any, str] = {}
        done: list[MergeRecord] = []
        for verb, (one, other), more in steps:
            living = list(Contact.objects.living().order_by("id"))
            contact, second = living[one % len(living)], living[other % len(living)]
            try:
                if verb == "merge":
                    done.append(merging.merge(contact.pk, second.pk, choices=more, by=None, now=NOW))
                elif verb == "note":
                    note = contacts.write_note(contact.pk, text="Since.", by=None, now=NOW)
                    written[note.pk] = contact.pk
                elif verb == "call":
                    written[CallFactory(contact=contact, phone_system=system).pk] = contact.pk
                elif verb == "rename":
                    names[contact.pk] = f"Орлова{len(names)}"
                    contacts.alter(contact.pk, surname=names[contact.pk], by=None, now=NOW)
                elif verb == "phones":
                    contacts.alter(contact.pk, phones=[{"number": e164} for e164 in more], by=None, now=NOW)
                elif verb == "settle":
                    strays.settle(now=NOW)
                elif done:
                    merging.undo(done.pop().pk, by=None, now=NOW)
            except Refusal:
                continue
        for merge in reversed(done):
            merging.undo(merge.pk, by=None, now=NOW)
        assert Contact.objects.living().count() == len(people)
        now_at = {row.pk: row.contact_id for row in (*Note.objects.all(), *Call.objects.all())}
        assert now_at == written
        for contact in people:
            primaries = contact.contact_phones.filter(is_primary=True).count()
            assert primaries == min(1, contact.contact_phones.count())
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        duplicate_pairs.look(now=NOW + timedelta(days=400))
        raise Rollback


def _fill(drawn: list[dict[str, Any]], waiting: list[str]) -> tuple[list[Contact], Any]:
    system = PhoneSystemFactory()
    people: list[Contact] = []
    for number, draft in enumerate(drawn):
        people.append(made(number, draft, system, people))
    for e164 in waiting:
        PhoneNumberFactory(e164=e164)
        CallFactory(phone_system=system, customer_e164=e164)
    return people, system


def _rows_are_all_there(before: dict[str, list[dict[str, Any]]]) -> None:
    """A merge deletes nothing but an entry of a list that both had."""
    now = base()
    for name in ("Contact", "ContactAddress", "Note", "Call"):
        if name != "ContactAddress":
            assert [row["id"] for row in now[name]] == [row["id"] for row in before[name]]
    for name, key in (("ContactPhone", "phone_id"), ("ContactEmail", "email"), ("ContactAddress", "city")):
        assert {row[key] for row in now[name]} == {row[key] for row in before[name]}
