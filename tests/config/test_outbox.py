"""News for other systems: none without its change, none left out whatever the order of commits, and none that nobody declared."""

import time
from datetime import timedelta

import pytest
from django.db import connection, transaction

from config.platform import outbox
from config.platform.management.commands.describe_events import PAGE, with_chapter
from config.platform.models import OutboxEvent
from tests.conftest import NOON
from tests.factories.crm import ContactFactory
from tests.factories.platform import OutboxEventFactory

URL = "/api/v1/outbox-events/"
NOTE = outbox.NewsType("test.noted", "Only in tests.", {"n": 1})
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def declared(monkeypatch):
    monkeypatch.setitem(outbox.types, NOTE.name, NOTE)


def tell(n: int, **more) -> OutboxEvent:
    return outbox.tell("test.noted", outbox.Subject("note", ContactFactory().pk), {"n": n, "at": NOON}, now=NOON, **more)


def follow(client, after=None, **query) -> list[dict]:
    """As the page tells readers to: page after page, from the last that they have."""
    found, address = [], URL
    query |= {"after": after} if after else {}
    while address:
        answer = client.get(address, query)
        assert answer.status_code == 200, answer.content
        found += answer.json()["results"]
        address, query = answer.json()["next"], {}
    return found


def test_news_goes_and_comes_with_its_transaction():
    contact = ContactFactory()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        outbox.tell("test.noted", contact, {}, now=NOON)
        raise ZeroDivisionError
    assert not OutboxEvent.objects.exists()
    told = outbox.tell("test.noted", contact, {"n": 1}, contact=contact.pk, now=NOON)
    assert (told.subject_kind, told.subject_id, told.subject_version, told.contact) == ("contact", contact.pk, contact.version, contact.pk)
    with pytest.raises(KeyError):
        outbox.tell("test.unheard", contact, {}, now=NOON)
    with pytest.raises(ValueError, match="already"):
        outbox.declare("test.noted", "again", {})


@pytest.mark.django_db(transaction=True)
def test_a_late_commit_is_not_missed_by_a_reader_who_remembers_the_last_news(client_of):
    """Four connections write; the slow ones begin before and commit after the others, and one took its id long before it writes."""
    reader = client_of("integration", scopes=["events:read"])
    tell(0)
    early, writers = OutboxEventFactory.build(transaction=None).pk, [connection.copy() for _ in range(3)]
    seen: list[int] = []
    last = [None]

    def read() -> None:
        found = follow(reader, last[0], page_size=2)
        seen.extend(one["data"]["n"] for one in found)
        last[0] = found[-1]["id"] if found else last[0]

    def read_until(n: int) -> None:
        """Another database of the server may have an older writer at this moment: news waits for that one too."""
        for _ in range(1200):
            read()
            if n in seen:
                return
            time.sleep(0.1)

    def write(writer, n: int, pk=None) -> None:
        with writer.cursor() as cursor:
            cursor.execute(
                "INSERT INTO platform_outboxevent (id, type, subject_kind, subject_id, subject_version, occurred_at, data)"
                " VALUES (%s, 'test.noted', 'note', gen_random_uuid(), 0, now(), %s::jsonb)",
                [pk or OutboxEventFactory.build().pk, f'{{"n": {n}}}'],
            )

    try:
        for writer in writers:
            writer.set_autocommit(False)
        write(writers[0], 1)  # the slow one
        write(writers[1], 2)
        writers[1].commit()
        tell(3)
        read_until(0)
        assert seen == [0], "what came after the slow one began waits for it"
        write(writers[2], 4)
        writers[0].commit()
        read_until(3)
        assert seen == [0, 1, 2, 3]
        writers[2].commit()
        write(writers[1], 5, pk=early)  # its id is the smallest of all
        writers[1].commit()
        read(), tell(6), read_until(6)
        assert seen == [0, 1, 2, 3, 4, 5, 6], "each once, in an order that never changes"
        write(writers[0], 7)
        writers[0].rollback()
        read()
        assert seen[-1] == 6, "what was taken back was never told"
    finally:
        for writer in writers:
            writer.close()


def test_a_list_is_narrowed_by_type_and_subject_and_walks_in_pages(client_of):
    reader = client_of("integration", scopes=["events:read"])
    made = [OutboxEventFactory(type="a.one" if n % 2 else "a.two") for n in range(6)]
    ids = [str(one.pk) for one in made]
    assert [one["id"] for one in follow(reader, page_size=4)] == ids
    assert [one["id"] for one in follow(reader, after=ids[2], page_size=2)] == ids[3:]
    assert [one["id"] for one in follow(reader, type="a.one")] == ids[1::2]
    assert len(follow(reader, type="a.one,a.two")) == 6 and follow(reader, type="a.three") == []
    assert [one["id"] for one in follow(reader, subject=made[4].subject_id)] == [ids[4]]
    gone = reader.get(URL, {"after": made[0].subject_id})
    assert (gone.status_code, gone.json()["code"]) == (410, "news_forgotten")
    assert reader.get(URL, {"after": "x"}).status_code == 400
    assert client_of("integration", scopes=["events:write"]).get(URL).status_code == 403
    assert client_of("supervisor").get(URL).status_code == 403


def test_old_news_is_forgotten(settings):
    settings.OUTBOX_KEPT_DAYS = 30
    kept = OutboxEventFactory(occurred_at=NOON - timedelta(days=29))
    OutboxEventFactory(occurred_at=NOON - timedelta(days=31))
    assert outbox.forget(NOON) == 1 and outbox.forget(NOON) == 0
    assert OutboxEvent.objects.get() == kept


def test_news_of_a_database_that_was_put_back_from_a_dump_is_told_too(client_of):
    reader = client_of("admin")
    OutboxEventFactory(transaction=2**50)  # a number that this database will not reach
    assert follow(reader) == []
    outbox.forget(NOON)
    assert len(follow(reader)) == 1


def test_the_page_lists_every_type_that_is_told():
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_chapter(page), "a type is new: run `make schema`"
