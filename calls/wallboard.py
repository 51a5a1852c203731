"""The wallboard: how the queues stand now, for everybody to see from afar. One statement for a tile, worked out once for all who look."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from django.conf import settings
from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from calls import figures, intervals, reports
from calls.models import AgentPresence, Alarm, Queue
from calls.models.agents import State
from config.platform.registry import Registry
from config.platform.sharing import shared

HALF_HOUR = timedelta(minutes=30)
WRITE_UPS_OF = timedelta(hours=24)


@dataclass
class Tile:
    """What a tile shows: of queues by their slugs, of all together, and of a queue that it knows nothing of."""

    empty: Mapping[str, Any]
    of_queues: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    of_all: Mapping[str, Any] = field(default_factory=dict)


#: Tiles of the wallboard: each is one statement, whatever the number of queues. A call without a queue counts only for all together.
tiles: Registry[Callable[[datetime, ZoneInfo], Tile]] = Registry("tiles of the wallboard")

NOW = """
SELECT queue, count(*) FILTER (WHERE waits), coalesce(max(extract(epoch FROM %(now)s - since)) FILTER (WHERE waits), 0)::float8,
    count(*) FILTER (WHERE state = 'in_progress')
FROM (
    SELECT queue, state, direction = 'inbound' AND state IN ('queued', 'ringing') AS waits,
        CASE WHEN answered_at IS NULL THEN coalesce(queued_at, started_at) ELSE greatest(answered_at, last_event_at) END AS since
    FROM calls_call WHERE state <> 'ended' AND direction <> 'internal'
) going_on GROUP BY queue
"""
WRITE_UPS = "SELECT queue, count(*) FROM calls_call WHERE wrap_up_state = 'pending' AND started_at > %(since)s GROUP BY queue"


def now_tile(now: datetime, zone: ZoneInfo) -> Tile:
    """Who waits, since when, and who is served."""
    with connection.cursor() as cursor:
        cursor.execute(NOW, {"now": now})
        rows = cursor.fetchall()
    return Tile(
        _now(0, 0.0, 0),
        {queue: _now(*counts) for queue, *counts in rows},
        _now(sum(row[1] for row in rows), max((row[2] for row in rows), default=0.0), sum(row[3] for row in rows)),
    )


def _now(waiting: int, longest: float, served: int) -> dict[str, Any]:
    return {"waiting": waiting, "longest_wait_s": round(max(0.0, longest)) if waiting else None, "served": served}


def today_tile(now: datetime, zone: ZoneInfo) -> Tile:
    """The calls of the day, as the zone counts days: the same figures as the report of the day."""
    day = now.astimezone(zone).date()
    return _counted(intervals.midnight(day, zone), intervals.midnight(day + timedelta(days=1), zone), zone)


def half_hour_tile(now: datetime, zone: ZoneInfo) -> Tile:
    """The calls that began in the last half hour. Some phone systems' clocks go before ours."""
    return _counted(now - HALF_HOUR, now + timedelta(minutes=1), zone)


def _counted(since: datetime, until: datetime, zone: ZoneInfo) -> Tile:
    asked = reports.Asked(since.date(), until.date(), zone, "none", group_by="queue")
    whole = reports.Line(since, until)
    of_queues: dict[str, Mapping[str, Any]] = {}
    for _, queue, *counts in reports.count(asked, [since, until]):
        line = reports.Line(since, until, queue, dict(zip(figures.COUNTS, counts, strict=True)))
        of_queues[queue] = _figures(line)
        whole.add(line)
    return Tile(_figures(reports.Line(since, until)), of_queues, _figures(whole))


def _figures(line: reports.Line) -> dict[str, Any]:
    counts, rates = line.counts, reports.rates(line.counts)
    return {name: counts[name] for name in ("offered", "answered", "abandoned", "short_abandons")} | {
        name: rates[name] for name in ("service_level", "abandon_share", "asa_s", "longest_wait_s")
    }


def agents_tile(now: datetime, zone: ZoneInfo) -> Tile:
    """Who is signed in, by what they do; of a queue: those whose teams serve it."""
    people = AgentPresence.objects.filter(agent__is_active=True).annotate(
        serves=ArrayAgg(
            "agent__teams__queues__slug", filter=Q(agent__teams__is_active=True, agent__teams__queues__slug__isnull=False), distinct=True
        )
    )
    empty = dict.fromkeys((str(state) for state in State), 0) | {"contradict": 0}
    of_queues: dict[str, Any] = {}
    of_all: dict[str, Any] = dict(empty)
    for one in people:
        for counts in (of_all, *(of_queues.setdefault(queue, dict(empty)) for queue in one.serves or [])):
            counts[str(one.state)] += 1
            counts["contradict"] += one.conflict != ""
    return Tile(empty, of_queues, of_all)


def write_ups_tile(now: datetime, zone: ZoneInfo) -> Tile:
    """Calls of the last 24 hours that are not written up."""
    with connection.cursor() as cursor:
        cursor.execute(WRITE_UPS, {"since": now - WRITE_UPS_OF})
        rows = cursor.fetchall()
    return Tile({"pending": 0}, {queue: {"pending": many} for queue, many in rows}, {"pending": sum(many for _, many in rows)})


def alarms_tile(now: datetime, zone: ZoneInfo) -> Tile:
    """Alarms that go on."""
    of_queues: dict[str, list[dict[str, Any]]] = {}
    everywhere = []
    for alarm in Alarm.objects.open().select_related("queue").order_by("raised_at"):
        shown = {
            "id": str(alarm.pk),
            "kind": alarm.kind,
            "value": alarm.worst,
            "limit": alarm.limit,
            "raised_at": alarm.raised_at.isoformat(),
            "is_acknowledged": alarm.acknowledged_at is not None,
        }
        of_queues.setdefault(alarm.queue.slug, []).append(shown)
        everywhere.append(shown | {"queue": alarm.queue.slug})
    return Tile({"open": []}, {queue: {"open": found} for queue, found in of_queues.items()}, {"open": everywhere})


def measure(now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Every tile, of every active queue and of all together."""
    measured = {name: tile(now, zone) for name, tile in tiles}
    described = {
        slug: (title, is_active) for slug, title, is_active in Queue.objects.order_by("name").values_list("slug", "name", "is_active")
    }
    names = {slug: title for slug, (title, is_active) in described.items() if is_active}
    names |= {slug: slug for slug in sorted({slug for tile in measured.values() for slug in tile.of_queues if slug} - described.keys())}
    return {
        "as_of": now.isoformat(),
        "time_zone": zone.key,
        "total": {name: dict(tile.of_all) for name, tile in measured.items()},
        "queues": [
            {"queue": slug, "name": title} | {name: dict(tile.of_queues.get(slug, tile.empty)) for name, tile in measured.items()}
            for slug, title in names.items()
        ],
        "empty": {name: dict(tile.empty) for name, tile in measured.items()},
    }


def look(zone: ZoneInfo, *, queue: str | None = None) -> dict[str, Any]:
    """The wallboard as somebody looks at it: at most ``WALLBOARD_KEPT_S`` old, worked out once for all who look from this zone.

    Of one queue, what stands for all together is that queue's.
    """
    board = orjson.loads(
        shared(f"wallboard:{zone.key}", lambda: orjson.dumps(measure(timezone.now(), zone)), fresh_s=settings.WALLBOARD_KEPT_S)
    )
    empty = board.pop("empty")
    if queue is None:
        return board
    found = [one for one in board["queues"] if one["queue"] == queue]
    return board | {"queues": found, "total": {name: (found[0][name] if found else empty[name]) for name in empty}}
