"""What this app keeps about people: holders for erasures, and the file with everything that is known about somebody."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q, QuerySet

from config.platform import forgetting
from config.platform.history import record
from config.platform.models import AuditEvent, User
from crm import contact_rows, erasure, old_ids, traces
from crm.erasure import Holder
from crm.exporting import jobs
from crm.exporting.entities import Entity
from crm.models import Contact, Export, ExportPart, Import, ImportRow, Note, SavedFilter

ENTITY = "personal_data"
#: What audit events of contacts and notes may go on telling: it tells of nobody.
TELLING = frozenset(
    {"kind", "lifecycle", "owner_id", "language", "time_zone", "time_zone_source", "is_pinned", "contact", "duplicates_overruled", "export"}
)


def order(contact_id: UUID, *, by: User, now: datetime) -> Export:
    """Owe somebody a file with everything that is known about a contact. That it was asked for stands in the contact's trail too."""
    with transaction.atomic():
        export = jobs.owe(entity=ENTITY, form=Export.Format.JSON, query={"contact": str(contact_id)}, by=by, now=now)
        record(Contact.objects.get(pk=contact_id), "export_personal_data", by=by, now=now, export=export.pk)
    return export


def document(contact_id: UUID) -> dict[str, Any]:
    """Everything that is known about a contact, by who keeps it."""
    return {"contact": contact_rows.show([contact_id])[0], **{name: holder.personal_data(contact_id) for name, holder in erasure.holders}}


def _choose(query: Mapping[str, Any], saved_query: Mapping[str, Any], by: User | None, now: datetime) -> QuerySet[Any]:
    return Contact.objects.filter(pk=query["contact"])


def _read(ids: Sequence[UUID]) -> list[dict[str, Any]]:
    return [document(contact_id) for contact_id in Contact.objects.filter(pk__in=ids).values_list("pk", flat=True)]


#: Registered with ``crm.exporting.entities``: a file of one row.
PERSONAL_DATA = Entity(_choose, _read, dict, list, lambda contact_id: [contact_id])


# --- notes
def _notes(contact_id: UUID) -> list[dict[str, Any]]:
    rows = Note.objects.filter(contact=contact_id).select_related("by").order_by("id")
    return [{"at": row.created_at, "text": row.text, "by": str(row.by) if row.by else None} for row in rows]


def _erase_notes(contact_id: UUID) -> int:
    return Note.objects.filter(contact=contact_id).exclude(text=traces.ERASED).update(text=traces.ERASED)


# --- imports
def _rows(contact_id: UUID) -> QuerySet[ImportRow]:
    """The rows of files that tell of a contact or of one merged into it, the doubles in the same file included."""
    ids = [contact_id, *old_ids.within(contact_id)]
    direct = list(ImportRow.objects.filter(object_id__in=ids).values_list("batch_id", "line"))
    doubles = Q()
    for batch_id, line in direct:
        doubles |= Q(batch=batch_id, duplicate_of_line=line)
    return ImportRow.objects.filter(Q(object_id__in=ids) | doubles) if direct else ImportRow.objects.none()


def _imported(contact_id: UUID) -> list[dict[str, Any]]:
    rows = _rows(contact_id).select_related("batch").order_by("id")
    return [{"at": row.batch.created_at, "file": row.batch.filename, "line": row.line, "cells": row.cells} for row in rows]


def _erase_imported(contact_id: UUID) -> int:
    """The cells go, the verdicts stay; the file, of no use once its rows are judged, goes whole."""
    rows = _rows(contact_id)
    batches = Import.objects.filter(pk__in=rows.values("batch")).exclude(status=Import.Status.UPLOADED)
    names = [name for name in batches.values_list("file", flat=True) if name]
    changed = ImportRow.objects.filter(pk__in=list(rows.values_list("pk", flat=True))).update(
        cells=[], candidate={}, problems=[], effect=None
    )
    batches.update(preview=[])
    if names:
        Import.objects.filter(file__in=names).update(file="")
        transaction.on_commit(lambda: _delete(names))
    return changed


def _delete(names: Iterable[str]) -> None:
    """What a worker that dies here leaves behind, ``crm.retention.sweep_files`` finds."""
    for name in names:
        default_storage.delete(name)


# --- exports
def _exported(contact_id: UUID) -> list[dict[str, Any]]:
    """The files that are kept and hold the contact itself."""
    parts = ExportPart.objects.filter(ids__contains=[contact_id]).select_related("export__by").defer("ids").order_by("id")
    return [{"at": part.export.created_at, "what": part.export.entity, "by": str(part.export.by)} for part in parts]


def _erase_exported(contact_id: UUID) -> int:
    """The files themselves are withdrawn before anything else (crm.exporting.jobs); here go the searches that name the person."""
    known = traces.of(contact_id)
    searching = Q(query__has_key="search") | Q(saved_query__has_key="search")
    changed = []
    for export in Export.objects.filter(searching).only("query", "saved_query"):
        told = {"query": _forgotten(export.query, known), "saved_query": _forgotten(export.saved_query, known)}
        if told != {"query": export.query, "saved_query": export.saved_query}:
            Export.objects.filter(pk=export.pk).update(**told)
            changed.append(export.pk)
    for row in SavedFilter.objects.filter(query__has_key="search").only("query"):
        if (query := _forgotten(row.query, known)) != row.query:
            SavedFilter.objects.filter(pk=row.pk).update(query=query)
            changed.append(row.pk)
    forgetting.forget_changes(changed, telling={"entity", "format", "by_id", "owner_id", "is_shared", "status"})
    return len(changed)


def _forgotten(query: Mapping[str, Any], known: traces.Traces) -> dict[str, Any]:
    return {name: known.wiped(value) if name == "search" else value for name, value in query.items()}


# --- the trail
def _told(contact_id: UUID) -> list[dict[str, Any]]:
    events = AuditEvent.objects.filter(subject_id__in=traces.subjects(contact_id)).select_related("by").order_by("id")
    return [
        {"at": one.at, "verb": one.verb, "by": str(one.by) if one.by else None, "changes": one.changes, "facts": one.facts}
        for one in events
    ]


def _erase_told(contact_id: UUID) -> int:
    return forgetting.forget_changes(traces.subjects(contact_id), telling=TELLING)


HOLDERS = {
    "notes": Holder(_notes, _erase_notes),
    "imports": Holder(_imported, _erase_imported),
    "exports": Holder(_exported, _erase_exported),
    "changes": Holder(_told, _erase_told),
}
