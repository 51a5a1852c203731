"""What reports of complaints are asked for and look like over HTTP. What each figure is stands with it: the schema publishes it."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from calls import intervals
from complaints import promise_reports, reports, satisfaction_report
from complaints.models.clocks import Metric
from complaints.models.complaints import Complaint, Kind
from config.api.fields import TimeZoneField
from config.api.viewsets import example
from crm.models import Department

DAYS = 28
SHARE = "From 0 to 1; null: of nothing."
DEPARTMENT = "0199a1b2-1111-7000-8000-293a4b5c6d7e"
SPAN: dict[str, Any] = {"since": "2026-11-01T00:00:00+03:00", "until": "2026-12-01T00:00:00+03:00"}
PERIOD: dict[str, Any] = {**SPAN, "time_zone": "Europe/Moscow"}
ABOUT = [
    OpenApiParameter("department", str, description="Only of this department and those beneath it; its id."),
    OpenApiParameter("kind", str, enum=Kind.values, description="Only of this kind."),
]
OF_DAYS = [
    OpenApiParameter("since", str, description=f"The first day, for instance 2026-11-01; else {DAYS} days before the last."),
    OpenApiParameter("until", str, description="The last day, which counts whole; else today."),
    OpenApiParameter("time_zone", str, description="IANA name: whose days they are; else your own."),
    *ABOUT,
]


def by_parameter(choices: Any) -> OpenApiParameter:
    """The parameter that says what a line is of."""
    return OpenApiParameter("by", str, enum=[one for one in choices if one], description="A line for each of these; else the total alone.")


class AboutQuery(serializers.Serializer):
    department = serializers.PrimaryKeyRelatedField(queryset=Department.objects.all(), required=False, default=None)
    kind = serializers.ChoiceField(choices=Kind.choices, required=False, default="", allow_blank=True)


class PeriodQuery(AboutQuery):
    since = serializers.DateField(required=False)
    until = serializers.DateField(required=False)
    time_zone = TimeZoneField(required=False)


class OutcomesQuery(PeriodQuery):
    by = serializers.ChoiceField(choices=list(reports.BY), required=False, default="", allow_blank=True)


class PromisesQuery(PeriodQuery):
    by = serializers.ChoiceField(choices=list(promise_reports.BY), required=False, default="", allow_blank=True)
    interval = serializers.ChoiceField(choices=intervals.INTERVALS, required=False, default="none")


class RepeatedQuery(PeriodQuery):
    at_least = serializers.IntegerField(min_value=2, max_value=1000, required=False, default=3)


class SatisfactionQuery(PeriodQuery):
    by = serializers.ChoiceField(choices=list(satisfaction_report.BY), required=False, default="", allow_blank=True)


def count(text: str = "") -> serializers.IntegerField:
    return serializers.IntegerField(help_text=text or None)


def rate(text: str) -> serializers.FloatField:
    return serializers.FloatField(allow_null=True, help_text=f"{text} {SHARE}")


def seconds(text: str) -> serializers.FloatField:
    return serializers.FloatField(allow_null=True, help_text=f"{text} Seconds; null: of nothing.")


class PeriodSerializer(serializers.Serializer):
    since = serializers.DateTimeField(help_text="The first moment that counts.")
    until = serializers.DateTimeField(help_text="The first that counts no more.")
    time_zone = serializers.CharField()


# --- open
class ComplaintAgeSerializer(serializers.Serializer):
    from_days = count("Received so many days ago or more,")
    until_days = serializers.IntegerField(allow_null=True, help_text="and less than so many; null: without an end.")
    open = count()
    breached = count("A promise to them was broken, or breaks now.")


class OpenComplaintsSerializer(serializers.Serializer):
    open = count("Complaints that somebody waits for.")
    breached = count("Of them, those to which a promise was broken.")
    due_within_hour = count("Of them, those whose next promise is due within the hour.")
    unassigned = count("Of them, those that nobody has.")
    oldest_at = serializers.DateTimeField(allow_null=True, help_text="When the oldest was received.")
    bands = ComplaintAgeSerializer(many=True, help_text="By age, by the wall clock.")


class OpenComplaintsLineSerializer(OpenComplaintsSerializer):
    department = serializers.UUIDField(allow_null=True, help_text="null: none yet.")
    name = serializers.CharField(allow_blank=True)


OPEN: dict[str, Any] = {
    "open": 41, "breached": 5, "due_within_hour": 3, "unassigned": 7, "oldest_at": "2026-10-19T08:12:00Z",
    "bands": [{"from_days": 0, "until_days": 1, "open": 12, "breached": 1}, {"from_days": 30, "until_days": None, "open": 1, "breached": 1}],
}  # fmt: skip


@example({"as_of": "2026-11-30T09:00:00Z", "results": [{"department": DEPARTMENT, "name": "Claims", **OPEN}], "total": OPEN}, request=False)
class OpenComplaintsReportSerializer(serializers.Serializer):
    as_of = serializers.DateTimeField()
    results = OpenComplaintsLineSerializer(many=True)
    total = OpenComplaintsSerializer()


# --- promises
class PromiseFiguresSerializer(serializers.Serializer):
    metric = serializers.ChoiceField(choices=Metric.choices)
    met = count("Kept in this interval.")
    missed = count("Broken in it, whether what was promised came later or not yet.")
    called_off = count("Ended before they were kept or broken: the complaint was withdrawn, or ended otherwise.")
    met_share = rate("`met` / (`met` + `missed`).")


class PromiseLineSerializer(PromiseFiguresSerializer):
    since = serializers.DateTimeField(help_text="The first moment of the interval.")
    until = serializers.DateTimeField(help_text="The first that is not in it.")
    department = serializers.UUIDField(required=False, allow_null=True, help_text="By department: where the complaint is now.")
    policy = serializers.UUIDField(required=False, help_text="By policy: which one promised it.")
    name = serializers.CharField(required=False, allow_blank=True)


PROMISE = {"metric": "resolve", "met": 118, "missed": 9, "called_off": 4, "met_share": 0.9291}


@example(
    {**PERIOD, "interval": "1mo", "results": [{**PROMISE, **SPAN, "department": DEPARTMENT, "name": "Claims"}], "totals": [PROMISE]},
    request=False,
)
class PromisesReportSerializer(PeriodSerializer):
    interval = serializers.ChoiceField(choices=intervals.INTERVALS)
    results = PromiseLineSerializer(many=True)
    totals = PromiseFiguresSerializer(many=True, help_text="Of the whole period, a line a metric.")


# --- times
class ComplaintStepSerializer(serializers.Serializer):
    step = serializers.ChoiceField(choices=promise_reports.STEPS)
    n = count("Complaints that reached it.")
    median_s = seconds("From receipt to it, by the wall clock: half of them took no longer.")
    p90_s = seconds("Nine of ten took no longer.")
    counted_n = count("Promises of it that have their verdict, of the first cycle. `decide` is not promised.")
    counted_median_s = seconds("The same in counted time: as its promise counts, for instance business hours, rests left out.")
    counted_p90_s = seconds("The same in counted time, nine of ten.")


class ComplaintTimesLineSerializer(serializers.Serializer):
    department = serializers.UUIDField(allow_null=True)
    name = serializers.CharField(allow_blank=True)
    received = count("Complaints received in the period.")
    steps = ComplaintStepSerializer(many=True)


STEP = {
    "step": "resolve", "n": 127, "median_s": 93600.0, "p90_s": 401220.5, "counted_n": 125, "counted_median_s": 28800.0,
    "counted_p90_s": 100800.0,
}  # fmt: skip


@example(
    {**PERIOD, "results": [{"department": DEPARTMENT, "name": "Claims", "received": 140, "steps": [STEP]}], "total": [STEP]}, request=False
)
class ComplaintTimesReportSerializer(PeriodSerializer):
    results = ComplaintTimesLineSerializer(many=True)
    total = ComplaintStepSerializer(many=True)


# --- outcomes
class ComplaintOutcomeFiguresSerializer(serializers.Serializer):
    received = count("Received in the period.")
    open = count("Of them, open now.")
    resolved = count("Resolved or closed.")
    solved_on_call = count("Solved in the moment in which they were told.")
    rejected = count()
    withdrawn = count()
    duplicate = count("Told twice.")
    upheld = count()
    partly_upheld = count()
    not_upheld = count()
    answered = count("Resolved at least once.")
    reopened = count("Of those answered, reopened at least once.")
    reopened_share = rate("`reopened` / `answered`.")
    times_reopened = count("How often, all together.")
    came_back = count("Passed to a department that had them before.")
    breached = count("A promise to them was broken.")
    breached_share = rate("`breached` / `received`.")


class ComplaintOutcomeLineSerializer(ComplaintOutcomeFiguresSerializer):
    department = serializers.UUIDField(required=False, allow_null=True)
    topic = serializers.UUIDField(required=False, allow_null=True)
    product = serializers.UUIDField(required=False, allow_null=True)
    kind = serializers.CharField(required=False)
    channel = serializers.CharField(required=False)
    severity = serializers.CharField(required=False)
    name = serializers.CharField(required=False, allow_blank=True)


OUTCOME: dict[str, Any] = {
    "received": 140, "open": 11, "resolved": 120, "solved_on_call": 38, "rejected": 3, "withdrawn": 5, "duplicate": 1, "upheld": 81,
    "partly_upheld": 22, "not_upheld": 17, "answered": 124, "reopened": 6, "reopened_share": 0.0484, "times_reopened": 7, "came_back": 2,
    "breached": 9, "breached_share": 0.0643,
}  # fmt: skip


@example({**PERIOD, "results": [{"department": DEPARTMENT, "name": "Claims", **OUTCOME}], "total": OUTCOME}, request=False)
class ComplaintOutcomesReportSerializer(PeriodSerializer):
    results = ComplaintOutcomeLineSerializer(many=True)
    total = ComplaintOutcomeFiguresSerializer()


# --- root causes
class RootCauseLineSerializer(serializers.Serializer):
    root_cause = serializers.UUIDField()
    name = serializers.CharField()
    complaints = count()
    share = rate("Of those with a cause.")
    cumulative_share = rate("Of this cause and those before it.")


@example(
    {
        **PERIOD,
        "results": [
            {"root_cause": DEPARTMENT, "name": "Packed badly", "complaints": 52, "share": 0.5778, "cumulative_share": 0.5778},
        ],
        "with_cause": 90,
        "without_cause": 49,
    },
    request=False,
)
class RootCausesReportSerializer(PeriodSerializer):
    results = RootCauseLineSerializer(many=True, help_text="The most frequent first.")
    with_cause = count("Complaints received in the period whose cause is known; told twice left out.")
    without_cause = count("Those whose cause is not known.")


# --- redress
class RedressLineSerializer(serializers.Serializer):
    redress = serializers.ChoiceField(choices=Complaint.Redress.choices)
    currency = serializers.CharField(allow_blank=True, help_text="ISO 4217; empty: those without an amount.")
    complaints = count()
    amount = serializers.DecimalField(max_digits=20, decimal_places=2, allow_null=True, help_text="All together.")
    mean = serializers.DecimalField(max_digits=20, decimal_places=2, allow_null=True)
    highest = serializers.DecimalField(max_digits=20, decimal_places=2, allow_null=True)


@example(
    {
        **PERIOD,
        "results": [{"redress": "refund", "currency": "EUR", "complaints": 12, "amount": "480.00", "mean": "40.00", "highest": "129.00"}],
    },
    request=False,
)
class RedressReportSerializer(PeriodSerializer):
    results = RedressLineSerializer(many=True)


# --- repeated
class RepeatedComplaintsLineSerializer(serializers.Serializer):
    contact = serializers.UUIDField()
    name = serializers.CharField(allow_blank=True)
    complaints = count("Complaints and claims of theirs, received in the period; told twice left out.")
    open = count()
    topics = count("On how many topics.")
    first_at = serializers.DateTimeField()
    last_at = serializers.DateTimeField()


@example(
    {
        **PERIOD,
        "at_least": 3,
        "contacts": 4,
        "results": [
            {
                "contact": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e", "name": "Петрова Мария", "complaints": 5, "open": 1, "topics": 2,
                "first_at": "2026-11-02T08:00:00Z", "last_at": "2026-11-27T14:11:00Z",
            }
        ],
    },
    request=False,
)  # fmt: skip
class RepeatedComplaintsReportSerializer(PeriodSerializer):
    at_least = count()
    contacts = count("How many such contacts there are.")
    results = RepeatedComplaintsLineSerializer(many=True, help_text="The hundred with the most.")


# --- satisfaction
class SatisfactionFiguresSerializer(serializers.Serializer):
    answers = count("Answers given in the period.")
    mean = serializers.FloatField(allow_null=True, help_text="Of the scores, 1 to 5; null: no answer.")
    content = count("Scores of 4 and 5.")
    content_share = rate("`content` / `answers`: the usual CSAT.")
    solved = count("They say that it is solved.")
    not_solved = count("They say that it is not.")
    score_1 = count()
    score_2 = count()
    score_3 = count()
    score_4 = count()
    score_5 = count()
    by_link = count("Answered on the page of a link; the others on a call.")


class SatisfactionLineSerializer(SatisfactionFiguresSerializer):
    department = serializers.UUIDField(required=False, allow_null=True)
    topic = serializers.UUIDField(required=False, allow_null=True)
    agent = serializers.UUIDField(required=False, allow_null=True)
    name = serializers.CharField(required=False, allow_blank=True)


ANSWERS: dict[str, Any] = {
    "answers": 64, "mean": 4.11, "content": 49, "content_share": 0.7656, "solved": 55, "not_solved": 6, "score_1": 3, "score_2": 4,
    "score_3": 8, "score_4": 17, "score_5": 32, "by_link": 41,
}  # fmt: skip


@example({**PERIOD, "results": [{"agent": DEPARTMENT, "name": "Иванова Анна", **ANSWERS}], "total": ANSWERS}, request=False)
class SatisfactionReportSerializer(PeriodSerializer):
    results = SatisfactionLineSerializer(many=True)
    total = SatisfactionFiguresSerializer()
