"""How long agents were there for callers, and how much of it they worked: from the intervals of their states."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

#: The two tracks of a state are kept side by side: what the phone does counts, and where it does nothing what the agent says.
WORKED = ("reserved", "ringing", "talking", "hold", "wrap_up")
LONGEST_STATE_DAYS = 31

# A state that began long before the first edge was forgotten by somebody; the index of beginnings needs a border to look from.
SQL = """
WITH states AS MATERIALIZED (
    SELECT s.agent_id, s.track, s.state, greatest(s.started_at, %(since)s) AS begins, least(s.ended_at, %(now)s, %(until)s) AS ends
    FROM calls_agentstateinterval s
    WHERE s.started_at < least(%(until)s, %(now)s) AND s.started_at >= %(since)s - %(days)s * interval '24 hours'
      AND (s.ended_at IS NULL OR s.ended_at > %(since)s) AND (%(agent)s IS NULL OR s.agent_id = %(agent)s::uuid)
      AND (s.track = 'observed' AND s.state = ANY(%(worked)s) OR s.track = 'declared' AND s.state = 'available')
), worked AS MATERIALIZED (
    SELECT agent_id, range_agg(tstzrange(begins, ends)) AS times FROM states WHERE track = 'observed' AND ends > begins GROUP BY agent_id
), free AS (
    SELECT s.agent_id, range_agg(tstzrange(s.begins, s.ends)) - coalesce((SELECT times FROM worked w WHERE w.agent_id = s.agent_id), '{}') AS times
    FROM states s WHERE s.track = 'declared' AND s.ends > s.begins GROUP BY s.agent_id
), pieces AS (
    SELECT agent_id, true AS is_work, unnest(times) AS piece FROM worked UNION ALL SELECT agent_id, false, unnest(times) FROM free
), spans AS (
    SELECT number - 1 AS number, at AS begins, lead(at) OVER (ORDER BY at) AS ends FROM unnest(%(edges)s::timestamptz[]) WITH ORDINALITY AS e (at, number)
), cut AS (
    SELECT p.agent_id, p.is_work, s.number, extract(epoch FROM least(upper(p.piece), s.ends) - greatest(lower(p.piece), s.begins)) AS seconds
    FROM pieces p JOIN spans s ON s.number BETWEEN width_bucket(lower(p.piece), %(edges)s::timestamptz[]) - 1
        AND width_bucket(upper(p.piece), %(edges)s::timestamptz[]) - 1 AND s.ends > lower(p.piece) AND s.begins < upper(p.piece)
)
SELECT number, agent_id, coalesce(sum(seconds) FILTER (WHERE is_work), 0)::float8, coalesce(sum(seconds) FILTER (WHERE NOT is_work), 0)::float8
FROM cut GROUP BY 1, 2
"""


@dataclass(frozen=True)
class Hours:
    """Seconds of one agent or of several."""

    worked_s: float = 0.0
    available_s: float = 0.0

    def __add__(self, other: "Hours") -> "Hours":
        return Hours(self.worked_s + other.worked_s, self.available_s + other.available_s)

    @property
    def occupancy(self) -> float | None:
        """The share of the time worked, 0 to 1; None when nobody was there."""
        whole = self.worked_s + self.available_s
        return round(self.worked_s / whole, 4) if whole else None


def of_agents(edges: Sequence[datetime], *, agent: UUID | None, now: datetime) -> dict[tuple[int, Any], Hours]:
    """By the number of the interval and the agent: states cut at the edges, those that go on counted until ``now``. One statement."""
    values: dict[str, Any] = {
        "edges": list(edges),
        "since": edges[0],
        "until": edges[-1],
        "now": now,
        "agent": str(agent) if agent else None,
        "worked": list(WORKED),
        "days": LONGEST_STATE_DAYS,
    }
    with connection.cursor() as cursor:
        cursor.execute(SQL, values)
        return {(number, who): Hours(worked, free) for number, who, worked, free in cursor.fetchall()}
