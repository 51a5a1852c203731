"""Attachments: taken through the logged endpoint only, deleted through ``complaints.attachments``."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import action

from complaints import attachments
from complaints.models import Attachment
from config.platform.admin_base import ReadOnlyAdmin, badge, confirmed, who
from config.platform.admin_base.pages import LEADING

TONES = {"pending": "info", "clean": "good", "infected": "bad", "unscanned": "plain"}


@admin.register(Attachment)
class AttachmentAdmin(ReadOnlyAdmin):
    """Files of complaints: what they are, what the scanner said, who took them (in the history)."""

    list_display = ["created_at", "complaint", "name", "content_type", "size", "scan_badge", "by", "deleted_at"]
    list_select_related = ["complaint", "by"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    actions_detail = ["delete_file"]
    readonly_fields = ["scan_badge", "content"]
    fields = [
        ("complaint", "message"), ("name", "content"), ("content_type", "size"), "sha256", ("scan_badge", "scan_said"),
        ("scan_tries", "scan_due_at"), ("by", "deleted_at"),
    ]  # fmt: skip

    def has_delete_file_permission(self, request: HttpRequest, object_id: str) -> bool:
        row: Any = self.get_object(request, object_id)
        return row is not None and self._may(request, LEADING) and row.deleted_at is None

    @action(description="Delete the file", icon="delete", permissions=["delete_file"])
    def delete_file(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Any = self.get_object(request, object_id)
        return confirmed(
            self, request, row, title=f"Delete the file: {row}", question="For good. That there was one stays.", button="Delete the file",
            done="Deleted.", ask="Why",
            act=lambda said: attachments.remove(row.pk, reason=said, by=who(request), now=timezone.now()),
        )  # fmt: skip

    @admin.display(description="scan")
    def scan_badge(self, row: Attachment) -> SafeString:
        return badge(row.get_scan_display(), TONES[row.scan])

    @admin.display(description="file")
    def content(self, row: Attachment) -> SafeString | str:
        if row.deleted_at is not None or row.scan in (Attachment.Scan.INFECTED, Attachment.Scan.PENDING):
            return "–"
        return format_html('<a class="text-primary-600" href="/api/v1/attachments/{}/content/">Take it</a>', row.pk)
