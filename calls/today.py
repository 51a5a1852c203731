"""The day as one page: how many calls, who is on the line, who was missed and not called back, what is stuck.

Every question is one statement by an index, whatever the size of the tables: it looks at the calls of one day, or at rows that a
partial index keeps apart.
"""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import accumulate
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from calls.models import Call, CallEvent, PhoneSystem
from config.platform.models import Heartbeat
from crm.models import Import

GOING_ON = 30
MISSED = 10
COUNTED = 1000
NOT_REACHED = ("missed", "abandoned", "overflow", "voicemail", "no_answer", "after_hours", "busy", "rejected", "callback_requested")


@dataclass
class Hour:
    """Calls that began in one hour of the day."""

    hour: int
    answered: int = 0
    missed: int = 0
    outbound: int = 0
    internal: int = 0

    @property
    def total(self) -> int:
        return self.answered + self.missed + self.outbound + self.internal


@dataclass
class Today:
    """The numbers of a day."""

    begins: datetime
    hours: list[Hour] = field(default_factory=list)
    talk_s: float = 0.0
    waits: int = 0
    wait_s: float = 0.0

    def _sum(self, name: str) -> int:
        return sum(getattr(hour, name) for hour in self.hours)

    @property
    def total(self) -> int:
        return self._sum("total")

    @property
    def inbound(self) -> int:
        return self._sum("answered") + self._sum("missed")

    @property
    def answered(self) -> int:
        return self._sum("answered")

    @property
    def missed(self) -> int:
        return self._sum("missed")

    @property
    def outbound(self) -> int:
        return self._sum("outbound")

    @property
    def answered_share(self) -> int | None:
        return round(100 * self.answered / self.inbound) if self.inbound else None

    @property
    def mean_wait_s(self) -> float | None:
        return self.wait_s / self.waits if self.waits else None


def midnight(now: datetime, zone: ZoneInfo) -> datetime:
    """When the day of ``now`` began in this zone."""
    return datetime.combine(now.astimezone(zone).date(), time(), tzinfo=zone)


def counts(now: datetime, zone: ZoneInfo) -> Today:
    """Calls of today by hour; those that go on count as answered once somebody spoke."""
    begins = midnight(now, zone)
    today = Today(begins, [Hour(hour) for hour in range(24)])
    sql = """
        SELECT extract(hour FROM started_at AT TIME ZONE %s)::int, direction, answered_at IS NOT NULL AND outcome IN ('', 'answered'),
               state = 'ended', count(*), coalesce(sum(talk_s), 0), count(wait_s), coalesce(sum(wait_s), 0)
        FROM calls_call WHERE started_at >= %s AND started_at < %s GROUP BY 1, 2, 3, 4
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [zone.key, begins, begins + timedelta(days=1)])
        for number, direction, was_answered, is_over, many, talk_s, waits, wait_s in cursor.fetchall():
            hour = today.hours[number]
            today.talk_s += talk_s
            if direction == Call.Direction.OUTBOUND:
                hour.outbound += many
            elif direction == Call.Direction.INTERNAL:
                hour.internal += many
            elif was_answered:
                hour.answered += many
            elif is_over:
                hour.missed += many
            if direction == Call.Direction.INBOUND and was_answered:
                today.waits += waits
                today.wait_s += wait_s
    return today


def going_on() -> list[Call]:
    """Calls on the line now, those that last longest first."""
    return list(Call.objects.open().select_related("agent", "contact").order_by("started_at")[:GOING_ON])


@dataclass(frozen=True)
class Missed:
    """Somebody who called today, reached nobody, and has not been spoken with since."""

    number: str
    times: int
    last_at: datetime
    call_id: UUID
    contact_id: UUID | None
    contact: str


def missed(now: datetime, zone: ZoneInfo) -> tuple[list[Missed], int]:
    """The latest of them, and how many there are."""
    sql = """
        WITH lost AS (
            SELECT DISTINCT ON (c.customer_e164) c.customer_e164, c.started_at, c.id, c.contact_id,
                   count(*) OVER (PARTITION BY c.customer_e164) AS times
            FROM calls_call c
            WHERE c.started_at >= %s AND c.outcome = ANY(%s) AND c.direction = 'inbound' AND c.customer_e164 <> ''
              AND NOT EXISTS (
                SELECT FROM calls_call later WHERE later.customer_e164 = c.customer_e164 AND later.started_at > c.started_at
                  AND later.answered_at IS NOT NULL)
            ORDER BY c.customer_e164, c.started_at DESC
        )
        SELECT lost.*, count(*) OVER () AS all_of_them,
               coalesce(nullif(contact.company_name, ''), concat_ws(' ', contact.surname, contact.name), '')
        FROM lost LEFT JOIN crm_contact contact ON contact.id = lost.contact_id ORDER BY lost.started_at DESC LIMIT %s
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [midnight(now, zone), list(NOT_REACHED), MISSED])
        rows = cursor.fetchall()
    found = [Missed(number, times, at, call_id, contact_id, name.strip()) for number, at, call_id, contact_id, times, _, name in rows]
    return found, rows[0][5] if rows else 0


@dataclass(frozen=True)
class Stuck:
    """What waits for somebody or something. Counts stop at ``COUNTED``."""

    to_write_up: int
    waiting_events: int
    quarantined: int


def stuck() -> Stuck:
    """Each from its own partial index."""
    sql = """
        SELECT (SELECT count(*) FROM (SELECT FROM calls_call WHERE wrap_up_state = 'pending' LIMIT %(most)s) a),
               (SELECT count(*) FROM (SELECT FROM calls_callevent WHERE state = 'accepted' LIMIT %(most)s) b),
               (SELECT count(*) FROM (SELECT FROM calls_callevent WHERE state = 'quarantined' LIMIT %(most)s) c)
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, {"most": COUNTED})
        return Stuck(*cursor.fetchone())


def quarantined() -> list[CallEvent]:
    """The newest events that were set aside."""
    return list(CallEvent.objects.filter(state="quarantined").select_related("phone_system").order_by("-id")[:5])


def imports() -> list[Import]:
    """The newest files."""
    return list(Import.objects.select_related("by").order_by("-id")[:5])


def phone_systems() -> list[PhoneSystem]:
    """Those in use, and when they were last heard of."""
    return list(PhoneSystem.objects.filter(is_active=True).order_by("name")[:20])


def heartbeats() -> list[Heartbeat]:
    """Signs of life of what works in the background."""
    return list(Heartbeat.objects.order_by("name")[:20])


def bars(hours: list[Hour], *, now_hour: int, height: int = 190, width: int = 1080) -> dict[str, Any]:
    """Where the bars of the chart stand: coordinates of an SVG picture."""
    top = max(5, *(hour.total for hour in hours))
    step = next(step for step in (1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000, 5000, 10**6) if top / step <= 4)
    ceiling = -(-top // step) * step
    slot = width / 24
    pictured = []
    for hour in hours:
        parts = [("answered", hour.answered), ("missed", hour.missed), ("outbound", hour.outbound), ("internal", hour.internal)]
        ends = list(accumulate(many for _, many in parts))
        pictured.append(
            {
                "hour": hour.hour,
                "x": round(hour.hour * slot + 3, 1),
                "middle": round((hour.hour + 0.5) * slot, 1),
                "is_now": hour.hour == now_hour,
                "total": hour.total,
                "said": f"{hour.hour:02d}:00 – {hour.answered} answered, {hour.missed} missed, {hour.outbound} outbound, {hour.internal} internal",
                "parts": [
                    {"name": name, "y": round(height - end * height / ceiling, 1), "height": round(many * height / ceiling, 1)}
                    for (name, many), end in zip(parts, ends, strict=True)
                    if many
                ],
            }
        )
    lines = [{"value": value, "y": round(height - value * height / ceiling, 1)} for value in range(0, ceiling + 1, step)]
    return {"bars": pictured, "lines": lines, "bar_width": round(slot - 6, 1), "height": height, "width": width}
