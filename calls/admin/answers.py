"""What was read to callers, and what nobody could answer."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action

from calls import unanswered
from calls.models import ArticleUse, QuestionAsked, UnansweredQuestion
from config.platform.admin_base import AuditedAdmin, ReadOnlyAdmin, badge, confirmed, who
from config.platform.admin_base.pages import NOBODY
from config.platform.admin_base.ranges import RangeDateTimeFilter

TONES = {"open": "warn", "answered": "good", "dismissed": "plain"}


@admin.register(ArticleUse)
class ArticleUseAdmin(ReadOnlyAdmin):
    """Which article was read on which call, and whether it helped."""

    list_display = ["at", "article", "article_version", "agent", "call", "queue", "topic", "helpful"]
    list_select_related = ["article", "article_version", "agent", "call", "topic"]
    list_filter = [("agent", AutocompleteSelectFilter), ("at", RangeDateTimeFilter)]
    ordering = ["-at", "-id"]
    sortable_by: list[str] = []


class TimesInline(TabularInline):
    model = QuestionAsked
    verbose_name_plural = "Asked"
    fields = readonly_fields = ["at", "text", "source", "agent", "call", "topic"]
    ordering = ["-at"]
    extra = max_num = 0
    can_delete = False
    hide_title = True
    per_page = 50

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).select_related("agent", "call", "topic")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class QuestionForm(forms.ModelForm):
    class Meta:
        model = UnansweredQuestion
        fields = ["article"]
        help_texts = {"article": "Which article answers it from now on."}


@admin.register(UnansweredQuestion)
class UnansweredQuestionAdmin(AuditedAdmin):
    """Asked, but not answered: what callers want to know and no article says. Choose the article that answers it."""

    may_add = may_delete = NOBODY
    actions = None
    form = QuestionForm
    list_display = ["text", "asked_count", "language", "topic", "status_badge", "last_asked_at"]
    list_select_related = ["topic"]
    list_filter = ["status"]
    search_fields = ["key"]
    search_help_text = "By the beginning of the question"
    ordering = ["-asked_count", "-id"]
    sortable_by: list[str] = []
    autocomplete_fields = ["article"]
    readonly_fields = ["text", "language", "topic", "status_badge", "asked_count", "first_asked_at", "last_asked_at"]
    fields = ["text", ("language", "topic", "status_badge"), ("asked_count", "first_asked_at", "last_asked_at"), "article"]
    inlines = [TimesInline]
    actions_detail = ["dismiss", "reopen"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).select_related("topic", "article")

    def found(self, request: HttpRequest, queryset: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
        return queryset.filter(key__startswith=unanswered.key_of(text))

    def save_model(self, request: HttpRequest, obj: models.Model, form: forms.ModelForm, change: bool) -> None:
        """Written in ``save_related``."""

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: list[Any], change: bool) -> None:
        article = form.cleaned_data["article"]
        if "article" in form.changed_data and article is not None:
            unanswered.answer(form.instance.pk, article=article, by=who(request), now=timezone.now())

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> list[Any]:
        return []

    def _open(self, request: HttpRequest, object_id: str, verb: str) -> bool:
        question = self.get_object(request, object_id)
        return question is not None and self.has_change_permission(request) and verb in question.open_moves()

    def has_dismiss_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._open(request, object_id, "dismiss")

    def has_reopen_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._open(request, object_id, "reopen")

    @action(description="Needs no answer", icon="block", permissions=["dismiss"])
    def dismiss(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = self.get_object(request, object_id)
        return confirmed(
            self, request, question, title=f"Dismiss: {question}", question="It leaves the list, and being asked again does not bring it back.",
            button="Dismiss", act=lambda: unanswered.dismiss(question.pk, by=who(request), now=timezone.now()), done="It needs no answer.",
        )  # fmt: skip

    @action(description="Open again", icon="undo", permissions=["reopen"])
    def reopen(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = self.get_object(request, object_id)
        return confirmed(
            self, request, question, title=f"Open again: {question}", question="It waits for an answer again.", button="Open again",
            act=lambda: unanswered.reopen(question.pk, by=who(request), now=timezone.now()), done="It is open again.",
        )  # fmt: skip

    @admin.display(description="state")
    def status_badge(self, question: UnansweredQuestion) -> SafeString:
        return badge(question.get_status_display(), TONES[question.status])


@admin.register(QuestionAsked)
class QuestionAskedAdmin(ReadOnlyAdmin):
    """Each time that something was asked and not answered."""

    list_display = ["at", "text", "question", "source", "agent", "call", "topic"]
    list_select_related = ["question", "agent", "call", "topic"]
    list_filter = [("agent", AutocompleteSelectFilter)]
    ordering = ["-id"]
    sortable_by: list[str] = []
