"""When customers may be called and how often. Hours are written as people write them, a line a day."""

import re
from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelect2Widget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from config.platform.admin_base import AuditedAdmin, who
from crm import calling_policies, hours_writing
from crm.admin.staff import ZONES
from crm.models import CalendarInterval, CallingLimit, CallingWindow

DAYS = CalendarInterval.WEEKDAYS
PERIOD = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\s*(?:-|–|—|\.\.)\s*(\d{4}-\d{2}-\d{2}))?\s*(.*)", re.ASCII)


def read_periods(text: str) -> list[dict[str, Any]]:
    """Lines of a date or of two, and a name.

    Raises:
        ValueError: with a sentence that names the line.
    """
    found = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        match = PERIOD.fullmatch(line)
        try:
            since = date.fromisoformat(match[1]) if match else None
            until = date.fromisoformat(match[2]) if match and match[2] else since
        except ValueError:
            since = until = None
        if match is None or since is None or until is None:
            raise ValueError(f"“{line[:40]}” is no period: write 2026-12-31 – 2027-01-08 New Year.")
        if until < since:
            raise ValueError(f"“{line[:40]}” ends before it begins.")
        found.append({"since": since, "until": until, "name": match[3].strip()[:100]})
    return found


class CallingWindowForm(forms.ModelForm):
    """A window with its hours and dates as text."""

    default_zone = forms.ChoiceField(
        choices=[("", "That of the settings"), *ZONES], required=False, widget=UnfoldAdminSelect2Widget, help_text="For unknown time zones."
    )
    periods = forms.CharField(
        required=False,
        label="Dates left out",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5, "placeholder": "2026-12-31 – 2027-01-08 New Year\n2027-03-01 Day of mourning"}),
        help_text="A line a period: a date or two, and why. Nobody is called on these days of their own calendar.",
    )

    class Meta:
        model = CallingWindow
        fields = ["name", "purpose", "keeps_holidays", "unknown_zone", "default_zone", "start_grace_s", "holds_for_returns", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row = self.instance
        if row.pk and not row._state.adding:
            week = calling_policies.hours_of(row, ()).week
            for index, name in enumerate(DAYS):
                self.initial[name] = hours_writing.written(week[index])
            self.initial["periods"] = "\n".join(str(period) for period in row.restricted.all())

    def clean(self) -> dict[str, Any]:
        super().clean()
        week: list[dict[str, int]] = []
        for index, name in enumerate(DAYS):
            try:
                week += [{"weekday": index, **one} for one in hours_writing.read(self.cleaned_data.get(name, ""))]
            except ValueError as error:
                self.add_error(name, str(error))
        try:
            self.cleaned_data["restricted"] = read_periods(self.cleaned_data.get("periods", ""))
        except ValueError as error:
            self.add_error("periods", str(error))
        self.cleaned_data["week"] = week
        return self.cleaned_data


for _name in DAYS:
    CallingWindowForm.base_fields[_name] = CallingWindowForm.declared_fields[_name] = forms.CharField(
        required=False,
        label=_name.capitalize(),
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "09:00-13:00, 14:00-20:00"}),
    )


@admin.register(CallingWindow)
class CallingWindowAdmin(AuditedAdmin):
    """Written through crm.calling_policies."""

    form = CallingWindowForm
    list_display = ["name", "purpose_shown", "keeps_holidays", "unknown_zone", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name"]
    ordering = ["name"]
    fieldsets = [
        (None, {"fields": [("name", "purpose"), ("keeps_holidays", "holds_for_returns", "is_active")]}),
        ("Hours of the week", {"fields": [*DAYS], "description": "By the customer's own clocks. Several intervals a day, with commas between; one over midnight is two. Empty: nobody is called."}),
        ("Dates", {"fields": ["periods"]}),
        ("On the edge", {"fields": [("unknown_zone", "default_zone"), "start_grace_s"]}),
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return CallingWindow.objects.whole()

    def save_model(self, request: HttpRequest, obj: models.Model, form: forms.ModelForm, change: bool) -> None:
        """Everything is written at once in ``save_related``."""

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: list[Any], change: bool) -> None:
        said = form.cleaned_data
        fields = {name: said[name] for name in CallingWindowForm.Meta.fields}
        by: dict[str, Any] = {"by": who(request), "now": timezone.now()}
        if not change:
            form.instance.pk = calling_policies.add(week=said["week"], restricted=said["restricted"], **fields, **by).pk
        elif form.has_changed():
            calling_policies.alter(form.instance.pk, week=said["week"], restricted=said["restricted"], **fields, **by)

    @admin.display(description="purpose")
    def purpose_shown(self, window: CallingWindow) -> str:
        return window.get_purpose_display() if window.purpose else "All others"


@admin.register(CallingLimit)
class CallingLimitAdmin(AuditedAdmin):
    """How often a number or a contact may be called."""

    list_display = ["name", "purpose_shown", "subject", "window", "most", "min_gap_s", "manual_calls", "is_active"]
    list_filter = ["is_active", "subject"]
    search_fields = ["name"]
    ordering = ["name"]
    fieldsets = [
        (None, {"fields": [("name", "purpose"), ("subject", "is_active")]}),
        ("How often", {"fields": [("window", "window_s"), ("most", "min_gap_s")], "description": "Calls that we make, answered or not, by whomever."}),
        ("Dialled by hand", {"fields": ["manual_calls"]}),
    ]  # fmt: skip

    @admin.display(description="purpose")
    def purpose_shown(self, limit: CallingLimit) -> str:
        return limit.get_purpose_display() if limit.purpose else "Every one"
