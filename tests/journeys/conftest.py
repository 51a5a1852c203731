"""What the journeys begin with."""

from collections.abc import Iterator

import pytest

from tests.faults.running import Running


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """``make up`` on a data folder of its own."""
    running = Running()
    try:
        running.up()
        yield running
    finally:
        running.end()
