"""make bench-reports: reports on many calls beside the bare SQL recount of the same figures, in the same run; and the wallboard under load.

python -m tests.benchmarks.reports [--calls 10000000] [--small] [--afresh] [--plans FILE]

Without DATABASE_URL the servers are the benchmark's own (DATA_DIR/bench-reports), kept for the next run.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.benchmarks import servers

ZONE = ZoneInfo("Europe/Berlin")
LAST = date(2026, 11, 29)
QUEUES, AGENTS, TOPICS = 8, 200, 24
CLIENTS = (1, 50)


def main() -> int:
    """Read the options, see to the servers, measure."""
    options = argparse.ArgumentParser(prog="make bench-reports", description="Reports beside a bare recount; the wallboard under load.")
    options.add_argument("--calls", type=int, default=10_000_000, help="in a year")
    options.add_argument("--requests", type=int, default=2000, help="of the wallboard, in a round")
    options.add_argument("--small", action="store_true", help="a few calls, no limits: only to see that it works")
    options.add_argument("--plans", default="", help="a file for the plans of the statements")
    options.add_argument("--afresh", action="store_true", help="throw the filled tables of the last run away")
    asked = options.parse_args()
    if asked.small:
        asked.calls, asked.requests = 4_000, 100
    if not os.environ.get("DATABASE_URL"):
        room = "bench-reports-small" if asked.small else "bench-reports"
        words = [word for word in sys.argv[1:] if word != "--afresh"]
        return servers.run([sys.executable, "-W", "ignore", "-m", "tests.benchmarks.reports", *words], room=room, afresh=asked.afresh)
    servers.ready_django()
    return measure(asked)


def say(text: str) -> None:
    """A line, at once."""
    print(text, flush=True)


def measure(asked: argparse.Namespace) -> int:
    from django.core.management import call_command
    from django.db import connection

    from tests.benchmarks import report_filling

    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
    report_filling.fill(asked.calls, last=LAST, queues=QUEUES, agents=AGENTS, topics=TOPICS, say=say)
    good = [_count_all(asked), _reports(asked), _after_a_change(asked), _writes(asked), _wallboard(asked)]
    return 0 if all(good) else 1


def _count_all(asked: argparse.Namespace) -> bool:
    """The rollups of everything, as after an upgrade: once in a room."""
    from django.db import connection

    from calls import rollups

    began, hours = time.perf_counter(), 0
    while many := rollups.sweep(limit=240):
        hours += many
    if hours:
        took = time.perf_counter() - began
        with connection.cursor() as cursor:
            cursor.execute("SELECT sum(calls) FROM calls_queuerollup")
            counted = cursor.fetchone()[0]
            cursor.execute("VACUUM ANALYZE calls_queuerollup, calls_agentrollup, calls_topicrollup, calls_rollupmark")
        say(f"\nRollups of all: {hours:,} hours with {counted:,} calls in {took:.0f} s by one worker")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, reltuples::bigint, pg_size_pretty(pg_total_relation_size(oid)) FROM pg_class "
            "WHERE relname IN ('calls_call', 'calls_call_topics', 'calls_queuerollup', 'calls_agentrollup', 'calls_topicrollup') ORDER BY 2 DESC"
        )
        for name, rows, size in cursor.fetchall():
            say(f"  {name:24}{rows:>14,} rows {size:>10} with indexes")
    return True


def _questions() -> list[tuple[str, dict[str, object]]]:
    month, year = LAST - timedelta(days=29), LAST - timedelta(days=363)
    return [
        ("a day by 15 minutes", {"since": LAST - timedelta(days=3), "until": LAST - timedelta(days=3), "interval": "15m"}),
        ("a day by hour and agent", {"since": LAST - timedelta(days=3), "until": LAST - timedelta(days=3), "interval": "1h", "group_by": "agent"}),
        ("a week by day and queue", {"since": LAST - timedelta(days=6), "until": LAST, "interval": "1d", "group_by": "queue"}),
        ("a month by day", {"since": month, "until": LAST, "interval": "1d"}),
        ("a month by day, Kathmandu, by topic", {"since": month, "until": LAST, "interval": "1d", "group_by": "topic", "zone": ZoneInfo("Asia/Kathmandu")}),
        ("a month by agent", {"since": month, "until": LAST, "interval": "none", "group_by": "agent"}),
        ("a year by month and queue", {"since": year, "until": LAST, "interval": "1mo", "group_by": "queue"}),
        ("a year by week and topic", {"since": year, "until": LAST, "interval": "1w", "group_by": "topic"}),
        ("a year by month and agent", {"since": year, "until": LAST, "interval": "1mo", "group_by": "agent"}),
    ]  # fmt: skip


def _reports(asked: argparse.Namespace) -> bool:
    from django.db import connection

    from calls import reports
    from tests.benchmarks import report_recount

    say(f"\n{'Reports':38}{'lines':>7}{'ours ms':>10}{'recount ms':>12}{'times':>8}")
    good, plans = True, []
    for name, given in _questions():
        question = reports.Asked(**{"zone": ZONE, "group_by": ""} | given)
        edges = reports.intervals.edges(question.since, question.until, question.interval, question.zone)
        reports.count(question, edges)
        began = time.perf_counter()
        for _ in range(3):
            found = reports.count(question, edges)
        ours = (time.perf_counter() - began) / 3
        began = time.perf_counter()
        bare = report_recount.count(edges, question.group_by)
        theirs = time.perf_counter() - began
        is_equal = sorted(map(tuple, found), key=str) == sorted(map(tuple, bare), key=str)
        good = good and is_equal and (asked.small or theirs > ours)
        say(
            f"{name:38}{len(found):>7,}{ours * 1000:>10.1f}{theirs * 1000:>12.1f}{theirs / ours:>8.1f}  "
            f"{'PASS' if is_equal else 'FAIL: the figures differ'}"
        )
        if asked.plans:
            sql, values = reports.statement(question, edges)
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) " + sql, values)
                plans += [f"-- {name}", *(f"  {row[0]}" for row in cursor), ""]
    if asked.plans:
        Path(asked.plans).write_text("\n".join(plans), encoding="utf-8")
    return good


def _after_a_change(asked: argparse.Namespace) -> bool:
    """A report that is asked in the moment after calls of many hours changed, and what the sweep then costs."""
    from django.db import connection

    from calls import reports, rollups
    from tests.benchmarks import report_recount

    month = LAST - timedelta(days=29)
    question = reports.Asked(month, LAST, ZONE, "1d", "queue")
    edges = reports.intervals.edges(month, LAST, "1d", ZONE)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE calls_call SET talk_s = talk_s + 1 WHERE id IN (SELECT id FROM calls_call TABLESAMPLE SYSTEM (1) "
            "WHERE started_at >= %s AND direction = 'inbound' ORDER BY started_at LIMIT 100)",
            [edges[0]],
        )
    began = time.perf_counter()
    found = reports.count(question, edges)
    took = time.perf_counter() - began
    is_equal = sorted(map(tuple, found), key=str) == sorted(map(tuple, report_recount.count(edges, "queue")), key=str)
    began = time.perf_counter()
    hours = rollups.sweep()
    swept = time.perf_counter() - began
    left = rollups.differences(edges[0], edges[-1])
    say(
        f"\nAfter 100 calls changed: the month by day and queue in {took * 1000:.0f} ms, then {hours} hours counted again in {swept * 1000:.0f} ms "
        f"({swept * 1000 / max(1, hours):.1f} ms an hour), {len(left)} differences  {'PASS' if is_equal and not left else 'FAIL'}"
    )
    return is_equal and not left


def _writes(asked: argparse.Namespace) -> bool:
    """What the triggers cost whoever writes: the same updates with and without them."""
    from django.db import connection

    many = 2_000
    rates = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM calls_call ORDER BY started_at DESC LIMIT %s", [many])
        ids = [one for (one,) in cursor.fetchall()]
        for role in ("origin", "replica", "origin", "replica"):
            cursor.execute(f"SET session_replication_role = {role}")
            began = time.perf_counter()
            for one in ids:
                cursor.execute("UPDATE calls_call SET talk_s = talk_s + 1 WHERE id = %s", [one])
            rates[role] = (time.perf_counter() - began) * 1e6 / many
            cursor.execute("UPDATE calls_call SET talk_s = talk_s - 1 WHERE id = ANY(%s::uuid[])", [[str(one) for one in ids]])
        cursor.execute("SET session_replication_role = origin; DELETE FROM calls_rollupmark")
    say(f"An update of a call that counts: {rates['origin']:.0f} µs with the trigger, {rates['replica']:.0f} µs without")
    return True


def _wallboard(asked: argparse.Namespace) -> bool:
    """Many who look, beside the bare statements of one look that nobody shares."""
    from django.conf import settings
    from django.db import connection
    from django.utils import timezone

    from calls import wallboard
    from tests.benchmarks import load, measuring

    asked_for: list[str] = []

    def note(execute, sql, params, many, context):
        with connection.connection.cursor() as cursor:
            asked_for.append(cursor.mogrify(sql, params).decode() if params else sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        wallboard.measure(timezone.now(), ZONE)
    token, _ = measuring.caller()
    headers = f"Host: localhost\r\nAuthorization: Bearer {token}\r\nAccept: application/json\r\n"
    request = f"GET /api/v1/wallboard/?time_zone={ZONE.key} HTTP/1.1\r\n{headers}\r\n".encode()
    bare_request = b"GET /wallboard HTTP/1.1\r\nHost: localhost\r\n\r\n"
    say(f"\n{'The wallboard':38}{'clients':>8}{'answers/s':>11}{'p50 ms':>8}{'p99 ms':>8}")
    good = True
    with tempfile.TemporaryDirectory(prefix="switchboard-bench-") as kept:
        folder = Path(kept)
        (folder / "statements.json").write_text(json.dumps({"wallboard": [asked_for]}), encoding="utf-8")
        connection.close()
        with (
            measuring.serve("config.wsgi:application", folder) as ours,
            measuring.serve("tests.benchmarks.bare:application", folder) as bare,
        ):
            for clients in CLIENTS:
                for name, server, what in (("ours, shared", ours, request), ("its statements, bare and unshared", bare, bare_request)):
                    load.ask(server.port, lambda client, n, what=what: what, clients=clients, requests=clients * 10)
                    enough = asked.requests if server is ours else max(clients * 4, asked.requests // 10)
                    found = load.ask(server.port, lambda client, n, what=what: what, clients=clients, requests=enough)
                    good = good and found.bad == 0
                    say(f"{name:38}{clients:>8}{found.per_second:>11.0f}{found.at(0.5):>8.1f}{found.at(0.99):>8.1f}")
    say(f"Worked out at most every {settings.WALLBOARD_KEPT_S} s in {len(asked_for)} statements")
    return good


if __name__ == "__main__":
    sys.exit(main())
