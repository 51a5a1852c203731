"""Alarms of queues: raised when a limit is broken, cleared when it has been kept for a while, told to those who lead."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from calls import wallboard
from calls.models import Alarm, Queue
from config.platform import feed
from config.platform.errors import Refusal
from config.platform.history import record, snapshot
from config.platform.models import User
from config.platform.moves import change
from crm import duty

#: A queue that goes up and down around its limit is one alarm: it is over when the limit has been kept for so long.
KEPT_FOR = timedelta(minutes=1)
#: The share of fewer calls than this in half an hour says nothing.
FEWEST_CALLS = 5
WATCH = (7413, 0)
#: Kind, the limit's column on the queue, and whether more is worse.
LIMITS = {"waiting": ("alarm_waiting", True), "wait": ("alarm_wait_s", True), "service_level": ("alarm_service_level", False)}


class AlreadyAcknowledged(Refusal):
    """Somebody has acknowledged this alarm already."""

    code = "already_acknowledged"
    advice = "Nothing is left to do: read the row again to see when, and by whom, it was acknowledged."


def watch(*, now: datetime) -> int:
    """Compare the queues with their limits; answers how many alarms were raised or cleared.

    One watcher at a time: another leaves at once. An alarm of a queue that has lost its limit, or is not used any more, is cleared.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", WATCH)
            if not cursor.fetchone()[0]:
                return 0
        going_on = {(alarm.queue_id, alarm.kind): alarm for alarm in Alarm.objects.open().select_for_update().select_related(None)}
        limited = [queue for queue in Queue.objects.filter(is_active=True) if any(getattr(queue, column) for column, _ in _columns())]
        if not going_on and not limited:
            return 0
        found = _found(limited, now=now)
        done = 0
        for (queue, kind), (value, limit) in found.items():
            alarm = going_on.pop((queue.pk, kind), None)
            if value is None or not _is_broken(kind, value, limit):
                done += alarm is not None and now - alarm.seen_at >= KEPT_FOR and _clear(alarm, queue, now=now)
            elif alarm is None:
                _raise(queue, kind, value, limit, now=now)
                done += 1
            else:
                _still(alarm, value, now=now)
        if going_on:
            queues = Queue.objects.in_bulk({queue_id for queue_id, _ in going_on})
            for (queue_id, _), alarm in going_on.items():
                done += _clear(alarm, queues[queue_id], now=now)
    return done


def acknowledge(alarm_id: UUID, *, if_version: int | None = None, by: User, now: datetime) -> Alarm:
    """Say that one sees to it. The alarm goes on until the queue is well again.

    Raises:
        VersionConflict, AlreadyAcknowledged
    """
    with change(Alarm, alarm_id, "acknowledge", by=by, now=now, if_version=if_version) as alarm:
        if alarm.acknowledged_at is not None:
            raise AlreadyAcknowledged(f"{alarm.acknowledged_by} has acknowledged it.")
        alarm.acknowledged_at, alarm.acknowledged_by = now, by
    return alarm


def _columns() -> list[tuple[str, bool]]:
    return list(LIMITS.values())


def _found(queues: list[Queue], *, now: datetime) -> dict[tuple[Queue, str], tuple[float | None, int]]:
    """What is limited: the value now (None: nothing can be said) and the limit. Two statements for any number of queues."""
    if not queues:
        return {}
    present, lately = wallboard.now_tile(now, ZoneInfo("UTC")), wallboard.half_hour_tile(now, ZoneInfo("UTC"))
    found: dict[tuple[Queue, str], tuple[float | None, int]] = {}
    for queue in queues:
        at_once, half_hour = present.of_queues.get(queue.slug, present.empty), lately.of_queues.get(queue.slug, lately.empty)
        level = half_hour["service_level"]
        is_told = level is not None and half_hour["answered"] + half_hour["abandoned"] >= FEWEST_CALLS
        values = {
            "waiting": at_once["waiting"],
            "wait": at_once["longest_wait_s"] or 0,
            "service_level": round(100 * level, 1) if is_told else None,
        }
        for kind, (column, _) in LIMITS.items():
            if limit := getattr(queue, column):
                found[queue, kind] = values[kind], limit
    return found


def _is_broken(kind: str, value: float, limit: int) -> bool:
    return value > limit if LIMITS[kind][1] else value < limit


def _raise(queue: Queue, kind: str, value: float, limit: int, *, now: datetime) -> None:
    alarm = Alarm(queue=queue, kind=kind, value=value, worst=value, limit=limit, raised_at=now, seen_at=now)
    alarm.save(force_insert=True)
    record(alarm, "raise", by=None, now=now, before={})
    _tell("alarm.raised", alarm, queue, now=now)


def _still(alarm: Alarm, value: float, *, now: datetime) -> None:
    """It goes on: no step worth remembering, only how bad it became."""
    worst = (max if LIMITS[alarm.kind][1] else min)(alarm.worst, value)
    Alarm.objects.filter(pk=alarm.pk).update(seen_at=now, worst=worst)


def _clear(alarm: Alarm, queue: Queue, *, now: datetime) -> bool:
    before = snapshot(alarm)
    alarm.cleared_at, alarm.version = max(now, alarm.raised_at), alarm.version + 1
    alarm.save()
    record(alarm, "clear", by=None, now=now, before=before)
    _tell("alarm.cleared", alarm, queue, now=now)
    return True


def _tell(kind: str, alarm: Alarm, queue: Queue, *, now: datetime) -> None:
    data: dict[str, Any] = {
        "alarm": str(alarm.pk),
        "queue": queue.slug,
        "name": queue.name,
        "kind": alarm.kind,
        "value": alarm.worst,
        "limit": alarm.limit,
        "raised_at": alarm.raised_at,
        "cleared_at": alarm.cleared_at,
    }
    feed.tell(duty.leaders_of(queue.department), kind, data, about=alarm.pk, now=now)


EXAMPLE = {
    "alarm": "0199a1b2-9999-7000-8000-293a4b5c6d7e",
    "queue": "support",
    "name": "Support",
    "kind": "waiting",
    "value": 12.0,
    "limit": 10,
    "raised_at": "2026-11-23T10:15:00Z",
    "cleared_at": None,
}
