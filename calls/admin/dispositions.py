"""Dispositions, and what was written up with them: every write-up, and what it did."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import Prefetch
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import TabularInline

from calls.models import CallDisposition, Disposition, DispositionEffect
from config.platform.admin_base import AuditedAdmin, ReadOnlyAdmin, badge

TONES = {"applied": "good", "reversed": "plain", "kept": "warn", "not_applied": "bad"}


def said_of(disposition: Disposition) -> list[str]:
    """What follows from a disposition, as people say it."""
    days = f", {disposition.suppress_days} days" if disposition.suppress_days else ""
    scope = {"purpose": disposition.get_suppress_purpose_display().lower(), "all": "all"}.get(disposition.suppress_scope, "")
    return [
        text
        for text, holds in (
            (f"do not contact ({scope}{days})", bool(scope)),
            (
                f"consent {disposition.consent_status} ({disposition.get_consent_purpose_display().lower()})",
                bool(disposition.consent_status),
            ),
            ("number invalid", disposition.number_invalid),
            ("callback", disposition.callback),
        )
        if holds
    ]


@admin.register(Disposition)
class DispositionAdmin(AuditedAdmin):
    """How calls come out, in the words of the company."""

    list_display = ["name", "code", "group", "direction", "what_it_does", "is_active", "order"]
    list_filter = ["is_active", "direction"]
    search_fields = ["name", "code"]
    ordering = ["order", "name"]
    prepopulated_fields = {"code": ["name"]}
    fieldsets = [
        (None, {"fields": [("name", "code"), ("group", "direction"), ("is_active", "order")]}),
        (
            "What it says of the call",
            {"fields": [("contact_made", "right_party"), ("success", "refused", "final"), ("machine", "technical", "is_hard")]},
        ),
        ("What it asks of the operator", {"fields": [("needs_note", "needs_topic"), ("callback", "min_talk_s")]}),
        (
            "What it does",
            {"fields": [("suppress_scope", "suppress_purpose", "suppress_days"), ("consent_status", "consent_purpose"), "number_invalid"]},
        ),
    ]

    @admin.display(description="what it does")
    def what_it_does(self, disposition: Disposition) -> str:
        """In a few words, for the list."""
        return "; ".join(said_of(disposition)) or "–"


def with_effects(rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """Write-ups with what they did, in a fixed number of statements."""
    effects = DispositionEffect.objects.select_related("ended_by").order_by("kind", "id")
    return rows.select_related("disposition", "by").prefetch_related(Prefetch("effects", effects))


def effects_of(revision: CallDisposition) -> SafeString | str:
    """What a write-up did, and what became of it."""
    lines = [
        (effect.kind.replace("_", " "), badge(effect.get_state_display().lower(), TONES[effect.state]), _why(effect))
        for effect in revision.effects.all()
    ]
    return format_html_join("", "<div>{} {} {}</div>", lines) or "–"


def _why(effect: DispositionEffect) -> SafeString | str:
    by = f"by write-up {effect.ended_by.number}" if effect.ended_by else ""
    return format_html('<span class="sb-quiet">{}</span>', " · ".join(filter(None, [by, effect.reason])))


class RevisionInline(TabularInline):
    """On the page of a call: what was written, the last first, and what it did and undid."""

    model = CallDisposition
    verbose_name_plural = "Write-ups"
    extra = max_num = 0
    can_delete = False
    hide_title = True
    ordering = ["-number"]
    fields = readonly_fields = ["number", "disposition", "topics_then", "note", "by", "at", "did"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return with_effects(super().get_queryset(request))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="topics")
    def topics_then(self, revision: CallDisposition) -> str:
        return ", ".join(revision.topics) or "–"

    @admin.display(description="what it did")
    def did(self, revision: CallDisposition) -> SafeString | str:
        return effects_of(revision)


@admin.register(CallDisposition)
class CallDispositionAdmin(ReadOnlyAdmin):
    """Write-ups of calls as they were written: the last one of a call counts."""

    list_display = ["at", "call", "number", "disposition", "by", "did"]
    list_select_related = ["call", "disposition", "by"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = [("call", "number", "supersedes"), "disposition", "topics", "note", ("by", "at"), "did"]
    readonly_fields = ["did"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return with_effects(super().get_queryset(request).select_related("call", "supersedes"))

    @admin.display(description="what it did")
    def did(self, revision: CallDisposition) -> SafeString | str:
        return effects_of(revision)


@admin.register(DispositionEffect)
class DispositionEffectAdmin(ReadOnlyAdmin):
    """What write-ups did, and whether it stands."""

    list_display = ["applied_at", "kind", "revision", "state_badge", "reason", "reversed_at"]
    list_select_related = ["revision__disposition"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = [
        ("kind", "state", "reason"), ("revision", "ended_by"), ("applied_at", "reversed_at"), ("subject_kind", "subject_id"), "parameters", "details",
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).select_related("revision__disposition", "ended_by__disposition")

    @admin.display(description="state")
    def state_badge(self, effect: DispositionEffect) -> SafeString:
        return badge(effect.get_state_display(), TONES[effect.state])
