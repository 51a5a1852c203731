from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from config.platform.models import Originated, Row, User
from config.platform.moves import Movable, Move
from crm.models.consent import E164, Channel, Purpose
from crm.models.contacts import Contact

LIST_CODE = RegexValidator(r"^[a-z0-9][a-z0-9_.-]{0,49}\Z", "A short name in small letters, digits and dashes, for instance national-2026.")


class Source(models.TextChoices):
    """Who wants that somebody is not contacted."""

    CUSTOMER = "customer", "The customer"
    REGULATOR = "regulator", "Regulator's list"
    COURT = "court", "Court or authority"
    STAFF = "staff", "Our own staff"
    DISPOSITION = "disposition", "Result of a call"
    LIST = "list", "Another list"
    OTHER = "other", "Otherwise"


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    def visible_to(self, user: User) -> "SuppressionQuerySet":
        """Whoever may call must know whom not to call."""
        return self

    def active(self, at) -> "SuppressionQuerySet":
        """Those in force at that time."""
        return self.unended(at).filter(starts_at__lte=at)

    def unended(self, at) -> "SuppressionQuerySet":
        """Those in force at that time, or to come."""
        return self.filter(Q(lifted_at=None) | Q(lifted_at__gt=at), Q(expires_at=None) | Q(expires_at__gt=at))

    def touching(self, purpose: str, channel: str) -> "SuppressionQuerySet":
        """Those that stand against this purpose by this channel."""
        return self.filter(purpose__in=["", purpose], channel__in=["", channel])


class Suppression(Originated, Row):
    """Do not contact: a number or a contact, for one purpose or all, by one channel or all, since when, until when, who wants it and why.

    Never deleted: it ends by itself at ``expires_at``, or it is lifted by somebody with a reason. The same may stand there for several
    sources, so that a list that is replaced cannot lift what the customer asked for.
    """

    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.PROTECT, related_name="suppressions")
    e164 = models.CharField("number", max_length=20, blank=True)
    number_hash = models.CharField(max_length=64, blank=True, editable=False, help_text="Stands for the number after an erasure.")
    purpose = models.CharField(max_length=20, choices=Purpose, blank=True, help_text="Empty: for whatever purpose.")
    channel = models.CharField(max_length=10, choices=Channel, blank=True, help_text="Empty: by whatever channel.")
    source = models.CharField(max_length=12, choices=Source)
    list_code = models.CharField("list", max_length=50, blank=True, editable=False, help_text="The list it came with.")
    evidence = models.TextField(blank=True)
    reason = models.TextField(blank=True)
    starts_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False)
    upload = models.ForeignKey("SuppressionUpload", null=True, on_delete=models.PROTECT, related_name="suppressions", editable=False)
    lifted_at = models.DateTimeField(null=True, editable=False)
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False)
    lift_reason = models.TextField(blank=True, editable=False)

    objects = SuppressionQuerySet.as_manager()

    class Meta(Originated.Meta):
        abstract = False
        constraints = [
            *Originated.Meta.constraints,
            models.CheckConstraint(
                name="suppression_is_of_a_number_or_of_a_contact",
                condition=(
                    Q(contact__isnull=False, e164="", number_hash="")
                    | (Q(contact__isnull=True, number_hash="") & ~Q(e164=""))
                    | (Q(contact__isnull=True, e164="") & ~Q(number_hash=""))
                ),
                violation_error_message="Name either a number or a contact.",
            ),
            models.CheckConstraint(name="suppression_number_is_e164", condition=Q(e164="") | Q(e164__regex=E164)),
            models.CheckConstraint(name="suppression_purpose_is_known", condition=Q(purpose__in=["", *Purpose.values])),
            models.CheckConstraint(name="suppression_channel_is_known", condition=Q(channel__in=["", *Channel.values])),
            models.CheckConstraint(name="suppression_source_is_known", condition=Q(source__in=Source.values)),
            models.CheckConstraint(
                name="suppression_ends_after_it_begins",
                condition=Q(expires_at=None) | Q(expires_at__gt=F("starts_at")),
                violation_error_message="It ends before it begins.",
            ),
            models.CheckConstraint(
                name="suppression_that_is_lifted_says_why",
                condition=Q(lifted_at=None, lift_reason="") | (Q(lifted_at__isnull=False) & ~Q(lift_reason="")),
            ),
            models.UniqueConstraint(
                fields=["e164", "purpose", "channel", "source", "list_code"],
                condition=Q(lifted_at=None) & ~Q(e164=""),
                name="one_suppression_of_a_number_by_a_source",
                violation_error_message="This number is suppressed so already.",
            ),
            models.UniqueConstraint(
                fields=["contact", "purpose", "channel", "source", "list_code"],
                condition=Q(lifted_at=None, contact__isnull=False),
                name="one_suppression_of_a_contact_by_a_source",
                violation_error_message="This contact is suppressed so already.",
            ),
            models.UniqueConstraint(
                fields=["number_hash", "purpose", "channel", "source", "list_code"],
                condition=Q(lifted_at=None) & ~Q(number_hash=""),
                name="one_suppression_of_an_erased_number_by_a_source",
            ),
        ]
        indexes = [
            models.Index(fields=["e164", "-created_at", "-id"], condition=~Q(e164=""), name="suppression_of_number"),
            models.Index(fields=["contact", "-created_at", "-id"], condition=Q(contact__isnull=False), name="suppression_of_contact"),
            models.Index(fields=["number_hash"], condition=~Q(number_hash=""), name="suppression_of_erased_number"),
            models.Index(fields=["list_code", "-id"], condition=~Q(list_code=""), name="suppression_of_list"),
            models.Index(fields=["list_code", "id"], condition=Q(lifted_at=None) & ~Q(list_code=""), name="suppression_of_list_in_force"),
            models.Index(fields=["source", "-id"], name="suppression_source"),
            models.Index(fields=["purpose", "-id"], name="suppression_purpose"),
            models.Index(fields=["channel", "-id"], name="suppression_channel"),
            models.Index(fields=["upload"], condition=Q(upload__isnull=False), name="suppression_of_upload"),
        ]

    @property
    def scope(self) -> str:
        """How much it forbids: ``all``, ``purpose``, ``channel``, or ``purpose_and_channel``."""
        return "_and_".join(name for name in ("purpose", "channel") if getattr(self, name)) or "all"

    def __str__(self) -> str:
        what = " ".join(filter(None, [self.get_purpose_display(), self.get_channel_display()])) or "anything"
        return f"No {what.lower()}: {self.e164 or ('contact' if self.contact_id else 'erased number')}"


class SuppressionUploadQuerySet(models.QuerySet["SuppressionUpload"]):
    def waiting(self) -> "SuppressionUploadQuerySet":
        """Those with work owed."""
        return self.filter(status__in=["uploaded", "running"]).order_by("id")


class SuppressionUpload(Movable):
    """A file of numbers that must not be called, on its way in. The row says what is owed; a task is only the wake-up."""

    class Status(models.TextChoices):
        UPLOADED = "uploaded", "Waiting"
        RUNNING = "running", "Being brought in"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    class Mode(models.TextChoices):
        ADD = "add", "Add what is in the file"
        REPLACE = "replace", "The file is the whole list: lift what is not in it"

    MOVES = {
        "start": Move(frozenset({Status.UPLOADED}), Status.RUNNING),
        "finish": Move(frozenset({Status.RUNNING}), Status.DONE),
        "fail": Move(frozenset({Status.UPLOADED, Status.RUNNING}), Status.FAILED),
        "cancel": Move(frozenset({Status.UPLOADED, Status.RUNNING}), Status.CANCELLED),
    }

    status = models.CharField(max_length=10, choices=Status, default=Status.UPLOADED)
    list_code = models.CharField(
        "list", max_length=50, validators=[LIST_CODE], help_text="The name of the list, the same each time it comes."
    )
    mode = models.CharField(max_length=10, choices=Mode, default=Mode.ADD)
    source = models.CharField(max_length=12, choices=Source, default=Source.REGULATOR)
    purpose = models.CharField(max_length=20, choices=Purpose, blank=True, help_text="Empty: for whatever purpose.")
    channel = models.CharField(max_length=10, choices=Channel, blank=True, help_text="Empty: by whatever channel.")
    reason = models.CharField(max_length=500, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    file = models.FileField(upload_to="suppressions/%Y/%m/")
    filename = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    region = models.CharField(max_length=2, help_text="ISO 3166-1 alpha-2: numbers without a country belong here.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    dialect = models.JSONField(default=dict)
    phone_columns = models.JSONField(default=list)
    line = models.PositiveIntegerField(default=0, help_text="The last line that is in.")
    total = models.PositiveIntegerField(null=True, help_text="Rows of the file, once it has been read to its end.")
    rows = models.PositiveIntegerField(default=0, help_text="Rows that are in.")
    read_share = models.FloatField(default=0, help_text="How much of the file is in, from 0 to 1.")
    added = models.PositiveIntegerField(default=0)
    already = models.PositiveIntegerField(default=0)
    duplicate = models.PositiveIntegerField(default=0)
    invalid = models.PositiveIntegerField(default=0)
    lifted = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=500, blank=True)
    run_after = models.DateTimeField(null=True)

    objects = SuppressionUploadQuerySet.as_manager()

    class Meta:
        verbose_name = "do-not-call list"
        constraints = [
            models.CheckConstraint(
                name="suppression_upload_status_is_known", condition=Q(status__in=["uploaded", "running", "done", "failed", "cancelled"])
            ),
            models.CheckConstraint(name="suppression_upload_mode_is_known", condition=Q(mode__in=["add", "replace"])),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(status__in=["uploaded", "running"]), name="suppression_upload_owed"),
            models.Index(fields=["list_code", "-id"], name="suppression_upload_of_list"),
            models.Index(fields=["status", "-id"], name="suppression_upload_status"),
        ]

    def __str__(self) -> str:
        return f"{self.list_code}: {self.filename}"


class SuppressionUploadRow(models.Model):
    """A number of a file while the file is brought in; afterwards only the lines that could not be read stay."""

    id = models.BigAutoField(primary_key=True)
    upload = models.ForeignKey(SuppressionUpload, on_delete=models.CASCADE, related_name="numbers")
    line = models.PositiveIntegerField()
    e164 = models.CharField("number", max_length=20, blank=True)
    number_hash = models.CharField(max_length=64, blank=True)
    raw = models.CharField(max_length=200, blank=True, help_text="As it stands in the file, when it could not be read.")
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "line of a do-not-call list"
        verbose_name_plural = "lines of do-not-call lists"
        constraints = [
            models.UniqueConstraint(fields=["upload", "e164", "number_hash"], condition=Q(problem=""), name="one_number_once_per_upload")
        ]
        indexes = [models.Index(fields=["upload", "line", "id"], condition=~Q(problem=""), name="suppression_upload_problems")]

    def __str__(self) -> str:
        return f"{self.line}: {self.problem or self.e164}"
