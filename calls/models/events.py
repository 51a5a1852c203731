from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from config.platform.models import User


class CallEventQuerySet(models.QuerySet["CallEvent"]):
    def visible_to(self, user: User) -> "CallEventQuerySet":
        """Whoever may read events may read all of them."""
        return self

    def counting(self) -> "CallEventQuerySet":
        """Those that a call is folded from."""
        return self.filter(state__in=["accepted", "projected", "ignored"])


class CallEvent(models.Model):
    """What a phone system told us, as it told it and as we understood it. Written once; only ``state`` moves on."""

    class State(models.TextChoices):
        ACCEPTED = "accepted", "Stored, waiting to be folded"
        PROJECTED = "projected", "Part of its call"
        IGNORED = "ignored", "Of a type we do not know"
        REPLAYED = "replayed", "Read anew since: others stand for it"
        QUARANTINED = "quarantined", "Set aside: it contradicts an earlier one, or cannot be read"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    phone_system = models.ForeignKey("calls.PhoneSystem", null=True, on_delete=models.PROTECT, related_name="events")
    call = models.ForeignKey(
        "calls.Call", null=True, on_delete=models.PROTECT, related_name="events", db_index=False
    )  # event_of_call is its index
    call_key = models.CharField(max_length=200)
    event_id = models.CharField(max_length=200, blank=True)
    dedupe_key = models.CharField(max_length=300)
    content_hash = models.CharField(max_length=64)
    type = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    normalised = models.JSONField()
    raw = models.JSONField()
    state = models.CharField(max_length=12, choices=State, default=State.ACCEPTED)
    error = models.CharField(max_length=500, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="How often folding it failed.")
    run_after = models.DateTimeField(null=True)

    objects = CallEventQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["phone_system", "dedupe_key"], nulls_distinct=False, name="one_event_once"),
        ]
        indexes = [
            models.Index(fields=["call"], name="event_of_call"),
            models.Index(fields=["run_after", "id"], condition=Q(state="accepted"), name="event_waiting"),
            models.Index(fields=["call_key"], condition=Q(state="accepted"), name="event_waiting_of_call"),
            models.Index(fields=["-id"], condition=Q(state="quarantined"), name="event_quarantined"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.call_key}"
