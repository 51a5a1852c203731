"""Who is called, and every time that they were. Nobody writes here by hand; a page says why somebody is or is not called now."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action

from campaigns import handout
from campaigns.models import Attempt, Target
from config.platform.admin_base import ReadOnlyAdmin, badge
from config.platform.admin_base.ranges import RangeDateTimeFilter
from crm import calling, searching

TONES = {
    "pending": "plain", "leased": "info", "in_call": "info", "wrap": "info", "retry_wait": "warn", "callback_wait": "warn", "done": "good",
    "exhausted": "plain", "suppressed": "bad", "closed": "plain",
}  # fmt: skip
SAYS = {calling.REFUSED: ("No", "bad"), calling.WARNED: ("Take care", "warn")}


@admin.register(Target)
class TargetAdmin(ReadOnlyAdmin):
    """One contact in one campaign. What it says follows from its attempts."""

    list_display = [
        "campaign",
        "contact",
        "standing",
        "priority",
        "attempts_total",
        "last_attempt_at",
        "next_attempt_at",
        "outcome",
        "reason",
    ]
    list_select_related = ["campaign", "contact"]
    list_filter = ["state", ("campaign", AutocompleteSelectFilter)]
    search_fields = ["contact__surname"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    readonly_fields = ["standing"]
    actions_detail = ["explain"]
    fields = [
        ("campaign", "contact", "standing"), ("is_ready", "priority", "next_attempt_at", "next_e164"), ("callback", "only_agent"),
        ("attempts_total", "attempts_technical", "last_attempt_at"), ("outcome", "disposition", "reason"),
        ("is_reached", "is_right_party", "is_success"), ("run", "clocks", "fence"), ("checked_at", "ended_at"),
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("campaign", "contact")

    def found(self, request: HttpRequest, queryset: Any, text: str) -> Any:
        return queryset.filter(contact__in=searching.find(text, limit=100))

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        return lookup == "campaign__id__exact" or super().lookup_allowed(lookup, value, request)

    def has_explain_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self.has_view_permission(request)

    @action(description="Why, or why not, now", icon="help", permissions=["explain"])
    def explain(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Any = self.get_object(request, object_id)
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        verdict = handout.explain([row], agent=None, now=timezone.now())[0]
        context = {
            **self.admin_site.each_context(request),
            "title": f"{row.contact} in {row.campaign}",
            "verdict": verdict,
            "lines": [(one.rule.replace("_", " "), *SAYS.get(one.verdict, ("Yes", "good")), one) for one in verdict.findings],
            "back": reverse("admin:campaigns_target_change", args=[row.pk]),
            "opts": self.opts,
            "original": row,
        }
        return TemplateResponse(request, "admin/target_explained.html", context)

    @admin.display(description="state", ordering="state")
    def standing(self, row: Target) -> SafeString:
        return badge(row.get_state_display(), TONES[row.state])


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    """Every time that somebody was in somebody's hands."""

    list_display = ["leased_at", "campaign", "contact", "number", "agent", "standing", "outcome", "disposition", "counted", "is_late"]
    list_select_related = ["campaign", "contact", "agent", "disposition"]
    list_filter = [
        "state", "closing", "counted", "is_drop", ("campaign", AutocompleteSelectFilter), ("agent", AutocompleteSelectFilter),
        ("leased_at", RangeDateTimeFilter),
    ]  # fmt: skip
    search_fields = ["contact__surname"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    readonly_fields = ["standing"]
    fields = [
        ("campaign", "contact", "number"), ("target", "fence", "standing"), ("e164", "agent", "leased_by", "is_batch"),
        ("leased_at", "lease_until", "heard_at"), ("call", "callback"), ("dialled_at", "answered_at", "closed_at"),
        ("closing", "outcome", "disposition"), ("counted", "is_late", "is_drop"), "reason",
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("campaign", "contact", "agent", "disposition")

    def found(self, request: HttpRequest, queryset: Any, text: str) -> Any:
        return queryset.filter(contact__in=searching.find(text, limit=100))

    @admin.display(description="state", ordering="state")
    def standing(self, row: Attempt) -> SafeString:
        return badge(row.get_state_display(), TONES[row.state])
