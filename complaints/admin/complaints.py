"""Complaints in the admin: read, changed and moved on through the same doors as everywhere; root causes and clocks."""

from collections.abc import Callable
from functools import partialmethod
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action

from complaints import deciding, handling, intake, reopening
from complaints.admin import ruling
from complaints.admin.inlines import AttachmentInline, ClockInline, EscalationInline, MessageInline, TransferInline
from complaints.admin.transfers import TransferActions
from complaints.models import Clock, Complaint, RootCause
from config.platform import numbers
from config.platform.admin_base import AuditedAdmin, ReadOnlyAdmin, badge, confirmed, span, who
from config.platform.admin_base.pages import NOBODY
from config.platform.admin_base.ranges import RangeDateTimeFilter
from crm import searching

TONES = {
    "received": "warn", "acknowledged": "warn", "assigned": "info", "in_progress": "info", "waiting_customer": "plain",
    "waiting_third_party": "plain", "decided": "info", "resolved": "good", "closed": "good", "reopened": "bad", "rejected": "plain",
    "withdrawn": "plain", "duplicate": "plain",
}  # fmt: skip
URGENCY = {"low": "plain", "normal": "plain", "high": "warn", "urgent": "bad"}
VERDICTS = {"running": "info", "paused": "plain", "met": "good", "missed": "bad", "cancelled": "plain"}
#: What people change on the page while it is open; everything else is moved by the verbs.
CHANGED = [
    "assignee", "kind", "severity", "impact", "priority", "topic", "product", "summary", "description", "remedy_sought", "amount_claimed",
    "currency", "root_cause", "corrective_action",
]  # fmt: skip


class BreachFilter(admin.SimpleListFilter):
    """The same truth as the field, the filter of the API, the escalation and the report."""

    title = "promise"
    parameter_name = "promise"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "Somebody waits"), ("broken", "Broken"), ("kept", "Not broken")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        now = timezone.now()
        asked = {"open": queryset.open, "broken": lambda: queryset.breached(now), "kept": lambda: queryset.not_breached(now)}
        return asked.get(self.value() or "", lambda: queryset)()


class ComplaintForm(forms.ModelForm):
    """What people change on the page."""

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        row = self.instance
        if said.get("amount_claimed") is not None and not (said.get("currency") or row.currency or row.order_id):
            self.add_error("currency", "An amount needs its currency.")  # the table's own rule speaks of columns that are not on the page
        return said


@admin.register(Complaint)
class ComplaintAdmin(TransferActions, AuditedAdmin):
    """Received over the API, where the operator has the customer on the line; a supervisor reads, changes and moves them on here."""

    may_add = may_delete = NOBODY
    form = ComplaintForm
    list_display = ["number", "summary", "contact", "urgency", "department", "assignee", "due", "state"]
    list_select_related = ["contact", "department", "assignee"]
    list_filter = [
        BreachFilter, "status", "kind", "priority", ("department", AutocompleteSelectFilter), ("assignee", AutocompleteSelectFilter),
        ("received_at", RangeDateTimeFilter),
    ]  # fmt: skip
    search_fields = ["number"]
    search_help_text = "By number as people say it, or by the contact's name"
    ordering = ["-id"]
    sortable_by: list[str] = []
    actions = None
    actions_detail = [
        "acknowledge", "start", "wait_for_customer", "wait_for_third_party", "carry_on", "pass_on", "decide", "solve", "communicate", "resolve",
        "close", "reopen", "reject", "withdraw",
    ]  # fmt: skip
    autocomplete_fields = ["assignee", "topic", "product", "root_cause"]
    inlines = [MessageInline, ClockInline, TransferInline, EscalationInline, AttachmentInline]
    fieldsets: list[tuple[str | None, dict[str, Any]]] = [
        (
            None,
            {
                "fields": [
                    ("number", "state", "due"), ("contact", "e164", "language"), ("kind", "channel", "received_at"), "summary",
                    "description", "remedy_sought", ("severity", "impact", "priority"), ("topic", "product", "order"),
                    ("department", "assignee"), ("amount_claimed", "currency"),
                ]
            },
        ),
        (
            "What came of it",
            {
                "fields": [
                    ("decision", "decided_at", "decided_by"), "decision_text", ("redress", "redress_amount"),
                    ("root_cause", "corrective_action"), ("communicated_at", "communicated_via", "communicated_call"), "reject_reason",
                    ("resolved_at", "ended_at"), ("solved_on_call", "is_satisfied"),
                ],
                "classes": ["tab"],
            },
        ),
        (
            "How it went",
            {
                "fields": [
                    ("policy", "routed_by"), ("acknowledged_at", "first_response_at", "breached_at"), ("ping_pongs", "reopened_count"),
                    ("follows", "duplicate_of"), ("by", "origin_shown"),
                ],
                "classes": ["tab"],
            },
        ),
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).select_related("contact", "department", "assignee", "topic", "product", "policy", "routed_by")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        rows = [row for _, part in self.fieldsets for row in part["fields"]]
        shown = [name for row in rows for name in (row if isinstance(row, tuple) else (row,))]
        is_open = obj is not None and "alter" in obj.open_moves()
        return [name for name in shown if name not in CHANGED or not is_open]

    def found(self, request: HttpRequest, queryset: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
        """By number, else by the contact; each by an index."""
        meant = numbers.meant(intake.LETTER, text, now=timezone.now())
        return queryset.filter(number__in=meant) if meant else queryset.filter(contact__in=searching.find(text, limit=100))

    def save_model(self, request: HttpRequest, obj: models.Model, form: forms.ModelForm, change: bool) -> None:
        """Written in ``save_related``, through the rules."""

    def save_related(self, request: HttpRequest, form: Any, formsets: list[Any], change: bool) -> None:
        by: dict[str, Any] = {"by": who(request), "now": timezone.now()}
        changed = {name: form.cleaned_data[name] for name in form.changed_data if name in CHANGED}
        if "assignee" in changed:
            assignee = changed.pop("assignee")
            if assignee is None:
                raise handling.NobodyToTakeIt("Give it to somebody: what was given to somebody is nobody's no more.")
            handling.assign(form.instance.pk, assignee=assignee, **by)
        if changed:
            handling.alter(form.instance.pk, **changed, **by)

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> list[Any]:
        """Nothing: the audit trail tells it, and no formset was saved to be told of."""
        return []

    # --- verbs
    def _open(self, request: HttpRequest, object_id: str, *, verb: str) -> bool:
        row = getattr(request, "complaint", None)  # asked for every button of a page: read once
        if row is None:
            row = request.complaint = self.get_object(request, object_id)  # type: ignore[attr-defined]
        return row is not None and self.has_change_permission(request) and verb in row.open_moves()

    has_acknowledge_permission = partialmethod(_open, verb="acknowledge")
    has_start_permission = partialmethod(_open, verb="start")
    has_wait_for_customer_permission = partialmethod(_open, verb="wait_for_customer")
    has_wait_for_third_party_permission = partialmethod(_open, verb="wait_for_third_party")
    has_carry_on_permission = partialmethod(_open, verb="carry_on")
    has_decide_permission = partialmethod(_open, verb="decide")
    has_solve_permission = partialmethod(_open, verb="solve")
    has_communicate_permission = partialmethod(_open, verb="communicate")
    has_resolve_permission = partialmethod(_open, verb="resolve")
    has_close_permission = partialmethod(_open, verb="close")
    has_reject_permission = partialmethod(_open, verb="reject")
    has_withdraw_permission = partialmethod(_open, verb="withdraw")
    has_reopen_permission = partialmethod(_open, verb="reopen")

    def _ask(
        self, request: HttpRequest, object_id: str, word: str, question: str, act: Callable[..., Any], *, ask: str = ""
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        return confirmed(
            self, request, row, title=f"{word}: {row}", question=question, button=word, done="Done.", ask=ask,
            act=lambda *said: act(row.pk, **({"reason": said[0]} if said else {}), by=who(request), now=timezone.now()),
        )  # fmt: skip

    def _form(self, request: HttpRequest, object_id: str, word: str, form: type[forms.Form], act: Callable[..., Any]) -> HttpResponse:
        row = self.get_object(request, object_id)
        return ruling.page(
            self, request, row, title=f"{word}: {row}", form_class=form,
            act=lambda **said: act(row.pk, **said, by=who(request), now=timezone.now()),
        )  # fmt: skip

    @action(description="Acknowledge", icon="mark_email_read", permissions=["acknowledge"])
    def acknowledge(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, "Acknowledge", "The customer was told that it came in.", handling.acknowledge)

    @action(description="Start", icon="play_arrow", permissions=["start"])
    def start(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, "Start", "You work on it; it is yours when nobody has it.", handling.start)

    @action(description="Wait for the customer", icon="hourglass_top", permissions=["wait_for_customer"])
    def wait_for_customer(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = "Clocks rest while the policy says so. The customer's next word carries it on."
        return self._ask(request, object_id, "Wait for the customer", question, handling.wait_for_customer, ask="What is asked")

    @action(description="Wait for somebody else", icon="hourglass_empty", permissions=["wait_for_third_party"])
    def wait_for_third_party(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = "A supplier, a carrier: clocks rest where the policy says so."
        return self._ask(request, object_id, "Wait", question, handling.wait_for_third_party, ask="For whom, and for what")

    @action(description="Carry on", icon="play_circle", permissions=["carry_on"])
    def carry_on(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, "Carry on", "The wait is over; its clocks go on.", handling.carry_on)

    @action(description="Decide", icon="gavel", permissions=["decide"])
    def decide(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._form(request, object_id, "Decide", ruling.Ruling, deciding.decide)

    @action(description="Solve at once", icon="task_alt", permissions=["solve"])
    def solve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._form(request, object_id, "Solve at once", ruling.Solution, deciding.solve)

    @action(description="They were told", icon="forum", permissions=["communicate"])
    def communicate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._form(request, object_id, "They were told", ruling.Telling, deciding.communicate)

    @action(description="Resolve", icon="check", permissions=["resolve"])
    def resolve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, "Resolve", "What was decided is done.", deciding.resolve)

    @action(description="Close", icon="done_all", permissions=["close"])
    def close(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, "Close", "The customer will be asked whether they are content.", deciding.close)

    @action(description="Reopen", icon="replay", permissions=["reopen"])
    def reopen(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = "What was promised is promised anew. When it was over long ago, a new complaint is received that names this one."
        return self._ask(request, object_id, "Reopen", question, reopening.reopen, ask="Why")

    @action(description="Reject", icon="block", permissions=["reject"])
    def reject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, "Reject", "It is not looked into.", deciding.reject, ask="Why")

    @action(description="Withdraw", icon="undo", permissions=["withdraw"])
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, "Withdraw", "The customer takes it back.", deciding.withdraw, ask="Why")

    # --- columns
    @admin.display(description="due")
    def due(self, row: Complaint) -> SafeString | str:
        said = timezone.localtime(row.due_at).strftime("%Y-%m-%d %H:%M") if row.due_at else "–"
        return badge(said if row.due_at else "broken", "bad") if row.is_breached(timezone.now()) else said

    @admin.display(description="status")
    def state(self, row: Complaint) -> SafeString:
        return badge(row.get_status_display(), TONES[row.status])

    @admin.display(description="priority")
    def urgency(self, row: Complaint) -> SafeString:
        return badge(row.get_priority_display(), URGENCY[row.priority])

    @admin.display(description="told on")
    def origin_shown(self, row: Complaint) -> str:
        return f"{row.origin_kind} {row.origin_id}" if row.origin_kind else "–"


@admin.register(RootCause)
class RootCauseAdmin(AuditedAdmin):
    """Why complaints come about, in the words of the company."""

    list_display = ["name", "code", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name", "code"]
    ordering = ["name"]
    prepopulated_fields = {"code": ["name"]}
    fields = [("name", "code"), "is_active"]


@admin.register(Clock)
class ClockAdmin(ReadOnlyAdmin):
    """Promises, one by one. Only ``complaints.clocks`` writes them."""

    list_display = ["complaint", "metric", "cycle", "started_at", "due_at", "breached_at", "overrun", "verdict"]
    list_select_related = ["complaint"]
    list_filter = ["state", "metric"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = [
        ("complaint", "metric", "cycle", "state"), ("policy", "policy_version", "target_s", "warn_percent"),
        ("calendar", "calendar_version"), ("started_at", "due_at", "warn_at"), "pauses", ("warned_at", "breached_at", "stopped_at"),
        ("spent_s", "overrun_s"), ("escalation", "next_step_at", "acknowledged_at", "acknowledged_by"),
    ]  # fmt: skip

    @admin.display(description="overrun")
    def overrun(self, row: Clock) -> str:
        return span(row.overrun_s)

    @admin.display(description="state")
    def verdict(self, row: Clock) -> SafeString:
        return badge(row.get_state_display(), VERDICTS[row.state])
