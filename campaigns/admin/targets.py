"""Contacts of campaigns, why each is called or not, and in whose hands they were. Looked at only: how a target stands is reckoned."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action

from campaigns import handout
from campaigns.models import Attempt, Target
from config.platform.admin_base import ReadOnlyAdmin, badge
from config.platform.admin_base.ranges import RangeDateTimeFilter
from crm import searching

STATES = {
    "pending": "plain", "leased": "info", "in_call": "info", "wrap": "info", "retry_wait": "warn", "callback_wait": "warn", "done": "good",
    "exhausted": "plain", "suppressed": "bad",
}  # fmt: skip
COURSES = {"leased": "info", "in_call": "info", "wrap": "info", "closed": "plain"}
VERDICTS = {"allowed": ("yes", "good"), "warned": ("beware", "warn"), "refused": ("no", "bad")}


@admin.register(Target)
class TargetAdmin(ReadOnlyAdmin):
    """One contact in one campaign. Here a supervisor finds why somebody is called, or is not."""

    list_display = ["campaign", "contact", "how", "is_ready", "attempts_total", "outcome", "disposition", "next_attempt_at", "reason"]
    list_select_related = ["campaign", "contact", "disposition"]
    list_filter = ["state", "is_ready", "is_success", ("campaign", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["reason"]
    search_help_text = "By the contact: name, phone, e-mail"
    ordering = ["-id"]
    sortable_by: list[str] = []
    actions_detail = ["explain"]
    fields = [
        ("campaign", "contact"), ("state", "is_ready", "reason"), ("priority", "clocks"), ("next_attempt_at", "next_e164", "only_agent", "callback"),
        ("attempts_total", "attempts_technical", "last_attempt_at"), ("outcome", "disposition"), ("is_reached", "is_right_party", "is_success"),
        ("fence", "checked_at", "ended_at"),
    ]  # fmt: skip

    def found(self, request: HttpRequest, queryset: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
        return queryset.filter(contact__in=searching.find(text))

    @action(description="Why are they called, or not?", icon="help", permissions=["view"])
    def explain(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Every rule with its verdict, by the same code that hands out."""
        row = self.get_object(request, object_id)
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        target = Target.objects.select_related("campaign", "contact").get(pk=row.pk)
        (verdict,) = handout.explain([target], agent=None, now=timezone.now())
        context = {
            **self.admin_site.each_context(request), "title": f"Why are they called, or not: {target.contact}", "target": target,
            "allowed": verdict.allowed, "phone": verdict.subject.e164, "next_at": verdict.next_at, "opts": self.opts,
            "rules": [(one, badge(*VERDICTS[one.verdict])) for one in verdict.findings],
        }  # fmt: skip
        return TemplateResponse(request, "admin/target_explanation.html", context)

    @admin.display(description="state", ordering="state")
    def how(self, row: Target) -> SafeString:
        return badge(row.get_state_display(), STATES[row.state])


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    """In whose hands a contact was, on which number, and how it came out."""

    list_display = ["leased_at", "campaign", "contact", "e164", "agent", "course", "closing", "outcome", "disposition"]
    list_select_related = ["campaign", "contact", "agent", "disposition"]
    list_filter = [
        "state", "closing", "counted", "is_batch", "is_late", "is_drop", ("leased_at", RangeDateTimeFilter), ("campaign", admin.RelatedOnlyFieldListFilter),
    ]  # fmt: skip
    search_fields = ["e164"]
    search_help_text = "By the contact: name, phone, e-mail"
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = [
        ("campaign", "target", "contact"), ("number", "fence", "e164"), ("state", "closing", "reason"), ("agent", "leased_by", "is_batch"),
        ("leased_at", "lease_until", "heard_at"), ("dialled_at", "answered_at", "closed_at"), ("call", "callback"),
        ("outcome", "said_outcome", "disposition", "counted"), ("is_late", "is_drop"),
    ]  # fmt: skip

    def found(self, request: HttpRequest, queryset: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
        return queryset.filter(contact__in=searching.find(text))

    @admin.display(description="state", ordering="state")
    def course(self, row: Attempt) -> SafeString:
        return badge(row.get_state_display(), COURSES[row.state])
