"""A worker that writes a file is killed, again and again: the file has everybody once in the end."""

import json
import random
import signal
import subprocess
import time

import pytest
from django.core.files.storage import default_storage
from django.db import connection

from crm.exporting import jobs
from crm.models import Export
from tests.conftest import NOON
from tests.factories.crm import ContactFactory
from tests.factories.platform import UserFactory
from tests.faults.running import at_work

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
PEOPLE = 150
WORKER = """
import sys, time
import django
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from django.conf import settings
settings.MEDIA_ROOT = sys.argv[2]
from django.utils import timezone
from crm.exporting import jobs, pieces
pieces.ROWS_OF_A_PIECE = 5
real = pieces.piece
def slowly(form, lines):
    made = real(form, lines)
    time.sleep(0.03)
    return made
pieces.piece = slowly
print("at work", flush=True)
while jobs.run_owed(now=timezone.now()):
    pass
"""


def worker(folder) -> subprocess.Popen:
    return at_work(WORKER, str(connection.settings_dict["NAME"]), str(folder))


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_killed_worker_leaves_no_gap_and_no_double(form, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    people = {str(ContactFactory().pk) for _ in range(PEOPLE)}
    export = jobs.order(entity="contacts", form=form, columns=["id"], by=UserFactory(role="supervisor"), now=NOON)
    chance, kills = random.Random(7), 0
    while kills < 4:
        one = worker(tmp_path)
        time.sleep(chance.uniform(0.05, 0.3))
        one.send_signal(signal.SIGKILL)
        kills += one.wait(10) == -signal.SIGKILL
        if Export.objects.get(pk=export.pk).status == "done":
            break
    middle = Export.objects.get(pk=export.pk)
    assert kills >= 2 and middle.done > 0, "nothing was killed in the middle"
    assert worker(tmp_path).wait(60) == 0
    export.refresh_from_db()
    assert (export.status, export.done, export.total, export.failures) == ("done", PEOPLE, PEOPLE, 0)
    with default_storage.open(export.file.name) as file:
        lines = file.read().decode("utf-8-sig").splitlines()
    found = lines[1:] if form == "csv" else [json.loads(line)["id"] for line in lines]
    assert len(found) == PEOPLE and set(found) == people
    left = sorted(path.name for path in tmp_path.rglob("*") if path.is_file())
    assert left == [f"{export.pk}.{form}"], "no piece is left behind"
