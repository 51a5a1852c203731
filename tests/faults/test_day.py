"""A shift goes on while the worker, the database, the broker and the web server are killed under it: every call is right in the end."""

import re

import pytest

from tests.faults import day
from tests.faults.running import Running

pytestmark = [pytest.mark.fault, pytest.mark.slow, pytest.mark.long]


def test_every_call_of_a_shift_with_troubles_is_as_it_was(system: Running) -> None:
    told = day.run(system, minutes=12, rate=30, speed=30, troubles=len(day.TROUBLES), agents=20)
    assert "calls are as they were" in told
    left = re.search(r"(\d+) events of batches were left to the workers", told)
    assert left and int(left[1]) > 0, "the workers had nothing to do, so that to kill them proves nothing"
    assert system.missing() == {}
