"""What time makes of return calls: leaders hear of those that are overdue, once; those that nobody came to are given up."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from calls import return_call_notices
from calls.models import ReturnCall
from config.platform.history import entry, record_many
from config.platform.moves import transition
from crm import duty


@transaction.atomic
def tell_overdue(*, now: datetime, limit: int = 200) -> int:
    """Tell those who lead, and whoever has it, of each return call that is overdue; answers how many. Each is told of once.

    Safe in any number of workers at once, and twice: a row is marked in the transaction that tells, and one in another's hands is passed over.
    """
    rows = ReturnCall.objects.overdue(now).filter(overdue_told_at=None).select_related("department")
    held = list(rows.select_for_update(skip_locked=True, of=("self",)).order_by("due_at", "id")[:limit])
    ReturnCall.objects.filter(pk__in=[row.pk for row in held]).update(overdue_told_at=now)
    leaders = {row.department_id: duty.leaders_of(row.department) for row in {row.department_id: row for row in held}.values()}
    for row in held:
        return_call_notices.overdue(row, leaders[row.department_id], now=now)
    record_many(entry(row, "tell_overdue", by=None, now=now, due_at=row.due_at, told=leaders[row.department_id]) for row in held)
    return len(held)


@transaction.atomic
def expire(*, now: datetime, limit: int = 200) -> int:
    """Give up those whose last call is longer ago than ``RETURN_CALL_EXPIRES``; answers how many. Safe in any number of workers.

    A call that is told of late is not swallowed by it: only what happened until its last call is settled so.
    """
    if not settings.RETURN_CALL_EXPIRES:
        return 0
    old = ReturnCall.objects.owed().filter(last_call_at__lt=now - settings.RETURN_CALL_EXPIRES)
    held = list(old.select_for_update(skip_locked=True, of=("self",)).order_by("last_call_at", "id")[:limit])
    for one in held:
        with transition(ReturnCall, one.pk, "expire", by=None, now=now) as row:
            row.closed_at, row.settled_at = now, row.last_call_at
        return_call_notices.closed(row, now=now)
    return len(held)
