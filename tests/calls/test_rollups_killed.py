"""Sweeps that are killed with SIGKILL while others sweep and calls change: what is left is still a recount. Real processes."""

import os
import random
import signal
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest
from django.db import connection

from calls import rollups
from calls.models import Call, QueueRollup, RollupMark
from tests.calls.test_rollups import World, assert_equal_to_a_recount, assert_rollups_tell_the_truth, some_questions

WORKER = """
import django; django.setup()
from calls import rollups
rollups.AT_ONCE = 3
print("up", flush=True)
while True:
    rollups.sweep(limit=3)
"""


def worker() -> subprocess.Popen[str]:
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    environment = os.environ | {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "config.settings"}
    process = subprocess.Popen([sys.executable, "-W", "ignore", "-c", WORKER], env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "up\n"
    return process


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_sweeps_that_are_killed_leave_nothing_wrong():
    chance = random.Random(11)
    world = World(11)
    for _ in range(40):
        world.call()
    workers = [worker(), worker()]
    try:
        for _ in range(4):
            until = time.monotonic() + chance.uniform(0.3, 0.8)
            while time.monotonic() < until:
                world.step()
                Call.objects.filter(pk__in=list(Call.objects.values_list("pk", flat=True)[:20])).update(talk_s=chance.uniform(1, 99))
            victim = workers.pop(0)
            assert victim.poll() is None
            victim.send_signal(signal.SIGKILL)
            victim.communicate()
            for question in chance.sample(list(some_questions(world)), 4):
                assert_equal_to_a_recount(**question)
            workers.append(worker())
        assert QueueRollup.objects.exists()
    finally:
        for process in workers:
            process.kill()
            process.communicate()
    rollups.sweep()
    assert not RollupMark.objects.exists()
    assert_rollups_tell_the_truth()
    for question in some_questions(world):
        assert_equal_to_a_recount(**question)
