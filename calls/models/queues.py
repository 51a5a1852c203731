from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from config.platform.models import Row, User


class QueueQuerySet(models.QuerySet["Queue"]):
    def visible_to(self, user: User) -> "QueueQuerySet":
        """Everybody sees the queues: one must know where to pass a caller to."""
        return self

    def for_api(self) -> "QueueQuerySet":
        """All that QueueSerializer shows, in a fixed number of queries."""
        return self.prefetch_related("teams")


class Queue(Row):
    """What our side knows of a queue of the phone systems: who serves it, when, and what is promised to those who wait.

    Calls carry the name that the phone system gave (``Call.queue``); the row with this slug says what it means. A queue without a row works
    by the usual values.
    """

    slug = models.SlugField(
        max_length=100,
        unique=True,
        error_messages={"unique": "There is a queue with this slug already."},
        help_text="As the phone system names it.",
    )
    name = models.CharField(max_length=100)
    department = models.ForeignKey("crm.Department", null=True, blank=True, on_delete=models.PROTECT, related_name="queues")
    teams = models.ManyToManyField("crm.Team", blank=True, related_name="queues", help_text="Who serves it.")
    calendar = models.ForeignKey(
        "crm.BusinessCalendar",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="queues",
        help_text="When it is served; empty: as the department.",
    )
    service_level_s = models.PositiveIntegerField(default=20, help_text="Calls answered within so many seconds count as in time.")
    short_abandon_s = models.PositiveIntegerField(default=5, help_text="Who hangs up sooner than this is not counted as lost.")
    wrap_up_limit_s = models.PositiveIntegerField(default=0, help_text="Time for writing up, seconds; 0: no limit.")
    return_calls = models.BooleanField(default=True, help_text="Who was missed here is called back.")
    return_within_s = models.PositiveIntegerField(default=3600, help_text="Until when, in seconds of opening hours.")
    alarm_waiting = models.PositiveIntegerField(null=True, blank=True, help_text="Alarm when more callers than this wait; empty: none.")
    alarm_wait_s = models.PositiveIntegerField(null=True, blank=True, help_text="Alarm when somebody waits longer than this; empty: none.")
    alarm_service_level = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="Alarm when the service level of the last half hour falls below so many per cent; empty: none.",
    )
    is_active = models.BooleanField(default=True)

    objects = QueueQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="queue_alarm_level_is_a_percentage",
                condition=Q(alarm_service_level=None) | Q(alarm_service_level__gte=1, alarm_service_level__lte=100),
                violation_error_message="A service level is between 1 and 100 per cent.",
            )
        ]

    def __str__(self) -> str:
        return self.name
