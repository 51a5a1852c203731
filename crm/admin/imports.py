from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextInputWidget

from config.platform.admin_base import AuditedAdmin, ReadOnlyAdmin, badge, confirmed, who
from config.platform.admin_base.pages import NOBODY
from crm.importing import jobs, progress
from crm.models import Import, ImportRow

TONES = {"uploaded": "info", "ready": "warn", "running": "info", "done": "good", "failed": "bad", "cancelled": "plain"}
VERDICT_TONES = {"create": "good", "update": "info", "duplicate": "plain", "invalid": "bad"}


class ImportForm(forms.ModelForm):
    file = forms.FileField(
        help_text="CSV (UTF-8 or Windows-1251; comma, semicolon or tab) or XLSX, with the names of columns in the first row."
    )
    region = forms.CharField(
        max_length=2, required=False, widget=UnfoldAdminTextInputWidget, help_text="Numbers without a country belong here: RU, PH, DE …"
    )
    is_dry_run = forms.BooleanField(
        initial=True, required=False, label="Look first", help_text="Judge each row, then wait for your word before anything is written."
    )

    class Meta:
        model = Import
        fields = ["file", "region", "source", "is_dry_run"]

    def clean_region(self) -> str:
        region = self.cleaned_data["region"].upper() or settings.DEFAULT_PHONE_REGION
        if len(region) != 2 or not region.isascii() or not region.isalpha():
            raise forms.ValidationError("Give two letters, for instance RU.")
        return region


@admin.register(Import)
class ImportAdmin(AuditedAdmin):
    """Files of contacts: upload, look at the verdicts, start."""

    may_change = may_delete = NOBODY
    actions = None
    form = ImportForm
    list_display = ["filename", "status_badge", "total", "applied", "by", "created_at", "finished_at"]
    list_select_related = ["by"]
    search_fields = ["filename"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    actions_detail = ["start", "cancel"]
    change_form_outer_before_template = "admin/import_progress.html"

    def get_fieldsets(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        if obj is None:
            return [(None, {"fields": ["file", ("region", "source"), "is_dry_run"]})]
        return [
            (None, {"fields": [("filename", "by"), ("created_at", "started_at", "finished_at")]}),
            (
                "How it was read",
                {
                    "fields": [("size", "total", "applied"), ("region", "source", "is_dry_run"), "dialect", "mapping"],
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
            by_verdict = progress.counts([batch])[batch.pk]
            how_far = progress.of(batch, by_verdict)
            rows = reverse("admin:crm_importrow_changelist")
            extra |= {
                "batch": batch,
                "how_far": how_far,
                "percent": round(100 * how_far["done"] / how_far["total"]) if how_far["total"] else 0,
                "is_moving": batch.status in (Import.Status.UPLOADED, Import.Status.RUNNING),
                "verdicts": [
                    (ImportRow.Verdict(name).label, count, f"{rows}?batch__id__exact={batch.pk}&verdict__exact={name}", VERDICT_TONES[name])
                    for name, count in by_verdict.items()
                ],
            }
        return super().change_view(request, object_id, form_url, extra)

    def save_model(self, request: HttpRequest, obj: models.Model, form: forms.ModelForm, change: bool) -> None:
        """Through crm.importing.jobs, as the API does it."""
        given = form.cleaned_data
        batch = jobs.upload(
            given["file"], filename=given["file"].name, region=given["region"], source=given["source"], is_dry_run=given["is_dry_run"],
            by=who(request), now=timezone.now(),
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

    def has_cancel_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._is_open(request, object_id, "cancel")

    def _is_open(self, request: HttpRequest, object_id: str, verb: str) -> bool:
        batch = self.get_object(request, object_id)
        return batch is not None and self.has_add_permission(request) and verb in batch.open_moves()

    @action(description="Start", icon="play_arrow", permissions=["start"])
    def start(self, request: HttpRequest, object_id: str) -> HttpResponse:
        batch = self.get_object(request, object_id)
        return confirmed(
            self,
            request,
            batch,
            title=f"Start {batch}",
            question=f"The rows of “{batch}” are written into the base as their verdicts say.",
            button="Start",
            act=lambda: jobs.start(batch.pk, by=who(request), now=timezone.now()),
            done="It runs.",
        )

    @action(description="Cancel", icon="stop", permissions=["cancel"])
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        batch = self.get_object(request, object_id)
        return confirmed(
            self,
            request,
            batch,
            title=f"Cancel {batch}",
            question="What is in the base already stays there; nothing more comes in.",
            button="Cancel the import",
            act=lambda: jobs.cancel(batch.pk, by=who(request), now=timezone.now()),
            done="It is cancelled.",
        )

    @admin.display(description="state")
    def status_badge(self, batch: Import) -> SafeString:
        return badge(batch.get_status_display(), TONES[batch.status])


@admin.register(ImportRow)
class ImportRowAdmin(ReadOnlyAdmin):
    """Lines of the files and what was decided about each. Come here from an import."""

    list_display = ["line", "batch", "verdict_badge", "said", "problems_shown", "contact", "applied_at"]
    list_select_related = ["batch", "contact"]
    sortable_by: list[str] = []
    fields = [("batch", "line", "verdict"), "cells", "candidate", "problems", ("contact", "duplicate_of_line", "applied_at")]

    def get_list_filter(self, request: HttpRequest) -> list[str]:
        """By verdict within one import: there is no index for it across all of them."""
        return ["verdict"] if "batch__id__exact" in request.GET else []

    def get_ordering(self, request: HttpRequest) -> list[str]:
        return ["line"] if "batch__id__exact" in request.GET else ["-id"]

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
