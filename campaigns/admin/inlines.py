"""Parts of a campaign that are written on its page, and handed to ``campaigns.preparing`` as whole lists; and rows that are only read there."""

from typing import Any

from django.db import models
from django.http import HttpRequest
from unfold.admin import StackedInline, TabularInline

from campaigns.models import AudienceSource, CampaignHours, ContactListMember, RetryRule
from config.platform.admin_base import StorableJSONField
from config.platform.admin_base.pages import LEADING


class PartOfACampaign:
    """Written while the campaign may be changed; looked at afterwards."""

    extra = 0
    tab = True

    def _may(self, request: HttpRequest, campaign: Any) -> bool:
        is_open = campaign is None or "alter" in campaign.open_moves()
        return getattr(request.user, "role", "") in LEADING and is_open

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return getattr(request.user, "role", "") in LEADING

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, obj)


class HoursInline(PartOfACampaign, TabularInline):
    """When its calls may begin."""

    model = CampaignHours
    fields = ["weekday", "opens", "closes"]
    verbose_name_plural = "hours, by the customer's clocks"


class RetryRuleInline(PartOfACampaign, StackedInline):
    """When somebody is tried again."""

    model = RetryRule
    fields = [
        ("outcome", "disposition"), ("delay_s", "growth", "factor", "most_s"), ("next_number", "agent"),
        ("max_attempts", "varies_time_of_day"),
    ]  # fmt: skip
    autocomplete_fields = ["disposition"]
    verbose_name_plural = "rules of trying again"

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).select_related("disposition")


class SourceInline(PartOfACampaign, StackedInline):
    """Whom it is for, and not for."""

    model = AudienceSource
    fields = [("mode", "kind", "priority"), ("contact_list", "imported"), ("saved_filter", "query")]
    autocomplete_fields = ["contact_list", "imported", "saved_filter"]
    formfield_overrides = {models.JSONField: {"form_class": StorableJSONField}}
    verbose_name_plural = "sources of the audience"

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).select_related("contact_list", "imported", "saved_filter")


class MemberInline(TabularInline):
    """The first contacts of a list: the whole has a page of its own."""

    model = ContactListMember
    fields = readonly_fields = ["contact", "added_at", "by"]
    extra = max_num = 0
    can_delete = False
    per_page = 50
    ordering = ["-id"]
    verbose_name_plural = "contacts"

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).select_related("contact", "by")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return getattr(request.user, "role", "") in LEADING

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
