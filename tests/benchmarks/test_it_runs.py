"""The benchmark is code like any other: it must not rot."""

import os
import subprocess
import sys

import pytest


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """A benchmark beside servers of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "config.embedded.beside", sys.executable, "-W", "ignore", "-m", *words]
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "BROKER_URL", "CACHE_URL", "DATA_DIR")}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)


@pytest.mark.slow
@pytest.mark.fault
def test_the_benchmark_runs_on_a_small_base():
    done = run("tests.benchmarks", "--small")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "The thousandth page against the first" in done.stdout


@pytest.mark.slow
@pytest.mark.fault
def test_the_benchmark_of_imports_runs_on_a_small_file():
    done = run("tests.benchmarks.imports", "--rows", "2000", "--no-limits")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "PASS  the same file again changes nothing" in done.stdout


@pytest.mark.slow
@pytest.mark.fault
def test_the_benchmark_of_events_runs_with_a_few():
    done = run("tests.benchmarks.events", "--small")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert done.stdout.count("PASS") == 6


@pytest.mark.slow
@pytest.mark.fault
def test_the_benchmark_of_reports_runs_on_a_few_calls_and_finds_them_equal_to_a_recount():
    done = run("tests.benchmarks.reports", "--small")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert done.stdout.count("PASS") == 10
