"""Places in the feed: what is told when, whatever was under way; and how they are written down."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings, strategies

from config.platform import feed, feed_reading
from config.platform.feed_reading import Place, PlaceLost, decode, encode
from tests.conftest import NOON
from tests.factories.platform import UserFactory
from tests.stream.serving import tell

MINUTE = int(NOON.timestamp() // 60)


@strategies.composite
def pictures(draw) -> str:
    least = draw(strategies.integers(3, 2**40))
    between = sorted(draw(strategies.sets(strategies.integers(0, 5000), max_size=60)))
    end = least + (between[-1] + 1 if between else draw(strategies.integers(0, 10)))
    return f"{least}:{end}:{','.join(str(least + one) for one in between)}"


@given(pictures(), strategies.one_of(strategies.just(""), pictures()), strategies.integers(0, 2**50))
@settings(max_examples=300, deadline=None)
def test_a_place_comes_back_as_it_was(told, until, after):
    place = Place(told, until, after if until else 0, MINUTE)
    text = encode(place)
    assert decode(text, now=NOON) == place
    assert len(text) < 700 and text.isascii()


@given(strategies.text(max_size=200))
@settings(max_examples=500, deadline=None)
def test_any_text_is_a_place_or_none_of_ours(text):
    with suppress(PlaceLost):
        decode(text, now=NOON)


def test_a_place_is_short_and_loses_nothing_however_much_is_under_way():
    end = 10_000
    place = Place(f"1000:{end}:{','.join(map(str, range(1000, end, 3)))}", minute=MINUTE)
    text = encode(place)
    assert len(text) < 100
    assert decode(text, now=NOON) == Place("1000:1000:", minute=MINUTE), "all that is not surely told is told again"


def test_a_place_grows_old(settings):
    text = encode(Place("10:10:", minute=MINUTE))
    decode(text, now=NOON + settings.FEED_KEPT)
    for now in (NOON + settings.FEED_KEPT + timedelta(minutes=1), NOON - timedelta(minutes=6)):
        with pytest.raises(PlaceLost):
            decode(text, now=now)


@pytest.mark.django_db(transaction=True)
def test_a_place_of_a_database_that_was_put_back_is_lost():
    here = feed_reading.here(NOON)
    end = int(here.told.split(":")[1]) + 1000
    with pytest.raises(PlaceLost):
        feed_reading.check(Place(f"{end}:{end}:", minute=MINUTE))
    feed_reading.check(here)


@pytest.mark.django_db(transaction=True)
def test_whoever_breaks_off_after_any_message_gets_the_rest_once_also_when_others_come_in_between():
    anna = UserFactory()
    begin = feed_reading.here(NOON)
    for n in range(7):
        tell(anna, n, NOON)
    (first,) = feed_reading.read([(anna.pk, begin)], most=3, now=NOON)
    assert [one.data for one in first.messages] == ['{"n": 0}', '{"n": 1}', '{"n": 2}'] and first.has_more
    tell(anna, 7, NOON)
    for broken_after in range(3):
        place, got = decode(encode(first.messages[broken_after].place), now=NOON), list(range(broken_after + 1))
        while True:
            (found,) = feed_reading.read([(anna.pk, place)], most=2, now=NOON)
            got += [int(one.data.split(":")[1].rstrip("}")) for one in found.messages]
            place = found.place
            if not found.has_more:
                break
        assert got == list(range(8))


@pytest.mark.django_db(transaction=True)
def test_interleaved_transactions_are_told_once_each_whatever_their_order_of_commit(django_db_blocker):
    """Four writers hold their transactions open over each other's commits while a reader reads after each step."""
    import random

    import psycopg2

    from tests.stream.serving import database_url

    anna, chance = UserFactory(), random.Random(5)
    place, got, sent = feed_reading.here(NOON), [], 0
    lines = [psycopg2.connect(database_url()) for _ in range(4)]
    try:
        for _ in range(200):
            line = chance.choice(lines)
            if chance.random() < 0.5:
                with line.cursor() as cursor:
                    cursor.execute(
                        "INSERT INTO platform_feedmessage (recipient_id, kind, data, at) VALUES (%s, 'test.note', %s, now())",
                        [str(anna.pk), f'{{"n": {sent}}}'],
                    )
                sent += 1
            else:
                line.commit()
            (found,) = feed_reading.read([(anna.pk, decode(encode(place), now=NOON))], most=2, now=NOON)
            got += [int(one.data.split(":")[1].rstrip("}")) for one in found.messages]
            place = found.place
        for line in lines:
            line.commit()
        while True:
            (found,) = feed_reading.read([(anna.pk, place)], most=2, now=NOON)
            got += [int(one.data.split(":")[1].rstrip("}")) for one in found.messages]
            place = found.place
            if not found.has_more:
                break
    finally:
        for line in lines:
            line.close()
    assert sorted(got) == list(range(sent))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("readers", [1, 100])
def test_reading_goes_by_the_index_and_by_one_statement_for_all(readers):
    """Also when the planner knows the table well: it must not go through everybody's messages for the sake of their order."""
    people = UserFactory.create_batch(100)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO platform_feedmessage (recipient_id, kind, data, at) "
            "SELECT (%s::uuid[])[1 + n %% 100], 'test.note', '{}', now() FROM generate_series(1, 20000) n",
            [[str(person.pk) for person in people]],
        )
        cursor.execute("ANALYZE platform_feedmessage")
    begin = feed_reading.here(NOON)
    for person in people:
        tell(person, 1, NOON)
    with CaptureQueriesContext(connection) as asked:
        found = feed_reading.read([(person.pk, begin) for person in people[:readers]], most=10, now=NOON)
    assert len(asked) == 1
    assert [len(one.messages) for one in found] == [1] * readers
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS OFF, TIMING OFF) " + asked[0]["sql"])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "feed_of_person" in plan and "Seq Scan" not in plan and "pkey" not in plan, plan


@pytest.mark.django_db(transaction=True)
def test_the_feed_can_be_asked_for_step_by_step(client_of):
    anna, boris = client_of("agent"), client_of("agent")
    begin = anna.get("/api/v1/feed/").json()
    assert begin["messages"] == [] and begin["screen"]["calls"]["ringing"] == [] and not begin["is_reset"]
    for n in range(205):
        tell(anna.user, n, NOON)
    tell(boris.user, 999, NOON)
    first = anna.get("/api/v1/feed/", {"after": begin["cursor"]}).json()
    assert len(first["messages"]) == 200 and first["has_more"] and first["screen"] is None
    second = anna.get("/api/v1/feed/", {"after": first["cursor"]}).json()
    assert [one["data"]["n"] for one in first["messages"] + second["messages"]] == list(range(205))
    assert second["messages"][0].keys() == {"id", "kind", "at", "about", "contact", "data"}
    third = anna.get("/api/v1/feed/", {"after": second["cursor"]}).json()
    assert third["messages"] == [] and not third["has_more"]
    reset = anna.get("/api/v1/feed/", {"after": "nonsense"}).json()
    assert reset["is_reset"] and reset["screen"] is not None


@pytest.mark.django_db(transaction=True)
def test_a_message_of_a_transaction_that_is_taken_back_leaves_no_trace():
    anna, begin = UserFactory(), feed_reading.here(NOON)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        feed.tell([anna.pk], "test.note", {"n": 1}, now=NOON)
        raise ZeroDivisionError
    (found,) = feed_reading.read([(anna.pk, begin)], most=10, now=NOON)
    assert found.messages == []
    connections.close_all()
