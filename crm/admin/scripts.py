"""Scripts: what they are for, their versions as a tree of steps, and the button that publishes."""

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

from config.platform.admin_base import AuditedAdmin, ReadOnlyAdmin, StorableJSONField, badge, confirmed, who
from config.platform.admin_base.pages import LEADING, NOBODY
from config.platform.admin_base.seen import SeenVersionForm
from crm import script_picture, scripts
from crm.models import Script, ScriptStep, ScriptVersion

TONES = {"draft": "warn", "published": "good", "retired": "plain"}


@admin.register(Script)
class ScriptAdmin(AuditedAdmin):
    """What operators say, by kind of call, topic and language."""

    list_display = ["name", "code", "purpose", "language", "in_use", "is_active"]
    list_filter = ["purpose", "is_active"]
    search_fields = ["name", "code"]
    ordering = ["name"]
    autocomplete_fields = ["topics", "department"]
    prepopulated_fields = {"code": ["name"]}
    fields = [("name", "code"), ("purpose", "language", "translation_key"), "topics", ("queues", "department"), "is_active"]
    actions_detail = ["begin_draft"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("versions")

    @admin.display(description="in use")
    def in_use(self, script: Script) -> str:
        return next((f"version {one.number}" for one in script.versions.all() if one.status == "published"), "–")

    def has_begin_draft_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self.has_change_permission(request)

    @action(description="New version", icon="edit_note", permissions=["begin_draft"])
    def begin_draft(self, request: HttpRequest, object_id: str) -> HttpResponse:
        script = self.get_object(request, object_id)
        last = script.versions.order_by("-number").first()
        made: list[ScriptVersion] = []
        answer = confirmed(
            self, request, script,
            title=f"A new version of {script}",
            question="It begins with the steps of the latest version. What operators see stays as it is until you publish.",
            button="Begin",
            act=lambda: made.append(scripts.draft(script.pk, source=last, by=who(request), now=timezone.now())),
            done="Here it is.",
        )  # fmt: skip
        return HttpResponseRedirect(reverse("admin:crm_scriptversion_change", args=[made[0].pk])) if made else answer


class StepInline(StackedInline):
    """The steps of a draft, in their order; the first is where the script starts."""

    model = ScriptStep
    extra = 0
    ordering = ["position"]
    fields = [("position", "key", "kind", "must_say"), "text", ("choices", "field", "outcome"), "next"]
    verbose_name_plural = "steps"
    formfield_overrides = {models.JSONField: {"form_class": StorableJSONField}}

    def _may(self, request: HttpRequest, version: models.Model | None) -> bool:
        return getattr(request.user, "role", "") in LEADING and getattr(version, "status", "draft") == ScriptVersion.Status.DRAFT

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._may(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._may(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._may(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._may(request, obj)


class DraftForm(SeenVersionForm):
    class Meta:
        model = ScriptVersion
        fields = ["script", "comment"]


@admin.register(ScriptVersion)
class ScriptVersionAdmin(AuditedAdmin):
    """The text itself: a draft is written here; what was published is only looked at."""

    may_delete = LEADING
    actions = None
    list_display = ["script", "number", "status_badge", "comment", "published_at", "by"]
    list_select_related = ["script", "by"]
    list_filter = ["status"]
    search_fields = ["script__name", "script__code"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    autocomplete_fields = ["script"]
    form = DraftForm
    fields = [("script", "comment"), "seen_version"]
    inlines = [StepInline]
    actions_detail = ["publish", "retire"]
    change_form_outer_before_template = "admin/script_tree.html"

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[str]:
        return ["script"] if obj else []

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        is_draft = obj is None or obj.status == ScriptVersion.Status.DRAFT  # type: ignore[attr-defined]
        return is_draft and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        is_draft = obj is None or obj.status == ScriptVersion.Status.DRAFT  # type: ignore[attr-defined]
        return is_draft and super().has_delete_permission(request, obj)

    def get_inlines(self, request: HttpRequest, obj: models.Model | None) -> list[Any]:
        return [StepInline] if obj is not None and obj.status == ScriptVersion.Status.DRAFT else []  # type: ignore[attr-defined]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        version = self.get_object(request, object_id)
        extra = dict(extra_context or {})
        if version is not None:
            steps = list(version.steps.all())
            problems = scripts.check(version) if version.status == ScriptVersion.Status.DRAFT else []
            extra |= {"script_version": version, "tree": script_picture.tree(steps), "problems": problems}
        return super().change_view(request, object_id, form_url, extra)

    def save_model(self, request: HttpRequest, obj: Any, form: forms.ModelForm, change: bool) -> None:
        """A new one is begun by crm.scripts; a draft is written as a whole, when its steps are known."""
        if not change:
            begun = scripts.draft(form.cleaned_data["script"].pk, comment=form.cleaned_data["comment"], by=who(request), now=timezone.now())
            obj.pk, obj.number = begun.pk, begun.number

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: list[Any], change: bool) -> None:
        """Hand the whole list of steps to crm.scripts, as the API does."""
        for formset in formsets:
            rows = [one.cleaned_data for one in formset.forms if one.cleaned_data and not one.cleaned_data.get("DELETE")]
            steps = [{name: row[name] for name in scripts.STEP} for row in sorted(rows, key=lambda row: row["position"])]
            seen = form.cleaned_data["seen_version"]
            scripts.write(
                form.instance.pk, comment=form.cleaned_data["comment"], steps=steps, if_version=seen, by=who(request), now=timezone.now()
            )
            formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        scripts.discard(obj.pk, by=who(request), now=timezone.now())

    def response_add(self, request: HttpRequest, obj: models.Model, post_url_continue: str | None = None) -> HttpResponse:
        """Go on to its steps."""
        messages.success(request, "Now write its steps.")
        return HttpResponseRedirect(reverse("admin:crm_scriptversion_change", args=[obj.pk]))

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
            act=lambda: scripts.publish(version.pk, by=who(request), now=timezone.now()),
            done="It is published.",
        )  # fmt: skip

    @action(description="Retire", icon="archive", permissions=["retire"])
    def retire(self, request: HttpRequest, object_id: str) -> HttpResponse:
        version = self.get_object(request, object_id)
        return confirmed(
            self, request, version,
            title=f"Retire {version}",
            question="The script will have no version in use.",
            button="Retire",
            act=lambda: scripts.retire(version.pk, by=who(request), now=timezone.now()),
            done="It is retired.",
        )  # fmt: skip

    @admin.display(description="state")
    def status_badge(self, version: ScriptVersion) -> SafeString:
        return badge(version.get_status_display(), TONES[version.status])


@admin.register(ScriptStep)
class ScriptStepAdmin(ReadOnlyAdmin):
    """Single steps of all versions, for who looks for a sentence. They are written on the page of their version."""

    may_add = may_change = may_delete = NOBODY
    list_display = ["key", "script_version", "kind", "must_say", "said"]
    list_select_related = ["script_version__script"]
    list_filter = ["kind"]
    search_fields = ["key"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = [("script_version", "position", "key", "kind"), "text", ("must_say", "field", "outcome"), "choices", "next"]

    @admin.display(description="text")
    def said(self, step: ScriptStep) -> str:
        return step.text[:90]
