"""The benchmark is code like any other: it must not rot."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.db import connection, connections

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(django_db_setup, django_db_blocker) -> Iterator[Run]:
    """Runs a benchmark on a copy of the tests' empty database, for to migrate another takes longer than to measure; and beside a broker of its own."""
    room = f"bench_{uuid4().hex[:8]}"
    with django_db_blocker.unblock():
        tables = connection.settings_dict["NAME"]
        connections.close_all()
        with connection._nodb_cursor() as cursor:  # Django's own way to make and drop the databases of tests
            cursor.execute(f'CREATE DATABASE "{room}" TEMPLATE "{tables}"')
    environment = {name: value for name, value in os.environ.items() if name not in ("BROKER_URL", "CACHE_URL", "DATA_DIR")}
    environment["DATABASE_URL"] = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{room}").geturl()

    def benchmark(*words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-W", "ignore", "-m", "config.embedded.beside", sys.executable, "-W", "ignore", "-m", *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)

    yield benchmark
    with django_db_blocker.unblock(), connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{room}" WITH (FORCE)')


@pytest.mark.long
@pytest.mark.fault
def test_the_benchmark_runs_on_a_small_base(run: Run):
    done = run("tests.benchmarks", "--small")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "The thousandth page against the first" in done.stdout


@pytest.mark.slow
@pytest.mark.fault
@pytest.mark.long
def test_the_benchmark_of_imports_runs_on_a_small_file(run: Run):
    done = run("tests.benchmarks.imports", "--rows", "600", "--no-limits")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "PASS  the same file again changes nothing" in done.stdout


@pytest.mark.slow
@pytest.mark.fault
@pytest.mark.long
def test_the_benchmark_of_events_runs_with_a_few(run: Run):
    done = run("tests.benchmarks.events", "--small")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert done.stdout.count("PASS") == 6


@pytest.mark.slow
@pytest.mark.fault
@pytest.mark.long
def test_the_benchmark_of_reports_runs_on_a_few_calls_and_finds_them_equal_to_a_recount(run: Run):
    done = run("tests.benchmarks.reports", "--small")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert done.stdout.count("PASS") == 10


@pytest.mark.slow
@pytest.mark.fault
@pytest.mark.long
def test_the_benchmark_of_webhooks_runs_with_a_few_and_finds_each_once(run: Run):
    done = run("tests.benchmarks.webhooks", "--small")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert done.stdout.count("PASS") == 2


@pytest.mark.slow
@pytest.mark.fault
@pytest.mark.long
def test_the_benchmark_of_complaints_runs_on_a_few_and_finds_each_step_once(run: Run):
    done = run("tests.benchmarks.complaints", "--small")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert done.stdout.count("PASS") == 5
