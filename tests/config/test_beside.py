"""A command beside servers ends as it would without them: a failing test run must fail."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = {"DATABASE_URL": "postgres://named@127.0.0.1:1/none", "BROKER_URL": "redis://127.0.0.1:1/0"}


def beside(*command: str, **environment: str) -> list[str]:
    return [sys.executable, "-m", "config.embedded.beside", *command]


@pytest.mark.parametrize("code", [0, 1, 3])
def test_it_ends_as_its_command_ends(code):
    ending = f"import sys, time; time.sleep(0.3); sys.exit({code})"
    done = subprocess.run(beside(sys.executable, "-c", ending), env=os.environ | NAMED, cwd=ROOT, timeout=60)
    assert done.returncode == code


def test_it_gives_the_command_servers_that_answer_and_takes_them_away():
    plain = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "BROKER_URL", "CACHE_URL", "DATA_DIR")}
    asking = (
        "import os, environ, psycopg2, redis; url = environ.Env().db_url('DATABASE_URL'); "
        "print(psycopg2.connect(dbname=url['NAME'], user=url['USER'], host=url['HOST'] or url['OPTIONS']['host']).server_version, "
        "redis.Redis.from_url(os.environ['CACHE_URL']).ping(), os.environ['DATA_DIR'], flush=True); raise SystemExit(7)"
    )
    done = subprocess.run(beside(sys.executable, "-c", asking), env=plain, cwd=ROOT, timeout=120, capture_output=True, text=True)
    assert done.returncode == 7, done.stderr
    version, pong, folder = done.stdout.split()
    assert int(version) >= 150000 and pong == "True"
    assert not Path(folder).exists()


def test_asked_to_stop_it_stops_its_command():
    child = subprocess.Popen(beside("sleep", "60"), env=os.environ | NAMED, cwd=ROOT)
    time.sleep(1.5)
    child.send_signal(signal.SIGTERM)
    assert child.wait(20) != 0
