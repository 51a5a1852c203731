"""Rules of routing: where new complaints go. Positions are written in the list."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from complaints.admin import trial
from complaints.models import RoutingRule
from complaints.models.complaints import Channel, Kind, Severity
from config.platform.admin_base import AuditedAdmin
from config.platform.models import PEOPLE, User


def several(choices: Any, **more: Any) -> forms.MultipleChoiceField:
    """Boxes to tick; none: any."""
    return forms.MultipleChoiceField(choices=choices, required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget, **more)


class RoutingRuleForm(forms.ModelForm):
    """Conditions as boxes to tick."""

    kinds = several(Kind.choices)
    severities = several(Severity.choices)
    channels = several(Channel.choices)


@admin.register(RoutingRule)
class RoutingRuleAdmin(AuditedAdmin):
    """The first active rule whose conditions all hold decides; what is left empty holds always."""

    form = RoutingRuleForm
    list_display = ["name", "position", "is_active", "when", "department", "whom"]
    list_editable = ["position", "is_active"]
    list_select_related = ["department", "person", "team"]
    list_filter = ["is_active", "choice"]
    search_fields = ["name"]
    ordering = ["position", "id"]
    sortable_by: list[str] = []
    actions_list = ["try_out"]
    autocomplete_fields = ["department", "person", "team", "topics", "products", "categories"]
    readonly_fields = ["last_person"]
    formfield_overrides = {ArrayField: {"widget": UnfoldAdminTextInputWidget(attrs={"placeholder": "en, fil"})}}
    fieldsets = [
        (None, {"fields": ["name", ("position", "is_active")]}),
        ("When all of this holds", {"fields": [("kinds", "severities"), ("channels", "languages"), "topics", "products", "categories", "contact_tag"], "description": "What is left empty holds always. Topics and categories hold for those beneath them."}),
        ("It goes to", {"fields": [("department", "choice"), ("person", "team"), ("most_open", "last_person")]}),
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("topics", "products", "categories")

    def formfield_for_foreignkey(self, db_field: models.ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "person":
            kwargs["queryset"] = User.objects.filter(role__in=PEOPLE, is_active=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: forms.ModelForm, change: bool) -> None:
        if change:  # a turn that passed since the page was opened is kept
            held = RoutingRule.objects.select_for_update(of=("self",)).get(pk=obj.pk)
            obj.last_person_id = held.last_person_id
        super().save_model(request, obj, form, change)

    @action(description="Try a complaint", icon="experiment", url_path="try")
    def try_out(self, request: HttpRequest) -> HttpResponse:
        return trial.show(self, request)

    @admin.display(description="when")
    def when(self, rule: RoutingRule) -> str:
        said = [
            *(str(dict(choices)[value]) for values, choices in (
                (rule.kinds, Kind.choices), (rule.severities, Severity.choices), (rule.channels, Channel.choices),
            ) for value in values if value in dict(choices)),
            *rule.languages,
            *(str(row) for rows in (rule.topics, rule.products, rule.categories) for row in rows.all()),
            *([f"#{rule.contact_tag}"] if rule.contact_tag else []),
        ]  # fmt: skip
        return ", ".join(said) or "always"

    @admin.display(description="to whom")
    def whom(self, rule: RoutingRule) -> str:
        said = str(rule.person) if rule.choice == RoutingRule.Choice.DIRECT else rule.get_choice_display()
        return f"{said} ({rule.team})" if rule.team is not None else said
