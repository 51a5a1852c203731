"""Complaints in figures, as a page with charts: what is open, which promises were kept, why they came about, what customers say."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from complaints import promise_reports, reports, satisfaction_report
from complaints.models import Complaint
from complaints.models.clocks import Metric
from complaints.models.complaints import Kind
from complaints.reports import Asked
from config.platform.admin_base import RoleAdmin, percent, span, who
from config.platform.errors import Refusal
from config.platform.viewer import zone_of
from crm.models import Department

ZONES = [(name, name.replace("_", " ")) for name in sorted(available_timezones())]
WIDTH, HEIGHT = 520, 160
MOST_CAUSES = 10
MOST_LINES = 12
DAY_S = 86_400


class FiguresForm(forms.Form):
    """Which days, of whom. What is open is open now, whatever the days."""

    since = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), label="From")
    until = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), label="To, including")
    time_zone = forms.ChoiceField(choices=ZONES)
    department = forms.ModelChoiceField(Department.objects.order_by("name"), required=False, empty_label="Every department")
    kind = forms.ChoiceField(choices=[("", "Every kind"), *Kind.choices], required=False)


def origin(request: HttpRequest) -> str:
    """Where customers reach us, for a link made from here."""
    return settings.PUBLIC_URL or request.build_absolute_uri("/")


def page(model_admin: RoleAdmin, request: HttpRequest) -> HttpResponse:
    """Ten statements, each by an index or over what is open."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    now = timezone.now()
    zone = zone_of(who(request).time_zone)
    today = now.astimezone(zone).date()
    form = FiguresForm({"since": today - timedelta(days=27), "until": today, "time_zone": zone.key} | request.GET.dict())
    context: dict[str, Any] = {**model_admin.admin_site.each_context(request), "title": "Complaints in figures", "form": form}
    if form.is_valid():
        try:
            context |= _shown(form.cleaned_data, request, now)
        except Refusal as refused:
            context["refusal"] = refused.detail
    return TemplateResponse(request, "admin/complaint_figures.html", context)


def _shown(given: dict[str, Any], request: HttpRequest, now: Any) -> dict[str, Any]:
    since, until = reports.period(given["since"], given["until"], zone_of(given["time_zone"]))
    department = given["department"]
    asked = Asked(since, until, reports.departments_for(who(request), department.pk if department else None), given["kind"])
    open_lines, open_total = reports.open_by_age(asked, now=now)
    _, promises = promise_reports.promises(asked, [since, until], now=now)
    _, steps = promise_reports.times(asked)
    _, outcomes = reports.outcomes(asked, now=now)
    causes = reports.root_causes(asked)
    contacts, many = reports.repeated(asked, at_least=3, limit=MOST_LINES)
    by_agent, content = satisfaction_report.figures(asked, by="agent")
    by_department, _ = satisfaction_report.figures(asked, by="department")
    redress = dict(Complaint.Redress.choices)
    return {
        "has_report": True,
        "open": open_total,
        "departments": open_lines[:MOST_LINES],
        "ages": ages(open_total["bands"]),
        "promises": [_promise(line) for line in promises if line["met"] + line["missed"] + line["called_off"]],
        "steps": [_step(line) for line in steps],
        "outcomes": outcomes,
        "reopened_share": percent(outcomes["reopened_share"]),
        "causes": causes,
        "pareto": pareto(causes["results"]),
        "redress": [line | {"said": redress[line["redress"]]} for line in reports.redress(asked)],
        "contacts": contacts,
        "many_contacts": many,
        "content": content,
        "content_share": percent(content["content_share"]),
        "scores": scores(content),
        "by_agent": [_content(line) for line in by_agent[:MOST_LINES]],
        "by_department": [_content(line) for line in by_department[:MOST_LINES]],
    }


def long(seconds: float | None) -> str:
    """A time that may take days."""
    if seconds is None or seconds < DAY_S:
        return span(seconds)
    return f"{seconds / DAY_S:.1f} days"


def _promise(line: dict[str, Any]) -> dict[str, Any]:
    said = line["met"] + line["missed"]
    return line | {
        "label": Metric(line["metric"]).label,
        "share": percent(line["met_share"]),
        "width": round(100 * line["met"] / said, 1) if said else 0,
        "late_width": round(100 * line["missed"] / said, 1) if said else 0,
    }


def _step(line: dict[str, Any]) -> dict[str, Any]:
    times = {name: long(line[name]) for name in ("median_s", "p90_s", "counted_median_s", "counted_p90_s")}
    return line | times | {"label": line["step"].replace("_", " ").capitalize()}


def _content(line: dict[str, Any]) -> dict[str, Any]:
    return line | {"share": percent(line["content_share"]), "width": round(20 * line["mean"], 1)}


# --- charts
def ceiling_of(most: float) -> tuple[int, int]:
    """A round number not below ``most``, and the step of the lines up to it."""
    top = max(4, int(most))
    step = next((step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 20_000, 100_000, 10**6) if top / step <= 4), 10**7)
    return -(-top // step) * step, step


def _frame(most: float) -> tuple[int, dict[str, Any]]:
    ceiling, step = ceiling_of(most)
    lines = [{"value": value, "y": round(HEIGHT - value * HEIGHT / ceiling, 1)} for value in range(0, ceiling + 1, step)]
    return ceiling, {"lines": lines, "width": WIDTH, "height": HEIGHT}


def _bar(number: int, many: int, ceiling: int, label: str, parts: Sequence[tuple[str, int]]) -> dict[str, Any]:
    slot, end, pieces = WIDTH / many, 0, []
    for name, value in parts:
        end += value
        pieces.append({"name": name, "y": round(HEIGHT - end * HEIGHT / ceiling, 1), "height": round(value * HEIGHT / ceiling, 1)})
    return {
        "x": round((number + 0.15) * slot, 1), "middle": round((number + 0.5) * slot, 1), "width": round(slot * 0.7, 1), "label": label,
        "top": round(HEIGHT - end * HEIGHT / ceiling, 1), "value": end, "parts": [piece for piece in pieces if piece["height"]],
    }  # fmt: skip


def ages(bands: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Open complaints by age, those with a broken promise told apart."""
    ceiling, chart = _frame(max(band["open"] for band in bands))
    bars = []
    for number, band in enumerate(bands):
        start, end = band["from_days"], band["until_days"]
        label = "today" if start == 0 else f"{start}+ days" if end is None else f"{start}–{end} days"
        parts = [("answered", band["open"] - band["breached"]), ("missed", band["breached"])]
        said = f"{label}: {band['open']} open, {band['breached']} with a broken promise"
        bars.append(_bar(number, len(bands), ceiling, label, parts) | {"said": said})
    return chart | {"bars": bars}


def pareto(causes: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The ten most frequent causes, and how many they and those before them are together, as a line up to all."""
    shown = causes[:MOST_CAUSES]
    if not shown:
        return None
    whole = round(shown[0]["complaints"] / shown[0]["cumulative_share"])
    ceiling, chart = _frame(whole)
    bars, points = [], []
    for number, cause in enumerate(shown):
        bar = _bar(number, len(shown), ceiling, str(number + 1), [("outbound", cause["complaints"])])
        bars.append(bar | {"said": f"{cause['name']}: {cause['complaints']}, together with those before {cause['cumulative_share']:.0%}"})
        points.append((bar["middle"], round(HEIGHT - cause["cumulative_share"] * whole * HEIGHT / ceiling, 1)))
    line = " ".join(f"{x},{y}" for x, y in points)
    legend = [cause | {"number": number + 1, "share_said": percent(cause["share"])} for number, cause in enumerate(shown)]
    return chart | {"bars": bars, "points": points, "line": line, "top": round(HEIGHT - whole * HEIGHT / ceiling, 1), "legend": legend}


def scores(content: dict[str, Any]) -> dict[str, Any] | None:
    """How many gave which score."""
    if not content["answers"]:
        return None
    counts = [content[f"score_{score}"] for score in range(1, 6)]
    ceiling, chart = _frame(max(counts))
    parts = ("missed", "missed", "warn", "answered", "answered")
    return chart | {
        "bars": [
            _bar(number, 5, ceiling, str(number + 1), [(parts[number], many)]) | {"said": f"{number + 1} of 5: {many}"}
            for number, many in enumerate(counts)
        ]
    }
