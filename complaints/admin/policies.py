"""SLA policies: what is promised. Lengths of time are written as people write them: 4 h, 45 min."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextInputWidget

from complaints import spans
from complaints.admin import trial
from complaints.admin.routing import several
from complaints.models import SLAPolicy
from complaints.models.complaints import Kind, Priority, Severity
from complaints.models.policies import YEAR_S
from config.platform.admin_base import AuditedAdmin

TARGETS = {
    "acknowledge_s": "acknowledge", "assign_s": "assign", "first_response_s": "answer", "resolve_s": "solve", "inform_every_s": "inform every",
}  # fmt: skip


class SpanField(forms.CharField):
    """A length of time as text; inside, seconds, or None for nothing."""

    def __init__(self, **more: Any) -> None:
        placeholder = UnfoldAdminTextInputWidget(attrs={"placeholder": "4 h, 1 h 30 min, 45 min"})
        super().__init__(required=False, widget=placeholder, help_text="Empty: not promised.", **more)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            seconds = spans.read(text)
        except ValueError as error:
            raise forms.ValidationError(str(error), code="invalid_span") from None
        if not 0 < seconds <= YEAR_S:
            raise forms.ValidationError("It is longer than nothing and at most a year.", code="invalid_span")
        return seconds

    def prepare_value(self, value: Any) -> Any:
        return spans.written(value) if isinstance(value, int) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial) or "", data)


class SLAPolicyForm(forms.ModelForm):
    """Targets as text, conditions as boxes to tick."""

    kinds = several(Kind.choices)
    severities = several(Severity.choices)
    priorities = several(Priority.choices)
    acknowledge_s = SpanField(label="Acknowledge within")
    assign_s = SpanField(label="Assign within")
    first_response_s = SpanField(label="First response within")
    resolve_s = SpanField(label="Solve within")
    inform_every_s = SpanField(label="Keep informed every")


@admin.register(SLAPolicy)
class SLAPolicyAdmin(AuditedAdmin):
    """The first active policy whose conditions all hold is a complaint's; its clocks keep what they began with."""

    form = SLAPolicyForm
    list_display = ["name", "position", "is_active", "when", "promises", "counted_by", "escalation"]
    list_editable = ["position", "is_active"]
    list_select_related = ["department", "calendar", "escalation"]
    list_filter = ["is_active", "counted"]
    search_fields = ["name"]
    ordering = ["position", "id"]
    sortable_by: list[str] = []
    actions_list = ["try_out"]
    autocomplete_fields = ["department", "calendar"]
    fieldsets = [
        (None, {"fields": ["name", ("position", "is_active")]}),
        ("When all of this holds", {"fields": [("kinds", "severities"), ("priorities", "contact_tag"), "department"], "description": "What is left empty holds always. A department holds for those beneath it."}),
        ("It is promised", {"fields": [("acknowledge_s", "assign_s"), ("first_response_s", "resolve_s"), ("inform_every_s", "warn_percent")], "description": "4 h of business time are four hours in which the calendar is open."}),
        ("Counted", {"fields": [("counted", "calendar"), ("pauses_for_customer", "pauses_for_third_party")]}),
        ("When it is late", {"fields": ["escalation"]}),
    ]  # fmt: skip

    @action(description="Try a complaint", icon="experiment", url_path="try")
    def try_out(self, request: HttpRequest) -> HttpResponse:
        return trial.show(self, request)

    @admin.display(description="when")
    def when(self, policy: SLAPolicy) -> str:
        names = dict(Kind.choices) | dict(Severity.choices) | {value: f"{name} priority" for value, name in Priority.choices}
        said = [
            *(str(dict(Kind.choices).get(value, value)) for value in policy.kinds),
            *(str(dict(Severity.choices).get(value, value)) for value in policy.severities),
            *(str(names.get(value, value)) for value in policy.priorities),
            *([str(policy.department)] if policy.department is not None else []),
            *([f"#{policy.contact_tag}"] if policy.contact_tag else []),
        ]
        return ", ".join(said) or "always"

    @admin.display(description="promises")
    def promises(self, policy: SLAPolicy) -> str:
        said = [(word, getattr(policy, name)) for name, word in TARGETS.items()]
        return ", ".join(f"{word} {spans.written(seconds)}" for word, seconds in said if seconds) or "nothing"

    @admin.display(description="counted")
    def counted_by(self, policy: SLAPolicy) -> str:
        if policy.counted == SLAPolicy.Counted.ALWAYS:
            return "day and night"
        return f"business time of {policy.calendar}" if policy.calendar is not None else "business time of the department"
