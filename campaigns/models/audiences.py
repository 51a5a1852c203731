from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from campaigns.models.campaigns import Campaign
from config.platform.models import Row
from config.platform.moves import Movable, Move
from crm.models.catalogue import OpenToAll


class ContactList(Row):
    """Contacts that somebody put together by hand or from a file: a list to call, or to leave out."""

    name = models.CharField(max_length=100, unique=True, error_messages={"unique": "There is a list of this name already."})
    about = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False)

    objects = OpenToAll.as_manager()

    class Meta:
        verbose_name = "list of contacts"
        verbose_name_plural = "lists of contacts"

    def __str__(self) -> str:
        return self.name


class ContactListMember(models.Model):
    """One contact on a list."""

    id = models.BigAutoField(primary_key=True)
    contact_list = models.ForeignKey(ContactList, on_delete=models.CASCADE, related_name="members")
    contact = models.ForeignKey("crm.Contact", on_delete=models.PROTECT, related_name="contact_lists")
    added_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False)

    class Meta:
        verbose_name = "contact on a list"
        verbose_name_plural = "contacts on lists"
        constraints = [models.UniqueConstraint(fields=["contact_list", "contact"], name="one_contact_once_on_a_list")]

    def __str__(self) -> str:
        return f"{self.contact_id} on {self.contact_list_id}"


class AudienceSource(Row):
    """Whom a campaign is for, or not for: a filter, a list, an import. Who is in an excluding one is left out, whatever includes them."""

    class Mode(models.TextChoices):
        INCLUDE = "include", "These"
        EXCLUDE = "exclude", "But not these"

    class Kind(models.TextChoices):
        FILTER = "filter", "Whoever fits a filter"
        LIST = "list", "A list of contacts"
        IMPORT = "import", "The contacts of an import"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="sources")
    mode = models.CharField(max_length=7, choices=Mode, default=Mode.INCLUDE)
    kind = models.CharField(max_length=6, choices=Kind)
    saved_filter = models.ForeignKey(
        "crm.SavedFilter",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Where the query came from: it is copied when `query` is empty.",
    )
    query: Any = models.JSONField(default=dict, blank=True, help_text="Of a filter: names and values as the list of contacts takes them.")
    contact_list = models.ForeignKey(ContactList, null=True, blank=True, on_delete=models.PROTECT, related_name="audience_sources")
    imported = models.ForeignKey("crm.Import", null=True, blank=True, on_delete=models.PROTECT, related_name="audience_sources")
    priority = models.SmallIntegerField(default=0, help_text="Of the contacts that come from it: higher ones are called first.")

    class Meta:
        ordering = ["mode", "id"]
        constraints = [
            models.CheckConstraint(
                name="audience_source_says_what_it_is",
                condition=Q(kind="filter", contact_list=None, imported=None)
                | Q(kind="list", contact_list__isnull=False, imported=None, saved_filter=None)
                | Q(kind="import", imported__isnull=False, contact_list=None, saved_filter=None),
                violation_error_message="Give `query` or `saved_filter` for a filter, `contact_list` for a list, `imported` for an import.",
            ),
            models.CheckConstraint(
                name="audience_source_priority_is_within_reason",
                condition=Q(priority__gte=-100, priority__lte=100),
                violation_error_message="A priority is from -100 to 100.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_mode_display()}: {self.get_kind_display()}"


class AudienceRun(Movable):
    """One building of an audience: goes through the contacts in batches, in the order of their ids, and can be taken up anywhere."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    class Kind(models.TextChoices):
        BUILD = "build", "The first time"
        NEWCOMERS = "newcomers", "Those who fit since"

    MOVES = {
        "begin": Move(frozenset({Status.WAITING}), Status.RUNNING),
        "finish": Move(frozenset({Status.RUNNING}), Status.DONE),
        "fail": Move(frozenset({Status.WAITING, Status.RUNNING}), Status.FAILED),
        "cancel": Move(frozenset({Status.WAITING, Status.RUNNING}), Status.CANCELLED),
    }

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="audience_runs")
    kind = models.CharField(max_length=9, choices=Kind, default=Kind.BUILD)
    status = models.CharField(max_length=9, choices=Status, default=Status.WAITING)
    asked_at = models.DateTimeField(help_text="The moment from which relative dates of filters count.")
    sources: Any = models.JSONField(default=list, help_text="As they were when it began.")
    total = models.PositiveIntegerField(null=True, help_text="Contacts that the sources name; null until they are counted.")
    seen = models.PositiveIntegerField(default=0)
    seen_to = models.UUIDField(null=True, help_text="The last contact that was looked at, with all before it.")
    added = models.PositiveIntegerField(default=0)
    left_out = models.PositiveIntegerField(default=0)
    reasons: Any = models.JSONField(default=dict, help_text="How many were left out for which reason.")
    rate = models.FloatField(null=True, help_text="Contacts a second of late.")
    failures = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=500, blank=True)
    run_after = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign"],
                condition=Q(status__in=["waiting", "running"]),
                name="one_audience_run_at_a_time",
                violation_error_message="The audience of this campaign is being built.",
            ),
        ]
        indexes = [
            models.Index(fields=["campaign", "-id"], name="audience_run_of_campaign"),
            models.Index(fields=["id"], condition=Q(status__in=["waiting", "running"]), name="audience_run_owed"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.get_status_display()}"


class LeftOut(models.Model):
    """Somebody whom the sources name and who is no target, and why."""

    id = models.BigAutoField(primary_key=True)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="left_out")
    contact = models.ForeignKey("crm.Contact", on_delete=models.PROTECT, related_name="left_out_of")
    run = models.ForeignKey(AudienceRun, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(
        max_length=50, help_text="`excluded`, or the code of the gate's finding: no_number, suppressed, consent_missing …"
    )
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "contact left out"
        verbose_name_plural = "contacts left out"
        constraints = [models.UniqueConstraint(fields=["campaign", "contact"], name="one_reason_to_leave_a_contact_out")]
        indexes = [models.Index(fields=["campaign", "reason", "-id"], name="left_out_reason")]

    def __str__(self) -> str:
        return self.reason
