"""The figures of a report as anybody would write them who knows only the table of calls: what rollups are measured by and compared with."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

SQL = """
SELECT width_bucket(c.started_at, %(edges)s) - 1, {group}, count(*),
    count(*) FILTER (WHERE inbound AND (over OR talked)),
    count(*) FILTER (WHERE inbound AND talked),
    count(*) FILTER (WHERE inbound AND talked AND coalesce(wait_s, 0) <= coalesce(service_level_s, 20)),
    count(*) FILTER (WHERE lost AND coalesce(wait_s, 0) >= coalesce(short_abandon_s, 5)),
    count(*) FILTER (WHERE lost AND coalesce(wait_s, 0) < coalesce(short_abandon_s, 5)),
    count(*) FILTER (WHERE outbound AND (over OR talked)),
    count(*) FILTER (WHERE outbound AND talked),
    count(*) FILTER (WHERE handled),
    sum(jsonb_array_length(transfers)),
    count(*) FILTER (WHERE inbound AND talked AND wait_s IS NOT NULL),
    count(*) FILTER (WHERE again IS NOT NULL),
    count(*) FILTER (WHERE again),
    coalesce(sum(round(1000 * wait_s)) FILTER (WHERE inbound AND talked), 0)::bigint,
    coalesce(max(round(1000 * wait_s)) FILTER (WHERE inbound AND (over OR talked)), 0)::bigint,
    coalesce(sum(round(1000 * talk_s)) FILTER (WHERE handled), 0)::bigint,
    coalesce(sum(round(1000 * hold_s)) FILTER (WHERE handled), 0)::bigint,
    coalesce(sum(round(1000 * least(900, greatest(0, extract(epoch FROM wrapped_up_at - ended_at))))) FILTER (WHERE handled AND wrapped_up_at IS NOT NULL), 0)::bigint
FROM calls_call c LEFT JOIN calls_queue q ON q.slug = c.queue {join}
CROSS JOIN LATERAL (
    SELECT direction = 'inbound' AS inbound, direction = 'outbound' AS outbound, state = 'ended' AS over,
        answered_at IS NOT NULL AND outcome IN ('', 'answered') AS talked
) a CROSS JOIN LATERAL (
    SELECT inbound AND over AND NOT talked AND outcome IN ('abandoned', 'missed') AS lost, (inbound OR outbound) AND over AND talked AS handled
) b CROSS JOIN LATERAL (
    SELECT CASE WHEN inbound AND talked AND c.contact_id IS NOT NULL THEN (
        SELECT bool_or(EXISTS (
            SELECT FROM calls_call l JOIN calls_call_topics lt ON lt.call_id = l.id
            WHERE l.contact_id = c.contact_id AND l.direction <> 'internal' AND lt.topic_id = mine.topic_id
                AND l.started_at > c.started_at AND l.started_at <= c.started_at + interval '168 hours'))
        FROM {own}
    ) END AS again
) f
WHERE c.started_at >= %(since)s AND c.started_at < %(until)s GROUP BY 1, 2
"""
GROUPS = {"": "NULL::text", "queue": "c.queue", "agent": "c.agent_id", "topic": "t.topic_id", "direction": "c.direction"}


def count(edges: Sequence[datetime], group_by: str) -> list[tuple[Any, ...]]:
    """The number of the interval, the group, and the figures in the order of ``calls.figures.COUNTS``."""
    is_by_topic = group_by == "topic"
    sql = SQL.format(
        group=GROUPS[group_by],
        join="LEFT JOIN calls_call_topics t ON t.call_id = c.id" if is_by_topic else "",
        own="(SELECT t.topic_id WHERE t.topic_id IS NOT NULL) mine" if is_by_topic else "calls_call_topics mine WHERE mine.call_id = c.id",
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, {"edges": list(edges), "since": edges[0], "until": edges[-1]})
        return cursor.fetchall()
