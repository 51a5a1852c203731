"""How a campaign went hour by hour, and what came of what: orders, new clients, promises and surveys by their origin."""

import itertools
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from campaigns.models import Campaign
from campaigns.reports import COUNTS, RESULTS, dicts, rated
from config.platform.models import User

#: So many lines of each kind, the biggest first.
MOST = 500

TREND = f"""
SELECT width_bucket(at, %(edges)s::timestamptz[]) - 1 AS place, {COUNTS} FROM ({RESULTS}) r
WHERE at >= %(since)s AND at < %(until)s GROUP BY 1
"""  # noqa: S608 (constants are formatted in)
ORDERS = f"""
SELECT o.origin_kind AS origin, coalesce(b.campaign_id, a.campaign_id) AS campaign, o.currency, count(*) AS orders, sum(o.total) AS amount
FROM crm_order o
LEFT JOIN campaigns_attempt a ON o.origin_kind = 'attempt' AND a.id = o.origin_id
LEFT JOIN campaigns_conversion b ON b.order_id = o.id AND b.reversed_at IS NULL
WHERE o.placed_at >= %(since)s AND o.placed_at < %(until)s AND o.status NOT IN ('draft', 'cancelled')
GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3 LIMIT {MOST}
"""  # noqa: S608
CLIENTS = f"""
SELECT l.origin_kind AS origin, a.campaign_id AS campaign, count(*) AS clients FROM crm_lifecyclechange l
LEFT JOIN campaigns_attempt a ON l.origin_kind = 'attempt' AND a.id = l.origin_id
WHERE l.at >= %(since)s AND l.at < %(until)s AND l.to_stage = 'client' GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT {MOST}
"""  # noqa: S608
PROMISES = f"""
SELECT 'attempt' AS origin, campaign_id AS campaign, currency, count(*) AS promises, sum(amount) AS amount FROM campaigns_conversion
WHERE kind = 'promise' AND reversed_at IS NULL AND at >= %(since)s AND at < %(until)s GROUP BY 2, 3 ORDER BY 4 DESC, 2, 3 LIMIT {MOST}
"""  # noqa: S608
SURVEYS = f"""
SELECT CASE WHEN attempt_id IS NULL THEN origin_kind ELSE 'attempt' END AS origin, campaign_id AS campaign, count(*) AS responses,
    count(*) FILTER (WHERE state = 'complete') AS complete
FROM campaigns_surveyresponse WHERE started_at >= %(since)s AND started_at < %(until)s GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT {MOST}
"""  # noqa: S608
CAME = {"orders": ORDERS, "clients": CLIENTS, "promises": PROMISES, "surveys": SURVEYS}


def trend(campaign: Campaign, edges: Sequence[datetime], *, agent: User | None = None) -> list[dict[str, Any]]:
    """A line for each interval between ``edges``, also for one in which nobody was called. One statement."""
    asked = {"campaign": campaign.pk, "agent": agent.pk if agent else None, "edges": list(edges), "since": edges[0], "until": edges[-1]}
    found = {line.pop("place"): line for line in dicts(TREND, asked)}
    nothing = {"attempts": 0, "reached": 0, "right_party": 0, "successes": 0}
    return [
        {"since": since, "until": until, **rated(found.get(place, nothing))}
        for place, (since, until) in enumerate(itertools.pairwise(edges))
    ]


def origins(*, since: datetime, until: datetime) -> dict[str, list[dict[str, Any]]]:
    """From what orders, new clients, promises and surveys of the interval came: a call, a complaint, an attempt of which campaign.

    An order is the campaign's that it was credited to, also when a call is its origin. Four statements, and the names.
    """
    found = {name: dicts(sql, {"since": since, "until": until}) for name, sql in CAME.items()}
    ids = {line["campaign"] for lines in found.values() for line in lines if line["campaign"]}
    names = dict(Campaign.objects.filter(pk__in=ids).values_list("pk", "name"))
    return {name: [line | {"name": names.get(line["campaign"], "")} for line in lines] for name, lines in found.items()}
