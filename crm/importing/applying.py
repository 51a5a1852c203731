"""Bring judged rows into the base, a thousand in a transaction. The base may have changed since: each row is matched anew."""

import logging
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from config.platform.copying import as_json
from config.platform.moves import transition
from config.platform.statements import rows as rows_of
from crm.contacts import queue_for
from crm.importing import progress
from crm.importing.matching import Candidate, Known, handles
from crm.importing.writing import Work, loads
from crm.models import Import, ImportRow

logger = logging.getLogger(__name__)
#: each row holds a lock or two until the chunk is committed (``queue_for``), and PostgreSQL has room for some thousands
CHUNK = 1000
Verdict = ImportRow.Verdict
_OWED = """
    SELECT line, verdict, candidate, object_id FROM crm_importrow
    WHERE batch_id = %s AND line > %s AND verdict IN ('create', 'update') ORDER BY line LIMIT %s
"""


@dataclass(slots=True)
class Owed:
    """A row that is to be brought in."""

    line: int
    verdict: str
    candidate: Candidate
    object_id: UUID | None


def apply(batch: Import, *, until: float) -> bool:
    """Bring in rows until none is owed (True) or the turn is over (False). A row that cannot be brought in is told, and passed over."""
    pace = progress.Pace()
    words: set[str] = set()
    while True:
        try:
            count = _apply_chunk(batch, CHUNK, pace, words)
        except (OperationalError, InterfaceError):
            raise  # the database is away, or two waited for each other: no fault of the rows, the whole step is tried again later
        except Exception:
            logger.exception("import_chunk_failed")
            words.clear()
            count = _one_by_one(batch, pace, words)
        if count is None:
            return True
        if not count:
            with transition(Import, batch.pk, "finish", by=None, now=timezone.now(), counts=progress.counts(batch)) as done:
                done.finished_at, done.rate = timezone.now(), None
            return True
        if time.monotonic() > until:
            return False


def _one_by_one(batch: Import, pace: progress.Pace, words: set[str]) -> int | None:
    """The rows of a chunk by themselves, so that a bad one does not stop the others."""
    passed = 0
    while passed < CHUNK:
        try:
            count = _apply_chunk(batch, 1, pace, words)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            words.clear()
            count = _give_up(batch, type(error).__name__)
        if not count:
            return passed if count == 0 and passed else count
        passed += count
    return passed


@transaction.atomic
def _give_up(batch: Import, error: str) -> int | None:
    """Pass over the next row: its verdict is that it cannot be brought in."""
    current = Import.objects.select_for_update().get(pk=batch.pk)
    if current.status != Import.Status.RUNNING:
        return None
    rows = _owed(current, 1)
    for row in rows:
        problem = {"field": "", "code": "failed", "detail": f"This row could not be brought in ({error})."}
        ImportRow.objects.filter(batch=current, line=row.line).update(verdict=Verdict.INVALID, problems=[problem])
        _recount(current, row.verdict, Verdict.INVALID)
        current.applied_to = row.line
    current.save(update_fields=["applied_to", "updated_at", *progress.COLUMN_OF.values()])
    return len(rows)


def _recount(batch: Import, before: str, after: str) -> None:
    for verdict, step in ((before, -1), (after, 1)):
        column = progress.COLUMN_OF[str(verdict)]
        setattr(batch, column, getattr(batch, column) + step)


def _owed(batch: Import, most: int) -> list[Owed]:
    found = rows_of(_OWED, [batch.pk, batch.applied_to, most])
    return [Owed(line, verdict, loads(candidate), object_id) for line, verdict, candidate, object_id in found]


@transaction.atomic
def _apply_chunk(batch: Import, most: int, pace: progress.Pace, words: set[str]) -> int | None:
    """Bring in the next rows; how many they were. None when the import does not run any more: nothing is written then."""
    current = Import.objects.select_for_update(of=("self",)).select_related("by").get(pk=batch.pk)
    if current.status != Import.Status.RUNNING:
        return None
    found = _owed(current, most)
    if not found:
        return 0
    queue_for([handle.partition(":")[2] for row in found for handle in handles(row.candidate)])
    known = Known.of([row.candidate for row in found], source=current.source)
    work = Work(current, now=timezone.now(), words=words)
    for row in found:
        contact_id = known.match(row.candidate)
        if contact_id is None:
            contact_id = work.create(row.candidate, line=row.line, planned=row.object_id if row.verdict == Verdict.CREATE else None)
        else:
            work.add_to(contact_id, row.candidate, line=row.line)
        known.add(row.candidate, contact_id)
    _tell(current, found, work.write())
    current.applied_to = found[-1].line
    current.applied += len(found)
    current.rate, current.failures = pace.of(len(found)), 0
    current.save(update_fields=["applied", "applied_to", "rate", "failures", "updated_at", *progress.COLUMN_OF.values()])
    return len(found)


def _tell(batch: Import, found: list[Owed], outcomes: dict[int, dict[str, Any]]) -> None:
    """Write down what became of the rows that did not simply make the contact they were to make."""
    changed = []
    for row in found:
        outcome = outcomes.get(row.line)
        if outcome is None:
            continue
        if outcome["verdict"] != row.verdict:
            _recount(batch, row.verdict, outcome["verdict"])
        changed.append({"line": row.line, **outcome})
    if changed:
        rows_of(
            "UPDATE crm_importrow r SET verdict = n.verdict, object_id = n.object_id, effect = n.effect "
            "FROM jsonb_to_recordset(%s::jsonb) AS n(line int, verdict text, object_id uuid, effect jsonb) "
            "WHERE r.batch_id = %s AND r.line = n.line",
            [as_json(changed), batch.pk],
        )
