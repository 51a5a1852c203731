"""Consents: to look at, and to write down. What was said is never changed."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextInputWidget

from config.platform.admin_base import AuditedAdmin, badge, who
from config.platform.admin_base.pages import NOBODY
from crm import consent, searching
from crm.models import Consent

TONES = {"granted": "good", "refused": "bad", "withdrawn": "bad"}


class ConsentForm(forms.ModelForm):
    phone = forms.CharField(
        max_length=200, required=False, widget=UnfoldAdminTextInputWidget, help_text="For a number; with a contact, for both."
    )

    class Meta:
        model = Consent
        fields = ["contact", "purpose", "channel", "status", "obtained_via", "evidence", "text_version", "valid_to"]


@admin.register(Consent)
class ConsentAdmin(AuditedAdmin):
    """Written through crm.consent."""

    may_change = may_delete = NOBODY
    form = ConsentForm
    list_display = ["whose", "purpose", "channel", "status_badge", "obtained_via", "valid_from", "valid_to", "by"]
    list_select_related = ["contact", "by"]
    list_filter = ["purpose", "channel", "status"]
    search_fields = ["e164"]
    search_help_text = "By the contact: name, phone, e-mail"
    ordering = ["-id"]
    sortable_by: list[str] = []
    actions = None
    autocomplete_fields = ["contact"]

    def get_fieldsets(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        first: list[Any] = [
            ("contact", "e164" if obj else "phone"),
            ("purpose", "channel"),
            ("status", "obtained_via"),
            "evidence",
            "text_version",
        ]
        if obj is None:
            return [(None, {"fields": [*first, "valid_to"]})]
        return [(None, {"fields": [*first, ("valid_from", "valid_to"), ("by", "created_at"), ("origin_kind", "origin_id")]})]

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[str]:
        return ["created_at", "by", "origin_kind", "origin_id"] if obj else []

    def found(self, request: HttpRequest, queryset: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
        return queryset.filter(contact__in=searching.find(text))

    def save_model(self, request: HttpRequest, obj: models.Model, form: forms.ModelForm, change: bool) -> None:
        """Written in ``save_related``, through the rules."""

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: list[Any], change: bool) -> None:
        form.instance.pk = consent.say(**form.cleaned_data, by=who(request), now=timezone.now()).pk

    @admin.display(description="whose")
    def whose(self, row: Consent) -> str:
        return ", ".join(filter(None, [str(row.contact) if row.contact else "", row.e164])) or "erased number"

    @admin.display(description="status")
    def status_badge(self, row: Consent) -> SafeString:
        return badge(row.get_status_display(), TONES[row.status])
