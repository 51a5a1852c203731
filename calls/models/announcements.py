from django.conf import settings
from django.db import models
from django.db.models import Q

from calls.models.queues import Queue
from config.platform.models import LEADERS, Row, User


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    def visible_to(self, user: User) -> "AnnouncementQuerySet":
        """Leaders see all; anybody else what is said to everybody, to their teams and to the queues they serve."""
        return self if user.role in LEADERS else self.for_person(user)

    def for_person(self, user: User) -> "AnnouncementQuerySet":
        """What is said to this person."""
        teams = list(user.teams.filter(is_active=True).values_list("pk", flat=True))
        queues = Queue.objects.filter(teams__in=teams).values("pk")
        return self.filter(Q(team=None, queue=None) | Q(team__in=teams) | Q(queue__in=queues))

    def current(self, now) -> "AnnouncementQuerySet":
        """Those that still hold."""
        return self.filter(until__gt=now, withdrawn_at=None)


class Announcement(Row):
    """A word to everybody, to a team, or to the people of a queue, that holds until it ends or is taken back."""

    text = models.TextField(max_length=2000)
    team = models.ForeignKey("crm.Team", null=True, blank=True, on_delete=models.CASCADE, related_name="announcements")
    queue = models.ForeignKey("calls.Queue", null=True, blank=True, on_delete=models.CASCADE, related_name="announcements")
    until = models.DateTimeField(help_text="Screens show it so long.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False)
    withdrawn_at = models.DateTimeField(null=True, editable=False)

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="announcement_has_one_audience",
                condition=Q(team=None) | Q(queue=None),
                violation_error_message="Say it to a team or to the people of a queue, not to both.",
            )
        ]
        indexes = [models.Index(fields=["until"], name="announcement_until")]

    def __str__(self) -> str:
        return self.text[:80]
