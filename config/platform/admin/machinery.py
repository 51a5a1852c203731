"""Tables of the packages we stand on, with our looks and our rules: schedules, failed logins. Groups are not used."""

from typing import Any

import axes.admin  # noqa: F401 (registers its pages, which ours replace)
import django.contrib.auth.admin  # noqa: F401 (likewise)
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.auth.models import Group
from django.db import models
from django.utils.safestring import SafeString
from django_celery_beat.admin import PeriodicTaskForm
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule

from config.platform.admin_base import AuditedAdmin, ReadOnlyAdmin, badge
from config.platform.admin_base.pages import ADMINS, NOBODY

OTHERS: list[type[models.Model]] = [
    Group, PeriodicTask, IntervalSchedule, CrontabSchedule, SolarSchedule, ClockedSchedule, AccessAttempt, AccessLog, AccessFailureLog,
]  # fmt: skip
for other in OTHERS:
    try:
        admin.site.unregister(other)
    except NotRegistered:
        continue


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(AuditedAdmin):
    """What beat wakes, and when. The sweeps of the program are here too: switching one off leaves work undone."""

    may_add = may_change = ADMINS
    form = PeriodicTaskForm
    list_display = ["name", "task", "schedule_shown", "enabled", "last_run_at", "total_run_count"]
    list_filter = ["enabled"]
    list_select_related = ["interval", "crontab", "solar", "clocked"]
    search_fields = ["name", "task"]
    ordering = ["name"]
    readonly_fields = ["last_run_at", "total_run_count", "date_changed"]
    fieldsets = [
        (None, {"fields": ["name", "regtask", "task", "enabled", "description"]}),
        ("When", {"fields": [("interval", "crontab"), ("solar", "clocked"), ("start_time", "expires"), "one_off"]}),
        ("With what", {"fields": ["args", "kwargs", ("queue", "priority")], "classes": ["collapse"]}),
        ("So far", {"fields": [("last_run_at", "total_run_count", "date_changed")]}),
    ]

    @admin.display(description="when")
    def schedule_shown(self, task: Any) -> str:
        return str(task.interval or task.crontab or task.solar or task.clocked or "–")


@admin.register(IntervalSchedule, SolarSchedule, ClockedSchedule)
class ScheduleAdmin(AuditedAdmin):
    """When something is woken."""

    may_add = may_change = ADMINS


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(ScheduleAdmin):
    list_display = ["__str__", "human_readable"]


@admin.register(AccessAttempt)
class AccessAttemptAdmin(AuditedAdmin):
    """Failed logins. Deleting a row opens the door again for that name and address."""

    may_view = may_delete = ADMINS
    may_add = may_change = NOBODY
    list_display = ["attempt_time", "username", "ip_address", "failures", "locked"]
    search_fields = ["username", "ip_address"]
    ordering = ["-attempt_time"]
    fields = ["attempt_time", "username", "ip_address", "user_agent", "path_info", "failures_since_start"]

    @admin.display(description="failures", ordering="failures_since_start")
    def failures(self, attempt: Any) -> int:
        return attempt.failures_since_start

    @admin.display(description="state")
    def locked(self, attempt: Any) -> SafeString:
        from django.conf import settings

        return badge("locked out", "bad") if attempt.failures_since_start >= settings.AXES_FAILURE_LIMIT else badge("counted", "plain")


@admin.register(AccessLog, AccessFailureLog)
class AccessLogAdmin(ReadOnlyAdmin):
    """Who came in, and who did not."""

    may_view = ADMINS
    list_display = ["attempt_time", "username", "ip_address", "path_info"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    search_fields = ["username"]
    fields = ["attempt_time", "username", "ip_address", "user_agent", "path_info"]
