from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Deferrable, F, Q

from config.platform.models import LEADERS, Originated, Role, Row, User
from config.platform.moves import Movable, Move
from crm.models.scripts import choices_have_their_form, rules_have_their_form


class SurveyQuerySet(models.QuerySet["Survey"]):
    def visible_to(self, user: User) -> "SurveyQuerySet":
        """Who makes surveys sees all; everybody else those that are in use."""
        if user.role in (*LEADERS, Role.INTEGRATION):
            return self
        return self.filter(is_active=True, versions__status="published")


class Survey(Row):
    """Questions that are asked of many. The questions themselves are in its versions."""

    code = models.SlugField(max_length=50, unique=True, error_messages={"unique": "There is a survey with this code already."})
    name = models.CharField(max_length=150)
    about = models.TextField(blank=True, help_text="What it is for.")
    language = models.CharField(max_length=12, default="en", help_text="BCP 47, for instance ru or en-PH.")
    is_active = models.BooleanField(default=True, help_text="Whether it is offered.")

    objects = SurveyQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class SurveyVersionQuerySet(models.QuerySet["SurveyVersion"]):
    def visible_to(self, user: User) -> "SurveyVersionQuerySet":
        """Who makes surveys sees drafts too; everybody else what was ever published."""
        return self if user.role in (*LEADERS, Role.INTEGRATION) else self.exclude(status="draft")

    def for_api(self) -> "SurveyVersionQuerySet":
        """All that SurveyVersionSerializer shows, in a fixed number of queries."""
        return self.select_related("survey").prefetch_related("questions", "quotas")


class SurveyVersion(Movable):
    """The questions of a survey as they stood. Once published neither they nor its quotas ever change (a trigger holds that)."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        RETIRED = "retired", "Retired"

    MOVES = {
        "write": Move(frozenset({Status.DRAFT})),
        "publish": Move(frozenset({Status.DRAFT}), Status.PUBLISHED),
        "retire": Move(frozenset({Status.PUBLISHED}), Status.RETIRED),
    }

    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=9, choices=Status, default=Status.DRAFT)
    comment = models.CharField(max_length=200, blank=True, help_text="What is new in it.")
    greeting = models.TextField(blank=True, help_text="Said before the first question.")
    thanks = models.TextField(blank=True, help_text="Said after the last one.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = SurveyVersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["survey", "number"], name="one_survey_version_per_number"),
            models.UniqueConstraint(fields=["survey"], condition=Q(status="published"), name="one_published_version_per_survey"),
            models.UniqueConstraint(
                fields=["survey"],
                condition=Q(status="draft"),
                name="one_draft_per_survey",
                violation_error_message="The survey has a draft already: write in it, or remove it.",
            ),
            models.CheckConstraint(name="survey_version_status_is_known", condition=Q(status__in=["draft", "published", "retired"])),
            models.CheckConstraint(name="survey_version_in_use_was_published", condition=Q(status="draft") | Q(published_at__isnull=False)),
        ]
        indexes = [models.Index(fields=["status", "-id"], name="survey_version_by_status")]

    def __str__(self) -> str:
        return f"{self.survey}, version {self.number}"


class Question(Row):
    """One question. ``next`` are the rules that lead on: the first that holds wins; without any, the next in the list; ``end`` ends."""

    class Kind(models.TextChoices):
        SINGLE = "single", "One of several"
        MULTI = "multi", "Any of several"
        SCALE = "scale", "On a scale"
        NPS = "nps", "Would recommend us, 0 to 10"
        CSAT = "csat", "How satisfied, 1 to 5"
        CES = "ces", "How easy it was, 1 to 7"
        NUMBER = "number", "A number"
        TEXT = "text", "In their own words"
        DATE = "date", "A date"

    survey_version = models.ForeignKey(SurveyVersion, on_delete=models.CASCADE, related_name="questions")
    position = models.PositiveSmallIntegerField(help_text="Its place in the list; the first is asked first.")
    key = models.SlugField(max_length=50)
    kind = models.CharField(max_length=6, choices=Kind)
    text = models.TextField()
    hint = models.CharField(max_length=300, blank=True, help_text="For the operator.")
    is_required = models.BooleanField(default=True, help_text="It cannot be passed over.")
    choices: Any = models.JSONField(
        default=list, blank=True, validators=[choices_have_their_form], help_text="Of single and multi: [{value, label}]."
    )
    low = models.IntegerField(null=True, blank=True, help_text="Of scale and number: the least.")
    high = models.IntegerField(null=True, blank=True, help_text="Of scale and number: the most.")
    low_label = models.CharField(max_length=100, blank=True)
    high_label = models.CharField(max_length=100, blank=True)
    next: Any = models.JSONField(
        default=list,
        blank=True,
        validators=[rules_have_their_form],
        help_text='[{when, goto}]; `when` null always holds; `goto` "end" ends.',
    )

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["survey_version", "key"], name="one_question_per_key"),
            models.UniqueConstraint(
                fields=["survey_version", "position"], name="one_question_per_position", deferrable=Deferrable.DEFERRED
            ),
            models.CheckConstraint(
                name="question_kind_is_known",
                condition=Q(kind__in=["single", "multi", "scale", "nps", "csat", "ces", "number", "text", "date"]),
            ),
            models.CheckConstraint(
                name="question_range_begins_before_it_ends",
                condition=Q(low=None) | Q(high=None) | Q(low__lt=F("high")),
                violation_error_message="`low` is less than `high`.",
            ),
        ]

    def clean(self) -> None:
        if self.key == "end":
            raise ValidationError({"key": "This word ends a survey: choose another key."})

    def __str__(self) -> str:
        return self.key


class Quota(Row):
    """So many complete answers of one kind are wanted; then whoever fits is thanked and asked no more."""

    survey_version = models.ForeignKey(SurveyVersion, on_delete=models.CASCADE, related_name="quotas")
    name = models.CharField(max_length=100)
    condition: Any = models.JSONField(default=None, null=True, blank=True, help_text="On answers, as in rules: null fits everybody.")
    most = models.PositiveIntegerField(help_text="Complete answers that are wanted.")
    taken = models.PositiveIntegerField(default=0, editable=False, help_text="Complete answers that there are.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["survey_version", "name"], name="one_quota_per_name"),
            models.CheckConstraint(name="quota_is_not_exceeded", condition=Q(taken__lte=F("most"))),
            models.CheckConstraint(
                name="quota_wants_somebody", condition=Q(most__gte=1), violation_error_message="A quota wants at least one answer."
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SurveyResponseQuerySet(models.QuerySet["SurveyResponse"]):
    def visible_to(self, user: User) -> "SurveyResponseQuerySet":
        """An operator sees those that they asked; everybody else all."""
        return self.filter(agent=user) if user.role == Role.AGENT else self


class SurveyResponse(Originated, Movable):
    """One person's way through a survey. The server walks it: ``path`` are the keys of the questions on the present way, in order."""

    class State(models.TextChoices):
        STARTED = "started", "Begun"
        PARTIAL = "partial", "Answered in part"
        COMPLETE = "complete", "Complete"
        REFUSED = "refused", "They would not answer"
        BREAKOFF = "breakoff", "Broken off"
        INELIGIBLE = "ineligible", "Not whom we ask"
        QUOTA_FULL = "quota_full", "Enough of these have answered"
        UNREACHABLE = "unreachable", "They were not reached"

    STATUS_FIELD = "state"
    GOING_ON = (State.STARTED, State.PARTIAL)
    ENDS = frozenset({State.COMPLETE, State.REFUSED, State.BREAKOFF, State.INELIGIBLE, State.QUOTA_FULL, State.UNREACHABLE})
    MOVES = {
        "answer": Move(
            frozenset({State.STARTED, State.PARTIAL}), None, frozenset({State.PARTIAL, State.COMPLETE, State.QUOTA_FULL, State.INELIGIBLE})
        ),
        "go_back": Move(frozenset({State.STARTED, State.PARTIAL})),
        "refuse": Move(frozenset({State.STARTED, State.PARTIAL}), State.REFUSED),
        "break_off": Move(frozenset({State.STARTED, State.PARTIAL}), State.BREAKOFF),
        "find_ineligible": Move(frozenset({State.STARTED, State.PARTIAL}), State.INELIGIBLE),
        "find_unreachable": Move(frozenset({State.STARTED}), State.UNREACHABLE),
        "resume": Move(frozenset({State.BREAKOFF}), State.PARTIAL),
    }

    survey_version = models.ForeignKey(SurveyVersion, on_delete=models.PROTECT, related_name="responses")
    contact = models.ForeignKey("crm.Contact", null=True, blank=True, on_delete=models.PROTECT, related_name="survey_responses")
    attempt = models.ForeignKey("campaigns.Attempt", null=True, blank=True, on_delete=models.PROTECT, related_name="survey_responses")
    campaign = models.ForeignKey("campaigns.Campaign", null=True, blank=True, on_delete=models.PROTECT, related_name="survey_responses")
    call = models.ForeignKey("calls.Call", null=True, blank=True, on_delete=models.PROTECT, related_name="survey_responses")
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="survey_responses")
    topic = models.ForeignKey(
        "crm.Topic", null=True, blank=True, on_delete=models.PROTECT, related_name="survey_responses", help_text="What it is about."
    )
    department = models.ForeignKey("crm.Department", null=True, blank=True, on_delete=models.PROTECT, related_name="survey_responses")
    state = models.CharField(max_length=11, choices=State, default=State.STARTED)
    path: Any = models.JSONField(
        default=list, help_text="Keys of the questions on the present way, in order; the last waits for its answer."
    )
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    seconds = models.FloatField(null=True, help_text="From its first question to its end.")
    reason = models.CharField(max_length=300, blank=True, help_text="Why it was broken off or refused.")

    objects = SurveyResponseQuerySet.as_manager()

    class Meta(Originated.Meta):
        abstract = False
        constraints = [
            *Originated.Meta.constraints,
            models.CheckConstraint(
                name="survey_response_state_is_known",
                condition=Q(state__in=["started", "partial", "complete", "refused", "breakoff", "ineligible", "quota_full", "unreachable"]),
            ),
            models.CheckConstraint(
                name="survey_response_that_is_over_says_when",
                condition=Q(state__in=["started", "partial"], ended_at=None)
                | (~Q(state__in=["started", "partial"]) & Q(ended_at__isnull=False)),
            ),
            models.UniqueConstraint(
                fields=["attempt"],
                condition=Q(attempt__isnull=False),
                name="one_survey_response_per_attempt",
                violation_error_message="This attempt has its survey already.",
            ),
        ]
        indexes = [
            models.Index(fields=["survey_version", "state", "-id"], name="survey_response_of_version"),
            models.Index(fields=["campaign", "-id"], condition=Q(campaign__isnull=False), name="survey_response_of_campaign"),
            models.Index(fields=["contact", "-started_at", "-id"], condition=Q(contact__isnull=False), name="survey_response_of_contact"),
            models.Index(fields=["agent", "-id"], condition=Q(agent__isnull=False), name="survey_response_of_agent"),
            models.Index(fields=["call"], condition=Q(call__isnull=False), name="survey_response_of_call"),
            models.Index(fields=["started_at"], name="survey_response_by_time"),
            models.Index(fields=["survey_version", "started_at"], name="survey_response_in_time"),
            models.Index(fields=["started_at"], condition=Q(state__in=["started", "partial"]), name="survey_response_going_on"),
        ]

    def __str__(self) -> str:
        return self.get_state_display()


class Answer(Row):
    """What was answered to one question, in its last wording. Off the present way it is kept, and not counted."""

    response = models.ForeignKey(SurveyResponse, on_delete=models.CASCADE, related_name="answers")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="answers")
    value: Any = models.JSONField(null=True, help_text="A text, a number, a list of values, a date as YYYY-MM-DD; null: passed over.")
    measure = models.FloatField(null=True, help_text="Its number, where it has one: for means and shares.")
    is_counted = models.BooleanField(default=True, help_text="It lies on the present way.")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["response", "question"], name="one_answer_per_question")]
        indexes = [models.Index(fields=["question", "measure"], condition=Q(is_counted=True), name="answer_counted")]

    def __str__(self) -> str:
        return f"{self.question_id}: {self.value}"
