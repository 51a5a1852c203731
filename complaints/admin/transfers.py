"""Transfers of complaints: what waits for an answer, and how often complaints go to and fro."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelect2Widget, UnfoldAdminTextareaWidget

from complaints import transfers
from complaints.models import ComplaintTransfer
from config.platform.admin_base import ReadOnlyAdmin, badge, confirmed, who
from config.platform.admin_base.pages import LEADING
from config.platform.errors import Refusal
from config.platform.models import PEOPLE, User
from crm.models import Department

TONES = {"asked": "warn", "accepted": "good", "returned": "bad", "overtaken": "plain"}


@admin.register(ComplaintTransfer)
class ComplaintTransferAdmin(ReadOnlyAdmin):
    """Asked for on the complaint's page or in the frontend; here a supervisor answers for a department that does not."""

    list_display = ["at", "complaint", "from_department", "to_department", "to_person", "ping_pong", "says", "answered_at"]
    list_select_related = ["complaint", "from_department", "to_department", "to_person"]
    list_filter = ["state", "is_ping_pong", ("to_department", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["complaint__number"]
    search_help_text = "By the number of the complaint"
    ordering = ["-id"]
    sortable_by: list[str] = []
    actions_detail = ["accept", "give_back"]
    readonly_fields = ["says", "ping_pong"]
    fields = [
        ("complaint", "says", "ping_pong"), ("from_department", "from_assignee"), ("to_department", "to_person"), "reason",
        ("by", "at"), ("answered_by", "answered_at"), "answer",
    ]  # fmt: skip

    def has_answer_permission(self, request: HttpRequest, object_id: str) -> bool:
        row = self.get_object(request, object_id)
        return row is not None and self._may(request, LEADING) and getattr(row, "state", "") == ComplaintTransfer.State.ASKED

    @action(description="Accept", icon="check", permissions=["answer"])
    def accept(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Any = self.get_object(request, object_id)
        return confirmed(
            self, request, row, title=f"Accept {row}", question="You have it then, unless somebody of the department has it already.",
            button="Accept", done="Accepted.",
            act=lambda: transfers.accept(row.complaint_id, by=who(request), now=timezone.now()),
        )  # fmt: skip

    @action(description="Return", icon="undo", permissions=["answer"])
    def give_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Any = self.get_object(request, object_id)
        return confirmed(
            self, request, row, title=f"Return {row}", question="It goes back to where it came from. The clocks have gone on.",
            button="Return", ask="Why", done="Returned.",
            act=lambda said: transfers.give_back(row.complaint_id, reason=said, by=who(request), now=timezone.now()),
        )  # fmt: skip

    @admin.display(description="state")
    def says(self, row: ComplaintTransfer) -> SafeString:
        return badge(row.get_state_display(), TONES[row.state])

    @admin.display(description="ping-pong", empty_value="")
    def ping_pong(self, row: ComplaintTransfer) -> SafeString | None:
        return badge("to and fro", "bad") if row.is_ping_pong else None


class TransferForm(forms.Form):
    """Where to, to whom if it is known, and why."""

    department = forms.ModelChoiceField(Department.objects.filter(is_active=True).order_by("name"), widget=UnfoldAdminSelect2Widget)
    person = forms.ModelChoiceField(
        User.objects.filter(is_active=True, role__in=PEOPLE).order_by("surname", "username"),
        required=False, widget=UnfoldAdminSelect2Widget, help_text="Empty: whoever of the department accepts it.",
    )  # fmt: skip
    reason = forms.CharField(max_length=10_000, widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}))


class TransferActions:
    """Mixed into the page of complaints: the button that passes one on."""

    def has_transfer_permission(self, request: HttpRequest, object_id: str) -> bool:
        row = self.get_object(request, object_id)  # type: ignore[attr-defined]
        return row is not None and self.has_change_permission(request) and "transfer" in row.open_moves()  # type: ignore[attr-defined]

    @action(description="Pass on", icon="forward", permissions=["transfer"])
    def pass_on(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A form: which department, whom, why."""
        row: Any = self.get_object(request, object_id)  # type: ignore[attr-defined]
        form = TransferForm(request.POST or None)
        back = reverse("admin:complaints_complaint_change", args=[row.pk])
        if form.is_bound and form.is_valid():
            try:
                transfers.transfer(row.pk, **form.cleaned_data, by=who(request), now=timezone.now())
                messages.success(request, f"{row} went to {form.cleaned_data['department']}.")
                return HttpResponseRedirect(back)
            except Refusal as refusal:
                messages.error(request, refusal.detail)
        context = {
            **self.admin_site.each_context(request),  # type: ignore[attr-defined]
            "title": f"Pass on {row}", "opts": row._meta, "original": row, "form": form, "back": back,
        }  # fmt: skip
        return TemplateResponse(request, "admin/complaint_transfer.html", context)
