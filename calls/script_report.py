"""How closely scripts are kept to: by operator, by script, by time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Avg, Count, F, Q, Sum
from django.db.models.functions import Trunc

from calls.models import ScriptRun
from calls.script_adherence import share
from config.platform.errors import Refusal

MOST_ROWS = 5000
INTERVALS = ("hour", "day", "week", "month")
GROUPS = ("agent", "script", "interval")


class ReportTooLarge(Refusal):
    """The report would have more than 5,000 rows: ask for less time, a longer interval, or fewer groups."""

    code = "report_too_large"
    status = 400
    advice = "Ask for longer intervals or fewer days, or filter to the queues, operators or topics you want to see."


def adherence(
    *,
    after: datetime,
    before: datetime,
    group_by: Sequence[str] = ("agent", "script"),
    interval: str = "day",
    zone: ZoneInfo,
    agent: UUID | None = None,
    script: UUID | None = None,
) -> list[dict[str, Any]]:
    """Finished runs begun from ``after`` until just before ``before``, added up for each group; a day is one of ``zone``.

    ``adherence`` of a group is its must-say steps passed over those due, so that a long script weighs more than a short one.

    Raises:
        ReportTooLarge
    """
    runs = ScriptRun.objects.filter(started_at__gte=after, started_at__lt=before, finished_at__isnull=False)
    if agent:
        runs = runs.filter(agent=agent)
    if script:
        runs = runs.filter(script_version__script=script)
    columns: dict[str, Any] = {}
    if "agent" in group_by:
        columns |= {"agent_id": F("agent"), "by_surname": F("agent__surname"), "by_name": F("agent__name")}
    if "script" in group_by:
        columns |= {"script_id": F("script_version__script"), "script_code": F("script_version__script__code")}
    if "interval" in group_by:
        columns["bucket"] = Trunc("started_at", interval, tzinfo=zone)
    named = {f"of_{name}": value for name, value in columns.items()}
    rows = (
        runs.annotate(one=Q(pk__isnull=False), **named)
        .values("one", *named)
        .annotate(
            n=Count("id"),
            complete=Count("id", filter=Q(is_complete=True)),
            ordered=Count("id", filter=Q(is_in_order=True)),
            sum_due=Sum("due"),
            sum_passed=Sum("passed"),
            jumps=Sum("off_script"),
            lasted=Avg(F("finished_at") - F("started_at")),
        )
    )
    found = list(rows.order_by(*named)[: MOST_ROWS + 1])
    if len(found) > MOST_ROWS:
        raise ReportTooLarge(f"More than {MOST_ROWS:,} rows: ask for less time, a longer interval, or fewer groups.")
    return [_shown(row) for row in found]


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "agent": row.get("of_agent_id"),
        "agent_name": " ".join(filter(None, [row.get("of_by_surname"), row.get("of_by_name")])),
        "script": row.get("of_script_id"),
        "script_code": row.get("of_script_code"),
        "interval_start": row.get("of_bucket"),
        "runs": row["n"],
        "complete": row["complete"],
        "in_order": row["ordered"],
        "due": row["sum_due"],
        "passed": row["sum_passed"],
        "adherence": share(row["sum_passed"], row["sum_due"]),
        "off_script": row["jumps"],
        "duration_s": round(row["lasted"].total_seconds(), 1),
    }
