"""T7 and P17: what one person must see comes to their screen at once, in order, to nobody else, and nothing is lost or doubled on the way."""

import json
import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import psutil
import psycopg2
import pytest
from django.db import connections, transaction

from config.api.stream import tickets
from config.platform import feed, people, tokens
from config.platform.models import ApiToken
from tests.factories.platform import UserFactory
from tests.stream.serving import ADDRESS, database_url, tell, written

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault]


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def anna(client_of):
    return client_of("agent")


def test_what_is_told_comes_at_once_in_order_and_to_nobody_else(serve, read, anna, client_of):
    server, boris = serve(), client_of("agent")
    hers, his = read(server.url, anna.token), read(server.url, boris.token)
    hers.wait_for(1, kind="hello")
    his.wait_for(1, kind="hello")
    for n in range(20):
        tell(anna.user, n, now())
    told_at = time.time()
    events = hers.wait_for(20, kind="test.note")
    assert hers.numbers() == list(range(20))
    assert events[-1].at - told_at < 2
    assert events[0].data["kind"] == "test.note" and events[0].data["about"] is None
    tell(boris.user, 99, now())
    his.wait_for(1, kind="test.note")
    assert his.numbers() == [99]
    assert hers.numbers() == list(range(20))


def test_what_was_taken_back_is_not_told(serve, read, anna):
    server = serve()
    reader = read(server.url, anna.token)
    reader.wait_for(1, kind="hello")
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        tell(anna.user, 1, now())
        raise ZeroDivisionError
    tell(anna.user, 2, now())
    reader.wait_for(1, kind="test.note")
    assert reader.numbers() == [2]


def test_a_slower_transaction_with_a_lower_id_is_told_after_a_faster_one_also_across_a_break(serve, read, anna):
    """The trap of ``id > last``: the lower id is committed when the higher one was told long ago."""
    server = serve()
    reader = read(server.url, anna.token)
    reader.wait_for(1, kind="hello")
    written_slowly, may_commit = threading.Event(), threading.Event()

    def slowly() -> None:
        try:
            with transaction.atomic():
                tell(anna.user, 1, now())
                written_slowly.set()
                assert may_commit.wait(30)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as beside:
        slow = beside.submit(slowly)
        assert written_slowly.wait(10)
        tell(anna.user, 2, now())
        reader.wait_for(1, kind="test.note")
        assert reader.numbers() == [2]
        reader.close()  # the break: what it has seen is in its last id
        may_commit.set()
        slow.result(10)
    again = read(server.url, anna.token, last=reader.last)
    again.wait_for(1, kind="test.note")
    tell(anna.user, 3, now())
    again.wait_for(2, kind="test.note")
    assert again.numbers() == [1, 3]
    ids = {event.data["data"]["n"]: event.data["id"] for event in [*reader.of("test.note"), *again.of("test.note")]}
    assert ids[1] < ids[2]


def test_of_two_servers_one_is_killed_and_on_the_other_it_goes_on_with_nothing_lost_and_nothing_twice(serve, read, anna):
    servers = [serve(), serve()]
    stop, count = threading.Event(), 0

    def write() -> int:
        n = 0
        try:
            while not stop.is_set():
                tell(anna.user, n, now())
                n += 1
                time.sleep(0.002)
        finally:
            connections.close_all()
        return n

    got: list[int] = []
    with ThreadPoolExecutor(1) as beside:
        reader = read(servers[0].url, anna.token)
        reader.wait_for(1, kind="hello")
        writing = beside.submit(write)
        reader.wait_for(100, kind="test.note")
        for pid in servers[0].pids():
            os.kill(pid, signal.SIGKILL)
        reader.wait_until_over()
        got += reader.numbers()
        for turn in range(1, 6):  # and it breaks off some times more, on either
            reader = read(servers[turn % 2].url, anna.token, last=reader.last)
            if reader.status == 0 and turn % 2 == 0:
                time.sleep(1)
            time.sleep(0.5)
            reader.close()
            got += reader.numbers()
        stop.set()
        count = writing.result(20)
    last = read(servers[1].url, anna.token, last=reader.last)
    until = time.monotonic() + 15
    while len(got) + len(last.numbers()) < count and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.3)
    got += last.numbers()
    assert got == list(range(count))
    assert written(anna.user) == list(range(count))


def test_streams_stay_open_while_the_database_is_away_and_go_on_after(serve, read, anna):
    """Every connection of the server is cut, and none is let in for a while."""
    server = serve()
    reader = read(server.url, anna.token)
    reader.wait_for(1, kind="hello")
    tell(anna.user, 1, now())
    reader.wait_for(1, kind="test.note")
    name = connections["default"].settings_dict["NAME"]
    connections["default"].close()
    outside = psycopg2.connect(database_url("postgres"))
    outside.autocommit = True
    with outside.cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        try:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            until = time.monotonic() + 15
            while not any("database is away" in one for one in reader.comments):
                assert time.monotonic() < until, reader.comments
                time.sleep(0.1)
            assert server.ask("/api/v1/stream/", Authorization=f"Bearer {anna.token}") == 503
        finally:
            cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    outside.close()
    tell(anna.user, 2, now())
    reader.wait_for(2, kind="test.note", within_s=20)
    assert reader.numbers() == [1, 2]
    assert not reader.is_over


def test_a_lost_wake_up_is_made_good_by_the_sweep(serve, read, anna):
    server = serve()
    reader = read(server.url, anna.token)
    reader.wait_for(1, kind="hello")
    with connections["default"].cursor() as cursor:  # the row without its NOTIFY
        cursor.execute(
            "INSERT INTO platform_feedmessage (recipient_id, kind, data, at) VALUES (%s, 'test.note', '{\"n\": 1}', now())", [anna.user.pk]
        )
    reader.wait_for(1, kind="test.note", within_s=10)


@pytest.mark.parametrize("how", ["token", "account", "role"])
def test_whoever_may_no_longer_read_is_cut_off_within_seconds(serve, read, anna, how):
    server, boss = serve(), UserFactory(role="admin")
    reader = read(server.url, anna.token)
    reader.wait_for(1, kind="hello")
    if how == "token":
        tokens.revoke(ApiToken.objects.get(user=anna.user).pk, by=boss, now=now())
    elif how == "account":
        people.alter(anna.user.pk, is_active=False, by=boss, now=now())
    else:
        people.alter(anna.user.pk, role="back_office", by=boss, now=now())
    reader.wait_until_over(within_s=10)
    assert [event.kind for event in reader.events] == ["hello", "refused"]
    if how != "role":
        assert server.ask("/api/v1/stream/", Authorization=f"Bearer {anna.token}") == 401


def test_a_ticket_opens_one_stream_and_it_ends_with_the_token(serve, read, anna):
    server = serve()
    given = anna.post("/api/v1/stream/ticket/")
    assert given.status_code == 201
    ticket = given.json()["ticket"]
    reader = read(f"{server.url}?ticket={ticket}")
    reader.wait_for(1, kind="hello")
    again = read(f"{server.url}?ticket={ticket}")
    again.wait_until_over()
    assert (again.status, again.problem["code"]) == (401, "authentication_failed")
    tell(anna.user, 1, now())
    reader.wait_for(1, kind="test.note")
    tokens.revoke(ApiToken.objects.get(user=anna.user).pk, by=None, now=now())
    reader.wait_until_over(within_s=10)


def test_a_ticket_opens_once_also_when_many_try_at_once(anna):
    ticket = tickets.issue(str(anna.user.pk), None)
    with ThreadPoolExecutor(8) as several:
        found = list(several.map(lambda _: tickets.use(ticket), range(8)))
    assert [one for one in found if one] == [(str(anna.user.pk), None)]


def test_of_too_many_streams_of_one_person_the_eldest_ends_and_is_told_why(serve, read, anna):
    server = serve(STREAMS_PER_USER="2")
    readers = []
    for _ in range(3):
        readers.append(read(server.url, anna.token))
        readers[-1].wait_for(1, kind="hello")
    readers[0].wait_until_over()
    assert readers[0].events[-1].kind == "replaced"
    tell(anna.user, 1, now())
    for reader in readers[1:]:
        reader.wait_for(1, kind="test.note")


def test_a_server_that_stops_ends_its_streams_at_once_and_leaves_no_process(serve, read, anna):
    server = serve(workers=2)
    readers = [read(server.url, anna.token) for _ in range(4)]
    for reader in readers:
        reader.wait_for(1, kind="hello")
    began = time.monotonic()
    server.process.terminate()
    for reader in readers:
        reader.wait_until_over(within_s=5)
        assert 100 <= reader.retry <= 2000
    assert server.process.wait(10) == 0
    assert time.monotonic() - began < 6, "it did not wait for connections that never end"


def test_a_client_that_went_away_is_forgotten(serve, read, anna):
    server = serve()
    for _ in range(3):
        reader = read(server.url, anna.token)
        reader.wait_for(1, kind="hello")
        reader.close()
    until = time.monotonic() + 10
    while server.log.read_text().count('"ended": "gone"') < 3:
        assert time.monotonic() < until, server.log.read_text()
        time.sleep(0.1)
    assert '"held": 0' in server.log.read_text()


@pytest.mark.long
def test_a_client_that_takes_nothing_is_let_go_and_loses_nothing(serve, read, anna):
    """Its messages stay in the database: the process reads none for it while it takes none."""
    server = serve()
    first = read(server.url, anna.token)
    first.wait_for(1, kind="hello")
    first.close()
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect(("127.0.0.1", server.port))
        lines = (f"GET {ADDRESS} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {anna.token}", f"Last-Event-ID: {first.last}")
        line.sendall("\r\n".join([*lines, "", ""]).encode())
        (worker,) = server.pids()
        before = psutil.Process(worker).memory_info().rss
        for n in range(400):
            feed.tell([anna.user.pk], "test.note", {"n": n, "filling": f"{n}" * 20_000}, now=now())
        until = time.monotonic() + 60
        while '"ended": "slow"' not in server.log.read_text():
            assert time.monotonic() < until, server.log.read_text()[-2000:]
            time.sleep(0.5)
        assert psutil.Process(worker).memory_info().rss - before < 150 * 1024 * 1024
    again = read(server.url, anna.token, last=first.last)
    again.wait_for(400, kind="test.note", within_s=30)
    assert again.numbers() == list(range(400))


def test_openings_are_counted(serve, read, anna):
    server = serve(RATE_LIMIT_STREAM_PER_MINUTE="3")
    for _ in range(3):
        reader = read(server.url, anna.token)
        reader.wait_for(1, kind="hello")
    refused = read(server.url, anna.token)
    refused.wait_until_over()
    if refused.status != 200:  # unless a new minute has begun just now
        assert (refused.status, refused.problem["code"]) == (429, "throttled")
        assert int(refused.headers["Retry-After"]) > 0


def test_a_full_process_says_so(serve, read, anna):
    server = serve(STREAMS_MOST="1")
    read(server.url, anna.token).wait_for(1, kind="hello")
    refused = read(server.url, anna.token)
    refused.wait_until_over()
    assert (refused.status, refused.problem["code"], refused.headers["Retry-After"]) == (503, "streams_full", "2")


def test_refusals_are_problems_before_a_stream_begins(serve, read, anna, client_of):
    server, machine = serve(CORS_ALLOWED_ORIGINS="https://desk.example"), client_of("integration", scopes=["events:write"])
    for reader, status in (
        (read(server.url), 401),
        (read(server.url, "swb_wrong"), 401),
        (read(server.url, machine.token), 403),
        (read(server.url, anna.token, Accept="application/json"), 406),
        (read(server.url + "?nobody=1", anna.token), 400),
        (read(server.url + "../me/", anna.token), 404),
    ):
        reader.wait_until_over()
        assert (reader.status, reader.problem["status"]) == (status, status)
        assert reader.headers.get("Content-Type", reader.headers.get("content-type")) == "application/problem+json"
    from_desk = read(server.url, anna.token, Origin="https://desk.example")
    from_desk.wait_for(1, kind="hello")
    headers = {name.lower(): value for name, value in from_desk.headers.items()}
    assert headers["access-control-allow-origin"] == "https://desk.example"
    assert headers["content-type"] == "text/event-stream"
    assert headers["x-accel-buffering"] == "no" and headers["cache-control"] == "no-store"
    assert "content-encoding" not in headers and headers["x-request-id"]
    elsewhere = read(server.url, anna.token, Origin="https://elsewhere.example")
    elsewhere.wait_for(1, kind="hello")
    assert "access-control-allow-origin" not in {name.lower() for name in elsewhere.headers}


def test_a_place_that_is_too_old_or_none_of_ours_begins_anew_and_says_so(serve, read, anna):
    server = serve()
    for last in ("nonsense", "A" * 3000, "AQAA"):
        reader = read(server.url, anna.token, last=last)
        (event,) = reader.wait_for(1)
        assert event.kind == "reset"
        assert json.dumps(event.data["data"]).startswith("{")
        tell(anna.user, 1, now())
        reader.wait_for(1, kind="test.note")
        reader.close()


def test_where_nothing_is_held_the_same_events_come_step_by_step(anna):
    first = anna.get("/api/v1/stream/")
    assert first["Content-Type"] == "text/event-stream"
    text = first.content.decode()
    assert text.startswith("retry: 2000\n\n") and "event: hello\n" in text
    last = [line[4:] for line in text.splitlines() if line.startswith("id: ")][-1]
    for n in range(250):
        tell(anna.user, n, now())
    second = anna.get("/api/v1/stream/", headers={"Last-Event-ID": last}).content.decode()
    found = [json.loads(line[6:])["data"]["n"] for line in second.splitlines() if line.startswith("data: ")]
    assert found == list(range(250))
    last = [line[4:] for line in second.splitlines() if line.startswith("id: ")][-1]
    assert "data: " not in anna.get("/api/v1/stream/", {"last_event_id": last}).content.decode()
