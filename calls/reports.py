"""Reports by interval: from the rollups where they are whole and clean, from the calls themselves where they are not, in one statement.

What differs from a recount is a defect, at any moment: see calls.rollups for why there is none.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from calls import figures, intervals, occupancy
from calls.intervals import ReportTooLarge
from calls.models import Queue
from calls.rollups import EARLIER, GRAINS, TABLES
from config.platform.models import User
from crm.models import Topic

GROUPS = {"queue": "queue", "agent": "agent_id", "topic": "topic_id", "direction": "direction"}

# What is marked is not read from the rollups, nor a row that an edge cuts: its calls belong to two intervals.
DIRTY = f"""
    reach AS MATERIALIZED (SELECT coalesce(max(since), 'infinity') AS since FROM calls_rollupreach),
    dirty AS MATERIALIZED (
        SELECT DISTINCT {{bin}}(bucket_at) AS bucket_at FROM (
            SELECT bucket_at FROM calls_rollupmark WHERE bucket_at >= calls_hour(%(since)s) AND bucket_at < calls_hour(%(until)s) + interval '1 hour'
            UNION ALL {EARLIER.format("(SELECT contact_id, at FROM calls_rollupmark WHERE contact_id IS NOT NULL)")}
            UNION ALL SELECT at FROM unnest(%(edges)s::timestamptz[]) AS at WHERE {{bin}}(at) <> at
        ) marked WHERE {{bin}}(bucket_at) >= {{bin}}(%(since)s) AND {{bin}}(bucket_at) < %(until)s
    )
"""  # noqa: S608 (a constant is formatted in)
WHOLE = "SELECT c.* FROM calls_call c WHERE c.started_at >= %(since)s AND c.started_at < %(until)s{filters}"
BEFORE = (
    "SELECT c.* FROM calls_call c WHERE c.started_at >= %(since)s AND c.started_at < least(%(until)s, (SELECT since FROM reach)){filters}"
)
MARKED = """
    UNION ALL SELECT c.* FROM dirty d JOIN calls_call c ON c.started_at >= greatest(d.bucket_at, %(since)s, (SELECT since FROM reach))
        AND c.started_at < least(d.bucket_at + %(length)s, %(until)s) WHERE true{filters}
"""
KEPT = """
    SELECT {line} FROM {table} WHERE bucket_at >= greatest(%(since)s, (SELECT since FROM reach)) AND bucket_at < %(until)s
        AND bucket_at NOT IN (SELECT bucket_at FROM dirty){filters} GROUP BY 1, 2
"""


@dataclass(frozen=True)
class Asked:
    """What a report is asked for. Days count whole, as the zone counts them."""

    since: date
    until: date
    zone: ZoneInfo
    interval: str = "1d"
    group_by: str = ""
    queue: str | None = None
    agent: UUID | None = None
    topic: UUID | None = None
    direction: str = ""


@dataclass
class Line:
    """The figures of one interval, and of one queue, agent, topic or direction if the report tells them apart."""

    since: datetime
    until: datetime
    group: Any = None
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(figures.COUNTS, 0))
    hours: occupancy.Hours | None = None

    def add(self, other: "Line") -> None:
        """Take another line into this one."""
        for name, value in other.counts.items():
            self.counts[name] = max(self.counts[name], value) if name == figures.LONGEST else self.counts[name] + value
        if other.hours is not None:
            self.hours = other.hours if self.hours is None else self.hours + other.hours


@dataclass
class Report:
    """A report. ``edges`` are where the intervals meet; ``lines`` in the order of time, then of the group."""

    asked: Asked
    edges: list[datetime]
    lines: list[Line]
    totals: Line
    names: dict[str, str]


def make(asked: Asked, *, now: datetime) -> Report:
    """Count the calls that began in the days asked for; without a group there is a line for every interval, also an empty one.

    Raises:
        PeriodUnusable, ReportTooLarge
    """
    edges = intervals.edges(asked.since, asked.until, asked.interval, asked.zone)
    counted = count(asked, edges)
    spans = list(itertools.pairwise(edges))
    found: dict[tuple[int, Any], Line] = {}
    for number, group, *counts in counted:
        found[number, group] = Line(spans[number][0], spans[number][1], group, dict(zip(figures.COUNTS, counts, strict=True)))
    if asked.group_by:
        _add_hours(found, asked, edges, now=now)
    else:
        for number, (since, until) in enumerate(spans):
            found.setdefault((number, None), Line(since, until))
        if asked.agent is not None:
            _add_hours(found, asked, edges, now=now)
    lines = [found[key] for key in sorted(found, key=lambda key: (key[0], key[1] is None, str(key[1])))]
    if len(lines) > intervals.MOST:
        raise _too_large()
    totals = Line(edges[0], edges[-1])
    for line in lines:
        totals.add(line)
    if asked.group_by == "topic":
        # a call with two topics is in two lines and counts once in all
        whole = count(Asked(**{**asked.__dict__, "group_by": "", "interval": "none"}), [edges[0], edges[-1]])
        totals.counts = dict(zip(figures.COUNTS, whole[0][2:], strict=True)) if whole else Line(edges[0], edges[-1]).counts
    return Report(asked, edges, lines, totals, _names(asked.group_by, [line.group for line in lines]))


def _too_large() -> ReportTooLarge:
    return ReportTooLarge(f"The report would have more than {intervals.MOST} lines: take longer intervals, fewer days, or a filter.")


def _add_hours(found: dict[tuple[int, Any], Line], asked: Asked, edges: Sequence[datetime], *, now: datetime) -> None:
    """How long agents were there, to the lines of agents; who was there and took no call has a line of their own."""
    if asked.group_by not in ("agent", "") or asked.queue is not None or asked.topic is not None or asked.direction:
        return  # nobody is there for one queue alone: the share would be of another's time
    for (number, agent), hours in occupancy.of_agents(edges, agent=asked.agent, now=now).items():
        key = (number, agent if asked.group_by else None)
        line = found.setdefault(key, Line(edges[number], edges[number + 1], key[1]))
        line.hours = hours


def count(asked: Asked, edges: Sequence[datetime]) -> list[tuple[Any, ...]]:
    """The number of the interval, the group, and every one of ``figures.COUNTS``. One statement.

    Raises:
        ReportTooLarge
    """
    sql, values = statement(asked, edges)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows = cursor.fetchall()
    if len(rows) > intervals.MOST:
        raise _too_large()
    return rows


def statement(asked: Asked, edges: Sequence[datetime]) -> tuple[str, dict[str, Any]]:
    """The statement that counts, and its values."""
    scope = _scope(asked)
    grain, length = GRAINS[scope or "queue"]
    group = GROUPS.get(asked.group_by, "NULL::text")
    columns = _columns(asked)
    filters = "".join(f" AND {column} = %({name})s" for name, column in columns)
    on_calls = "".join(f" AND c.{column} = %({name})s" for name, column in columns if name != "topic")
    among = (BEFORE if scope else WHOLE).format(filters=on_calls) + (MARKED.format(filters=on_calls) if scope else "")
    counted = figures.per_call(among, by_topic=asked.group_by == "topic" or asked.topic is not None)
    line = f"width_bucket({{0}}, %(edges)s::timestamptz[]) - 1 AS number, {group} AS grouped, {figures.SUMS.format('')}"
    kept = f"UNION ALL {KEPT.format(line=line.format('bucket_at'), table=TABLES[scope]._meta.db_table, filters=filters)}" if scope else ""
    sql = f"""
        WITH {DIRTY.format(bin=grain)}, {counted}
        SELECT number, grouped, {figures.SUMS.format("")} FROM (
            SELECT {line.format("started_at")} FROM counted WHERE true{filters} GROUP BY 1, 2 {kept}
        ) parts GROUP BY 1, 2 ORDER BY 1, 2 LIMIT {intervals.MOST + 1}
    """  # noqa: S608 (constants and names of columns are formatted in, values are given)
    values = {
        "edges": list(edges),
        "since": edges[0],
        "until": edges[-1],
        "length": length,
        "queue": asked.queue,
        "agent": str(asked.agent) if asked.agent else None,
        "topic": str(asked.topic) if asked.topic else None,
        "direction": asked.direction,
        "first_contact_days": settings.FIRST_CONTACT_DAYS,
    }
    return sql, values


def _scope(asked: Asked) -> str:
    """Which rollup tells apart what is asked for; empty: none does, and an agent's calls are few enough to be looked at."""
    is_by_topic = asked.group_by == "topic" or asked.topic is not None
    is_by_agent = asked.group_by == "agent" or asked.agent is not None
    if is_by_topic and is_by_agent:
        return ""
    return "topic" if is_by_topic else "agent" if is_by_agent else "queue"


def _columns(asked: Asked) -> list[tuple[str, str]]:
    """What is filtered by: the names of the values and of the columns."""
    given = {"queue": asked.queue, "agent": asked.agent, "topic": asked.topic, "direction": asked.direction or None}
    return [(name, GROUPS[name]) for name, value in given.items() if value is not None]


def _names(group_by: str, groups: Sequence[Any]) -> dict[str, str]:
    """What people call the groups."""
    ids = {group for group in groups if group}
    if not ids:
        return {}
    if group_by == "queue":
        return dict(Queue.objects.filter(slug__in=ids).values_list("slug", "name"))
    if group_by == "agent":
        return {str(user.pk): user.get_full_name() for user in User.objects.filter(pk__in=ids)}
    if group_by == "topic":
        return {str(pk): name for pk, name in Topic.objects.filter(pk__in=ids).values_list("pk", "name")}
    return {}


def share(part: float, whole: float) -> float | None:
    """0 to 1, of four digits; None of nothing."""
    return round(part / whole, 4) if whole else None


def mean_s(total_ms: int, many: int) -> float | None:
    """Seconds; None of nothing."""
    return round(total_ms / many / 1000, 1) if many else None


def rates(counts: Mapping[str, int]) -> dict[str, float | None]:
    """The formulas: shares from 0 to 1, times in seconds, None where the denominator is nothing."""
    return {
        "service_level": share(counts["in_time"], counts["answered"] + counts["abandoned"]),
        "abandon_share": share(counts["abandoned"], counts["offered"]),
        "asa_s": mean_s(counts["wait_ms"], counts["waits"]),
        "longest_wait_s": round(counts["longest_wait_ms"] / 1000, 1) if counts["offered"] else None,
        "aht_s": mean_s(counts["talk_ms"] + counts["hold_ms"] + counts["wrap_ms"], counts["handled"]),
        "talk_mean_s": mean_s(counts["talk_ms"], counts["handled"]),
        "hold_mean_s": mean_s(counts["hold_ms"], counts["handled"]),
        "wrap_mean_s": mean_s(counts["wrap_ms"], counts["handled"]),
        "fcr": share(counts["first_contacts"] - counts["repeated"], counts["first_contacts"]),
        "contact_rate": share(counts["reached"], counts["attempts"]),
    }


def first_contact_days() -> int:
    """After so many days without a further call a matter was solved at once."""
    return int(settings.FIRST_CONTACT_DAYS)


def settled_until(now: datetime) -> datetime:
    """Before this, nothing but a correction changes ``fcr`` any more."""
    return now - timedelta(days=settings.FIRST_CONTACT_DAYS)


def shown(line: Line) -> dict[str, Any]:
    """All figures of a line by the names that people read: counts, then what the formulas make of them."""
    counts, hours = line.counts, line.hours
    return {
        **{name: counts[name] for name in ("calls", "offered", "answered", "in_time", "abandoned", "short_abandons")},
        "lost_otherwise": counts["offered"] - counts["answered"] - counts["abandoned"] - counts["short_abandons"],
        **{name: counts[name] for name in ("attempts", "reached", "handled", "transfers", "first_contacts")},
        **rates(counts),
        **{f"{name}_s": round(counts[f"{name}_ms"] / 1000, 1) for name in ("talk", "hold", "wrap")},
        "worked_s": round(hours.worked_s, 1) if hours else None,
        "available_s": round(hours.available_s, 1) if hours else None,
        "occupancy": hours.occupancy if hours else None,
    }
