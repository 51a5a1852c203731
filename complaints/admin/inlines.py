"""Parts of a complaint's page that only its doors write."""

from typing import Any

from django.http import HttpRequest
from unfold.admin import TabularInline

from complaints.models import Clock


class ReadOnlyInline(TabularInline):
    """Rows to be read, never written by hand."""

    extra = max_num = 0
    can_delete = False
    hide_title = True
    tab = True

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
