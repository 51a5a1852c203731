"""Agents: who is where now, what they may be asked, and where they were."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action

from calls import agents, breaks
from calls.models import AgentPresence, AgentStateInterval, HardCall, PauseCode
from calls.models.agents import State
from config.platform.admin_base import AuditedAdmin, ReadOnlyAdmin, badge, confirmed, span, who
from config.platform.admin_base.pages import LEADING

TONES = {
    State.AVAILABLE: "good", State.RINGING: "info", State.TALKING: "info", State.HOLD: "info", State.RESERVED: "info",
    State.WRAP_UP: "info", State.PAUSED: "warn", State.LAGGED: "bad", State.OFFLINE: "plain",
}  # fmt: skip


class StateFilter(SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return State.choices

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return queryset & AgentPresence.objects.in_state(self.value() or "") if self.value() in State.values else queryset


@admin.register(AgentPresence)
class AgentAdmin(ReadOnlyAdmin):
    """Who is where now; a state is set through calls.agents, with a reason that the agent is told."""

    list_display = ["agent", "now", "for_how_long", "pause_code", "contradiction", "waits", "break_since", "device"]
    list_select_related = ["agent", "pause_code", "pending_pause", "asked_pause"]
    list_filter = [StateFilter]
    search_fields = ["agent__surname", "agent__username"]
    ordering = ["agent__surname", "id"]
    sortable_by: list[str] = []
    actions_detail = ["make_available", "make_offline", "agree", "decline"]
    fieldsets = [
        (None, {"fields": [("agent", "now", "for_how_long"), "contradiction"]}),
        ("Their word", {"fields": [("declared", "declared_since", "declared_source"), ("pause_code", "pause_limit_at", "lagged_at"), "waits"]}),
        ("Their phone", {"fields": [("observed", "observed_since", "call"), ("phone_state", "phone_state_at")]}),
        ("Their screen", {"fields": [("device", "signed_in_at", "last_heartbeat_at")]}),
        ("Their health", {"fields": [("break_since", "break_reason", "break_told_at")]}),
    ]  # fmt: skip
    readonly_fields = ["now", "for_how_long", "contradiction", "waits", "break_since"]

    @admin.display(description="state")
    def now(self, row: AgentPresence) -> SafeString:
        return badge(State(row.state).label, TONES[State(row.state)])

    @admin.display(description="for")
    def for_how_long(self, row: AgentPresence) -> str:
        return span(max(0.0, (timezone.now() - row.since).total_seconds())) if row.since else "–"

    @admin.display(description="contradiction")
    def contradiction(self, row: AgentPresence) -> SafeString | str:
        return badge(row.conflict.replace("_", " "), "bad") if row.conflict else "–"

    @admin.display(description="waits for")
    def waits(self, row: AgentPresence) -> str:
        if row.asked_pause:
            return f"a yes to: {row.asked_pause}"
        return f"{row.pending_pause} after the call" if row.pending_pause else "–"

    @admin.display(description="break due since")
    def break_since(self, row: AgentPresence) -> str:
        shown = breaks.shown(row)
        return f"{timezone.localtime(shown['since']):%H:%M}" if shown else "–"

    def _row(self, request: HttpRequest, object_id: str) -> AgentPresence | None:
        return self.get_object(request, object_id) if self._may(request, LEADING) else None

    def has_set_available_permission(self, request: HttpRequest, object_id: str) -> bool:
        row = self._row(request, object_id)
        return row is not None and row.declared == State.PAUSED

    def has_set_offline_permission(self, request: HttpRequest, object_id: str) -> bool:
        row = self._row(request, object_id)
        return row is not None and row.declared != State.OFFLINE

    def has_answer_permission(self, request: HttpRequest, object_id: str) -> bool:
        row = self._row(request, object_id)
        return row is not None and row.asked_pause_id is not None

    def _force(self, request: HttpRequest, object_id: str, state: str, title: str) -> HttpResponse:
        row = self.get_object(request, object_id)

        def act(said: str) -> None:
            agents.force(row.agent, state=state, reason=said[:200], by=who(request), now=timezone.now())

        return confirmed(
            self, request, row, title=f"{title}: {row}", question="They are told who did it and why.", button=title, act=act,
            done="Done.", ask="Reason",
        )  # fmt: skip

    @action(description="Make available", icon="headset_mic", permissions=["set_available"])
    def make_available(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._force(request, object_id, State.AVAILABLE, "Make available")

    @action(description="Sign out", icon="logout", permissions=["set_offline"])
    def make_offline(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._force(request, object_id, State.OFFLINE, "Sign out")

    def _answer(self, request: HttpRequest, object_id: str, title: str, *, agree: bool) -> HttpResponse:
        row = self.get_object(request, object_id)

        def act(said: str = "") -> None:
            agents.answer_asked(row.agent, agree=agree, reason=said[:200], by=who(request), now=timezone.now())

        return confirmed(
            self, request, row, title=f"{title}: {row.asked_pause}", question=f"{row} asks for a pause.", button=title, act=act,
            done="Done. They are told.", ask="" if agree else "Reason",
        )  # fmt: skip

    @action(description="Agree to the pause", icon="check", permissions=["answer"])
    def agree(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._answer(request, object_id, "Agree", agree=True)

    @action(description="Decline the pause", icon="block", permissions=["answer"])
    def decline(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._answer(request, object_id, "Decline", agree=False)


@admin.register(AgentStateInterval)
class AgentStateAdmin(ReadOnlyAdmin):
    """Where everybody was. Nobody writes it here."""

    list_display = ["agent", "track", "shown_state", "pause_code", "started_at", "lasted", "source", "by", "note"]
    list_select_related = ["agent", "pause_code", "by"]
    list_filter = ["track", "state"]
    ordering = ["-started_at", "-id"]
    sortable_by: list[str] = []
    fields = [("agent", "track", "state"), ("pause_code", "source", "by"), ("started_at", "ended_at"), ("call", "note")]

    @admin.display(description="state")
    def shown_state(self, row: AgentStateInterval) -> SafeString:
        return badge(State(row.state).label, TONES[State(row.state)])

    @admin.display(description="lasted")
    def lasted(self, row: AgentStateInterval) -> str:
        return span((row.ended_at - row.started_at).total_seconds()) if row.ended_at else "goes on"


@admin.register(PauseCode)
class PauseCodeAdmin(AuditedAdmin):
    """Why people are away from the line."""

    list_display = ["name", "code", "kind", "paid", "time_limit_s", "requires_approval", "is_active", "order"]
    list_filter = ["is_active", "kind"]
    search_fields = ["name", "code"]
    ordering = ["order", "name"]
    prepopulated_fields = {"code": ["name"]}
    fields = [("name", "code"), ("kind", "paid"), ("time_limit_s", "requires_approval"), ("is_active", "order")]


@admin.register(HardCall)
class HardCallAdmin(ReadOnlyAdmin):
    """Calls that tire, and the micro-pauses offered after them."""

    list_display = ["agent", "at", "why", "offered_at", "answer", "marked_by"]
    list_select_related = ["agent", "marked_by"]
    ordering = ["-at", "-id"]
    sortable_by: list[str] = []
    fields = [("agent", "at", "call"), ("reasons", "marked_by"), ("offered_at", "offer_until", "offer_s"), ("answer", "answered_at")]

    @admin.display(description="why")
    def why(self, row: HardCall) -> str:
        return ", ".join(row.reasons)
