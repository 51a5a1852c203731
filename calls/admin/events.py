from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action

from calls import rebuilding
from calls.admin.calls import uuid_of
from calls.models import CallEvent, CallKey, PhoneSystem
from config.platform.admin_base import ReadOnlyAdmin, badge, confirmed, who
from config.platform.admin_base.pages import LEADING

TONES = {"accepted": "info", "projected": "good", "ignored": "plain", "quarantined": "bad", "replayed": "plain"}


class StuckFilter(admin.SimpleListFilter):
    """Events that need somebody. The others are nearly all there are."""

    title = "needs somebody"
    parameter_name = "stuck"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        return [("quarantined", "Set aside"), ("accepted", "Waiting to be folded")]

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
    actions_detail = ["replay"]

    def has_replay_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._may(request, LEADING)

    @action(description="Read anew", icon="replay", permissions=["replay"])
    def replay(self, request: HttpRequest, object_id: str) -> HttpResponse:
        event = self.get_object(request, object_id)
        return confirmed(
            self, request, event, title="Read anew", button="Read it anew",
            question="The event is read with what is known of its phone system today, and its call is computed anew.",
            act=lambda: rebuilding.replay(event.pk, by=who(request), now=timezone.now()), done="It was read anew.",
        )  # fmt: skip

    def found(self, request: HttpRequest, queryset: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
        """By call, whose index there is: first its key, then its events."""
        call_id = uuid_of(text)
        keys = CallKey.objects.filter(key=text[:200], phone_system__in=PhoneSystem.objects.values("pk")).values_list("call", flat=True)
        return queryset.filter(call__in=[call_id] if call_id else list(keys[:50]))

    @admin.display(description="state")
    def state_badge(self, event: CallEvent) -> SafeString:
        return badge(event.state, TONES[event.state])
