"""Starting beside others, stopping in order, and starting again after everything was killed at once."""

import os
import signal
import socket
import stat

import psutil
import pytest

from tests.faults.running import Running, eventually, living

pytestmark = [pytest.mark.fault, pytest.mark.xdist_group("faults")]


def test_up_json_is_for_its_owner_only_and_names_url_docs_admin_tokens_and_processes(system: Running) -> None:
    told = system.told()
    assert stat.S_IMODE((system.folder / "up.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((system.folder / "secret_key").stat().st_mode) == 0o600
    assert told["url"] == f"http://127.0.0.1:{system.port}"
    assert set(told["tokens"]) == {"agent", "supervisor", "back_office", "admin", "integration"}
    assert {"supervisor", "postgres", "valkey", "web", "worker", "worker_batch", "beat"} == set(told["pids"])
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


@pytest.mark.parametrize("who", ["everyone at once", "the supervisor alone"])
def test_after_kill_9_the_next_up_works_on_the_same_data(system: Running, who: str) -> None:
    assert system.process is not None
    everyone = system.everyone()
    os.kill(system.process.pid, signal.SIGKILL)
    if who == "everyone at once":
        for process in everyone:
            process.kill()
    system.process.wait()
    system.up(within_s=40)
    assert living(everyone) == [], "what was left behind is gone"
    assert system.missing() == set()
    assert system.write() == 201


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


def test_down_stops_it_and_a_second_up_finds_the_data_within_seconds(system: Running) -> None:
    assert system.process is not None
    down = system.command("down")
    assert (down.returncode, system.process.wait(5)) == (0, 0), down.stdout
    assert system.everyone() == []
    assert "Nothing runs" in system.command("down").stdout
    system.up(within_s=30)
    eventually(system.is_ready, within_s=5, what="/readyz")
    assert system.missing() == set()
