"""What reports of calls look like over HTTP. The formulas stand here, with the figures: the schema publishes them."""

from typing import Any

from rest_framework import serializers

from calls import figures, intervals, reports
from calls.models import Call
from calls.reports import Line, Report
from config.api.fields import TimeZoneField
from config.api.viewsets import example
from crm.models import Topic

NULL = "null: the denominator is 0."


class ReportQuery(serializers.Serializer):
    """What a report is asked for."""

    since = serializers.DateField(required=False)
    until = serializers.DateField(required=False)
    time_zone = TimeZoneField(required=False)
    interval = serializers.ChoiceField(choices=intervals.INTERVALS, default="1d")
    group_by = serializers.ChoiceField(choices=list(reports.GROUPS), required=False, default="", allow_blank=True)
    queue = serializers.CharField(max_length=100, required=False, default=None)
    agent = serializers.UUIDField(required=False, default=None)
    topic = serializers.SlugRelatedField(slug_field="code", queryset=Topic.objects.all(), required=False, default=None)
    direction = serializers.ChoiceField(choices=Call.Direction.choices, required=False, default="", allow_blank=True)


def count(text: str) -> serializers.IntegerField:
    return serializers.IntegerField(help_text=text)


def rate(text: str) -> serializers.FloatField:
    return serializers.FloatField(allow_null=True, help_text=f"{text} From 0 to 1; {NULL}")


def mean(text: str) -> serializers.FloatField:
    return serializers.FloatField(allow_null=True, help_text=f"{text} Seconds; {NULL}")


class FiguresSerializer(serializers.Serializer):
    """Calls are counted where they began. An answered call is one that somebody answered and whose outcome is not another.

    What is not in the numerator or the denominator by its definition is in neither: calls within the house, for instance, are only in
    `calls`.
    """

    calls = count("All calls that began in the interval, also those that go on and those within the house.")
    offered = count("Inbound calls that are over or were answered.")
    answered = count("Inbound calls that somebody answered.")
    in_time = count("Answered calls that waited no longer than their queue's `service_level_s`, as it is set now.")
    abandoned = count(
        "Inbound calls whose caller hung up before anybody answered (outcome `abandoned`: in the queue, or `missed`: while it rang), "
        "after the queue's `short_abandon_s` at the earliest."
    )
    short_abandons = count("The same, but sooner than `short_abandon_s`: they count as neither lost nor served.")
    lost_otherwise = count(
        "`offered` less `answered`, `abandoned` and `short_abandons`: voicemail, overflow, after hours, blocked, asked to be called back, …"
    )
    attempts = count("Outbound calls that are over or were answered.")
    reached = count("Outbound calls that the far side answered: no machine, no voicemail.")
    handled = count(
        "Calls in either direction that were answered and are over: what the means of talk, hold and writing up are taken over."
    )
    transfers = count("How often calls were passed on.")
    service_level = rate("`in_time` / (`answered` + `abandoned`): short abandons are left out of the denominator.")
    abandon_share = rate("`abandoned` / `offered`.")
    asa_s = mean("Average speed of answer: the waiting time of answered inbound calls / how many these are (of which it is known).")
    longest_wait_s = mean("The longest that an inbound call of `offered` waited.")
    aht_s = mean("Average handling time: (talk + hold + writing up) / `handled`.")
    talk_mean_s = mean("Talk without holds / `handled`.")
    hold_mean_s = mean("Hold / `handled`.")
    wrap_mean_s = mean(f"Writing up, at most {figures.LONGEST_WRAP_S} seconds of a call / `handled`.")
    talk_s = serializers.FloatField(help_text="Sum, seconds.")
    hold_s = serializers.FloatField(help_text="Sum, seconds.")
    wrap_s = serializers.FloatField(help_text="Sum, seconds.")
    first_contacts = count("Answered inbound calls of a known contact that have a topic.")
    fcr = rate(
        "First contact resolution: those of `first_contacts` after which the same contact had no further call on the same topic, in either "
        "direction, within `fcr_days` days / `first_contacts`. Grouped by topic: of that topic. May still fall for calls after "
        "`fcr_settled_until`."
    )
    contact_rate = rate("`reached` / `attempts`.")
    worked_s = serializers.FloatField(
        allow_null=True,
        help_text="Seconds in which the phone was reserved, rang, talked, held, or the call was written up, cut at the interval. Only in "
        "reports by agent or of one agent, over all queues, topics and directions; else null.",
    )
    available_s = serializers.FloatField(allow_null=True, help_text="Seconds of being available and not at work. As `worked_s`.")
    occupancy = rate("`worked_s` / (`worked_s` + `available_s`). Pauses are in neither.")


class LineSerializer(FiguresSerializer):
    since = serializers.DateTimeField(help_text="The first moment of the interval.")
    until = serializers.DateTimeField(help_text="The first that is not in it: on the day when clocks change, 23 or 25 hours later.")
    queue = serializers.CharField(required=False, allow_blank=True, help_text="Grouped by queue: its slug; empty: calls of no queue.")
    agent = serializers.UUIDField(required=False, allow_null=True, help_text="Grouped by agent; null: calls that nobody took.")
    topic = serializers.UUIDField(
        required=False, allow_null=True, help_text="Grouped by topic; null: calls without one. A call with two is in both."
    )
    direction = serializers.ChoiceField(choices=Call.Direction.choices, required=False, help_text="Grouped by direction.")
    name = serializers.CharField(required=False, allow_blank=True, help_text="What people call the queue, agent or topic.")


FIGURES: dict[str, Any] = {
    "calls": 412, "offered": 360, "answered": 331, "in_time": 289, "abandoned": 18, "short_abandons": 6, "lost_otherwise": 5,
    "attempts": 48, "reached": 31, "handled": 362, "transfers": 24, "service_level": 0.8281, "abandon_share": 0.05, "asa_s": 11.4,
    "longest_wait_s": 188.2, "aht_s": 268.9, "talk_mean_s": 221.5, "hold_mean_s": 14.9, "wrap_mean_s": 32.5, "talk_s": 80183.0,
    "hold_s": 5393.8, "wrap_s": 11765.0, "first_contacts": 240, "fcr": 0.8125, "contact_rate": 0.6458, "worked_s": None,
    "available_s": None, "occupancy": None,
}  # fmt: skip
DAY = {"since": "2026-11-23T00:00:00+03:00", "until": "2026-11-24T00:00:00+03:00"}


@example(
    {
        **DAY,
        "time_zone": "Europe/Moscow",
        "interval": "1d",
        "group_by": "queue",
        "as_of": "2026-11-23T15:00:00+03:00",
        "fcr_days": 7,
        "fcr_settled_until": "2026-11-16T15:00:00+03:00",
        "totals": FIGURES,
        "results": [{**DAY, "queue": "support", "name": "Support", **FIGURES}],
    },
    request=False,
)
class ReportSerializer(serializers.Serializer):
    since = serializers.DateTimeField(help_text="The first moment that counts.")
    until = serializers.DateTimeField(help_text="The first that counts no more.")
    time_zone = serializers.CharField()
    interval = serializers.ChoiceField(choices=intervals.INTERVALS)
    group_by = serializers.ChoiceField(choices=["", *reports.GROUPS])
    as_of = serializers.DateTimeField(help_text="Everything that was known at this moment is counted.")
    fcr_days = serializers.IntegerField()
    fcr_settled_until = serializers.DateTimeField(help_text="For calls after this, a further call may still come.")
    totals = FiguresSerializer()
    results = LineSerializer(many=True)


def shown(report: Report, *, now: Any) -> dict[str, Any]:
    """The report as the API says it, times in its zone."""
    zone = report.asked.zone
    return {
        "since": report.edges[0].astimezone(zone),
        "until": report.edges[-1].astimezone(zone),
        "time_zone": zone.key,
        "interval": report.asked.interval,
        "group_by": report.asked.group_by,
        "as_of": now.astimezone(zone),
        "fcr_days": reports.first_contact_days(),
        "fcr_settled_until": reports.settled_until(now).astimezone(zone),
        "totals": reports.shown(report.totals),
        "results": [
            {"since": line.since.astimezone(zone), "until": line.until.astimezone(zone)} | _group(report, line) | reports.shown(line)
            for line in report.lines
        ],
    }


def _group(report: Report, line: Line) -> dict[str, Any]:
    if not report.asked.group_by:
        return {}
    return {report.asked.group_by: line.group, "name": report.names.get(str(line.group), line.group if isinstance(line.group, str) else "")}
