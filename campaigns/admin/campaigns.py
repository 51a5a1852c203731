"""Campaigns in the admin: looked at, started, paused and ended; their audiences, dry runs and lists of contacts."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.decorators import action

from campaigns import audiences, dry_runs, running
from campaigns.models import (
    AudienceRun,
    AudienceSource,
    Campaign,
    CampaignHours,
    ContactList,
    ContactListMember,
    DryRun,
    LeftOut,
    RetryRule,
)
from config.platform.admin_base import AuditedAdmin, ReadOnlyAdmin, badge, confirmed, who
from config.platform.admin_base.pages import NOBODY
from config.platform.models import LEADERS
from crm import searching
from crm.calendars import clock

TONES = {
    "draft": "plain",
    "scheduled": "info",
    "running": "good",
    "paused": "warn",
    "completed": "plain",
    "cancelled": "bad",
    "archived": "plain",
}
WORKS = {"waiting": "info", "running": "info", "done": "good", "failed": "bad", "cancelled": "plain"}


class Shown(TabularInline):
    """Rows that are only looked at: they are written through the API, which replaces the whole list."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class HoursInline(Shown):
    model = CampaignHours
    fields = ["weekday", "from_", "until"]
    readonly_fields = fields

    @admin.display(description="from")
    def from_(self, row: CampaignHours) -> str:
        return clock(row.opens)

    @admin.display(description="until")
    def until(self, row: CampaignHours) -> str:
        return clock(row.closes)


class RulesInline(Shown):
    model = RetryRule
    fields = [
        "outcome",
        "disposition",
        "delay_s",
        "growth",
        "factor",
        "most_s",
        "max_attempts",
        "next_number",
        "varies_time_of_day",
        "agent",
    ]


class SourcesInline(Shown):
    model = AudienceSource
    fields = ["mode", "kind", "query", "contact_list", "imported", "priority"]


@admin.register(Campaign)
class CampaignAdmin(AuditedAdmin):
    """Begun, paused and ended by buttons, through campaigns.running; what it says and how it calls is written through the API."""

    may_add = may_delete = NOBODY
    may_change = frozenset(LEADERS)
    list_display = ["number", "name", "kind", "purpose", "state", "priority", "starts_at", "ends_at"]
    list_filter = ["status", "kind", "purpose", "is_template"]
    search_fields = ["number", "name"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    inlines = [HoursInline, RulesInline, SourcesInline]
    actions_detail = ["begin", "rest", "go_on", "end", "break_off", "build", "try_out"]
    fields = [
        ("number", "status", "is_template"), ("name", "kind", "purpose"), "about", ("priority", "goal", "goal_count"), ("starts_at", "ends_at"),
        ("script", "survey", "survey_version", "promotion"), ("max_attempts", "max_per_day", "max_per_number"),
        ("rolling_most", "rolling_s", "min_gap_s"), ("max_technical", "retry_s", "drop_lockout_s", "lease_s"), "keeps_holidays",
        ("audience", "last_dry_run"), ("started_at", "ended_at", "ended_because"), ("by", "forced_reason", "copied_from"),
    ]  # fmt: skip
    WRITTEN = ("name", "about", "priority")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        shown = [name for row in self.fields for name in (row if isinstance(row, tuple) else (row,))]
        return [name for name in shown if name not in self.WRITTEN]

    @admin.display(description="status", ordering="status")
    def state(self, row: Campaign) -> SafeString:
        return badge(row.get_status_display(), TONES[row.status])

    @admin.display(description="audience")
    def audience(self, row: Campaign) -> SafeString:
        run = row.audience_runs.order_by("-id").first()
        if run is None:
            return format_html("{}", "Not built yet")
        told = f"{run.get_status_display()}: {run.seen:,} of {run.total or 0:,} looked at, {run.added:,} in, {run.left_out:,} left out"
        return format_html("{}{}", told, _bars(run.reasons))

    @admin.display(description="last dry run")
    def last_dry_run(self, row: Campaign) -> SafeString:
        run = dry_runs.latest(row)
        if run is None:
            return format_html("{}", "None")
        told = f"{run.get_status_display()}: {run.callable_now:,} can be called now, {run.callable_later:,} later, {run.never:,} never"
        return format_html("{}{}", told, _bars(run.reasons))

    # --- buttons
    def _may(self, request: HttpRequest, object_id: str, verb: str) -> bool:
        row = self.get_object(request, object_id)
        return row is not None and self.has_change_permission(request) and verb in row.open_moves()

    def has_begin_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._may(request, object_id, "start")

    def has_rest_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._may(request, object_id, "pause")

    def has_go_on_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._may(request, object_id, "resume")

    def has_end_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._may(request, object_id, "complete")

    def has_break_off_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._may(request, object_id, "cancel")

    def has_build_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._may(request, object_id, "alter")

    def _ask(
        self, request: HttpRequest, object_id: str, word: str, question: str, act: Callable[..., Any], *, ask: str = ""
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return confirmed(
            self, request, row, title=f"{word}: {row}", question=question, button=word, done="Done.", ask=ask,
            act=lambda *said: act(row.pk, *said, by=who(request), now=timezone.now()),
        )  # fmt: skip

    @action(description="Start", icon="play_arrow", permissions=["begin"])
    def begin(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, "Start", "Its contacts are handed out from now on. It needs a fresh dry run.", running.start)

    @action(description="Pause", icon="pause", permissions=["rest"])
    def rest(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, "Pause", "Nobody is handed out from now on; calls that go on go on.", running.pause)

    @action(description="Go on", icon="play_arrow", permissions=["go_on"])
    def go_on(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, "Go on", "Its contacts are handed out again.", running.resume)

    @action(description="End", icon="stop", permissions=["end"])
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, "End", "Nobody is called in it any more.", running.complete)

    @action(description="Break off", icon="block", permissions=["break_off"])
    def break_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(pk: Any, said: str, **by: Any) -> None:
            running.cancel(pk, reason=said, **by)

        return self._ask(request, object_id, "Break off", "Nobody is called in it any more.", act, ask="Why")

    @action(description="Build the audience", icon="groups", permissions=["build"])
    def build(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, "Build", "Whoever its sources name and is not in it yet is brought in.", audiences.build)

    @action(description="Dry run", icon="science", permissions=["build"])
    def try_out(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, "Dry run", "Everybody in it is asked about at the gate; nobody is called.", dry_runs.begin)


def _bars(reasons: dict[str, int]) -> SafeString:
    """How many for which reason, as bars."""
    most = max(reasons.values(), default=0)
    rows = sorted(reasons.items(), key=lambda one: -one[1])[:12]
    if not rows:
        return SafeString("")
    lines = ((code, round(100 * n / most), f"{n:,}") for code, n in rows)
    bar = "<tr><td>{}</td><td><meter min='0' max='100' value='{}'></meter></td><td>{}</td></tr>"
    return format_html("<table>{}</table>", format_html_join("", bar, lines))


class MembersInline(Shown):
    model = ContactListMember
    fields = ["contact", "added_at", "by"]
    per_page = 20

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).select_related("contact", "by")


@admin.register(ContactList)
class ContactListAdmin(AuditedAdmin):
    """Contacts that somebody put together: to call, or to leave out. Members are written through the API."""

    may_add = may_change = may_delete = frozenset(LEADERS)
    list_display = ["name", "about", "by"]
    list_select_related = ["by"]
    search_fields = ["name"]
    ordering = ["name"]
    fields = ["name", "about"]


@admin.register(ContactListMember)
class ContactListMemberAdmin(ReadOnlyAdmin):
    """Who is on which list."""

    list_display = ["contact_list", "contact", "added_at", "by"]
    list_select_related = ["contact_list", "contact", "by"]
    list_filter = [("contact_list", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["contact_list__name"]
    search_help_text = "By the contact: name, phone, e-mail"
    ordering = ["-id"]
    sortable_by: list[str] = []

    def found(self, request: HttpRequest, queryset: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
        return queryset.filter(contact__in=searching.find(text))


@admin.register(AudienceSource)
class AudienceSourceAdmin(ReadOnlyAdmin):
    """Whom campaigns are for, and whom they leave out."""

    list_display = ["campaign", "mode", "kind", "query", "contact_list", "imported", "priority"]
    list_select_related = ["campaign", "contact_list", "imported"]
    list_filter = ["mode", "kind"]
    ordering = ["-id"]
    sortable_by: list[str] = []


@admin.register(AudienceRun)
class AudienceRunAdmin(ReadOnlyAdmin):
    """How audiences are built."""

    list_display = ["campaign", "kind", "state", "seen", "total", "added", "left_out", "rate", "started_at", "finished_at"]
    list_select_related = ["campaign"]
    list_filter = ["status", "kind"]
    ordering = ["-id"]
    sortable_by: list[str] = []

    @admin.display(description="status", ordering="status")
    def state(self, row: AudienceRun) -> SafeString:
        return badge(row.get_status_display(), WORKS[row.status])


@admin.register(LeftOut)
class LeftOutAdmin(ReadOnlyAdmin):
    """Who was left out of which campaign, and why."""

    list_display = ["campaign", "contact", "reason", "detail"]
    list_select_related = ["campaign", "contact"]
    list_filter = [("campaign", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["reason"]
    search_help_text = "By the contact: name, phone, e-mail"
    ordering = ["-id"]
    sortable_by: list[str] = []

    def found(self, request: HttpRequest, queryset: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
        return queryset.filter(contact__in=searching.find(text))


@admin.register(DryRun)
class DryRunAdmin(ReadOnlyAdmin):
    """What would have happened."""

    list_display = ["campaign", "state", "seen", "total", "callable_now", "callable_later", "never", "asked_at", "finished_at"]
    list_select_related = ["campaign"]
    list_filter = ["status"]
    ordering = ["-id"]
    sortable_by: list[str] = []

    @admin.display(description="status", ordering="status")
    def state(self, row: DryRun) -> SafeString:
        return badge(row.get_status_display(), WORKS[row.status])
