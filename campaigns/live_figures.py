"""Campaigns at this moment: the tile of the wallboard, and what watches the machines."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from django.conf import settings
from django.utils import timezone

from calls.wallboard import Tile
from campaigns.models import Attempt, Target
from config.platform import statements
from config.platform.sharing import shared

#: A lease that is over for so long says that no sweep comes.
LATE = timedelta(minutes=1)
#: Attempts of today are found by their keys, which begin with the time.
NOW = """
SELECT (SELECT count(*) FROM campaigns_campaign WHERE status = 'running'),
    (SELECT count(*) FROM campaigns_attempt WHERE state <> 'closed'),
    (SELECT count(*) FROM campaigns_attempt a JOIN calls_disposition d ON d.id = a.disposition_id
        WHERE a.id >= %(since)s AND a.state = 'closed' AND a.counted <> 'none'),
    (SELECT count(*) FROM campaigns_attempt a JOIN calls_disposition d ON d.id = a.disposition_id
        WHERE a.id >= %(since)s AND a.state = 'closed' AND a.counted <> 'none' AND d.success)
"""
EMPTY = {"running": 0, "in_hand": 0, "written_up_today": 0, "successes_today": 0}


def tile(now: datetime, zone: ZoneInfo) -> Tile:
    """Registered with ``calls.wallboard.tiles``: campaigns that run, contacts in hand, and what today's attempts brought. Of no queue."""
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    kept = shared(f"wallboard:campaigns:{zone.key}", lambda: orjson.dumps(_standing(midnight)), fresh_s=10 * settings.WALLBOARD_KEPT_S)
    return Tile(EMPTY, {}, orjson.loads(kept))


def _standing(since: datetime) -> dict[str, int]:
    (counts,) = statements.rows(NOW, {"since": first_key(since)})
    return dict(zip(EMPTY, counts, strict=True))


def first_key(at: datetime) -> UUID:
    """The least key of a row that was made at this instant or later (RFC 9562, UUID version 7)."""
    return UUID(int=int(at.astimezone(UTC).timestamp() * 1000) << 80)


def gauges() -> dict[tuple[str, ...], float]:
    """Contacts that wait for somebody to call (of running campaigns), attempts that are open, and leases that are over and were not taken back"""
    open_ones = Attempt.objects.open()
    return {
        ("ready",): float(Target.objects.filter(is_ready=True, campaign__status="running").count()),
        ("open",): float(open_ones.count()),
        ("late",): float(Attempt.objects.filter(state="leased", lease_until__lt=timezone.now() - LATE).count()),
    }
