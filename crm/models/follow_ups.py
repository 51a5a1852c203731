from django.conf import settings
from django.db import models
from django.db.models import Q

from config.platform.models import Originated, User
from config.platform.moves import Movable, Move
from crm.models.contacts import Contact


class TaskQuerySet(models.QuerySet["Task"]):
    def visible_to(self, user: User) -> "TaskQuerySet":
        """What is promised to a customer is everybody's business: whoever takes the next call must know."""
        return self

    def open(self) -> "TaskQuerySet":
        """Those that somebody still has to do."""
        return self.filter(status="open")


class Task(Originated, Movable):
    """Something promised: what, until when, by whom, and for which contact."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"

    MOVES = {
        "complete": Move(frozenset({Status.OPEN}), Status.DONE),
        "cancel": Move(frozenset({Status.OPEN}), Status.CANCELLED),
        "reopen": Move(frozenset({Status.DONE, Status.CANCELLED}), Status.OPEN),
    }

    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    title = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.PROTECT, related_name="tasks")
    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="tasks")
    team = models.ForeignKey("crm.Team", null=True, blank=True, on_delete=models.PROTECT, related_name="tasks")
    due_at = models.DateTimeField(null=True, blank=True)
    result = models.TextField(blank=True, help_text="What came of it.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False)

    objects = TaskQuerySet.as_manager()

    class Meta(Originated.Meta):
        abstract = False
        constraints = [
            *Originated.Meta.constraints,
            models.CheckConstraint(name="task_status_is_known", condition=Q(status__in=["open", "done", "cancelled"])),
            models.CheckConstraint(
                name="task_that_is_over_says_when",
                condition=Q(status="open", ended_at=None) | (~Q(status="open") & Q(ended_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(fields=["assignee", "due_at", "id"], condition=Q(status="open"), name="task_of_assignee"),
            models.Index(fields=["team", "due_at", "id"], condition=Q(status="open"), name="task_of_team"),
            models.Index(fields=["due_at", "id"], condition=Q(status="open"), name="task_due"),
            models.Index(fields=["contact", "-created_at", "-id"], condition=~Q(contact=None), name="task_of_contact"),
            models.Index(fields=["status", "-id"], name="task_status"),
            models.Index(fields=["assignee", "-id"], condition=~Q(assignee=None), name="task_of_person"),
            models.Index(fields=["team", "-id"], condition=~Q(team=None), name="task_of_team_all"),
        ]

    def __str__(self) -> str:
        return self.title
