"""One cursor over everything that happened: nothing twice, nothing passed over, whatever the source."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from config.platform.models import AuditEvent
from crm import timeline
from crm.models import Note
from tests.factories.call_requests import CallRequestFactory
from tests.factories.callbacks import CallbackFactory
from tests.factories.calls import CallFactory
from tests.factories.campaigns import AttemptFactory, ConversionFactory, SurveyResponseFactory
from tests.factories.complaints import ComplaintFactory, ComplaintMessageFactory
from tests.factories.consent import ConsentFactory, LifecycleChangeFactory, SuppressionFactory
from tests.factories.crm import ContactFactory, NoteFactory
from tests.factories.follow_ups import TaskFactory
from tests.factories.knowledge import ArticleUseFactory
from tests.factories.orders import OrderFactory
from tests.factories.platform import UserFactory
from tests.factories.return_calls import ReturnCallFactory
from tests.factories.scripts import ScriptRunFactory

pytestmark = pytest.mark.django_db
MOMENT = datetime(2026, 11, 23, 10, tzinfo=UTC)


def url(contact):
    return f"/api/v1/contacts/{contact.pk}/timeline/"


def lived(contact, n):
    for number in range(n):
        CallFactory(contact=contact, started_at=MOMENT + timedelta(minutes=number % 3), agent=UserFactory())
        note = NoteFactory(contact=contact, by=UserFactory())
        Note.objects.filter(pk=note.pk).update(created_at=MOMENT + timedelta(minutes=number % 2))
        AuditEvent.objects.create(
            subject_type="contact", subject_id=contact.pk, verb="alter", at=MOMENT + timedelta(minutes=number % 3), by=UserFactory()
        )


def test_kinds_choose_and_page_alike(client_of):
    contact, client = ContactFactory(), client_of("agent")
    lived(contact, 4)
    whole = client.get(url(contact)).json()["results"]
    for kinds, chosen in [("calls", {"call"}), ("notes,changes", {"note", "change"}), ("changes, calls,notes", {"note", "change", "call"})]:
        address, found = f"{url(contact)}?page_size=2&kinds={kinds}", []
        while address:
            page = client.get(address).json()
            found += page["results"]
            address = page["next"]
        assert found == [one for one in whole if one["kind"] in chosen]
    refused = client.get(url(contact), {"kinds": "calls,dreams"})
    assert (refused.status_code, refused.json()["code"]) == (400, "kind_unknown") and "changes" in refused.json()["known"]
    assert client.get(url(contact), {"kinds": ""}).status_code == 400


def test_a_happening_says_who_and_where(client_of):
    contact, client = ContactFactory(), client_of("agent")
    lived(contact, 1)
    found = {one["kind"]: one for one in client.get(url(contact)).json()["results"]}
    assert all(one["by"] for one in found.values())
    assert client.get(found["call"]["url"]).json()["id"] == found["call"]["id"]
    assert found["note"]["url"] is None


def test_every_source_says_who_and_where_it_is_found(client_of):
    contact, client = ContactFactory(), client_of("admin")
    lived(contact, 1)
    someone = UserFactory()
    ConsentFactory(contact=contact, by=someone)
    SuppressionFactory(contact=contact, e164="", by=someone)
    LifecycleChangeFactory(contact=contact, by=someone)
    TaskFactory(contact=contact, by=someone)
    OrderFactory(contact=contact)
    call = CallFactory(contact=contact, agent=someone)
    ArticleUseFactory(call=call, by=someone)
    ScriptRunFactory(call=call, agent=someone)
    CallbackFactory(contact=contact, by=someone)
    ReturnCallFactory(contact=contact, done=True)
    CallRequestFactory(contact=contact, agent=someone)
    complaint = ComplaintFactory(contact=contact, by=someone)
    ComplaintMessageFactory(complaint=complaint, visibility="public", via="call", by=someone)
    AuditEvent.objects.create(subject_type="complaint", subject_id=complaint.pk, verb="decide", at=MOMENT, by=someone)
    ConversionFactory(attempt=AttemptFactory(target__contact=contact, agent=someone))
    SurveyResponseFactory(contact=contact, agent=someone)
    found = {one["kind"]: one for one in client.get(url(contact)).json()["results"]}
    assert len(found) == len(list(timeline.sources)), sorted(found)
    for kind, one in found.items():
        assert one["by"], kind
        assert one["url"] is None or client.get(one["url"]).json()["id"] == one["id"], kind
    assert {kind for kind, one in found.items() if one["url"] is None} == {
        "note", "change", "lifecycle", "complaint_step", "complaint_message",
    }  # fmt: skip


@pytest.mark.parametrize("n", [1, 20])
def test_a_page_costs_a_query_for_each_source(client_of, n):
    contact, client = ContactFactory(), client_of("agent")
    lived(contact, n)
    client.get("/api/v1/me/")
    with CaptureQueriesContext(connection) as asked:
        assert client.get(url(contact)).status_code == 200
    assert len(asked) == 3 + len(list(timeline.sources)), "the token, the contact, whom it was merged with, and each source once"


Lines = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 40)), unique_by=lambda line: line[2], max_size=25)


@settings(max_examples=100, deadline=None)
@given(lines=Lines, size=st.integers(1, 7))
def test_any_lives_page_without_a_gap_or_a_double(lines, size):
    """Sources with equal times in any mixture; ids alone tell them apart."""
    from config.platform.registry import Registry

    every = [timeline.Happening(MOMENT + timedelta(minutes=minute), str(source), UUID(int=number), {}) for source, minute, number in lines]

    def source(name):
        def of(contact_id, before, limit):
            mine = [one for one in every if one.kind == name and (before is None or one.key < before)]
            return sorted(mine, key=lambda one: one.key, reverse=True)[:limit]

        return of

    before, had = timeline.sources, Registry.all[:]
    timeline.sources = Registry("sources of a test")
    try:
        for name in "012":
            timeline.sources.add(name, source(name))
        found, position = [], None
        while page := timeline.of(UUID(int=0), before=position, limit=size):
            found += page
            position = page[-1].key
    finally:
        timeline.sources, Registry.all = before, had
    assert found == sorted(every, key=lambda one: one.key, reverse=True)
