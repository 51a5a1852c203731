"""The benchmark is code like any other: it must not rot."""

import os
import subprocess
import sys

import pytest


@pytest.mark.slow
@pytest.mark.fault
def test_the_benchmark_runs_on_a_small_base():
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "config.embedded.beside",
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "tests.benchmarks",
        "--small",
    ]
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "BROKER_URL", "CACHE_URL", "DATA_DIR")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "The thousandth page against the first" in done.stdout
