"""Rollups stay equal to a recount of the calls: whatever changed is marked by triggers, and counted again from the calls here.

Marks are of quarters of an hour; what is counted again is the hour they are in. A report may read the rollup of a time that has no mark;
for one that has it reads the calls, so that it is right at once. Why that is exact: a mark becomes visible with the change it stands
for, and goes away with the new count, which was made after the mark was taken. The marks of an hour are taken by one worker at a time
(an advisory lock until its transaction ends). Whoever is killed leaves the marks as they were.
"""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, connection, transaction

from calls import figures
from calls.models import AgentRollup, QueueRollup, RollupMark, RollupReach, TopicRollup

logger = logging.getLogger(__name__)
QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)
AT_ONCE = 24
EXPAND_AT_ONCE = 1_000
#: The advisory lock of those who count (shared) against those who change a queue's limits: the trigger takes it whole.
LIMITS = (7411, 0)
BUCKET = 7412
ALWAYS = datetime(1, 1, 1, tzinfo=UTC)
TABLES = {"queue": QueueRollup, "agent": AgentRollup, "topic": TopicRollup}
#: The function that says which row of a rollup a moment is in, and how long that is.
GRAINS = {"queue": ("calls_quarter", QUARTER), "agent": ("calls_hour", HOUR), "topic": ("calls_hour", HOUR)}
#: What a rollup tells apart.
COLUMNS = {"queue": "direction, queue", "agent": "direction, queue, agent_id", "topic": "direction, queue, topic_id"}

MARKED = "SELECT calls_hour(bucket_at) FROM calls_rollupmark WHERE bucket_at IS NOT NULL GROUP BY 1 ORDER BY 1 DESC LIMIT %s"
#: In numbers of four bytes: hours since 1970, which last longer than the calendar.
MINE = (
    "SELECT at FROM unnest(%s::timestamptz[]) AS at WHERE pg_try_advisory_xact_lock(%s, (extract(epoch FROM at) / 3600)::int) ORDER BY at"
)
TAKE_CONTACTS = """
DELETE FROM calls_rollupmark WHERE id IN (
    SELECT id FROM calls_rollupmark WHERE contact_id IS NOT NULL ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
) RETURNING contact_id, at
"""
#: The quarters of earlier calls of these contacts that a later call may make repeated.
EARLIER = """
SELECT DISTINCT calls_quarter(c.started_at) AS bucket_at FROM {0} m JOIN calls_call c
    ON c.contact_id = m.contact_id AND c.started_at < m.at AND c.started_at >= m.at - %(first_contact_days)s * interval '24 hours'
WHERE EXISTS (SELECT FROM calls_call_topics t WHERE t.call_id = c.id)
"""
AMONG = (
    "SELECT c.* FROM unnest(%(hours)s::timestamptz[]) AS h JOIN calls_call c ON c.started_at >= h AND c.started_at < h + interval '1 hour'"
)
IN_HOURS = "bucket_at IN (SELECT h + q * interval '15 minutes' FROM unnest(%(hours)s::timestamptz[]) AS h, generate_series(0, 3) AS q)"


def sweep(*, limit: int = 500) -> int:
    """Count again what is marked, newest first, then reach further back into the past; answers how many hours were counted.

    Safe in any number of workers: hours in another's hands are passed over, and counting twice gives the same.
    """
    done = 0
    while expand() == EXPAND_AT_ONCE:
        pass
    while done < limit:
        with connection.cursor() as cursor:
            cursor.execute(MARKED, [AT_ONCE])
            marked = [at for (at,) in cursor.fetchall()]
        counted = recount(marked) if marked else 0
        done += counted
        is_more = counted > 0 if len(marked) == AT_ONCE else reach_back()
        if not is_more:
            break
    return done


@transaction.atomic
def expand() -> int:
    """Make marks of quarters of the marks of contacts; answers how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE_CONTACTS, [EXPAND_AT_ONCE])
        taken = cursor.fetchall()
        if taken:
            # its own statement: it sees whatever was committed before the marks were taken
            cursor.execute(
                f"INSERT INTO calls_rollupmark (bucket_at) {EARLIER.format('(SELECT * FROM unnest(%(who)s::uuid[], %(at)s::timestamptz[]) AS m (contact_id, at))')}",  # noqa: S608
                {
                    "who": [str(who) for who, _ in taken],
                    "at": [at for _, at in taken],
                    "first_contact_days": settings.FIRST_CONTACT_DAYS,
                },
            )
    return len(taken)


def recount(hours: Sequence[datetime]) -> int:
    """Count these hours (of UTC) again, but for those in another's hands; answers how many were counted.

    One that cannot be counted keeps its marks and does not stop the others.
    """
    try:
        return _recount(hours)
    except DatabaseError:
        if len(hours) == 1:
            logger.exception("hour_not_counted", extra={"at": hours[0].isoformat()})
            return 0
    return sum(recount([hour]) for hour in hours)


@transaction.atomic
def _recount(hours: Sequence[datetime]) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", LIMITS)
        cursor.execute(MINE, [list(hours), BUCKET])
        mine = [at for (at,) in cursor.fetchall()]
        if not mine:
            return 0
        values = {"hours": mine, "first_contact_days": settings.FIRST_CONTACT_DAYS}
        cursor.execute(f"DELETE FROM calls_rollupmark WHERE {IN_HOURS}", values)  # noqa: S608
        for model in TABLES.values():
            cursor.execute(f"DELETE FROM {model._meta.db_table} WHERE {IN_HOURS}", values)  # noqa: S608
        # its own statement: it sees whatever the marks that were taken stand for
        cursor.execute(_counts(), values)
    return len(mine)


def _counts() -> str:
    """Insert the counts of ``%(hours)s`` into every rollup: one statement, for what it costs is to look at the calls."""
    parts = [f"WITH {figures.calls_of(AMONG)}", figures.lines("counted", by_topic=False), figures.lines("counted_by_topic", by_topic=True)]
    parts += [
        f"{name}_rows AS (INSERT INTO {model._meta.db_table} (bucket_at, {COLUMNS[name]}, {', '.join(figures.COUNTS)}) "
        f"{_anew(name, 'counted_by_topic' if name == 'topic' else 'counted')})"
        for name, model in TABLES.items()
    ]
    return ", ".join(parts) + " SELECT 1"


def _anew(name: str, lines: str = "counted") -> str:
    """The rows of a rollup, from the lines of calls or of their topics."""
    return (
        f"SELECT {GRAINS[name][0]}(started_at) AS bucket_at, {COLUMNS[name]}, {figures.SUMS.format('')} FROM {lines} "  # noqa: S608
        f"GROUP BY {GRAINS[name][0]}(started_at), {COLUMNS[name]}"
    )


@transaction.atomic
def reach_back() -> bool:
    """Let the rollups go one stretch further into the past; answers whether there was anything left that had not been counted.

    The border moves and the quarters behind it are marked in one transaction: they are counted like any others.
    """
    if not RollupReach.objects.exists():
        RollupReach.objects.bulk_create([RollupReach(pk=1, since=datetime(9999, 1, 1, tzinfo=UTC))], ignore_conflicts=True)
    reach = RollupReach.objects.select_for_update(skip_locked=True).first()
    if reach is None or reach.since == ALWAYS:
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT calls_hour(max(started_at)) FROM calls_call WHERE started_at < %s", [reach.since])
        newest = cursor.fetchone()[0]
    if newest is None:
        # Calls that begin earlier and are not committed yet bring their own marks.
        reach.since = ALWAYS
    else:
        reach.since = newest - (AT_ONCE - 1) * HOUR
        RollupMark.objects.bulk_create([RollupMark(bucket_at=reach.since + step * QUARTER) for step in range(4 * AT_ONCE)])
    reach.save()
    return newest is not None


@transaction.atomic
def forget(since: datetime | None = None) -> None:
    """Let everything be counted anew, from ``since`` or from the beginning: after the rules of counting changed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", LIMITS)
        cursor.execute(
            "INSERT INTO calls_rollupmark (bucket_at) SELECT DISTINCT calls_quarter(started_at) FROM calls_call WHERE started_at >= %s",
            [since or ALWAYS],
        )
        cursor.execute(
            "INSERT INTO calls_rollupmark (bucket_at) SELECT DISTINCT bucket_at FROM calls_queuerollup WHERE bucket_at >= calls_quarter(%s)",
            [since or ALWAYS],
        )


def differences(since: datetime, until: datetime) -> list[str]:
    """Where rollups that no mark excuses differ from a recount of the calls, in whole hours from ``since``. Nothing is written."""
    until = since + -(-(until - since) // HOUR) * HOUR
    found = []
    with transaction.atomic(), connection.cursor() as cursor:
        for name, model in TABLES.items():
            cursor.execute(
                f"""
                WITH excused AS MATERIALIZED (SELECT {GRAINS[name][0]}(bucket_at) AS bucket_at FROM (
                    SELECT bucket_at FROM calls_rollupmark WHERE bucket_at IS NOT NULL
                    UNION {EARLIER.format("(SELECT contact_id, at FROM calls_rollupmark WHERE contact_id IS NOT NULL)")}
                ) marked), reach AS MATERIALIZED (SELECT coalesce(max(since), 'infinity') AS since FROM calls_rollupreach),
                {figures.per_call("SELECT * FROM calls_call WHERE started_at >= %(since)s AND started_at < %(until)s", by_topic=name == "topic")},
                anew AS ({_anew(name)}),
                kept AS (SELECT bucket_at, {COLUMNS[name]}, {", ".join(figures.COUNTS)} FROM {model._meta.db_table}
                    WHERE bucket_at >= %(since)s AND bucket_at < %(until)s)
                SELECT DISTINCT bucket_at FROM (
                    (SELECT * FROM anew EXCEPT ALL SELECT * FROM kept) UNION ALL (SELECT * FROM kept EXCEPT ALL SELECT * FROM anew)
                ) differ WHERE bucket_at >= (SELECT since FROM reach) AND bucket_at NOT IN (SELECT bucket_at FROM excused) ORDER BY 1
                """,  # noqa: S608
                {"since": since, "until": until, "first_contact_days": settings.FIRST_CONTACT_DAYS},
            )
            found += [f"{name} {at:%Y-%m-%d %H:%M}Z" for (at,) in cursor.fetchall()]
    return found
