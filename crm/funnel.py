"""The funnel: how many are at each stage, how many went on, how long it took, and whom to thank. Reckoned in SQL, five statements."""

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
STEPS = """
SELECT from_stage, to_stage, count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM at - since)) / 86400
FROM crm_lifecyclechange WHERE {steps} GROUP BY GROUPING SETS ((from_stage, to_stage), (from_stage))
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
        left = {(start, end): (count, days) for start, end, count, days in cursor.fetchall()}
        cursor.execute(CREDIT.format(steps=steps), values)
        credit = cursor.fetchall()
        ids: dict[str, list[UUID]] = {}
        if newest:
            cursor.execute(NEWEST.format(contacts=contacts), values)
            for stage, contact_id in cursor.fetchall():
                ids.setdefault(stage, []).append(contact_id)
    return {
        "since": since,
        "until": until,
        "stages": [_stage(stage, here.get(stage, 0), left, ids.get(stage, [])) for stage in STAGES],
        "steps": [{"from": start, "to": end, "count": count} for (start, end), (count, _) in sorted(left.items(), key=str) if end],
        "conversions": sum(count for _, _, count in credit),
        "conversions_by_source": _summed((source, count) for source, _, count in credit)[:SOURCES_SHOWN],
        "conversions_by_origin": _summed((kind, count) for _, kind, count in credit),
    }


def _stage(stage: str, count: int, left: dict[tuple[str, str | None], tuple[int, float]], ids: list[UUID]) -> dict[str, Any]:
    gone, days = left.get((stage, None), (0, None))
    came = sum(one for (_, to), (one, _) in left.items() if to == stage)
    onward = left.get((stage, ONWARD.get(stage, "-")), (0, None))[0]
    return {
        "stage": stage,
        "count": count,
        "came": came,
        "left": gone,
        "went_on": onward if stage in ONWARD else None,
        "rate": round(onward / gone, 4) if stage in ONWARD and gone else None,
        "median_days": round(days, 2) if days is not None else None,
        "newest": ids,
    }


def _summed(pairs: Any) -> list[dict[str, Any]]:
    sums: dict[str, int] = {}
    for name, count in pairs:
        sums[name] = sums.get(name, 0) + count
    return [{"name": name, "count": count} for name, count in sorted(sums.items(), key=lambda one: (-one[1], one[0]))]
