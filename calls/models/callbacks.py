from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q

from config.platform.models import Originated, User
from config.platform.moves import Movable, Move
from crm.models import Purpose


class CallbackQuerySet(models.QuerySet["Callback"]):
    def visible_to(self, user: User) -> "CallbackQuerySet":
        """What was promised to a customer is everybody's business: whoever takes the next call must know."""
        return self

    def open(self) -> "CallbackQuerySet":
        """Those that are still owed."""
        return self.filter(status__in=OPEN)

    def callable(self) -> "CallbackQuerySet":
        """Those whose time has come and that nobody has taken."""
        return self.filter(status__in=[Callback.Status.DUE, Callback.Status.MISSED])

    def for_whom(self, user: User) -> "CallbackQuerySet":
        """Those that this person may take: their own, their teams', anyone's."""
        return self.filter(Q(recipient="anyone") | Q(recipient="agent", agent=user) | Q(recipient="team", team__in=user.teams.values("pk")))

    def waiting_for_a_step(self, now: datetime) -> "CallbackQuerySet":
        """Those with which something happens by itself by now."""
        return self.filter(status__in=STEPPING, step_at__lte=now).order_by("step_at", "id")


class Callback(Originated, Movable):
    """A promise to call somebody at a time they chose.

    ``at`` is the instant; ``local_date``, ``local_time``, ``fold`` and ``time_zone`` keep what they said, so that a change of zone rules
    moves the instant. A missed one is still owed.
    """

    class Status(models.TextChoices):
        SCHEDULED = "scheduled", "Scheduled"
        DUE = "due", "Due"
        TAKEN = "taken", "Taken"
        MISSED = "missed", "Missed"
        DONE = "done", "Done"
        FULFILLED = "fulfilled_by_inbound", "They called first"
        CANCELLED = "cancelled", "Cancelled"

    class Recipient(models.TextChoices):
        AGENT = "agent", "One operator"
        TEAM = "team", "A team"
        ANYONE = "anyone", "Anyone"

    class AskedBy(models.TextChoices):
        CUSTOMER = "customer", "The customer"
        STAFF = "staff", "Our own staff"

    #: Still owed: one at a time for a contact, or for a number that is nobody's.
    OWED = frozenset({Status.SCHEDULED, Status.DUE, Status.TAKEN, Status.MISSED})
    MOVES = {
        "become_due": Move(frozenset({Status.SCHEDULED}), Status.DUE),
        "pass_on": Move(frozenset({Status.DUE})),
        "miss": Move(frozenset({Status.DUE}), Status.MISSED),
        "expire": Move(frozenset({Status.TAKEN}), Status.DUE),
        "extend": Move(frozenset({Status.TAKEN})),
        "take": Move(frozenset({Status.SCHEDULED, Status.DUE, Status.MISSED}), Status.TAKEN),
        "release": Move(frozenset({Status.TAKEN}), Status.DUE),
        "complete": Move(frozenset({Status.TAKEN, Status.DONE}), Status.DONE),
        "reschedule": Move(OWED, Status.SCHEDULED),
        "reassign": Move(frozenset({Status.SCHEDULED, Status.DUE, Status.MISSED})),
        "cancel": Move(OWED, Status.CANCELLED),
        "fulfil": Move(OWED, Status.FULFILLED),
        "reach": Move(OWED, Status.DONE),
        "reckon": Move(frozenset({Status.SCHEDULED})),
        "revive": Move(frozenset({Status.CANCELLED}), Status.SCHEDULED),
    }
    #: Verbs of people; the rest happens by itself.
    VERBS = ("cancel", "complete", "reassign", "release", "reschedule", "take")

    status = models.CharField(max_length=20, choices=Status, default=Status.SCHEDULED)
    contact = models.ForeignKey("crm.Contact", null=True, blank=True, on_delete=models.PROTECT, related_name="callbacks")
    e164 = models.CharField("number", max_length=20, blank=True)
    purpose = models.CharField(max_length=20, choices=Purpose, default=Purpose.SERVICE)
    queue = models.CharField(max_length=100, blank=True, help_text="The queue whose people are told.")
    at = models.DateTimeField()
    local_date = models.DateField(help_text="As they said it, in their time zone.")
    local_time = models.TimeField()
    fold = models.PositiveSmallIntegerField(default=0, help_text="1: the second of two repeated hours.")
    time_zone = models.CharField(max_length=64, help_text="IANA name.")
    flexibility_s = models.PositiveIntegerField(default=0, help_text="So many seconds sooner or later are as good.")
    recipient = models.CharField(max_length=8, choices=Recipient, default=Recipient.ANYONE)
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="callbacks")
    team = models.ForeignKey("crm.Team", null=True, blank=True, on_delete=models.PROTECT, related_name="callbacks")
    grace_s = models.PositiveIntegerField(default=900, help_text="Nobody took it so long after its time: it is overdue.")
    reassign_after_s = models.PositiveIntegerField(
        null=True, blank=True, default=1800, help_text="An overdue one goes to the team, and so much later to anyone; empty: it stays."
    )
    note = models.TextField(blank=True)
    asked_by = models.CharField(max_length=8, choices=AskedBy, default=AskedBy.CUSTOMER)
    asked_at = models.DateTimeField()
    forced_reason = models.CharField(
        max_length=500, blank=True, editable=False, help_text="Why it was scheduled against the gate's advice."
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False)
    step_at = models.DateTimeField(null=True, editable=False, help_text="When something happens with it by itself.")
    passed_on = models.PositiveSmallIntegerField(default=0, editable=False, help_text="How often nobody took it and it went on to others.")
    missed_at = models.DateTimeField(null=True, editable=False)
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    call = models.ForeignKey("calls.Call", null=True, on_delete=models.PROTECT, related_name="callbacks", editable=False)
    result = models.TextField(blank=True, help_text="What came of it.")
    ended_at = models.DateTimeField(null=True, editable=False)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False)

    objects = CallbackQuerySet.as_manager()

    class Meta(Originated.Meta):
        abstract = False
        constraints = [
            *Originated.Meta.constraints,
            models.CheckConstraint(
                name="callback_status_is_known",
                condition=Q(status__in=["scheduled", "due", "taken", "missed", "done", "fulfilled_by_inbound", "cancelled"]),
            ),
            models.CheckConstraint(
                name="callback_names_a_contact_or_a_number",
                condition=Q(contact__isnull=False) | ~Q(e164="") | Q(ended_at__isnull=False),
                violation_error_message="Name a contact or a number.",
            ),
            models.CheckConstraint(
                name="callback_recipient_says_who",
                condition=Q(recipient="anyone") | Q(recipient="agent", agent__isnull=False) | Q(recipient="team", team__isnull=False),
                violation_error_message="Say which operator, or which team.",
            ),
            models.CheckConstraint(
                name="callback_that_is_taken_has_a_lease",
                condition=Q(status="taken", taken_by__isnull=False, lease_until__isnull=False)
                | (~Q(status="taken") & Q(taken_by=None, lease_until=None)),
            ),
            models.CheckConstraint(
                name="callback_that_is_over_says_when",
                condition=Q(status__in=["scheduled", "due", "taken", "missed"], ended_at=None)
                | Q(status__in=["done", "fulfilled_by_inbound", "cancelled"], ended_at__isnull=False),
            ),
            models.CheckConstraint(
                name="callback_flexibility_and_grace_are_within_reason",
                condition=Q(flexibility_s__lte=7 * 86400, grace_s__lte=7 * 86400)
                & (Q(reassign_after_s=None) | Q(reassign_after_s__lte=7 * 86400)),
                violation_error_message="At most a week.",
            ),
            models.UniqueConstraint(
                fields=["contact"],
                condition=Q(status__in=["scheduled", "due", "taken", "missed"], contact__isnull=False),
                name="one_open_callback_per_contact",
                violation_error_message="This contact has an open callback already.",
            ),
            models.UniqueConstraint(
                fields=["e164"],
                condition=Q(status__in=["scheduled", "due", "taken", "missed"], contact=None) & ~Q(e164=""),
                name="one_open_callback_per_number",
                violation_error_message="This number has an open callback already.",
            ),
        ]
        indexes = [
            models.Index(fields=["step_at", "id"], condition=Q(status__in=["scheduled", "due", "taken"]), name="callback_step"),
            models.Index(fields=["at", "id"], condition=Q(status__in=["due", "missed"]), name="callback_due"),
            models.Index(fields=["at", "id"], name="callback_at"),
            models.Index(fields=["status", "-id"], name="callback_status"),
            models.Index(fields=["recipient", "-id"], name="callback_recipient"),
            models.Index(fields=["agent", "at", "id"], condition=Q(agent__isnull=False), name="callback_of_agent"),
            models.Index(fields=["team", "at", "id"], condition=Q(team__isnull=False), name="callback_of_team"),
            models.Index(fields=["taken_by"], condition=Q(taken_by__isnull=False), name="callback_taken_by"),
            models.Index(fields=["queue", "-id"], condition=~Q(queue=""), name="callback_of_queue"),
            models.Index(fields=["contact", "-created_at", "-id"], condition=Q(contact__isnull=False), name="callback_of_contact"),
            models.Index(fields=["e164", "-id"], condition=~Q(e164=""), name="callback_of_number"),
        ]

    def __str__(self) -> str:
        return f"{self.local_date} {self.local_time:%H:%M} {self.time_zone}"

    @property
    def wall(self) -> datetime:
        """What they said: a wall time, without a zone."""
        return datetime.combine(self.local_date, self.local_time)

    def open_moves(self) -> list[str]:
        """The verbs of people that it would accept now."""
        return [verb for verb in super().open_moves() if verb in self.VERBS and not (verb == "complete" and self.result)]


OPEN = tuple(sorted(Callback.OWED))
STEPPING = (Callback.Status.SCHEDULED, Callback.Status.DUE, Callback.Status.TAKEN)
