"""Phone systems, extensions, queues."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin, messages
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelect2Widget, UnfoldAdminTextInputWidget

from calls import health, systems
from calls.models import AgentExtension, CallAlias, PhoneSystem, Queue, RefusedDelivery
from config.platform.admin_base import AuditedAdmin, ReadOnlyAdmin, confirmed, who
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
    new_dial_secret = forms.CharField(
        required=False,
        max_length=200,
        validators=[systems.check_dial_secret],
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="Commands are signed with it (Standard Webhooks): whsec_ and 24 to 64 bytes in base64. Leave it empty to keep the present one.",
    )
    dial_url = forms.URLField(
        required=False,
        assume_scheme="https",
        max_length=500,
        widget=UnfoldAdminTextInputWidget,
        label="Address for commands",
        help_text="Where commands are posted to.",
    )
    public_url = forms.URLField(
        required=False,
        assume_scheme="https",
        max_length=500,
        widget=UnfoldAdminTextInputWidget,
        label="Public address",
        help_text="As the phone system has it, when a proxy shows us another: signatures are made over it.",
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
            "slug", "name", "adapter", "auth_mode", "account", "public_url", "allowed_networks", "default_region", "naive_time_zone", "own_lines",
            "stale_after_s", "follows_routes", "recordings_at", "recording_auth", "recording_hosts", "takes_commands", "takes_transfers", "dial_url",
            "is_active",
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
        if self.cleaned_data.get("new_dial_secret"):
            self.instance.dial_secret = self.cleaned_data["new_dial_secret"]
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
    change_form_outer_after_template = "admin/phone_system_health.html"
    actions_detail = ["try_out", "rotate"]
    formfield_overrides = {ArrayField: {"widget": UnfoldAdminTextInputWidget(attrs={"placeholder": "+74951234567, +78001234567"})}}
    fieldsets = [
        (None, {"fields": [("name", "slug"), ("adapter", "default_region"), ("is_active", "follows_routes", "last_event_at")]}),
        (
            "How it proves who it is",
            {"fields": [("auth_mode", "has_secret"), ("account", "new_secret"), ("public_url", "allowed_networks")]},
        ),
        ("Recordings", {"fields": [("recordings_at", "recording_auth", "recording_hosts")]}),
        ("How it is told to call somebody", {"fields": [("takes_commands", "takes_transfers"), ("dial_url", "new_dial_secret")]}),
        ("Numbers and times", {"fields": ["own_lines", ("naive_time_zone", "stale_after_s")]}),
    ]

    def get_prepopulated_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        return {} if obj or not self.has_change_permission(request) else self.prepopulated_fields

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        system = self.get_object(request, object_id)
        more = {}
        if system is not None:
            found, now = health.of(system, now=timezone.now()), timezone.now()
            more = {
                "health": found,
                "chart": _chart(found.hours, now),
                "endpoint": request.build_absolute_uri(f"/api/v1/calls/ingest/{system.slug}/"),
            }
        return super().change_view(request, object_id, form_url, (extra_context or {}) | more)

    def has_setup_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._may(request, ADMINS)

    @action(description="Test", icon="network_check", permissions=["setup"])
    def try_out(self, request: HttpRequest, object_id: str) -> HttpResponse:
        system = self.get_object(request, object_id)
        told = systems.trial(system, url=request.build_absolute_uri("/"), now=timezone.now())
        if told["problem"]:
            messages.error(request, told["problem"])
        else:
            proof = {True: "the proof is genuine", False: "the proof fails", None: "the proof cannot be tried from here"}[
                told["is_genuine"]
            ]
            messages.success(
                request, f"A delivery was made as this phone system sends it: {proof}, it was read, and answered. Nothing was kept."
            )
        return HttpResponseRedirect(reverse("admin:calls_phonesystem_change", args=[system.pk]))

    @action(description="Change the secret", icon="key", permissions=["setup"])
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        system = self.get_object(request, object_id)
        if request.method == "POST":
            system, secret = systems.rotate(system.pk, overlap_s=86400, by=who(request), now=timezone.now())
            context = {**self.admin_site.each_context(request), "title": f"New secret of {system}", "opts": self.opts, "secret": secret,
                       "system": system, "back": reverse("admin:calls_phonesystem_change", args=[system.pk])}  # fmt: skip
            return TemplateResponse(request, "admin/secret_made.html", context)
        return confirmed(
            self, request, system, title="Change the secret", button="Make a new one", act=lambda: None, done="",
            question="A new secret is made and shown once. The one before counts for another day, so that nothing is lost meanwhile.",
        )  # fmt: skip

    @admin.display(description="secret set", boolean=True)
    def has_secret(self, system: PhoneSystem) -> bool:
        return bool(system.secret)


def _chart(hours: list[tuple[int, int, int]], now: datetime) -> dict[str, Any]:
    """Bars of calls by hour, for the picture of the page."""
    most = max((calls for calls, _, _ in hours), default=0) or 1
    begins = now - timedelta(hours=len(hours))
    return {
        "most": most,
        "bars": [
            {"x": index * 28, "y": 100 - round(100 * calls / most), "height": round(100 * calls / most), "calls": calls,
             "hour": timezone.localtime(begins + timedelta(hours=index)).hour, "bad": round(100 * (partial + silent) / most)}
            for index, (calls, partial, silent) in enumerate(hours)
        ],
    }  # fmt: skip


@admin.register(RefusedDelivery)
class RefusedDeliveryAdmin(ReadOnlyAdmin):
    """What could not prove who sent it: a few of the last."""

    list_display = ["at", "phone_system", "reason", "address"]
    list_select_related = ["phone_system"]
    ordering = ["-id"]
    sortable_by: list[str] = []


@admin.register(CallAlias)
class CallAliasAdmin(ReadOnlyAdmin):
    """Ids of calls that turned out to be a part of another."""

    list_display = ["old_id", "call"]
    list_select_related = ["call"]
    ordering = ["-old_id"]
    sortable_by: list[str] = []


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


@admin.register(Queue)
class QueueAdmin(AuditedAdmin):
    """Queues: who serves them, when, and what is promised to those who wait."""

    list_display = ["name", "slug", "department", "service_level_s", "return_within_s", "is_active"]
    list_select_related = ["department"]
    list_filter = ["is_active"]
    search_fields = ["name", "slug"]
    ordering = ["name"]
    autocomplete_fields = ["department", "calendar", "teams"]
    fieldsets = [
        (None, {"fields": [("name", "slug"), ("department", "calendar"), "teams", "is_active"]}),
        ("What is promised", {"fields": [("service_level_s", "short_abandon_s"), ("return_calls", "return_within_s"), "wrap_up_limit_s"]}),
        ("Alarms", {"fields": [("alarm_waiting", "alarm_wait_s", "alarm_service_level")]}),
    ]
