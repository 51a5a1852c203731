from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from config.platform import tokens
from config.platform.admin_base import AuditedAdmin, badge, confirmed, who
from config.platform.admin_base.pages import LEADING, NOBODY
from config.platform.models import ApiToken, Role, Scope, User


class TokenForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="An integration may do what is ticked and nothing else. For a person: nothing ticked means all that the role may.",
    )

    class Meta:
        model = ApiToken
        fields = ["user", "name", "scopes", "expires_at"]


@admin.register(ApiToken)
class ApiTokenAdmin(AuditedAdmin):
    """Tokens of the API: issued here, shown once, revoked. An administrator handles all of them, a supervisor their own."""

    may_add = LEADING
    may_change = may_delete = NOBODY
    form = TokenForm
    autocomplete_fields = ["user"]
    list_display = ["name", "hint_shown", "user", "role", "state", "expires_at", "last_used_at"]
    list_select_related = ["user"]
    list_filter = [("revoked_at", admin.EmptyFieldListFilter)]
    search_fields = ["name", "hint", "user__username"]
    search_help_text = "By name, by how the token begins, or by the user name"
    ordering = ["-id"]
    sortable_by = ["last_used_at"]
    actions = ["revoke_selected"]
    actions_detail = ["revoke"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[ApiToken]:
        return super().get_queryset(request).visible_to(request.user)

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[str]:
        if obj is None:
            return ["user", "name", "scopes", "expires_at"]
        return ["name", "user", "hint_shown", "state", "scopes_shown", "created_at", "expires_at", "last_used_at", "revoked_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[str]:
        return self.get_fields(request, obj) if obj else []

    def get_form(self, request: HttpRequest, obj: models.Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if "user" in form.base_fields and who(request).role != Role.ADMIN:
            form.base_fields["user"].queryset = User.objects.filter(pk=who(request).pk)
            form.base_fields["user"].initial = who(request).pk
        return form

    def save_model(self, request: HttpRequest, obj: models.Model, form: forms.ModelForm, change: bool) -> None:
        """Issue it; the secret lives in this request only."""
        given = form.cleaned_data
        token, secret = tokens.issue(
            given["user"],
            name=given["name"],
            scopes=given["scopes"],
            expires_at=given["expires_at"],
            by=who(request),
            now=timezone.now(),
        )
        obj.pk = token.pk
        request.issued = token, secret  # type: ignore[attr-defined]

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: list[Any], change: bool) -> None:
        """Nothing hangs on a token."""

    def response_add(self, request: HttpRequest, obj: models.Model, post_url_continue: str | None = None) -> HttpResponse:
        """The one page that ever shows the token."""
        token, secret = request.issued  # type: ignore[attr-defined]
        context = {**self.admin_site.each_context(request), "title": "Token issued", "token": token, "secret": secret, "opts": self.opts}
        response = TemplateResponse(request, "admin/token_issued.html", context)
        response.headers["Cache-Control"] = "no-store"
        return response

    @action(description="Revoke", icon="block")
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then close the token for ever."""
        token = self.get_object(request, object_id)
        if token is None or not self.has_add_permission(request):
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return confirmed(
            self,
            request,
            token,
            title=f"Revoke {token.name}",
            question=f"Whoever uses “{token.name}” of {token.user} is shut out at once, and for ever.",
            button="Revoke",
            act=lambda: tokens.revoke(token.pk, by=who(request), now=timezone.now()),
            done="The token is revoked.",
        )

    @admin.action(description="Revoke")
    def revoke_selected(self, request: HttpRequest, queryset: models.QuerySet[ApiToken]) -> None:
        """Close the ticked tokens for ever."""
        for token in queryset:
            tokens.revoke(token.pk, by=who(request), now=timezone.now())
        messages.success(request, "Revoked.")

    @admin.display(description="begins with")
    def hint_shown(self, token: ApiToken) -> str:
        return f"{token.hint}…"

    @admin.display(description="role")
    def role(self, token: ApiToken) -> str:
        return token.user.get_role_display()

    @admin.display(description="may")
    def scopes_shown(self, token: ApiToken) -> str:
        return ", ".join(Scope(scope).label for scope in token.scopes) or "all that the role may"

    @admin.display(description="state")
    def state(self, token: ApiToken) -> SafeString:
        if token.revoked_at:
            return badge("revoked", "bad")
        if token.expires_at and token.expires_at <= timezone.now():
            return badge("expired", "warn")
        return badge("works", "good")
