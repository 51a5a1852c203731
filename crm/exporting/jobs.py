"""A file that somebody ordered: who is in it is decided, it is written piece by piece, put together, kept for a while, deleted.

The export's row and its parts say what is owed. Who is in it is decided in one statement, so it is one picture of the base;
what a row says is of the moment when its part was written. Each step may die at any time and is done again: a piece has one
name and replaces what a dead worker left, so the file has everybody once.
"""

import logging
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import EmptyResultSet
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from config.platform import jobs
from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import User
from config.platform.moves import TransitionNotAllowed, transition
from config.platform.queue import later
from crm import saved_filters
from crm.exporting import pieces
from crm.exporting.entities import entities
from crm.models import Export, ExportPart

logger = logging.getLogger(__name__)
WRITING = 0x5357_4558_504F_5254  # one number for the whole database: the lock between writers and erasures
TABLES = ("csv", "xlsx")
PUBLIC_FORMATS = (*TABLES, "jsonl")
DECIDE = """
INSERT INTO crm_exportpart (export_id, number, ids, is_written, missing)
SELECT %s, number, array_agg(id ORDER BY id), false, 0
FROM (SELECT id, (row_number() OVER (ORDER BY id) - 1) / %s AS number FROM (SELECT DISTINCT * FROM ({chosen}) AS rows) AS chosen(id)) AS numbered
GROUP BY number
"""


class ColumnUnknown(Refusal):
    """There is no such column; `known` lists those there are."""

    code = "column_unknown"
    status = 400
    advice = "Choose among the columns in `known` and order the export again."


class ExportNotReady(Refusal):
    """The file is still being written, or never will be: look at the `state`."""

    code = "export_not_ready"
    advice = "Wait while `state` is `queued` or `running`: `GET /exports/{id}/` tells it. One that failed is ordered anew."


class ExportExpired(Refusal):
    """The file was deleted when its time was over, or because somebody in it was erased. Order it anew."""

    code = "export_expired"
    status = 410
    advice = "Order the same export again (`POST /exports/`): it has the data of today."


def order(
    *,
    entity: str,
    form: str,
    query: Mapping[str, Any] | None = None,
    saved_filter: UUID | None = None,
    columns: Sequence[str] = (),
    by: User,
    now: datetime,
) -> Export:
    """Owe somebody a file of the rows of a list.

    ``query`` and what the saved filter says now are kept with it: later changes of the filter change nothing here.

    Raises:
        ListUnknown, FilterInvalid, SearchTooShort, ColumnUnknown
    """
    if entity not in saved_filters.lists or entity not in entities:
        known = ", ".join(name for name, _ in saved_filters.lists if name in entities)
        raise saved_filters.ListUnknown(f"Give one of: {known}.")
    saved_query = saved_filters.query_of(saved_filter, entity=entity, by=by) if saved_filter else {}
    saved_filters.chosen(entity, query=query, saved_query=saved_query, by=by, now=now)
    return owe(
        entity=entity,
        form=form,
        query=query or {},
        saved_filter_id=saved_filter,
        saved_query=saved_query,
        columns=_checked(entity, form, columns),
        by=by,
        now=now,
    )


@transaction.atomic
def owe(*, entity: str, form: str, query: Mapping[str, Any], columns: Sequence[str] = (), by: User, now: datetime, **more: Any) -> Export:
    """Write down that a file is owed; for those who have checked what they ask."""
    export = Export(entity=entity, format=form, query=dict(query), columns=list(columns), by=by, **more)
    export.save(force_insert=True)
    record(export, "order", by=by, now=now, before={})
    later("crm.run_exports")
    return export


def cancel(export_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> Export:
    """Stop, and delete what was written.

    Raises:
        TransitionNotAllowed: it is done already.
        VersionConflict
    """
    with transition(Export, export_id, "cancel", by=by, now=now, if_version=if_version) as export:
        export.finished_at = now
        transaction.on_commit(lambda: clear(export_id))
    return export


def opened(export_id: UUID, *, by: User, now: datetime) -> tuple[Export, IO[bytes]]:
    """The file, for somebody who reads it now; that they did is remembered.

    Raises:
        ExportNotReady, ExportExpired
    """
    export = Export.objects.get(pk=export_id)
    if export.status == Export.Status.EXPIRED:
        raise ExportExpired("The file was deleted. Order it anew.")
    if export.status != Export.Status.DONE:
        raise ExportNotReady(f"There is no file: the export is {export.status}.")
    try:
        file = default_storage.open(str(export.file.name))
    except FileNotFoundError:
        raise ExportExpired("The file is gone. Order it anew.") from None
    record(export, "download", by=by, now=now, rows=export.done - export.left_out, entity=export.entity)
    return export, file


def run_owed(*, now: datetime, seconds: float = jobs.TURN_S) -> bool:
    """Work on the exports that are owed, for about ``seconds``; answers whether something is left.

    Safe in any number of workers: each export is in one worker's hands, and a dead worker's hands open by themselves.
    """
    return jobs.run_owed(Export.objects.waiting(), _work, now=now, seconds=seconds)


def expire(*, now: datetime) -> int:
    """Delete the files whose time is over; answers how many."""
    due = list(Export.objects.filter(status=Export.Status.DONE, expires_at__lte=now).values_list("pk", flat=True)[:500])
    for export_id in due:
        withdraw(export_id, reason="Its time is over.", by=None, now=now)
    stopped = Export.objects.filter(status__in=["failed", "cancelled"], finished_at__gte=now - timedelta(hours=3))
    for export_id in stopped.values_list("pk", flat=True):
        clear(export_id)  # a worker may have been writing, and died, while it was stopped
    return len(due)


def withdraw(export_id: UUID, *, reason: str, by: User | None, now: datetime) -> None:
    """Delete the file of an export that is done."""
    with transition(Export, export_id, "expire", reason=reason, by=by, now=now) as export:
        export.size = 0
        transaction.on_commit(lambda: clear(export_id))


def withdraw_all_with(contact_id: UUID, *, by: User | None, now: datetime) -> int:
    """No file may go on telling of somebody: those that are done are deleted, those being written write their part again.

    Answers how many files were concerned.
    """
    _keep_writers_out()
    concerned: set[UUID] = set()
    for name, entity in entities:
        ids = entity.of_person(contact_id)
        parts = ExportPart.objects.filter(export__entity=name, export__status__in=["running", "done"], ids__overlap=ids) if ids else ()
        for part in parts:
            concerned.add(part.export_id)
            if part.is_written:
                ExportPart.objects.filter(pk=part.pk).update(is_written=False)
                Export.objects.filter(pk=part.export_id).update(done=F("done") - len(part.ids), left_out=F("left_out") - part.missing)
    for export_id in Export.objects.filter(pk__in=concerned, status=Export.Status.DONE).values_list("pk", flat=True):
        withdraw(export_id, reason="Somebody in it was erased.", by=by, now=now)
    return len(concerned)


def clear(export_id: UUID) -> None:
    """Delete the pieces, and the file too unless it is to be kept. Done again, it does nothing."""
    export = Export.objects.get(pk=export_id)
    if export.status in (Export.Status.QUEUED, Export.Status.RUNNING):
        return
    for number in range((export.total or 0) // pieces.ROWS_OF_A_PIECE + 1):
        default_storage.delete(_piece_name(export_id, number))
    if export.status != Export.Status.DONE:
        default_storage.delete(_file_name(export))
        export.parts.all().delete()


def _keep_writers_out() -> None:
    """Until this transaction ends no piece is written: whatever is written later reads what this transaction leaves."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [WRITING])


def _writing() -> None:
    """Pieces are written side by side, but not while somebody is erased."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [WRITING])


# --- the steps of a worker
def _work(export_id: UUID, until: float) -> bool:
    """Write until the file is there or the turn is over; True when something is left."""
    try:
        export = Export.objects.get(pk=export_id)
        if export.status == Export.Status.QUEUED:
            _decide(export, now=timezone.now())
        while _write_next(export_id):
            if time.monotonic() > until:
                return True
        _finish(export_id)
        return False
    except TransitionNotAllowed:
        clear(export_id)  # it was stopped at this moment
        return False
    except Refusal as refusal:
        jobs.fail(Export, export_id, refusal.detail)
        clear(export_id)
        return False
    except Exception as error:
        logger.exception("export_step_failed")
        if jobs.set_aside(Export, export_id, error, owed_in=(Export.Status.QUEUED, Export.Status.RUNNING)):
            clear(export_id)
        return False


def _decide(export: Export, *, now: datetime) -> None:
    """Who is in it: one statement, so one picture of the base."""
    with transition(Export, export.pk, "start", by=export.by, now=now) as row:
        row.started_at, row.total = now, 0
        rows = entities[row.entity].choose(row.query, row.saved_query, row.by, now)
        try:
            chosen, values = rows.order_by().values("pk").query.sql_with_params()
        except EmptyResultSet:
            return
        with connection.cursor() as cursor:
            cursor.execute(DECIDE.format(chosen=chosen), [row.pk, pieces.ROWS_OF_A_PIECE, *values])
            cursor.execute("SELECT coalesce(sum(cardinality(ids)), 0) FROM crm_exportpart WHERE export_id = %s", [row.pk])
            row.total = cursor.fetchone()[0]


@transaction.atomic
def _write_next(export_id: UUID) -> bool:
    """Write the next piece; False when there is none, or the export was stopped."""
    _writing()
    export = Export.objects.get(pk=export_id)
    part = export.parts.filter(is_written=False).order_by("number").first()
    if export.status != Export.Status.RUNNING or part is None:
        return False
    rows = entities[export.entity](part.ids)
    _store(_piece_name(export_id, part.number), ContentFile(pieces.piece(export.format, _lines(export, rows))))
    part.is_written, part.missing = True, len(part.ids) - len(rows)
    part.save(update_fields=["is_written", "missing"])
    Export.objects.filter(pk=export_id).update(
        done=F("done") + len(part.ids), left_out=F("left_out") + part.missing, updated_at=timezone.now()
    )
    return True


def _lines(export: Export, rows: Sequence[dict[str, Any]]) -> Iterator[Any]:
    """A list of cells for each row of a table, an object for JSON. A column that was retired meanwhile is empty."""
    if not export.columns:
        return iter(rows)
    cells = entities[export.entity].columns()
    taken = {name: cells.get(name, lambda row: "") for name in export.columns}
    if export.format in TABLES:
        return ([cell(row) for cell in taken.values()] for row in rows)
    return ({name: row[name] if name in row else cell(row) for name, cell in taken.items()} for row in rows)


def _finish(export_id: UUID) -> None:
    """Put the pieces together, unless it was stopped meanwhile."""
    export = Export.objects.get(pk=export_id)
    if export.status != Export.Status.RUNNING:
        clear(export_id)
        return
    name = _file_name(export)
    numbers = list(export.parts.order_by("number").values_list("number", flat=True))
    with tempfile.TemporaryFile() as whole:
        opened_pieces: Iterator[IO[bytes]] = (default_storage.open(_piece_name(export_id, number)) for number in numbers)
        pieces.put_together(export.format, whole, title=export.entity.capitalize(), header=export.columns, pieces=opened_pieces)
        size = whole.seek(0, 2)
        whole.seek(0)
        _store(name, File(whole))
    now = timezone.now()
    with transaction.atomic():
        _writing()
        if export.parts.filter(is_written=False).exists():
            return  # somebody was erased meanwhile: that part is written again in the next turn
        with transition(Export, export_id, "finish", by=export.by, now=now) as row:
            row.file.name, row.size, row.finished_at = name, size, now
            row.expires_at = now + settings.EXPORT_KEPT
    clear(export_id)


def _checked(entity: str, form: str, columns: Sequence[str]) -> list[str]:
    known = entities[entity].columns()
    wrong = [name for name in columns if name not in known]
    if wrong:
        raise ColumnUnknown(f"There is no column '{wrong[0][:60]}'. Known: {', '.join(known)}.", known=list(known))
    return list(dict.fromkeys(columns)) or (entities[entity].usual() if form in TABLES else [])


def _piece_name(export_id: UUID, number: int) -> str:
    return f"exports/{export_id}/{number:05}.piece"


def _file_name(export: Export) -> str:
    return f"exports/{export.pk}.{export.format}"


def _store(name: str, content: File) -> None:
    """Under this very name: what a dead worker left there is replaced."""
    default_storage.delete(name)
    default_storage.save(name, content)
