"""Announcements: said here as by the API, and taken back."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.forms import BaseModelFormSet, ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from calls import announcements
from calls.models import Announcement
from config.platform.admin_base import AuditedAdmin, badge, who
from config.platform.admin_base.pages import NOBODY


@admin.register(Announcement)
class AnnouncementAdmin(AuditedAdmin):
    """A word on the screens of those it is for, until it ends."""

    may_change = may_delete = NOBODY
    list_display = ["text", "audience", "created_at", "until", "state"]
    list_select_related = ["team", "queue"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = ["text", ("team", "queue"), "until"]
    autocomplete_fields = ["team", "queue"]
    actions = ["withdraw"]

    def save_model(self, request: HttpRequest, obj: Announcement, form: ModelForm, change: bool) -> None:  # type: ignore[override]
        announcements.check_end(obj.until, timezone.now())
        obj.by = who(request)
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: list[BaseModelFormSet], change: bool) -> None:
        super().save_related(request, form, formsets, change)
        announcements.tell(form.instance, timezone.now())

    @admin.action(description="Take back", permissions=["add"])
    def withdraw(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        for row in queryset.filter(withdrawn_at=None):
            announcements.withdraw(row.pk, by=who(request), now=timezone.now())

    @admin.display(description="to")
    def audience(self, row: Announcement) -> str:
        return str(row.team or row.queue or "everybody")

    @admin.display(description="state")
    def state(self, row: Announcement) -> SafeString:
        if row.withdrawn_at:
            return badge("taken back", "plain")
        return badge("holds", "good") if row.until > timezone.now() else badge("over", "plain")
