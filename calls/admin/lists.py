"""Phone systems, extensions, dispositions."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelect2Widget, UnfoldAdminTextInputWidget

from calls.models import AgentExtension, Disposition, PhoneSystem
from config.platform.admin_base import AuditedAdmin
from config.platform.admin_base.pages import ADMINS
from crm.phone_numbers import NumberInvalid, parse

ZONES = [(name, name.replace("_", " ")) for name in sorted(available_timezones())]


class PhoneSystemForm(forms.ModelForm):
    new_secret = forms.CharField(
        required=False,
        strip=False,
        min_length=16,
        max_length=200,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="For signatures; never shown again. Leave it empty to keep the present one.",
    )
    naive_time_zone = forms.ChoiceField(
        choices=ZONES,
        initial="UTC",
        widget=UnfoldAdminSelect2Widget,
        label="Default time zone",
        help_text="Of times that come without an offset.",
    )

    class Meta:
        model = PhoneSystem
        fields = [
            "slug", "name", "adapter", "auth_mode", "default_region", "naive_time_zone", "own_lines", "stale_after_s", "is_active",
        ]  # fmt: skip
        labels = {"stale_after_s": "Silent after, seconds"}
        help_texts = {"own_lines": "Our own numbers, as people write them: never customers."}

    def clean_own_lines(self) -> list[str]:
        lines = []
        for text in self.cleaned_data["own_lines"]:
            try:
                lines.append(parse(text, region=self.cleaned_data.get("default_region") or "RU").e164 or text)
            except NumberInvalid as refusal:
                raise forms.ValidationError(f"{text}: {refusal.detail}") from None
        return sorted(set(lines))

    def clean(self) -> dict[str, Any]:
        super().clean()
        if self.cleaned_data.get("new_secret"):
            self.instance.secret = self.cleaned_data["new_secret"]
        return self.cleaned_data


@admin.register(PhoneSystem)
class PhoneSystemAdmin(AuditedAdmin):
    """Exchanges and providers that post their events here."""

    may_add = may_change = ADMINS
    form = PhoneSystemForm
    list_display = ["name", "slug", "adapter", "auth_mode", "has_secret", "last_event_at", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name", "slug"]
    ordering = ["name"]
    prepopulated_fields = {"slug": ["name"]}
    readonly_fields = ["has_secret", "last_event_at"]
    formfield_overrides = {ArrayField: {"widget": UnfoldAdminTextInputWidget(attrs={"placeholder": "+74951234567, +78001234567"})}}
    fieldsets = [
        (None, {"fields": [("name", "slug"), ("adapter", "default_region"), ("is_active", "last_event_at")]}),
        ("How it proves who it is", {"fields": [("auth_mode", "has_secret"), "new_secret"]}),
        ("Numbers and times", {"fields": ["own_lines", ("naive_time_zone", "stale_after_s")]}),
    ]

    def get_prepopulated_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        return {} if obj or not self.has_change_permission(request) else self.prepopulated_fields

    @admin.display(description="secret set", boolean=True)
    def has_secret(self, system: PhoneSystem) -> bool:
        return bool(system.secret)


@admin.register(AgentExtension)
class AgentExtensionAdmin(AuditedAdmin):
    """Who answers at which extension."""

    list_display = ["extension", "user", "phone_system", "is_active"]
    list_select_related = ["user", "phone_system"]
    list_filter = ["is_active", "phone_system"]
    search_fields = ["extension", "user__username", "user__surname"]
    ordering = ["phone_system", "extension"]
    autocomplete_fields = ["user", "phone_system"]
    fields = [("extension", "phone_system"), ("user", "is_active")]


@admin.register(Disposition)
class DispositionAdmin(AuditedAdmin):
    """How calls come out, in the words of the company."""

    list_display = ["name", "code", "needs_note", "is_active", "order"]
    list_filter = ["is_active"]
    search_fields = ["name", "code"]
    ordering = ["order", "name"]
    prepopulated_fields = {"code": ["name"]}
    fields = [("name", "code"), ("needs_note", "is_active", "order")]
