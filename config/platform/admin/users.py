from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelect2Widget

from config.platform import people
from config.platform.admin_base import AuditedAdmin, badge, who
from config.platform.admin_base.pages import ADMINS, NOBODY
from config.platform.models import Role, User

TONES = {Role.ADMIN: "bad", Role.SUPERVISOR: "warn", Role.BACK_OFFICE: "info", Role.AGENT: "good", Role.INTEGRATION: "plain"}
ZONES = [(name, name.replace("_", " ")) for name in sorted(available_timezones())]


class UserForm(forms.ModelForm):
    """Somebody who acts. The password is set, never shown."""

    new_password = forms.CharField(
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="Ten characters or more. Leave it empty to keep the present one. A new one ends all tokens of the person.",
    )
    time_zone = forms.ChoiceField(choices=ZONES, initial="UTC", widget=UnfoldAdminSelect2Widget)

    class Meta:
        model = User
        fields = ["username", "role", "is_active", "surname", "name", "patronymic", "email", "time_zone"]


@admin.register(User)
class UserAdmin(AuditedAdmin):
    """People and machines. Administrators keep them; a supervisor looks."""

    may_add = may_change = ADMINS
    may_delete = NOBODY
    actions = None
    form = UserForm
    list_display = ["username", "full_name", "role_badge", "time_zone", "is_active", "last_login"]
    list_filter = ["role", "is_active"]
    search_fields = ["username", "surname", "name", "email"]
    search_help_text = "By user name, name or e-mail"
    ordering = ["username"]
    sortable_by = ["username", "last_login"]
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": [("username", "role"), ("new_password", "is_active")]}),
        ("Person", {"fields": [("surname", "name"), ("patronymic", "email"), "time_zone"]}),
        ("Dates", {"fields": [("date_joined", "last_login")]}),
    ]

    @admin.display(description="name")
    def full_name(self, user: User) -> str:
        return user.get_full_name()

    @admin.display(description="role", ordering="role")
    def role_badge(self, user: User) -> SafeString:
        return badge(user.get_role_display(), TONES[Role(user.role)])

    def save_model(self, request: HttpRequest, obj: models.Model, form: forms.ModelForm, change: bool) -> None:
        """Through config.platform.people: it knows what follows from a role, and that an administrator must be left."""
        given: dict[str, Any] = {name: form.cleaned_data[name] for name in UserForm.Meta.fields}
        password = form.cleaned_data["new_password"]
        by, now = who(request), timezone.now()
        if change:
            people.alter(obj.pk, by=by, now=now, password=password, **given)
        else:
            people.add(id=obj.pk, by=by, now=now, password=password, **given)

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: list[Any], change: bool) -> None:
        """Nothing hangs on a user here."""
