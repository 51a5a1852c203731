"""Recordings: listened to through the logged endpoint only, held, masked, deleted through calls.recordings."""

import re
from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action

from calls import recordings
from calls.admin.calls import _Told, uuid_of
from calls.models import Recording, RecordingAccess
from config.platform.admin_base import ReadOnlyAdmin, badge, confirmed, span, who
from config.platform.admin_base.pages import ADMINS, LEADING

TONES = {"announced": "info", "fetching": "info", "available": "good", "failed": "bad", "expired": "plain", "deleted": "plain"}
SPAN = re.compile(r"\s*(\d{1,7}(?:\.\d{1,3})?)\s*[-–]\s*(\d{1,7}(?:\.\d{1,3})?)\s*")
SHOWN = 50


class AccessInline(_Told):
    model = RecordingAccess
    verbose_name_plural = "Who listened"
    fields = ["at", "by", "ip", "first_byte", "last_byte", "purpose", "unmasked"]
    ordering = ["-id"]
    per_page = SHOWN

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).select_related("by")


class HeldFilter(admin.SimpleListFilter):
    title = "legal hold"
    parameter_name = "held"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "On hold")]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return queryset.filter(legal_hold=True) if self.value() == "yes" else queryset


@admin.register(Recording)
class RecordingAdmin(ReadOnlyAdmin):
    """What was recorded, where it is, who listened."""

    list_display = ["recorded_at", "call", "state_badge", "length", "size", "legal_hold", "retain_until", "problem"]
    list_select_related = ["call"]
    list_filter = ["state", HeldFilter]
    search_fields = ["call"]
    search_help_text = "By our id of the call"
    ordering = ["-id"]
    sortable_by: list[str] = []
    inlines = [AccessInline]
    change_form_outer_before_template = "admin/recording_player.html"
    actions_detail = ["hold", "release", "mask", "fetch", "delete_audio"]
    readonly_fields = ["state_badge", "length", "masked_shown"]
    fields = [
        ("call", "leg", "recorded_at"), ("state_badge", "length", "available_at"), ("content_type", "size", "channels"), "ref", "sha256",
        ("retain_until", "legal_hold", "held_by"), ("hold_reason", "held_at"), "masked_shown",
        ("attempts", "run_after", "problem"), "problem_detail",
    ]  # fmt: skip

    def found(self, request: HttpRequest, queryset: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
        return queryset.filter(call=uuid_of(text))

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        row = self.get_object(request, object_id)
        more = {"recording": row, "audio_url": f"/api/v1/recordings/{row.pk}/audio/?purpose=Admin"} if row else {}
        return super().change_view(request, object_id, form_url, (extra_context or {}) | more)

    def _may_move(self, request: HttpRequest, object_id: str, verb: str, roles: frozenset[str] = LEADING) -> bool:
        row = self.get_object(request, object_id)
        return row is not None and self._may(request, roles) and verb in row.open_moves()

    def has_hold_permission(self, request: HttpRequest, object_id: str) -> bool:
        row = self.get_object(request, object_id)
        return self._may_move(request, object_id, "hold") and not row.legal_hold

    def has_release_permission(self, request: HttpRequest, object_id: str) -> bool:
        row = self.get_object(request, object_id)
        return self._may_move(request, object_id, "release") and row.legal_hold

    def has_mask_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._may_move(request, object_id, "mask")

    def has_fetch_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._may_move(request, object_id, "fetch")

    def has_delete_audio_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._may_move(request, object_id, "delete", ADMINS)

    def _ask(self, request: HttpRequest, object_id: str, word: str, question: str, ask: str, act: Callable[..., Any]) -> HttpResponse:
        row = self.get_object(request, object_id)
        return confirmed(
            self, request, row, title=word, question=question, button=word, done="Done.", ask=ask,
            act=lambda *said: act(row.pk, *said, by=who(request), now=timezone.now()),
        )  # fmt: skip

    @action(description="Legal hold", icon="gavel", permissions=["hold"])
    def hold(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(pk: Any, said: str, **by: Any) -> None:
            recordings.hold(pk, reason=said, **by)

        return self._ask(request, object_id, "Lay a legal hold", "It is kept until somebody releases it.", "Why", act)

    @action(description="Release", icon="lock_open", permissions=["release"])
    def release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(pk: Any, said: str, **by: Any) -> None:
            recordings.release(pk, reason=said, **by)

        return self._ask(request, object_id, "Release", "The rules of retention hold again.", "Why", act)

    @action(description="Mask seconds", icon="voice_over_off", permissions=["mask"])
    def mask(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(pk: Any, said: str, **by: Any) -> None:
            found = SPAN.fullmatch(said)
            if found is None:
                raise recordings.MaskInvalid("Write it as 62-80.5: seconds from the beginning.")
            recordings.mask(pk, intervals=[{"from_s": found[1], "until_s": found[2]}], **by)

        return self._ask(request, object_id, "Mask seconds", "Nobody hears them any more. It cannot be undone.", "Seconds, as 62-80.5", act)

    @action(description="Fetch again", icon="download", permissions=["fetch"])
    def fetch(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, "Fetch again", "It is tried at once.", "", recordings.fetch)

    @action(description="Delete the audio", icon="delete", permissions=["delete_audio"])
    def delete_audio(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(pk: Any, said: str, **by: Any) -> None:
            recordings.delete(pk, reason=said, **by)

        return self._ask(request, object_id, "Delete the audio", "For good. The row stays, with who listened.", "Why", act)

    @admin.display(description="state")
    def state_badge(self, row: Recording) -> SafeString:
        return badge(row.get_state_display(), TONES[row.state])

    @admin.display(description="length")
    def length(self, row: Recording) -> str:
        return span(row.duration_s)

    @admin.display(description="masked seconds")
    def masked_shown(self, row: Recording) -> str:
        return ", ".join(f"{one['from_s']:g}–{one['until_s']:g}" for one in row.masked) or "–"


@admin.register(RecordingAccess)
class RecordingAccessAdmin(ReadOnlyAdmin):
    """Who listened to what, when and from where."""

    list_display = ["at", "by", "recording", "ip", "first_byte", "last_byte", "purpose", "unmasked"]
    list_select_related = ["by", "recording"]
    ordering = ["-id"]
    sortable_by: list[str] = []
