from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from config.platform.models import Row
from config.platform.moves import Movable, Move
from crm.models.contacts import Contact


class DuplicateCandidate(Movable):
    """Two contacts that may be one. Found in the background; people merge them or say that they are two.

    The pair is ordered, ``first`` before ``second``, so that it is there once. ``fingerprint`` stands for what was compared:
    a dismissed pair comes back only when it differs.
    """

    class Status(models.TextChoices):
        OPEN = "open", "To be decided"
        MERGED = "merged", "Merged"
        DISMISSED = "dismissed", "Two different ones"

    MOVES = {
        "dismiss": Move(frozenset({Status.OPEN}), Status.DISMISSED),
        "merge": Move(frozenset({Status.OPEN, Status.DISMISSED}), Status.MERGED),
        "reopen": Move(frozenset({Status.DISMISSED}), Status.OPEN),
        "part": Move(frozenset({Status.MERGED}), Status.DISMISSED),
    }

    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    first = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+", db_index=False)
    second = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    score = models.FloatField(help_text="0 to 1.")
    reasons = ArrayField(models.CharField(max_length=20), help_text="What the two share.")
    fingerprint = models.CharField(max_length=64, editable=False)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True, help_text="Why they are two.")

    class Meta:
        constraints = [
            models.CheckConstraint(name="duplicate_pair_is_ordered", condition=Q(first__lt=F("second"))),
            models.UniqueConstraint(name="one_candidate_per_pair", fields=["first", "second"]),
            models.CheckConstraint(name="duplicate_status_is_known", condition=Q(status__in=["open", "merged", "dismissed"])),
            models.CheckConstraint(name="duplicate_score_is_a_chance", condition=Q(score__gte=0, score__lte=1)),
        ]
        indexes = [
            models.Index(fields=["status", "-score", "-id"], name="duplicate_by_score"),
            models.Index(fields=["-score", "-id"], name="duplicate_likeliest"),
        ]

    def __str__(self) -> str:
        return f"{self.first} / {self.second}"


class DuplicateWatch(models.Model):
    """How far the background has looked for duplicates: all contacts changed before this place were compared. One row."""

    id = models.SmallAutoField(primary_key=True)
    changed_at = models.DateTimeField()
    contact_id = models.UUIDField()
    looked_at = models.DateTimeField(null=True)
    identifying = ArrayField(models.CharField(max_length=40), default=list, help_text="The custom fields that were compared.")

    def __str__(self) -> str:
        return f"Compared up to {self.changed_at:%Y-%m-%d %H:%M:%S}"


class MergeRecord(Movable):
    """That two contacts became one, and all that is needed to part them again.

    ``before`` and ``after`` are images: the own columns of both contacts and their phones, e-mails and addresses. ``counts``
    tells how many rows of each relation were moved; which ones is in ``MovedRows``.
    """

    class Status(models.TextChoices):
        MERGED = "merged", "Merged"
        UNDONE = "undone", "Undone"

    MOVES = {"undo": Move(frozenset({Status.MERGED}), Status.UNDONE)}

    status = models.CharField(max_length=10, choices=Status, default=Status.MERGED)
    survivor = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="merges")
    loser = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="merged_away")
    choices = models.JSONField(default=dict, help_text="Whose value was taken, by field.")
    reason = models.CharField(max_length=500, blank=True)
    before = models.JSONField(default=dict, editable=False)
    after = models.JSONField(default=dict, editable=False)
    remembered = models.JSONField(default=dict, editable=False, help_text="What other parts of the house need to take it back.")
    counts = models.JSONField(default=dict, help_text="Rows moved, by relation.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    merged_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, help_text="Since when nobody can still write to the old id.")
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)
    conflicts = models.JSONField(default=list, help_text="What could not be put back as it was, told when it was undone.")

    class Meta:
        constraints = [
            models.CheckConstraint(name="merge_joins_two_contacts", condition=~Q(survivor=F("loser"))),
            models.CheckConstraint(name="merge_status_is_known", condition=Q(status__in=["merged", "undone"])),
            models.UniqueConstraint(name="a_contact_is_merged_once", fields=["loser"], condition=Q(status="merged")),
        ]
        indexes = [
            models.Index(fields=["survivor", "-id"], name="merge_of_survivor"),
            models.Index(fields=["id"], condition=Q(settled_at=None), name="merge_unsettled"),
            models.Index(fields=["status", "-id"], name="merge_by_status"),
        ]

    def __str__(self) -> str:
        return f"{self.loser} → {self.survivor}"


class MovedRows(Row):
    """The rows of one relation that a merge moved: all of them pointed at the loser before. Whole numbers are kept as UUIDs."""

    merge = models.ForeignKey(MergeRecord, on_delete=models.CASCADE, related_name="moved")
    relation = models.CharField(max_length=100, help_text="app.model.field")
    ids: Any = ArrayField(models.UUIDField(), editable=False)

    class Meta:
        verbose_name_plural = "moved rows"

    def __str__(self) -> str:
        return self.relation
