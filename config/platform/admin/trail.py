"""Tables that only the program writes: the audit trail, kept answers, signs of life."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from config.platform.admin_base import ReadOnlyAdmin, badge
from config.platform.admin_base.pages import ADMINS
from config.platform.errors import Refusal
from config.platform.models import AuditEvent, FeedMessage, Heartbeat, IdempotencyRecord, Row

SILENT_AFTER = timedelta(minutes=2)


class NotAnId(Refusal):
    """The trail is searched by the id of what was changed."""

    code = "not_an_id"
    status = 400
    advice = "Copy the id out of the address or the answer of the row, and search for it whole."


class SubjectTypeFilter(admin.SimpleListFilter):
    """By kind of thing. The kinds are those of the program: nobody asks millions of rows for their distinct values."""

    title = "what"
    parameter_name = "subject_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        known = {model._meta.model_name: model._meta.verbose_name for model in apps.get_models() if issubclass(model, Row)}
        known["user"] = "user"
        return sorted((str(name), str(label).capitalize()) for name, label in known.items())

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return queryset.filter(subject_type=self.value()) if self.value() else queryset


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """Who did what, newest first."""

    list_display = ["at", "subject", "verb", "by", "changed", "request_id"]
    list_select_related = ["by"]
    list_filter = [SubjectTypeFilter, ("by", AutocompleteSelectFilter)]
    search_fields = ["subject_id"]
    search_help_text = "By the id of what was changed"
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = [("at", "by"), ("subject", "subject_id"), ("verb", "reason"), "changes_shown", "facts", ("request_id", "ip")]
    readonly_fields = ["subject", "changes_shown"]

    def found(self, request: HttpRequest, queryset: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
        try:
            return queryset.filter(subject_id=UUID(text))
        except ValueError:
            raise NotAnId("Give the id of what was changed, for instance 0199a1b2-0000-7000-8000-293a4b5c6d7e.") from None

    @admin.display(description="what")
    def subject(self, event: AuditEvent) -> str:
        return event.subject_type

    @admin.display(description="changed")
    def changed(self, event: AuditEvent) -> str:
        names = ", ".join(sorted(event.changes))
        return names if len(names) < 60 else f"{names[:57]}…"

    @admin.display(description="changes")
    def changes_shown(self, event: AuditEvent) -> SafeString:
        lines = format_html_join(
            "",
            "<tr><th>{}</th><td>{}</td><td>{}</td></tr>",
            [(name, *("–" if value is None else value for value in pair)) for name, pair in sorted(event.changes.items())],
        )
        head = '<table class="sb-changes"><tr><th></th><th>before</th><th>after</th></tr>{}</table>'
        return format_html(head, lines) if lines else SafeString("–")


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(ReadOnlyAdmin):
    """Answers kept for requests that carried a key."""

    may_view = ADMINS
    list_display = ["created_at", "by", "key", "status"]
    list_select_related = ["by"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = ["created_at", "by", "key", "fingerprint", "status"]


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    """The last sign of life of each part that works in the background."""

    list_display = ["name", "beaten_at", "alive"]
    ordering = ["name"]

    @admin.display(description="state")
    def alive(self, heartbeat: Heartbeat) -> SafeString:
        silent = timezone.now() - heartbeat.beaten_at > SILENT_AFTER
        return badge("silent", "bad") if silent else badge("alive", "good")


@admin.register(FeedMessage)
class FeedMessageAdmin(ReadOnlyAdmin):
    """What people were shown on their screens of late."""

    list_display = ["at", "recipient", "kind", "about"]
    list_select_related = ["recipient"]
    ordering = ["-id"]
    sortable_by: list[str] = []
