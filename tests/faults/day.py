"""A shift of the simulator on a running Switchboard of which parts are killed: a worker, the database, the broker's memory.

``make day`` runs a whole day (eight hours at ten times the rate of life). The test runs a short one. In the end every call is compared
with what the simulator knows of it.
"""

import argparse
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import redis

from config.embedded import addresses, folders
from tests.faults.running import REPOSITORY, Running, eventually

FAULTS = ("--late", "0.05", "--doubled", "0.05", "--shuffled", "0.2", "--batches", "0.3", "--batch", "40")


def worker_killed(system: Running) -> None:
    """kill -9; it is started again."""
    _killed(system, "worker")


def database_restarted(system: Running) -> None:
    """A fast stop, as an administrator's restart: every connection is cut."""
    _killed(system, "postgres", signal.SIGINT)


def database_killed(system: Running) -> None:
    """kill -9 of PostgreSQL."""
    _killed(system, "postgres")


def broker_flushed(system: Running) -> None:
    """Everything that waits in the queues is gone."""
    link = redis.Redis(unix_socket_path=str(addresses.valkey_socket(system.folder)))
    link.flushall()
    link.close()


def broker_killed(system: Running) -> None:
    """kill -9 of Valkey."""
    _killed(system, "valkey")


def web_killed(system: Running) -> None:
    """kill -9 of the web server, with the requests in flight."""
    _killed(system, "web")


TROUBLES: tuple[Callable[[Running], None], ...] = (
    worker_killed,
    database_restarted,
    broker_flushed,
    web_killed,
    database_killed,
    broker_killed,
)


def _killed(system: Running, name: str, how: signal.Signals = signal.SIGKILL) -> None:
    old = system.pid(name)
    system.kill(old, how)
    eventually(lambda: system.told()["pids"][name] not in (old, None), within_s=60, what=f"{name} is started again")


def run(
    system: Running, *, minutes: float, rate: float, speed: float, troubles: int, say: Callable[[str], object] = print, agents: int = 40
) -> str:
    """One shift with troubles spread evenly over it; what the simulator said.

    Raises:
        AssertionError: a call differs, or an event was never delivered.
    """
    length_s = minutes * 60 / speed
    command = [
        sys.executable, "manage.py", "simulate_calls", "--up", str(system.folder / "up.json"), "--check", "--agents", str(agents),
        "--minutes", str(minutes), "--rate", str(rate), "--speed", str(speed), *FAULTS,
    ]  # fmt: skip
    environment = system.environment | {"SECRET_KEY": folders.secret_key(system.folder)}
    shift = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said: list[str] = []
    hearing = threading.Thread(target=lambda: said.extend(shift.stdout or ()))
    hearing.start()
    began = time.monotonic()
    try:
        for number in range(troubles):
            until = began + length_s * (number + 1) / (troubles + 1)
            while time.monotonic() < until and shift.poll() is None:
                time.sleep(0.1)
            assert shift.poll() is None, f"it ended before {TROUBLES[number % len(TROUBLES)].__name__}:\n{''.join(said)[-3000:]}"
            say(f"{time.monotonic() - began:6.0f} s  {TROUBLES[number % len(TROUBLES)].__name__}")
            TROUBLES[number % len(TROUBLES)](system)
        shift.wait(length_s + 900)
    finally:
        shift.kill()
        hearing.join(10)
    text = "".join(said)
    assert shift.returncode == 0, text[-3000:]
    return text


def main() -> int:
    """``python -m tests.faults.day``: a day, with figures."""
    options = argparse.ArgumentParser(prog="make day", description=__doc__)
    options.add_argument("--minutes", type=float, default=480, help="of simulated time")
    options.add_argument("--rate", type=float, default=12, help="calls a minute")
    options.add_argument("--speed", type=float, default=10)
    options.add_argument("--troubles", type=int, default=18, help=f"in turns: {', '.join(one.__name__ for one in TROUBLES)}")
    asked = options.parse_args()
    system = Running()
    try:
        system.up()
        text = run(system, **vars(asked))
        print("\n".join(text.splitlines()[-3:]))
        return 0
    except AssertionError as wrong:
        print(wrong)
        return 1
    finally:
        system.end()


if __name__ == "__main__":
    sys.exit(main())
