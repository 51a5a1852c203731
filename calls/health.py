"""Whether a phone system is well: what it told of late, how late it told it, what is stuck, what was refused, what we do not know of it.

Every question looks at the last calls of the system, or at rows that a partial index keeps apart, so it costs the same on any table.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from calls.models import CallEvent, PhoneSystem, RefusedDelivery
from config.platform import statements

HOURS = 24
LAST_CALLS = 200
COUNTED = 1000
SHOWN = 10
#: Calls of the last day, hour by hour, eldest first.
BY_HOUR = """
    SELECT h.n, count(c.id), count(c.id) FILTER (WHERE c.is_partial), count(c.id) FILTER (WHERE c.is_stale_closed)
    FROM generate_series(0, %(hours)s - 1) AS h(n)
    LEFT JOIN calls_call c ON c.phone_system_id = %(system)s AND c.source = 'event'
        AND c.started_at > %(now)s - make_interval(hours => %(hours)s - h.n)
        AND c.started_at <= %(now)s - make_interval(hours => %(hours)s - h.n - 1)
    GROUP BY h.n ORDER BY h.n
"""
#: Of the events of the last calls: how long after they happened they came, in seconds, and what they are called.
LAST = """
    WITH last AS (SELECT id FROM calls_call WHERE phone_system_id = %(system)s ORDER BY started_at DESC, id DESC LIMIT %(calls)s),
    events AS (SELECT e.type, e.state, extract(epoch FROM e.received_at - e.occurred_at) AS late_s,
        e.normalised ->> 'time_source' AS source FROM calls_callevent e JOIN last ON last.id = e.call_id)
    SELECT count(*), count(*) FILTER (WHERE state = 'ignored'), count(*) FILTER (WHERE source = 'received'),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY late_s) FILTER (WHERE source IS NULL),
        percentile_cont(0.95) WITHIN GROUP (ORDER BY late_s) FILTER (WHERE source IS NULL) FROM events
"""
#: Extensions that were on the line in the last calls and that nobody is known to sit at.
NOBODYS = """
    WITH last AS (SELECT id FROM calls_call WHERE phone_system_id = %(system)s ORDER BY started_at DESC, id DESC LIMIT %(calls)s)
    SELECT l.extension, count(*) FROM calls_callleg l JOIN last ON last.id = l.call_id
    WHERE l.extension <> '' AND l.agent_id IS NULL GROUP BY l.extension ORDER BY count(*) DESC, l.extension LIMIT %(shown)s
"""


@dataclass(frozen=True)
class Health:
    """``hours`` are ``(calls, without a beginning, closed for silence)``; seconds are None when nothing came. ``advice`` is in words."""

    hours: list[tuple[int, int, int]]
    events: int
    ignored: int
    without_time: int
    late_median_s: float | None
    late_p95_s: float | None
    waiting: int
    quarantined: int
    refused: int
    last_refused_at: datetime | None
    refusals: list[RefusedDelivery]
    nobodys: list[tuple[str, int]]
    advice: list[str]

    def shown(self) -> dict[str, Any]:
        """As the API says it."""
        return {
            "hours": [{"calls": calls, "partial": partial, "silent": silent} for calls, partial, silent in self.hours],
            "events": self.events,
            "ignored": self.ignored,
            "without_time": self.without_time,
            "late_median_s": self.late_median_s,
            "late_p95_s": self.late_p95_s,
            "waiting": self.waiting,
            "quarantined": self.quarantined,
            "refused": self.refused,
            "last_refused_at": self.last_refused_at,
            "refusals": [{"at": one.at, "reason": one.reason, "address": one.address, "body": one.body} for one in self.refusals],
            "unknown_extensions": [{"extension": extension, "legs": count} for extension, count in self.nobodys],
            "advice": self.advice,
        }


def of(system: PhoneSystem, *, now: datetime) -> Health:
    """How the phone system is; seven statements."""
    asked = {"system": system.pk, "now": now, "hours": HOURS, "calls": LAST_CALLS, "shown": SHOWN}
    hours = [(calls, partial, silent) for _, calls, partial, silent in statements.rows(BY_HOUR, asked)]
    ((events, ignored, without_time, median, p95),) = statements.rows(LAST, asked)
    stuck = CallEvent.objects.filter(phone_system=system)
    told = {
        "events": events,
        "ignored": ignored,
        "without_time": without_time,
        "late_median_s": None if median is None else round(float(median), 3),
        "late_p95_s": None if p95 is None else round(float(p95), 3),
        "waiting": stuck.filter(state=CallEvent.State.ACCEPTED)[:COUNTED].count(),
        "quarantined": stuck.filter(state=CallEvent.State.QUARANTINED)[:COUNTED].count(),
        "nobodys": [(extension, count) for extension, count in statements.rows(NOBODYS, asked)],
    }
    refusals = list(RefusedDelivery.objects.filter(phone_system=system).order_by("-id")[:SHOWN])
    return Health(
        hours=hours, refused=system.refused, last_refused_at=system.last_refused_at, refusals=refusals,
        advice=_advice(system, told, now), **told,
    )  # fmt: skip


def _advice(system: PhoneSystem, told: dict[str, Any], now: datetime) -> list[str]:
    """What whoever set the phone system up should look at, the worst first."""
    found = []
    if system.last_event_at is None:
        found.append("Nothing ever came. Try the set-up with the test, then look at the page of this phone system in the documentation.")
    if system.last_refused_at and (system.last_event_at is None or system.last_refused_at > system.last_event_at):
        found.append("The last delivery was refused: the secret, the account or the address differ between the two sides.")
    elif system.last_refused_at and now - system.last_refused_at < timedelta(hours=1):
        found.append("Some deliveries of the last hour were refused: somebody posts here with another secret.")
    if told["quarantined"]:
        found.append("Some deliveries could not be read, or contradict earlier ones: look at the events that need somebody.")
    if told["late_median_s"] is not None and told["late_median_s"] < -2:
        found.append("Events come before they happen: its clock is ahead, or its time zone is another than the one set here.")
    if told["late_median_s"] is not None and told["late_median_s"] > 600:
        found.append("Events come more than ten minutes late: its clock is behind, its time zone is another, or it reports after the call.")
    if told["events"] and told["without_time"] * 2 > told["events"]:
        found.append("Most events carry no time of their own, so ours is taken.")
    if told["nobodys"]:
        named = ", ".join(extension for extension, _ in told["nobodys"][:5])
        found.append(f"Nobody is known to sit at {named}: say under Extensions whose they are, or their calls are nobody's.")
    return found
