"""What happened with a contact, newest first, from every app that knows something."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import Q

from config.platform.models import AuditEvent
from config.platform.registry import Registry
from crm import old_ids
from crm.models import Note


@dataclass(frozen=True)
class Happening:
    """One line of the timeline. ``kind`` says what ``data`` is."""

    at: datetime
    kind: str
    id: UUID
    data: dict[str, Any]

    @property
    def key(self) -> tuple[datetime, str]:
        return self.at, str(self.id)


#: ``(contact_id, before, limit) -> happenings``, newest first, older than ``before`` (a time and an id) when it is given.
Position = tuple[datetime, str] | None
sources: Registry[Callable[[UUID, Position, int], list[Happening]]] = Registry("sources of a contact's timeline")


def of(contact_id: UUID, *, before: Position, limit: int) -> list[Happening]:
    """The ``limit`` newest happenings, or those older than ``before``. One query for each source."""
    streams = [source(contact_id, before, limit) for _, source in sources]
    return list(islice(merge(*streams, key=lambda one: one.key, reverse=True), limit))


def older(column: str, before: Position) -> Q:
    """The condition for rows older than ``before`` by ``column`` and id."""
    if before is None:
        return Q()
    at, row_id = before
    return Q(**{f"{column}__lte": at}) & (Q(**{f"{column}__lt": at}) | Q(id__lt=row_id))


def notes(contact_id: UUID, before: Position, limit: int) -> list[Happening]:
    """What people wrote down."""
    rows = Note.objects.filter(older("created_at", before), contact=contact_id).select_related("by").order_by("-created_at", "-id")[:limit]
    return [
        Happening(
            row.created_at,
            "note",
            row.pk,
            {"text": row.text, "is_pinned": row.is_pinned, "origin": row.origin, "by": str(row.by) if row.by else None},
        )
        for row in rows
    ]


def changes(contact_id: UUID, before: Position, limit: int) -> list[Happening]:
    """What was changed on the contact, and by whom; before a merge also on those that became one with it."""
    subjects = [contact_id, *old_ids.within(contact_id)]
    rows = AuditEvent.objects.filter(older("at", before), subject_id__in=subjects).select_related("by").order_by("-at", "-id")[:limit]
    return [
        Happening(row.at, "change", row.pk, {"verb": row.verb, "fields": sorted(row.changes), "by": str(row.by) if row.by else None})
        for row in rows
    ]
