"""Click-to-call: what was asked for, what the gate and the phone system said, what came of it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action

from calls import call_requests
from calls.models import CallRequest, PhoneCommand
from config.platform.admin_base import ReadOnlyAdmin, badge, confirmed, who
from config.platform.models import LEADERS

TONES = {"requested": "info", "sent": "info", "accepted": "info", "linked": "good", "refused": "bad", "failed": "bad", "expired": "bad"}


@admin.register(CallRequest)
class CallRequestAdmin(ReadOnlyAdmin):
    """Asked for on operators' screens; here they are read, and called off when one hangs."""

    list_display = ["asked_at", "agent", "number", "contact", "reason", "state", "problem"]
    list_select_related = ["agent", "contact"]
    list_filter = ["status"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    actions_detail = ["call_off"]
    fields = [
        ("agent", "extension", "phone_system"), ("number", "contact", "line"), ("reason", "purpose", "by"), ("status", "problem"),
        ("asked_at", "expires_at", "ended_at"), ("call", "external_id"), "gate",
    ]  # fmt: skip
    readonly_fields = ["gate"]

    def has_call_off_permission(self, request: HttpRequest, object_id: str) -> bool:
        row = self.get_object(request, object_id)
        return row is not None and row.is_open and who(request).role in LEADERS

    @action(description="Call off", icon="block", permissions=["call_off"])
    def call_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.get_object(request, object_id)

        def act() -> Any:
            return call_requests.cancel(row.pk, by=who(request), now=timezone.now())

        return confirmed(
            self, request, row, title=f"Call off: {row}", button="Call off", done="Called off.", act=act,
            question="The phone system is not told to call any more. If it has taken it already, the phone may ring all the same.",
        )  # fmt: skip

    @admin.display(description="state")
    def state(self, row: CallRequest) -> SafeString:
        return badge(row.get_status_display(), TONES.get(row.status, "plain"))

    @admin.display(description="what the gate said")
    def gate(self, row: CallRequest) -> str:
        said = [one.get("detail", "") for name in ("reasons", "warnings") for one in row.verdict.get(name, [])]
        return "\n".join(said) or ("May be called." if row.verdict.get("allowed") else "–")


@admin.register(PhoneCommand)
class PhoneCommandAdmin(ReadOnlyAdmin):
    """What phone systems were told to do, and how it went."""

    list_display = ["asked_at", "phone_system", "kind", "way", "status", "attempts", "problem"]
    list_select_related = ["phone_system"]
    list_filter = ["status", "kind"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = [
        ("phone_system", "kind", "way"), ("status", "attempts"), ("asked_at", "expires_at", "settled_at"), "run_after", "problem",
    ]  # fmt: skip
