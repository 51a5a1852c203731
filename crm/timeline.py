"""What happened with a contact, newest first, from every app that knows something."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import Q

from config.platform.errors import Refusal
from config.platform.models import AuditEvent, User
from config.platform.registry import Registry
from crm import old_ids
from crm.models import Note


class KindUnknown(Refusal):
    """There is no such kind of happenings; the answer names those there are."""

    code = "kind_unknown"
    status = 400
    advice = "Send kinds that the answer lists, or leave the filter out to see all."


@dataclass(frozen=True)
class Happening:
    """One line of the timeline. ``kind`` says what ``data`` is, ``by`` who did it.

    ``resource`` is the list in whose addresses the row is found (``calls``); empty when it has no address of its own.
    """

    at: datetime
    kind: str
    id: UUID
    data: dict[str, Any]
    by: str | None = None
    resource: str = ""

    @property
    def key(self) -> tuple[datetime, str]:
        return self.at, str(self.id)


#: ``(contact_id, before, limit) -> happenings``, newest first, older than ``before`` (a time and an id) when it is given.
#: Each needs an index on (contact, time, id), so that a page costs the same however long the life.
Position = tuple[datetime, str] | None
sources: Registry[Callable[[UUID, Position, int], list[Happening]]] = Registry("sources of a contact's timeline")

#: ``(user, page) -> ids`` of those happenings of a page that this person may not see.
hidden: Registry[Callable[[User, Sequence[Happening]], set[UUID]]] = Registry("what of a timeline somebody may not see")


def of(contact_id: UUID, *, before: Position, limit: int, kinds: Collection[str] | None = None) -> list[Happening]:
    """The ``limit`` newest happenings, or those older than ``before``; of some sources only, when ``kinds`` names them.

    One query for each source; equal times are told apart by the ids, across all sources, so a cursor passes nothing over.

    Raises:
        KindUnknown
    """
    known = [name for name, _ in sources]
    unknown = sorted(set(kinds or ()) - set(known))
    if unknown:
        raise KindUnknown(f"There is no kind '{unknown[0][:40]}'. Give some of: {', '.join(known)}.", known=known)
    streams = [source(contact_id, before, limit) for name, source in sources if kinds is None or name in kinds]
    return list(islice(merge(*streams, key=lambda one: one.key, reverse=True), limit))


def visible_to(user: User, page: Sequence[Happening]) -> list[Happening]:
    """What of a page this person may see. A page may thus be shorter than others; its cursor is that of the whole."""
    unseen = {one for _, hides in hidden for one in hides(user, page)}
    return [one for one in page if one.id not in unseen]


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
            {"text": row.text, "is_pinned": row.is_pinned, "origin": row.origin, "by": _who(row)},
            by=_who(row),
        )
        for row in rows
    ]


def changes(contact_id: UUID, before: Position, limit: int) -> list[Happening]:
    """What was changed on the contact, and by whom; before a merge also on those that became one with it."""
    subjects = [contact_id, *old_ids.within(contact_id)]
    rows = AuditEvent.objects.filter(older("at", before), subject_id__in=subjects).select_related("by").order_by("-at", "-id")[:limit]
    return [
        Happening(row.at, "change", row.pk, {"verb": row.verb, "fields": sorted(row.changes), "by": _who(row)}, by=_who(row))
        for row in rows
    ]


def _who(row: Note | AuditEvent) -> str | None:
    return str(row.by) if row.by else None
