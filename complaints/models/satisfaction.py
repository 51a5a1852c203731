from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q

from complaints.models.complaints import Complaint
from config.platform.models import Role, User
from config.platform.moves import Movable, Move


class SatisfactionQuerySet(models.QuerySet["Satisfaction"]):
    def visible_to(self, user: User) -> "SatisfactionQuerySet":
        """Whoever sees the complaint."""
        if user.role != Role.BACK_OFFICE:
            return self
        return self.filter(complaint__in=Complaint.objects.visible_to(user).values("pk"))

    def open(self, now: datetime) -> "SatisfactionQuerySet":
        """Those that may still be answered."""
        return self.filter(state__in=["owed", "asked"], expires_at__gt=now)


class Satisfaction(Movable):
    """The question put to a customer when their complaint is closed: once for each closing, answered on a call or on the page of a link.

    Of the link's token only the SHA-256 is kept (as of API tokens), and an answer uses it up.
    """

    class State(models.TextChoices):
        OWED = "owed", "To be asked"
        ASKED = "asked", "A link was given"
        ANSWERED = "answered", "Answered"
        DECLINED = "declined", "They would not say"
        EXPIRED = "expired", "No answer came"

    class Via(models.TextChoices):
        CALL = "call", "On a call"
        LINK = "link", "On the page of a link"

    STATUS_FIELD = "state"
    MOVES = {
        "ask": Move(frozenset({State.OWED, State.ASKED}), State.ASKED),
        "answer": Move(frozenset({State.OWED, State.ASKED}), State.ANSWERED),
        "decline": Move(frozenset({State.OWED, State.ASKED}), State.DECLINED),
        "expire": Move(frozenset({State.OWED, State.ASKED}), State.EXPIRED),
    }

    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="satisfactions")
    cycle = models.PositiveSmallIntegerField(default=1, help_text="Which closing of the complaint it is about.")
    state = models.CharField(max_length=8, choices=State, default=State.OWED)
    department = models.ForeignKey("crm.Department", null=True, on_delete=models.PROTECT, related_name="+", help_text="As it was closed.")
    topic = models.ForeignKey("crm.Topic", null=True, on_delete=models.PROTECT, related_name="+")
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    digest = models.BinaryField(max_length=32, null=True, unique=True, editable=False)
    asked_at = models.DateTimeField(null=True)
    asked_via = models.CharField(
        max_length=8, blank=True, help_text="`email`: we sent the link; `link`: it was given to whoever asked for it."
    )
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answered_via = models.CharField(max_length=4, choices=Via, blank=True)
    score = models.PositiveSmallIntegerField(null=True, help_text="1 (not at all content) to 5 (entirely).")
    is_solved = models.BooleanField(null=True, help_text="Whether they say that it is solved.")
    comment = models.TextField(blank=True)
    call = models.ForeignKey("calls.Call", null=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", help_text="Who wrote the answer down."
    )

    objects = SatisfactionQuerySet.as_manager()

    class Meta:
        verbose_name = "satisfaction"
        verbose_name_plural = "satisfaction"
        constraints = [
            models.UniqueConstraint(fields=["complaint", "cycle"], name="satisfaction_is_asked_once_a_closing"),
            models.CheckConstraint(name="satisfaction_score_is_one_to_five", condition=Q(score=None) | Q(score__gte=1, score__lte=5)),
            models.CheckConstraint(
                name="satisfaction_that_is_answered_has_a_score",
                condition=~Q(state="answered") | Q(score__isnull=False, answered_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(state__in=["owed", "asked"]), name="satisfaction_open"),
            models.Index(fields=["answered_at"], condition=Q(state="answered"), name="satisfaction_answered"),
            models.Index(fields=["department", "-id"], name="satisfaction_of_department"),
            models.Index(fields=["agent", "-id"], condition=Q(agent__isnull=False), name="satisfaction_of_agent"),
        ]

    def __str__(self) -> str:
        return f"{self.complaint} {self.cycle}"
