"""How far an import is, and what its rows came to."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Count
from django.utils import timezone

from crm.models import Import, ImportRow

NOTHING = dict.fromkeys(ImportRow.Verdict.values, 0)


def counts(batches: Sequence[Import]) -> dict[UUID, dict[str, int]]:
    """Rows by verdict, for each import; one query."""
    found: dict[UUID, dict[str, int]] = {batch.pk: dict(NOTHING) for batch in batches}
    rows = ImportRow.objects.filter(batch__in=found).order_by().values_list("batch", "verdict").annotate(count=Count("id"))
    for batch_id, verdict, count in rows if found else []:
        found[batch_id][verdict] = count
    return found


def owed() -> dict[tuple[str, ...], float]:
    """Imports that wait for a worker or are in its hands."""
    found = Import.objects.waiting().order_by().values_list("status").annotate(count=Count("id"))
    return {(status,): float(count) for status, count in found}


def of(batch: Import, by_verdict: dict[str, int]) -> dict[str, Any]:
    """``{done, total, rate_per_s, seconds_left}``; rows while it is judged, rows owed once it runs."""
    if batch.status in (Import.Status.RUNNING, Import.Status.DONE) or batch.applied:
        owed = by_verdict["create"] + by_verdict["update"]
        rate = _rate(batch)
        left = round(max(0, owed - batch.applied) / rate, 1) if rate and batch.status == Import.Status.RUNNING else None
        return {"done": min(batch.applied, owed), "total": owed, "rate_per_s": rate, "seconds_left": left}
    judged = batch.status != Import.Status.UPLOADED
    return {"done": batch.total, "total": batch.total if judged else None, "rate_per_s": None, "seconds_left": None}


def _rate(batch: Import) -> float | None:
    if not batch.started_at or not batch.applied:
        return None
    took_s = ((batch.finished_at or timezone.now()) - batch.started_at).total_seconds()
    return round(batch.applied / took_s, 1) if took_s > 0 else None


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return "'" + cell if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
