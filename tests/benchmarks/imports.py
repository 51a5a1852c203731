"""python -m tests.benchmarks.imports [--rows 1000000]: an import of a dirty file beside a bare COPY and beside the reading of its phones.

In one run, on one machine: the import (every row judged, then brought in) in a worker process of its own, with its memory; the same
contacts and phones copied by bare COPY into tables that are made like ours, with every index; and what `phonenumbers` alone needs to
read the same cells. Without DATABASE_URL the server is the benchmark's own, kept in DATA_DIR/bench-imports.
"""

import argparse
import csv
import io
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

#: our rows a second (judged and brought in) against rows a second of the bare COPY of what they became, and against phones read
LEAST_OF_COPY = 0.10
LEAST_OF_PHONES = 0.05
MEMORY_AT_MOST_MB = 300
AGAIN_LEAST = 1.0  # the same file again must not be slower than the first time
PARTS = ("crm_contact", "crm_phonenumber", "crm_contactphone", "crm_contactemail")
WORKER = (
    "import django; django.setup()\n"
    "from django.utils import timezone\n"
    "from crm.importing import jobs\n"
    "while jobs.run_owed(now=timezone.now()): pass\n"
)


def main() -> int:
    """Read the options, see to the server, measure."""
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks.imports")
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--no-limits", action="store_true", help="only to see that it works")
    asked = options.parse_args()
    if not os.environ.get("DATABASE_URL"):
        from tests.benchmarks import servers

        return servers.run(
            [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.imports", *sys.argv[1:]], room="bench-imports", afresh=True
        )
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("DEMO", "1")
    os.environ["LOG_LEVEL"] = "WARNING"
    with tempfile.TemporaryDirectory(prefix="switchboard-bench-") as folder:
        os.environ["MEDIA_ROOT"] = folder
        import django

        django.setup()
        return measure(Path(folder), asked.rows, has_limits=not asked.no_limits)


def say(text: str) -> None:
    """A line, at once."""
    print(text, flush=True)


def measure(folder: Path, rows: int, *, has_limits: bool) -> int:
    """The whole benchmark; 1 when a limit is missed or the import is not whole."""
    from django.core.files import File
    from django.core.management import call_command
    from django.utils import timezone

    from crm.importing import jobs
    from crm.models import Contact, Import, ImportRow
    from tests.benchmarks import dirty_file

    call_command("migrate", verbosity=0)
    path = folder / "dirty.csv"
    dirty_file.write(path, rows)
    say(
        f"{rows:,} rows, {path.stat().st_size / 2**20:.0f} MiB, cp1251; load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    )

    def brought_in() -> tuple[Import, float, float, float]:
        with path.open("rb") as file:
            batch = jobs.upload(File(file), filename="dirty.csv", is_dry_run=True, by=None, now=timezone.now())
        judged_s, memory_a = _worker()
        jobs.start(batch.pk, by=None, now=timezone.now())
        applied_s, memory_b = _worker()
        batch.refresh_from_db()
        return batch, judged_s, applied_s, max(memory_a, memory_b)

    batch, judged_s, applied_s, memory = brought_in()
    made, whole_s = Contact.objects.count(), judged_s + applied_s
    say(f"judged          {rows / judged_s:9.0f} rows/s   {judged_s:7.1f} s")
    say(f"brought in      {rows / applied_s:9.0f} rows/s   {applied_s:7.1f} s   {made:,} contacts")
    say(f"both            {rows / whole_s:9.0f} rows/s   {whole_s:7.1f} s   worker {memory:.0f} MB at most   state {batch.status}")
    size = _size("crm_importrow")
    say(f"rows and their indexes: {size / 2**20:.0f} MiB, {size / rows:.0f} bytes a row")
    copied_s = _bare_copy()
    say(f"bare COPY of the contacts, phones and e-mails into equal tables: {rows / copied_s:.0f} rows/s   {copied_s:.1f} s")
    phones_s = _bare_phones(path)
    say(f"phonenumbers alone, the same cells: {rows / phones_s:.0f} rows/s   {phones_s:.1f} s")
    again, judged_again_s, applied_again_s, memory_again = brought_in()
    say(
        f"the same file again: {rows / (judged_again_s + applied_again_s):.0f} rows/s   worker {memory_again:.0f} MB   contacts added {Contact.objects.count() - made}"
    )
    whole = batch.status == again.status == "done" and batch.total == rows and ImportRow.objects.filter(batch=batch).count() == rows
    unchanged = Contact.objects.count() == made and again.created == again.updated == 0
    undone_s = _undo(batch)
    batch.refresh_from_db()
    say(
        f"taken back      {rows / undone_s:9.0f} rows/s   {undone_s:7.1f} s   {Contact.objects.count():,} contacts left, {batch.kept:,} rows kept"
    )
    verdicts = [
        ("whole: each row once", whole),
        ("the same file again changes nothing", unchanged),
        ("taken back to nothing", batch.status == "undone" and not Contact.objects.exists()),
        (f"ours / bare COPY = {copied_s / whole_s:.2f}, at least {LEAST_OF_COPY}", copied_s / whole_s >= LEAST_OF_COPY),
        (f"ours / phonenumbers alone = {phones_s / whole_s:.2f}, at least {LEAST_OF_PHONES}", phones_s / whole_s >= LEAST_OF_PHONES),
        (f"again / first = {whole_s / (judged_again_s + applied_again_s):.2f}, at least {AGAIN_LEAST}", whole_s / (judged_again_s + applied_again_s) >= AGAIN_LEAST),
        (f"memory of the worker {max(memory, memory_again):.0f} MB, at most {MEMORY_AT_MOST_MB}", max(memory, memory_again) <= MEMORY_AT_MOST_MB),
    ]  # fmt: skip
    for text, is_good in verdicts:
        say(f"{'PASS' if is_good else 'FAIL'}  {text}")
    counted = verdicts if has_limits else verdicts[:3]
    return 0 if all(is_good for _, is_good in counted) else 1


def _worker() -> tuple[float, float]:
    """Work on what is owed in a process of its own, as Celery's would: seconds, and its memory at most in MB."""
    import psutil

    began = time.monotonic()
    process = subprocess.Popen([sys.executable, "-W", "ignore", "-c", WORKER])
    most = used = 0.0
    seen = psutil.Process(process.pid)

    def watch() -> None:
        nonlocal most, used
        while process.poll() is None:
            try:
                most = max(most, seen.memory_info().rss / 1e6)
                used = sum(seen.cpu_times()[:2])
            except psutil.Error:
                return
            time.sleep(0.2)

    watcher = threading.Thread(target=watch)
    watcher.start()
    if process.wait() != 0:
        raise SystemExit("the worker failed")
    watcher.join()
    say(
        f"  a worker: {time.monotonic() - began:.1f} s, of which {used:.1f} s processor time of its own; the rest is PostgreSQL and waiting"
    )
    return time.monotonic() - began, most


def _undo(batch) -> float:
    from django.utils import timezone

    from crm.importing import jobs

    jobs.undo(batch.pk, by=None, now=timezone.now())
    return _worker()[0]


def _size(table: str) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size(%s)", [table])
        return cursor.fetchone()[0]


def _bare_copy() -> float:
    """What the rows became, out into memory and then by COPY into equal tables with equal indexes; a piece at a time, as ours."""
    from django.db import connection, transaction

    took = 0.0
    with connection.cursor() as cursor:
        for table in PARTS:
            cursor.execute(f"DROP TABLE IF EXISTS bench_{table}; CREATE TABLE bench_{table} (LIKE {table} INCLUDING ALL)")
            text = io.StringIO()
            cursor.copy_expert(f"COPY {table} TO STDOUT", text)
            lines = text.getvalue().splitlines(keepends=True)
            began = time.monotonic()
            for start in range(0, len(lines), 1000):
                with transaction.atomic():
                    cursor.copy_expert(f"COPY bench_{table} FROM STDIN", io.StringIO("".join(lines[start : start + 1000])))
            took += time.monotonic() - began
        for table in PARTS:
            cursor.execute(f"DROP TABLE bench_{table}")
    return took


def _bare_phones(path: Path) -> float:
    """What the library needs to read one number of each cell, to see whether it exists, and to write it as E.164."""
    import phonenumbers

    with path.open(encoding="cp1251", newline="") as file:
        cells = [row[2] for row in csv.reader(file, delimiter=";")][1:]
    began = time.monotonic()
    for cell in cells:
        try:
            number = phonenumbers.parse(cell, "RU")
            if phonenumbers.is_valid_number(number):
                phonenumbers.number_type(number)
                phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        except phonenumbers.NumberParseException:
            continue
    return time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
