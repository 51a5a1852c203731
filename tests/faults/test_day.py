"""A shift goes on while the worker, the database, the broker and the web server are killed under it: every call is right in the end."""

import pytest

from tests.faults import day
from tests.faults.running import Running

pytestmark = [pytest.mark.fault, pytest.mark.slow]


def test_every_call_of_a_shift_with_troubles_is_as_it_was(system: Running) -> None:
    told = day.run(system, minutes=12, rate=30, speed=30, troubles=len(day.TROUBLES), agents=20)
    assert "calls are as they were" in told
    assert system.missing() == {}
