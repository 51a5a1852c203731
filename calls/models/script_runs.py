from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from config.platform.models import Role, Row, User


class ScriptRunQuerySet(models.QuerySet["ScriptRun"]):
    def visible_to(self, user: User) -> "ScriptRunQuerySet":
        """How closely somebody keeps to a script is for them and for those who lead."""
        return self.filter(agent=user) if user.role == Role.AGENT else self

    def for_api(self) -> "ScriptRunQuerySet":
        """All that ScriptRunSerializer shows, in a fixed number of queries."""
        return self.select_related("script_version__script", "agent").prefetch_related("script_version__steps", "steps__step")


class ScriptRun(Row):
    """A script gone through in a call: which steps were passed, in which order, with which answers.

    The counts follow from the steps (``calls.script_adherence``) and are kept so that reports add them up.
    """

    call = models.ForeignKey("calls.Call", on_delete=models.PROTECT, related_name="script_runs")
    script_version = models.ForeignKey("crm.ScriptVersion", on_delete=models.PROTECT, related_name="runs")
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="script_runs")
    facts: Any = models.JSONField(default=dict, help_text="The fields that the rules ask about, as they were at the start.")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=50, blank=True)
    is_complete = models.BooleanField(default=False, help_text="Whether an end was reached.")
    due = models.PositiveSmallIntegerField(default=0, help_text="Steps that must be said on the way taken.")
    passed = models.PositiveSmallIntegerField(default=0, help_text="Those of them that were passed.")
    off_script = models.PositiveSmallIntegerField(default=0, help_text="Jumps that no rule allows.")
    is_in_order = models.BooleanField(default=True, help_text="Whether the due steps were first passed in the order of the script.")

    objects = ScriptRunQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["call", "agent"], condition=Q(finished_at=None), name="one_open_script_run_per_call_and_agent"),
            models.CheckConstraint(
                name="script_run_ends_after_it_began", condition=Q(finished_at=None) | Q(finished_at__gte=F("started_at"))
            ),
            models.CheckConstraint(name="script_run_passed_is_among_due", condition=Q(passed__lte=F("due"))),
        ]
        indexes = [
            models.Index(fields=["call", "-started_at"], name="script_run_of_call"),
            models.Index(fields=["agent", "-started_at", "-id"], name="script_run_of_agent"),
            models.Index(fields=["script_version", "-started_at", "-id"], name="script_run_of_version"),
            models.Index(fields=["-started_at", "-id"], name="script_run_by_start"),
            models.Index(fields=["outcome", "-started_at", "-id"], name="script_run_outcome", condition=~Q(outcome="")),
        ]

    def __str__(self) -> str:
        return f"{self.script_version} by {self.agent}"


class ScriptRunStep(models.Model):
    """One passing of one step. ``sequence`` is counted by whoever passes, so that a retry is told from a second visit."""

    class Move(models.TextChoices):
        START = "start", "The start"
        NEXT = "next", "As the rules say"
        BACK = "back", "Back to a step passed before"
        OFF_SCRIPT = "off_script", "A jump that no rule allows"

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(ScriptRun, on_delete=models.CASCADE, related_name="steps")
    sequence = models.PositiveSmallIntegerField()
    step = models.ForeignKey("crm.ScriptStep", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    answer: Any = models.JSONField(null=True, blank=True)
    move = models.CharField(max_length=10, choices=Move, default=Move.NEXT)
    is_written = models.BooleanField(default=False, help_text="Whether its answer went into the contact.")

    class Meta:
        ordering = ["sequence"]
        constraints = [models.UniqueConstraint(fields=["run", "sequence"], name="one_passing_per_sequence")]

    def __str__(self) -> str:
        return f"{self.sequence}: {self.step_id}"
