"""Callbacks: what was promised, and what became of it."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action

from calls import callbacks
from calls.models import Callback
from config.platform.admin_base import ReadOnlyAdmin, badge, confirmed, who
from config.platform.admin_base.pages import LEADING
from crm import searching

TONES = {"scheduled": "info", "due": "warn", "taken": "info", "missed": "bad", "done": "good", "fulfilled_by_inbound": "good", "cancelled": "plain"}  # fmt: skip


@admin.register(Callback)
class CallbackAdmin(ReadOnlyAdmin):
    """Scheduled by operators in the frontend; here a supervisor sees them, gives one to anyone, or calls it off."""

    list_display = ["local", "contact", "e164", "recipient", "agent", "team", "state"]
    list_select_related = ["contact", "agent", "team"]
    list_filter = ["status", "recipient"]
    search_fields = ["e164"]
    search_help_text = "By the contact: name, phone, e-mail"
    ordering = ["-id"]
    sortable_by: list[str] = []
    actions_detail = ["to_anyone", "call_off"]
    fields = [
        ("contact", "e164"), ("local_date", "local_time", "time_zone", "at"), ("flexibility_s", "grace_s", "reassign_after_s"),
        ("recipient", "agent", "team", "queue"), ("purpose", "asked_by", "asked_at", "by"), "note", "forced_reason",
        ("status", "passed_on", "missed_at"), ("taken_by", "lease_until"), ("result", "call", "ended_by", "ended_at"),
    ]  # fmt: skip

    def found(self, request: HttpRequest, queryset: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
        return queryset.filter(contact__in=searching.find(text))

    def _may_move(self, request: HttpRequest, object_id: str, verb: str) -> bool:
        row = self.get_object(request, object_id)
        return row is not None and self._may(request, LEADING) and verb in row.open_moves()

    def has_reassign_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._may_move(request, object_id, "reassign")

    def has_cancel_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._may_move(request, object_id, "cancel")

    def _ask(self, request: HttpRequest, object_id: str, word: str, question: str, act: Callable[..., Any]) -> HttpResponse:
        row = self.get_object(request, object_id)
        return confirmed(
            self, request, row, title=f"{word}: {row}", question=question, button=word, done="Done.", ask="Why",
            act=lambda said: act(row.pk, reason=said, by=who(request), now=timezone.now()),
        )  # fmt: skip

    @action(description="Give it to anyone", icon="group", permissions=["reassign"])
    def to_anyone(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, "Give it to anyone", "Whoever asks for the next callback gets it.", callbacks.reassign)

    @action(description="Call it off", icon="block", permissions=["cancel"])
    def call_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, "Call it off", "They need not be called back any more.", callbacks.cancel)

    @admin.display(description="when, by their clocks")
    def local(self, row: Callback) -> str:
        return f"{row.local_date} {row.local_time:%H:%M} {row.time_zone}"

    @admin.display(description="state")
    def state(self, row: Callback) -> SafeString:
        return badge(row.get_status_display(), TONES[row.status])
