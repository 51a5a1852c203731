from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from config.platform.models import Row, User
from config.platform.moves import Movable, Move

#: Those that somebody still has to do. In this order it stands in indexes and in statements.
OWED = ("open", "assigned", "in_progress")


class ReturnCallQuerySet(models.QuerySet["ReturnCall"]):
    def visible_to(self, user: User) -> "ReturnCallQuerySet":
        """Whom we owe a call is everybody's business: whoever takes the next call must know."""
        return self

    def owed(self) -> "ReturnCallQuerySet":
        """Those that somebody still has to do."""
        return self.filter(status__in=OWED)

    def overdue(self, now: datetime) -> "ReturnCallQuerySet":
        """Those that should have been done by now. The one definition: the field, the filter, the sweep and the report say the same."""
        return self.owed().filter(due_at__lt=now)


class ReturnCall(Movable):
    """Somebody was not answered, or was promised a call: call them back. Work with an owner and a term, one for a number and department.

    What phone systems told of it (which calls, how often, until when) is added up from ``links`` by ``calls.return_call_settling`` and
    nowhere else; what people do with it, by ``calls.return_calls``.
    """

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        ASSIGNED = "assigned", "Assigned"
        IN_PROGRESS = "in_progress", "In progress"
        DONE = "done", "Done"
        AUTO_CLOSED = "auto_closed", "Closed by a call"
        EXPIRED = "expired", "Expired"
        CANCELLED = "cancelled", "Cancelled"

    class Reason(models.TextChoices):
        MISSED = "missed", "Missed"
        ABANDONED = "abandoned", "Abandoned"
        VOICEMAIL = "voicemail", "Voicemail"
        OVERFLOW = "overflow", "Overflow"
        AFTER_HOURS = "after_hours", "After hours"
        QUEUE_CALLBACK = "queue_callback", "Asked for it in the queue"
        PROMISED = "promised", "Promised"

    class Because(models.TextChoices):
        BY_PERSON = "by_person", "Somebody decided it"
        SUPPRESSED = "suppressed", "Do not call at all"
        WAS_ANSWERED = "was_answered", "It was answered after all"
        ERASED = "erased", "The person was erased"

    MOVES = {
        "take": Move(frozenset({Status.OPEN, Status.ASSIGNED}), Status.IN_PROGRESS),
        "assign": Move(frozenset(OWED), Status.ASSIGNED),
        "release": Move(frozenset({Status.ASSIGNED, Status.IN_PROGRESS}), Status.OPEN),
        "complete": Move(frozenset({*OWED, Status.AUTO_CLOSED}), Status.DONE),
        "cancel": Move(frozenset(OWED), Status.CANCELLED),
        "auto_close": Move(frozenset({*OWED, Status.AUTO_CLOSED, Status.CANCELLED}), Status.AUTO_CLOSED),
        "take_back": Move(frozenset({*OWED, Status.AUTO_CLOSED}), Status.CANCELLED),
        "reopen": Move(frozenset({Status.AUTO_CLOSED, Status.CANCELLED}), Status.OPEN),
        "give_back": Move(frozenset({Status.AUTO_CLOSED, Status.CANCELLED}), Status.ASSIGNED),
        "expire": Move(frozenset(OWED), Status.EXPIRED),
    }
    #: What people may do; the rest follows from calls and time.
    BY_PEOPLE = frozenset({"take", "assign", "release", "complete", "cancel"})

    status = models.CharField(max_length=12, choices=Status, default=Status.OPEN)
    e164 = models.CharField("number", max_length=20)
    contact = models.ForeignKey("crm.Contact", null=True, blank=True, on_delete=models.PROTECT, related_name="return_calls")
    queue = models.CharField(max_length=100, blank=True, help_text="Where they were not answered last.")
    department = models.ForeignKey("crm.Department", null=True, blank=True, on_delete=models.PROTECT, related_name="return_calls")
    reason = models.CharField(max_length=15, choices=Reason, default=Reason.MISSED)
    first_call = models.ForeignKey("calls.Call", null=True, on_delete=models.PROTECT, related_name="+")
    last_call = models.ForeignKey("calls.Call", null=True, on_delete=models.PROTECT, related_name="+")
    first_call_at = models.DateTimeField()
    last_call_at = models.DateTimeField()
    times_called = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(help_text="Until when, in the opening hours of its queue.")
    place_kept_from = models.DateTimeField(null=True, blank=True, help_text="Since when they are in the line of the queue.")
    urgent_at = models.DateTimeField(help_text="The order in which they are handed out: the place in the line, else the term.")
    note = models.TextField(blank=True)
    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="return_calls")
    taken_at = models.DateTimeField(null=True, blank=True)
    overdue_told_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True, help_text="By our clock.")
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    closed_by_call = models.ForeignKey("calls.Call", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    settled_at = models.DateTimeField(null=True, blank=True, help_text="What happened until then is settled by it.")
    response_s = models.FloatField(null=True, blank=True, help_text="From the first call until somebody talked with them, seconds.")
    result = models.TextField(blank=True, help_text="What came of it, or why not.")
    cancelled_because = models.CharField(max_length=12, choices=Because, blank=True)

    objects = ReturnCallQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["e164", "department"],
                condition=Q(status__in=OWED),
                nulls_distinct=False,
                name="one_open_return_call_per_number_and_department",
            ),
            models.CheckConstraint(
                name="return_call_status_is_known",
                condition=Q(status__in=[*OWED, "done", "auto_closed", "expired", "cancelled"]),
            ),
            models.CheckConstraint(
                name="return_call_in_work_has_an_assignee",
                condition=~Q(status__in=["assigned", "in_progress"]) | Q(assignee__isnull=False),
            ),
            models.CheckConstraint(name="open_return_call_is_nobodys", condition=~Q(status="open") | Q(assignee=None)),
            models.CheckConstraint(
                name="return_call_that_is_over_says_when",
                condition=Q(status__in=OWED, closed_at=None, settled_at=None)
                | (~Q(status__in=OWED) & Q(closed_at__isnull=False, settled_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="return_call_closed_by_a_call_names_it", condition=~Q(status="auto_closed") | Q(closed_by_call__isnull=False)
            ),
            models.CheckConstraint(
                name="cancelled_return_call_says_why",
                condition=(Q(status="cancelled") & ~Q(cancelled_because="")) | (~Q(status="cancelled") & Q(cancelled_because="")),
            ),
            models.CheckConstraint(name="return_call_begins_before_it_ends", condition=Q(first_call_at__lte=F("last_call_at"))),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(status__in=OWED), name="return_call_due"),
            models.Index(fields=["-id"], condition=Q(status__in=OWED), name="return_call_owed"),
            models.Index(fields=["urgent_at", "id"], condition=Q(status="open"), name="return_call_next"),
            models.Index(fields=["assignee", "due_at", "id"], condition=Q(status__in=OWED), name="return_call_in_hand"),
            models.Index(fields=["e164", "-id"], name="return_call_of_number"),
            models.Index(fields=["contact", "-first_call_at", "-id"], condition=~Q(contact=None), name="return_call_of_contact"),
            models.Index(fields=["status", "-id"], name="return_call_status"),
            models.Index(fields=["queue", "-id"], name="return_call_queue"),
            models.Index(fields=["department", "-id"], condition=~Q(department=None), name="return_call_department"),
            models.Index(fields=["assignee", "-id"], condition=~Q(assignee=None), name="return_call_assignee"),
            models.Index(fields=["reason", "-id"], name="return_call_reason"),
            models.Index(fields=["first_call_at", "id"], name="return_call_by_time"),
            models.Index(fields=["last_call_at"], condition=Q(status__in=OWED), name="return_call_age"),
            models.Index(fields=["closed_by_call"], condition=~Q(closed_by_call=None), name="return_call_closing"),
            models.Index(fields=["due_at", "id"], name="return_call_by_term"),
        ]

    def __str__(self) -> str:
        return f"{self.e164}: {self.get_reason_display().lower()}"

    @property
    def is_owed(self) -> bool:
        """Whether somebody still has to do it."""
        return self.status in OWED

    def is_overdue(self, now: datetime) -> bool:
        """As ``ReturnCallQuerySet.overdue``, for a row in hand."""
        return self.is_owed and self.due_at < now

    def open_to_people(self) -> list[str]:
        """The verbs that people may use on it now."""
        return [verb for verb in self.open_moves() if verb in self.BY_PEOPLE]


class ReturnCallCallQuerySet(models.QuerySet["ReturnCallCall"]):
    def counted_in(self, ids: Iterable[object]) -> "ReturnCallCallQuerySet":
        """What these return calls are added up from, in order of time."""
        return self.filter(return_call__in=list(ids), counts=True).order_by("at", "id")


class ReturnCallCall(Row):
    """A call for which a return call is owed. A call stands here once, so it is counted once, however often it is told.

    Without a call it is a promise that an operator made.
    """

    return_call = models.ForeignKey(ReturnCall, on_delete=models.CASCADE, related_name="links")
    call = models.ForeignKey("calls.Call", null=True, db_index=False, on_delete=models.PROTECT, related_name="return_call_links")
    counts = models.BooleanField(default=True, help_text="No: it was answered after all.")
    at = models.DateTimeField()
    queue = models.CharField(max_length=100, blank=True)
    reason = models.CharField(max_length=15, choices=ReturnCall.Reason)
    due_at = models.DateTimeField()
    place_kept_from = models.DateTimeField(null=True)

    objects = ReturnCallCallQuerySet.as_manager()

    class Meta:
        verbose_name = "call of a return call"
        verbose_name_plural = "calls of return calls"
        constraints = [
            models.UniqueConstraint(fields=["call"], name="a_call_is_counted_in_one_return_call"),
            models.CheckConstraint(name="return_call_without_a_call_is_promised", condition=Q(call__isnull=False) | Q(reason="promised")),
        ]
        indexes = [models.Index(fields=["return_call", "at"], name="return_call_links")]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} {self.at:%Y-%m-%d %H:%M}"
