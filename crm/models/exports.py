from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from config.platform.models import Role, User
from config.platform.moves import Movable, Move


class ExportQuerySet(models.QuerySet["Export"]):
    def visible_to(self, user: User) -> "ExportQuerySet":
        """One's own; administrators see all. What is in a file is for whoever ordered it."""
        return self if user.role == Role.ADMIN else self.filter(by=user)

    def waiting(self) -> "ExportQuerySet":
        """Those with work owed."""
        return self.filter(status__in=["queued", "running"]).order_by("id")


class Export(Movable):
    """A file that somebody ordered.

    ``queued`` → (who is in it is decided, in one statement) → ``running`` → ``done`` → ``expired``, when the file is deleted.
    The row and its parts say what is owed; a task is only the wake-up, so a killed worker loses nothing.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Being written"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"
        EXPIRED = "expired", "Deleted"

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", "XLSX"
        JSONL = "jsonl", "JSON lines"
        JSON = "json", "JSON"

    MOVES = {
        "start": Move(frozenset({Status.QUEUED}), Status.RUNNING),
        "finish": Move(frozenset({Status.RUNNING}), Status.DONE),
        "fail": Move(frozenset({Status.QUEUED, Status.RUNNING}), Status.FAILED),
        "cancel": Move(frozenset({Status.QUEUED, Status.RUNNING}), Status.CANCELLED),
        "expire": Move(frozenset({Status.DONE}), Status.EXPIRED),
    }

    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    entity = models.CharField(max_length=30, help_text="What is exported: contacts, calls.")
    format = models.CharField(max_length=10, choices=Format)
    query = models.JSONField(default=dict, help_text="Who is in it, in the grammar of the list.")
    saved_filter = models.ForeignKey("crm.SavedFilter", null=True, on_delete=models.SET_NULL, related_name="exports")
    saved_query = models.JSONField(default=dict, help_text="What the saved filter said when the export was ordered.")
    columns = ArrayField(models.CharField(max_length=60), default=list)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="exports")
    file = models.FileField(upload_to="exports/", blank=True, max_length=200)
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes.")
    total = models.PositiveIntegerField(null=True)
    done = models.PositiveIntegerField(default=0, help_text="Rows whose part is written.")
    left_out = models.PositiveIntegerField(default=0, help_text="Rows that were gone when their part was written.")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0, help_text="How often a worker gave up on it.")
    problem = models.CharField(max_length=500, blank=True)
    run_after = models.DateTimeField(null=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="export_status_is_known",
                condition=Q(status__in=["queued", "running", "done", "failed", "cancelled", "expired"]),
            ),
            models.CheckConstraint(name="export_that_is_done_has_a_file", condition=~Q(status="done") | ~Q(file="")),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(status__in=["queued", "running"]), name="export_owed"),
            models.Index(fields=["expires_at"], condition=Q(status="done"), name="export_kept"),
            models.Index(fields=["by", "-id"], name="export_by_person"),
            models.Index(fields=["entity", "-id"], name="export_of_entity"),
        ]

    def __str__(self) -> str:
        return f"{self.entity} as {self.get_format_display()}"


class ExportPart(models.Model):
    """Some thousand rows of an export: who they are, and the piece of the file that holds them until it is put together.

    It lives as long as the file, so that an erasure finds the files which hold somebody.
    """

    id = models.BigAutoField(primary_key=True)
    export = models.ForeignKey(Export, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    ids = ArrayField(models.UUIDField())
    is_written = models.BooleanField(default=False)
    missing = models.PositiveIntegerField(default=0, help_text="Rows that were gone when it was written.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["export", "number"], name="one_part_per_number")]

    def __str__(self) -> str:
        return f"Part {self.number}"
