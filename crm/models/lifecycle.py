from django.conf import settings
from django.db import models
from django.db.models import F, Q

from config.platform.models import Originated, Row
from crm.models.contacts import Contact

STAGES = ["lead", "qualified", "client", "dormant", "disqualified"]


class LifecycleChange(Originated, Row):
    """A contact went from one stage of its life to another: when, by whom, why, on which call, whose it was then and where it came from."""

    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="lifecycle_changes")
    from_stage = models.CharField("from", max_length=12, choices=Contact.Lifecycle)
    to_stage = models.CharField("to", max_length=12, choices=Contact.Lifecycle)
    since = models.DateTimeField(help_text="When it came into the stage that it left.")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", help_text="Whose it was then."
    )
    source = models.CharField(max_length=50, blank=True, help_text="Where the contact came from first.")

    class Meta(Originated.Meta):
        abstract = False
        verbose_name = "lifecycle change"
        constraints = [
            *Originated.Meta.constraints,
            models.CheckConstraint(name="lifecycle_change_stages_are_known", condition=Q(from_stage__in=STAGES, to_stage__in=STAGES)),
            models.CheckConstraint(name="lifecycle_change_changes_something", condition=~Q(from_stage=F("to_stage"))),
            models.CheckConstraint(name="lifecycle_change_comes_after_its_stage", condition=Q(at__gte=F("since"))),
            models.CheckConstraint(
                name="lifecycle_change_says_why",
                condition=~Q(to_stage__in=["disqualified", "lead"]) | ~Q(reason=""),
            ),
        ]
        indexes = [
            models.Index(fields=["contact", "-at", "-id"], name="lifecycle_of_contact"),
            models.Index(
                fields=["at"],
                include=["from_stage", "to_stage", "since", "source", "owner", "origin_kind"],
                name="lifecycle_by_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_from_stage_display()} → {self.get_to_stage_display()}"
