from django.conf import settings
from django.db import models
from django.db.models import Q

from config.platform.models import User
from config.platform.moves import Movable, Move


class ImportQuerySet(models.QuerySet["Import"]):
    def visible_to(self, user: User) -> "ImportQuerySet":
        """Agents see their own imports; supervisors, the back office and administrators all."""
        return self.filter(by=user) if user.role == "agent" else self

    def waiting(self) -> "ImportQuerySet":
        """Those with work owed: to be analysed, or to be applied."""
        return self.filter(status__in=["uploaded", "running"]).order_by("id")


class Import(Movable):
    """A file of contacts on its way into the base.

    ``uploaded`` → (each row gets its verdict) → ``ready`` → ``running`` → ``done``. A file that cannot be read is ``failed``.
    The row itself says what is owed; a task is only the wake-up, so a killed worker loses nothing.
    """

    class Status(models.TextChoices):
        UPLOADED = "uploaded", "Being checked"
        READY = "ready", "Checked, waiting for your word"
        RUNNING = "running", "Being brought in"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    MOVES = {
        "analyse": Move(frozenset({Status.UPLOADED}), Status.READY),
        "start": Move(frozenset({Status.READY}), Status.RUNNING),
        "finish": Move(frozenset({Status.RUNNING}), Status.DONE),
        "fail": Move(frozenset({Status.UPLOADED, Status.RUNNING}), Status.FAILED),
        "cancel": Move(frozenset({Status.UPLOADED, Status.READY, Status.RUNNING}), Status.CANCELLED),
    }

    status = models.CharField(max_length=10, choices=Status, default=Status.UPLOADED)
    file = models.FileField(upload_to="imports/%Y/%m/")
    filename = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="imports")
    region = models.CharField(max_length=2, help_text="ISO 3166-1 alpha-2: numbers without a country belong here.")
    source = models.CharField(max_length=50, blank=True, help_text="Written on every contact that the file creates.")
    is_dry_run = models.BooleanField(default=True, help_text="Stop after the verdicts and wait for `start`.")
    dialect = models.JSONField(default=dict)
    mapping = models.JSONField(default=dict)
    columns = models.JSONField(default=list)
    total = models.PositiveIntegerField(default=0)
    analysed = models.PositiveIntegerField(default=0, help_text="The last line that has its verdict.")
    applied = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0, help_text="How often a worker gave up on it.")
    problem = models.CharField(max_length=500, blank=True)
    run_after = models.DateTimeField(null=True)

    objects = ImportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="import_status_is_known",
                condition=Q(status__in=["uploaded", "ready", "running", "done", "failed", "cancelled"]),
            )
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(status__in=["uploaded", "running"]), name="import_owed"),
            models.Index(fields=["by", "-id"], name="import_by_person"),
        ]

    def __str__(self) -> str:
        return self.filename


class ImportRow(models.Model):
    """One line of the file and its verdict; ``applied_at`` says that the verdict was carried out."""

    class Verdict(models.TextChoices):
        CREATE = "create", "New contact"
        UPDATE = "update", "Adds to a contact we have"
        DUPLICATE = "duplicate", "Nothing new"
        INVALID = "invalid", "Cannot be used"

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField()
    verdict = models.CharField(max_length=10, choices=Verdict)
    cells = models.JSONField()
    candidate = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    contact = models.ForeignKey("crm.Contact", null=True, on_delete=models.SET_NULL, related_name="import_rows")
    duplicate_of_line = models.PositiveIntegerField(null=True)
    applied_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "line"], name="one_verdict_per_line")]
        indexes = [
            models.Index(fields=["batch", "line"], condition=Q(applied_at=None, verdict__in=["create", "update"]), name="import_row_owed"),
            models.Index(fields=["batch", "verdict", "line"], name="import_row_verdict"),
        ]

    def __str__(self) -> str:
        return f"{self.line}: {self.verdict}"
