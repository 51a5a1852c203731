from datetime import datetime

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q

from config.platform.models import Originated, Role, Row, User
from config.platform.moves import Movable, Move
from crm.models.catalogue import MONEY, OpenToAll


class Kind(models.TextChoices):
    COMPLAINT = "complaint", "Complaint"
    CLAIM = "claim", "Claim"
    SUGGESTION = "suggestion", "Suggestion"
    QUESTION = "question", "Question"
    GRATITUDE = "gratitude", "Gratitude"


class Severity(models.TextChoices):
    """How bad it is for whom it happened to."""

    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"
    CRITICAL = "critical", "Critical: health, safety, law"


class Impact(models.TextChoices):
    """How many it happens to."""

    ONE = "one", "One customer"
    SEVERAL = "several", "Several customers"
    MANY = "many", "Many customers"


class Priority(models.TextChoices):
    LOW = "low", "Low"
    NORMAL = "normal", "Normal"
    HIGH = "high", "High"
    URGENT = "urgent", "Urgent"


class Channel(models.TextChoices):
    CALL = "call", "Call"
    EMAIL = "email", "E-mail"
    LETTER = "letter", "Letter"
    WEB = "web", "Web form"
    CHAT = "chat", "Chat"
    SMS = "sms", "Text message"
    VISIT = "visit", "In person"


class Status(models.TextChoices):
    RECEIVED = "received", "Received"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    ASSIGNED = "assigned", "Assigned"
    IN_PROGRESS = "in_progress", "In progress"
    WAITING_CUSTOMER = "waiting_customer", "Waiting for the customer"
    WAITING_THIRD_PARTY = "waiting_third_party", "Waiting for a third party"
    DECIDED = "decided", "Decided"
    RESOLVED = "resolved", "Resolved"
    CLOSED = "closed", "Closed"
    REOPENED = "reopened", "Reopened"
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"
    DUPLICATE = "duplicate", "Told twice"


#: Somebody waits for an answer.
OPEN = frozenset(
    {
        Status.RECEIVED, Status.ACKNOWLEDGED, Status.ASSIGNED, Status.IN_PROGRESS, Status.WAITING_CUSTOMER, Status.WAITING_THIRD_PARTY,
        Status.DECIDED, Status.REOPENED,
    }
)  # fmt: skip
UNDECIDED = OPEN - {Status.DECIDED}
WAITING = frozenset({Status.WAITING_CUSTOMER, Status.WAITING_THIRD_PARTY})
#: Solved or refused: nothing runs any more.
ENDED = frozenset(set(Status) - OPEN)
_OPEN = sorted(OPEN)


class ComplaintQuerySet(models.QuerySet["Complaint"]):
    def visible_to(self, user: User) -> "ComplaintQuerySet":
        """The back office sees what its departments have or had, what is theirs, what they watch, and what they were told of by an
        escalation; everybody else sees all.

        An operator may have anybody on the line, and must know what that person complained of.
        """
        if user.role != Role.BACK_OFFICE:
            return self
        own = user.departments.values("pk")
        had = Q(transfers__from_department__in=own) | Q(transfers__to_department__in=own)
        passed = models.Exists(self.model.objects.filter(had, pk=models.OuterRef("pk")))
        watched = models.Exists(Watcher.objects.filter(complaint=models.OuterRef("pk"), user=user))
        told = models.Exists(self.model.objects.filter(pk=models.OuterRef("pk"), escalations__told__contains=[user.pk]))
        return self.filter(Q(department__in=own) | Q(assignee=user) | passed | watched | told)

    def open(self) -> "ComplaintQuerySet":
        """Those that somebody waits for."""
        return self.filter(status__in=_OPEN)

    def breached(self, now: datetime) -> "ComplaintQuerySet":
        """Those of which a promise was broken, be it kept late since, or not yet. `Complaint.is_breached` says the same of one row."""
        return self.filter(Q(breached_at__isnull=False) | Q(due_at__lte=now))

    def not_breached(self, now: datetime) -> "ComplaintQuerySet":
        """All others."""
        return self.filter(Q(due_at=None) | Q(due_at__gt=now), breached_at=None)


class RootCause(Row):
    """Why complaints come about, as the company counts it."""

    code = models.SlugField(max_length=50, unique=True, error_messages={"unique": "There is a root cause with this code already."})
    name = models.CharField(max_length=100)
    is_active = models.BooleanField(default=True)

    objects = OpenToAll.as_manager()

    def __str__(self) -> str:
        return self.name


class Complaint(Movable, Originated):
    """What a customer is not content with, from receipt to the last word, in the terms of ISO 10002.

    ``due_at`` is the earliest promise that runs, ``breached_at`` the first that was broken: both are written by ``complaints.clocks``
    alone, with the clocks they come from, so that lists can be filtered and sorted by them.
    """

    class Decision(models.TextChoices):
        UPHELD = "upheld", "Upheld"
        PARTLY_UPHELD = "partly_upheld", "Partly upheld"
        NOT_UPHELD = "not_upheld", "Not upheld"
        WITHDRAWN = "withdrawn", "Withdrawn"
        OUT_OF_SCOPE = "out_of_scope", "Not ours"

    class Redress(models.TextChoices):
        NONE = "none", "None"
        REFUND = "refund", "Refund"
        REPLACEMENT = "replacement", "Replacement"
        REPAIR = "repair", "Repair"
        DISCOUNT = "discount", "Discount"
        COMPENSATION = "compensation", "Compensation"
        APOLOGY = "apology", "Apology"

    MOVES = {
        "alter": Move(OPEN),
        "acknowledge": Move(OPEN, either=frozenset({Status.ACKNOWLEDGED})),
        "assign": Move(OPEN - {Status.DECIDED}, either=frozenset({Status.ASSIGNED})),
        "start": Move(frozenset({Status.RECEIVED, Status.ACKNOWLEDGED, Status.ASSIGNED, Status.REOPENED}), Status.IN_PROGRESS),
        "wait_for_customer": Move(frozenset({Status.IN_PROGRESS}), Status.WAITING_CUSTOMER),
        "wait_for_third_party": Move(frozenset({Status.IN_PROGRESS}), Status.WAITING_THIRD_PARTY),
        "carry_on": Move(WAITING, Status.IN_PROGRESS),
        "transfer": Move(UNDECIDED, either=frozenset({Status.RECEIVED, Status.ACKNOWLEDGED, Status.ASSIGNED})),
        "accept_transfer": Move(UNDECIDED, either=frozenset({Status.ASSIGNED})),
        "return_transfer": Move(UNDECIDED, either=frozenset({Status.ACKNOWLEDGED, Status.ASSIGNED, Status.RECEIVED})),
        "escalate": Move(OPEN, either=frozenset({Status.ASSIGNED})),
        "decide": Move(UNDECIDED - {Status.RECEIVED, Status.ACKNOWLEDGED}, Status.DECIDED),
        "communicate": Move(frozenset({Status.DECIDED, Status.RESOLVED, Status.CLOSED})),
        "resolve": Move(frozenset({Status.DECIDED}), Status.RESOLVED),
        "solve": Move(UNDECIDED, Status.RESOLVED),
        "close": Move(frozenset({Status.RESOLVED}), Status.CLOSED),
        "reject": Move(OPEN, Status.REJECTED),
        "withdraw": Move(OPEN, Status.WITHDRAWN),
        "join_to": Move(OPEN, Status.DUPLICATE),
        "reopen": Move(frozenset({Status.RESOLVED, Status.CLOSED, Status.DUPLICATE}), Status.REOPENED),
        "satisfy": Move(frozenset({Status.CLOSED})),
        "write": Move(frozenset(Status)),
        "link": Move(frozenset(Status)),
        "watch": Move(frozenset(Status)),
    }
    #: Verbs of people that a screen shows as buttons; the others follow from something else.
    VERBS = (
        "acknowledge", "alter", "assign", "carry_on", "close", "communicate", "decide", "join_to", "reject", "reopen", "resolve", "solve",
        "start", "transfer", "wait_for_customer", "wait_for_third_party", "withdraw",
    )  # fmt: skip

    number = models.CharField(max_length=20, unique=True, editable=False, help_text="Said on the phone: C-2026-000123.")
    status = models.CharField(max_length=20, choices=Status, default=Status.RECEIVED, editable=False)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.COMPLAINT)
    channel = models.CharField(max_length=8, choices=Channel, default=Channel.CALL)
    contact = models.ForeignKey("crm.Contact", null=True, blank=True, on_delete=models.PROTECT, related_name="complaints")
    e164 = models.CharField("number to call", max_length=20, blank=True, help_text="Whom to ring about it, E.164.")
    language = models.CharField(max_length=12, blank=True, help_text="In which to answer: BCP 47.")
    order = models.ForeignKey("crm.Order", null=True, blank=True, on_delete=models.PROTECT, related_name="complaints")
    product = models.ForeignKey("crm.Product", null=True, blank=True, on_delete=models.PROTECT, related_name="complaints")
    topic = models.ForeignKey("crm.Topic", null=True, blank=True, on_delete=models.PROTECT, related_name="complaints")
    summary = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    remedy_sought = models.TextField(blank=True, help_text="What the customer asks for, in their words.")
    severity = models.CharField(max_length=8, choices=Severity, default=Severity.MEDIUM)
    impact = models.CharField(max_length=8, choices=Impact, default=Impact.ONE)
    priority = models.CharField(max_length=8, choices=Priority, default=Priority.NORMAL)
    amount_claimed = models.DecimalField(**MONEY, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True, help_text="ISO 4217, of all amounts.")
    department = models.ForeignKey("crm.Department", null=True, blank=True, on_delete=models.PROTECT, related_name="complaints")
    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="complaints")
    routed_by = models.ForeignKey("complaints.RoutingRule", null=True, on_delete=models.SET_NULL, related_name="+", editable=False)
    policy = models.ForeignKey("complaints.SLAPolicy", null=True, on_delete=models.PROTECT, related_name="complaints", editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False)

    received_at = models.DateTimeField(editable=False)
    acknowledged_at = models.DateTimeField(null=True, editable=False)
    first_response_at = models.DateTimeField(null=True, editable=False)
    decided_at = models.DateTimeField(null=True, editable=False)
    resolved_at = models.DateTimeField(null=True, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False, help_text="When nothing was owed any more; empty while it is open.")
    due_at = models.DateTimeField(null=True, editable=False, help_text="The earliest promise that runs.")
    breached_at = models.DateTimeField(null=True, editable=False, help_text="When the first promise was broken. Kept for ever.")
    ping_pongs = models.PositiveSmallIntegerField(default=0, editable=False, help_text="How often a department got it back.")
    reopened_count = models.PositiveSmallIntegerField(default=0, editable=False)

    decision = models.CharField(max_length=14, choices=Decision, blank=True, editable=False)
    decision_text = models.TextField(blank=True, editable=False)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False)
    redress = models.CharField(max_length=12, choices=Redress, blank=True, editable=False)
    redress_amount = models.DecimalField(**MONEY, null=True, editable=False)
    root_cause = models.ForeignKey(RootCause, null=True, blank=True, on_delete=models.PROTECT, related_name="complaints")
    corrective_action = models.TextField(blank=True, help_text="What is changed so that it does not happen again.")
    communicated_at = models.DateTimeField(null=True, editable=False, help_text="When the customer was told the decision.")
    communicated_via = models.CharField(max_length=8, choices=Channel, blank=True, editable=False)
    communicated_call = models.ForeignKey("calls.Call", null=True, on_delete=models.PROTECT, related_name="+", editable=False)
    reject_reason = models.TextField(blank=True, editable=False)
    is_satisfied = models.BooleanField(null=True, editable=False, help_text="What the customer says of the outcome.")
    solved_on_call = models.BooleanField(default=False, editable=False, help_text="Solved in the moment in which it was told.")
    duplicate_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="duplicates", editable=False)
    follows = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="followed_by", editable=False)
    words = SearchVectorField(null=True, editable=False)

    objects = ComplaintQuerySet.as_manager()

    class Meta(Originated.Meta):
        abstract = False
        constraints = [
            *Originated.Meta.constraints,
            models.CheckConstraint(name="complaint_status_is_known", condition=Q(status__in=sorted(Status.values))),
            models.CheckConstraint(
                name="complaint_that_is_over_says_when",
                condition=Q(status__in=_OPEN, ended_at=None) | (~Q(status__in=_OPEN) & Q(ended_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="complaint_that_is_over_owes_nothing",
                condition=Q(status__in=_OPEN) | Q(due_at=None),
            ),
            models.CheckConstraint(
                name="complaint_that_is_resolved_is_decided",
                condition=~Q(status__in=["decided", "resolved", "closed"]) | (~Q(decision="") & Q(decided_at__isnull=False)),
                violation_error_message="Say what was decided.",
            ),
            models.CheckConstraint(
                name="complaint_that_is_rejected_says_why",
                condition=~Q(status="rejected") | ~Q(reject_reason=""),
                violation_error_message="Say why it is rejected.",
            ),
            models.CheckConstraint(
                name="complaint_told_twice_names_the_other",
                condition=(Q(status="duplicate") & Q(duplicate_of__isnull=False)) | (~Q(status="duplicate") & Q(duplicate_of=None)),
            ),
            models.CheckConstraint(
                name="complaint_is_not_its_own_duplicate",
                condition=Q(duplicate_of=None) | ~Q(duplicate_of=F("id")),
                violation_error_message="It cannot be told twice by itself.",
            ),
            models.CheckConstraint(
                name="complaint_that_is_assigned_says_to_whom", condition=~Q(status="assigned") | Q(assignee__isnull=False)
            ),
            models.CheckConstraint(
                name="complaint_amounts_have_a_currency",
                condition=(Q(amount_claimed=None, redress_amount=None) | Q(currency__regex=r"^[A-Z]{3}$"))
                & (Q(amount_claimed=None) | Q(amount_claimed__gte=0))
                & (Q(redress_amount=None) | Q(redress_amount__gte=0)),
                violation_error_message="An amount needs its currency, and is not negative.",
            ),
            models.CheckConstraint(
                name="complaint_redress_amount_has_its_kind",
                condition=Q(redress_amount=None) | ~Q(redress__in=["", "none", "apology"]),
                violation_error_message="An amount belongs to a refund, a replacement, a repair, a discount or a compensation.",
            ),
        ]
        indexes = [
            models.Index(fields=["contact", "-created_at", "-id"], condition=Q(contact__isnull=False), name="complaint_of_contact"),
            models.Index(fields=["contact", "-id"], condition=Q(status__in=_OPEN, contact__isnull=False), name="complaint_open_of_contact"),
            models.Index(fields=["e164", "-id"], condition=~Q(e164=""), name="complaint_of_number"),
            models.Index(fields=["status", "-id"], name="complaint_by_status"),
            models.Index(fields=["kind", "-id"], name="complaint_by_kind"),
            models.Index(fields=["priority", "-id"], name="complaint_by_priority"),
            models.Index(fields=["severity", "-id"], name="complaint_by_severity"),
            models.Index(fields=["department", "-id"], name="complaint_of_department"),
            models.Index(fields=["department", "due_at", "id"], condition=Q(status__in=_OPEN), name="complaint_due_in_department"),
            models.Index(fields=["due_at", "id"], condition=Q(due_at__isnull=False), name="complaint_due"),
            models.Index(fields=["department", "-id"], condition=Q(breached_at__isnull=False), name="complaint_breached"),
            models.Index(fields=["assignee", "due_at", "id"], condition=Q(status__in=_OPEN), name="complaint_due_of_assignee"),
            models.Index(fields=["assignee", "-id"], condition=Q(assignee__isnull=False), name="complaint_of_assignee"),
            models.Index(fields=["topic", "-id"], condition=Q(topic__isnull=False), name="complaint_of_topic"),
            models.Index(fields=["product", "-id"], condition=Q(product__isnull=False), name="complaint_of_product"),
            models.Index(fields=["order", "-id"], condition=Q(order__isnull=False), name="complaint_of_order"),
            models.Index(fields=["root_cause", "-id"], condition=Q(root_cause__isnull=False), name="complaint_of_cause"),
            models.Index(fields=["origin_id"], condition=Q(origin_id__isnull=False), name="complaint_of_origin"),
            models.Index(fields=["received_at", "id"], name="complaint_by_age"),
            models.Index(fields=["resolved_at"], condition=Q(resolved_at__isnull=False), name="complaint_by_when_resolved"),
            GinIndex(fields=["words"], name="complaint_words"),
        ]

    def __str__(self) -> str:
        return self.number

    def is_breached(self, now: datetime) -> bool:
        """Whether a promise was broken, as ``ComplaintQuerySet.breached`` says it of many."""
        return self.breached_at is not None or (self.due_at is not None and self.due_at <= now)

    def open_moves(self) -> list[str]:
        """The verbs of people that it would accept now: what was done once and for all is not among them."""
        done = {"acknowledge": self.acknowledged_at, "communicate": self.communicated_at}
        return [verb for verb in super().open_moves() if verb in self.VERBS and not done.get(verb)]


class Watcher(Row):
    """Somebody who wants to be told what happens with a complaint."""

    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="watchers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["complaint", "user"], name="somebody_watches_a_complaint_once")]
        indexes = [models.Index(fields=["user", "complaint"], name="watched_by")]

    def __str__(self) -> str:
        return f"{self.user} watches {self.complaint}"


class ComplaintLink(Row):
    """That two complaints have to do with one another. The smaller id stands first."""

    one = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="links_as_one")
    other = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="links_as_other")
    note = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["one", "other"], name="two_complaints_are_linked_once", violation_error_message="They are linked already."
            ),
            models.CheckConstraint(
                name="complaint_link_is_ordered", condition=Q(one__lt=F("other")), violation_error_message="Link it to another one."
            ),
        ]
        indexes = [models.Index(fields=["other"], name="link_of_other")]

    def __str__(self) -> str:
        return f"{self.one} – {self.other}"
