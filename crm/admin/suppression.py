"""Whom we may not contact: add, lift with a reason, bring in whole lists."""

import re
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
from crm import suppression, suppression_lists
from crm.models import Suppression, SuppressionUpload, SuppressionUploadRow
from crm.phone_numbers import NumberInvalid, parse

TONES = {"uploaded": "info", "running": "info", "done": "good", "failed": "bad", "cancelled": "plain"}


class SuppressionForm(forms.ModelForm):
    phone = forms.CharField(
        max_length=200, required=False, widget=UnfoldAdminTextInputWidget, help_text="Either a number, as people write it, or a contact."
    )

    class Meta:
        model = Suppression
        fields = ["contact", "purpose", "channel", "source", "reason", "evidence", "expires_at"]


@admin.register(Suppression)
class SuppressionAdmin(AuditedAdmin):
    """Written through crm.suppression; an entry is never changed, only lifted."""

    may_change = may_delete = NOBODY
    form = SuppressionForm
    list_display = ["whom", "purpose", "channel", "source", "list_code", "state", "expires_at", "by", "created_at"]
    list_select_related = ["contact", "by"]
    list_filter = ["source", "purpose", "channel"]
    search_fields = ["e164"]
    search_help_text = "By the number"
    ordering = ["-id"]
    sortable_by: list[str] = []
    actions = None
    actions_detail = ["lift"]
    autocomplete_fields = ["contact"]

    def get_fieldsets(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        first: list[Any] = [("e164" if obj else "phone", "contact"), ("purpose", "channel", "source"), "reason", "evidence"]
        if obj is None:
            return [(None, {"fields": [*first, "expires_at"]})]
        rest = [
            ("starts_at", "expires_at"),
            ("by", "created_at", "list_code"),
            ("origin_kind", "origin_id"),
            ("lifted_at", "lifted_by"),
            "lift_reason",
        ]
        return [(None, {"fields": [*first, *rest]})]

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[str]:
        return ["by", "created_at", "list_code", "origin_kind", "origin_id", "lifted_at", "lifted_by", "lift_reason"] if obj else []

    def found(self, request: HttpRequest, queryset: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
        digits = re.sub(r"[^0-9]", "", text)
        try:
            e164 = parse(text, region=settings.DEFAULT_PHONE_REGION).e164
        except NumberInvalid:
            e164 = ""
        return queryset.filter(e164=e164 or f"+{digits[:18]}").exclude(e164="")

    def save_model(self, request: HttpRequest, obj: models.Model, form: forms.ModelForm, change: bool) -> None:
        """Written in ``save_related``, through the rules."""

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: list[Any], change: bool) -> None:
        entry, is_new = suppression.add(**form.cleaned_data, by=who(request), now=timezone.now())
        if not is_new:
            messages.info(request, "It stood there already.")
        form.instance.pk = entry.pk

    def has_lift_permission(self, request: HttpRequest, object_id: str) -> bool:
        entry = self.get_object(request, object_id)
        return entry is not None and self.has_add_permission(request) and entry.lifted_at is None

    @action(description="Lift", icon="phone_enabled", permissions=["lift"])
    def lift(self, request: HttpRequest, object_id: str) -> HttpResponse:
        entry: Any = self.get_object(request, object_id)
        return confirmed(
            self,
            request,
            entry,
            title=f"Lift: {entry}",
            question="They may be contacted again. The entry stays, with your name and your reason.",
            button="Lift",
            act=lambda reason: suppression.lift(entry.pk, reason=reason, by=who(request), now=timezone.now()),
            done="It is lifted.",
            ask="Why",
        )

    @admin.display(description="whom")
    def whom(self, row: Suppression) -> str:
        return row.e164 or (str(row.contact) if row.contact else "erased number")

    @admin.display(description="state")
    def state(self, row: Suppression) -> SafeString:
        now = timezone.now()
        if row.lifted_at:
            return badge("Lifted", "plain")
        if row.expires_at and row.expires_at <= now:
            return badge("Over", "plain")
        return badge("To come", "info") if row.starts_at > now else badge("In force", "bad")


class ListForm(forms.ModelForm):
    file = forms.FileField(help_text="CSV or XLSX with a column of numbers.")
    region = forms.CharField(
        max_length=2, required=False, widget=UnfoldAdminTextInputWidget, help_text="Numbers without a country belong here."
    )

    class Meta:
        model = SuppressionUpload
        fields = ["file", "list_code", "mode", "source", "purpose", "channel", "reason", "expires_at", "region"]

    def clean_region(self) -> str:
        region = self.cleaned_data["region"].upper()
        if region and (len(region) != 2 or not region.isascii() or not region.isalpha()):
            raise forms.ValidationError("Give two letters, for instance RU.")
        return region


@admin.register(SuppressionUpload)
class SuppressionUploadAdmin(AuditedAdmin):
    """Do-not-call lists as files, brought in by crm.suppression_lists."""

    may_change = may_delete = NOBODY
    form = ListForm
    list_display = ["list_code", "filename", "status_badge", "added", "already", "invalid", "lifted", "by", "created_at"]
    list_select_related = ["by"]
    list_filter = ["status"]
    search_fields = ["list_code"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    actions = None
    actions_detail = ["cancel"]

    def get_fieldsets(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        how: list[Any] = [("list_code", "mode"), ("source", "purpose", "channel"), ("reason", "expires_at")]
        if obj is None:
            return [(None, {"fields": ["file", *how, "region"]})]
        counted = [("status", "rows", "total"), ("added", "already", "duplicate"), ("invalid", "lifted"), "problem"]
        return [(None, {"fields": [("filename", "by"), *counted, ("created_at", "started_at", "finished_at"), *how]})]

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[str]:
        return ["created_at"] if obj else []

    def found(self, request: HttpRequest, queryset: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
        return queryset.filter(list_code=text.lower())

    def save_model(self, request: HttpRequest, obj: models.Model, form: forms.ModelForm, change: bool) -> None:
        """Through crm.suppression_lists, as the API does it."""
        given = dict(form.cleaned_data)
        file = given.pop("file")
        obj.pk = suppression_lists.upload(file, filename=file.name, **given, by=who(request), now=timezone.now()).pk

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: list[Any], change: bool) -> None:
        """Its numbers come from the file."""

    def response_add(self, request: HttpRequest, obj: models.Model, post_url_continue: str | None = None) -> HttpResponse:
        """Show how it goes on."""
        messages.success(request, "The list is being brought in.")
        return HttpResponseRedirect(reverse("admin:crm_suppressionupload_change", args=[obj.pk]))

    def has_cancel_permission(self, request: HttpRequest, object_id: str) -> bool:
        batch = self.get_object(request, object_id)
        return batch is not None and self.has_add_permission(request) and "cancel" in batch.open_moves()

    @action(description="Cancel", icon="stop", permissions=["cancel"])
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        batch: Any = self.get_object(request, object_id)
        return confirmed(
            self,
            request,
            batch,
            title=f"Cancel {batch}",
            question="Numbers that are in stay suppressed; nothing more comes in, nothing is lifted.",
            button="Cancel the upload",
            act=lambda: suppression_lists.cancel(batch.pk, by=who(request), now=timezone.now()),
            done="It is cancelled.",
        )

    @admin.display(description="state")
    def status_badge(self, batch: SuppressionUpload) -> SafeString:
        return badge(batch.get_status_display(), TONES[batch.status])


@admin.register(SuppressionUploadRow)
class SuppressionUploadRowAdmin(ReadOnlyAdmin):
    """Lines of do-not-call lists that could not be read."""

    list_display = ["upload", "line", "raw", "problem"]
    list_select_related = ["upload"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = [("upload", "line"), "raw", "problem"]
