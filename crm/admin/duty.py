"""The roster: who is on duty when, and who is away. Times are written as people write them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextInputWidget

from config.platform.admin_base import AuditedAdmin, badge
from config.platform.admin_base.pages import LEADING
from config.platform.models import PEOPLE, User
from crm import calendars, hours_writing
from crm.models import DutyShift


class ClockField(forms.CharField):
    """A time of the day; inside, minutes after midnight."""

    widget = UnfoldAdminTextInputWidget

    def to_python(self, value: Any) -> Any:
        try:
            return hours_writing.clock(str(super().to_python(value)))
        except ValueError as error:
            raise forms.ValidationError(str(error), code="invalid_time") from None

    def prepare_value(self, value: Any) -> Any:
        return calendars.clock(value) if isinstance(value, int) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class DutyShiftForm(forms.ModelForm):
    """What a shift may be is said by the table; here are the words for it."""

    opens = ClockField(label="From", initial=0, help_text="Wall time of the department's zone.")
    closes = ClockField(label="To", initial=1440, help_text="Up to 24:00. A shift that passes midnight is two.")


@admin.register(DutyShift)
class DutyShiftAdmin(AuditedAdmin):
    """Supervisors keep it, so they may also delete."""

    may_delete = LEADING
    form = DutyShiftForm
    list_display = ["person", "department", "says", "day", "hours", "since", "until", "note"]
    list_select_related = ["person", "department"]
    list_filter = ["kind", "weekday", "on", ("department", admin.RelatedOnlyFieldListFilter), ("person", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["person__surname", "person__username", "department__name"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    autocomplete_fields = ["department", "person"]
    fieldsets = [
        (None, {"fields": [("person", "department"), ("kind", "note")]}),
        ("When", {"fields": [("weekday", "on"), ("opens", "closes"), ("since", "until")], "description": "Every week, on one date, or, for an absence, every day from its first to its last. A date's own shifts replace that person's weekly ones; an absence takes away from both."}),
    ]  # fmt: skip

    def formfield_for_foreignkey(self, db_field: models.ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "person":
            kwargs["queryset"] = User.objects.filter(role__in=PEOPLE)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description="")
    def says(self, shift: DutyShift) -> SafeString:
        return badge(shift.get_kind_display(), "good" if shift.kind == DutyShift.Kind.ON else "warn")

    @admin.display(description="day")
    def day(self, shift: DutyShift) -> str:
        return str(shift.on or (shift.get_weekday_display() if shift.weekday is not None else "Every day"))

    @admin.display(description="hours")
    def hours(self, shift: DutyShift) -> str:
        return f"{calendars.clock(shift.opens)}–{calendars.clock(shift.closes)}"
