"""G2 and G11 over real connections: answers that were lost, twins that come at once, a database that hangs up half-way."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from django.db import connection, connections, transaction
from django.test import Client

from config.platform.models import IdempotencyRecord
from crm.models import Topic

pytestmark = pytest.mark.django_db(transaction=True)
TOPIC = {"code": "delivery", "name": "Delivery"}


def post(token: str, key: str, body: dict = TOPIC):
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    return Client(raise_request_exception=False).post("/api/v1/topics/", json.dumps(body), content_type="application/json", headers=headers)


class Aside(threading.Thread):
    """A request made on a connection of its own; ``answer`` waits for it."""

    def __init__(self, make) -> None:
        super().__init__(daemon=True)
        self.make, self.given = make, None
        self.start()

    def run(self) -> None:
        try:
            self.given = self.make()
        finally:
            connections.close_all()

    def answer(self):
        self.join(20)
        assert self.given is not None, "no answer"
        return self.given


def waiting_backend() -> int:
    """The process of the database that waits for a lock; there is one soon."""
    for _ in range(200):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # inside a transaction the view would stay as first seen
            cursor.execute("SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")
            found = cursor.fetchone()
        if found:
            return found[0]
        time.sleep(0.02)
    raise AssertionError("nobody waits for a lock")


@contextmanager
def lock_timeout(milliseconds: int) -> Iterator[None]:
    options = connection.settings_dict["OPTIONS"]
    usual = options["options"]
    options["options"] = f"{usual} -c lock_timeout={milliseconds}"
    try:
        yield
    finally:
        options["options"] = usual


def test_an_answer_that_got_lost_is_given_again(client_of, live_server):
    token, address = client_of("admin").token, urlsplit(live_server.url)
    body = json.dumps(TOPIC).encode()
    head = (
        f"POST /api/v1/topics/ HTTP/1.1\r\nHost: {address.hostname}\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: lost\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    with socket.create_connection((address.hostname, address.port)) as line:
        line.sendall(head + body)
    for _ in range(200):
        if Topic.objects.exists():
            break
        time.sleep(0.02)
    again = post(token, "lost")
    assert (again.status_code, again["Idempotency-Replayed"]) == (201, "true")
    assert again["Location"].endswith(f"/api/v1/topics/{Topic.objects.get().pk}/")


def test_a_retry_that_overtakes_gets_the_same_answer(client_of):
    """The caller gave up waiting while the first request was still at work."""
    token = client_of("admin").token
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE crm_topic IN SHARE ROW EXCLUSIVE MODE")
        first = Aside(lambda: post(token, "slow"))
        waiting_backend()
        twin = Aside(lambda: post(token, "slow"))
        time.sleep(0.2)
    answers = [first.answer(), twin.answer()]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    assert [answer.get("Idempotency-Replayed") for answer in answers].count("true") == 1
    assert Topic.objects.count() == 1


def test_a_twin_does_not_wait_for_ever(client_of):
    """Nor does it do the work: it is told when to come back."""
    client = client_of("admin")
    with transaction.atomic():
        IdempotencyRecord.objects.create(by=client.user, key="held", fingerprint="0" * 64)
        with lock_timeout(300):
            began = time.monotonic()
            answer = Aside(lambda: post(client.token, "held")).answer()
        took_s = time.monotonic() - began
        transaction.set_rollback(True)
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (409, "idempotency_key_in_use", "1")
    assert took_s < 10, "the lock is held as long as the test likes"
    assert post(client.token, "held").status_code == 201, "the first one was rolled back: now it is done"
    assert Topic.objects.count() == 1


def test_a_connection_cut_mid_request_leaves_nothing_and_can_be_tried_again(client_of):
    token = client_of("admin").token
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE crm_topic IN SHARE ROW EXCLUSIVE MODE")
        first = Aside(lambda: post(token, "cut"))
        backend = waiting_backend()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [backend])
        answer = first.answer()
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer["Retry-After"]) > 0
    assert not Topic.objects.exists() and not IdempotencyRecord.objects.exists()
    again = post(token, "cut")
    assert again.status_code == 201 and "Idempotency-Replayed" not in again
    assert Topic.objects.count() == 1


def test_a_row_that_somebody_holds_is_busy_and_not_an_error(client_of):
    client = client_of("admin")
    row = Topic.objects.create(code="a", name="A")

    def patch():
        headers = {"Authorization": f"Bearer {client.token}"}
        return Client().patch(f"/api/v1/topics/{row.pk}/", '{"name": "B"}', content_type="application/json", headers=headers)

    with transaction.atomic():
        Topic.objects.select_for_update().get(pk=row.pk)
        with lock_timeout(200):
            answer = Aside(patch).answer()
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (409, "busy", "1")


def test_sixteen_at_once_with_four_keys_make_four_and_get_four_answers(client_of):
    token = client_of("admin").token
    for _ in range(3):
        gate = threading.Barrier(16)

        def one(key: str, gate=gate):
            gate.wait()
            return key, post(token, key, {"code": key, "name": key})

        given = [aside.answer() for aside in [Aside(lambda n=n: one(f"key{n % 4}")) for n in range(16)]]
        assert {answer.status_code for _, answer in given} == {201}
        assert len({(key, answer.content) for key, answer in given}) == 4
    assert Topic.objects.count() == 4


def test_sixteen_at_once_with_one_key_and_different_bodies_make_one(client_of):
    """Whoever is first wins; the others learn that the key is taken."""
    token, gate = client_of("admin").token, threading.Barrier(16)

    def one(n: int):
        gate.wait()
        return post(token, "shared", {"code": f"c{n}", "name": "N"})

    answers = [aside.answer() for aside in [Aside(lambda n=n: one(n)) for n in range(16)]]
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201] + [422] * 15
    assert Topic.objects.count() == 1


def test_sixteen_refusals_at_once_are_sixteen_refusals(client_of):
    """A refused request leaves no record; none of those who waited for it may get stuck or replay it as done."""
    token, gate = client_of("admin").token, threading.Barrier(16)

    def one():
        gate.wait()
        return post(token, "wrong", {"code": "only"})

    answers = [aside.answer() for aside in [Aside(one) for _ in range(16)]]
    assert {answer.status_code for answer in answers} == {400}
    assert not IdempotencyRecord.objects.exists()


def test_of_sixteen_changes_at_once_one_wins(client_of):
    """G13: all have seen the same state; the one that comes first changes it, the others learn that it is another now."""
    token, gate = client_of("admin").token, threading.Barrier(16)
    row = Topic.objects.create(code="a", name="A")

    def patch(n: int):
        gate.wait()
        headers = {"Authorization": f"Bearer {token}", "If-Match": '"1"'}
        return Client().patch(f"/api/v1/topics/{row.pk}/", json.dumps({"name": f"N{n}"}), content_type="application/json", headers=headers)

    answers = [aside.answer() for aside in [Aside(lambda n=n: patch(n)) for n in range(16)]]
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 15
    row.refresh_from_db()
    (won,) = [answer for answer in answers if answer.status_code == 200]
    assert (row.name, row.version) == (won.json()["name"], 2)
