"""How promises were kept, and how long each step took. Two statements, over the same clocks that lists and escalation read.

A promise counts where its verdict fell: a kept one when it was kept, a broken one when it broke, though it may run on, late, for days.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from complaints.models import SLAPolicy
from complaints.models.clocks import Metric
from complaints.reports import AMONG, RECEIVED, Asked, dicts, named, rows_of, share

#: What lines may tell apart besides the metric.
BY = {"": "NULL::uuid", "department": "c.department_id", "policy": "k.policy_id"}
METRICS = "('acknowledge', 'assign', 'first_response', 'resolve', 'inform')"
# Each branch goes by its own index. What breaks at this moment, before the sweep has noted it, is broken: the due time says so.
VERDICTS = f"""
    SELECT complaint_id, metric, policy_id, stopped_at AS at, state FROM complaints_clock
        WHERE stopped_at >= %(since)s AND stopped_at < %(until)s AND metric IN {METRICS} AND breached_at IS NULL
    UNION ALL SELECT complaint_id, metric, policy_id, breached_at, 'missed' FROM complaints_clock
        WHERE breached_at >= %(since)s AND breached_at < %(until)s
    UNION ALL SELECT complaint_id, metric, policy_id, due_at, 'missed' FROM complaints_clock
        WHERE state = 'running' AND next_step_at <= %(now)s AND due_at <= %(now)s AND breached_at IS NULL
            AND due_at >= %(since)s AND due_at < %(until)s
"""  # noqa: S608 (a constant is formatted in)
STEPS = ("acknowledge", "first_response", "decide", "resolve")
REACHED = {"acknowledge": "acknowledged_at", "first_response": "first_response_at", "decide": "decided_at", "resolve": "resolved_at"}


def promises(asked: Asked, edges: Sequence[datetime], *, by: str = "", now: datetime) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Kept and broken promises of each metric, in each interval between ``edges``; and of the whole period. Empty lines are left out."""
    sql = f"""
        SELECT width_bucket(k.at, %(edges)s::timestamptz[]) - 1 AS number, k.metric, {BY[by]} AS grouped,
            count(*) FILTER (WHERE k.state = 'met') AS met, count(*) FILTER (WHERE k.state = 'missed') AS missed,
            count(*) FILTER (WHERE k.state = 'cancelled') AS called_off
        FROM ({VERDICTS}) k JOIN complaints_complaint c ON c.id = k.complaint_id WHERE true{AMONG} GROUP BY 1, 2, 3
    """  # noqa: S608 (constants are formatted in)
    lines = dicts(sql, asked.values | {"now": now, "edges": list(edges)})
    totals: dict[str, dict[str, Any]] = {str(metric): {"metric": str(metric), "met": 0, "missed": 0, "called_off": 0} for metric in Metric}
    for line in lines:
        number, group = line.pop("number"), line.pop("grouped")
        line |= {"since": edges[number], "until": edges[number + 1], "met_share": share(line["met"], line["met"] + line["missed"])}
        if by:
            line[by] = group
        for name in ("met", "missed", "called_off"):
            totals[line["metric"]][name] += line[name]
    for line in totals.values():
        line["met_share"] = share(line["met"], line["met"] + line["missed"])
    order = list(totals)
    lines.sort(key=lambda line: (line["since"], str(line.get(by) or "~"), order.index(line["metric"])))
    return _called(lines, by), list(totals.values())


def _called(lines: list[dict[str, Any]], by: str) -> list[dict[str, Any]]:
    if by != "policy":
        return named(lines, by)
    names = dict(SLAPolicy.objects.filter(pk__in={line["policy"] for line in lines}).values_list("pk", "name"))
    return [line | {"name": names.get(line["policy"], "")} for line in lines]


def times(asked: Asked) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """How long each step took, of the complaints received in the interval that reached it: in each department, and in all together.

    By the wall clock since it was received; and counted, as its promise counts (business hours, rests left out): of the first cycle.
    """
    walls = ", ".join(
        f"count(c.{column}), percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY extract(epoch FROM c.{column} - c.received_at)::float8)"
        for column in REACHED.values()
    )
    wall = f"""
        SELECT c.department_id, GROUPING(c.department_id), count(*), {walls} FROM complaints_complaint c WHERE {RECEIVED}
        GROUP BY GROUPING SETS ((c.department_id), ())
    """  # noqa: S608 (constants are formatted in)
    counted = f"""
        SELECT c.department_id, GROUPING(c.department_id), k.metric, count(k.spent_s),
            percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY k.spent_s::float8)
        FROM complaints_complaint c JOIN complaints_clock k ON k.complaint_id = c.id
        WHERE {RECEIVED} AND k.cycle = 1 AND k.metric IN ('acknowledge', 'first_response', 'resolve') AND k.state IN ('met', 'missed')
            AND k.spent_s IS NOT NULL
        GROUP BY GROUPING SETS ((k.metric, c.department_id), (k.metric))
    """  # noqa: S608 (constants are formatted in)
    found: dict[Any, dict[str, dict[str, Any]]] = {}
    received: dict[Any, int] = {}
    for department, is_total, many, *rest in rows_of(wall, asked.values):
        key = "total" if is_total else department
        received[key] = many
        found[key] = {step: _wall(step, *rest[2 * n : 2 * n + 2]) for n, step in enumerate(STEPS)}
    for department, is_total, metric, many, both in rows_of(counted, asked.values):
        steps = found.get("total" if is_total else department)
        if steps is None:  # received since the first statement
            continue
        steps[metric] |= {
            "counted_n": many, "counted_median_s": round(both[0], 1), "counted_p90_s": round(both[1], 1),
        }  # fmt: skip
    total = list(found.pop("total", {step: _wall(step, 0, None) for step in STEPS}).values())
    lines = [{"department": key, "received": received[key], "steps": list(steps.values())} for key, steps in found.items()]
    lines.sort(key=lambda line: (-line["received"], str(line["department"])))
    return named(lines, "department"), total


def _wall(step: str, many: int, both: Sequence[float | None] | None) -> dict[str, Any]:
    median, p90 = (both or (None, None)) if many else (None, None)
    return {
        "step": step, "n": many, "median_s": round(median, 1) if median is not None else None,
        "p90_s": round(p90, 1) if p90 is not None else None, "counted_n": 0, "counted_median_s": None, "counted_p90_s": None,
    }  # fmt: skip
