"""What customers say of the outcome; and from here, the page of complaints in figures."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action

from complaints import satisfaction
from complaints.admin import figures
from complaints.models import Satisfaction
from config.platform.admin_base import ReadOnlyAdmin, badge, confirmed, who

TONES = {"owed": "warn", "asked": "info", "answered": "good", "declined": "plain", "expired": "plain"}


@admin.register(Satisfaction)
class SatisfactionAdmin(ReadOnlyAdmin):
    """Owed by closing a complaint, answered on a call or by a link. Here it is read, and the link is written to a customer again."""

    list_display = ["complaint", "cycle", "department", "agent", "how_it_stands", "scored", "is_solved", "answered_at"]
    list_select_related = ["complaint", "department", "agent"]
    list_filter = ["state", "score", "is_solved"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    actions_detail = ["write_to_them", "would_not_say"]
    fields = [
        ("complaint", "cycle", "state"), ("department", "topic", "agent"), ("asked_at", "asked_via", "expires_at"),
        ("score", "is_solved", "answered_at", "answered_via"), "comment", ("call", "by"),
    ]  # fmt: skip

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(lambda request: figures.page(self, request))
        return [path("figures/", page, name="complaints_figures"), *super().get_urls()]

    def has_ask_permission(self, request: HttpRequest, object_id: str) -> bool:
        row = self.get_object(request, object_id)
        return row is not None and self.has_view_permission(request) and row.state in satisfaction.OPEN

    def _confirm(self, request: HttpRequest, object_id: str, word: str, question: str, act: Callable[..., Any]) -> HttpResponse:
        row = self.get_object(request, object_id)
        return confirmed(
            self, request, row, title=f"{word}: {row}", question=question, button=word, done="Done.",
            act=lambda: act(row.pk, by=who(request), now=timezone.now()),
        )  # fmt: skip

    @action(description="Write the link to them", icon="mail", permissions=["ask"])
    def write_to_them(self, request: HttpRequest, object_id: str) -> HttpResponse:
        origin = figures.origin(request)
        return self._confirm(
            request, object_id, "Write the link to them", "An e-mail with a new link; one that they have is good no more.",
            lambda pk, **rest: satisfaction.send_link(pk, origin=origin, **rest),
        )  # fmt: skip

    @action(description="They would not say", icon="block", permissions=["ask"])
    def would_not_say(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._confirm(request, object_id, "They would not say", "Nobody asks them again about this closing.", satisfaction.decline)

    @admin.display(description="state")
    def how_it_stands(self, row: Satisfaction) -> SafeString:
        return badge(row.get_state_display(), TONES[row.state])

    @admin.display(description="score")
    def scored(self, row: Satisfaction) -> SafeString | str:
        if row.score is None:
            return "–"
        return badge(
            f"{row.score} of 5", "good" if row.score >= satisfaction.CONTENT else "bad" if row.score <= satisfaction.BAD else "warn"
        )
