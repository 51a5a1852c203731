"""kill -9 of any part, and of all at once: the system heals itself or the next start does, and what was answered 2xx is there.

One file, so that one worker of a parallel run has all of it: the tests share one running system, whose start is most of their time.
"""

import os
import signal
import socket
import stat
import threading
from contextlib import suppress
from datetime import UTC, datetime

import psutil
import psycopg2
import pytest
from celery import Celery

from config.embedded import addresses
from tests.faults.running import Running, eventually, living

pytestmark = pytest.mark.fault


def test_the_journal_notices_a_lost_contact(system: Running) -> None:
    """The control: the check that the other tests rest on fails when something is missing or changed."""
    kept = dict(system.journal)
    lost = "01a20000-0000-7000-8000-000000000000"
    changed = next(iter(kept))
    system.journal |= {lost: "Журналов", changed: "Иначе"}
    try:
        assert system.missing() == {lost: 404, changed: kept[changed]}
    finally:
        system.journal = kept


def has_new_pid(system: Running, name: str, old: int) -> bool:
    return system.told()["pids"][name] not in (old, None) and psutil.pid_exists(system.pid(name))


@pytest.mark.parametrize("name", ["postgres", "valkey"])
def test_a_killed_server_is_back_with_everything_answered_2xx_while_clients_go_on_writing(system: Running, name: str) -> None:
    stop, statuses = threading.Event(), set()

    def write_on() -> None:
        while not stop.is_set():
            statuses.add(system.write())

    clients = [threading.Thread(target=write_on) for _ in range(3)]
    for client in clients:
        client.start()
    old = system.pid(name)
    try:
        eventually(lambda: len(system.journal) > 10, within_s=15, what="the clients write")
        system.kill9(old)
        eventually(lambda: has_new_pid(system, name, old), within_s=15, what=f"{name} is started again")
        before = len(system.journal)
        eventually(lambda: len(system.journal) > before + 5, within_s=20, what="writes are answered 201 again")
    finally:
        stop.set()
        for client in clients:
            client.join()
    assert statuses <= {201, 503, 0}, statuses
    eventually(system.is_ready, within_s=10, what="/readyz")
    assert system.missing() == {}


@pytest.mark.parametrize(("name", "queue"), [("worker", "fast"), ("worker_batch", "batch")])
def test_a_killed_worker_is_back_and_works_on(system: Running, name: str, queue: str) -> None:
    old = system.pid(name)
    children = psutil.Process(old).children()
    killed_at = datetime.now(UTC)
    system.kill9(old)
    sender = Celery(broker=addresses.broker_url(system.folder), set_as_current=False)
    sender.conf.broker_transport_options = {"global_keyprefix": "swb:"}
    eventually(lambda: has_new_pid(system, name, old), within_s=15, what=f"{name} is started again")

    def beaten() -> bool:
        sender.send_task(f"platform.beat_{queue}", queue=queue)  # again and again: one handed to the dying worker is lost, as a hint may be
        link = psycopg2.connect(addresses.database_url(system.folder))
        try:
            with link.cursor() as cursor:
                cursor.execute("SELECT 1 FROM platform_heartbeat WHERE name = %s AND beaten_at > %s", [queue, killed_at])
                return cursor.fetchone() is not None
        finally:
            link.close()

    eventually(beaten, within_s=30, what="the task is done")
    eventually(lambda: not living(children), within_s=5, what="the dead worker's children went with it")


def test_a_killed_web_worker_is_replaced_and_the_others_go_on_answering(system: Running) -> None:
    workers = psutil.Process(system.pid("web")).children()
    assert len(workers) >= 2
    system.kill9(workers[0].pid)
    eventually(lambda: system.ask("GET", "/healthz")[0] == 200, within_s=3, what="another one answers")
    eventually(lambda: len(living(psutil.Process(system.pid("web")).children())) == len(workers), within_s=15, what="it is replaced")
    assert system.missing() == {}


@pytest.mark.parametrize("name", ["web", "stream", "beat"])
def test_a_killed_program_is_back(system: Running, name: str) -> None:
    old = system.pid(name)
    children = psutil.Process(old).children()
    system.kill9(old)
    eventually(lambda: has_new_pid(system, name, old), within_s=15, what=f"{name} is started again")
    eventually(system.is_ready, within_s=20, what="/readyz")
    eventually(lambda: not living(children), within_s=5, what="its children went with it")
    assert system.missing() == {}


def test_up_json_is_for_its_owner_only_and_names_url_docs_admin_tokens_and_processes(system: Running) -> None:
    told = system.told()
    assert stat.S_IMODE((system.folder / "up.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((system.folder / "secret_key").stat().st_mode) == 0o600
    assert told["url"] == f"http://127.0.0.1:{system.port}"
    assert set(told["tokens"]) == {"agent", "supervisor", "back_office", "admin", "integration"}
    assert {"supervisor", "postgres", "valkey", "web", "stream", "worker", "worker_batch", "beat"} == set(told["pids"])
    assert all(psutil.pid_exists(pid) for pid in told["pids"].values())
    assert system.ask("GET", told["docs"].removeprefix(told["url"]))[0] == 200
    assert system.ask("GET", told["admin"].removeprefix(told["url"]))[0] == 200
    for role in told["tokens"]:
        assert system.ask("GET", "/api/v1/me/", role=role)[0] == 200


def test_a_second_up_on_the_same_folder_says_so_and_leaves_the_first_alone(system: Running) -> None:
    before = system.told()
    second = system.command("up")
    assert second.returncode == 1
    assert f"process {before['pids']['supervisor']}" in second.stdout
    assert "make down" in second.stdout
    assert system.told() == before
    assert system.is_ready()


def test_a_busy_port_is_said_plainly_before_anything_is_started(system: Running, tmp_path) -> None:
    refused = system.command("up", DATA_DIR=str(tmp_path), PORT=str(system.port))
    assert refused.returncode == 1
    assert f"Port {system.port} is taken" in refused.stdout
    assert "PORT=" in refused.stdout
    assert not (tmp_path / "postgres").exists()


@pytest.mark.parametrize("who", ["everyone at once", pytest.param("the supervisor alone", marks=pytest.mark.long)])
def test_after_kill_9_the_next_up_works_on_the_same_data(system: Running, who: str) -> None:
    assert system.process is not None
    everyone = system.everyone()
    os.kill(system.process.pid, signal.SIGKILL)
    if who == "everyone at once":
        for process in everyone:
            with suppress(psutil.NoSuchProcess):  # it may have followed the supervisor already
                process.kill()
    system.process.wait()
    system.up()
    assert living(everyone) == [], "what was left behind is gone"
    assert system.missing() == {}
    assert system.write() == 201


def test_down_stops_it_and_a_second_up_finds_the_data_within_seconds(system: Running) -> None:
    assert system.process is not None
    down = system.command("down")
    assert (down.returncode, system.process.wait(5)) == (0, 0), down.stdout
    assert system.everyone() == []
    assert "Nothing runs" in system.command("down").stdout
    system.up()
    eventually(system.is_ready, within_s=5, what="/readyz")
    assert system.missing() == {}


def test_sigterm_stops_everything_and_leaves_no_process(system: Running) -> None:
    assert system.process is not None
    everyone = system.everyone()
    assert len(everyone) > 8
    system.process.send_signal(signal.SIGTERM)
    assert system.process.wait(60) == 0
    assert living(everyone) == []
    assert system.everyone() == []
    assert not (system.folder / "up.json").exists()
    with socket.socket() as trial:
        assert trial.connect_ex(("127.0.0.1", system.port)) != 0
