"""What was said of complaints, who watches them, and what has to do with what: read here, written over the API."""

from django.contrib import admin
from django.utils.safestring import SafeString

from complaints.models import ComplaintLink, ComplaintMessage, Watcher
from config.platform.admin_base import ReadOnlyAdmin, badge


@admin.register(ComplaintMessage)
class ComplaintMessageAdmin(ReadOnlyAdmin):
    """Messages, the newest first."""

    list_display = ["at", "complaint", "who_speaks", "visibility_badge", "via", "text_begins", "by"]
    list_select_related = ["complaint", "by"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = [("complaint", "at"), ("side", "visibility", "via"), "text", ("call", "by")]

    @admin.display(description="who speaks")
    def who_speaks(self, row: ComplaintMessage) -> str:
        return row.get_side_display()

    @admin.display(description="for whom")
    def visibility_badge(self, row: ComplaintMessage) -> SafeString:
        return badge(row.get_visibility_display(), "info" if row.visibility == "public" else "plain")

    @admin.display(description="text")
    def text_begins(self, row: ComplaintMessage) -> str:
        return row.text[:80]


@admin.register(Watcher)
class WatcherAdmin(ReadOnlyAdmin):
    """Who is told what happens with which complaint."""

    list_display = ["complaint", "user", "created_at"]
    list_select_related = ["complaint", "user"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = [("complaint", "user"), "created_at"]
    readonly_fields = ["created_at"]


@admin.register(ComplaintLink)
class ComplaintLinkAdmin(ReadOnlyAdmin):
    """Complaints that have to do with one another."""

    list_display = ["one", "other", "note", "by", "created_at"]
    list_select_related = ["one", "other", "by"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = [("one", "other"), "note", ("by", "created_at")]
    readonly_fields = ["created_at"]
