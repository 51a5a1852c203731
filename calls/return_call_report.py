"""Return calls in figures: how many came to be in an interval and what became of them, by queue, department or person. One statement."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, Q

from calls.models import ReturnCall
from calls.models.return_calls import OWED
from calls.wallboard import Tile

#: What a line is of, and the column that names it.
BY = {"queue": "r.queue", "department": "r.department_id", "agent": "r.closed_by_id"}
IS_OWED = "r.status IN ({})".format(", ".join(f"'{status}'" for status in OWED))
FIGURES = f"""
    count(*) FILTER (WHERE r.cancelled_because <> 'was_answered') AS opened,
    COALESCE(sum(r.times_called), 0)::int AS calls,
    count(*) FILTER (WHERE r.status = 'done') AS done,
    count(*) FILTER (WHERE r.status = 'auto_closed' AND c.direction = 'inbound') AS called_again,
    count(*) FILTER (WHERE r.status = 'auto_closed' AND c.direction <> 'inbound') AS called_back,
    count(*) FILTER (WHERE r.status = 'expired') AS expired,
    count(*) FILTER (WHERE r.status = 'cancelled' AND r.cancelled_because <> 'was_answered') AS cancelled,
    count(*) FILTER (WHERE r.cancelled_because = 'was_answered') AS taken_back,
    count(*) FILTER (WHERE {IS_OWED}) AS still_open,
    count(*) FILTER (WHERE {IS_OWED} AND r.due_at < %(now)s) AS overdue,
    count(*) FILTER (WHERE r.response_s IS NOT NULL AND r.settled_at <= r.due_at) AS in_time,
    round(percentile_cont(0.5) WITHIN GROUP (ORDER BY r.response_s)::numeric, 1)::float8 AS response_median_s,
    round(percentile_cont(0.9) WITHIN GROUP (ORDER BY r.response_s)::numeric, 1)::float8 AS response_p90_s
"""
SQL = """
SELECT {column} AS name, GROUPING({column}) AS is_total, {figures}
FROM calls_returncall r LEFT JOIN calls_call c ON c.id = r.closed_by_call_id
WHERE r.first_call_at >= %(since)s AND r.first_call_at < %(until)s
GROUP BY GROUPING SETS (({column}), ()) ORDER BY is_total, opened DESC, name
"""


def figures(
    since: datetime, until: datetime, *, by: Literal["queue", "department", "agent"] = "queue", now: datetime
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The lines, those with the most first, and the total of the return calls whose first call was in the interval.

    ``opened`` is what became of them added up: done, called_again, called_back, expired, cancelled, still_open.
    """
    sql = SQL.format(column=BY[by], figures=FIGURES)
    with connection.cursor() as cursor:
        cursor.execute(sql, {"since": since, "until": until, "now": now})
        names = [column.name for column in cursor.description]
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    totals = {name: value for row in found if row["is_total"] for name, value in row.items() if name not in ("name", "is_total")}
    lines = [{name: value for name, value in row.items() if name != "is_total"} for row in found if not row["is_total"]]
    return [{**row, "name": str(row["name"]) if row["name"] not in (None, "") else None} for row in lines], totals


def tile(now: datetime, zone: ZoneInfo) -> Tile:
    """Registered with ``calls.wallboard.tiles``: whom we owe a call, and who should have been called by now."""
    late = Count("pk", filter=Q(pk__in=ReturnCall.objects.overdue(now)))
    rows = list(ReturnCall.objects.owed().values_list("queue").annotate(open=Count("pk"), overdue=late).order_by("queue"))
    of_queues: dict[str, Mapping[str, Any]] = {queue: {"open": many, "overdue": overdue} for queue, many, overdue in rows}
    return Tile({"open": 0, "overdue": 0}, of_queues, {"open": sum(row[1] for row in rows), "overdue": sum(row[2] for row in rows)})
