from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from complaints.models.complaints import Complaint
from config.platform.models import Row


class Metric(models.TextChoices):
    ACKNOWLEDGE = "acknowledge", "Acknowledge"
    ASSIGN = "assign", "Assign"
    FIRST_RESPONSE = "first_response", "First response"
    RESOLVE = "resolve", "Resolve"
    INFORM = "inform", "Keep informed"


class ClockQuerySet(models.QuerySet["Clock"]):
    def going(self) -> "ClockQuerySet":
        """Those whose verdict is not spoken: they run, or rest."""
        return self.filter(state__in=["running", "paused"])

    def breached(self, now: datetime) -> "ClockQuerySet":
        """Those whose promise was broken by ``now``; ``Clock.is_breached`` says the same of one."""
        return self.filter(Q(breached_at__isnull=False) | Q(state="running", due_at__lte=now))

    def waiting_for_a_step(self, now: datetime) -> "ClockQuerySet":
        """Those with which something happens by itself by now: a warning, a breach, a step of escalation."""
        return self.filter(state="running", next_step_at__lte=now).order_by("next_step_at", "id")


class Clock(Row):
    """One promise to one customer, from its start to its verdict. The one truth about it: everything that is shown, filtered,
    counted or escalated reads these columns, and ``complaints.clocks`` alone writes them.

    ``due_at`` is ``target_s`` of counted time after ``started_at``, rests left out; it is empty while the clock rests. The verdict
    (``met``, ``missed``) and ``breached_at`` never change once they are written: late is late for ever.
    """

    class State(models.TextChoices):
        RUNNING = "running", "Runs"
        PAUSED = "paused", "Rests"
        MET = "met", "Kept"
        MISSED = "missed", "Broken"
        CANCELLED = "cancelled", "Called off"

    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="clocks")
    metric = models.CharField(max_length=14, choices=Metric)
    cycle = models.PositiveSmallIntegerField(default=1, help_text="2 and more: it began anew after the last verdict.")
    state = models.CharField(max_length=9, choices=State, default=State.RUNNING)
    policy = models.ForeignKey("complaints.SLAPolicy", on_delete=models.PROTECT, related_name="clocks")
    policy_version = models.PositiveIntegerField()
    target_s = models.PositiveIntegerField(help_text="Seconds of counted time.")
    calendar = models.ForeignKey(
        "crm.BusinessCalendar", null=True, on_delete=models.PROTECT, related_name="+", help_text="Empty: every hour counts."
    )
    calendar_version = models.PositiveIntegerField(default=0)
    warn_percent = models.PositiveSmallIntegerField()
    escalation = models.ForeignKey("complaints.EscalationPolicy", null=True, on_delete=models.PROTECT, related_name="clocks")
    escalation_version = models.PositiveIntegerField(default=0, help_text="Of the policy by whose levels `next_step_at` was reckoned.")
    started_at = models.DateTimeField()
    pauses = models.JSONField(
        default=list, help_text='[["2026-11-30T10:00:00+00:00", "2026-11-30T12:00:00+00:00"], …]; the last may be open.'
    )
    due_at = models.DateTimeField(null=True)
    warn_at = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(null=True)
    breach_told_at = models.DateTimeField(null=True, help_text="When it was told that the promise was broken.")
    stopped_at = models.DateTimeField(null=True)
    overrun_s = models.PositiveIntegerField(null=True, help_text="Seconds of counted time past its due time, when it stopped.")
    spent_s = models.PositiveIntegerField(null=True, help_text="Seconds of counted time that it took, when it stopped.")
    next_step_at = models.DateTimeField(null=True, help_text="When something happens with it by itself.")
    acknowledged_at = models.DateTimeField(null=True, help_text="Somebody took the escalation on: no further step of it.")
    acknowledged_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    objects = ClockQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["complaint", "metric", "cycle"], name="clock_cycles_are_counted"),
            models.UniqueConstraint(
                fields=["complaint", "metric"], condition=Q(state__in=["running", "paused"]), name="one_clock_of_a_metric_goes"
            ),
            models.CheckConstraint(name="clock_that_runs_is_due", condition=~Q(state="running") | Q(due_at__isnull=False, stopped_at=None)),
            models.CheckConstraint(name="clock_that_rests_is_not_due", condition=~Q(state="paused") | Q(due_at=None, stopped_at=None)),
            models.CheckConstraint(
                name="clock_with_a_verdict_has_stopped",
                condition=Q(state__in=["running", "paused"]) | Q(stopped_at__isnull=False, next_step_at=None),
            ),
            models.CheckConstraint(
                name="clock_was_missed_when_it_was_breached",
                condition=~Q(state="missed") & (~Q(state="met") | Q(breached_at=None)) | Q(state="missed", breached_at__isnull=False),
            ),
            models.CheckConstraint(name="clock_stops_after_it_starts", condition=Q(stopped_at=None) | Q(stopped_at__gte=F("started_at"))),
        ]
        indexes = [
            models.Index(fields=["next_step_at", "id"], condition=Q(state="running", next_step_at__isnull=False), name="clock_step"),
            models.Index(
                fields=["calendar", "calendar_version"],
                condition=Q(state__in=["running", "paused"], calendar__isnull=False),
                name="clock_of_calendar",
            ),
            models.Index(
                fields=["escalation", "escalation_version"],
                condition=Q(state__in=["running", "paused"], escalation__isnull=False),
                name="clock_of_ladder",
            ),
            models.Index(fields=["metric", "stopped_at"], condition=Q(stopped_at__isnull=False), name="clock_by_verdict"),
        ]

    def __str__(self) -> str:
        return f"{self.get_metric_display()} {self.cycle}"

    def is_breached(self, now: datetime) -> bool:
        """Whether the promise was broken by ``now``, as ``ClockQuerySet.breached`` says it of many."""
        return self.breached_at is not None or (self.state == "running" and self.due_at is not None and self.due_at <= now)
