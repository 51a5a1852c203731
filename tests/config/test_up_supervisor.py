"""What dies is started again, sooner at first than later; what stops late is killed; nothing outlives the supervisor."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from config.embedded import processes
from config.embedded.supervisor import PAUSES_S, Service, Stopped, Supervisor

FOREVER = "import time; time.sleep(600)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    """A supervisor that gives the signals back to pytest when it is done."""
    before = {sign: signal.getsignal(sign) for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)}
    (tmp_path / "logs").mkdir()
    lines: list[str] = []
    made = Supervisor(tmp_path.resolve(), lines.append)
    made.lines = lines  # type: ignore[attr-defined]
    yield made
    made.stop(tuple(service.name for service in made.services))
    signal.set_wakeup_fd(-1)
    for sign, handler in before.items():
        signal.signal(sign, handler)


def service(name: str, program: str, **more) -> Service:
    return Service(name, [sys.executable, "-c", program], {}, cwd=Path("/"), **more)


def test_a_first_death_is_answered_at_once_and_later_ones_after_growing_pauses(supervisor: Supervisor) -> None:
    mortal = supervisor.add(service("mortal", FOREVER))
    first = mortal.pid
    mortal.process.kill()
    mortal.process.wait()
    supervisor.look_after()
    assert mortal.is_alive
    assert mortal.pid != first
    mortal.process.kill()
    mortal.process.wait()
    supervisor.look_after()
    assert not mortal.is_alive
    time.sleep(PAUSES_S[1])
    supervisor.look_after()
    assert mortal.is_alive
    assert any("SIGKILL" in line for line in supervisor.lines)


def test_what_does_not_stop_in_time_is_killed(supervisor: Supervisor) -> None:
    deaf = supervisor.add(service("deaf", DEAF, patience_s=0.3))
    assert supervisor.wait_for(lambda: "deaf" in processes.last_words(supervisor.folder, "deaf"), of=deaf, within_s=5)
    process = psutil.Process(deaf.pid)
    supervisor.stop(("deaf",))
    assert not process.is_running()


def test_the_children_of_the_dead_are_ended_too(supervisor: Supervisor) -> None:
    parent = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {FOREVER!r}], start_new_session=True); {FOREVER}"
    family = supervisor.add(service("family", parent))
    assert supervisor.wait_for(lambda: psutil.Process(family.pid).children(), of=family, within_s=5)
    (child,) = psutil.Process(family.pid).children()
    family.process.kill()
    family.process.wait()
    supervisor.look_after()
    assert not child.is_running()


def test_a_request_to_stop_ends_a_wait(supervisor: Supervisor) -> None:
    waiting = supervisor.add(service("waiting", FOREVER))
    signal.raise_signal(signal.SIGTERM)
    with pytest.raises(Stopped):
        supervisor.wait_for(lambda: False, of=waiting, within_s=5)


@pytest.mark.skipif(sys.platform != "linux", reason="the system tells children of their parent's death on Linux only")
def test_a_child_does_not_outlive_a_parent_that_was_killed(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    parent = (
        "import sys, time; from pathlib import Path; from config.embedded import processes\n"
        f"child = processes.start('orphan', [sys.executable, '-c', {FOREVER!r}], folder=Path({str(tmp_path)!r}), environment={{}}, cwd=Path('/'))\n"
        "print(child.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as process:
        child = psutil.Process(int(process.stdout.readline()))
        process.kill()
    until = time.monotonic() + 5
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE and time.monotonic() < until:
        time.sleep(0.05)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_processes_are_found_by_the_mark_of_their_folder_and_no_other(supervisor: Supervisor, tmp_path_factory) -> None:
    mine = supervisor.add(service("mine", FOREVER))
    with subprocess.Popen([sys.executable, "-c", FOREVER]) as stranger:
        assert [process.pid for process in processes.of_folder(supervisor.folder)] == [mine.pid]
        assert processes.of_folder(tmp_path_factory.mktemp("other")) == []
        stranger.kill()


def test_a_log_past_its_limit_is_put_aside_while_it_is_written(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LOG_LIMIT_BYTES", 1000)
    wordy = supervisor.add(service("wordy", "import time\nfor n in range(10**6): print('words', n, flush=True); time.sleep(0.001)"))
    log = processes.log_file(supervisor.folder, "wordy")
    assert supervisor.wait_for(lambda: log.stat().st_size > 1000, of=wordy, within_s=10)
    processes.trim_logs(supervisor.folder)
    assert log.with_suffix(".log.1").stat().st_size > 1000
    assert supervisor.wait_for(lambda: 0 < log.stat().st_size < 1000, of=wordy, within_s=5)
    assert b"\0" not in log.read_bytes()
