"""Campaigns in the admin: written as drafts, moved on by buttons, with a picture of their audience and their dry run."""

from collections.abc import Callable
from functools import partialmethod
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db import models
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action

from campaigns import audiences, dry_runs, preparing, running
from campaigns.admin import results
from campaigns.admin.inlines import HoursInline, RetryRuleInline, SourceInline
from campaigns.models import AudienceRun, AudienceSource, Campaign, CampaignHours, DryRun, RetryRule
from config.platform import numbers
from config.platform.admin_base import AuditedAdmin, badge, confirmed, who
from config.platform.admin_base.pages import NOBODY
from config.platform.admin_base.seen import SeenVersionForm

TONES = {
    "draft": "warn", "scheduled": "info", "running": "good", "paused": "warn", "completed": "plain", "cancelled": "bad", "archived": "plain",
}  # fmt: skip
TOLD = [
    "number", "state", "version_asked", "copied_from", "started_at", "ended_at", "ended_because", "forced_reason", "start_problem", "by",
]  # fmt: skip
#: The lists that are written on the page, and the columns of their rows.
LISTS: dict[type[models.Model], tuple[str, tuple[str, ...]]] = {
    CampaignHours: ("hours", ("weekday", "opens", "closes")),
    RetryRule: (
        "retry_rules",
        (
            "outcome", "disposition", "delay_s", "growth", "factor", "most_s", "max_attempts", "next_number", "varies_time_of_day", "agent",
        ),
    ),
    AudienceSource: ("sources", ("mode", "kind", "saved_filter", "query", "contact_list", "imported", "priority")),
}  # fmt: skip


class CampaignForm(SeenVersionForm):
    """With names for limits that say their unit."""

    class Meta:
        labels = {
            "rolling_most": "Most within the span", "rolling_s": "That span, seconds", "min_gap_s": "Gap, seconds",
            "retry_s": "Again after, seconds", "max_technical": "Failures of the line", "drop_lockout_s": "Left alone after a drop, seconds",
            "lease_s": "In hand, seconds",
        }  # fmt: skip


@admin.register(Campaign)
class CampaignAdmin(AuditedAdmin):
    """Whom we call, when, how often, and what counts as a success."""

    may_delete = NOBODY
    actions = None
    list_display = ["number", "name", "kind", "department", "priority", "starts_at", "ends_at", "state"]
    list_select_related = ["department"]
    list_filter = ["status", "kind", "is_template", ("department", AutocompleteSelectFilter)]
    form = CampaignForm
    search_fields = ["number", "name"]
    search_help_text = "By number as people say it, or by a part of the name"
    ordering = ["-id"]
    sortable_by: list[str] = []
    autocomplete_fields = ["department", "agents", "teams", "script", "promotion", "dispositions"]
    inlines = [HoursInline, RetryRuleInline, SourceInline]
    change_form_outer_before_template = "admin/campaign_progress.html"
    actions_detail = [
        "results", "build_audience", "dry_run", "start", "schedule", "unschedule", "pause", "resume",
        {"title": "More", "items": ["start_anyway", "complete", "cancel", "archive", "copy"]},
    ]  # fmt: skip
    fieldsets: list[tuple[str | None, dict[str, Any]]] = [
        (
            None,
            {
                "fields": [
                    ("number", "state"), ("name", "is_template"), ("kind", "purpose"), "about", ("priority", "department"), "agents", "teams",
                    ("script", "promotion"), ("survey", "version_asked"), "dispositions", "line", "seen_version",
                ]
            },
        ),
        (
            "When and how often",
            {
                "fields": [
                    "starts_at", "ends_at", "keeps_holidays", ("goal", "goal_count"), ("max_attempts", "max_per_day", "max_per_number"),
                    ("rolling_most", "rolling_s"), ("min_gap_s", "retry_s", "max_technical"), ("drop_lockout_s", "lease_s"),
                ],
                "classes": ["tab"],
            },
        ),
        ("How it went", {"fields": [("copied_from", "by"), ("started_at", "ended_at"), "ended_because", ("forced_reason", "start_problem")], "classes": ["tab"]}),
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return (
            super()
            .get_queryset(request)
            .select_related("department", "script", "survey", "survey_version", "promotion", "by", "copied_from")
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None:
            return TOLD
        if "alter" not in obj.open_moves():
            rows = [row for _, part in self.fieldsets for row in part["fields"]]
            named = [name for row in rows for name in (row if isinstance(row, tuple) else (row,))]
            return [name for name in named if name != "seen_version"]
        return [*TOLD, *(preparing.FIXED if obj.started_at else ())]

    def found(self, request: HttpRequest, queryset: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
        """By number, else by a part of the name: there are hundreds of campaigns, not millions."""
        meant = numbers.meant("K", text, now=timezone.now())
        return queryset.filter(number__in=meant) if meant else queryset.filter(name__icontains=text)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self._row(request, object_id)
        extra = {**(extra_context or {}), **(_picture(row) if row is not None else {})}
        return super().change_view(request, object_id, form_url, extra)

    # --- written through the same doors as over HTTP
    def save_model(self, request: HttpRequest, obj: models.Model, form: ModelForm, change: bool) -> None:
        """Written in ``save_related``, when its lists are known."""

    def save_related(self, request: HttpRequest, form: Any, formsets: list[Any], change: bool) -> None:
        said = {name: form.cleaned_data[name] for name in (form.changed_data if change else form.cleaned_data)}
        said.pop("seen_version", None)
        lists = {name: list(said.pop(name)) for name in preparing.MANY if name in said}
        for formset in formsets:
            name, columns = LISTS[formset.model]
            if formset.has_changed():
                kept = [
                    one for one in formset.forms if one not in formset.deleted_forms and (one in formset.initial_forms or one.has_changed())
                ]
                lists[name] = [{column: getattr(one.instance, column) for column in columns} for one in kept]
            formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
        by: dict[str, Any] = {"by": who(request), "now": timezone.now()}
        if not change:
            made = preparing.create(lists=lists, **said, **by)
            form.instance.pk, form.instance.number = made.pk, made.number
        elif said or lists:
            preparing.alter(form.instance.pk, lists=lists, if_version=form.cleaned_data["seen_version"], **said, **by)

    # --- verbs
    def _row(self, request: HttpRequest, object_id: str) -> Any:
        row = getattr(request, "campaign", None)  # asked for every button of a page: read once
        if row is None:
            row = request.campaign = self.get_object(request, object_id)  # type: ignore[attr-defined]
        return row

    def _open(self, request: HttpRequest, object_id: str, *, verb: str) -> bool:
        row = self._row(request, object_id)
        if row is None or not self.has_change_permission(request) or verb not in row.open_moves():
            return False
        return not row.is_template or verb in ("cancel", "archive")

    has_start_permission = partialmethod(_open, verb="start")
    has_unschedule_permission = partialmethod(_open, verb="unschedule")
    has_pause_permission = partialmethod(_open, verb="pause")
    has_resume_permission = partialmethod(_open, verb="resume")
    has_complete_permission = partialmethod(_open, verb="complete")
    has_cancel_permission = partialmethod(_open, verb="cancel")
    has_archive_permission = partialmethod(_open, verb="archive")
    has_prepare_permission = partialmethod(_open, verb="alter")

    def has_schedule_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._open(request, object_id, verb="schedule") and bool(self._row(request, object_id).starts_at)

    def has_copy_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._row(request, object_id) is not None and self.has_add_permission(request)

    def _ask(
        self, request: HttpRequest, object_id: str, word: str, question: str, act: Callable[..., Any], *, ask: str = ""
    ) -> HttpResponse:
        row = self._row(request, object_id)
        return confirmed(
            self, request, row, title=f"{word}: {row}", question=question, button=word, done="Done.", ask=ask,
            act=lambda *said: act(row.pk, **({"reason": said[0]} if said else {}), by=who(request), now=timezone.now()),
        )  # fmt: skip

    @action(description="Results", icon="monitoring", permissions=["view"])
    def results(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self._row(request, object_id)
        return results.show(self, request, row) if row else self._get_obj_does_not_exist_redirect(request, self.opts, object_id)

    @action(description="Build the audience", icon="groups", permissions=["prepare"])
    def build_audience(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = "Workers go through the contacts that the sources name. Done again, it adds those who fit by now."
        return self._ask(request, object_id, "Build the audience", question, audiences.build)

    @action(description="Dry run", icon="science", permissions=["prepare"])
    def dry_run(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = "Everybody in it is asked about at the gate, nobody is called."
        return self._ask(request, object_id, "Make a dry run", question, dry_runs.begin)

    @action(description="Start", icon="play_arrow", permissions=["start"])
    def start(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, "Start", "From now on its contacts are handed out.", running.start)

    @action(description="Start without a dry run", icon="fast_forward", permissions=["start"])
    def start_anyway(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = "Nobody has looked at what would happen. The reason stays with the campaign."
        return self._ask(request, object_id, "Start all the same", question, _started_anyway, ask="Why")

    @action(description="Start at its time", icon="schedule", permissions=["schedule"])
    def schedule(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self._row(request, object_id)
        at = timezone.localtime(row.starts_at)

        def act(pk: Any, **by: Any) -> Any:
            return running.schedule(pk, starts_at=row.starts_at, **by)

        return self._ask(request, object_id, "Start at its time", f"It begins by itself on {at:%Y-%m-%d at %H:%M}.", act)

    @action(description="Do not start by itself", icon="event_busy", permissions=["unschedule"])
    def unschedule(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, "Take the start back", "It is a draft again.", running.unschedule)

    @action(description="Pause", icon="pause", permissions=["pause"])
    def pause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = "Nobody is handed out until it is resumed; what is in hands and on the line goes on."
        return self._ask(request, object_id, "Pause", question, running.pause, ask="Why")

    @action(description="Resume", icon="play_circle", permissions=["resume"])
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, "Resume", "Its contacts are handed out again.", running.resume)

    @action(description="Complete", icon="task_alt", permissions=["complete"])
    def complete(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = "It has done its work: nobody is called for it any more."
        return self._ask(request, object_id, "Complete", question, running.complete)

    @action(description="Cancel", icon="cancel", permissions=["cancel"])
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = "It is broken off for good. Its results stay."
        return self._ask(request, object_id, "Cancel", question, running.cancel, ask="Why")

    @action(description="Archive", icon="archive", permissions=["archive"])
    def archive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, "Archive", "It is put away; its results stay.", running.archive)

    @action(description="Copy", icon="content_copy", permissions=["copy"])
    def copy(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self._row(request, object_id)
        made: list[Campaign] = []
        answer = confirmed(
            self, request, row, title=f"Copy: {row}", button="Copy", ask="Name of the copy", done="Here it is.",
            question="A draft with the same settings, rules, people and sources. Dates, audience and results stay where they are.",
            act=lambda said: made.append(preparing.copy(row.pk, name=said[:150], by=who(request), now=timezone.now())),
        )  # fmt: skip
        return HttpResponseRedirect(reverse("admin:campaigns_campaign_change", args=[made[0].pk])) if made else answer

    @admin.display(description="state", ordering="status")
    def state(self, row: Campaign) -> SafeString:
        if row.start_problem:
            return badge("Could not start", "bad")
        return badge("Template" if row.is_template else row.get_status_display(), TONES.get(row.status, "plain"))

    @admin.display(description="version of the survey")
    def version_asked(self, row: Campaign) -> str:
        return str(row.survey_version or "–")


def _started_anyway(pk: Any, *, reason: str, **by: Any) -> Campaign:
    return running.start(pk, force=True, reason=reason, **by)


def _picture(campaign: Campaign) -> dict[str, Any]:
    """The audience as it is built, and what the latest dry run found, as bars."""
    build = AudienceRun.objects.filter(campaign=campaign).order_by("-id").first()
    run = dry_runs.latest(campaign)
    moving = ("waiting", "running")
    return {
        "campaign": campaign,
        "build": build,
        "build_percent": _percent(build.seen, build.total) if build else 0,
        "build_reasons": _bars(build.reasons, build.seen, "leftout", "reason", campaign) if build else [],
        "dry": run,
        "dry_percent": _percent(run.seen, run.total) if run else 0,
        "dry_counts": _counts(run) if run else [],
        "dry_reasons": _bars(run.reasons, run.seen) if run else [],
        "is_fresh": run is not None and dry_runs.is_fresh(campaign, now=timezone.now()),
        "stops_since": dry_runs.stops_since(run) if run else 0,
        "is_moving": (build is not None and build.status in moving) or (run is not None and run.status in moving),
    }


def _counts(run: DryRun) -> list[tuple[str, str, int, int]]:
    found = [("Now", "good", run.callable_now), ("Later", "info", run.callable_later), ("Never by itself", "bad", run.never)]
    return [(said, tone, many, _percent(many, run.seen)) for said, tone, many in found]


def _bars(
    reasons: dict[str, int], of: int, model: str = "", name: str = "", campaign: Campaign | None = None
) -> list[tuple[str, int, int, str]]:
    """Reason, how many, percent of all, and where they are listed: the most frequent first."""
    found = sorted(reasons.items(), key=lambda one: (-one[1], one[0]))
    page = reverse(f"admin:campaigns_{model}_changelist") if model else ""
    links = {code: f"{page}?{urlencode({name: code, 'campaign__id__exact': campaign.pk})}" for code, _ in found} if campaign else {}
    return [(code, many, _percent(many, of), links.get(code, "")) for code, many in found]


def _percent(many: int, of: int | None) -> int:
    return min(100, round(100 * many / of)) if of else 0
