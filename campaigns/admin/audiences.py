"""Audiences: lists of contacts, the sources of all campaigns, how they were built, who was left out and why, dry runs, hours."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action

from campaigns import audiences
from campaigns.admin.inlines import MemberInline
from campaigns.models import AudienceRun, AudienceSource, CampaignHours, ContactList, ContactListMember, DryRun, LeftOut
from config.platform.admin_base import AuditedAdmin, ReadOnlyAdmin, badge, confirmed, who
from config.platform.admin_base.pages import LEADING
from crm import searching
from crm.calendars import clock

TONES = {"waiting": "plain", "running": "info", "done": "good", "failed": "bad", "cancelled": "plain"}
OF_CAMPAIGN = ("campaign", AutocompleteSelectFilter)


@admin.register(ContactList)
class ContactListAdmin(AuditedAdmin):
    """Contacts put together to be called, or to be left out. They are put on it and taken off over the API."""

    list_display = ["name", "about", "by", "created_at"]
    list_select_related = ["by"]
    search_fields = ["name"]
    ordering = ["name"]
    fields = ["name", "about"]
    inlines = [MemberInline]
    actions = None

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.by = who(request)
        super().save_model(request, obj, form, change)


@admin.register(ContactListMember)
class ContactListMemberAdmin(ReadOnlyAdmin):
    """Who is on which list."""

    list_display = ["contact_list", "contact", "added_at", "by"]
    list_select_related = ["contact_list", "contact", "by"]
    list_filter = [("contact_list", AutocompleteSelectFilter)]
    search_fields = ["contact__surname"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = [("contact_list", "contact"), ("added_at", "by")]

    def found(self, request: HttpRequest, queryset: Any, text: str) -> Any:
        return queryset.filter(contact__in=searching.find(text, limit=100))


@admin.register(AudienceSource)
class AudienceSourceAdmin(ReadOnlyAdmin):
    """Whom campaigns are for, and not for. Written on the page of the campaign."""

    list_display = ["campaign", "mode", "kind", "contact_list", "imported", "priority"]
    list_select_related = ["campaign", "contact_list", "imported"]
    list_filter = ["mode", "kind", OF_CAMPAIGN]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = ["campaign", ("mode", "kind", "priority"), ("saved_filter", "contact_list", "imported"), "query"]


@admin.register(AudienceRun)
class AudienceRunAdmin(ReadOnlyAdmin):
    """How audiences were built."""

    list_display = ["asked_at", "campaign", "kind", "state", "seen", "total", "added", "left_out", "by"]
    list_select_related = ["campaign", "by"]
    list_filter = ["status", "kind", OF_CAMPAIGN]
    ordering = ["-id"]
    sortable_by: list[str] = []
    readonly_fields = ["state"]
    fields = [
        ("campaign", "kind", "state"), ("asked_at", "started_at", "finished_at", "by"), ("seen", "total", "rate"), ("added", "left_out"),
        "reasons", "sources", ("failures", "run_after"), "problem",
    ]  # fmt: skip
    actions_detail = ["stop"]

    def has_stop_permission(self, request: HttpRequest, object_id: str) -> bool:
        row: Any = self.get_object(request, object_id)
        return row is not None and self._may(request, LEADING) and "cancel" in row.open_moves()

    @action(description="Stop", icon="stop", permissions=["stop"])
    def stop(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Any = self.get_object(request, object_id)
        return confirmed(
            self, request, row, title=f"Stop: {row}", question="Whom it has brought in stays in.", button="Stop", done="Stopped.",
            act=lambda: audiences.cancel(row.pk, by=who(request), now=timezone.now()),
        )  # fmt: skip

    @admin.display(description="state", ordering="status")
    def state(self, row: AudienceRun) -> SafeString:
        return badge(row.get_status_display(), TONES[row.status])


@admin.register(LeftOut)
class LeftOutAdmin(ReadOnlyAdmin):
    """Whom the sources name and who is not called, with the reason."""

    list_display = ["campaign", "contact", "reason", "detail"]
    list_select_related = ["campaign", "contact"]
    list_filter = ["reason", OF_CAMPAIGN]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = [("campaign", "contact"), "reason", "detail", "run"]

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        return lookup == "campaign__id__exact" or super().lookup_allowed(lookup, value, request)


@admin.register(DryRun)
class DryRunAdmin(ReadOnlyAdmin):
    """What would happen, and did not."""

    list_display = ["asked_at", "campaign", "state", "seen", "total", "callable_now", "callable_later", "never", "by"]
    list_select_related = ["campaign", "by"]
    list_filter = ["status", OF_CAMPAIGN]
    ordering = ["-id"]
    sortable_by: list[str] = []
    readonly_fields = ["state"]
    fields = [
        ("campaign", "state"), ("asked_at", "finished_at", "by"), ("seen", "total"), ("callable_now", "callable_later", "never"), "reasons",
        "first_at", "samples", ("failures", "run_after"), "problem",
    ]  # fmt: skip

    @admin.display(description="state", ordering="status")
    def state(self, row: DryRun) -> SafeString:
        return badge(row.get_status_display(), TONES[row.status])


@admin.register(CampaignHours)
class CampaignHoursAdmin(ReadOnlyAdmin):
    """When calls of campaigns may begin. Written on the page of the campaign."""

    list_display = ["campaign", "weekday", "span"]
    list_select_related = ["campaign"]
    list_filter = ["weekday", OF_CAMPAIGN]
    ordering = ["-id"]
    sortable_by: list[str] = []
    readonly_fields = ["span"]
    fields = [("campaign", "weekday", "span")]

    @admin.display(description="from and until")
    def span(self, row: CampaignHours) -> str:
        return f"{clock(row.opens)}–{clock(row.closes)}"
