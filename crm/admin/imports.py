from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextInputWidget

from config.platform.admin_base import AuditedAdmin, ReadOnlyAdmin, badge, confirmed, who
from config.platform.admin_base.pages import NOBODY
from crm.admin import import_columns
from crm.importing import jobs, progress
from crm.models import Import, ImportRow

TONES = {
    "uploaded": "info", "analysed": "info", "ready": "warn", "running": "info", "paused": "warn", "done": "good", "failed": "bad",
    "cancelled": "plain", "undoing": "info", "undone": "plain",
}  # fmt: skip
VERDICT_TONES = {"create": "good", "update": "info", "duplicate": "plain", "invalid": "bad", "skipped": "plain"}


class ImportForm(forms.ModelForm):
    file = forms.FileField(
        help_text="CSV (UTF-8 or Windows-1251; comma, semicolon or tab) or XLSX, with the names of columns in the first row."
    )
    region = forms.CharField(
        max_length=2, required=False, widget=UnfoldAdminTextInputWidget, help_text="Numbers without a country belong here: RU, PH, DE …"
    )
    only_new = forms.BooleanField(
        required=False, label="Only new contacts", help_text="Rows that mean a contact we have are skipped; otherwise they add to it."
    )
    is_dry_run = forms.BooleanField(
        initial=True, required=False, label="Look first", help_text="Judge each row, then wait for your word before anything is written."
    )

    class Meta:
        model = Import
        fields = ["file", "region", "source", "only_new", "is_dry_run"]

    def clean_region(self) -> str:
        region = self.cleaned_data["region"].upper() or settings.DEFAULT_PHONE_REGION
        if len(region) != 2 or not region.isascii() or not region.isalpha():
            raise forms.ValidationError("Give two letters, for instance RU.")
        return region


def _duration(seconds: float | None) -> str:
    """ "3 min 20 s" """
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


class KeptFilter(admin.SimpleListFilter):
    """Rows that an undo could not take back."""

    title, parameter_name = "kept by undo", "kept"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "Yes")]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return queryset.filter(kept_because__isnull=False) if self.value() else queryset


@admin.register(Import)
class ImportAdmin(AuditedAdmin):
    """Files of contacts: upload, look at the verdicts, start."""

    may_change = may_delete = NOBODY
    actions = None
    form = ImportForm
    list_display = ["filename", "status_badge", "how_far", "total", "applied", "by", "created_at", "finished_at"]
    list_select_related = ["by"]
    search_fields = ["filename"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    actions_detail = ["start", "resume", "pause", "columns", "cancel", "undo"]
    change_form_outer_before_template = "admin/import_progress.html"

    def get_fieldsets(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        if obj is None:
            return [(None, {"fields": ["file", ("region", "source"), "only_new", "is_dry_run"]})]
        return [
            (None, {"fields": [("filename", "by"), ("created_at", "started_at", "finished_at")]}),
            (
                "How it was read",
                {
                    "fields": [("size", "total", "applied"), ("region", "source"), ("is_dry_run", "only_new"), "dialect", "mapping"],
                    "classes": ["collapse"],
                },
            ),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[str]:
        return ["created_at"] if obj else []

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        batch = self.get_object(request, object_id)
        extra = dict(extra_context or {})
        if batch is not None:
            rows = reverse("admin:crm_importrow_changelist") + f"?batch__id__exact={batch.pk}"
            extra |= {
                "batch": batch,
                "how_far": progress.of(batch),
                "left": _duration(progress.of(batch)["seconds_left"]),
                "percent": progress.percent(batch),
                "is_moving": batch.status in progress.MOVING,
                "kept_link": f"{rows}&kept=1",
                "verdicts": [
                    (ImportRow.Verdict(name).label, count, f"{rows}&verdict__exact={name}", VERDICT_TONES[name])
                    for name, count in progress.counts(batch).items()
                ],
            }
        return super().change_view(request, object_id, form_url, extra)

    def save_model(self, request: HttpRequest, obj: models.Model, form: forms.ModelForm, change: bool) -> None:
        """Through crm.importing.jobs, as the API does it."""
        given = form.cleaned_data
        batch = jobs.upload(
            given["file"], filename=given["file"].name, region=given["region"], source=given["source"], is_dry_run=given["is_dry_run"],
            only_new=given["only_new"], by=who(request), now=timezone.now(),
        )  # fmt: skip
        obj.pk = batch.pk
        obj.filename = batch.filename  # type: ignore[attr-defined]

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: list[Any], change: bool) -> None:
        """Its rows come from the file."""

    def response_add(self, request: HttpRequest, obj: models.Model, post_url_continue: str | None = None) -> HttpResponse:
        """Show how it goes on."""
        messages.success(request, f"{obj} is being checked.")
        return HttpResponseRedirect(reverse("admin:crm_import_change", args=[obj.pk]))

    def has_start_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._is_open(request, object_id, "start")

    def has_pause_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._is_open(request, object_id, "pause")

    def has_resume_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._is_open(request, object_id, "resume")

    def has_correct_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._is_open(request, object_id, "correct")

    def has_cancel_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._is_open(request, object_id, "cancel")

    def has_undo_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._is_open(request, object_id, "undo")

    def _is_open(self, request: HttpRequest, object_id: str, verb: str) -> bool:
        batch = self.get_object(request, object_id)
        return batch is not None and self.has_add_permission(request) and verb in batch.open_moves()

    def _asked(
        self, request: HttpRequest, object_id: str, verb: Callable[..., Any], *, title: str, question: str, button: str, done: str
    ) -> HttpResponse:
        batch = self.get_object(request, object_id)
        return confirmed(
            self, request, batch, title=f"{title} {batch}", question=question, button=button, done=done,
            act=lambda: verb(batch.pk, by=who(request), now=timezone.now()),
        )  # fmt: skip

    @action(description="Start", icon="play_arrow", permissions=["start"])
    def start(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._asked(
            request, object_id, jobs.start, title="Start", button="Start", done="It runs.",
            question="The rows are written into the base as their verdicts say.",
        )  # fmt: skip

    @action(description="Pause", icon="pause", permissions=["pause"])
    def pause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._asked(
            request, object_id, jobs.pause, title="Pause", button="Pause", done="It is paused.",
            question="It stops after the step that is being made. What is in the base stays there; you can go on later.",
        )  # fmt: skip

    @action(description="Go on", icon="play_arrow", permissions=["resume"])
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._asked(
            request, object_id, jobs.resume, title="Go on with", button="Go on", done="It runs.",
            question="It goes on behind the last row that is in.",
        )  # fmt: skip

    @action(description="Cancel", icon="stop", permissions=["cancel"])
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._asked(
            request, object_id, jobs.cancel, title="Cancel", button="Cancel the import", done="It is cancelled.",
            question="What is in the base already stays there; nothing more comes in.",
        )  # fmt: skip

    @action(description="Take back", icon="undo", permissions=["undo"])
    def undo(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._asked(
            request, object_id, jobs.undo, title="Take back", button="Take it back", done="It is being taken back.",
            question="Contacts that this import made are removed, and what it added to others is taken out. What anybody has touched since is kept and listed.",
        )  # fmt: skip

    @action(description="Columns", icon="view_column", permissions=["correct"], url_path="columns")
    def columns(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What each column means, and how the file is read."""
        return import_columns.page(self, request, self.get_object(request, object_id))

    @admin.display(description="done")
    def how_far(self, batch: Import) -> str:
        return f"{progress.percent(batch)} %"

    @admin.display(description="state")
    def status_badge(self, batch: Import) -> SafeString:
        return badge(batch.get_status_display(), TONES[batch.status])


@admin.register(ImportRow)
class ImportRowAdmin(ReadOnlyAdmin):
    """Lines of the files and what was decided about each. Come here from an import."""

    list_display = ["line", "batch", "verdict_badge", "said", "problems_shown", "contact_shown", "kept_shown"]
    list_select_related = ["batch"]
    sortable_by: list[str] = []
    fields = [
        ("batch", "line", "verdict"),
        "cells",
        "candidate",
        "problems",
        ("contact_shown", "duplicate_of_line"),
        "effect",
        "kept_because",
    ]
    readonly_fields = ["contact_shown"]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """By verdict within one import: there is no index for it across all of them."""
        return ["verdict", KeptFilter] if "batch__id__exact" in request.GET else []

    def get_ordering(self, request: HttpRequest) -> list[str]:
        return ["line"] if "batch__id__exact" in request.GET else ["-id"]

    @admin.display(description="contact")
    def contact_shown(self, row: ImportRow) -> str:
        contact_id = progress.contact_of(row, row.batch)
        if contact_id is None:
            return ""
        return format_html('<a href="{}">show</a>', reverse("admin:crm_contact_change", args=[contact_id]))

    @admin.display(description="kept by undo")
    def kept_shown(self, row: ImportRow) -> str:
        return ", ".join(reason.replace("_", " ") for reason in row.kept_because or [])

    @admin.display(description="verdict")
    def verdict_badge(self, row: ImportRow) -> SafeString:
        return badge(row.get_verdict_display(), VERDICT_TONES[row.verdict])

    @admin.display(description="cells")
    def said(self, row: ImportRow) -> str:
        cells = row.cells.values() if isinstance(row.cells, dict) else row.cells
        return " · ".join(str(cell) for cell in cells if cell)[:90]

    @admin.display(description="problems")
    def problems_shown(self, row: ImportRow) -> str:
        return "; ".join(str(problem.get("detail", problem)) if isinstance(problem, dict) else str(problem) for problem in row.problems)[
            :120
        ]
