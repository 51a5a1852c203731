"""How far an import is, what its rows came to, and cells for spreadsheets."""

import csv
import io
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import Count

from crm.models import Import, ImportRow

Verdict = ImportRow.Verdict
#: where the rows of a verdict are counted as they are written: nobody counts a million rows at each look
COLUMN_OF = {
    Verdict.CREATE.value: "created",
    Verdict.UPDATE.value: "updated",
    Verdict.DUPLICATE.value: "duplicates",
    Verdict.INVALID.value: "invalid",
    Verdict.SKIPPED.value: "skipped",
}
MOVING = frozenset({Import.Status.UPLOADED, Import.Status.ANALYSED, Import.Status.RUNNING, Import.Status.UNDOING})
JUDGED_ANEW = 0.3


class Pace:
    """Rows a second of late, smoothed; a worker's own measure, since pauses and waiting are no work."""

    def __init__(self) -> None:
        self.rate: float | None = None
        self.at = time.monotonic()

    def of(self, rows: int) -> float | None:
        """The pace after as many rows more; None until there is one."""
        now = time.monotonic()
        took, self.at = now - self.at, now
        if took > 0:
            latest = rows / took
            self.rate = latest if self.rate is None else self.rate + JUDGED_ANEW * (latest - self.rate)
        return self.rate


def counts(batch: Import) -> dict[str, int]:
    """Rows by verdict."""
    return {verdict: getattr(batch, column) for verdict, column in COLUMN_OF.items()}


def owed() -> dict[tuple[str, ...], float]:
    """Imports that wait for a worker or are in its hands."""
    found = Import.objects.waiting().order_by().values_list("status").annotate(count=Count("id"))
    return {(status,): float(count) for status, count in found}


def of(batch: Import) -> dict[str, Any]:
    """``{done, total, rate_per_s, seconds_left}``, in rows of the work that goes on or was the last: judging, bringing in, undoing.

    While a file is read its rows are not counted yet: ``total`` is None, and the time left comes from the share that is read.
    """
    if batch.status in (Import.Status.UNDOING, Import.Status.UNDONE):
        done = batch.undone
        total: int | None = batch.applied
    elif batch.started_at:
        done, total = batch.applied, batch.created + batch.updated
    else:
        done, total = batch.total, batch.total if batch.read_share >= 1 else None
    is_moving = batch.status in MOVING and bool(batch.rate)
    left = None
    if is_moving and batch.rate:
        rest = max(0, total - done) if total is not None else _unread(batch)
        left = round(rest / batch.rate, 1) if rest is not None else None
    return {
        "done": done if total is None else min(done, total),
        "total": total,
        "rate_per_s": round(batch.rate, 1) if is_moving and batch.rate else None,
        "seconds_left": left,
    }


def _unread(batch: Import) -> float | None:
    """About how many rows are not judged yet."""
    return batch.total * (1 / batch.read_share - 1) if batch.read_share > 0 else None


def percent(batch: Import) -> int:
    """How much of the present work is done, for a bar."""
    how_far = of(batch)
    if how_far["total"] is None:
        return round(100 * batch.read_share)
    return round(100 * how_far["done"] / how_far["total"]) if how_far["total"] else 100


def is_applied(row: ImportRow, batch: Import) -> bool:
    """Whether the row is in the base."""
    is_owed = row.verdict in (Verdict.CREATE, Verdict.UPDATE)
    is_back = batch.undone_from is not None and row.line >= batch.undone_from and not row.kept_because
    return is_owed and row.line <= batch.applied_to and not is_back


def contact_of(row: ImportRow, batch: Import) -> UUID | None:
    """The contact that a row means; for a new one once it is there."""
    return row.object_id if row.verdict != Verdict.CREATE or is_applied(row, batch) else None


def error_lines(batch: Import) -> Iterator[str]:
    """The error file, line by line, with the mark by which spreadsheets know UTF-8."""
    yield "\ufeff" + _csv_line(["line", "problem", *map(harmless, batch.columns)])
    rows = ImportRow.objects.filter(batch=batch, verdict=Verdict.INVALID, line__lte=batch.analysed).order_by("line")
    for row in rows.iterator(chunk_size=1000):
        yield _csv_line([str(row.line), "; ".join(problem["detail"] for problem in row.problems), *map(harmless, row.cells)])


def _csv_line(cells: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return "'" + cell if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
