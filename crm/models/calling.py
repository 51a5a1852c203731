from datetime import date

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from config.platform.models import Row, User
from crm.models.calendars import CalendarInterval, Minutes, of_a_day
from crm.models.consent import Purpose

MOST_CALLS = 1000
A_YEAR = 366 * 86400


class CallingWindowQuerySet(models.QuerySet["CallingWindow"]):
    def visible_to(self, user: User) -> "CallingWindowQuerySet":
        """Whoever calls must know when they may."""
        return self

    def whole(self) -> "CallingWindowQuerySet":
        """With all that reckoning needs, in a fixed number of queries."""
        return self.prefetch_related("intervals", "restricted")


class CallingWindow(Row):
    """When customers may be called, by their own clocks. One for a purpose, and one for all purposes that have none of their own."""

    class UnknownZone(models.TextChoices):
        DEFAULT_ZONE = "default_zone", "Take the default zone"
        COUNTRY_ZONES = "country_zones", "It must be open in every zone of the country"
        REFUSE = "refuse", "Do not call"

    name = models.CharField(max_length=100, unique=True, error_messages={"unique": "There is a window of this name already."})
    purpose = models.CharField(
        max_length=20, choices=Purpose, blank=True, help_text="Empty: for every purpose that has no window of its own."
    )
    keeps_holidays = models.BooleanField(
        "keeps public holidays", default=False, help_text="Nobody is called on public holidays of their country."
    )
    unknown_zone = models.CharField(
        max_length=14,
        choices=UnknownZone,
        default=UnknownZone.DEFAULT_ZONE,
        help_text="What to do when nothing tells the customer's time zone.",
    )
    default_zone = models.CharField(max_length=64, blank=True, help_text="IANA name; empty: that of the settings.")
    start_grace_s = models.PositiveIntegerField(
        default=0, validators=[MaxValueValidator(86400)], help_text="No call begins in the last so many seconds before closing."
    )
    holds_for_returns = models.BooleanField(
        default=False, help_text="It also holds for calls that answer a call of the customer's own; usually they may be answered at once."
    )
    is_active = models.BooleanField(default=True)

    objects = CallingWindowQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["purpose"],
                condition=Q(is_active=True),
                name="one_active_calling_window_per_purpose",
                violation_error_message="There is an active window for this purpose already: switch that one off first.",
            ),
            models.CheckConstraint(name="calling_window_purpose_is_known", condition=Q(purpose__in=["", *Purpose.values])),
            models.CheckConstraint(
                name="calling_window_grace_is_within_a_day",
                condition=Q(start_grace_s__lte=86400),
                violation_error_message="Such a window would never open: at most a day.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CallingInterval(models.Model):
    """Calls may begin from one minute of a weekday to another. A day may have several; one over midnight is two."""

    window = models.ForeignKey(CallingWindow, on_delete=models.CASCADE, related_name="intervals")
    weekday = models.PositiveSmallIntegerField(choices=list(enumerate(day.capitalize() for day in CalendarInterval.WEEKDAYS)))
    opens = models.PositiveSmallIntegerField(help_text="Minutes after midnight.")
    closes = models.PositiveSmallIntegerField(help_text="Minutes after midnight; 1440 is midnight at the end of the day.")

    class Meta:
        ordering = ["weekday", "opens"]
        constraints = [
            models.CheckConstraint(
                name="calling_interval_is_within_a_day",
                condition=of_a_day() & Q(weekday__lte=6),
                violation_error_message="An interval closes after it opens, on the same day; split one that passes midnight.",
            ),
            ExclusionConstraint(
                name="calling_intervals_of_a_weekday_do_not_overlap",
                expressions=[
                    ("window", RangeOperators.EQUAL),
                    ("weekday", RangeOperators.EQUAL),
                    (Minutes("opens", "closes"), RangeOperators.OVERLAPS),
                ],
                violation_error_message="Two intervals of one day overlap.",
            ),
        ]


class RestrictedPeriod(models.Model):
    """Dates on which nobody is called, whatever the week says: by the customer's calendar, both ends included."""

    window = models.ForeignKey(CallingWindow, on_delete=models.CASCADE, related_name="restricted")
    since = models.DateField()
    until = models.DateField(help_text="The last day.")
    name = models.CharField(max_length=100, blank=True, help_text="Why: mourning, an election, a quiet week.")

    class Meta:
        ordering = ["since", "id"]
        constraints = [
            models.CheckConstraint(
                name="restricted_period_ends_after_it_begins",
                condition=Q(until__gte=F("since")),
                violation_error_message="A restricted period ends before it begins.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.since} – {self.until} {self.name}".strip()

    def holds_on(self, day: date) -> bool:
        """Whether this day is one of them."""
        return self.since <= day <= self.until


class CallingLimitQuerySet(models.QuerySet["CallingLimit"]):
    def visible_to(self, user: User) -> "CallingLimitQuerySet":
        """Whoever calls must know how often they may."""
        return self

    def for_purpose(self, purpose: str) -> "CallingLimitQuerySet":
        """Those in force for a purpose: its own and those for all."""
        return self.filter(is_active=True, purpose__in=["", purpose]).order_by("id")


class CallingLimit(Row):
    """How often a number or a person may be called, and how long we wait in between. All that touch a purpose hold together.

    Calls that failed by the line, so that nobody was disturbed, do not count.
    """

    class Subject(models.TextChoices):
        NUMBER = "number", "The number"
        CONTACT = "contact", "The contact, on whatever number"

    class Window(models.TextChoices):
        LIFETIME = "lifetime", "Ever"
        CALENDAR_DAY = "calendar_day", "A day of the customer's calendar"
        ROLLING = "rolling", "The last so many seconds"

    class ManualCalls(models.TextChoices):
        YES = "yes", "Hold them up"
        WARN = "warn", "Only warn"
        NO = "no", "Leave them alone"

    name = models.CharField(max_length=100, unique=True, error_messages={"unique": "There is a limit of this name already."})
    purpose = models.CharField(max_length=20, choices=Purpose, blank=True, help_text="Empty: for whatever purpose.")
    subject = models.CharField(max_length=10, choices=Subject, default=Subject.NUMBER)
    window = models.CharField(max_length=14, choices=Window, default=Window.CALENDAR_DAY)
    window_s = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(A_YEAR)],
        help_text="How long a rolling window is, in seconds.",
    )
    most = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_CALLS)],
        help_text="Calls in the window, answered or not; empty: as many as you like.",
    )
    min_gap_s = models.PositiveIntegerField(
        default=0, validators=[MaxValueValidator(A_YEAR)], help_text="From the beginning of one call to the next, in seconds."
    )
    manual_calls = models.CharField(
        max_length=4,
        choices=ManualCalls,
        default=ManualCalls.YES,
        help_text="What it does with calls that somebody dials by hand. Left alone, those written down by hand do not count either.",
    )
    is_active = models.BooleanField(default=True)

    objects = CallingLimitQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="calling_limit_purpose_is_known", condition=Q(purpose__in=["", *Purpose.values])),
            models.CheckConstraint(
                name="calling_limit_limits_something",
                condition=Q(most__isnull=False) | Q(min_gap_s__gt=0),
                violation_error_message="Give `most`, `min_gap_s`, or both: else it limits nothing.",
            ),
            models.CheckConstraint(
                name="calling_limit_is_within_reason",
                condition=(Q(most=None) | Q(most__gte=1, most__lte=MOST_CALLS)) & Q(min_gap_s__lte=A_YEAR),
                violation_error_message="At most 1,000 calls, and a gap of at most a year.",
            ),
            models.CheckConstraint(
                name="calling_limit_rolls_over_so_many_seconds",
                condition=Q(window="rolling", window_s__isnull=False, window_s__gte=1, window_s__lte=A_YEAR)
                | (~Q(window="rolling") & Q(window_s=None)),
                violation_error_message="A rolling window needs `window_s`, from a second to a year; no other window has it.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
