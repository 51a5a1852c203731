from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q

from config.platform.models.rows import Row

OWED = Q(sent_at=None, given_up_at=None)


class LetterQuerySet(models.QuerySet["Letter"]):
    def owed(self) -> "LetterQuerySet":
        """Those that are neither sent nor given up."""
        return self.filter(OWED)

    def due(self, now: datetime) -> "LetterQuerySet":
        """Owed ones whose time has come, the longest waiting first."""
        return self.owed().filter(due_at__lte=now).order_by("due_at", "id")


class Letter(Row):
    """An e-mail that is owed: written in the transaction that causes it, sent by a sweep (``config.platform.mailing``).

    ``tries`` counts before each try, so a letter that kills whoever sends it is seen. It may come twice to its reader, then both times
    with the same Message-ID, which is made of ``id``.
    """

    to = models.EmailField(blank=True, max_length=254, help_text="Blank once the person was erased.")
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    subject = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    key = models.CharField(max_length=200, null=True, unique=True, help_text="The same news is owed once.")  # noqa: DJ001 (unique when given)
    about = models.UUIDField(null=True, blank=True, help_text="The complaint, the survey … that it tells of.")
    contact = models.UUIDField(null=True, blank=True, help_text="The contact that it speaks of, so that erasing finds it.")
    owed_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="When it is tried next.")
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    given_up_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=500, blank=True)

    objects = LetterQuerySet.as_manager()

    class Meta:
        verbose_name = "letter"
        constraints = [
            models.CheckConstraint(condition=Q(sent_at=None) | Q(given_up_at=None), name="a_letter_is_sent_or_given_up_not_both"),
            models.CheckConstraint(condition=~Q(to="") | ~OWED, name="a_letter_that_is_owed_says_to_whom"),
            models.CheckConstraint(condition=Q(key=None) | ~Q(key=""), name="the_key_of_a_letter_says_something"),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=OWED, name="letter_due"),
            models.Index(fields=["sent_at"], condition=Q(sent_at__isnull=False), name="letter_sent"),
            models.Index(fields=["given_up_at"], condition=Q(given_up_at__isnull=False), name="letter_given_up"),
            models.Index(fields=["about"], condition=Q(about__isnull=False), name="letter_about"),
            models.Index(fields=["contact"], condition=Q(contact__isnull=False), name="letter_of_contact"),
            models.Index(fields=["to"], name="letter_to"),
        ]

    def __str__(self) -> str:
        return self.subject
