"""The funnel: how many are at each stage, how many went on, how long it took, and whom to thank. Counted in SQL, four statements."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from crm.models import Contact

STAGES = [str(stage) for stage in Contact.Lifecycle.values]
ONWARD = {"lead": "qualified", "qualified": "client"}
PERIOD = timedelta(days=90)
SOURCES_SHOWN = 50

HERE = """
SELECT lifecycle, count(*) FROM crm_contact WHERE {contacts} GROUP BY lifecycle
"""
NEWEST = """
SELECT stage, id FROM unnest(%(stages)s::text[]) AS stage CROSS JOIN LATERAL (
    SELECT id FROM crm_contact WHERE lifecycle = stage AND {contacts} ORDER BY id DESC LIMIT %(newest)s) AS newest
"""
#: Stays are counted by the hour, beyond thirty days by the day: a count needs no sorting of every step, as an exact median would.
STEPS = """
SELECT from_stage, to_stage, CASE WHEN at - since < interval '30 days' THEN floor(date_part('epoch', at - since) / 3600) / 24
    ELSE floor(date_part('epoch', at - since) / 86400) END AS days, count(*)
FROM crm_lifecyclechange WHERE {steps} GROUP BY 1, 2, 3
"""
CREDIT = """
SELECT source, origin_kind, count(*) FROM crm_lifecyclechange WHERE {steps} AND to_stage = 'client'
GROUP BY source, origin_kind ORDER BY count(*) DESC, source, origin_kind
"""


def board(
    *,
    owner: UUID | None = None,
    source: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    newest: int = 0,
    now: datetime,
) -> dict[str, Any]:
    """The funnel of an owner's contacts, of a source, or of all.

    ``here`` and ``newest`` (ids) are as it is now; steps, conversions and days are those of the period, by default the last 90 days,
    of whoever owned the contact at the time. The rate of a stage is the share that went on, of those that left it.
    """
    since, until = since or (until or now) - PERIOD, until or now
    values = {"owner": owner, "source": source, "since": since, "until": until, "stages": STAGES, "newest": newest}
    mine = [part for part, given in (("owner_id = %(owner)s", owner), ("source = %(source)s AND source <> ''", source)) if given]
    contacts = " AND ".join(mine) or "true"
    steps = " AND ".join(["at >= %(since)s", "at < %(until)s", *mine])
    with connection.cursor() as cursor:
        cursor.execute(HERE.format(contacts=contacts), values)
        here = dict(cursor.fetchall())
        cursor.execute(STEPS.format(steps=steps), values)
        stays = cursor.fetchall()
        cursor.execute(CREDIT.format(steps=steps), values)
        credit = cursor.fetchall()
        ids: dict[str, list[UUID]] = {}
        if newest:
            cursor.execute(NEWEST.format(contacts=contacts), values)
            for stage, contact_id in cursor.fetchall():
                ids.setdefault(stage, []).append(contact_id)
    steps_made: Counter[tuple[str, str]] = Counter()
    for start, end, _, count in stays:
        steps_made[start, end] += count
    medians = {stage: _median([(days, count) for start, _, days, count in stays if start == stage]) for stage in STAGES}
    return {
        "since": since,
        "until": until,
        "stages": [_stage(stage, here.get(stage, 0), steps_made, medians[stage], ids.get(stage, [])) for stage in STAGES],
        "steps": [{"from": start, "to": end, "count": count} for (start, end), count in sorted(steps_made.items())],
        "conversions": sum(count for _, _, count in credit),
        "conversions_by_source": _summed((source, count) for source, _, count in credit)[:SOURCES_SHOWN],
        "conversions_by_origin": _summed((kind, count) for _, kind, count in credit),
    }


def _stage(stage: str, count: int, steps: Mapping[tuple[str, str], int], median: float | None, ids: list[UUID]) -> dict[str, Any]:
    gone = sum(number for (start, _), number in steps.items() if start == stage)
    onward = steps.get((stage, ONWARD[stage]), 0) if stage in ONWARD else None
    return {
        "stage": stage,
        "count": count,
        "came": sum(number for (_, end), number in steps.items() if end == stage),
        "left": gone,
        "went_on": onward,
        "rate": round(onward / gone, 4) if onward is not None and gone else None,
        "median_days": median,
        "newest": ids,
    }


def _median(stays: list[tuple[float, int]]) -> float | None:
    """The middle of stays that are given as days and how many stayed so long; None when nobody left."""
    total, passed, middle = sum(count for _, count in stays), 0, []
    for days, count in sorted(stays):
        wanted = {(total - 1) // 2, total // 2}
        middle += [days for place in wanted if passed <= place < passed + count]
        passed += count
    return round(sum(middle) / len(middle), 2) if middle else None


def _summed(pairs: Any) -> list[dict[str, Any]]:
    sums: dict[str, int] = {}
    for name, count in pairs:
        sums[name] = sums.get(name, 0) + count
    return [{"name": name, "count": count} for name, count in sorted(sums.items(), key=lambda one: (-one[1], one[0]))]
