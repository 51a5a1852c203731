"""One system for all of these tests: starting it is most of their time."""

from collections.abc import Iterator

import pytest

from tests.faults.running import Running


@pytest.fixture(scope="session")
def shared() -> Iterator[Running]:
    """A data folder and what runs on it, once for the whole run."""
    running = Running()
    try:
        yield running
    finally:
        running.end()


@pytest.fixture
def system(shared: Running) -> Running:
    """The shared system, up and ready, with something in its journal."""
    if shared.process is None or shared.process.poll() is not None or not shared.told():
        shared.up()
    assert shared.write() == 201
    return shared
