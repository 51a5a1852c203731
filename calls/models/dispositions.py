from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Deferrable, Q

from config.platform.models import Row
from crm.models.consent import Consent, Purpose

LONGEST_DAYS = 36_500


class DispositionQuerySet(models.QuerySet["Disposition"]):
    def of_direction(self, direction: str) -> "DispositionQuerySet":
        """Those that a call of this direction may have."""
        return self.filter(direction__in=["any", direction])


class Disposition(Row):
    """How a call came out, in the words of the company, and what follows from it. One that is in use is retired, never deleted."""

    class Direction(models.TextChoices):
        ANY = "any", "Any call"
        INBOUND = "inbound", "Inbound calls"
        OUTBOUND = "outbound", "Outbound calls"

    class SuppressScope(models.TextChoices):
        NONE = "none", "Nothing"
        PURPOSE = "purpose", "One purpose"
        ALL = "all", "Whatever the purpose"

    code = models.SlugField(max_length=50, unique=True, error_messages={"unique": "There is a disposition with this code already."})
    name = models.CharField(max_length=100)
    group = models.CharField(max_length=50, blank=True, help_text="Those of one group stand together in lists and reports.")
    direction = models.CharField(max_length=10, choices=Direction, default=Direction.ANY, help_text="Which calls may come out so.")
    final = models.BooleanField(default=False, help_text="The matter is closed: nobody calls again because of it.")
    contact_made = models.BooleanField(default=False, help_text="Somebody was spoken with.")
    right_party = models.BooleanField(default=False, help_text="It was whom we wanted to speak with.")
    success = models.BooleanField(default=False, help_text="It came out as wished.")
    refused = models.BooleanField(default=False, help_text="They said no.")
    machine = models.BooleanField(default=False, help_text="A machine answered.")
    technical = models.BooleanField(default=False, help_text="The line failed: it does not count against the customer.")
    is_hard = models.BooleanField(default=False, help_text="Such a call tires whoever had it.")
    needs_note = models.BooleanField(default=False, help_text="The operator must write a note with it.")
    needs_topic = models.BooleanField(default=False, help_text="The operator must name a topic with it.")
    min_talk_s = models.PositiveIntegerField(
        default=0, validators=[MaxValueValidator(86_400)], help_text="Only for calls talked at least so long, seconds."
    )
    callback = models.BooleanField(default=False, help_text="When they are to be called back must be given with it.")
    number_invalid = models.BooleanField(default=False, help_text="The number does not exist: it is marked so.")
    suppress_scope = models.CharField(
        max_length=10, choices=SuppressScope, default=SuppressScope.NONE, help_text="What they are not to be contacted for any more."
    )
    suppress_purpose = models.CharField(max_length=20, choices=Purpose, blank=True)
    suppress_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_DAYS)],
        help_text="For so many days from the call; empty: for ever.",
    )
    consent_status = models.CharField(
        max_length=10, choices=Consent.Status, blank=True, help_text="What they said about being contacted for the purpose."
    )
    consent_purpose = models.CharField(max_length=20, choices=Purpose, blank=True)
    is_active = models.BooleanField(default=True)
    order = models.PositiveSmallIntegerField(default=0)

    objects = DispositionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="disposition_right_party_was_spoken_with",
                condition=Q(right_party=False) | Q(contact_made=True),
                violation_error_message="Whom we wanted to speak with was spoken with: say `contact_made` too.",
            ),
            models.CheckConstraint(
                name="disposition_is_no_success_and_refusal",
                condition=Q(success=False) | Q(refused=False),
                violation_error_message="It cannot be a success and a refusal.",
            ),
            models.CheckConstraint(
                name="disposition_suppresses_a_named_purpose",
                condition=(Q(suppress_scope="purpose") & ~Q(suppress_purpose="")) | (~Q(suppress_scope="purpose") & Q(suppress_purpose="")),
                violation_error_message="Name the purpose when one purpose is suppressed, and only then.",
            ),
            models.CheckConstraint(
                name="disposition_suppression_ends_in_days",
                condition=Q(suppress_days=None) | (Q(suppress_days__gte=1, suppress_days__lte=LONGEST_DAYS) & ~Q(suppress_scope="none")),
                violation_error_message="Days, 1 to 36,500, belong to a suppression.",
            ),
            models.CheckConstraint(
                name="disposition_promises_no_call_to_whom_it_silences",
                condition=Q(callback=False) | ~Q(suppress_scope="all"),
                violation_error_message="Who is not to be contacted at all cannot be promised a call.",
            ),
            models.CheckConstraint(
                name="disposition_consent_has_a_purpose",
                condition=Q(consent_status="", consent_purpose="") | (~Q(consent_status="") & ~Q(consent_purpose="")),
                violation_error_message="A consent is about a purpose: give both or neither.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CallDisposition(Row):
    """One writing-up of a call, as it was written: the first, or a correction. The last one counts, and the call carries what it says."""

    call = models.ForeignKey("calls.Call", on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField(help_text="1 for the first; the highest counts.")
    disposition = models.ForeignKey(Disposition, on_delete=models.PROTECT, related_name="revisions")
    topics: Any = models.JSONField(default=list, help_text="Codes, as they were then.")
    note = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    supersedes = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="superseded_by")

    class Meta:
        verbose_name = "write-up"
        verbose_name_plural = "write-ups"
        constraints = [
            # two calls that become one are numbered anew in one transaction
            models.UniqueConstraint(fields=["call", "number"], deferrable=Deferrable.DEFERRED, name="one_write_up_of_a_call_per_number"),
            models.CheckConstraint(name="write_ups_are_numbered_from_one", condition=Q(number__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.disposition}"


class DispositionEffect(Row):
    """Something that a write-up did: what a correction takes back, exactly that and no more.

    ``parameters`` are what was asked for: a later revision that asks for the same carries the effect over. ``details`` are what taking
    it back needs.
    """

    class State(models.TextChoices):
        APPLIED = "applied", "In force"
        REVERSED = "reversed", "Taken back"
        KEPT = "kept", "Left as it is"
        NOT_APPLIED = "not_applied", "Could not be done"

    revision = models.ForeignKey(CallDisposition, on_delete=models.PROTECT, related_name="effects")
    kind = models.CharField(max_length=30)
    subject_kind = models.CharField(max_length=30, blank=True, help_text="What it made or changed: suppression, phone_number, consent …")
    subject_id = models.UUIDField(null=True)
    parameters: Any = models.JSONField(default=dict)
    details: Any = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=State, default=State.APPLIED)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it was left as it is, or could not be done.")
    applied_at = models.DateTimeField(null=True)
    reversed_at = models.DateTimeField(null=True, help_text="When a correction took it back, or found that it had to stay.")
    ended_by = models.ForeignKey(CallDisposition, null=True, on_delete=models.PROTECT, related_name="ended")

    class Meta:
        verbose_name = "effect of a disposition"
        verbose_name_plural = "effects of dispositions"
        constraints = [
            models.UniqueConstraint(fields=["revision", "kind"], name="one_effect_of_a_kind_per_write_up"),
            models.CheckConstraint(
                name="effect_is_in_force_or_over",
                condition=(
                    Q(state="applied", applied_at__isnull=False, reversed_at=None, subject_id__isnull=False)
                    | Q(state__in=["reversed", "kept"], applied_at__isnull=False, reversed_at__isnull=False, subject_id__isnull=False)
                    | Q(state="not_applied", applied_at=None, reversed_at=None, subject_id=None)
                ),
            ),
            models.CheckConstraint(
                name="effect_that_did_not_go_as_asked_says_why",
                condition=Q(state__in=["applied", "reversed"], reason="") | (Q(state__in=["kept", "not_applied"]) & ~Q(reason="")),
            ),
        ]
        indexes = [models.Index(fields=["kind", "subject_id"], condition=Q(state="applied"), name="effect_in_force_on")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.get_state_display()}"

    @property
    def subject(self) -> dict[str, Any] | None:
        """As the API shows it."""
        return {"kind": self.subject_kind, "id": self.subject_id} if self.subject_id else None
