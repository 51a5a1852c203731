"""A worker that is killed with SIGKILL, at moments of chance: no row twice, none left out (G7). Real processes on the real database."""

import os
import random
import signal
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone

from crm.importing import jobs
from crm.models import Contact, ContactPhone, Import, ImportMark, ImportRow
from tests.benchmarks import dirty_file
from tests.crm.test_importing import everything

ROWS = 3000
WORKER = """
import django; django.setup()
from django.utils import timezone
from crm.importing import applying, jobs, judging, undoing
applying.CHUNK = judging.CHUNK = undoing.CHUNK = 100
print("up", flush=True)
while jobs.run_owed(now=timezone.now(), seconds=1): pass
print("done", flush=True)
"""


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def worker(folder) -> subprocess.Popen[str]:
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    environment = os.environ | {"DATABASE_URL": address, "MEDIA_ROOT": str(folder), "DJANGO_SETTINGS_MODULE": "config.settings"}
    process = subprocess.Popen([sys.executable, "-W", "ignore", "-c", WORKER], env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "up\n"
    return process


def work_under_fire(folder, chance: random.Random, *, deaths: int) -> int:
    """Kill workers in the middle of their work, then let one finish; how many died at it."""
    died = 0
    for _ in range(deaths):
        process = worker(folder)
        time.sleep(chance.uniform(0.05, 0.8))
        died += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
    last = worker(folder)
    assert last.communicate(timeout=120)[0] == "done\n"
    return died


def text() -> bytes:
    lines = [";".join(dirty_file.HEADER), *(";".join(f'"{cell}"' for cell in row) for row in dirty_file.rows(ROWS, seed=11))]
    return "\n".join(lines).encode()


@pytest.mark.long
@pytest.mark.fault
@pytest.mark.django_db(transaction=True)
def test_killed_workers_leave_no_double_and_no_gap_neither_in_nor_out(tmp_path):
    body, chance = text(), random.Random(5)
    quiet = jobs.upload(ContentFile(body), filename="c.csv", is_dry_run=False, by=None, now=timezone.now())
    jobs.run_owed(now=timezone.now())
    as_it_should_be = everything()
    told = list(ImportRow.objects.filter(batch=quiet).order_by("line").values_list("line", "verdict", "duplicate_of_line"))
    jobs.undo(quiet.pk, by=None, now=timezone.now())
    jobs.run_owed(now=timezone.now())
    assert not Contact.objects.exists()

    batch = jobs.upload(ContentFile(body), filename="c.csv", is_dry_run=False, by=None, now=timezone.now())
    died = work_under_fire(tmp_path, chance, deaths=4)
    batch.refresh_from_db()
    assert died
    assert batch.status == "done"
    assert everything() == as_it_should_be
    rows = ImportRow.objects.filter(batch=batch)
    assert list(rows.order_by("line").values_list("line", "duplicate_of_line")) == [(line, double) for line, _, double in told]
    assert batch.total == ROWS == rows.count()
    assert batch.applied == rows.filter(verdict__in=["create", "update"]).count() == batch.created + batch.updated
    assert not ImportMark.objects.exists()
    links = ContactPhone.objects.values_list("contact", "phone", "extension")
    assert len(set(links)) == len(links)

    jobs.undo(batch.pk, by=None, now=timezone.now())
    work_under_fire(tmp_path, chance, deaths=2)
    batch.refresh_from_db()
    assert (batch.status, batch.kept, Contact.objects.count()) == ("undone", 0, 0)
    assert Import.objects.count() == 2
