from django.conf import settings
from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from calls.models.calls import Call
from config.platform.models import LEADERS, Role, User
from config.platform.moves import Movable, Move
from config.platform.sealed import SealedField


class RecordingQuerySet(models.QuerySet["Recording"]):
    def visible_to(self, user: User) -> "RecordingQuerySet":
        """Leaders see all; an operator the recordings of their own calls, where the company allows it (RECORDINGS_FOR_AGENTS)."""
        if user.role in LEADERS:
            return self
        return self.of_agent(user) if settings.RECORDINGS_FOR_AGENTS else self.none()

    def of_agent(self, user: User) -> "RecordingQuerySet":
        """Those of calls that this operator talked in last."""
        return self.filter(call__agent=user) if user.role == Role.AGENT else self.none()

    def to_fetch(self) -> "RecordingQuerySet":
        """Those whose audio is still to be brought here, the longest due first. ``fetching`` is one whose worker may have died."""
        return self.filter(state__in=["announced", "fetching"], has_source=True).order_by("run_after", "id")

    def with_a_file_to_delete(self) -> "RecordingQuerySet":
        """Those that are over, whose file is not deleted yet."""
        return self.filter(state__in=["expired", "deleted"]).exclude(storage_name="")


class Recording(Movable):
    """The audio of a call: where the phone system has it, and what became of it here.

    The address is sealed, used once and never shown; who wants to listen asks us, and is written down (``RecordingAccess``).
    """

    class State(models.TextChoices):
        ANNOUNCED = "announced", "Announced"
        FETCHING = "fetching", "Being fetched"
        AVAILABLE = "available", "Available"
        FAILED = "failed", "Not to be had"
        EXPIRED = "expired", "Past its time"
        DELETED = "deleted", "Deleted"

    STATUS_FIELD = "state"
    KEPT = frozenset({State.ANNOUNCED, State.FETCHING, State.AVAILABLE, State.FAILED})
    MOVES = {
        "begin": Move(frozenset({State.ANNOUNCED, State.FETCHING}), State.FETCHING),
        "keep": Move(frozenset({State.FETCHING}), State.AVAILABLE),
        "put_off": Move(frozenset({State.FETCHING}), State.ANNOUNCED),
        "fail": Move(frozenset({State.FETCHING}), State.FAILED),
        "fetch": Move(frozenset({State.ANNOUNCED, State.FAILED}), State.ANNOUNCED),
        "mask": Move(KEPT),
        "hold": Move(KEPT),
        "release": Move(KEPT),
        "expire": Move(KEPT, State.EXPIRED),
        "delete": Move(KEPT, State.DELETED),
    }

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="audio")
    ref = models.CharField(max_length=200, help_text="By what the phone system knows it.")
    leg = models.CharField(max_length=200, blank=True, help_text="Of which part of the call, if it was told.")
    recorded_at = models.DateTimeField(help_text="When it was told of, by the phone system's clock.")
    state = models.CharField(max_length=10, choices=State, default=State.ANNOUNCED)
    source_url = SealedField(blank=True, default="", editable=False)
    has_source = models.BooleanField(default=False, help_text="There is an address from which it can be fetched.")
    storage_name = models.CharField(max_length=200, blank=True, editable=False)
    content_type = models.CharField(max_length=50, blank=True)
    size = models.BigIntegerField(null=True, help_text="Bytes.")
    sha256 = models.CharField(max_length=64, blank=True)
    duration_s = models.FloatField(null=True)
    channels = models.PositiveSmallIntegerField(null=True)
    available_at = models.DateTimeField(null=True)
    retain_until = models.DateTimeField(null=True, help_text="Deleted after it, unless held. Empty: kept.")
    legal_hold = models.BooleanField(default=False)
    hold_reason = models.CharField(max_length=500, blank=True)
    held_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    held_at = models.DateTimeField(null=True)
    masked = models.JSONField(default=list, blank=True, help_text="Seconds that nobody hears: from_s, until_s, reason.")
    attempts = models.PositiveSmallIntegerField(default=0)
    run_after = models.DateTimeField(null=True, help_text="When it is tried next.")
    problem = models.CharField(max_length=50, blank=True, help_text="Code of what stood against the last try.")
    problem_detail = models.CharField(max_length=500, blank=True)

    objects = RecordingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["call", "ref"], name="one_recording_per_ref_of_a_call"),
            models.CheckConstraint(
                name="recording_state_is_known",
                condition=Q(state__in=["announced", "fetching", "available", "failed", "expired", "deleted"]),
            ),
            models.CheckConstraint(name="recording_available_has_a_file", condition=~Q(state="available") | ~Q(storage_name="")),
            models.CheckConstraint(
                name="recording_on_hold_says_why_and_is_kept",
                condition=Q(legal_hold=False) | (~Q(hold_reason="") & ~Q(state__in=["expired", "deleted"])),
                violation_error_message="A recording on legal hold is neither deleted nor left without a reason.",
            ),
        ]
        indexes = [
            models.Index(fields=["run_after", "id"], condition=Q(state__in=["announced", "fetching"], has_source=True), name="recording_owed"),
            models.Index(fields=["retain_until"], condition=Q(legal_hold=False, state__in=["announced", "fetching", "available", "failed"]),
                         name="recording_retention"),
            models.Index(fields=["id"], condition=Q(state__in=["expired", "deleted"]) & ~Q(storage_name=""), name="recording_file_to_delete"),
            models.Index(fields=["state", "-id"], name="recording_state"),
            models.Index(fields=["-id"], condition=Q(legal_hold=True), name="recording_held"),
            models.Index(fields=["-recorded_at", "-id"], name="recording_by_time"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"Recording of {self.recorded_at:%Y-%m-%d %H:%M}"


class RecordingAccess(models.Model):
    """Somebody was given audio: who, when, from where, which bytes and what for. A row for each request, a player's ranges too."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    recording = models.ForeignKey(Recording, on_delete=models.PROTECT, related_name="accesses")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    ip = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    first_byte = models.BigIntegerField()
    last_byte = models.BigIntegerField()
    purpose = models.CharField(max_length=200, blank=True)
    unmasked = models.BooleanField(default=False, help_text="An administrator heard the masked seconds too, and said why.")

    class Meta:
        verbose_name_plural = "recording accesses"
        indexes = [models.Index(fields=["recording", "-id"], name="recording_access")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.by}"
