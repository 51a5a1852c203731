"""The company: departments, teams, topics, custom fields."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelect2Widget, UnfoldAdminTextInputWidget

from config.platform.admin_base import AuditedAdmin
from config.platform.admin_base.pages import ADMINS
from crm import duty
from crm.models import CustomField, Department, Team, Topic

ZONES = [(name, name.replace("_", " ")) for name in sorted(available_timezones())]


class DepartmentForm(forms.ModelForm):
    time_zone = forms.ChoiceField(choices=ZONES, initial="UTC", widget=UnfoldAdminSelect2Widget)


@admin.register(Department)
class DepartmentAdmin(AuditedAdmin):
    form = DepartmentForm
    list_display = ["name", "parent", "head", "people", "time_zone", "is_active"]
    list_select_related = ["parent", "head"]
    list_filter = ["is_active"]
    search_fields = ["name"]
    ordering = ["name"]
    autocomplete_fields = ["parent", "head", "members", "calendar"]
    fields = [("name", "parent"), ("head", "time_zone"), "calendar", "members", "is_active"]
    change_form_before_template = "admin/duty_fortnight.html"

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).annotate(how_many=Count("members"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        department = self.get_object(request, object_id)
        picture = duty.fortnight(department, now=timezone.now()) if isinstance(department, Department) else None
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "duty": picture, "department": department})

    @admin.display(description="people", ordering="how_many")
    def people(self, department: Any) -> int:
        return department.how_many


@admin.register(Team)
class TeamAdmin(AuditedAdmin):
    list_display = ["name", "department", "lead", "people", "is_active"]
    list_select_related = ["department", "lead"]
    list_filter = ["is_active"]
    search_fields = ["name"]
    ordering = ["name"]
    autocomplete_fields = ["department", "lead", "members"]
    fields = [("name", "department"), ("lead", "is_active"), "members"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).annotate(how_many=Count("members"))

    @admin.display(description="people", ordering="how_many")
    def people(self, team: Any) -> int:
        return team.how_many


@admin.register(Topic)
class TopicAdmin(AuditedAdmin):
    list_display = ["name", "code", "parent", "department", "is_hard", "is_active"]
    list_select_related = ["parent", "department"]
    list_filter = ["is_active", "is_hard"]
    search_fields = ["name", "code"]
    ordering = ["name"]
    autocomplete_fields = ["parent", "department"]
    prepopulated_fields = {"code": ["name"]}
    fields = [("name", "code"), ("parent", "department"), ("is_hard", "is_active")]


@admin.register(CustomField)
class CustomFieldAdmin(AuditedAdmin):
    """Fields of contacts that the company adds. Administrators decide them: the API's schema changes with each."""

    may_add = may_change = ADMINS
    list_display = ["label", "key", "entity", "type", "identifies", "is_required", "is_active", "order"]
    list_filter = ["is_active", "type"]
    search_fields = ["label", "key"]
    ordering = ["entity", "order", "key"]
    fields = [("label", "key", "entity"), ("type", "choices"), ("identifies", "is_required"), ("is_active", "order")]
    formfield_overrides = {ArrayField: {"widget": UnfoldAdminTextInputWidget(attrs={"placeholder": "bronze, silver, gold"})}}

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[str]:
        return ["key", "entity", "type"] if obj else []
