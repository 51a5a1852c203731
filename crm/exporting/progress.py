"""How far an export is."""

from typing import Any

from django.db.models import Count
from django.utils import timezone

from crm.models import Export


def of(export: Export) -> dict[str, Any]:
    """``{done, total, rate_per_s, seconds_left}`` in rows; the total is null until it is decided who is in it."""
    rate = _rate(export)
    is_moving = export.status == Export.Status.RUNNING and export.total is not None
    left = round(max(0, (export.total or 0) - export.done) / rate, 1) if rate and is_moving else None
    return {"done": export.done, "total": export.total, "rate_per_s": rate, "seconds_left": left}


def owed() -> dict[tuple[str, ...], float]:
    """Exports that wait for a worker or are in its hands, for /metrics."""
    found = Export.objects.waiting().order_by().values_list("status").annotate(count=Count("id"))
    return {(status,): float(count) for status, count in found}


def _rate(export: Export) -> float | None:
    if not export.started_at or not export.done:
        return None
    took_s = ((export.finished_at or timezone.now()) - export.started_at).total_seconds()
    return round(export.done / took_s, 1) if took_s > 0 else None
