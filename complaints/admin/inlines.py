"""Parts of a complaint's page that only its doors write."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline

from complaints.models import Attachment, Clock, ComplaintMessage, ComplaintTransfer, EscalationStep


class ReadOnlyInline(TabularInline):
    """Rows to be read, never written by hand."""

    extra = max_num = 0
    can_delete = False
    hide_title = True
    tab = True
    joined: tuple[str, ...] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related(*self.joined)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ClockInline(ReadOnlyInline):
    """What is promised, and what became of it."""

    model = Clock
    verbose_name_plural = "Clocks"
    fields = ["metric", "cycle", "state", "started_at", "due_at", "warn_at", "breached_at", "stopped_at", "overrun_s"]
    ordering = ["-id"]


class MessageInline(ReadOnlyInline):
    """What was said."""

    model = ComplaintMessage
    verbose_name_plural = "Messages"
    fields = ["at", "side", "visibility", "via", "text", "by"]
    ordering = ["-id"]
    joined = ("by",)


class AttachmentInline(ReadOnlyInline):
    """Files; their own page gives them out."""

    model = Attachment
    verbose_name_plural = "Attachments"
    fields = ["name", "content_type", "size", "scan", "by", "created_at"]
    ordering = ["-id"]
    show_change_link = True
    joined = ("by",)


class TransferInline(ReadOnlyInline):
    """Where it was passed, and whether it was taken."""

    model = ComplaintTransfer
    verbose_name_plural = "Transfers"
    fk_name = "complaint"
    fields = ["at", "from_department", "to_department", "reason", "by", "state", "answer"]
    ordering = ["-id"]
    joined = ("from_department", "to_department", "by")


class EscalationInline(ReadOnlyInline):
    """How it was escalated."""

    model = EscalationStep
    verbose_name_plural = "Escalations"
    fields = ["planned_at", "clock", "number", "fired_at", "skipped_because", "did", "acknowledged_by"]
    ordering = ["-id"]
    joined = ("clock", "acknowledged_by")
