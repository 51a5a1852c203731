from django.conf import settings
from django.db import models
from django.db.models import Q

from campaigns.models.campaigns import Campaign
from config.platform.models import LEADERS, Role, Row, User

WAITING = ("pending", "retry_wait", "callback_wait")
OPEN = ("leased", "in_call", "wrap")


class TargetQuerySet(models.QuerySet["Target"]):
    def visible_to(self, user: User) -> "TargetQuerySet":
        """As their campaign."""
        return self.filter(campaign__in=Campaign.objects.visible_to(user).values("pk")) if user.role == Role.AGENT else self


class Target(Row):
    """One contact in one campaign. What it says is a function of its attempts; ``campaigns.standing`` computes it, nothing else writes it.

    ``is_ready``: it waits only for somebody to call and for the hours of ``clocks``; ``next_attempt_at`` is from when on it may be so.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Not called yet"
        LEASED = "leased", "In somebody's hands"
        IN_CALL = "in_call", "Being talked with"
        WRAP = "wrap", "Being written up"
        RETRY_WAIT = "retry_wait", "Will be tried again"
        CALLBACK_WAIT = "callback_wait", "A call is promised"
        DONE = "done", "Done"
        EXHAUSTED = "exhausted", "Tried often enough"
        SUPPRESSED = "suppressed", "May not be called"

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="targets")
    contact = models.ForeignKey("crm.Contact", on_delete=models.PROTECT, related_name="targets")
    run = models.ForeignKey("campaigns.AudienceRun", null=True, on_delete=models.PROTECT, related_name="+", help_text="What brought it in.")
    state = models.CharField(max_length=13, choices=State, default=State.PENDING)
    is_ready = models.BooleanField(default=True)
    priority = models.SmallIntegerField(default=0)
    clocks = models.CharField(
        max_length=400, blank=True, help_text="The time zones and countries by which its hours are reckoned, as one key."
    )
    next_e164 = models.CharField(max_length=20, blank=True, help_text="The number to call next; empty: the first usable one.")
    next_attempt_at = models.DateTimeField(null=True, help_text="Not before; null: at once.")
    callback = models.ForeignKey(
        "calls.Callback", null=True, on_delete=models.PROTECT, related_name="targets", help_text="The promise that it waits for."
    )
    only_agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", help_text="Kept for the operator who called last."
    )
    attempts_total = models.PositiveSmallIntegerField(default=0, help_text="Those that count.")
    attempts_technical = models.PositiveSmallIntegerField(default=0, help_text="Failures of the line in a row.")
    last_attempt_at = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0, help_text="Grows with each lease: an older one writes nothing here any more.")
    is_reached = models.BooleanField(default=False, help_text="Somebody was spoken with.")
    is_right_party = models.BooleanField(default=False, help_text="It was whom we wanted to speak with.")
    is_success = models.BooleanField(default=False, help_text="It came out as wished.")
    outcome = models.CharField(max_length=20, blank=True, help_text="Of the last attempt.")
    disposition = models.ForeignKey(
        "calls.Disposition", null=True, on_delete=models.PROTECT, related_name="targets", help_text="Of the last attempt."
    )
    reason = models.CharField(max_length=50, blank=True, help_text="Why it is suppressed, exhausted or done: a code.")
    checked_at = models.DateTimeField(null=True, help_text="When a suppressed one was last asked about again.")
    ended_at = models.DateTimeField(null=True)

    objects = TargetQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "contact"], name="one_target_per_contact_and_campaign"),
            models.CheckConstraint(
                name="target_state_is_known",
                condition=Q(
                    state__in=["pending", "leased", "in_call", "wrap", "retry_wait", "callback_wait", "done", "exhausted", "suppressed"]
                ),
            ),
            models.CheckConstraint(name="target_that_is_ready_waits", condition=Q(is_ready=False) | Q(state__in=["pending", "retry_wait"])),
            models.CheckConstraint(
                name="target_that_waits_for_a_promise_has_it", condition=~Q(state="callback_wait") | Q(next_attempt_at__isnull=False)
            ),
            models.CheckConstraint(
                name="target_that_is_over_says_when",
                condition=Q(state__in=["done", "exhausted", "suppressed"], ended_at__isnull=False)
                | Q(state__in=["pending", "leased", "in_call", "wrap", "retry_wait", "callback_wait"], ended_at=None),
            ),
        ]
        indexes = [
            models.Index(
                fields=["campaign", "clocks", "-priority", "attempts_total", "id"], condition=Q(is_ready=True), name="target_ready"
            ),
            models.Index(
                fields=["campaign", "next_attempt_at"],
                condition=Q(is_ready=False, state__in=["pending", "retry_wait"]),
                name="target_to_wake",
            ),
            models.Index(fields=["campaign", "next_attempt_at"], condition=Q(state="callback_wait"), name="target_promised"),
            models.Index(fields=["campaign", "checked_at"], condition=Q(state="suppressed"), name="target_suppressed"),
            models.Index(fields=["campaign", "state", "-id"], name="target_state"),
            models.Index(fields=["campaign", "-id"], name="target_of_campaign"),
            models.Index(fields=["contact", "-id"], name="target_of_contact"),
            models.Index(fields=["callback"], condition=Q(callback__isnull=False), name="target_of_callback"),
            models.Index(fields=["campaign"], condition=Q(is_success=True), name="target_success"),
            models.Index(fields=["campaign", "state", "is_ready"], condition=Q(ended_at=None), name="target_not_over"),
            models.Index(fields=["campaign", "disposition"], condition=Q(disposition__isnull=False), name="target_disposition"),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} ({self.attempts_total})"


class AttemptQuerySet(models.QuerySet["Attempt"]):
    def visible_to(self, user: User) -> "AttemptQuerySet":
        """An operator sees their own; a dialler those that it took; whoever leads and the back office, all."""
        if user.role == Role.AGENT:
            return self.filter(agent=user)
        return self.filter(Q(leased_by=user) | Q(agent=user)) if user.role == Role.INTEGRATION else self

    def open(self) -> "AttemptQuerySet":
        """Those that hold their number and their person."""
        return self.exclude(state="closed")


class Attempt(Row):
    """One contact in somebody's hands, on one number: the lease, the call that came of it, and how it came out.

    While it is open nobody else is given the number, nor the person on another number, in whatever campaign. ``fence`` is that of the target when it was leased: whoever
    reports with an older one has lost it, and their report is kept here without changing the target's course.
    """

    class State(models.TextChoices):
        LEASED = "leased", "In hand"
        IN_CALL = "in_call", "On the line"
        WRAP = "wrap", "Being written up"
        CLOSED = "closed", "Over"

    class Closing(models.TextChoices):
        RESULT = "result", "It came out so"
        RELEASED = "released", "Given back"
        EXPIRED = "expired", "Nothing was heard in time"
        REVOKED = "revoked", "They may not be called any more"
        STOPPED = "stopped", "The campaign was stopped"
        TAKEN = "taken", "A supervisor took it back"

    class Counted(models.TextChoices):
        CONTACT = "contact", "As an attempt"
        TECHNICAL = "technical", "As a failure of the line"
        NONE = "none", "Not at all"

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="attempts")
    target = models.ForeignKey(Target, on_delete=models.PROTECT, related_name="attempts")
    contact = models.ForeignKey("crm.Contact", on_delete=models.PROTECT, related_name="attempts")
    number = models.PositiveSmallIntegerField(help_text="1 for the first of its target.")
    fence = models.PositiveIntegerField()
    e164 = models.CharField("number to call", max_length=20, blank=True, help_text="Empty once the person was erased.")
    state = models.CharField(max_length=8, choices=State, default=State.LEASED)
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="attempts",
        help_text="Who talks; of a dialler's null until somebody does.",
    )
    leased_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", help_text="Who took it: the operator, or a dialler."
    )
    is_batch = models.BooleanField(default=False, help_text="A dialler took it with others.")
    lease_token = models.UUIDField(editable=False)
    leased_at = models.DateTimeField()
    lease_until = models.DateTimeField()
    heard_at = models.DateTimeField(help_text="The last sign of life.")
    call = models.ForeignKey("calls.Call", null=True, blank=True, on_delete=models.PROTECT, related_name="attempts")
    callback = models.ForeignKey(
        "calls.Callback", null=True, blank=True, on_delete=models.PROTECT, related_name="attempts", help_text="The promise that it keeps."
    )
    dialled_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closing = models.CharField(max_length=8, choices=Closing, blank=True)
    is_late = models.BooleanField(default=False, help_text="Its result came when the target had gone on without it.")
    is_drop = models.BooleanField(default=False, help_text="They answered, and nobody was there.")
    outcome = models.CharField(max_length=20, blank=True, help_text="As calls have it: answered, busy, no_answer …")
    said_outcome = models.CharField(
        max_length=20,
        blank=True,
        default="",
        db_default="",
        help_text="What whoever called says of a call that a phone system tells of: it counts before what the line shows.",
    )
    disposition = models.ForeignKey("calls.Disposition", null=True, blank=True, on_delete=models.PROTECT, related_name="attempts")
    counted = models.CharField(max_length=9, choices=Counted, default=Counted.NONE)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it was given back, or taken away.")

    objects = AttemptQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["e164"],
                condition=~Q(state="closed") & ~Q(e164=""),
                name="one_open_attempt_per_number",
                violation_error_message="Somebody has this number in hand.",
            ),
            models.UniqueConstraint(fields=["target", "number"], name="attempts_of_a_target_are_numbered"),
            models.UniqueConstraint(fields=["target"], condition=~Q(state="closed"), name="one_open_attempt_per_target"),
            models.UniqueConstraint(
                fields=["contact"],
                condition=~Q(state="closed"),
                name="one_open_attempt_per_contact",
                violation_error_message="Somebody has this person in hand.",
            ),
            models.UniqueConstraint(
                fields=["agent"],
                condition=Q(state__in=["leased", "in_call"], is_batch=False),
                name="one_contact_in_hand_per_agent",
                violation_error_message="They have a contact in hand already.",
            ),
            models.CheckConstraint(
                name="attempt_that_is_over_says_how",
                condition=(Q(state="closed", closed_at__isnull=False) & ~Q(closing=""))
                | (~Q(state="closed") & Q(closed_at=None, closing="")),
            ),
            models.CheckConstraint(name="attempt_state_is_known", condition=Q(state__in=["leased", "in_call", "wrap", "closed"])),
        ]
        indexes = [
            models.Index(fields=["lease_until"], condition=Q(state="leased"), name="attempt_lease"),
            models.Index(fields=["lease_until"], condition=Q(state__in=["in_call", "wrap"]), name="attempt_going_on"),
            models.Index(fields=["campaign", "-id"], name="attempt_of_campaign"),
            models.Index(fields=["campaign", "agent", "-id"], condition=Q(agent__isnull=False), name="attempt_of_agent_in"),
            models.Index(fields=["agent", "-id"], condition=Q(agent__isnull=False), name="attempt_of_agent"),
            models.Index(fields=["leased_by", "-id"], name="attempt_taken_by"),
            models.Index(fields=["call"], condition=Q(call__isnull=False), name="attempt_of_call"),
            models.Index(fields=["e164", "-leased_at"], condition=~Q(e164=""), name="attempt_of_number"),
            models.Index(fields=["contact", "-leased_at", "-id"], name="attempt_of_contact"),
            models.Index(fields=["campaign", "-leased_at"], condition=~Q(state="closed"), name="attempt_open"),
            models.Index(fields=["e164", "-answered_at"], condition=Q(is_drop=True), name="attempt_dropped"),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.get_state_display()}"


class ConversionQuerySet(models.QuerySet["Conversion"]):
    def visible_to(self, user: User) -> "ConversionQuerySet":
        """Whoever leads sees all, an operator their own."""
        return self if user.role in (*LEADERS, Role.BACK_OFFICE, Role.INTEGRATION) else self.filter(agent=user)

    def standing(self) -> "ConversionQuerySet":
        """Those that were not taken back."""
        return self.filter(reversed_at=None)


class Conversion(Row):
    """What an attempt brought: a client, an order, a promise. Credited to the attempt, its operator and its campaign."""

    class Kind(models.TextChoices):
        CLIENT = "client", "A client"
        ORDER = "order", "An order"
        PROMISE = "promise", "A promise"

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="conversions")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="conversions")
    contact = models.ForeignKey("crm.Contact", on_delete=models.PROTECT, related_name="conversions")
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="conversions")
    kind = models.CharField(max_length=8, choices=Kind)
    order = models.ForeignKey("crm.Order", null=True, blank=True, on_delete=models.PROTECT, related_name="conversions")
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True, help_text="ISO 4217.")
    due_on = models.DateField(null=True, blank=True, help_text="Of a promise: until when.")
    note = models.TextField(blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False)
    reversed_at = models.DateTimeField(null=True, editable=False)
    reversed_because = models.CharField(max_length=300, blank=True, editable=False)

    objects = ConversionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="conversion_to_an_order_names_it",
                condition=Q(kind="order", order__isnull=False) | (~Q(kind="order") & Q(order=None)),
                violation_error_message="An order, and nothing else, names its order.",
            ),
            models.UniqueConstraint(fields=["order"], condition=Q(order__isnull=False, reversed_at=None), name="one_conversion_per_order"),
            models.UniqueConstraint(
                fields=["attempt", "kind"],
                condition=Q(order=None, reversed_at=None),
                name="one_conversion_of_a_kind_per_attempt",
                violation_error_message="This attempt has brought one already.",
            ),
            models.CheckConstraint(
                name="conversion_amount_has_its_currency",
                condition=Q(amount=None, currency="") | (Q(amount__gte=0) & ~Q(currency="")),
                violation_error_message="An amount, not below nothing, has a currency.",
            ),
            models.CheckConstraint(
                name="conversion_taken_back_says_why",
                condition=Q(reversed_at=None, reversed_because="") | (Q(reversed_at__isnull=False) & ~Q(reversed_because="")),
            ),
        ]
        indexes = [
            models.Index(fields=["campaign", "kind", "-at"], name="conversion_of_campaign"),
            models.Index(fields=["kind", "at"], condition=Q(reversed_at=None), name="conversion_by_time"),
            models.Index(fields=["agent", "-at"], condition=Q(agent__isnull=False), name="conversion_of_agent"),
            models.Index(fields=["contact", "-at", "-id"], name="conversion_of_contact"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class Collected(Row):
    """A contact that somebody brought into the base in a campaign that builds it."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="collected")
    contact = models.ForeignKey("crm.Contact", on_delete=models.PROTECT, related_name="collected_in")
    is_new = models.BooleanField(help_text="The base did not know the number before.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = "contact collected"
        verbose_name_plural = "contacts collected"
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "contact"],
                name="one_contact_collected_once",
                violation_error_message="This contact was collected already.",
            )
        ]
        indexes = [
            models.Index(fields=["campaign", "-id"], name="collected_in_campaign"),
            models.Index(fields=["contact"], name="collected_contact"),
        ]

    def __str__(self) -> str:
        return str(self.contact_id)
