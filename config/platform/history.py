"""Remember: who did what to which object, with the values before and after, in the transaction that did it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import models
from uuid_utils.compat import uuid7

from config.platform.context import asked
from config.platform.copying import as_json, copy_in
from config.platform.models import AuditEvent, User
from config.platform.registry import Registry
from config.platform.sealed import SealedField

HIDDEN = frozenset({"password", "digest", "secret", "previous_secret", "old_secret", "dial_secret"})
UNREMARKABLE = frozenset({"updated_at", "created_at", "version", "search_key", "last_login", "preview"})

#: Told, in the same transaction, of each write of a row that is remembered by ``record``; by the name of its model.
followers: Registry[Callable[[Any, AuditEvent], None]] = Registry("what follows from a write that is remembered")


def snapshot(row: models.Model) -> dict[str, Any]:
    """The row's own columns as JSON values; secrets only as whether they are there."""
    return {
        field.attname: _plain("secret" if isinstance(field, SealedField) else field.attname, getattr(row, field.attname))
        for field in row._meta.concrete_fields
        if field.attname not in UNREMARKABLE and field.attname not in row.get_deferred_fields()
    }


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """``{field: [before, after]}`` of what is not equal."""
    return {key: [before.get(key), after.get(key)] for key in {**before, **after} if before.get(key) != after.get(key)}


def entry(
    row: models.Model,
    verb: str,
    *,
    by: User | None,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    reason: str = "",
    status_before: str = "",
    **facts: Any,
) -> AuditEvent:
    """An unsaved audit event, for those who write many at once with ``bulk_create``."""
    about = asked.get()
    after = snapshot(row) if before is not None else {}
    return AuditEvent(
        subject_type=row._meta.model_name or "",
        subject_id=row.pk,
        verb=verb,
        status_before=status_before,
        status_after=str(getattr(row, getattr(row, "STATUS_FIELD", "status"), "") or ""),
        by=by if by is not None and by.pk else None,
        at=now,
        reason=reason,
        changes=difference(before or {}, after),
        facts={key: _plain(key, value) for key, value in facts.items()},
        request_id=about.request_id,
        ip=about.ip,
    )


def record(row: models.Model, verb: str, *, by: User | None, now: datetime, before: Mapping[str, Any] | None = None, **rest: Any) -> None:
    """Write the audit event of a change just made to ``row``.

    ``before`` is a ``snapshot`` taken before the change; ``{}`` for a row that is new.
    """
    event = entry(row, verb, by=by, now=now, before=before, **rest)
    event.save(force_insert=True)
    if event.subject_type in followers:
        followers[event.subject_type](row, event)


def record_many(events: Iterable[AuditEvent]) -> None:
    """Write what ``entry`` made, in one statement."""
    AuditEvent.objects.bulk_create(events, batch_size=1000)


@dataclass(frozen=True, slots=True)
class Done:
    """What was done to one row among very many, see ``record_by_copy``."""

    subject_id: UUID
    verb: str
    changes: Mapping[str, Any]
    facts: Mapping[str, Any]


def record_by_copy(subject_type: str, done: Iterable[Done], *, by: User | None, now: datetime) -> None:
    """As ``record_many``, for thousands at a time: no model objects, and COPY instead of INSERT. Values must be JSON already."""
    about = asked.get()
    same = {"created_at": now, "updated_at": now, "version": 1, "subject_type": subject_type, "status_before": "", "status_after": ""}
    same |= {"by_id": by.pk if by is not None else None, "at": now, "reason": "", "request_id": about.request_id, "ip": about.ip}
    rows = ([uuid7(), one.subject_id, one.verb, as_json(one.changes), as_json(one.facts)] for one in done)
    copy_in(AuditEvent._meta.db_table, ["id", "subject_id", "verb", "changes", "facts"], rows, same=same)


def _plain(name: str, value: Any) -> Any:
    if name in HIDDEN:
        return "set" if value else ""
    if isinstance(value, UUID | Decimal | date | datetime):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return None
    if isinstance(value, list | tuple):
        return [_plain("", item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain("", item) for key, item in value.items()}
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
