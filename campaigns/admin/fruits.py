"""What attempts brought: conversions, which a supervisor takes back, and contacts that were collected."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action

from campaigns import conversions
from campaigns.models import Collected, Conversion
from config.platform.admin_base import ReadOnlyAdmin, badge, confirmed, who
from config.platform.admin_base.pages import LEADING

TONES = {"client": "good", "order": "good", "promise": "info"}


@admin.register(Conversion)
class ConversionAdmin(ReadOnlyAdmin):
    """Credited by itself to the attempt that brought it. Here it is read, and taken back when nothing came of it."""

    list_display = ["at", "campaign", "contact", "what", "amount", "currency", "agent", "stands"]
    list_select_related = ["campaign", "contact", "agent"]
    list_filter = ["kind", ("campaign", admin.RelatedOnlyFieldListFilter)]
    ordering = ["-id"]
    sortable_by: list[str] = []
    actions_detail = ["take_back"]
    readonly_fields = ["stands"]
    fields = [
        ("campaign", "kind", "stands"), ("contact", "agent", "by"), ("attempt", "order"), ("amount", "currency", "due_on"), "note",
        ("at", "reversed_at"), "reversed_because",
    ]  # fmt: skip

    def has_take_back_permission(self, request: HttpRequest, object_id: str) -> bool:
        row: Any = self.get_object(request, object_id)
        return row is not None and self._may(request, LEADING) and row.reversed_at is None

    @action(description="Take back", icon="undo", permissions=["take_back"])
    def take_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Any = self.get_object(request, object_id)
        return confirmed(
            self, request, row, title=f"Take back: {row}", question="It counts no longer for the operator and the campaign.",
            button="Take back", done="Taken back.",
            act=lambda: conversions.take_back(row.pk, reason="Taken back by a supervisor.", by=who(request), now=timezone.now()),
        )  # fmt: skip

    @admin.display(description="what", ordering="kind")
    def what(self, row: Conversion) -> SafeString:
        return badge(row.get_kind_display(), TONES[row.kind])

    @admin.display(description="counts", boolean=True)
    def stands(self, row: Conversion) -> bool:
        return row.reversed_at is None


@admin.register(Collected)
class CollectedAdmin(ReadOnlyAdmin):
    """Contacts that were brought into the base."""

    list_display = ["at", "campaign", "contact", "is_new", "by"]
    list_select_related = ["campaign", "contact", "by"]
    list_filter = ["is_new", ("campaign", admin.RelatedOnlyFieldListFilter)]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = [("campaign", "contact"), ("is_new", "by", "at")]
