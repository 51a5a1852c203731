"""Add, change and remove the rows that an administrator keeps: departments, topics, phone systems and their like.

What such a row may be is a constraint of its table; there is no rule here but that every change is remembered.
"""

from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import models, transaction

from config.platform.history import difference, entry, record, record_many, snapshot
from config.platform.models import User
from config.platform.moves import check_version

R = TypeVar("R", bound=models.Model)


@transaction.atomic
def add(model: type[R], *, by: User | None, now: datetime, **fields: Any) -> R:
    """Make a row; many-to-many fields are given as lists.

    Raises:
        ValidationError: the model's own ``clean`` refused it.
        IntegrityError: a constraint of the table refused it.
    """
    many = {field.name: fields.pop(field.name) for field in model._meta.many_to_many if field.name in fields}
    row = model(**fields)
    row.clean()
    row.save(force_insert=True)
    for name, values in many.items():
        getattr(row, name).set(values)
    record(row, "add", by=by, now=now, before={}, **{name: [value.pk for value in values] for name, values in many.items()})
    return row


@transaction.atomic
def alter(model: type[R], pk: UUID, *, if_version: int | None = None, by: User | None, now: datetime, **fields: Any) -> R:
    """Change a row.

    Raises:
        VersionConflict
        ValidationError, IntegrityError: as ``add``.
    """
    row = model._default_manager.select_for_update().get(pk=pk)
    check_version(row, if_version)
    before = snapshot(row)
    facts: dict[str, Any] = {}
    for field in model._meta.many_to_many:
        if field.name in fields:
            related = getattr(row, field.name)
            had = sorted(str(other) for other in related.values_list("pk", flat=True))
            related.set(values := fields.pop(field.name))
            facts |= difference({field.name: had}, {field.name: sorted(str(value.pk) for value in values)})
    for name, value in fields.items():
        setattr(row, name, value)
    row.clean()
    row.version += 1  # type: ignore[attr-defined]
    row.save()
    record(row, "alter", by=by, now=now, before=before, **facts)
    return row


@transaction.atomic
def remove(model: type[models.Model], pk: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> None:
    """Delete a row that nothing points at.

    Raises:
        VersionConflict
        ProtectedError: something does.
    """
    row = model._default_manager.select_for_update().get(pk=pk)
    check_version(row, if_version)
    gone = entry(row, "remove", by=by, now=now)
    gone.changes = {name: [value, None] for name, value in snapshot(row).items() if value not in ("", None, [], {})}
    row.delete()
    record_many([gone])
