"""The results of a campaign as a page with pictures: how far it came, at which hours people are reached, who brought what."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from campaigns import reports
from campaigns.models import Campaign, Target
from config.platform.admin_base import RoleAdmin, percent, span

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MOST_AGENTS, MOST_LINES, MOST_NUMBERS = 15, 15, 10
STEPS = (
    ("targets", "in the audience"), ("attempted", "tried"), ("reached", "spoken with"), ("right_party", "the right party"),
    ("successes", "came out as wished"),
)  # fmt: skip
CELL, LEFT = 22, 40


def show(page: RoleAdmin, request: HttpRequest, campaign: Campaign) -> HttpResponse:
    """The page, for whoever may see the campaign there."""
    now = timezone.now()
    found = reports.results(campaign, now=now)
    context = {
        **page.admin_site.each_context(request),
        "title": f"Results: {campaign}",
        "campaign": campaign,
        "now": now,
        "found": found,
        "funnel": funnel(found["funnel"]),
        "states": _states(found["states"]),
        "hours": heat(found["by_hour"]),
        "agents": bars(found["by_agent"][:MOST_AGENTS]),
        "numbers": [line | {"said": percent(line["contact_rate"])} for line in found["by_number"][:MOST_NUMBERS]],
        "dispositions": found["by_disposition"][:MOST_LINES],
        "drop_share": percent(found["attempts"]["drop_share"]),
        "contact_rate": percent(found["attempts"]["contact_rate"]),
    }
    return TemplateResponse(request, "admin/campaign_results.html", context)


def funnel(counts: dict[str, Any]) -> list[dict[str, Any]]:
    """Each step with its share of the whole, as a width."""
    whole = counts["targets"]
    return [
        {"said": said, "count": counts[name], "share": percent(reports.share(counts[name], whole)), "width": round(100 * counts[name] / whole, 1) if whole else 0}
        for name, said in STEPS
    ]  # fmt: skip


def _states(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    whole, labels = sum(line["targets"] for line in lines), dict(Target.State.choices)
    return [
        line | {"said": labels[line["state"]], "why": line["reason"].replace("_", " "), "width": round(100 * line["targets"] / whole, 1)}
        for line in lines[:MOST_LINES]
    ]


def heat(lines: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """A cell for each weekday and hour, the darker the surer people are reached then; the three best are named."""
    if not lines:
        return None
    hours = range(min(line["hour"] for line in lines), max(line["hour"] for line in lines) + 1)
    cells = [
        {
            "x": LEFT + (line["hour"] - hours[0]) * CELL,
            "y": 18 + line["weekday"] * CELL,
            "opacity": round(0.08 + 0.92 * line["at_least"], 2),
            "said": f"{WEEKDAYS[line['weekday']]} {line['hour']}:00: {line['reached']} of {line['attempts']} reached, {percent(line['at_least'])} at least",
        }
        for line in lines
    ]  # fmt: skip
    best = sorted(lines, key=lambda line: (-line["at_least"], line["weekday"], line["hour"]))[:3]
    return {
        "cells": cells,
        "size": CELL - 2,
        "width": LEFT + len(hours) * CELL,
        "height": 18 + 7 * CELL,
        "shown": round(1.5 * (LEFT + len(hours) * CELL)),
        "days": [{"name": name, "y": 18 + number * CELL + 15} for number, name in enumerate(WEEKDAYS)],
        "heads": [{"name": hour, "x": LEFT + (hour - hours[0]) * CELL + CELL / 2 - 1} for hour in hours],
        "best": [
            f"{WEEKDAYS[line['weekday']]} {line['hour']}:00 ({percent(line['at_least'])} at least)" for line in best if line["at_least"]
        ],
    }


def bars(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A bar for each operator, as long as their attempts: successes, others that were reached, the rest."""
    most = max((line["attempts"] for line in lines), default=0)
    return [
        line
        | {
            "talk": span(line["talk_s"]),
            "success_width": _width(line["successes"], most),
            "reached_width": _width(max(line["reached"] - line["successes"], 0), most),
            "rest_width": _width(line["attempts"] - max(line["reached"], line["successes"]), most),
            "brought": sum(one["conversions"] for one in line["conversions"]),
        }
        for line in lines
    ]


def _width(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0
