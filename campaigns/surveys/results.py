"""What a survey found out: counted live, by the database, from the answers on the way that was really gone.

Complete responses count; with ``partial`` also what was answered before somebody broke off, refused, or is just being asked.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Aggregate, Avg, Count, F, FloatField, Func, Max, Min, Q, QuerySet, StdDev, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import ExtractHour, TruncDate

from calls.intervals import ReportTooLarge
from campaigns.models import Answer, Campaign, Question, Survey, SurveyResponse
from campaigns.surveys import figures
from config.platform.models import User
from crm.models import Department, Topic

State, Kind = SurveyResponse.State, Question.Kind
#: What the figures may be grouped by.
GROUPS = ("none", "agent", "topic", "department", "campaign", "day", "hour")
#: States whose answers count when partial ones are asked for.
PARTLY = (State.PARTIAL, State.BREAKOFF, State.REFUSED)
LISTED = (Kind.SINGLE, Kind.SCALE, Kind.NPS, Kind.CSAT, Kind.CES)
MOST_GROUPS = 500


@dataclass(frozen=True)
class Wanted:
    """Of what the results are: ``since`` and ``until`` are about when a response was begun; ``only`` narrows by columns of it."""

    survey: Survey
    since: datetime | None = None
    until: datetime | None = None
    version_id: UUID | None = None
    only: tuple[tuple[str, Any], ...] = ()
    is_partial: bool = False

    def responses(self) -> QuerySet[SurveyResponse]:
        """All that were begun, however they ended."""
        rows = SurveyResponse.objects.filter(survey_version__survey=self.survey, **dict(self.only))
        if self.version_id:
            rows = rows.filter(survey_version=self.version_id)
        if self.since:
            rows = rows.filter(started_at__gte=self.since)
        return rows.filter(started_at__lt=self.until) if self.until else rows

    def answers(self) -> QuerySet[Answer]:
        """Those that count."""
        states = [State.COMPLETE, *(PARTLY if self.is_partial else ())]
        return Answer.objects.filter(is_counted=True, response__in=self.responses().filter(state__in=states).values("pk"))


class Median(Aggregate):
    """The middle value."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


class Elements(Func):
    """One row for each element of a list."""

    function = "jsonb_array_elements_text"
    set_returning = True
    output_field = TextField()


def results(wanted: Wanted, *, group_by: str = "none", zone: ZoneInfo) -> dict[str, Any]:
    """The figures of the whole, and of each group; a handful of statements however many answered.

    Raises:
        ReportTooLarge: there are too many groups.
    """
    total = _lines(wanted, lambda prefix: Value(""))
    lines = _lines(wanted, _expression(group_by, zone)) if group_by != "none" else {}
    if len(lines) > MOST_GROUPS:
        raise ReportTooLarge(f"The report would have more than {MOST_GROUPS} lines: take fewer days.")
    names = _names(group_by, [key for key in lines if key is not None])
    shown = [{"group": key, "name": names.get(key, "" if key is None else str(key)), **line} for key, line in lines.items()]
    shown.sort(key=lambda line: (line["group"] is None, line["group"] if group_by in ("day", "hour") else line["name"]))
    whole = next(iter(total.values()), None) or _line({}, [])
    return {"results": shown, "total": {"group": None, "name": "", **whole}}


def _expression(group_by: str, zone: ZoneInfo) -> Callable[[str], Any]:
    """The column of a group; the argument says how the response is reached."""
    if group_by == "day":
        return lambda prefix: TruncDate(f"{prefix}started_at", tzinfo=zone)
    if group_by == "hour":
        return lambda prefix: ExtractHour(f"{prefix}started_at", tzinfo=zone)
    return lambda prefix: F(f"{prefix}{group_by}_id")


def _lines(wanted: Wanted, expression: Callable[[str], Any]) -> dict[Any, dict[str, Any]]:
    states = {f"n_{state}": Count("pk", filter=Q(state=state)) for state in State.values}
    counted = (
        wanted.responses()
        .order_by()
        .annotate(g=expression(""))
        .values("g")
        .annotate(begun=Count("pk"), median=Median("seconds", filter=Q(state=State.COMPLETE)), **states)
    )
    questions = _questions(wanted, expression)
    return {row["g"]: _line(dict(row), questions.get(row["g"], [])) for row in counted}


def _line(row: dict[str, Any], questions: list[dict[str, Any]]) -> dict[str, Any]:
    begun, complete = row.get("begun", 0), row.get(f"n_{State.COMPLETE}", 0)
    return {
        "begun": begun,
        "by_state": {state: row.get(f"n_{state}", 0) for state in State.values},
        "completion_rate": complete / begun if begun else None,
        "median_seconds": row.get("median"),
        "questions": questions,
    }


def _questions(wanted: Wanted, expression: Callable[[str], Any]) -> dict[Any, list[dict[str, Any]]]:
    """By group, the figures of each question; questions of one key and kind are one in all versions."""
    key, kind = F("question__key"), F("question__kind")
    answers = wanted.answers().order_by().annotate(g=expression("response__"), key=key, kind=kind)
    told = answers.values("g", "key", "kind").annotate(
        asked=Count("pk"),
        answered=Count("pk", filter=Q(value__isnull=False)),
        n=Count("measure"),
        mean=Avg("measure"),
        deviation=StdDev("measure", sample=True),
        low=Min("measure"),
        high=Max("measure"),
        at_most_6=Count("measure", filter=Q(measure__lte=6)),
        at_least_9=Count("measure", filter=Q(measure__gte=9)),
        at_least_4=Count("measure", filter=Q(measure__gte=4)),
        place=Min("question__position"),
    )
    spread = _spread(answers)
    stopped = _stopped(wanted, expression)
    texts = dict(
        Question.objects.filter(survey_version__survey=wanted.survey).order_by("survey_version__number").values_list("key", "text")
    )
    found: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for row in sorted(told, key=lambda row: (row["place"], row["key"])):
        place = row["g"], row["key"], row["kind"]
        found[row["g"]].append(
            {
                "key": row["key"],
                "kind": row["kind"],
                "text": texts.get(row["key"], ""),
                "asked": row["asked"],
                "answered": row["answered"],
                "passed_over": row["asked"] - row["answered"],
                "stopped_here": stopped.get((row["g"], row["key"]), 0),
                "score": _score(dict(row)),
                "least": row["low"],
                "most": row["high"],
                "distribution": spread.get(place, []),
            }
        )
    return found


def _score(row: dict[str, Any]) -> dict[str, Any] | None:
    """The figure that a kind of question is known by."""
    n = row["n"]
    if row["kind"] == Kind.NPS:
        name, found = "nps", figures.nps(row["at_least_9"], row["at_most_6"], n)
    elif row["kind"] == Kind.CSAT:
        name, found = "top_two_share", figures.share(row["at_least_4"], n)
    else:
        name, found = "mean", figures.mean(row["mean"], row["deviation"], n)
    if found is None:
        return None
    value, low, high = found
    return {"name": name, "value": value, "low": low, "high": high, "n": n, "mean": row["mean"]}


def _spread(answers: QuerySet[Any]) -> dict[tuple[Any, str, str], list[dict[str, Any]]]:
    """How often each value was given, by group, key and kind; of numbers, texts and dates nothing is listed."""
    given = answers.filter(value__isnull=False)
    single = given.filter(kind__in=LISTED).values("g", "key", "kind", "value").annotate(count=Count("pk"))
    multi = given.filter(kind=Kind.MULTI).annotate(one=Elements("value")).values("g", "key", "kind", "one").annotate(count=Count("pk"))
    found: dict[tuple[Any, str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in [*single, *multi]:
        found[row["g"], row["key"], row["kind"]].append({"value": row.get("one", row.get("value")), "count": row["count"]})
    for rows in found.values():
        rows.sort(key=lambda row: (isinstance(row["value"], str), row["value"]))
    return found


def _stopped(wanted: Wanted, expression: Callable[[str], Any]) -> dict[tuple[Any, str], int]:
    """How many broke off or refused at a question."""
    rows = wanted.responses().filter(state__in=[State.BREAKOFF, State.REFUSED]).order_by()
    told = rows.annotate(g=expression(""), at=KeyTextTransform("-1", "path")).values("g", "at").annotate(count=Count("pk"))
    return {(row["g"], row["at"]): row["count"] for row in told}


def _names(group_by: str, keys: list[Any]) -> dict[Any, str]:
    """How the groups are called."""
    if group_by == "agent":
        return {user.pk: user.get_full_name() for user in User.objects.filter(pk__in=keys)}
    models: dict[str, Any] = {"topic": Topic, "department": Department, "campaign": Campaign}
    return dict(models[group_by].objects.filter(pk__in=keys).values_list("pk", "name")) if group_by in models else {}
