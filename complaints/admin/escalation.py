"""Escalation: policies with their levels and a picture of them; the steps that happened, and taking one on."""

import re
from datetime import time
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.admin import StackedInline
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextInputWidget

from complaints import escalation, escalation_picture, escalation_policies, spans
from complaints.models import EscalationLevel, EscalationPolicy, EscalationStep
from complaints.models.escalation import MONTH_S
from config.platform.admin_base import AuditedAdmin, ReadOnlyAdmin, badge, confirmed, who
from config.platform.models import User


def keeps(request: HttpRequest) -> bool:
    """Whether somebody may change policies and take escalations on here."""
    return AuditedAdmin._may(request, AuditedAdmin.may_change)


class WhenField(forms.CharField):
    """When a level is reached, as text: ``2 h before``, ``at the due time``, ``1 h 30 min after``. Inside, seconds after the due time."""

    def __init__(self, **more: Any) -> None:
        widget = UnfoldAdminTextInputWidget(attrs={"placeholder": "2 h before, 0, 1 h 30 min after"})
        super().__init__(widget=widget, label="When", help_text="Of the due time.", **more)

    def to_python(self, value: Any) -> Any:
        text = (super().to_python(value) or "").lower()
        if text in ("0", "at it", "at the due time"):
            return 0
        match = re.fullmatch(r"(.+?)\s+(before|after)", text)
        try:
            seconds = spans.read(match[1] if match else text)
        except ValueError:
            raise ValidationError("Write it as 2 h before, 0, or 1 h 30 min after.", code="invalid_span") from None
        if seconds > MONTH_S:
            raise ValidationError("At most a month before or after.", code="invalid_span")
        return -seconds if match and match[2] == "before" else seconds

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, int):
            return value
        return "at the due time" if value == 0 else f"{spans.written(abs(value))} {'after' if value > 0 else 'before'}"

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial) or "", data)


class MinuteField(forms.TimeField):
    """A time of day; inside, minutes after midnight."""

    def __init__(self, **more: Any) -> None:
        super().__init__(required=False, widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "21:00"}), **more)

    def to_python(self, value: Any) -> Any:
        at = super().to_python(value)
        return at.hour * 60 + at.minute if isinstance(at, time) else None

    def prepare_value(self, value: Any) -> Any:
        return f"{value // 60:02}:{value % 60:02}" if isinstance(value, int) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial) or "", data)


class LevelForm(forms.ModelForm):
    offset_s = WhenField()


class LevelInline(StackedInline):
    """The rungs of the ladder, in order."""

    model = EscalationLevel
    form = LevelForm
    extra = 0
    ordering = ["number"]
    verbose_name_plural = "levels"
    autocomplete_fields = ["person", "team", "transfers_to"]
    fields = [
        ("number", "metric"), ("offset_s", "counted"), ("target", "role"), ("team", "person"), ("notifies", "emails"),
        ("raises_priority", "reassigns"), ("transfers_to", "tells_systems"), ("repeat_every_s", "repeat_times"), "breaks_quiet",
    ]  # fmt: skip

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return keeps(request)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return keeps(request)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return keeps(request)


class PolicyForm(forms.ModelForm):
    quiet_from = MinuteField(label="Nobody is told from", help_text="21:00, wall time of the calendar or of the department.")
    quiet_until = MinuteField(label="until", help_text="08:00; earlier than the beginning: on the next day.")


@admin.register(EscalationPolicy)
class EscalationPolicyAdmin(AuditedAdmin):
    """What happens when a promise is about to be broken, or is. Promises that run follow a change within seconds."""

    form = PolicyForm
    list_display = ["name", "is_active", "quiet", "levels_in_words"]
    list_filter = ["is_active"]
    search_fields = ["name"]
    ordering = ["name"]
    sortable_by: list[str] = []
    inlines = [LevelInline]
    change_form_before_template = "admin/escalation_ladder.html"
    fields = [("name", "is_active"), ("quiet_from", "quiet_until")]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        levels = EscalationLevel.objects.select_related("team", "person", "transfers_to")
        return super().get_queryset(request).prefetch_related(models.Prefetch("levels", levels))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        policy = self.get_object(request, object_id)
        picture = escalation_picture.draw(policy.levels.all()) if isinstance(policy, EscalationPolicy) else None
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "ladder": picture})

    def save_model(self, request: HttpRequest, obj: Any, form: forms.ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        form.had["levels"] = escalation_policies.said(obj) if change else []  # type: ignore[attr-defined]

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: list[Any], change: bool) -> None:
        """The levels are written, and are in the history of the policy, as through the API."""
        for formset in formsets:
            formset.save()
        form.save_m2m()
        escalation_policies.remember(form.instance, form.before, form.had["levels"], is_new=not change, by=who(request), now=timezone.now())  # type: ignore[attr-defined]

    @admin.display(description="quiet hours")
    def quiet(self, policy: EscalationPolicy) -> str:
        if policy.quiet_from is None or policy.quiet_until is None:
            return "none"
        return "–".join(f"{at // 60:02}:{at % 60:02}" for at in (policy.quiet_from, policy.quiet_until))

    @admin.display(description="levels")
    def levels_in_words(self, policy: EscalationPolicy) -> SafeString | str:
        lines = [(escalation_policies.said_of(level),) for level in policy.levels.all()]
        return format_html_join("", "<div>{}</div>", lines) or "none: nothing happens"


@admin.register(EscalationStep)
class EscalationStepAdmin(ReadOnlyAdmin):
    """What was escalated: whom it was told, what was done, who took it on. Levels that were passed over are here too."""

    list_display = ["planned_at", "complaint", "promise", "number", "what_became_of_it", "fired_at", "acknowledged_by"]
    list_select_related = ["complaint", "clock", "acknowledged_by"]
    list_filter = ["is_over"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    actions_detail = ["take_on"]
    fields = [
        ("complaint", "promise"), ("number", "round"), ("planned_at", "fired_at", "skipped_because"), ("who_was_told", "what_was_done"),
        "is_over", ("acknowledged_at", "acknowledged_by"),
    ]  # fmt: skip
    readonly_fields = ["promise", "who_was_told", "what_was_done"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).select_related("complaint", "clock", "acknowledged_by")

    @admin.display(description="promise")
    def promise(self, step: EscalationStep) -> str:
        again = f" ({step.clock.cycle})" if step.clock.cycle > 1 else ""
        return f"{step.clock.get_metric_display()}{again}"

    @admin.display(description="now")
    def what_became_of_it(self, step: EscalationStep) -> SafeString:
        if step.fired_at is None:
            return badge("passed over", "plain")
        if step.is_open:
            return badge("open" if "failed" not in step.did else "open, not all was done", "bad")
        return badge("taken on" if step.acknowledged_at is not None else "over", "good")

    @admin.display(description="told")
    def who_was_told(self, step: EscalationStep) -> str:
        return ", ".join(map(str, User.objects.filter(pk__in=step.told).order_by("surname", "name"))) or "nobody"

    @admin.display(description="done")
    def what_was_done(self, step: EscalationStep) -> str:
        return ", ".join(one.replace("_", " ") for one in step.did) or "nothing"

    def has_take_on_permission(self, request: HttpRequest, object_id: str) -> bool:
        step = self.get_object(request, object_id)
        return isinstance(step, EscalationStep) and keeps(request) and step.is_open

    @action(description="Take it on", icon="back_hand", permissions=["take_on"])
    def take_on(self, request: HttpRequest, object_id: str) -> HttpResponse:
        step: Any = self.get_object(request, object_id)
        return confirmed(
            self, request, step, title=f"Take on: {step.complaint}",
            question="You see to it. No further level of this promise is reached, and whoever else was told hears that you have it.",
            button="Take it on", done="It is yours to see to.",
            act=lambda: escalation.acknowledge(step.pk, by=who(request), now=timezone.now()),
        )  # fmt: skip
