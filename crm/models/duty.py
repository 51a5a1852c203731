"""Who is on duty: hours of a person in a department, weekly or of one date, and when they are away.

The rules, which ``crm.rosters`` reckons by and ``crm.duty`` answers with:

1. All hours are wall time of the **department's** zone. A person is on duty at an instant when an ``on`` shift of theirs covers the wall
   time there. A date's own ``on`` shifts of a person replace that person's weekly ones of that date. An ``off`` takes away, whatever else
   says "on"; one without a department takes away everywhere.
2. A department has a roster on a date when an ``on`` shift of an active person is of that date, or is weekly and in force then
   (``since``/``until``), be it this day of the week or another. Without a roster all active members are on duty while the department's
   calendar is open, and always when there is no calendar either. So a roster that has run out, or whose people have left, leaves nobody
   waiting in silence; and a day of the week that a roster leaves empty is nobody's.
3. A roster is the more precise word: its shifts count also while the calendar is closed, because somebody watches at night.

An hour that the clocks skip is nobody's duty; one that they repeat is on duty twice.
"""

from datetime import date

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Cast, Coalesce

from config.platform.models import Row, User
from crm.models.calendars import CalendarInterval, Minutes, of_a_day
from crm.models.staff import Department

#: Stands for "no weekday" where rows are compared.
NO_WEEKDAY = 7


class Days(Func):
    """The dates on which a shift counts, both ends included; without an end for one that has none."""

    function = "daterange"
    output_field = DateRangeField()


def a_date(end: str) -> Cast:
    """The shift's one date, else its first or last day. Cast, since two empty values alone would be text."""
    return Cast(Coalesce("on", end), models.DateField())


class DutyShiftQuerySet(models.QuerySet["DutyShift"]):
    def visible_to(self, user: User) -> "DutyShiftQuerySet":
        """Everybody sees the roster: one must know whom to ask."""
        return self

    def on_or_after(self, day: date) -> "DutyShiftQuerySet":
        """Those that may still count on this day or later."""
        return self.filter(Q(on__gte=day) | Q(on=None) & (Q(until=None) | Q(until__gte=day)))

    def on_or_before(self, day: date) -> "DutyShiftQuerySet":
        """Those that may count on this day or have counted earlier."""
        return self.filter(Q(on__lte=day) | Q(on=None) & (Q(since=None) | Q(since__lte=day)))


class DutyShift(Row):
    """Hours in which a person is on duty in a department, or away. The rules stand at the top of this module.

    Weekly (``weekday``), of one date (``on``), or, for absences only, of every day from ``since`` to ``until``: a leave.
    """

    class Kind(models.TextChoices):
        ON = "on", "On duty"
        OFF = "off", "Away"

    department = models.ForeignKey(
        Department,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="duty_shifts",
        help_text="Empty, for an absence only: in every department.",
    )
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="duty_shifts")
    kind = models.CharField(max_length=3, choices=Kind, default=Kind.ON)
    weekday = models.PositiveSmallIntegerField(
        null=True, blank=True, choices=list(enumerate(day.capitalize() for day in CalendarInterval.WEEKDAYS)), help_text="Every week."
    )
    on = models.DateField(null=True, blank=True, help_text="On this date only.")
    opens = models.PositiveSmallIntegerField(default=0, help_text="Minutes after midnight of the department's zone.")
    closes = models.PositiveSmallIntegerField(default=1440, help_text="Minutes after midnight; 1440 is midnight at the end of the day.")
    since = models.DateField(null=True, blank=True, help_text="The first day on which it counts; empty: it always did.")
    until = models.DateField(null=True, blank=True, help_text="The last day on which it counts; empty: until further notice.")
    note = models.CharField(max_length=100, blank=True, help_text="Everybody here can read it: a leave, a course, instead of whom.")

    objects = DutyShiftQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["on"], condition=Q(on__isnull=False), name="duty_shift_by_date"),
            models.Index(fields=["weekday"], condition=Q(weekday__isnull=False), name="duty_shift_by_weekday"),
        ]
        constraints = [
            models.CheckConstraint(name="duty_shift_kind_is_known", condition=Q(kind__in=["on", "off"])),
            models.CheckConstraint(
                name="duty_shift_is_within_a_day",
                condition=of_a_day() & (Q(weekday=None) | Q(weekday__lte=6)),
                violation_error_message="A shift ends after it begins, on the same day; split one that passes midnight.",
            ),
            models.CheckConstraint(
                name="duty_shift_has_a_day",
                condition=Q(weekday__isnull=False, on=None)
                | Q(weekday=None, on__isnull=False, since=None, until=None)
                | Q(weekday=None, on=None, since__isnull=False, until__isnull=False, kind="off"),
                violation_error_message="Give a weekday or one date; only an absence may be every day from `since` to `until`.",
            ),
            models.CheckConstraint(
                name="duty_shift_counts_from_since_to_until",
                condition=Q(since=None) | Q(until=None) | Q(until__gte=F("since")),
                violation_error_message="It ends before it begins.",
            ),
            models.CheckConstraint(
                name="duty_shift_has_its_department",
                condition=Q(department__isnull=False) | Q(kind="off"),
                violation_error_message="Only an absence may be without a department.",
            ),
            ExclusionConstraint(
                name="duty_shifts_of_a_person_do_not_overlap",
                expressions=[
                    # no department is compared as the person's own id: every absence of theirs that is for all departments
                    (Coalesce("department", "person"), RangeOperators.EQUAL),
                    ("person", RangeOperators.EQUAL),
                    ("kind", RangeOperators.EQUAL),
                    (Coalesce("weekday", NO_WEEKDAY), RangeOperators.EQUAL),
                    (Days(a_date("since"), a_date("until"), Value("[]")), RangeOperators.OVERLAPS),
                    (Minutes("opens", "closes"), RangeOperators.OVERLAPS),
                ],
                violation_error_message="This person has a shift of this kind in these hours already.",
            ),
        ]

    def __str__(self) -> str:
        if self.on is not None:
            day = str(self.on)
        elif self.weekday is not None:
            day = CalendarInterval.WEEKDAYS[self.weekday].capitalize()
        else:
            day = f"{self.since} – {self.until}"
        return f"{self.get_kind_display()}, {day} {self.opens // 60:02}:{self.opens % 60:02}–{self.closes // 60:02}:{self.closes % 60:02}"
