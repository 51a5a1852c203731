"""Scorecards and reviews. Scorecards are written here; reviews are read: they are written on the reviewer's screen."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.decorators import action

from calls import scorecards
from calls.models import Checkpoint, Review, ReviewAnswer, Scorecard, ScorecardVersion
from config.platform.admin_base import AuditedAdmin, ReadOnlyAdmin, badge, confirmed, who
from config.platform.admin_base.pages import ADMINS, LEADING, NOBODY

TONES = {"draft": "info", "published": "good", "retired": "plain"}
REVIEW_TONES = {
    "claimed": "info", "draft": "info", "submitted": "good", "accepted": "good", "disputed": "bad", "settled": "good", "released": "plain"
}  # fmt: skip


@admin.register(Scorecard)
class ScorecardAdmin(AuditedAdmin):
    """What calls are judged by."""

    may_delete = ADMINS
    list_display = ["name", "code", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name", "code"]
    ordering = ["name"]
    autocomplete_fields = ["queues"]
    fields = [("name", "code"), "queues", "is_active"]
    actions_detail = ["new_version"]

    @action(description="New version", icon="add", permissions=["change"])
    def new_version(self, request: HttpRequest, object_id: str) -> HttpResponse:
        scorecard = self.get_object(request, object_id)
        if request.method != "POST":
            question = "A draft is made with the checkpoints of the last version."
            return confirmed(self, request, scorecard, title="New version", question=question, button="Begin", act=lambda: None, done="")
        there = scorecard.versions.filter(status=ScorecardVersion.Status.DRAFT).first()
        version = there or scorecards.draft(scorecard.pk, by=who(request), now=timezone.now())
        return HttpResponseRedirect(reverse("admin:calls_scorecardversion_change", args=[version.pk]))


class CheckpointInline(TabularInline):
    model = Checkpoint
    extra = 0
    fields = ["position", "key", "section", "text", "guidance", "points", "is_fatal", "may_skip"]

    def _may(self, request: HttpRequest, version: models.Model | None) -> bool:
        return version is None or getattr(version, "status", "") == ScorecardVersion.Status.DRAFT

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True


@admin.register(ScorecardVersion)
class ScorecardVersionAdmin(AuditedAdmin):
    """Checkpoints, written while the version is a draft."""

    may_add = NOBODY
    list_display = ["scorecard", "number", "state", "pass_percent", "published_at"]
    list_select_related = ["scorecard"]
    list_filter = ["status"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    inlines = [CheckpointInline]
    fields = [("scorecard", "number", "status"), ("pass_percent", "published_at", "retired_at"), "comment"]
    readonly_fields = ["scorecard", "number", "status", "published_at", "retired_at"]
    actions_detail = ["publish", "retire"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.status == ScorecardVersion.Status.DRAFT)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.status == ScorecardVersion.Status.DRAFT)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        scorecards.discard(obj.pk, by=who(request), now=timezone.now())

    def _may_move(self, request: HttpRequest, object_id: str, verb: str) -> bool:
        version = self.get_object(request, object_id)
        return version is not None and self._may(request, LEADING) and verb in version.open_moves()

    def has_publish_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._may_move(request, object_id, "publish")

    def has_retire_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._may_move(request, object_id, "retire")

    @action(description="Put to use", icon="check", permissions=["publish"])
    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        version = self.get_object(request, object_id)
        return confirmed(
            self, request, version, title=f"Put {version} to use", button="Put to use", done="In use.",
            question="The version in use until now is retired. What is in use never changes.",
            act=lambda: scorecards.publish(version.pk, by=who(request), now=timezone.now()),
        )  # fmt: skip

    @action(description="Retire", icon="block", permissions=["retire"])
    def retire(self, request: HttpRequest, object_id: str) -> HttpResponse:
        version = self.get_object(request, object_id)
        return confirmed(
            self, request, version, title=f"Retire {version}", button="Retire", done="Out of use.",
            question="New reviews can no longer use it; those that were begun go on.",
            act=lambda: scorecards.retire(version.pk, by=who(request), now=timezone.now()),
        )  # fmt: skip

    @admin.display(description="state")
    def state(self, version: ScorecardVersion) -> SafeString:
        return badge(version.get_status_display(), TONES[version.status])


@admin.register(Review)
class ReviewAdmin(ReadOnlyAdmin):
    """What was found in calls."""

    list_display = ["agent", "reviewer", "scorecard_version", "state", "percent", "is_passed", "submitted_at"]
    list_select_related = ["agent", "reviewer", "scorecard_version__scorecard"]
    list_filter = ["status"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = [
        ("agent", "reviewer", "call"), ("scorecard_version", "status"), ("points", "possible", "percent"), ("is_passed", "failed_at"), "answers_shown",
        "comment", ("submitted_at", "claimed_until"), ("disputed_at", "dispute_reason"), ("settlement", "settled_by", "settled_at"),
        ("settlement_note", "percent_before"),
    ]  # fmt: skip
    readonly_fields = ["answers_shown"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """As on the API: who reviews a call does not see yet what another found in it."""
        return Review.objects.unswayed(who(request))

    @admin.display(description="answers")
    def answers_shown(self, review: Review) -> SafeString:
        rows = [
            (one.checkpoint.text, "–" if one.points is None else f"{one.points} of {one.checkpoint.points}", one.comment)
            for one in review.answers.select_related("checkpoint")
        ]
        return format_html_join("", "<div>{}: <b>{}</b> {}</div>", rows)

    @admin.display(description="state")
    def state(self, review: Review) -> SafeString:
        return badge(review.get_status_display(), REVIEW_TONES[review.status])


@admin.register(Checkpoint)
class CheckpointAdmin(ReadOnlyAdmin):
    """Checkpoints of all versions."""

    list_display = ["text", "version", "key", "points", "is_fatal", "may_skip"]
    list_select_related = ["version__scorecard"]
    ordering = ["-id"]
    sortable_by: list[str] = []


@admin.register(ReviewAnswer)
class ReviewAnswerAdmin(ReadOnlyAdmin):
    """Points of single checkpoints."""

    list_display = ["review", "checkpoint", "points", "comment"]
    list_select_related = ["review__scorecard_version__scorecard", "review__agent", "checkpoint"]
    ordering = ["-id"]
    sortable_by: list[str] = []

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return ReviewAnswer.objects.filter(review__in=Review.objects.unswayed(who(request)))
