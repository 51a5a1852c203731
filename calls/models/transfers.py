from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from config.platform.models import User
from config.platform.moves import Movable, Move

#: An operator asked for it, and nothing came of it yet.
ASKED = ("asked", "accepted")
#: What became of a transfer that the phone system told of.
TOLD = ("under_way", "completed", "returned", "failed", "abandoned", "unknown")
EVERY = frozenset({*ASKED, *TOLD, "declined", "cancelled", "expired"})
#: Whom it goes to: exactly one of these.
TARGETS = {"to_agent": None, "to_queue": "", "to_department": None, "to_number": ""}


def _only(target: str) -> Q:
    """This target is given and no other."""
    given = Q()
    for name, empty in TARGETS.items():
        given &= ~Q(**{name: empty}) if name == target else Q(**{name: empty})
    return given


class CallTransferQuerySet(models.QuerySet["CallTransfer"]):
    def visible_to(self, user: User) -> "CallTransferQuerySet":
        """Whoever may read a call may read how it was passed on."""
        return self

    def pending(self) -> "CallTransferQuerySet":
        """Asked for, and nothing came of it yet."""
        return self.filter(status__in=ASKED)


class CallTransfer(Movable):
    """A call passed on: to whom, how, with what to know, and what became of it.

    An operator asked for it, or the phone system told of it, or both: then it is one row. What became of it follows from the events
    (``calls.transfer_matching``).
    """

    class Kind(models.TextChoices):
        BLIND = "blind", "Blind"
        ATTENDED = "attended", "With a word before"
        CONFERENCE = "conference", "Conference"

    class Status(models.TextChoices):
        ASKED = "asked", "Asked for"
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        CANCELLED = "cancelled", "Called off"
        EXPIRED = "expired", "Nothing came of it"
        UNDER_WAY = "under_way", "Under way"
        COMPLETED = "completed", "Completed"
        RETURNED = "returned", "Came back"
        FAILED = "failed", "Failed"
        ABANDONED = "abandoned", "The caller gave up"
        UNKNOWN = "unknown", "Unknown"

    MOVES = {
        "accept": Move(frozenset({Status.ASKED}), Status.ACCEPTED),
        "decline": Move(frozenset(ASKED), Status.DECLINED),
        "cancel": Move(frozenset(ASKED), Status.CANCELLED),
        "expire": Move(frozenset({*ASKED, *TOLD}), Status.EXPIRED),
        **{status: Move(EVERY - {status}, status) for status in TOLD},
    }
    BY_PEOPLE = frozenset({"accept", "decline", "cancel"})

    call = models.ForeignKey("calls.Call", on_delete=models.PROTECT, related_name="transfer_rows")
    status = models.CharField(max_length=10, choices=Status, default=Status.ASKED)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.BLIND)
    at = models.DateTimeField(help_text="When it was asked for, else when it was told of.")
    from_agent = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    from_raw = models.CharField(max_length=200, blank=True, help_text="As the phone system tells it.")
    to_agent = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    to_queue = models.CharField(max_length=100, blank=True)
    to_department = models.ForeignKey("crm.Department", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    to_number = models.CharField(max_length=20, blank=True, help_text="E.164.")
    to_raw: Any = models.JSONField(default=dict, help_text="As the phone system tells it.")
    note = models.TextField(blank=True, help_text="What whoever takes it should know.")
    context: Any = models.JSONField(default=dict, help_text="What was known of the call when it was passed on.")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True, help_text="When it was accepted or declined.")
    decline_reason = models.CharField(max_length=500, blank=True)
    told_key = models.CharField(max_length=300, blank=True, help_text="Which transfer of the phone system it is.")
    told_at = models.DateTimeField(null=True)

    objects = CallTransferQuerySet.as_manager()

    class Meta:
        verbose_name = "transfer"
        constraints = [
            models.UniqueConstraint(fields=["call"], condition=Q(status__in=ASKED), name="one_pending_transfer_per_call"),
            models.UniqueConstraint(fields=["call", "told_key"], condition=~Q(told_key=""), name="a_told_transfer_is_one_row"),
            models.CheckConstraint(
                name="transfer_asked_for_goes_to_exactly_one",
                condition=Q(asked_at=None) | _only("to_agent") | _only("to_queue") | _only("to_department") | _only("to_number"),
            ),
            models.CheckConstraint(
                name="transfer_was_asked_for_or_told_of", condition=Q(asked_at__isnull=False) | (~Q(told_key="") & Q(told_at__isnull=False))
            ),
            models.CheckConstraint(
                name="transfer_status_is_known",
                condition=Q(status__in=sorted(EVERY)),
            ),
            models.CheckConstraint(name="told_status_needs_a_telling", condition=~Q(status__in=["under_way", "unknown"]) | ~Q(told_key="")),
        ]
        indexes = [
            models.Index(fields=["call", "at"], name="transfer_of_call"),
            models.Index(fields=["asked_at"], condition=Q(status__in=ASKED), name="transfer_pending"),
            models.Index(fields=["status", "-id"], name="transfer_status"),
            models.Index(fields=["kind", "-id"], name="transfer_kind"),
            models.Index(fields=["to_agent", "-id"], condition=~Q(to_agent=None), name="transfer_to_agent"),
            models.Index(fields=["to_queue", "-id"], condition=~Q(to_queue=""), name="transfer_to_queue"),
            models.Index(fields=["to_department", "-id"], condition=~Q(to_department=None), name="transfer_to_department"),
            models.Index(fields=["from_agent", "-id"], condition=~Q(from_agent=None), name="transfer_from_agent"),
        ]

    def __str__(self) -> str:
        to = self.to_agent or self.to_queue or self.to_department or self.to_number or self.to_raw
        return f"{self.get_kind_display()} → {to}"

    @property
    def is_pending(self) -> bool:
        """Whether it was asked for and nothing came of it yet."""
        return self.status in ASKED

    def open_to_people(self) -> list[str]:
        """The verbs that people may use on it now."""
        return [verb for verb in self.open_moves() if verb in self.BY_PEOPLE]
