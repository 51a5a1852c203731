"""Surveys: what they are for, their versions as a tree of questions, and the button that publishes."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.admin import StackedInline
from unfold.decorators import action

from campaigns.admin import survey_results
from campaigns.models import Question, Quota, Survey, SurveyVersion
from campaigns.surveys import picture, publishing
from config.platform.admin_base import AuditedAdmin, StorableJSONField, badge, confirmed, who
from config.platform.admin_base.pages import LEADING
from config.platform.admin_base.seen import SeenVersionForm

TONES = {"draft": "warn", "published": "good", "retired": "plain"}


@admin.register(Survey)
class SurveyAdmin(AuditedAdmin):
    """Questions that are asked of many."""

    list_display = ["name", "code", "language", "in_use", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name", "code"]
    ordering = ["name"]
    prepopulated_fields = {"code": ["name"]}
    fields = [("name", "code"), ("language", "is_active"), "about"]
    actions_detail = ["results", "begin_draft"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("versions")

    @admin.display(description="in use")
    def in_use(self, survey: Survey) -> str:
        return next((f"version {one.number}" for one in survey.versions.all() if one.status == "published"), "–")

    @action(description="Results", icon="monitoring", permissions=["view"])
    def results(self, request: HttpRequest, object_id: str) -> HttpResponse:
        survey = self.get_object(request, object_id)
        if survey is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return survey_results.show(self, request, survey)

    def has_begin_draft_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self.has_change_permission(request)

    @action(description="New version", icon="edit_note", permissions=["begin_draft"])
    def begin_draft(self, request: HttpRequest, object_id: str) -> HttpResponse:
        survey = self.get_object(request, object_id)
        if survey is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        last = survey.versions.order_by("-number").first()
        made: list[SurveyVersion] = []
        answer = confirmed(
            self, request, survey,
            title=f"A new version of {survey}",
            question="It begins with the questions of the latest version. What operators see stays as it is until you publish.",
            button="Begin",
            act=lambda: made.append(publishing.draft(survey.pk, source=last, by=who(request), now=timezone.now())),
            done="Here it is.",
        )  # fmt: skip
        return HttpResponseRedirect(reverse("admin:campaigns_surveyversion_change", args=[made[0].pk])) if made else answer


class QuestionInline(StackedInline):
    """The questions of a draft, in their order; the first is where the survey starts."""

    model: Any = Question
    extra = 0
    ordering = ["position"]
    fields = [
        ("position", "key", "kind", "is_required"), "text", "hint", ("low", "low_label", "high", "high_label"), "choices", "next",
    ]  # fmt: skip
    verbose_name_plural = "questions"
    formfield_overrides = {models.JSONField: {"form_class": StorableJSONField}}

    def _may(self, request: HttpRequest, version: models.Model | None) -> bool:
        return getattr(request.user, "role", "") in LEADING and getattr(version, "status", "draft") == SurveyVersion.Status.DRAFT

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._may(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._may(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._may(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._may(request, obj)


class QuotaInline(QuestionInline):
    """How many of which answers are wanted; a condition asks about `answers.KEY`."""

    model = Quota
    ordering = ["id"]
    fields = [("name", "most"), "condition"]
    verbose_name_plural = "quotas"


class DraftForm(SeenVersionForm):
    class Meta:
        model = SurveyVersion
        fields = ["survey", "comment", "greeting", "thanks"]


@admin.register(SurveyVersion)
class SurveyVersionAdmin(AuditedAdmin):
    """The text itself: a draft is written here; what was published is only looked at."""

    may_delete = LEADING
    actions = None
    list_display = ["survey", "number", "status_badge", "comment", "published_at", "by"]
    list_select_related = ["survey", "by"]
    list_filter = ["status"]
    search_fields = ["survey__name", "survey__code"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    autocomplete_fields = ["survey"]
    form = DraftForm
    fields = [("survey", "comment"), "greeting", "thanks", "seen_version"]
    inlines = [QuestionInline, QuotaInline]
    actions_detail = ["publish", "retire"]
    change_form_outer_before_template = "admin/survey_tree.html"

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        return self.fields if obj else [("survey", "comment")]  # the rest is written with its questions

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[str]:
        return ["survey"] if obj else []

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        is_draft = obj is None or obj.status == SurveyVersion.Status.DRAFT  # type: ignore[attr-defined]
        return is_draft and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        is_draft = obj is None or obj.status == SurveyVersion.Status.DRAFT  # type: ignore[attr-defined]
        return is_draft and super().has_delete_permission(request, obj)

    def get_inlines(self, request: HttpRequest, obj: models.Model | None) -> list[Any]:
        return [QuestionInline, QuotaInline] if obj is not None and obj.status == SurveyVersion.Status.DRAFT else []  # type: ignore[attr-defined]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        version = self.get_object(request, object_id)
        extra = dict(extra_context or {})
        if version is not None:
            questions = list(version.questions.all())
            problems = publishing.check(version) if version.status == SurveyVersion.Status.DRAFT else []
            extra |= {"survey_version": version, "tree": picture.lines(questions), "problems": problems}
        return super().change_view(request, object_id, form_url, extra)

    def save_model(self, request: HttpRequest, obj: Any, form: forms.ModelForm, change: bool) -> None:
        """A new one is begun by crm.publishing; a draft is written as a whole, when its questions are known."""
        if not change:
            begun = publishing.draft(
                form.cleaned_data["survey"].pk, comment=form.cleaned_data["comment"], by=who(request), now=timezone.now()
            )
            obj.pk, obj.number = begun.pk, begun.number

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: list[Any], change: bool) -> None:
        """Hand all that is asked to campaigns.surveys.publishing at once, as the API does."""
        if not formsets:
            return
        lists: dict[Any, list[dict[str, Any]]] = {Question: [], Quota: []}
        for formset in formsets:
            rows = [one.cleaned_data for one in formset.forms if one.cleaned_data and not one.cleaned_data.get("DELETE")]
            names = publishing.QUESTION if formset.model is Question else publishing.QUOTA
            lists[formset.model] = [
                {name: [] if row[name] is None and name in ("choices", "next") else row[name] for name in names}
                for row in sorted(rows, key=lambda row: row.get("position", 0))
            ]
            formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
        words = {name: form.cleaned_data[name] for name in publishing.WORDS}
        publishing.write(
            form.instance.pk, questions=lists[Question], quotas=lists[Quota], if_version=form.cleaned_data["seen_version"],
            by=who(request), now=timezone.now(), **words,
        )  # fmt: skip

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        publishing.discard(obj.pk, by=who(request), now=timezone.now())

    def response_add(self, request: HttpRequest, obj: models.Model, post_url_continue: str | None = None) -> HttpResponse:
        """Go on to its questions."""
        messages.success(request, "Now write its questions.")
        return HttpResponseRedirect(reverse("admin:campaigns_surveyversion_change", args=[obj.pk]))

    def has_publish_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._is_open(request, object_id, "publish")

    def has_retire_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._is_open(request, object_id, "retire")

    def _is_open(self, request: HttpRequest, object_id: str, verb: str) -> bool:
        version = self.get_object(request, object_id)
        return version is not None and self.has_add_permission(request) and verb in version.open_moves()

    @action(description="Publish", icon="publish", permissions=["publish"])
    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        version = self.get_object(request, object_id)
        return confirmed(
            self, request, version,
            title=f"Publish {version}",
            question="From now on operators see this version. It cannot be changed any more; the one before is retired.",
            button="Publish",
            act=lambda: publishing.publish(version.pk, by=who(request), now=timezone.now()),
            done="It is published.",
        )  # fmt: skip

    @action(description="Retire", icon="archive", permissions=["retire"])
    def retire(self, request: HttpRequest, object_id: str) -> HttpResponse:
        version = self.get_object(request, object_id)
        return confirmed(
            self, request, version,
            title=f"Retire {version}",
            question="The survey will have no version in use.",
            button="Retire",
            act=lambda: publishing.retire(version.pk, by=who(request), now=timezone.now()),
            done="It is retired.",
        )  # fmt: skip

    @admin.display(description="state")
    def status_badge(self, version: SurveyVersion) -> SafeString:
        return badge(version.get_status_display(), TONES[version.status])
