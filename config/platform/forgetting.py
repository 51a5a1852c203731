"""Take what was said of a person out of the trail and out of kept answers. That something was done, when and by whom, stays."""

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from config.platform.models import AuditEvent, IdempotencyRecord

FORGOTTEN = "[erased]"


@transaction.atomic
def forget_changes(subject_ids: Collection[UUID], *, telling: Collection[str]) -> int:
    """Blank what the audit events of these rows say, but for the columns in ``telling``, which tell of nobody; answers how many.

    The table refuses every change but this one (migration 0004 of the platform): only ``changes``, ``facts`` and ``reason``,
    and only while this function says so.
    """
    events = list(AuditEvent.objects.filter(subject_id__in=subject_ids))
    changed = [event for event in events if _forget(event, telling)]
    if changed:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL switchboard.audit_upkeep = 'on'")
            AuditEvent.objects.bulk_update(changed, ["changes", "facts", "reason"], batch_size=500)
            cursor.execute("SET LOCAL switchboard.audit_upkeep = 'off'")
    return len(changed)


def forget_answers(is_about: Callable[[str], bool]) -> int:
    """Empty the kept answers that tell of somebody: a retry is still not done twice, but its answer is ``null``; answers how many."""
    emptied = 0
    for record in IdempotencyRecord.objects.only("body").iterator(chunk_size=500):
        if record.body and is_about(record.body):
            record.body = "null"
            record.save(update_fields=["body", "updated_at"])
            emptied += 1
    return emptied


def _forget(event: AuditEvent, telling: Collection[str]) -> bool:
    had = (event.changes, event.facts, event.reason)
    event.changes = {name: pair if name in telling else [_blank(side) for side in pair] for name, pair in event.changes.items()}
    event.facts = {name: value if name in telling else _blank(value) for name, value in event.facts.items()}
    event.reason = FORGOTTEN if event.reason else ""
    return had != (event.changes, event.facts, event.reason)


def _blank(value: Any) -> Any:
    """Whether there was something stays visible."""
    return value if value in (None, "", [], {}) or isinstance(value, bool) else FORGOTTEN
