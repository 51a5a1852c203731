"""Pages for those who lead: the wallboard, reports by interval, alarms."""

import csv
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone

from calls import reports, wallboard
from calls.admin.lists import ZONES
from calls.models import Alarm, Call, Queue
from calls.models.agents import State
from calls.reports import Line, Report
from config.platform.admin_base import ReadOnlyAdmin, badge, percent, span, who
from config.platform.errors import Refusal
from config.platform.models import Role, User
from config.platform.viewer import zone_of
from crm.exporting.pieces import harmless
from crm.models import Topic

INTERVALS = {
    "15m": "15 minutes", "30m": "30 minutes", "1h": "Hour", "1d": "Day", "1w": "Week", "1mo": "Month", "none": "The whole period",
}  # fmt: skip
GROUPS = {"": "All together", "queue": "Queue", "agent": "Agent", "topic": "Topic", "direction": "Direction"}
MOST_BARS = 200
MOST_ROWS = 500
WAITS_LONG_S = 60
FORMATS = {"15m": "%Y-%m-%d %H:%M", "30m": "%Y-%m-%d %H:%M", "1h": "%Y-%m-%d %H:%M", "1mo": "%Y-%m"}


class ReportForm(forms.Form):
    """What a report is of. Days are those of the time zone."""

    since = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), label="From")
    until = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), label="To, including")
    interval = forms.ChoiceField(choices=list(INTERVALS.items()), label="A line for each")
    group_by = forms.ChoiceField(choices=list(GROUPS.items()), required=False, label="and")
    time_zone = forms.ChoiceField(choices=ZONES)
    queue = forms.ModelChoiceField(Queue.objects.order_by("name"), to_field_name="slug", required=False, empty_label="Every queue")
    agent = forms.ModelChoiceField(
        User.objects.filter(role__in=[Role.AGENT, Role.SUPERVISOR]).order_by("surname", "name"), required=False, empty_label="Everybody"
    )
    topic = forms.ModelChoiceField(Topic.objects.order_by("name"), to_field_name="code", required=False, empty_label="Every topic")
    direction = forms.ChoiceField(choices=[("", "Every direction"), *Call.Direction.choices], required=False)


@admin.register(Alarm)
class AlarmAdmin(ReadOnlyAdmin):
    """Queues that were worse than their limits allow; and from here, the wallboard and the reports."""

    list_display = ["raised_at", "queue", "kind", "worst", "limit", "how_it_stands", "acknowledged_by"]
    list_select_related = ["queue", "acknowledged_by"]
    list_filter = ["kind"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = [
        ("queue", "kind"),
        ("limit", "value", "worst"),
        ("raised_at", "seen_at", "cleared_at"),
        ("acknowledged_at", "acknowledged_by"),
    ]

    @admin.display(description="now")
    def how_it_stands(self, alarm: Alarm) -> str:
        if alarm.cleared_at is None:
            return badge("goes on", "bad")
        return badge(f"over after {span((alarm.cleared_at - alarm.raised_at).total_seconds())}", "good")

    def get_urls(self) -> list[Any]:
        return [
            path("wallboard/", self.admin_site.admin_view(self.wallboard), name="calls_wallboard"),
            path("reports/", self.admin_site.admin_view(self.reports), name="calls_reports"),
            *super().get_urls(),
        ]

    def wallboard(self, request: HttpRequest) -> HttpResponse:
        """Big figures. ``?part=board`` is what the page asks for every two seconds."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        zone = zone_of(who(request).time_zone)
        queue = request.GET.get("queue", "").replace("\0", "")[:100] or None
        board = wallboard.look(zone, queue=queue)
        context = {"board": board, "total": board["total"], "queue": queue, "rows": [_standing(one) for one in board["queues"]]}
        context |= {"big": _standing(board["total"]), "at": datetime.fromisoformat(board["as_of"]).astimezone(zone)}
        if request.GET.get("part") == "board":
            return TemplateResponse(request, "admin/wallboard_figures.html", context)
        context |= {
            "title": "Wallboard",
            "choices": Queue.objects.filter(is_active=True).order_by("name").only("slug", "name"),
        }
        return TemplateResponse(request, "admin/wallboard.html", {**self.admin_site.each_context(request), **context})

    def reports(self, request: HttpRequest) -> HttpResponse:
        """A table, a chart, and a link to the same as a file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        now = timezone.now()
        zone = zone_of(who(request).time_zone)
        today = now.astimezone(zone).date()
        usual = {"since": today - timedelta(days=6), "until": today, "interval": "1d", "group_by": "", "time_zone": zone.key}
        form = ReportForm(usual | request.GET.dict())
        report, refusal = None, ""
        if form.is_valid():
            try:
                report = reports.make(_asked(form.cleaned_data), now=now)
            except Refusal as refused:
                refusal = refused.detail
        if report is not None and request.GET.get("as") == "csv":
            return _file(report)
        query = {name: value for name, value in form.data.items() if value and name != "as"}
        context = {
            **self.admin_site.each_context(request),
            "title": "Reports",
            "form": form,
            "refusal": refusal,
            "report": report,
            "fcr_days": reports.first_contact_days(),
            "file": f"?{urlencode({**query, 'as': 'csv'})}",
        }
        if report is not None:
            context |= {
                "rows": [_row(report, line) for line in report.lines[:MOST_ROWS]],
                "left_out": max(0, len(report.lines) - MOST_ROWS),
                "total": _said(report.totals),
                "has_hours": report.totals.hours is not None,
                "group": GROUPS[report.asked.group_by] if report.asked.group_by else "",
                "chart": _chart(report),
            }
        return TemplateResponse(request, "admin/reports.html", context)


def _asked(given: dict[str, Any]) -> reports.Asked:
    return reports.Asked(
        given["since"],
        given["until"],
        ZoneInfo(given["time_zone"]),
        given["interval"],
        given["group_by"],
        queue=given["queue"].slug if given["queue"] else None,
        agent=given["agent"].pk if given["agent"] else None,
        topic=given["topic"].pk if given["topic"] else None,
        direction=given["direction"],
    )


def _standing(tiles: dict[str, Any]) -> dict[str, Any]:
    """The tiles of a queue in the words of the page."""
    agents, now, today, lately = tiles["agents"], tiles["now"], tiles["today"], tiles["half_hour"]
    return {
        **tiles,
        "wait": span(now["longest_wait_s"]) if now["longest_wait_s"] is not None else "–",
        "waits_long": (now["longest_wait_s"] or 0) >= WAITS_LONG_S,
        "level_today": percent(today["service_level"]),
        "level_lately": percent(lately["service_level"]),
        "has_alarm": bool(tiles["alarms"]["open"]),
        "alarms": [{**one, "said": Alarm.Kind(one["kind"]).label} for one in tiles["alarms"]["open"]],
        "free": agents[State.AVAILABLE],
        "busy": sum(agents[state] for state in (State.RESERVED, State.RINGING, State.TALKING, State.HOLD)),
        "writing": agents[State.WRAP_UP],
        "away": agents[State.PAUSED] + agents[State.LAGGED],
    }


def _when(report: Report, line: Line) -> str:
    if report.asked.interval == "none":
        return "the whole period"
    local = line.since.astimezone(report.asked.zone)
    said = local.strftime(FORMATS.get(report.asked.interval, "%Y-%m-%d"))
    hours = (line.until - line.since) / timedelta(hours=1)
    return f"{said} ({hours:g} h)" if report.asked.interval == "1d" and hours != 24 else said


def _called(report: Report, line: Line) -> str:
    nothing = {"queue": "no queue", "agent": "nobody", "topic": "no topic"}.get(report.asked.group_by, "")
    return report.names.get(str(line.group)) or str(line.group or nothing)


def _row(report: Report, line: Line) -> dict[str, Any]:
    return {"when": _when(report, line), "name": _called(report, line)} | _said(line)


def _said(line: Line) -> dict[str, Any]:
    found = reports.shown(line)
    percents = {name: percent(found[name]) for name in ("service_level", "abandon_share", "fcr", "contact_rate", "occupancy")}
    times = {name: span(found[name]) if found[name] is not None else "–" for name in ("asa_s", "longest_wait_s", "aht_s")}
    return found | percents | times


def _file(report: Report) -> HttpResponse:
    """The lines of the report as the API names them, for a spreadsheet."""
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="calls-{report.asked.since}-{report.asked.until}.csv"'
    answer.write("\ufeff")
    group = [report.asked.group_by, "name"] if report.asked.group_by else []
    writer = csv.writer(answer)
    writer.writerow(["since", "until", *group, *reports.shown(report.totals)])
    for line in report.lines:
        times = [at.astimezone(report.asked.zone).isoformat() for at in (line.since, line.until)]
        names = [harmless(str(line.group or "")), harmless(_called(report, line))] if group else []
        writer.writerow([*times, *names, *reports.shown(line).values()])
    return answer


def _chart(report: Report) -> dict[str, Any] | None:
    """Bars of an SVG picture: over time, or by group when the whole period is one line for each."""
    if report.asked.interval == "none":
        bars = [(_called(report, line), line) for line in report.lines]
    else:
        bars = []
        for _, lines in groupby(report.lines, key=lambda line: line.since):
            first, *others = lines
            whole = Line(first.since, first.until)
            for line in (first, *others):
                whole.add(line)
            bars.append((_when(report, first), whole))
    if not 1 < len(bars) <= MOST_BARS or (report.asked.group_by == "topic" and report.asked.interval != "none"):
        return None
    width, height = 1080, 180
    parts = [(said, _parts(line)) for said, line in bars]
    top = max(4, *(sum(many for _, many in found) for _, found in parts))
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 20_000, 100_000, 10**6, 10**7) if top / step <= 4)
    ceiling = -(-top // step) * step
    slot = width / len(parts)
    every = -(-len(parts) // 14)
    drawn = []
    for number, (said, found) in enumerate(parts):
        end, pieces = 0, []
        for name, many in found:
            end += many
            pieces.append({"name": name, "y": round(height - end * height / ceiling, 1), "height": round(many * height / ceiling, 1)})
        drawn.append(
            {
                "x": round((number + 0.1) * slot, 1),
                "middle": round((number + 0.5) * slot, 1),
                "label": said[5:] if said[:4].isdigit() and number % every == 0 else said[:12] if number % every == 0 else "",
                "said": f"{said}: " + ", ".join(f"{many} {name}" for name, many in found),
                "parts": [piece for piece in pieces if piece["height"]],
            }
        )
    grid = [{"value": value, "y": round(height - value * height / ceiling, 1)} for value in range(0, ceiling + 1, step)]
    return {"bars": drawn, "lines": grid, "bar_width": round(slot * 0.8, 1), "height": height, "width": width}


def _parts(line: Line) -> list[tuple[str, int]]:
    counts = line.counts
    inbound = counts["offered"]
    return [("answered", counts["answered"]), ("missed", inbound - counts["answered"]), ("outbound", counts["attempts"])]
