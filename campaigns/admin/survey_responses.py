"""What people answered, to look at."""

from django.contrib import admin
from django.utils.safestring import SafeString

from campaigns.models import Answer, Question, Quota, SurveyResponse
from config.platform.admin_base import ReadOnlyAdmin, badge
from config.platform.admin_base.pages import NOBODY

TONES = {"started": "info", "partial": "info", "complete": "good", "refused": "bad", "breakoff": "warn"}


@admin.register(SurveyResponse)
class SurveyResponseAdmin(ReadOnlyAdmin):
    """One person's way through a survey, and what they said."""

    list_display = ["started_at", "survey_version", "how_it_stands", "contact", "agent", "campaign", "seconds"]
    list_select_related = ["survey_version__survey", "contact", "agent", "campaign"]
    list_filter = ["state"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = [
        ("survey_version", "state", "reason"), ("contact", "agent"), ("campaign", "attempt", "call"), ("topic", "department"),
        ("started_at", "ended_at", "seconds"), "path", "said",
    ]  # fmt: skip
    readonly_fields = ["said"]

    @admin.display(description="state")
    def how_it_stands(self, response: SurveyResponse) -> SafeString:
        return badge(response.get_state_display(), TONES.get(response.state, "plain"))

    @admin.display(description="answers")
    def said(self, response: SurveyResponse) -> str:
        """Each answer on a line; those off the way in brackets."""
        answers = response.answers.select_related("question").order_by("question__position")
        lines = [f"{one.question.key}: {'–' if one.value is None else one.value}" for one in answers if one.is_counted]
        return "\n".join([*lines, *(f"({one.question.key}: {one.value}, not counted)" for one in answers if not one.is_counted)]) or "–"


@admin.register(Answer)
class AnswerAdmin(ReadOnlyAdmin):
    """Single answers, for who looks for one."""

    may_add = may_change = may_delete = NOBODY
    list_display = ["at", "question", "value", "is_counted"]
    list_select_related = ["question"]
    list_filter = ["is_counted"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = [("response", "question"), "value", ("measure", "is_counted", "at")]


@admin.register(Question)
class QuestionAdmin(ReadOnlyAdmin):
    """Single questions of all versions. They are written on the page of their version."""

    may_add = may_change = may_delete = NOBODY
    list_display = ["key", "survey_version", "kind", "text"]
    list_select_related = ["survey_version__survey"]
    list_filter = ["kind"]
    search_fields = ["key"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = [
        ("survey_version", "position", "key", "kind"), "text", "hint", ("is_required", "low", "high"), ("low_label", "high_label"), "choices",
        "next",
    ]  # fmt: skip


@admin.register(Quota)
class QuotaAdmin(ReadOnlyAdmin):
    """How full the quotas are. They are written on the page of their version."""

    may_add = may_change = may_delete = NOBODY
    list_display = ["survey_version", "name", "taken", "most"]
    list_select_related = ["survey_version__survey"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = [("survey_version", "name"), "condition", ("taken", "most")]
