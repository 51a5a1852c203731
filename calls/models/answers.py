from django.conf import settings
from django.db import models
from django.db.models import Q

from config.platform.models import LEADERS, Role, Row, User
from config.platform.moves import Movable, Move


class ArticleUseQuerySet(models.QuerySet["ArticleUse"]):
    def visible_to(self, user: User) -> "ArticleUseQuerySet":
        """Leaders and the back office see every use; an operator and an integration their own."""
        return self if user.role in (*LEADERS, Role.BACK_OFFICE) else self.filter(agent=user)


class ArticleUse(Row):
    """That somebody read an article to a caller. On a call each version counts once, however often the key was pressed."""

    call = models.ForeignKey("calls.Call", null=True, blank=True, on_delete=models.PROTECT, related_name="article_uses", db_index=False)
    article = models.ForeignKey("crm.Article", on_delete=models.PROTECT, related_name="+", db_index=False)
    article_version = models.ForeignKey("crm.ArticleVersion", on_delete=models.PROTECT, related_name="+")
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    helpful = models.BooleanField(null=True, blank=True, help_text="Whether it answered the question; empty: nobody said.")
    queue = models.CharField(max_length=100, blank=True, help_text="Of the call, at that time.")
    topic = models.ForeignKey("crm.Topic", null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="At that time.")
    key = models.PositiveSmallIntegerField(null=True, blank=True, help_text="The key that was pressed, 1 to 9.")

    objects = ArticleUseQuerySet.as_manager()

    class Meta:
        verbose_name = "use of an article"
        verbose_name_plural = "uses of articles"
        constraints = [
            models.UniqueConstraint(fields=["call", "article_version"], condition=~Q(call=None), name="one_use_per_call_and_version"),
            models.CheckConstraint(name="article_use_key_is_1_to_9", condition=Q(key=None) | Q(key__gte=1, key__lte=9)),
        ]
        indexes = [
            models.Index(fields=["-at", "-id"], name="article_use_by_time"),
            models.Index(fields=["article", "-at", "-id"], name="article_use_of_article"),
            models.Index(fields=["agent", "-at", "-id"], name="article_use_of_agent", condition=~Q(agent=None)),
            models.Index(fields=["queue", "-at"], include=["article"], name="article_use_in_queue", condition=~Q(queue="")),
        ]

    def __str__(self) -> str:
        return str(self.at)


class UnansweredQuestionQuerySet(models.QuerySet["UnansweredQuestion"]):
    def visible_to(self, user: User) -> "UnansweredQuestionQuerySet":
        """Whoever may read the list may read all of it."""
        return self


class UnansweredQuestion(Movable):
    """A question that no article answers. The same one asked in other case, order of signs or ё is one row, with how often it was asked."""

    class Status(models.TextChoices):
        OPEN = "open", "Waits for an answer"
        ANSWERED = "answered", "An article answers it"
        DISMISSED = "dismissed", "Needs no answer"

    MOVES = {
        "ask_again": Move(frozenset({Status.OPEN, Status.ANSWERED}), Status.OPEN),
        "answer": Move(frozenset({Status.OPEN, Status.DISMISSED}), Status.ANSWERED),
        "dismiss": Move(frozenset({Status.OPEN}), Status.DISMISSED),
        "reopen": Move(frozenset({Status.ANSWERED, Status.DISMISSED}), Status.OPEN),
    }

    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    key = models.CharField(max_length=300, unique=True, editable=False, help_text="The folded text: what makes two questions one.")
    text = models.CharField(max_length=300, help_text="As it was asked last.")
    language = models.CharField(max_length=12, blank=True)
    topic = models.ForeignKey("crm.Topic", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    asked_count = models.PositiveIntegerField(default=0)
    first_asked_at = models.DateTimeField()
    last_asked_at = models.DateTimeField()
    article = models.ForeignKey(
        "crm.Article", null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="That answers it."
    )

    objects = UnansweredQuestionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="question_status_is_known", condition=Q(status__in=["open", "answered", "dismissed"])),
            models.CheckConstraint(name="question_answered_has_its_article", condition=~Q(status="answered") | ~Q(article=None)),
        ]
        indexes = [
            models.Index(fields=["status", "-asked_count", "-id"], name="question_by_count"),
            models.Index(fields=["-asked_count", "-id"], name="question_most_asked"),
            models.Index(fields=["-last_asked_at", "-id"], name="question_by_time"),
            models.Index(fields=["language", "-id"], name="question_language"),
        ]

    def __str__(self) -> str:
        return self.text


class QuestionAsked(models.Model):
    """One time that a question was asked and nothing was found."""

    class Source(models.TextChoices):
        SEARCH = "search", "A search that found nothing"
        TOLD = "told", "The operator said so"

    id = models.BigAutoField(primary_key=True)
    question = models.ForeignKey(UnansweredQuestion, on_delete=models.CASCADE, related_name="times")
    source = models.CharField(max_length=10, choices=Source)
    text = models.CharField(max_length=300)
    at = models.DateTimeField()
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    call = models.ForeignKey("calls.Call", null=True, on_delete=models.PROTECT, related_name="+")
    topic = models.ForeignKey("crm.Topic", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "time a question was asked"
        verbose_name_plural = "times questions were asked"
        constraints = [
            models.UniqueConstraint(fields=["call", "question"], condition=~Q(call=None), name="one_question_once_per_call"),
        ]
        indexes = [
            models.Index(fields=["at", "question"], name="question_asked_at"),
            models.Index(fields=["agent", "-at"], name="question_asked_by", condition=~Q(agent=None)),
        ]

    def __str__(self) -> str:
        return self.text
