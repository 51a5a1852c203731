from django.conf import settings
from django.db import models
from django.db.models import Q

from config.platform.models import Row, User


class AlarmQuerySet(models.QuerySet["Alarm"]):
    def visible_to(self, user: User) -> "AlarmQuerySet":
        """Whoever may read alarms may read all: a leader helps out in another's department."""
        return self

    def for_api(self) -> "AlarmQuerySet":
        """All that AlarmSerializer shows, in a fixed number of queries."""
        return self.select_related("queue", "acknowledged_by")

    def open(self) -> "AlarmQuerySet":
        """Those that go on."""
        return self.filter(cleared_at=None)


class Alarm(Row):
    """A queue was worse than its limits allow, from ``raised_at`` until ``cleared_at``."""

    class Kind(models.TextChoices):
        WAITING = "waiting", "Too many callers wait"
        WAIT = "wait", "Somebody waits too long"
        SERVICE_LEVEL = "service_level", "Too few are answered in time"

    queue = models.ForeignKey("calls.Queue", on_delete=models.PROTECT, related_name="alarms")
    kind = models.CharField(max_length=15, choices=Kind)
    limit = models.PositiveIntegerField(help_text="The limit of the queue when it was raised: callers, seconds or per cent.")
    value = models.FloatField(help_text="What was found when it was raised.")
    worst = models.FloatField(help_text="The worst that was found while it lasted.")
    raised_at = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="When the limit was last found broken.")
    cleared_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = AlarmQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["queue", "kind"], condition=Q(cleared_at=None), name="one_open_alarm_per_queue_and_kind"),
            models.CheckConstraint(name="alarm_kind_is_known", condition=Q(kind__in=["waiting", "wait", "service_level"])),
            models.CheckConstraint(
                name="acknowledged_alarm_says_by_whom",
                condition=Q(acknowledged_at=None, acknowledged_by=None) | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
            ),
            models.CheckConstraint(
                name="alarm_is_cleared_after_it_was_raised", condition=Q(cleared_at=None) | Q(cleared_at__gte=models.F("raised_at"))
            ),
        ]
        indexes = [
            models.Index(fields=["queue", "-id"], name="alarm_of_queue"),
            models.Index(fields=["kind", "-id"], name="alarm_kind"),
            models.Index(fields=["-id"], condition=Q(cleared_at=None), name="alarm_open"),
            models.Index(fields=["-id"], condition=Q(acknowledged_at=None), name="alarm_not_acknowledged"),
            models.Index(fields=["-raised_at", "-id"], name="alarm_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.queue}"
