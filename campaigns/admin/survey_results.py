"""What a survey found out, as a page with pictures: each question with its score, how sure it is, and how often each answer was given."""

from datetime import timedelta
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from calls import intervals
from campaigns.models import Campaign, Question, Survey, SurveyResponse
from campaigns.surveys import results
from campaigns.surveys.results import Wanted
from config.platform.admin_base import RoleAdmin, percent, span, who
from config.platform.errors import Refusal
from config.platform.viewer import zone_of

ZONES = [(name, name.replace("_", " ")) for name in sorted(available_timezones())]
BY = {
    "none": "All together",
    "campaign": "Campaign",
    "agent": "Operator",
    "topic": "Topic",
    "department": "Department",
    "day": "Day",
    "hour": "Hour",
}
DAYS = 28
MOST_CHOICES = 30
#: From where to where a score may go, by the kind of its question: for a bar of its place. A mean goes as far as its question says.
SCORES = {"nps": (-100.0, 100.0), "top_two_share": (0.0, 1.0)}
SAID = {"nps": "NPS", "top_two_share": "content (4 and 5)", "mean": "mean"}
STATES = dict(SurveyResponse.State.choices)


class SurveyResultsForm(forms.Form):
    """Which responses: begun on which days, of which campaign, also those that were not completed."""

    since = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), label="From")
    until = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), label="To, including")
    time_zone = forms.ChoiceField(choices=ZONES)
    group_by = forms.ChoiceField(choices=list(BY.items()), label="By")
    campaign = forms.ModelChoiceField(Campaign.objects.none(), required=False, empty_label="Every campaign")
    partial = forms.BooleanField(required=False, label="Also answers of those who broke off")

    def __init__(self, survey: Survey, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        asked: Any = self.fields["campaign"]
        asked.queryset = Campaign.objects.filter(survey=survey).order_by("-id")


def show(page: RoleAdmin, request: HttpRequest, survey: Survey) -> HttpResponse:
    """The page, for whoever may see the survey there."""
    zone = zone_of(who(request).time_zone)
    today = timezone.now().astimezone(zone).date()
    usual = {"since": today - timedelta(days=DAYS - 1), "until": today, "time_zone": zone.key, "group_by": "none"}
    form = SurveyResultsForm(survey, usual | request.GET.dict())
    context: dict[str, Any] = {**page.admin_site.each_context(request), "title": f"Results: {survey}", "survey": survey, "form": form}
    if form.is_valid():
        try:
            context |= _shown(survey, form.cleaned_data)
        except Refusal as refused:
            context["refusal"] = refused.detail
    return TemplateResponse(request, "admin/survey_results.html", context)


def _shown(survey: Survey, given: dict[str, Any]) -> dict[str, Any]:
    zone = zone_of(given["time_zone"])
    since, until = intervals.edges(given["since"], given["until"], "none", zone)
    only = (("campaign", given["campaign"]),) if given["campaign"] else ()
    told = results.results(Wanted(survey, since, until, None, only, given["partial"]), group_by=given["group_by"], zone=zone)
    total, labels = told["total"], _labels(survey)
    heads = [question for question in total["questions"] if question["score"]]
    return {
        "has_report": True,
        "total": total,
        "completion": percent(total["completion_rate"]),
        "seconds": span(total["median_seconds"]),
        "states": [
            {"said": STATES[state], "count": many, "width": round(100 * many / total["begun"], 1)}
            for state, many in total["by_state"].items()
            if many
        ],
        "questions": [_question(question, labels) for question in total["questions"]],
        "by": BY[given["group_by"]],
        "heads": [question["text"] for question in heads],
        "groups": [_group(line, heads) for line in told["results"]],
    }


def _labels(survey: Survey) -> dict[tuple[str, str], str]:
    """What the values of choices are called, by key of the question and value: as the newest version says it."""
    rows = Question.objects.filter(survey_version__survey=survey).order_by("survey_version__number")
    return {(row.key, str(choice["value"])): str(choice["label"]) for row in rows for choice in row.choices}


def _question(question: dict[str, Any], labels: dict[tuple[str, str], str]) -> dict[str, Any]:
    most = max((line["count"] for line in question["distribution"]), default=0)
    bars = [
        {
            "said": labels.get((question["key"], str(line["value"])), line["value"]),
            "count": line["count"],
            "width": round(100 * line["count"] / most, 1),
            "share": percent(line["count"] / question["answered"]) if question["answered"] else "–",
        }
        for line in question["distribution"][:MOST_CHOICES]
    ]
    score = question["score"]
    return question | {
        "bars": bars,
        "score_said": said(score),
        "place": place(question),
        "score_name": SAID[score["name"]] if score else "",
    }


def said(score: dict[str, Any] | None) -> str:
    """A score for people: NPS with its sign, a share in percent, a mean with two digits."""
    if score is None:
        return "–"
    if score["name"] == "nps":
        return f"{score['value']:+.0f}"
    return percent(score["value"]) if score["name"] == "top_two_share" else f"{score['value']:.2f}"


def place(question: dict[str, Any]) -> dict[str, Any] | None:
    """Where the score and its 95 % interval lie on a line of 100 units; None of a mean whose values are all alike."""
    score = question["score"]
    if score is None:
        return None
    low, high = SCORES.get(score["name"], (question["least"], question["most"]))
    if not high > low:
        return None

    def at(value: float) -> float:
        return round(100 * min(max((value - low) / (high - low), 0), 1), 1)

    ends = [said(score | {"value": end}) for end in (score["low"], score["high"])]
    return {"at": at(score["value"]), "from": at(score["low"]), "wide": max(at(score["high"]) - at(score["low"]), 0.5), "ends": ends}


def _group(line: dict[str, Any], heads: list[dict[str, Any]]) -> dict[str, Any]:
    found = {(question["key"], question["kind"]): question for question in line["questions"]}
    scores = [said(found[head["key"], head["kind"]]["score"]) if (head["key"], head["kind"]) in found else "–" for head in heads]
    name = line["name"] or ("none" if line["group"] is None else line["group"])
    return {"name": name, "begun": line["begun"], "completion": percent(line["completion_rate"]), "scores": scores}
