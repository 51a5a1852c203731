from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from campaigns.models.campaigns import Campaign
from config.platform.moves import Movable, Move


class DryRun(Movable):
    """What would happen if the campaign were started: everybody in it asked about at the gate, nobody called.

    It is fresh as long as ``fingerprint`` is that of the campaign's settings and audience, and it is not older than a day.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    MOVES = {
        "begin": Move(frozenset({Status.WAITING}), Status.RUNNING),
        "finish": Move(frozenset({Status.RUNNING}), Status.DONE),
        "fail": Move(frozenset({Status.WAITING, Status.RUNNING}), Status.FAILED),
    }

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="dry_runs")
    status = models.CharField(max_length=8, choices=Status, default=Status.WAITING)
    fingerprint = models.CharField(max_length=64, help_text="Of the settings and the audience that it looked at.")
    asked_at = models.DateTimeField(help_text="The moment that it asks the gate about.")
    total = models.PositiveIntegerField(default=0)
    seen = models.PositiveIntegerField(default=0)
    seen_to = models.UUIDField(null=True, help_text="The last target that was asked about.")
    callable_now = models.PositiveIntegerField(default=0)
    callable_later = models.PositiveIntegerField(default=0)
    never = models.PositiveIntegerField(default=0, help_text="Never by itself.")
    reasons: Any = models.JSONField(default=dict, help_text="How many stand against which code of the gate.")
    first_at: Any = models.JSONField(default=dict, help_text="How many can be called from which hour (UTC) on.")
    samples: Any = models.JSONField(default=list, help_text="Some of each reason: target, code, detail, next_at.")
    failures = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=500, blank=True)
    run_after = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["campaign", "-id"], name="dry_run_of_campaign"),
            models.Index(fields=["id"], condition=Q(status__in=["waiting", "running"]), name="dry_run_owed"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign"],
                condition=Q(status__in=["waiting", "running"]),
                name="one_dry_run_at_a_time",
                violation_error_message="A dry run of this campaign goes on.",
            ),
        ]

    def __str__(self) -> str:
        return f"Dry run of {self.campaign_id}"
