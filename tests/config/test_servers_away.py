"""G10, G11: with a server away, what can be answered is answered, the rest says when to come back, and nobody waits long."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from celery import Celery, current_app
from django.conf import settings as project
from django.db import transaction

from config.api import health, throttling
from config.platform import queue

ROOT = Path(__file__).parents[2]
ASKING = """
import json, time, django
django.setup()
from django.test import Client
told = {}
for name, path in json.loads(input()).items():
    began = time.monotonic()
    answer = Client(raise_request_exception=False).get(path, headers={"Authorization": "Bearer swb_x"})
    told[name] = [answer.status_code, answer["Content-Type"], answer.get("Retry-After"), answer.content.decode(), time.monotonic() - began]
print(json.dumps(told))
"""


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


@pytest.fixture
def silent_port():
    """A server that takes connections and never says a word: what a hung machine looks like."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(64)
        yield server.getsockname()[1]


def told_without_database(**paths: str) -> dict[str, list]:
    """What a fresh process answers whose database is not there."""
    environment = os.environ | {
        "DATABASE_URL": f"postgres://nobody:canary-password@127.0.0.1:{free_port()}/nothing",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DEMO": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", ASKING], input=json.dumps(paths), env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "canary-password" not in done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_without_the_database():
    told = told_without_database(
        api="/api/v1/me/",
        page="/admin/login/",
        alive="/healthz",
        ready="/readyz",
        metrics="/metrics",
        docs="/api/v1/docs/",
        nowhere="/api/v1/x/",
    )
    for name in ("api", "metrics"):
        status, kind, wait, content, took_s = told[name]
        assert (status, kind, json.loads(content)["code"]) == (503, "application/problem+json", "unavailable"), name
        assert int(wait) > 0 and took_s < 5
        assert "nobody" not in content and "127.0.0.1" not in content, "no address in an answer"
    assert told["alive"][0] == 200
    assert (told["ready"][0], json.loads(told["ready"][3])["checks"]["database"]) == (503, "away")
    assert told["page"][0] in (200, 503)
    assert told["docs"][0] == 200
    assert told["nowhere"][0] == 404


@pytest.fixture
def store(settings, monkeypatch):
    """Point the rate limits at another store."""

    def point(port: int) -> None:
        settings.RATE_LIMIT_URL = f"redis://127.0.0.1:{port}/1"
        monkeypatch.setattr(throttling, "_client", None)
        monkeypatch.setattr(throttling, "_asleep_until", 0.0)

    return point


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["gone", "silent"])
def test_without_the_store_of_the_limits_nobody_is_stopped_or_kept_waiting(client_of, settings, store, silent_port, kind):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"caller": 1}
    store(free_port() if kind == "gone" else silent_port)
    client = client_of("agent")
    began = time.monotonic()
    answers = [client.get("/api/v1/me/") for _ in range(20)]
    assert {answer.status_code for answer in answers} == {200}
    assert all("RateLimit-Limit" not in answer for answer in answers)
    assert time.monotonic() - began < 2, "it is asked once, and then left alone for a while"


@pytest.fixture
def broker(monkeypatch):
    """Point the wake-ups at another broker."""

    def point(port: int) -> None:
        app = Celery("elsewhere", broker=f"redis://127.0.0.1:{port}/0", set_as_current=False)
        app.conf.broker_transport_options = project.CELERY_BROKER_TRANSPORT_OPTIONS
        monkeypatch.setattr(current_app._get_current_object(), "connection_for_write", app.connection_for_write)
        monkeypatch.setattr(queue, "_asleep_until", 0.0)

    return point


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["gone", "silent"])
def test_a_broker_that_is_away_costs_one_writer_a_moment_and_the_others_nothing(broker, silent_port, caplog, kind):
    broker(free_port() if kind == "gone" else silent_port)
    took_s = []
    for _ in range(20):
        began = time.monotonic()
        with transaction.atomic():
            queue.later("crm.run_imports", batch_id="01a20946")
        took_s.append(time.monotonic() - began)
    assert max(took_s) < 3
    assert sum(took_s) - max(took_s) < 0.5
    (line,) = [record for record in caplog.records if record.getMessage() == "wake_up_lost"]
    assert line.task == "crm.run_imports"


@pytest.mark.django_db(transaction=True)
def test_the_broker_is_asked_again_when_it_is_back(broker, monkeypatch, caplog):
    broker(free_port())
    with transaction.atomic():
        queue.later("crm.run_imports")
    monkeypatch.undo()
    monkeypatch.setattr(queue, "_asleep_until", time.monotonic() - 0.1)  # five seconds later
    sent = []
    monkeypatch.setattr(current_app._get_current_object(), "send_task", lambda name, **rest: sent.append(name))
    with transaction.atomic():
        queue.later("crm.run_imports")
    assert sent == ["crm.run_imports"]


@pytest.mark.django_db(transaction=True)
def test_a_wake_up_reaches_the_broker_in_the_queue_of_its_task():
    with current_app.connection_for_write() as there:
        waiting = there.default_channel.queue_declare("batch").message_count
        with transaction.atomic():
            queue.later("crm.run_imports")
        assert there.default_channel.queue_declare("batch").message_count > waiting


@pytest.mark.django_db(transaction=True)
def test_nobody_is_woken_for_what_was_rolled_back(monkeypatch):
    sent = []
    monkeypatch.setattr(current_app._get_current_object(), "send_task", lambda name, **rest: sent.append((name, rest["kwargs"])))
    with transaction.atomic():
        queue.later("crm.run_imports", batch_id=1)
        transaction.set_rollback(True)
    assert sent == []
    with transaction.atomic():
        queue.later("crm.run_imports", batch_id=2)
        assert sent == []
    assert sent == [("crm.run_imports", {"batch_id": 2})]


@pytest.mark.django_db
def test_readiness_asks_the_broker_rarely_and_never_waits_long(anyone, settings, monkeypatch, silent_port):
    settings.BROKER_URL = f"redis://127.0.0.1:{silent_port}/0"
    monkeypatch.setattr(health, "_broker_seen", (0.0, ""))
    began = time.monotonic()
    answers = [anyone.get("/readyz") for _ in range(5)]
    assert time.monotonic() - began < 5
    assert {answer.status_code for answer in answers} == {503}
    assert answers[0].json()["checks"]["broker"] == "away"


def test_a_stuck_probe_does_not_stop_the_word_that_the_process_lives(anyone):
    threads = [threading.Thread(target=anyone.get, args=["/healthz"]) for _ in range(8)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert time.monotonic() - began < 5
