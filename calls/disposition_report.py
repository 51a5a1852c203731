"""How calls came out: counts by disposition over an interval, from the rows as they stand, in one statement."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

FLAGS = ("final", "contact_made", "right_party", "success", "refused", "machine", "technical", "number_invalid")
COUNTS = ("calls", "corrected", *FLAGS)
SQL = f"""
WITH said AS MATERIALIZED (  -- a line a disposition before anything is joined to it: a call is touched once
    SELECT c.disposition_id, count(*) AS calls, count(r.call_id) AS corrected, sum(c.talk_s) AS talk_s, sum(c.wrap_s) AS wrap_s
    FROM calls_call c LEFT JOIN calls_calldisposition r ON r.call_id = c.id AND r.number = 2
    WHERE c.started_at >= %(since)s AND c.started_at < %(until)s AND c.disposition_id IS NOT NULL
        AND (%(queue)s = '' OR c.queue = %(queue)s) AND (%(agent)s::uuid IS NULL OR c.agent_id = %(agent)s::uuid)
    GROUP BY c.disposition_id
)
SELECT d.code AS disposition, d.name AS disposition_name, d."group", coalesce(sum(s.calls), 0)::bigint AS calls,
    coalesce(sum(s.corrected), 0)::bigint AS corrected,
    {", ".join(f"coalesce(sum(s.calls) FILTER (WHERE d.{flag}), 0)::bigint AS {flag}" for flag in FLAGS)},
    coalesce(sum(s.talk_s), 0) AS talk_s, coalesce(sum(s.wrap_s), 0) AS wrap_s
FROM said s JOIN calls_disposition d ON d.id = s.disposition_id
GROUP BY GROUPING SETS ((d.id, d.code, d.name, d."group"), ())
ORDER BY grouping(d.id), calls DESC, d.code
"""  # noqa: S608 (constants are formatted in)


def count(since: datetime, until: datetime, *, queue: str = "", agent: UUID | None = None) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Lines by disposition, the most frequent first, and the sum of all. What a call carries is what its last write-up says."""
    with connection.cursor() as cursor:
        cursor.execute(SQL, {"since": since, "until": until, "queue": queue, "agent": agent})
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    *lines, total = rows
    return lines, {name: value for name, value in total.items() if name not in ("disposition", "disposition_name", "group")}
