"""Complaints in figures: what is open, what became of what came in, why it came about, what it cost. Each report is one statement.

A period is of whole days of a zone. Whatever is counted is read from the rows as they are now; nothing is kept beside them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from django.conf import settings
from django.db import connection

from calls import intervals
from calls.wallboard import Tile
from complaints.models import RootCause
from complaints.models.complaints import OPEN, Channel, Kind, Severity
from config.platform.models import Role, User
from config.platform.sharing import shared
from crm import contact_rows
from crm.models import Department, Product, Topic

#: Open ones are told apart by their age in days: under one, one to under three …, thirty and more.
BANDS = (0, 1, 3, 7, 14, 30)
MOST = 500
IS_OPEN = "c.status IN ({})".format(", ".join(f"'{status}'" for status in sorted(OPEN)))
IS_BREACHED = "(c.breached_at IS NOT NULL OR c.due_at <= %(now)s)"
AMONG = """ AND (%(departments)s::uuid[] IS NULL OR c.department_id = ANY(%(departments)s::uuid[]))
    AND (%(kind)s = '' OR c.kind = %(kind)s)"""
RECEIVED = f"c.received_at >= %(since)s AND c.received_at < %(until)s{AMONG}"
#: What lines may be of, and the column that names it.
BY = {
    "": "", "department": "c.department_id", "topic": "c.topic_id", "product": "c.product_id", "kind": "c.kind",
    "channel": "c.channel", "severity": "c.severity",
}  # fmt: skip
LABELS: dict[str, dict[Any, Any]] = {"kind": dict(Kind.choices), "channel": dict(Channel.choices), "severity": dict(Severity.choices)}
NAMED: dict[str, Any] = {"department": Department, "topic": Topic, "product": Product, "root_cause": RootCause}


@dataclass(frozen=True)
class Asked:
    """What a report is of: an interval, departments (None: all), a kind (empty: all)."""

    since: datetime
    until: datetime
    departments: Sequence[UUID] | None = None
    kind: str = ""

    @property
    def values(self) -> dict[str, Any]:
        """For the statements."""
        departments = None if self.departments is None else [str(one) for one in self.departments]
        return {"since": self.since, "until": self.until, "departments": departments, "kind": self.kind}


def period(since: date, until: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first moment of ``since``, and the first after ``until``.

    Raises:
        PeriodUnusable
    """
    first, last = intervals.edges(since, until, "none", zone)
    return first, last


def departments_for(user: User, department: UUID | None) -> list[UUID] | None:
    """The departments whose figures somebody gets when they ask for one and those beneath it, or for all; None: no limit."""
    wanted = beneath(department) if department is not None else None
    if user.role != Role.BACK_OFFICE:
        return wanted
    own = set(user.departments.values_list("pk", flat=True))
    return sorted(own if wanted is None else own.intersection(wanted))


def beneath(department: UUID) -> list[UUID]:
    """A department and all beneath it: there are some dozens, so the tree is read at once."""
    children: dict[UUID | None, list[UUID]] = {}
    for pk, parent in Department.objects.values_list("pk", "parent_id"):
        children.setdefault(parent, []).append(pk)
    found = [department]
    for one in found:
        found += [child for child in children.get(one, ()) if child not in found]
    return found


# --- open
def open_by_age(asked: Asked, *, now: datetime) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Open complaints of each department by their age, and all together; those with the most first."""
    sql = f"""
        SELECT c.department_id, width_bucket(%(now)s - c.received_at, %(ages)s::interval[]), count(*), count(*) FILTER (WHERE {IS_BREACHED}),
            count(*) FILTER (WHERE c.due_at > %(now)s AND c.due_at <= %(soon)s), count(*) FILTER (WHERE c.assignee_id IS NULL),
            min(c.received_at)
        FROM complaints_complaint c WHERE {IS_OPEN}{AMONG} GROUP BY 1, 2
    """  # noqa: S608 (constants are formatted in)
    ages = [timedelta(days=days) for days in BANDS[1:]]
    found: dict[UUID | None, dict[str, Any]] = {}
    total = _aged(None)
    for department, band, *counts in rows_of(sql, asked.values | {"now": now, "soon": now + timedelta(hours=1), "ages": ages}):
        for line in (total, found.setdefault(department, _aged(department))):
            _add_aged(line, band, counts)
    lines = sorted(found.values(), key=lambda line: (-line["open"], str(line["department"])))
    return named(lines, "department"), {name: value for name, value in total.items() if name != "department"}


def _aged(department: UUID | None) -> dict[str, Any]:
    ends = (*BANDS[1:], None)
    return {
        "department": department, "open": 0, "breached": 0, "due_within_hour": 0, "unassigned": 0, "oldest_at": None,
        "bands": [{"from_days": start, "until_days": end, "open": 0, "breached": 0} for start, end in zip(BANDS, ends, strict=True)],
    }  # fmt: skip


def _add_aged(line: dict[str, Any], band: int, counts: Sequence[Any]) -> None:
    *many, oldest = counts
    for name, value in zip(("open", "breached", "due_within_hour", "unassigned"), many, strict=True):
        line[name] += value
    line["oldest_at"] = min(filter(None, (line["oldest_at"], oldest)), default=None)
    line["bands"][band]["open"] += many[0]
    line["bands"][band]["breached"] += many[1]


# --- what became of it
OUTCOMES = f"""
SELECT {{line}}, count(*) AS received,
    count(*) FILTER (WHERE {IS_OPEN}) AS open,
    count(*) FILTER (WHERE c.status IN ('resolved', 'closed')) AS resolved,
    count(*) FILTER (WHERE c.solved_on_call) AS solved_on_call,
    count(*) FILTER (WHERE c.status = 'rejected') AS rejected,
    count(*) FILTER (WHERE c.status = 'withdrawn') AS withdrawn,
    count(*) FILTER (WHERE c.status = 'duplicate') AS duplicate,
    count(*) FILTER (WHERE c.decision = 'upheld') AS upheld,
    count(*) FILTER (WHERE c.decision = 'partly_upheld') AS partly_upheld,
    count(*) FILTER (WHERE c.decision = 'not_upheld') AS not_upheld,
    count(*) FILTER (WHERE c.resolved_at IS NOT NULL OR c.reopened_count > 0) AS answered,
    count(*) FILTER (WHERE c.reopened_count > 0) AS reopened,
    coalesce(sum(c.reopened_count), 0)::int AS times_reopened,
    count(*) FILTER (WHERE c.ping_pongs > 0) AS came_back,
    count(*) FILTER (WHERE {IS_BREACHED}) AS breached
FROM complaints_complaint c WHERE {RECEIVED}
GROUP BY {{grouping}} ORDER BY is_total DESC, received DESC, grouped LIMIT {MOST + 1}
"""  # noqa: S608 (constants are formatted in)


def outcomes(asked: Asked, *, by: str = "", now: datetime) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """What became of the complaints that were received in the interval, in lines and all together; at most 500 lines, the biggest."""
    lines, total = [], {}
    for line in dicts(OUTCOMES.format(**by_lines(BY[by])), asked.values | {"now": now}):
        line["reopened_share"] = share(line["reopened"], line["answered"])
        line["breached_share"] = share(line["breached"], line["received"])
        if line.pop("is_total"):
            total = {name: value for name, value in line.items() if name != "grouped"}
        elif by:
            lines.append({by: line.pop("grouped"), **line})
    return named(lines, by), total


# --- why
def root_causes(asked: Asked) -> dict[str, Any]:
    """Why complaints of the interval came about, the most frequent cause first, with the share of it and of all before it (Pareto)."""
    sql = f"""
        SELECT c.root_cause_id AS root_cause, count(*) AS complaints
        FROM complaints_complaint c WHERE {RECEIVED} AND c.status <> 'duplicate' GROUP BY 1 ORDER BY 2 DESC, 1
    """  # noqa: S608 (constants are formatted in)
    rows = dicts(sql, asked.values)
    causes = [row for row in rows if row["root_cause"] is not None]
    whole, so_far = sum(row["complaints"] for row in causes), 0
    for row in causes:
        so_far += row["complaints"]
        row |= {"share": share(row["complaints"], whole), "cumulative_share": share(so_far, whole)}
    without = sum(row["complaints"] for row in rows if row["root_cause"] is None)
    return {"results": named(causes, "root_cause"), "with_cause": whole, "without_cause": without}


# --- what it cost
def redress(asked: Asked) -> list[dict[str, Any]]:
    """What was given for the complaints that were resolved in the interval, by kind and currency."""
    sql = f"""
        SELECT c.redress, CASE WHEN c.redress_amount IS NULL THEN '' ELSE c.currency END AS currency, count(*) AS complaints,
            sum(c.redress_amount) AS amount, round(avg(c.redress_amount), 2) AS mean, max(c.redress_amount) AS highest
        FROM complaints_complaint c
        WHERE c.resolved_at >= %(since)s AND c.resolved_at < %(until)s AND c.status IN ('resolved', 'closed') AND c.redress <> ''{AMONG}
        GROUP BY 1, 2 ORDER BY 2, 4 DESC NULLS LAST, 1
    """  # noqa: S608 (constants are formatted in)
    return dicts(sql, asked.values)


# --- who complains again
def repeated(asked: Asked, *, at_least: int, limit: int = 100) -> tuple[list[dict[str, Any]], int]:
    """Contacts with so many complaints received in the interval or more, those with the most first; and how many such contacts there are."""
    sql = f"""
        SELECT c.contact_id AS contact, count(*) AS complaints, count(*) FILTER (WHERE {IS_OPEN}) AS open,
            count(DISTINCT c.topic_id) AS topics, min(c.received_at) AS first_at, max(c.received_at) AS last_at, count(*) OVER () AS contacts
        FROM complaints_complaint c
        WHERE {RECEIVED} AND c.contact_id IS NOT NULL AND c.status <> 'duplicate' AND c.kind IN ('complaint', 'claim')
        GROUP BY 1 HAVING count(*) >= %(at_least)s ORDER BY 2 DESC, 6 DESC, 1 LIMIT %(limit)s
    """  # noqa: S608 (constants are formatted in)
    rows = dicts(sql, asked.values | {"at_least": at_least, "limit": limit})
    names = {row["id"]: row["display_name"] for row in contact_rows.show([row["contact"] for row in rows])}
    contacts = rows[0]["contacts"] if rows else 0
    return [{name: value for name, value in row.items() if name != "contacts"} | {"name": names[row["contact"]]} for row in rows], contacts


# --- used by all
def by_lines(column: str) -> dict[str, str]:
    """How a statement gives lines of a column and a total, which comes first; without a column the total alone."""
    if not column:
        return {"line": "NULL AS grouped, 1 AS is_total", "grouping": "()"}
    return {"line": f"{column} AS grouped, GROUPING({column}) AS is_total", "grouping": f"GROUPING SETS (({column}), ())"}


def share(part: float, whole: float) -> float | None:
    """0 to 1, of four digits; None of nothing."""
    return round(part / whole, 4) if whole else None


def named(lines: list[dict[str, Any]], by: str) -> list[dict[str, Any]]:
    """The same lines with what people call the things that they are of."""
    if not by or by in LABELS:
        return [line | {"name": LABELS[by].get(line[by], "")} for line in lines] if by else lines
    ids = {line[by] for line in lines if line[by]}
    names = people(ids) if by == "agent" else dict(NAMED[by].objects.filter(pk__in=ids).values_list("pk", "name"))
    return [line | {"name": names.get(line[by], "")} for line in lines]


def people(ids: Iterable[UUID]) -> dict[UUID, str]:
    """What people are called."""
    return {user.pk: user.get_full_name() for user in User.objects.filter(pk__in=ids)}


def rows_of(sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def dicts(sql: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows by the names of their columns."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


# --- the wallboard
NOW = f"""
SELECT count(*), count(*) FILTER (WHERE {IS_BREACHED}), count(*) FILTER (WHERE c.due_at > %(now)s AND c.due_at <= %(soon)s)
FROM complaints_complaint c WHERE {IS_OPEN}
"""  # noqa: S608 (constants are formatted in)
EMPTY = {"open": 0, "breached": 0, "due_within_hour": 0}


def tile(now: datetime, zone: ZoneInfo) -> Tile:
    """Registered with ``calls.wallboard.tiles``: how many are open, late, and due within the hour. A complaint has no queue.

    Looked at ten times less often than the queues: it changes slowly, and there may be very many.
    """
    kept = shared("wallboard:complaints", lambda: orjson.dumps(_standing(now)), fresh_s=10 * settings.WALLBOARD_KEPT_S)
    return Tile(EMPTY, {}, orjson.loads(kept))


def _standing(now: datetime) -> dict[str, int]:
    (counts,) = rows_of(NOW, {"now": now, "soon": now + timedelta(hours=1)})
    return dict(zip(EMPTY, counts, strict=True))
