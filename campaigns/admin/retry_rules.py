"""When somebody is tried again: the rules of all campaigns, to compare them. They are written on the page of their campaign alone.

There the campaign is held, its hand-out waits, and whoever was used up before is looked at again.
"""

from django.contrib import admin

from campaigns.models import RetryRule
from config.platform.admin_base import ReadOnlyAdmin


@admin.register(RetryRule)
class RetryRuleAdmin(ReadOnlyAdmin):
    """After a call that came out so: when, on which number, by whom."""

    list_display = ["campaign", "outcome", "disposition", "delay_s", "growth", "max_attempts", "next_number", "agent"]
    list_select_related = ["campaign", "disposition"]
    list_filter = ["growth", "next_number", "agent"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fieldsets = [
        (None, {"fields": ["campaign", ("outcome", "disposition")]}),
        ("Then", {"fields": [("delay_s", "growth"), ("factor", "most_s"), ("next_number", "agent"), ("max_attempts", "varies_time_of_day")]}),
    ]  # fmt: skip
