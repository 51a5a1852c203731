from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.safestring import SafeString

from calls.admin.calls import uuid_of
from calls.models import CallEvent, CallKey, PhoneSystem
from config.platform.admin_base import ReadOnlyAdmin, badge

TONES = {"accepted": "info", "projected": "good", "ignored": "plain", "quarantined": "bad"}


class StuckFilter(admin.SimpleListFilter):
    """Events that need somebody. The others are nearly all there are."""

    title = "needs somebody"
    parameter_name = "stuck"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        return [("quarantined", "Same id, other content"), ("accepted", "Waiting to be folded")]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return queryset.filter(state=self.value()) if self.value() in ("quarantined", "accepted") else queryset


@admin.register(CallEvent)
class CallEventAdmin(ReadOnlyAdmin):
    """What phone systems told us, as they told it and as we understood it."""

    list_display = ["occurred_at", "type", "call_key", "phone_system", "state_badge", "received_at"]
    list_select_related = ["phone_system"]
    list_filter = [StuckFilter]
    search_fields = ["call_key"]
    search_help_text = "By the phone system's id of the call, or by our id of it"
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = [
        ("type", "state_badge", "phone_system"), ("occurred_at", "received_at"), ("call", "call_key", "event_id"), "error", "raw", "normalised",
    ]  # fmt: skip
    readonly_fields = ["state_badge"]

    def found(self, request: HttpRequest, queryset: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
        """By call, whose index there is: first its key, then its events."""
        call_id = uuid_of(text)
        keys = CallKey.objects.filter(key=text[:200], phone_system__in=PhoneSystem.objects.values("pk")).values_list("call", flat=True)
        return queryset.filter(call__in=[call_id] if call_id else list(keys[:50]))

    @admin.display(description="state")
    def state_badge(self, event: CallEvent) -> SafeString:
        return badge(event.state, TONES[event.state])
