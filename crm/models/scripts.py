from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from config.platform.models import LEADERS, Role, Row, User
from config.platform.moves import Movable, Move


def rules_have_their_form(value: Any) -> None:
    """Refuse what is no list of ``{when, goto}``.

    Raises:
        ValidationError
    """
    if not isinstance(value, list) or not all(
        isinstance(rule, dict) and set(rule) == {"when", "goto"} and isinstance(rule["goto"], str) and isinstance(rule["when"], dict | None)
        for rule in value
    ):
        raise ValidationError(
            'Rules look like [{"when": {"field": "answer", "is": "yes"}, "goto": "offer"}, {"when": null, "goto": "bye"}].'
        )


def choices_have_their_form(value: Any) -> None:
    """Refuse what is no list of ``{value, label}``.

    Raises:
        ValidationError
    """
    if not isinstance(value, list) or not all(
        isinstance(choice, dict) and set(choice) == {"value", "label"} and all(isinstance(text, str) and text for text in choice.values())
        for choice in value
    ):
        raise ValidationError('Choices look like [{"value": "yes", "label": "Yes"}, {"value": "no", "label": "No"}].')


class ScriptQuerySet(models.QuerySet["Script"]):
    def visible_to(self, user: User) -> "ScriptQuerySet":
        """Who writes scripts sees all; everybody else those that are in use."""
        if user.role in (*LEADERS, Role.INTEGRATION):
            return self
        return self.filter(is_active=True, versions__status="published")

    def for_api(self) -> "ScriptQuerySet":
        """All that ScriptSerializer shows, in a fixed number of queries."""
        return self.prefetch_related("topics", "versions")


class Script(Row):
    """What operators say in a kind of call. The text itself is in its versions.

    Scripts that say the same in several languages share ``translation_key``.
    """

    class Purpose(models.TextChoices):
        INBOUND = "inbound", "Somebody calls us"
        OUTBOUND = "outbound", "We call somebody"
        SURVEY = "survey", "We ask somebody's opinion"

    code = models.SlugField(max_length=50, unique=True, error_messages={"unique": "There is a script with this code already."})
    name = models.CharField(max_length=100)
    purpose = models.CharField(max_length=10, choices=Purpose)
    language = models.CharField(max_length=12, help_text="BCP 47, for instance ru or en-PH.")
    translation_key = models.SlugField(max_length=50, blank=True, help_text="Shared by the scripts that say the same in other languages.")
    topics = models.ManyToManyField("crm.Topic", blank=True, related_name="scripts", help_text="None: for any topic.")
    queues = ArrayField(models.CharField(max_length=100), default=list, blank=True, help_text="Queues it is for. None: for any.")
    department = models.ForeignKey("crm.Department", null=True, blank=True, on_delete=models.PROTECT, related_name="scripts")
    is_active = models.BooleanField(default=True, help_text="Whether it is offered for new calls.")

    objects = ScriptQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="script_purpose_is_known", condition=Q(purpose__in=["inbound", "outbound", "survey"])),
            models.UniqueConstraint(
                name="one_script_per_language_of_a_translation",
                fields=["translation_key", "language"],
                condition=~Q(translation_key=""),
                violation_error_message="Another script of this translation key is in this language already.",
            ),
        ]
        indexes = [
            models.Index(fields=["purpose", "code"], condition=Q(is_active=True), name="script_offered"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"


class ScriptVersionQuerySet(models.QuerySet["ScriptVersion"]):
    def visible_to(self, user: User) -> "ScriptVersionQuerySet":
        """Who writes scripts sees drafts too; everybody else what was ever published, so that an old run can be read."""
        if user.role in (*LEADERS, Role.INTEGRATION):
            return self
        return self.exclude(status=ScriptVersion.Status.DRAFT)

    def for_api(self) -> "ScriptVersionQuerySet":
        """All that ScriptVersionSerializer shows, in a fixed number of queries."""
        return self.select_related("script").prefetch_related("steps")

    def in_use(self) -> "ScriptVersionQuerySet":
        """Those that a new call may be given."""
        return self.filter(status=ScriptVersion.Status.PUBLISHED, script__is_active=True)


class ScriptVersion(Movable):
    """The text of a script as it stood. Once published neither it nor its steps ever change (a trigger holds that)."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        RETIRED = "retired", "Retired"

    MOVES = {
        "write": Move(frozenset({Status.DRAFT})),
        "publish": Move(frozenset({Status.DRAFT}), Status.PUBLISHED),
        "retire": Move(frozenset({Status.PUBLISHED}), Status.RETIRED),
    }

    script = models.ForeignKey(Script, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    comment = models.CharField(max_length=200, blank=True, help_text="What is new in it.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = ScriptVersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["script", "number"], name="one_script_version_per_number"),
            models.UniqueConstraint(fields=["script"], condition=Q(status="published"), name="one_published_version_per_script"),
            models.UniqueConstraint(
                fields=["script"],
                condition=Q(status="draft"),
                name="one_draft_per_script",
                violation_error_message="The script has a draft already: write in it, or remove it.",
            ),
            models.CheckConstraint(name="script_version_status_is_known", condition=Q(status__in=["draft", "published", "retired"])),
            models.CheckConstraint(name="script_version_in_use_was_published", condition=Q(status="draft") | Q(published_at__isnull=False)),
        ]
        indexes = [models.Index(fields=["status", "-id"], name="script_version_by_status")]

    def __str__(self) -> str:
        return f"{self.script}, version {self.number}"


class ScriptStep(Row):
    """One thing to say, to ask, to write down or to decide. ``next`` are the rules that lead on; the first that holds wins."""

    class Kind(models.TextChoices):
        SAY = "say", "Say"
        ASK = "ask", "Ask"
        FIELD = "field", "Ask and write down"
        BRANCH = "branch", "Decide"
        END = "end", "End"

    script_version = models.ForeignKey(ScriptVersion, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField(help_text="Its place in the list; the first is where the script starts.")
    key = models.SlugField(max_length=50)
    kind = models.CharField(max_length=10, choices=Kind)
    text = models.TextField(blank=True, help_text="With placeholders like {contact.name}.")
    must_say = models.BooleanField(default=False, help_text="Counts in the adherence to the script.")
    choices: Any = models.JSONField(
        default=list, blank=True, validators=[choices_have_their_form], help_text="Of ask: [{value, label}]; none: any text."
    )
    field = models.CharField(max_length=60, blank=True, help_text="Of field: what of the contact is written.")
    next: Any = models.JSONField(
        default=list, blank=True, validators=[rules_have_their_form], help_text="[{when, goto}]; `when` null always holds."
    )
    outcome = models.SlugField(max_length=50, blank=True, help_text="Of end: how the conversation came out.")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["script_version", "key"], name="one_step_per_key"),
            models.CheckConstraint(name="script_step_kind_is_known", condition=Q(kind__in=["say", "ask", "field", "branch", "end"])),
            models.CheckConstraint(
                name="only_an_asking_step_has_choices",
                condition=Q(kind="ask") | Q(choices=[]),
                violation_error_message="Only a step that asks has choices.",
            ),
        ]

    def __str__(self) -> str:
        return self.key
