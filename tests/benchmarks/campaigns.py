"""make bench-campaigns: an audience of 1,000,000 beside a bare INSERT … SELECT; the next contact beside a bare SKIP LOCKED, few targets and many.

python -m tests.benchmarks.campaigns [--contacts 1000000] [--seconds 6] [--small] [--afresh]

Without DATABASE_URL the servers are the benchmark's own (DATA_DIR/bench-campaigns), kept for the next run.
"""

import argparse
import multiprocessing
import os
import sys
import threading
import time
from datetime import UTC, datetime
from uuid import UUID

from tests.benchmarks import servers

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
FEW = 10_000
AGENTS = (1, 8, 64)
PROCESSES = 2
#: Of the bare statement's rate. What we do besides: some twenty rules are asked, the attempt is written, a number is held in all campaigns.
LEAST_SHARE = 0.01
#: Many targets against few, with as many agents: a hand-out must not feel how long the list is.
LEAST_ALIKE = 0.6
LEAST_AUDIENCE = 0.03
BARE_INSERT = """
INSERT INTO campaigns_target (id, created_at, updated_at, version, campaign_id, contact_id, state, is_ready, priority, clocks, next_e164,
    attempts_total, attempts_technical, fence, is_reached, is_right_party, is_success, outcome, reason)
SELECT uuidv7(), now(), now(), 1, %s, id, 'pending', true, 0, 'Europe/Moscow;RU', '', 0, 0, 0, false, false, false, '', '' FROM crm_contact LIMIT %s
"""
BARE_NEXT = """
SELECT id FROM campaigns_target WHERE campaign_id = %s AND is_ready AND clocks = %s
ORDER BY priority DESC, attempts_total, id LIMIT 1 FOR UPDATE SKIP LOCKED
"""
BARE_TAKE = "UPDATE campaigns_target SET state = 'leased', is_ready = false, fence = fence + 1 WHERE id = %s"
AS_BEFORE = "UPDATE campaigns_target SET state = 'pending', is_ready = true WHERE campaign_id = %s AND NOT is_ready"


def main() -> int:
    """Read the options, see to the servers, measure."""
    options = argparse.ArgumentParser(prog="make bench-campaigns", description="Audiences and hand-outs.")
    options.add_argument("--contacts", type=int, default=1_000_000)
    options.add_argument("--seconds", type=float, default=6.0, help="of each round of hand-outs")
    options.add_argument("--small", action="store_true", help="a few, no limits: only to see that it works")
    options.add_argument("--afresh", action="store_true", help="throw the filled tables of the last run away")
    asked = options.parse_args()
    if asked.small:
        asked.contacts, asked.seconds = 3_000, 0.5
    if not os.environ.get("DATABASE_URL"):
        room = "bench-campaigns-small" if asked.small else "bench-campaigns"
        words = [word for word in sys.argv[1:] if word != "--afresh"]
        return servers.run([sys.executable, "-W", "ignore", "-m", "tests.benchmarks.campaigns", *words], room=room, afresh=asked.afresh)
    servers.ready_django()
    return measure(asked)


def say(text: str) -> None:
    """A line, at once."""
    print(text, flush=True)


def measure(asked: argparse.Namespace) -> int:
    from django.core.management import call_command
    from django.db import connection

    from tests.benchmarks import filling

    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
    filling.fill(asked.contacts, 0, say=say)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
    _empty()
    many, good_audience = _audience(asked)
    few = _few(min(FEW, asked.contacts // 2))
    good = [good_audience, *_handouts(few, many, asked)]
    _plan(many)
    return 0 if all(good) or asked.small else 1


def _empty() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE campaigns_campaign, campaigns_target, campaigns_attempt, campaigns_audiencerun, campaigns_leftout CASCADE")


def _campaign(name: str):
    from campaigns.models import Campaign, CampaignHours

    fields = {"number": f"K-{name}", "name": name, "kind": "service", "purpose": "service", "status": "running", "started_at": NOW}
    campaign = Campaign.objects.create(**fields)
    CampaignHours.objects.bulk_create(CampaignHours(campaign=campaign, weekday=day, opens=0, closes=1440) for day in range(7))
    return campaign


def _audience(asked: argparse.Namespace):
    from django.db import connection

    from campaigns import audiences
    from campaigns.models import Target

    campaign = _campaign("many")
    campaign.sources.create(kind="filter", query={"kind": "person"})
    run = audiences.build(campaign.pk, by=None, now=NOW)
    began = time.perf_counter()
    while audiences.run_owed(now=NOW, seconds=30):
        run.refresh_from_db()
        say(f"  {run.seen:,} of {run.total or 0:,}, {run.rate} a second of late")
    ours = asked.contacts / (time.perf_counter() - began)
    there = Target.objects.filter(campaign=campaign).count()
    bare = _campaign("bare")
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(BARE_INSERT, [bare.pk, asked.contacts])
    theirs = asked.contacts / (time.perf_counter() - began)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM campaigns_target WHERE campaign_id = %s", [bare.pk])
        cursor.execute("VACUUM ANALYZE campaigns_target")
    whole = there == asked.contacts
    good = whole and ours / theirs >= LEAST_AUDIENCE
    say(
        f"{'PASS' if good else 'FAIL'}  an audience of {there:,}: {ours:,.0f} contacts/s; a bare INSERT … SELECT {theirs:,.0f}/s; "
        f"ratio {ours / theirs:.3f} (least {LEAST_AUDIENCE})"
    )
    return campaign, good


def _few(count: int):
    from django.db import connection

    campaign = _campaign("few")
    with connection.cursor() as cursor:
        cursor.execute(BARE_INSERT, [campaign.pk, count])
        cursor.execute(
            "UPDATE campaigns_target SET clocks = (SELECT clocks FROM campaigns_target WHERE campaign_id <> %s LIMIT 1) WHERE campaign_id = %s",
            [campaign.pk, campaign.pk],
        )
        cursor.execute("ANALYZE campaigns_target")
    return campaign


def _handouts(few, many, asked: argparse.Namespace) -> list[bool]:
    from django.db import connection

    good = []
    for agents in AGENTS:
        rates = {}
        for name, campaign in (("few", few), ("many", many)):
            for way in ("bare", "ours"):
                rates[name, way] = _rate(way, campaign.pk, agents, asked.seconds)
                with connection.cursor() as cursor:
                    cursor.execute("DELETE FROM campaigns_attempt WHERE campaign_id = %s", [campaign.pk])
                    cursor.execute(AS_BEFORE, [campaign.pk])
                    cursor.execute("VACUUM campaigns_target")
        alike = rates["many", "ours"] / rates["few", "ours"]
        shares = [rates[name, "ours"] / rates[name, "bare"] for name in ("few", "many")]
        fits = alike >= LEAST_ALIKE and min(shares) >= LEAST_SHARE
        good.append(fits)
        say(
            f"{'PASS' if fits else 'FAIL'}  next contact, {agents} at once: {rates['few', 'ours']:,.0f}/s of {FEW:,} targets, "
            f"{rates['many', 'ours']:,.0f}/s of {asked.contacts:,} (ratio {alike:.2f}, least {LEAST_ALIKE}); "
            f"bare {rates['few', 'bare']:,.0f} and {rates['many', 'bare']:,.0f}/s (ratios {shares[0]:.3f} and {shares[1]:.3f}, least {LEAST_SHARE})"
        )
    return good


def _rate(way: str, campaign_id: UUID, agents: int, seconds: float) -> float:
    """Hand-outs a second by so many at once, each over a connection of its own."""
    from django.db import connections

    connections.close_all()
    forked = multiprocessing.get_context("fork")
    pipes = [forked.Pipe(duplex=False) for _ in range(PROCESSES)]
    shares = [len(range(number, agents, PROCESSES)) for number in range(PROCESSES)]
    children = [
        forked.Process(target=_process, args=(way, campaign_id, share, seconds, teller), daemon=True)
        for share, (_, teller) in zip(shares, pipes, strict=True)
        if share
    ]
    for child in children:
        child.start()
    taken = [hearer.recv() for hearer, _ in pipes[: len(children)]]
    for child in children:
        child.join()
    return sum(taken)


def _process(way: str, campaign_id: UUID, threads: int, seconds: float, teller) -> None:
    gate = threading.Barrier(threads)
    counts = [0.0] * threads
    workers = [threading.Thread(target=_agent, args=(way, campaign_id, seconds, gate, counts, number)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    teller.send(sum(counts))


def _agent(way: str, campaign_id: UUID, seconds: float, gate: threading.Barrier, counts: list[float], number: int) -> None:
    from django.db import connection

    from campaigns import handout
    from campaigns.models import Target
    from config.platform.models import User

    user, _ = User.objects.get_or_create(username="dialler", defaults={"role": "integration", "surname": "Dialler"})
    clocks = Target.objects.filter(campaign=campaign_id).values_list("clocks", flat=True).first()

    def ours() -> bool:
        return bool(handout.lease_batch(campaign_id, by=user, most=1, now=NOW))

    def bare() -> bool:
        from django.db import transaction

        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(BARE_NEXT, [campaign_id, clocks])
            row = cursor.fetchone()
            if row:
                cursor.execute(BARE_TAKE, [row[0]])
        return bool(row)

    take = ours if way == "ours" else bare
    take()
    gate.wait()
    began, done = time.perf_counter(), 0
    while time.perf_counter() - began < seconds and take():
        done += 1
    counts[number] = done / (time.perf_counter() - began)
    connection.close()


def _plan(campaign) -> None:
    """How PostgreSQL finds the next one."""
    from django.db import connection

    from campaigns import choosing

    with connection.cursor() as cursor:
        for name, sql, values in (
            ("the kinds of clocks", choosing.KEYS, {"campaign": campaign.pk}),
            (
                "those to wake",
                "SELECT id FROM campaigns_target WHERE campaign_id = %s AND NOT is_ready AND state IN ('pending', 'retry_wait') AND next_attempt_at <= %s ORDER BY next_attempt_at LIMIT 500",
                [campaign.pk, NOW],
            ),
            ("the next", BARE_NEXT, [campaign.pk, choosing.keys(campaign)[0]]),
        ):
            cursor.execute("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) " + sql, values)
            say(f"--- {name}\n" + "\n".join(row[0] for row in cursor.fetchall()))


if __name__ == "__main__":
    sys.exit(main())
