"""When those who wait may be called: the hours ahead, by pauses that end, promises, and hours that open where they are."""

from datetime import datetime, timedelta
from typing import Any

from campaigns import choosing, clock_keys
from campaigns.models import Campaign
from config.platform import statements

AHEAD_H = 24
HOUR = timedelta(hours=1)

#: Whoever slept and is due waits for somebody to call, though the hand-out wakes them only when somebody asks.
READY = """
SELECT clocks, sum(n)::bigint FROM (
    SELECT clocks, count(*) AS n FROM campaigns_target WHERE campaign_id = %(campaign)s AND is_ready GROUP BY 1
    UNION ALL
    SELECT clocks, count(*) FROM campaigns_target
    WHERE campaign_id = %(campaign)s AND NOT is_ready AND state IN ('pending', 'retry_wait') AND next_attempt_at <= %(now)s GROUP BY 1) waits
GROUP BY 1
"""
#: Those that are due already are left out: they wait for somebody to call.
ASLEEP = """
SELECT date_trunc('hour', next_attempt_at, 'UTC') AS hour, count(*) FROM campaigns_target
WHERE campaign_id = %(campaign)s AND state IN ('pending', 'retry_wait', 'callback_wait') AND NOT is_ready AND next_attempt_at > %(now)s GROUP BY 1
"""


def ahead(campaign: Campaign, *, now: datetime) -> dict[str, Any]:
    """How many may be called now or wait for hours; from which of the next 24 hours on at the earliest; later; and of how many nobody knows.

    Two statements, and the hours of each kind of clocks by the rules that the hand-out goes by.
    """
    asked = {"campaign": campaign.pk, "now": now}
    ready = dict(statements.rows(READY, asked))
    opens = choosing.hours(campaign, sorted(ready), now=now)
    waits = [(opens[clocks], many) for clocks, many in ready.items() if opens[clocks] != now and clocks != clock_keys.NO_KEY]
    waiting = sum(many for _, many in waits)
    hours, beyond, unknown = [0] * AHEAD_H, 0, 0
    for at, many in [*waits, *statements.rows(ASLEEP, asked)]:
        place = (_hour(at) - _hour(now)) // HOUR if at else None
        if place is None:
            unknown += many
        elif place < AHEAD_H:
            hours[place] += many
        else:
            beyond += many
    return {
        "callable_now": sum(ready.values()) - waiting,
        "waiting_for_hours": waiting,
        "later": [{"hour": _hour(now) + number * HOUR, "targets": many} for number, many in enumerate(hours)],
        "beyond": beyond,
        "unknown": unknown,
    }


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
