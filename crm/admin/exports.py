"""Files that go out, and the filters that people keep."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.postgres.forms import SimpleArrayField
from django.db import models
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from config.platform.admin_base import AuditedAdmin, ReadOnlyAdmin, StorableJSONField, badge, confirmed, who
from config.platform.admin_base.pages import LEADING, NOBODY
from config.platform.errors import Refusal
from config.platform.models import Role
from crm import saved_filters
from crm.exporting import jobs, progress
from crm.exporting.entities import entities
from crm.exporting.pieces import MEDIA_TYPES
from crm.models import Export, ExportPart, SavedFilter

TONES = {"queued": "info", "running": "info", "done": "good", "failed": "bad", "cancelled": "plain", "expired": "plain"}
QUERY = 'As the API takes it: {"lifecycle": ["lead", "client"], "not_tag": "vip"}. {} is everybody.'


def lists() -> list[tuple[str, str]]:
    return [(name, name.capitalize()) for name, _ in saved_filters.lists]


class SavedFilterForm(forms.ModelForm):
    entity = forms.ChoiceField(choices=lists, widget=UnfoldAdminSelectWidget, label="List")
    query = StorableJSONField(required=False, initial=dict, widget=UnfoldAdminTextareaWidget, help_text=QUERY)

    class Meta:
        model = SavedFilter
        fields = ["entity", "name", "query", "is_shared"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """The list that a filter is for never changes."""
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.fields.pop("entity", None)

    def clean_query(self) -> dict[str, Any]:
        return self.cleaned_data["query"] or {}


@admin.register(SavedFilter)
class SavedFilterAdmin(AuditedAdmin):
    """One's own and shared filters; administrators see all."""

    may_delete = LEADING
    form = SavedFilterForm
    list_display = ["name", "entity", "owner", "is_shared", "created_at"]
    list_select_related = ["owner"]
    search_fields = ["name"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    actions = None

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[SavedFilter]:
        rows = SavedFilter.objects.all()
        return rows if who(request).role == Role.ADMIN else rows.visible_to(who(request))

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        return ["entity", "name", "query", "is_shared"] if obj is None else ["name", "query", "is_shared", "owner"]

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[str]:
        return ["owner"] if obj else []

    def save_model(self, request: HttpRequest, obj: models.Model, form: forms.ModelForm, change: bool) -> None:
        """Through crm.saved_filters, as the API does it."""
        given = {name: value for name, value in form.cleaned_data.items() if name != "entity"}
        if change:
            saved_filters.alter(obj.pk, **given, by=who(request), now=timezone.now())
        else:
            obj.pk = saved_filters.save(entity=form.cleaned_data["entity"], **given, by=who(request), now=timezone.now()).pk

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: list[Any], change: bool) -> None:
        """There is nothing else to it."""

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        saved_filters.remove(obj.pk, by=who(request), now=timezone.now())


class ExportForm(forms.ModelForm):
    entity = forms.ChoiceField(choices=lambda: [one for one in lists() if one[0] in entities], widget=UnfoldAdminSelectWidget, label="List")
    format = forms.ChoiceField(
        choices=[one for one in Export.Format.choices if one[0] in jobs.PUBLIC_FORMATS], widget=UnfoldAdminSelectWidget
    )
    query = StorableJSONField(required=False, initial=dict, widget=UnfoldAdminTextareaWidget, help_text=QUERY)
    columns = SimpleArrayField(
        forms.CharField(max_length=60),
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="With commas between them; the usual ones when none is named.",
    )

    class Meta:
        model = Export
        fields = ["entity", "format", "saved_filter", "query", "columns"]


@admin.register(Export)
class ExportAdmin(AuditedAdmin):
    """Order a file, watch it, fetch it. Everybody sees their own, administrators all."""

    may_change = may_delete = NOBODY
    actions = None
    form = ExportForm
    list_display = ["__str__", "status_badge", "done", "total", "by", "created_at", "expires_at"]
    list_select_related = ["by"]
    list_filter = ["entity"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    actions_detail = ["download", "cancel"]
    change_form_outer_before_template = "admin/import_progress.html"

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Export]:
        return Export.objects.visible_to(who(request))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "saved_filter":
            kwargs["queryset"] = SavedFilter.objects.visible_to(who(request))
            kwargs["required"] = False
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        if obj is None:
            return [(None, {"fields": [("entity", "format"), "saved_filter", "query", "columns"]})]
        return [
            (None, {"fields": [("entity", "format", "by"), ("created_at", "started_at", "finished_at", "expires_at")]}),
            ("Who is in it", {"fields": ["query", "saved_filter", "saved_query", "columns", ("total", "left_out", "size")]}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[str]:
        return ["created_at"] if obj else []

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        export = self.get_object(request, object_id)
        extra = dict(extra_context or {})
        if export is not None:
            how_far = progress.of(export)
            extra |= {
                "batch": export,
                "how_far": how_far,
                "percent": round(100 * how_far["done"] / how_far["total"]) if how_far["total"] else 0,
                "is_moving": export.status in (Export.Status.QUEUED, Export.Status.RUNNING),
            }
        return super().change_view(request, object_id, form_url, extra)

    def save_model(self, request: HttpRequest, obj: models.Model, form: forms.ModelForm, change: bool) -> None:
        """Through crm.exporting.jobs, as the API does it."""
        given = form.cleaned_data
        saved_filter = given["saved_filter"].pk if given["saved_filter"] else None
        export = jobs.order(
            entity=given["entity"], form=given["format"], query=given["query"] or {}, saved_filter=saved_filter,
            columns=given["columns"] or [], by=who(request), now=timezone.now(),
        )  # fmt: skip
        obj.pk = export.pk

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: list[Any], change: bool) -> None:
        """There is nothing else to it."""

    def response_add(self, request: HttpRequest, obj: models.Model, post_url_continue: str | None = None) -> HttpResponse:
        """Show how it goes on."""
        messages.success(request, "The file is being written.")
        return HttpResponseRedirect(reverse("admin:crm_export_change", args=[obj.pk]))

    def has_download_permission(self, request: HttpRequest, object_id: str) -> bool:
        export = self.get_object(request, object_id)
        return export is not None and export.status == Export.Status.DONE

    def has_cancel_permission(self, request: HttpRequest, object_id: str) -> bool:
        export = self.get_object(request, object_id)
        return export is not None and self.has_add_permission(request) and "cancel" in export.open_moves()

    @action(description="Download", icon="download", permissions=["download"])
    def download(self, request: HttpRequest, object_id: str) -> Any:
        export = self.get_object(request, object_id)
        try:
            export, file = jobs.opened(export.pk, by=who(request), now=timezone.now())
        except Refusal as refusal:
            messages.error(request, refusal.detail)
            return HttpResponseRedirect(reverse("admin:crm_export_change", args=[object_id]))
        name = f"{export.entity}-{export.created_at:%Y-%m-%d}.{export.format}"
        return FileResponse(file, as_attachment=True, filename=name, content_type=MEDIA_TYPES[export.format])

    @action(description="Cancel", icon="stop", permissions=["cancel"])
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        export = self.get_object(request, object_id)
        return confirmed(
            self,
            request,
            export,
            title=f"Cancel {export}",
            question="What was written is deleted.",
            button="Cancel the export",
            act=lambda: jobs.cancel(export.pk, by=who(request), now=timezone.now()),
            done="It is cancelled.",
        )

    @admin.display(description="state")
    def status_badge(self, export: Export) -> SafeString:
        return badge(export.get_status_display(), TONES[export.status])


@admin.register(ExportPart)
class ExportPartAdmin(ReadOnlyAdmin):
    """The pieces of files that are being written or kept. For administrators, when one wants to know why a file is slow."""

    may_view = frozenset({Role.ADMIN})
    list_display = ["number", "export", "is_written", "missing"]
    list_select_related = ["export"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = ["export", ("number", "is_written", "missing")]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[ExportPart]:
        return super().get_queryset(request).defer("ids")
