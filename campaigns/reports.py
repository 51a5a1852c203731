"""Campaigns in figures, read from the rows as they are now: how far it came, what it brought, at which hours, by whom, and what is left.

An attempt counts when it has a result that counts (``counted``): one that was given back or lost is none. Each figure is one statement.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import sqrt
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection

from campaigns import clock_keys, outlook, running
from campaigns.models import Campaign
from config.platform.models import User
from config.platform.sharing import shared

#: Attempts of a campaign that count. Who was reached, and whether it was the right party, is said as ``campaigns.standing`` says it.
EVERY = """
SELECT a.target_id, a.number, a.agent_id, a.call_id, a.counted, a.disposition_id, a.outcome, a.is_drop, a.answered_at, t.clocks,
    COALESCE(a.dialled_at, a.leased_at) AS at, c.talk_s,
    COALESCE(d.contact_made, a.outcome = 'answered' AND NOT a.is_drop) AS reached, COALESCE(d.right_party, false) AS right_party,
    COALESCE(d.success, false) AS success
FROM campaigns_attempt a JOIN campaigns_target t ON t.id = a.target_id
    LEFT JOIN calls_disposition d ON d.id = a.disposition_id LEFT JOIN calls_call c ON c.id = a.call_id
WHERE a.campaign_id = %(campaign)s AND a.state = 'closed' AND a.counted <> 'none'
"""
IS_THEIRS = "(%(agent)s::uuid IS NULL OR agent_id = %(agent)s)"
RESULTS = f"SELECT * FROM ({EVERY}) e WHERE {IS_THEIRS}"  # noqa: S608 (constants are formatted in)
COUNTS = """count(*) AS attempts, count(*) FILTER (WHERE reached) AS reached, count(*) FILTER (WHERE right_party) AS right_party,
    count(*) FILTER (WHERE success) AS successes"""
FUNNEL = """
SELECT count(*) AS targets, count(*) FILTER (WHERE last_attempt_at IS NOT NULL) AS attempted, count(*) FILTER (WHERE is_reached) AS reached,
    count(*) FILTER (WHERE is_right_party) AS right_party, count(*) FILTER (WHERE is_success) AS successes
FROM campaigns_target WHERE campaign_id = %(campaign)s
"""
STATES = (
    "SELECT state, reason, count(*) AS targets FROM campaigns_target WHERE campaign_id = %(campaign)s GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"
)
LEFT_OUT = "SELECT reason, count(*) AS contacts FROM campaigns_leftout WHERE campaign_id = %(campaign)s GROUP BY 1 ORDER BY 2 DESC, 1"
TOTALS = f"""
SELECT {COUNTS}, count(*) FILTER (WHERE counted = 'technical') AS technical, count(*) FILTER (WHERE is_drop) AS drops,
    count(*) FILTER (WHERE outcome = 'answered' OR is_drop) AS answered FROM ({RESULTS}) r
"""  # noqa: S608 (constants are formatted in)
#: The first call with a person is the first, also when they were given back or lost before it: nobody called them then.
BY_NUMBER = f"""
SELECT number, {COUNTS} FROM (
    SELECT row_number() OVER (PARTITION BY target_id ORDER BY e.number) AS number, agent_id, reached, right_party, success FROM ({EVERY}) e) r
WHERE {IS_THEIRS} GROUP BY 1 ORDER BY 1 LIMIT 100
"""  # noqa: S608
BY_DISPOSITION = f"""
SELECT d.code AS disposition, COALESCE(d.name, '') AS name, r.outcome, count(*) AS attempts
FROM ({RESULTS}) r LEFT JOIN calls_disposition d ON d.id = r.disposition_id GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 3 LIMIT 200
"""  # noqa: S608
BY_AGENT = f"""
SELECT agent_id AS agent, {COUNTS}, COALESCE(sum(talk_s), 0)::float8 AS talk_s FROM ({RESULTS}) r
WHERE agent_id IS NOT NULL GROUP BY 1 ORDER BY 5 DESC, 2 DESC, 1 LIMIT 500
"""  # noqa: S608
#: By the clocks of the person: the zone of each kind of clocks is given.
BY_HOUR = f"""
SELECT (extract(isodow FROM r.at AT TIME ZONE z.zone) - 1)::int AS weekday, extract(hour FROM r.at AT TIME ZONE z.zone)::int AS hour, {COUNTS}
FROM ({RESULTS}) r JOIN unnest(%(keys)s::text[], %(zones)s::text[]) AS z(clocks, zone) ON z.clocks = r.clocks
WHERE counted = 'contact' GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608
CONVERSIONS = """
SELECT agent_id AS agent, kind, currency, count(*) AS conversions, COALESCE(sum(amount), 0) AS amount FROM campaigns_conversion
WHERE campaign_id = %(campaign)s AND reversed_at IS NULL AND (%(agent)s::uuid IS NULL OR agent_id = %(agent)s) GROUP BY 1, 2, 3
"""
CLOCKS = "SELECT DISTINCT clocks FROM campaigns_target WHERE campaign_id = %(campaign)s"
LEFT = """
SELECT count(*) FILTER (WHERE state IN ('pending', 'retry_wait') AND NOT is_ready
        AND (next_attempt_at IS NULL OR next_attempt_at > %(now)s)) AS waiting_for_retry,
    count(*) FILTER (WHERE state = 'callback_wait') AS promised, count(*) FILTER (WHERE state IN ('leased', 'in_call', 'wrap')) AS in_hand
FROM campaigns_target
WHERE campaign_id = %(campaign)s AND state IN ('pending', 'leased', 'in_call', 'wrap', 'retry_wait', 'callback_wait')
"""
LATELY = """
SELECT count(*) FROM campaigns_target WHERE campaign_id = %(campaign)s AND ended_at > %(since)s AND state IN ('done', 'exhausted')
"""
#: Confidence of 95 %: the score interval of E. B. Wilson (1927).
Z = 1.96
MOST_CAMPAIGNS = 200
#: Looked at so many times less often than the wallboard.
KEPT = 4


def shown(campaign: Campaign, *, agent: User | None = None, now: datetime) -> dict[str, Any]:
    """The results as JSON has them, of a moment ago when others look too: with a million attempts they take seconds."""
    key = f"campaign-results:{campaign.pk}:{agent.pk if agent else ''}"

    def made() -> bytes:
        return orjson.dumps({"as_of": now, "campaign": campaign.pk, **results(campaign, agent=agent, now=now)}, default=str)

    found: dict[str, Any] = orjson.loads(shared(key, made, fresh_s=KEPT * settings.WALLBOARD_KEPT_S))
    return found


def results(campaign: Campaign, *, agent: User | None = None, now: datetime) -> dict[str, Any]:
    """A campaign in figures. Of one operator: only what they tried and brought; how far the campaign is, is everybody's."""
    asked = {"campaign": campaign.pk, "agent": agent.pk if agent else None}
    (totals,), brought = dicts(TOTALS, asked), dicts(CONVERSIONS, asked)
    (funnel,) = dicts(FUNNEL, asked)
    return {
        "funnel": funnel | {"penetration": share(funnel["attempted"], funnel["targets"]), "conversion": share(funnel["successes"], funnel["targets"])},
        "states": dicts(STATES, asked),
        "left_out": dicts(LEFT_OUT, asked),
        "attempts": rated(totals)
        | {
            "drop_share": share(totals["drops"], totals["answered"]),
            "attempts_per_contact": each(totals["attempts"], totals["reached"]),
            "attempts_per_success": each(totals["attempts"], totals["successes"]),
        },
        "by_number": [rated(line) for line in dicts(BY_NUMBER, asked)],
        "by_disposition": dicts(BY_DISPOSITION, asked),
        "by_hour": by_hour(asked),
        "by_agent": by_agent(asked, brought),
        "conversions": _summed(brought),
        "goal": {"kind": campaign.goal, "wanted": campaign.goal_count, "reached": running.reached(campaign)},
        "remaining": remaining(campaign, now=now),
    }  # fmt: skip


def by_hour(asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """By weekday and hour of the person: how many were reached, and the share that is reached at least, so that two of two do not win."""
    keys = [row["clocks"] for row in dicts(CLOCKS, asked)]
    lines = dicts(BY_HOUR, {**asked, "keys": keys, "zones": [clock_keys.zone_of(key).key for key in keys]})
    return [rated(line) | {"at_least": at_least(line["reached"], line["attempts"])} for line in lines]


def by_agent(asked: Mapping[str, Any], brought: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What each operator tried and brought, whoever brought the most first."""
    lines = dicts(BY_AGENT, asked)
    names = {user.pk: str(user) for user in User.objects.filter(pk__in=[line["agent"] for line in lines])}
    return [
        rated(line) | {"name": names[line["agent"]], "conversions": _summed([one for one in brought if one["agent"] == line["agent"]])}
        for line in lines
    ]


def remaining(campaign: Campaign, *, now: datetime) -> dict[str, Any]:
    """Who is still to be called, by the hours that the hand-out goes by, and when it is over if it goes on as in the last hour."""
    asked = {"campaign": campaign.pk, "now": now, "since": now - timedelta(hours=1)}
    (left,), (lately,), ahead = dicts(LEFT, asked), dicts(LATELY, asked), outlook.ahead(campaign, now=now)
    whole, pace = ahead["callable_now"] + ahead["waiting_for_hours"] + sum(left.values()), lately["count"]
    return left | {"ended_in_last_hour": pace, "over_at": _over_at(whole, pace, now)} | ahead


def _over_at(whole: int, pace: int, now: datetime) -> datetime | None:
    hours = whole / pace if whole and pace else 0
    return now + timedelta(hours=hours) if 0 < hours < 24 * 366 else None


def at_least(part: int, whole: int) -> float | None:
    """The share that it truly is at least, with a confidence of 95 %."""
    if not whole:
        return None
    p, z2 = part / whole, Z * Z
    low = (p + z2 / (2 * whole) - Z * sqrt((p * (1 - p) + z2 / (4 * whole)) / whole)) / (1 + z2 / whole)
    return round(max(low, 0.0), 4)


def rated(line: Mapping[str, Any]) -> dict[str, Any]:
    """A line with its shares."""
    return dict(line) | {
        "contact_rate": share(line["reached"], line["attempts"]),
        "right_party_rate": share(line["right_party"], line["attempts"]),
        "success_rate": share(line["successes"], line["attempts"]),
    }


def _summed(brought: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """By kind and currency; currencies are never added up."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for one in brought:
        empty = {"kind": one["kind"], "currency": one["currency"], "conversions": 0, "amount": 0}
        line = found.setdefault((one["kind"], one["currency"]), empty)
        line["conversions"] += one["conversions"]
        line["amount"] += one["amount"]
    return [found[key] for key in sorted(found)]


# --- side by side
ACROSS = """
SELECT c.id AS campaign, c.number, c.name, c.kind, c.status, c.started_at, c.ended_at, t.*, a.attempts, v.conversions
FROM unnest(%(campaigns)s::uuid[]) WITH ORDINALITY AS k(id, place) JOIN campaigns_campaign c ON c.id = k.id
CROSS JOIN LATERAL (SELECT count(*) AS targets, count(*) FILTER (WHERE last_attempt_at IS NOT NULL) AS attempted,
    count(*) FILTER (WHERE is_reached) AS reached, count(*) FILTER (WHERE is_right_party) AS right_party,
    count(*) FILTER (WHERE is_success) AS successes, count(*) FILTER (WHERE ended_at IS NULL) AS remaining
    FROM campaigns_target WHERE campaign_id = c.id) t
CROSS JOIN LATERAL (SELECT count(*) AS attempts FROM campaigns_attempt
    WHERE campaign_id = c.id AND state = 'closed' AND counted <> 'none') a
CROSS JOIN LATERAL (SELECT count(*) AS conversions FROM campaigns_conversion WHERE campaign_id = c.id AND reversed_at IS NULL) v
ORDER BY k.place
"""


def across(campaigns: Sequence[UUID]) -> list[dict[str, Any]]:
    """Campaigns side by side, in the order given."""
    return [
        line
        | {
            "penetration": share(line["attempted"], line["targets"]),
            "contact_share": share(line["reached"], line["attempted"]),
            "conversion": share(line["successes"], line["targets"]),
        }
        for line in dicts(ACROSS, {"campaigns": list(campaigns)})
    ]


def each(whole: int, part: int) -> float | None:
    """How many of the whole to one of the part, of two digits; None of nothing."""
    return round(whole / part, 2) if part else None


def share(part: float, whole: float) -> float | None:
    """0 to 1, of four digits; None of nothing."""
    return round(part / whole, 4) if whole else None


def dicts(sql: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows by the names of their columns."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
