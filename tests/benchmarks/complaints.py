"""make bench-complaints: the sweep of escalation over many open complaints beside the bare UPDATE of the same rows; their list by breach.

python -m tests.benchmarks.complaints [--complaints 1000000] [--due 10000] [--small] [--afresh]

Without DATABASE_URL the servers are the benchmark's own (DATA_DIR/bench-complaints), kept for the next run.
"""

import argparse
import os
import statistics
import sys
import time
from datetime import UTC, datetime

from tests.benchmarks import servers

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
BATCH = 500
SLOWEST_PAGE_MS = 100


def main() -> int:
    """Read the options, see to the servers, measure."""
    options = argparse.ArgumentParser(prog="make bench-complaints", description="The sweep of escalation, and the list by breach.")
    options.add_argument("--complaints", type=int, default=1_000_000, help="open ones, with a promise each")
    options.add_argument("--due", type=int, default=10_000, help="of them due when the sweep comes")
    options.add_argument("--small", action="store_true", help="a few, no limits: only to see that it works")
    options.add_argument("--afresh", action="store_true", help="throw the filled tables of the last run away")
    asked = options.parse_args()
    if asked.small:
        asked.complaints, asked.due = 3_000, 600
    if not os.environ.get("DATABASE_URL"):
        room = "bench-complaints-small" if asked.small else "bench-complaints"
        words = [word for word in sys.argv[1:] if word != "--afresh"]
        return servers.run([sys.executable, "-W", "ignore", "-m", "tests.benchmarks.complaints", *words], room=room, afresh=asked.afresh)
    servers.ready_django()
    return measure(asked)


def say(text: str) -> None:
    """A line, at once."""
    print(text, flush=True)


def measure(asked: argparse.Namespace) -> int:
    from django.core.management import call_command
    from django.db import connection

    from tests.benchmarks import complaint_filling

    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
    complaint_filling.fill(asked.complaints, due=asked.due, now=NOW, say=say)
    complaint_filling.as_before(asked.due, NOW)
    good = [_sweep(asked), _list(asked)]
    return 0 if all(good) else 1


def _sweep(asked: argparse.Namespace) -> bool:
    """The bare UPDATE first, taken back; then the sweep, in batches as the worker does them."""
    from django.db import connection, transaction

    from complaints import escalation
    from complaints.models import Complaint, EscalationStep
    from config.platform.models import AuditEvent, FeedMessage, OutboxEvent

    def counts() -> list[int]:
        rows = (EscalationStep, FeedMessage, OutboxEvent, AuditEvent)
        return [Complaint.objects.filter(breached_at__lte=NOW, due_at__lte=NOW).count(), *(model.objects.count() for model in rows)]

    bare = []
    for _ in range(3):
        with transaction.atomic(), connection.cursor() as cursor:
            began = time.perf_counter()
            cursor.execute(
                "UPDATE complaints_clock SET breached_at = due_at, breach_told_at = %(now)s, next_step_at = due_at + interval '4 hours', "
                "version = version + 1 WHERE state = 'running' AND next_step_at <= %(now)s",
                {"now": NOW},
            )
            many = cursor.rowcount
            cursor.execute(
                "UPDATE complaints_complaint c SET breached_at = k.due_at, version = c.version + 1 FROM complaints_clock k "
                "WHERE k.complaint_id = c.id AND k.breach_told_at = %s",
                [NOW],
            )
            bare.append(time.perf_counter() - began)
            transaction.set_rollback(True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM complaints_clock, complaints_complaint")
    before, began, cpu = counts(), time.perf_counter(), time.process_time()
    batches = []
    while True:
        at = time.perf_counter()
        if not escalation.tend(now=NOW, limit=BATCH):
            break
        batches.append(time.perf_counter() - at)
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    again = escalation.tend(now=NOW, limit=BATCH)
    breached, steps, messages, news, remembered = (after - had for after, had in zip(counts(), before, strict=True))
    is_right = many == asked.due == breached == steps == news and remembered == 2 * steps and messages >= 2 * steps and again == 0
    say(
        f"\nThe sweep: {asked.due:,} of {asked.complaints:,} open complaints in {took:.2f} s ({cpu:.2f} s of processor here), {len(batches)} batches, "
        f"median {statistics.median(batches) * 1000:.0f} ms, longest {max(batches) * 1000:.0f} ms; bare UPDATE {statistics.median(bare):.2f} s: "
        f"{took / statistics.median(bare):.1f} times"
    )
    say(
        f"  written: {breached:,} breaches, {steps:,} steps, {messages:,} messages of the live feed, {news:,} pieces of news, {remembered:,} audit "
        f"events; a second sweep: {again}  {'PASS' if is_right else 'FAIL'}"
    )
    return is_right


def _list(asked: argparse.Namespace) -> bool:
    """The first page of a department's broken promises, and those due next, as the API asks for them."""
    from django.db import connection

    from complaints.models import Complaint
    from crm.models import Department

    department = Department.objects.order_by("pk")[7]
    rows = Complaint.objects.defer("words")
    pages = {
        "broken, of a department, the newest": rows.breached(NOW).filter(department=department).order_by("-id"),
        "broken and open, of a department, by due time": rows.open().breached(NOW).filter(department=department, due_at__isnull=False).order_by("due_at", "id"),
        "not broken, of a department, due next": rows.open().not_breached(NOW).filter(department=department, due_at__isnull=False).order_by("due_at", "id"),
        "broken, of all, the newest": rows.breached(NOW).order_by("-id"),
    }  # fmt: skip
    good = True
    say("")
    for name, page in pages.items():
        times = []
        for _ in range(20):
            began = time.perf_counter()
            found = len(page[:51])
            times.append((time.perf_counter() - began) * 1000)
        is_good = found > 0 and (asked.small or statistics.median(times) <= SLOWEST_PAGE_MS)
        good = good and is_good
        say(
            f"{name:50}{found:>4} rows, p50 {statistics.median(times):6.1f} ms, longest {max(times):6.1f} ms  {'PASS' if is_good else 'FAIL'}"
        )
        sql, values = page[:51].query.sql_with_params()
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) " + sql, values)
            for (line,) in cursor.fetchall():
                say(f"    {line[:170]}")
    return good


if __name__ == "__main__":
    sys.exit(main())
