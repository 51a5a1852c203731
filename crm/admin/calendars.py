"""Calendars of working time. Hours are written as people write them, a line a day, and shown as a picture of the week."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelect2Widget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from config.platform.admin_base import AuditedAdmin, who
from config.platform.admin_base.pages import ADMINS
from crm import business_time, calendars, hours_writing
from crm.admin.staff import ZONES
from crm.models import BusinessCalendar, CalendarInterval

COUNTRIES = [("", "None"), *((code, code) for code in sorted(business_time.countries_with_holidays()))]
DAYS = CalendarInterval.WEEKDAYS


class CalendarForm(forms.ModelForm):
    """A calendar with its hours as text."""

    time_zone = forms.ChoiceField(choices=ZONES, initial="UTC", widget=UnfoldAdminSelect2Widget)
    country = forms.ChoiceField(
        choices=COUNTRIES, required=False, widget=UnfoldAdminSelect2Widget, help_text="Its public holidays are days off."
    )
    days = forms.CharField(
        required=False,
        label="Days that differ",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6, "placeholder": "2026-12-31 09:00-15:00 Short day\n2027-05-10 off Bridge day"}),
        help_text="A line a date: the date, its hours or the word off, and why.",
    )

    class Meta:
        model = BusinessCalendar
        fields = ["name", "time_zone", "country", "subdivision", "is_default"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row = self.instance
        if row.pk and not row._state.adding:
            hours = calendars.hours_of(row)
            for index, name in enumerate(DAYS):
                self.initial[name] = hours_writing.written(hours.week[index])
            self.initial["days"] = "\n".join(
                f"{day.on} {hours_writing.written([(one.opens, one.closes) for one in day.intervals.all()]) or 'off'} {day.name}".strip()
                for day in row.days.all()
            )

    def clean(self) -> dict[str, Any]:
        super().clean()
        week: list[dict[str, int]] = []
        for index, name in enumerate(DAYS):
            try:
                week += [{"weekday": index, **one} for one in hours_writing.read(self.cleaned_data.get(name, ""))]
            except ValueError as error:
                self.add_error(name, str(error))
        try:
            self.cleaned_data["dates"] = hours_writing.read_dates(self.cleaned_data.get("days", ""))
        except ValueError as error:
            self.add_error("days", str(error))
        country, subdivision = self.cleaned_data.get("country", ""), self.cleaned_data.get("subdivision", "")
        if subdivision and subdivision not in (known := business_time.countries_with_holidays().get(country, ())):
            self.add_error("subdivision", f"Known here: {', '.join(known) or 'none'}.")
        self.cleaned_data["week"] = week
        return self.cleaned_data


for _name in DAYS:
    CalendarForm.base_fields[_name] = CalendarForm.declared_fields[_name] = forms.CharField(
        required=False,
        label=_name.capitalize(),
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "09:00-13:00, 14:00-18:00"}),
    )


@admin.register(BusinessCalendar)
class BusinessCalendarAdmin(AuditedAdmin):
    """Written through crm.calendars."""

    may_add = may_change = ADMINS
    form = CalendarForm
    list_display = ["name", "time_zone", "country", "subdivision", "is_default"]
    search_fields = ["name"]
    ordering = ["name"]
    change_form_before_template = "admin/calendar_week.html"
    fieldsets = [
        (None, {"fields": [("name", "time_zone"), ("country", "subdivision"), "is_default"]}),
        ("Hours of the week", {"fields": [*DAYS], "description": "Several intervals a day, with commas between. Empty: closed."}),
        ("Days that differ", {"fields": ["days"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return BusinessCalendar.objects.whole()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        calendar = self.get_object(request, object_id)
        picture = calendars.fortnight(calendar, now=timezone.now()) if isinstance(calendar, BusinessCalendar) else None
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "fortnight": picture})

    def save_model(self, request: HttpRequest, obj: models.Model, form: forms.ModelForm, change: bool) -> None:
        """Everything is written at once in ``save_related``."""

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: list[Any], change: bool) -> None:
        said = form.cleaned_data
        fields = {name: said[name] for name in CalendarForm.Meta.fields}
        by: dict[str, Any] = {"by": who(request), "now": timezone.now()}
        if not change:
            form.instance.pk = calendars.add(week=said["week"], days=said["dates"], **fields, **by).pk
        elif form.has_changed():
            calendars.alter(form.instance.pk, week=said["week"], days=said["dates"], **fields, **by)
