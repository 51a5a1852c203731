"""Which calls wait to be written up, and for how long."""

from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from calls import consequences
from calls.models import Call
from config.platform.history import record, snapshot

WrapUp = Call.WrapUp
#: Somebody wrote it up or passed it over, or time did: what events tell later changes nothing of that.
SETTLED = frozenset({WrapUp.DONE, WrapUp.SKIPPED, WrapUp.AUTO_CLOSED})

OVERDUE = """
SELECT c.id, q.wrap_up_limit_s FROM calls_call c JOIN calls_queue q ON q.slug = c.queue
WHERE c.wrap_up_state = 'pending' AND q.wrap_up_limit_s > 0 AND c.ended_at < %s - q.wrap_up_limit_s * interval '1 second'
ORDER BY c.started_at DESC, c.id DESC LIMIT %s FOR NO KEY UPDATE OF c SKIP LOCKED
"""


def state_of(call: Call) -> str:
    """The state of writing up that follows from what happened: an operator talked, or called out and reached nobody."""
    if call.wrap_up_state in SETTLED:
        return call.wrap_up_state
    if call.state != Call.State.ENDED or not call.agent_id:
        return WrapUp.NONE
    is_talk = call.outcome == Call.Outcome.ANSWERED
    is_failed = call.direction == Call.Direction.OUTBOUND and bool(call.outcome) and settings.WRAP_UP_FAILED_OUTBOUND
    return WrapUp.PENDING if is_talk or is_failed else WrapUp.NONE


@transaction.atomic
def close_overdue(*, now: datetime, limit: int = 200) -> int:
    """Close the write-ups that took longer than their queue allows; answers how many. They may still be written up.

    Safe in any number of workers: rows in another's hands are passed over.
    """
    with connection.cursor() as cursor:
        cursor.execute(OVERDUE, [now, limit])
        limits = dict(cursor.fetchall())
    for call in Call.objects.filter(pk__in=limits):
        before = snapshot(call)
        stood, legs = consequences.as_stored(call)
        call.wrap_up_state, call.wrap_s = WrapUp.AUTO_CLOSED, float(limits[call.pk])
        call.version += 1
        call.save(update_fields=["wrap_up_state", "wrap_s", "version", "updated_at"])
        record(call, "close_wrap_up", by=None, now=now, before=before)
        consequences.follow(call, stood, legs, happened_at=now, now=now)
    return len(limits)
