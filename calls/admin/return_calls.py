"""Return calls and transfers: whom we owe a call, who has it in hand, and how calls were passed on."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action

from calls import return_calls
from calls.models import CallTransfer, ReturnCall, ReturnCallCall
from config.platform.admin_base import AuditedAdmin, ReadOnlyAdmin, badge, confirmed, span, who
from config.platform.admin_base.pages import NOBODY
from crm import phone_book

TONES = {
    "open": "warn", "assigned": "info", "in_progress": "info", "done": "good", "auto_closed": "good", "expired": "bad", "cancelled": "plain",
}  # fmt: skip
PASSED = {
    "asked": "info", "accepted": "info", "under_way": "info", "completed": "good", "returned": "warn", "failed": "bad", "abandoned": "bad",
    "expired": "warn", "declined": "warn", "cancelled": "plain", "unknown": "plain",
}  # fmt: skip


class OverdueFilter(admin.SimpleListFilter):
    """The same truth as the field, the filter of the API, the sweep and the report."""

    title = "owed"
    parameter_name = "owed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("owed", "Owed"), ("overdue", "Overdue")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "overdue":
            return queryset.overdue(timezone.now())
        return queryset.owed() if self.value() == "owed" else queryset


@admin.register(ReturnCall)
class ReturnCallAdmin(AuditedAdmin):
    """Written through calls.return_calls: here one is given to somebody, done, or called off."""

    may_add = may_delete = NOBODY
    list_display = ["e164", "contact", "reason", "times_called", "queue", "due", "assignee", "state", "response"]
    list_select_related = ["contact", "assignee"]
    list_filter = [OverdueFilter, "status", "reason"]
    search_fields = ["e164"]
    search_help_text = "By the whole number"
    ordering = ["-id"]
    sortable_by: list[str] = []
    actions = None
    actions_detail = ["finish", "cancel"]
    autocomplete_fields = ["assignee"]
    fields = [
        ("e164", "contact"), ("status", "reason", "times_called"), ("queue", "department"), ("first_call_at", "last_call_at"),
        ("due_at", "place_kept_from", "overdue_told_at"), ("assignee", "taken_at"), "note",
        ("closed_at", "closed_by", "closed_by_call"), ("response_s", "result", "cancelled_because"), "calls",
    ]  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        shown = [name for row in self.fields for name in (row if isinstance(row, tuple) else (row,))]
        is_open = obj is not None and obj.is_owed
        return [name for name in shown if name != "assignee" or not is_open]

    def found(self, request: HttpRequest, queryset: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
        return queryset.filter(e164=phone_book.read([{"number": text}])[0].e164)

    def save_model(self, request: HttpRequest, obj: models.Model, form: Any, change: bool) -> None:
        """Written in ``save_related``, through the rules."""

    def save_related(self, request: HttpRequest, form: Any, formsets: list[Any], change: bool) -> None:
        by: dict[str, Any] = {"by": who(request), "now": timezone.now()}
        if "assignee" in form.changed_data:
            assignee = form.cleaned_data["assignee"]
            if assignee is None:
                return_calls.release(form.instance.pk, **by)
            else:
                return_calls.assign(form.instance.pk, assignee=assignee, **by)

    def _may_move(self, request: HttpRequest, object_id: str, verb: str) -> bool:
        row = self.get_object(request, object_id)
        return row is not None and self.has_change_permission(request) and verb in row.open_to_people()

    def has_finish_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._may_move(request, object_id, "complete")

    def has_cancel_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._may_move(request, object_id, "cancel")

    def _ask(self, request: HttpRequest, object_id: str, word: str, question: str, ask: str, act: Callable[..., Any]) -> HttpResponse:
        row = self.get_object(request, object_id)
        return confirmed(
            self, request, row, title=f"{word}: {row}", question=question, button=word, done="Done.", ask=ask,
            act=lambda said: act(row.pk, said, by=who(request), now=timezone.now()),
        )  # fmt: skip

    @action(description="Done", icon="check", permissions=["finish"])
    def finish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(pk: Any, said: str, **by: Any) -> None:
            return_calls.complete(pk, result=said, **by)

        return self._ask(request, object_id, "Done", "They were called back.", "What came of it", act)

    @action(description="Cancel", icon="block", permissions=["cancel"])
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(pk: Any, said: str, **by: Any) -> None:
            return_calls.cancel(pk, reason=said, **by)

        return self._ask(request, object_id, "Call it off", "Nobody will be called back.", "Why", act)

    @admin.display(description="due")
    def due(self, row: ReturnCall) -> SafeString | str:
        said = timezone.localtime(row.due_at).strftime("%Y-%m-%d %H:%M")
        return badge(said, "bad") if row.is_overdue(timezone.now()) else said

    @admin.display(description="state")
    def state(self, row: ReturnCall) -> SafeString:
        return badge(row.get_status_display(), TONES[row.status])

    @admin.display(description="answered after")
    def response(self, row: ReturnCall) -> str:
        return span(row.response_s)

    @admin.display(description="calls")
    def calls(self, row: ReturnCall) -> str:
        said = [
            f"{timezone.localtime(link.at):%Y-%m-%d %H:%M} {link.get_reason_display().lower()}"
            + ("" if link.counts else " (answered after all)")
            for link in row.links.order_by("at", "id")
        ]
        return "\n".join(said) or "–"


@admin.register(ReturnCallCall)
class ReturnCallCallAdmin(ReadOnlyAdmin):
    """For which calls a return call is owed."""

    list_display = ["return_call", "at", "reason", "queue", "counts"]
    list_select_related = ["return_call"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = [("return_call", "call"), ("at", "reason", "queue"), ("due_at", "place_kept_from", "counts")]


@admin.register(CallTransfer)
class CallTransferAdmin(ReadOnlyAdmin):
    """How calls were passed on, and what became of it."""

    list_display = ["at", "kind", "from_agent", "goes_to", "asked_by", "state"]
    list_select_related = ["from_agent", "to_agent", "to_department", "asked_by"]
    list_filter = ["status", "kind"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = [
        ("call", "kind", "status"), ("at", "from_agent", "from_raw"), ("to_agent", "to_queue", "to_department", "to_number"), "to_raw", "note",
        "context", ("asked_by", "asked_at"), ("answered_by", "answered_at", "decline_reason"), "told_at",
    ]  # fmt: skip

    @admin.display(description="to")
    def goes_to(self, row: CallTransfer) -> str:
        raw = row.to_raw.get("extension") or row.to_raw.get("queue") or row.to_raw.get("number") or "–"
        return str(row.to_agent or row.to_queue or row.to_department or row.to_number or raw)

    @admin.display(description="state")
    def state(self, row: CallTransfer) -> SafeString:
        return badge(row.get_status_display(), PASSED[row.status])
