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

from campaigns import excluding, handout, settling, taking_back
from campaigns.models import Attempt, Target
from config.platform.admin_base import ReadOnlyAdmin, badge, confirmed, who
from config.platform.admin_base.pages import LEADING
from config.platform.admin_base.ranges import RangeDateTimeFilter
from crm import searching

STATES = {
    "pending": "plain", "leased": "info", "in_call": "info", "wrap": "info", "retry_wait": "warn", "callback_wait": "warn", "done": "good",
    "exhausted": "plain", "suppressed": "bad",
}  # fmt: skip
COURSES = {"leased": "info", "in_call": "info", "wrap": "info", "closed": "plain"}
IN_HAND = (Target.State.LEASED, Target.State.IN_CALL, Target.State.WRAP)
VERDICTS = {"allowed": ("yes", "good"), "warned": ("beware", "warn"), "refused": ("no", "bad")}


class WithVerbs(ReadOnlyAdmin):
    """Nobody writes a row by hand; whoever leads moves it by buttons."""

    def row(self, request: HttpRequest, object_id: str) -> Any:
        """The row of the page, read once for all its buttons."""
        if not hasattr(request, "row_of_the_page"):
            request.row_of_the_page = self.get_object(request, object_id)  # type: ignore[attr-defined]
        return request.row_of_the_page  # type: ignore[attr-defined]

    def led(self, request: HttpRequest, object_id: str) -> Any:
        """The row, for whoever may move it."""
        return self.row(request, object_id) if getattr(request.user, "role", "") in LEADING else None


@admin.register(Target)
class TargetAdmin(WithVerbs):
    """One contact in one campaign. Here a supervisor finds why somebody is called, or is not."""

    list_display = ["campaign", "contact", "how", "is_ready", "attempts_total", "outcome", "disposition", "next_attempt_at", "reason"]
    list_select_related = ["campaign", "contact", "disposition"]
    list_filter = ["state", "is_ready", "is_success", ("campaign", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["reason"]
    search_help_text = "By the contact: name, phone, e-mail"
    ordering = ["-id"]
    sortable_by: list[str] = []
    actions_detail = ["explain", "take_out", "bring_back"]
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

    def has_take_out_permission(self, request: HttpRequest, object_id: str) -> bool:
        row = self.led(request, object_id)
        return row is not None and row.state not in IN_HAND and row.reason not in settling.STAYS_OUT

    def has_bring_back_permission(self, request: HttpRequest, object_id: str) -> bool:
        row = self.led(request, object_id)
        return row is not None and (row.state, row.reason) == (Target.State.SUPPRESSED, settling.BY_HAND)

    @action(description="Take out of the campaign", icon="person_remove", permissions=["take_out"])
    def take_out(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)
        return confirmed(
            self, request, row, title=f"Take out: {row.contact}", button="Take out", ask="Why", done="They are not called any more.",
            question="They are not called in this campaign any more, until somebody brings them back.",
            act=lambda said: excluding.exclude(row.pk, reason=said[:300], by=who(request), now=timezone.now()),
        )  # fmt: skip

    @action(description="Bring back", icon="person_add", permissions=["bring_back"])
    def bring_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)
        return confirmed(
            self, request, row, title=f"Bring back: {row.contact}", button="Bring back", done="They are called again.",
            question="They go on as their attempts and the rules say.",
            act=lambda: excluding.reinstate(row.pk, by=who(request), now=timezone.now()),
        )  # fmt: skip

    @admin.display(description="state", ordering="state")
    def how(self, row: Target) -> SafeString:
        return badge(row.get_state_display(), STATES[row.state])


@admin.register(Attempt)
class AttemptAdmin(WithVerbs):
    """In whose hands a contact was, on which number, and how it came out."""

    list_display = ["leased_at", "campaign", "contact", "e164", "agent", "course", "closing", "outcome", "disposition"]
    list_select_related = ["campaign", "contact", "agent", "disposition"]
    list_filter = [
        "state", "closing", "counted", "is_batch", "is_late", "is_drop", ("leased_at", RangeDateTimeFilter), ("campaign", admin.RelatedOnlyFieldListFilter),
    ]  # fmt: skip
    actions_detail = ["take_back"]
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

    def has_take_back_permission(self, request: HttpRequest, object_id: str) -> bool:
        row = self.led(request, object_id)
        return row is not None and row.state != Attempt.State.CLOSED

    @action(description="Take back", icon="undo", permissions=["take_back"])
    def take_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)
        return confirmed(
            self, request, row, title=f"Take back: {row.contact}", button="Take back", ask="Why", done="They wait again.",
            question="They leave the hands that have them, and wait for somebody else. The holder is told on the screen.",
            act=lambda said: taking_back.take_back(row.pk, reason=said[:300], by=who(request), now=timezone.now()),
        )  # fmt: skip

    @admin.display(description="state", ordering="state")
    def course(self, row: Attempt) -> SafeString:
        return badge(row.get_state_display(), COURSES[row.state])
