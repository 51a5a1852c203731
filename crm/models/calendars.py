from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import IntegerRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from config.platform.models import Row, User

DAY = 24 * 60


class Minutes(Func):
    """The half-open range of minutes from ``opens`` to ``closes``."""

    function = "int4range"
    output_field = IntegerRangeField()


def of_a_day() -> Q:
    """Minutes of one day, the end after the beginning; 1440 is midnight at its end."""
    return Q(opens__gte=0, closes__lte=DAY) & Q(closes__gt=F("opens"))


class BusinessCalendarQuerySet(models.QuerySet["BusinessCalendar"]):
    def visible_to(self, user: User) -> "BusinessCalendarQuerySet":
        """When the company works is no secret inside it."""
        return self

    def whole(self) -> "BusinessCalendarQuerySet":
        """With all that reckoning needs, in a fixed number of queries."""
        return self.prefetch_related("intervals", "days__intervals")


class BusinessCalendar(Row):
    """When a part of the company works: the hours of a week, the holidays of a country, and days that differ."""

    name = models.CharField(max_length=100, unique=True, error_messages={"unique": "There is a calendar of this name already."})
    time_zone = models.CharField(max_length=64, default="UTC", help_text="IANA name; all hours are wall time there.")
    country = models.CharField(max_length=2, blank=True, help_text="ISO 3166-1 alpha-2: its public holidays are days off. Empty: none.")
    subdivision = models.CharField(max_length=10, blank=True, help_text="ISO 3166-2 part, for instance BY for Bavaria.")
    is_default = models.BooleanField(default=False, help_text="For departments that have no calendar of their own.")

    objects = BusinessCalendarQuerySet.as_manager()

    class Meta:
        verbose_name = "calendar"
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"],
                condition=Q(is_default=True),
                name="one_default_calendar",
                violation_error_message="There is a default calendar already.",
            ),
            models.CheckConstraint(
                name="calendar_subdivision_needs_its_country",
                condition=Q(subdivision="") | ~Q(country=""),
                violation_error_message="A subdivision needs its country.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CalendarInterval(models.Model):
    """Open from one minute of a weekday to another. A day may have several: before and after lunch."""

    WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

    calendar = models.ForeignKey(BusinessCalendar, on_delete=models.CASCADE, related_name="intervals")
    weekday = models.PositiveSmallIntegerField(choices=list(enumerate(day.capitalize() for day in WEEKDAYS)))
    opens = models.PositiveSmallIntegerField(help_text="Minutes after midnight.")
    closes = models.PositiveSmallIntegerField(help_text="Minutes after midnight; 1440 is midnight at the end of the day.")

    class Meta:
        ordering = ["weekday", "opens"]
        constraints = [
            models.CheckConstraint(
                name="interval_is_within_a_day",
                condition=of_a_day() & Q(weekday__lte=6),
                violation_error_message="An interval closes after it opens, on the same day; split one that passes midnight.",
            ),
            ExclusionConstraint(
                name="intervals_of_a_weekday_do_not_overlap",
                expressions=[
                    ("calendar", RangeOperators.EQUAL),
                    ("weekday", RangeOperators.EQUAL),
                    (Minutes("opens", "closes"), RangeOperators.OVERLAPS),
                ],
                violation_error_message="Two intervals of one day overlap.",
            ),
        ]


class CalendarDay(models.Model):
    """A date that differs: its own hours instead of the week's and the holiday's. Without intervals it is a day off."""

    calendar = models.ForeignKey(BusinessCalendar, on_delete=models.CASCADE, related_name="days")
    on = models.DateField()
    name = models.CharField(max_length=100, blank=True, help_text="Why: stock-taking, a working Saturday.")

    class Meta:
        ordering = ["on"]
        constraints = [
            models.UniqueConstraint(
                fields=["calendar", "on"],
                name="one_exception_per_date",
                violation_error_message="This date is named twice.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.name}".strip()


class CalendarDayInterval(models.Model):
    """Open hours of a date that differs."""

    day = models.ForeignKey(CalendarDay, on_delete=models.CASCADE, related_name="intervals")
    opens = models.PositiveSmallIntegerField(help_text="Minutes after midnight.")
    closes = models.PositiveSmallIntegerField(help_text="Minutes after midnight; 1440 is midnight at the end of the day.")

    class Meta:
        ordering = ["opens"]
        constraints = [
            models.CheckConstraint(
                name="day_interval_is_within_a_day",
                condition=of_a_day(),
                violation_error_message="An interval closes after it opens, on the same day; split one that passes midnight.",
            ),
            ExclusionConstraint(
                name="intervals_of_a_date_do_not_overlap",
                expressions=[("day", RangeOperators.EQUAL), (Minutes("opens", "closes"), RangeOperators.OVERLAPS)],
                violation_error_message="Two intervals of one day overlap.",
            ),
        ]
