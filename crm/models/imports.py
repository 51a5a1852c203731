from django.conf import settings
from django.db import models
from django.db.models import Q

from config.platform.models import User
from config.platform.moves import Movable, Move

OWED = Q(status__in=["uploaded", "analysed", "running", "undoing"]) | Q(status="ready", is_dry_run=False)


class ImportQuerySet(models.QuerySet["Import"]):
    def visible_to(self, user: User) -> "ImportQuerySet":
        """Agents see their own imports; supervisors, the back office and administrators all."""
        return self.filter(by=user) if user.role == "agent" else self

    def waiting(self) -> "ImportQuerySet":
        """Those with work owed: to be looked at, judged, brought in or taken back."""
        return self.filter(OWED).order_by("id")


class Import(Movable):
    """A file of contacts on its way into the base.

    ``uploaded`` → (its encoding and columns are found out) → ``analysed`` → (each row gets its verdict) → ``ready`` → ``running``
    ⇄ ``paused`` → ``done``; afterwards it can be taken back: ``undoing`` → ``undone``. A file that cannot be read is ``failed``.
    The row itself says what is owed; a task is only the wake-up, so a killed worker loses nothing.
    """

    class Status(models.TextChoices):
        UPLOADED = "uploaded", "Being looked at"
        ANALYSED = "analysed", "Being checked"
        READY = "ready", "Checked, waiting for your word"
        RUNNING = "running", "Being brought in"
        PAUSED = "paused", "Paused"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"
        UNDOING = "undoing", "Being taken back"
        UNDONE = "undone", "Taken back"

    MOVES = {
        "analyse": Move(frozenset({Status.UPLOADED}), Status.ANALYSED),
        "correct": Move(frozenset({Status.ANALYSED, Status.READY}), Status.ANALYSED),
        "judge": Move(frozenset({Status.ANALYSED}), Status.READY),
        "start": Move(frozenset({Status.READY}), Status.RUNNING),
        "pause": Move(frozenset({Status.RUNNING}), Status.PAUSED),
        "resume": Move(frozenset({Status.PAUSED}), Status.RUNNING),
        "finish": Move(frozenset({Status.RUNNING}), Status.DONE),
        "fail": Move(frozenset({Status.UPLOADED, Status.ANALYSED, Status.RUNNING, Status.UNDOING}), Status.FAILED),
        "cancel": Move(frozenset({Status.UPLOADED, Status.ANALYSED, Status.READY, Status.RUNNING, Status.PAUSED}), Status.CANCELLED),
        "undo": Move(frozenset({Status.PAUSED, Status.DONE, Status.FAILED, Status.CANCELLED}), Status.UNDOING),
        "finish_undo": Move(frozenset({Status.UNDOING}), Status.UNDONE),
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
    only_new = models.BooleanField(default=False, help_text="Rows that mean a contact we have are skipped.")
    dialect = models.JSONField(default=dict)
    mapping = models.JSONField(default=dict)
    columns = models.JSONField(default=list)
    preview = models.JSONField(default=list, help_text="For each column: title, field, why it was taken for that, some cells.")
    total = models.PositiveIntegerField(default=0, help_text="Rows that have their verdict.")
    analysed = models.PositiveIntegerField(default=0, help_text="The last line that has its verdict.")
    read_share = models.FloatField(default=0, help_text="How much of the file is judged, from 0 to 1.")
    applied = models.PositiveIntegerField(default=0, help_text="Rows that are in.")
    applied_to = models.PositiveIntegerField(default=0, help_text="The last line that was brought in, with all before it.")
    undone = models.PositiveIntegerField(default=0, help_text="Rows that were taken back, or kept for a reason.")
    undone_from = models.PositiveIntegerField(null=True, help_text="The first line that was taken back, with all after it.")
    rate = models.FloatField(null=True, help_text="Rows a second of late, in the work that goes on.")
    created = models.PositiveIntegerField(default=0, help_text="Rows by verdict, counted as they are written.")
    updated = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    invalid = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0, help_text="Rows that could not be taken back whole.")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0, help_text="How often a worker gave up on it.")
    problem = models.CharField(max_length=500, blank=True)
    run_after = models.DateTimeField(null=True)

    objects = ImportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="import_status_is_known",
                condition=Q(
                    status__in=[
                        *("uploaded", "analysed", "ready", "running", "paused", "done", "failed", "cancelled", "undoing", "undone"),
                    ]
                ),
            ),
            models.CheckConstraint(name="import_share_is_a_share", condition=Q(read_share__gte=0, read_share__lte=1)),
        ]
        indexes = [
            models.Index(fields=["id"], condition=OWED, name="import_owed"),
            models.Index(fields=["by", "-id"], name="import_by_person"),
        ]

    def __str__(self) -> str:
        return self.filename


class ImportRow(models.Model):
    """One line of the file and its verdict.

    Whether it was brought in is told by the import (``applied_to``), and not by a million rows written a second time. For the same
    reason the id that a new contact will have is given with the verdict. ``effect`` is what the row did beyond making its contact,
    as far as it must be known to take it back: ``{fields, phones, emails, company}``.
    """

    class Verdict(models.TextChoices):
        CREATE = "create", "New contact"
        UPDATE = "update", "Adds to a contact we have"
        DUPLICATE = "duplicate", "Nothing new"
        INVALID = "invalid", "Cannot be used"
        SKIPPED = "skipped", "Left out, as you asked"

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rows", db_index=False)
    line = models.PositiveIntegerField()
    verdict = models.CharField(max_length=10, choices=Verdict)
    cells = models.JSONField()
    candidate = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    object_id = models.UUIDField(null=True, help_text="The contact that it means: one we have, or the one it makes.")
    duplicate_of_line = models.PositiveIntegerField(null=True)
    effect = models.JSONField(null=True)
    kept_because = models.JSONField(null=True, help_text="Why it could not be taken back: a list of codes.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "line"], name="one_verdict_per_line")]
        indexes = [
            models.Index(fields=["batch", "line"], condition=Q(verdict__in=["create", "update"]), name="import_row_owed"),
            models.Index(fields=["batch", "verdict", "line"], name="import_row_verdict"),
            models.Index(fields=["batch", "line"], condition=~Q(kept_because=None), name="import_row_kept"),
            models.Index(fields=["object_id"], condition=~Q(object_id=None), name="import_row_of_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.line}: {self.verdict}"


class ImportMark(models.Model):
    """By what a later line of the same file is known as the double of an earlier one; gone once the file is judged.

    In a table and not in the worker's memory: a file may have millions, and the next worker goes on where a dead one stopped.
    """

    pk = models.CompositePrimaryKey("batch", "mark", "name_mark")
    batch = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="+", db_index=False)
    mark = models.BigIntegerField(help_text="A hash of a number, an address or an id; or of all that the row tells.")
    name_mark = models.BigIntegerField(help_text="A hash of the folded name; 0 for a nameless lead.")
    line = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.mark} on line {self.line}"
