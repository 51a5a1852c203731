"""Whom news is pushed to, and what became of each piece of it."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.decorators import action

from config.platform.admin_base import AuditedAdmin, ReadOnlyAdmin, badge, confirmed, who
from config.platform.admin_base.pages import ADMINS
from config.platform.admin_base.ranges import RangeDateTimeFilter
from config.platform.admin_base.seen import SeenVersionForm
from config.platform.errors import Refusal
from config.platform.models import WebhookDelivery, WebhookEndpoint
from config.platform.webhooks import keeping

STATES = {"owed": "warn", "delivered": "good", "given_up": "bad"}
LATEST = 10


def state_of(delivery: WebhookDelivery) -> SafeString:
    kind = "info" if delivery.state == "owed" and not delivery.tries else STATES[delivery.state]
    return badge(delivery.get_state_display(), kind)


class WebhookForm(SeenVersionForm):
    def clean(self) -> dict[str, Any]:
        """Say beside the form what the rule would refuse."""
        given = super().clean() or {}
        for name in ("url", "types"):
            if name in self.changed_data and name in given:
                try:
                    keeping.check(**{name: given[name]})
                except Refusal as refusal:
                    self.add_error(name, refusal.detail)
        return given


class LatestDeliveries(TabularInline):
    """The last few; all of them are on their own page."""

    model = WebhookDelivery
    verbose_name_plural = "latest deliveries"
    fields = readonly_fields = ["occurred_at", "type", "state_shown", "tries", "last_status", "last_took_ms", "last_error"]
    ordering = ["-id"]
    extra = max_num = 0
    can_delete = False
    show_change_link = True
    tab = True

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[WebhookDelivery]:
        """A slice cannot be filtered by the inline, so the last ones of this endpoint are chosen here."""
        rows = super().get_queryset(request).defer("attempts")
        endpoint = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
        latest = WebhookDelivery.objects.filter(endpoint_id=endpoint).order_by("-id").values("pk")[:LATEST]
        return rows.filter(pk__in=latest) if endpoint else rows.none()

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    @admin.display(description="state")
    def state_shown(self, delivery: WebhookDelivery) -> SafeString:
        return state_of(delivery)


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(AuditedAdmin):
    """Webhooks: made here with their secret shown once, tried, switched on and off, their secret changed, what was given up posted again."""

    may_view = may_add = may_change = may_delete = ADMINS
    form = WebhookForm
    list_display = ["name", "url", "state", "last_delivered_at", "failing_since"]
    list_filter = ["is_active"]
    search_fields = ["name", "url"]
    ordering = ["name"]
    sortable_by: list[str] = []
    inlines = [LatestDeliveries]
    actions_detail = ["test", "enable", "disable", "rotate", "replay"]
    own = ["name", "url", "types", "description"]
    shown = [
        "state",
        "deliveries_link",
        "last_delivered_at",
        "failing_since",
        "failures",
        "paused_until",
        "disabled_at",
        "previous_secret_until",
    ]

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[str]:
        return [*self.own, *(self.shown if obj else []), "seen_version"]

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[str]:
        return self.shown if obj else []

    def get_inlines(self, request: HttpRequest, obj: models.Model | None = None) -> list[Any]:
        return self.inlines if obj else []

    def save_model(self, request: HttpRequest, obj: models.Model, form: forms.ModelForm, change: bool) -> None:
        given, when = form.cleaned_data, timezone.now()
        if change:
            said = {name: given[name] for name in form.changed_data if name in self.own}
            keeping.alter(obj.pk, **said, if_version=given["seen_version"], by=who(request), now=when)
            return
        row, secret = keeping.add(**{name: given[name] for name in self.own}, by=who(request), now=when)
        obj.pk = row.pk
        request.issued = row, secret  # type: ignore[attr-defined]

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: list[Any], change: bool) -> None:
        """Deliveries are not written by hand; Django wants to hear what was."""
        for formset in formsets:
            formset.save(commit=False)

    def response_add(self, request: HttpRequest, obj: models.Model, post_url_continue: str | None = None) -> HttpResponse:
        row, secret = request.issued  # type: ignore[attr-defined]
        return self._shown_once(request, row, secret)

    def _shown_once(self, request: HttpRequest, row: WebhookEndpoint, secret: str) -> HttpResponse:
        """The one page that ever shows the secret."""
        context = {
            **self.admin_site.each_context(request),
            "title": "Secret of the webhook",
            "row": row,
            "secret": secret,
            "opts": self.opts,
        }
        response = TemplateResponse(request, "admin/webhook_secret.html", context)
        response.headers["Cache-Control"] = "no-store"
        return response

    # --- verbs
    def _may_act(self, request: HttpRequest, object_id: Any, *, active: bool) -> bool:
        may = self.has_change_permission(request)
        return may and (object_id is None or WebhookEndpoint.objects.filter(pk=object_id, is_active=active).exists())

    def has_test_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may_act(request, object_id, active=True)

    def has_enable_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may_act(request, object_id, active=False)

    def has_rotate_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_change_permission(request)

    def _ask(self, request: HttpRequest, object_id: str, verb: Callable[..., Any], **words: str) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return confirmed(self, request, row, act=lambda: verb(row.pk, by=who(request), now=timezone.now()), **words)

    @action(description="Post a test", icon="send", permissions=["test"])
    def test(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = "A test is posted to it, of the type webhook.test."
        done = "It is posted in a moment: see the latest deliveries."
        return self._ask(request, object_id, keeping.test, title="Post a test", question=question, button="Post a test", done=done)

    @action(description="Switch on", icon="play_arrow", permissions=["enable"])
    def enable(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = "Everything that happened since it was switched off is posted to it, as long as it is kept."
        return self._ask(
            request, object_id, keeping.enable, title="Switch on", question=question, button="Switch on", done="It is switched on."
        )

    @action(description="Switch off", icon="pause", permissions=["test"])
    def disable(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = "Nothing is posted to it until it is switched on again. Nothing is lost meanwhile."
        return self._ask(
            request, object_id, keeping.disable, title="Switch off", question=question, button="Switch off", done="It is switched off."
        )

    @action(description="Post what was given up", icon="replay", permissions=["test"])
    def replay(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = "All that was given up is posted again, each with the same id as before."
        return self._ask(
            request, object_id, keeping.replay_many, title="Post again", question=question, button="Post again", done="It is owed anew."
        )

    @action(description="Change its secret", icon="key", permissions=["rotate"])
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then show the new secret once."""
        row = self.get_object(request, object_id)
        if row is not None and request.method == "POST":
            changed, secret = keeping.rotate_secret(row.pk, by=who(request), now=timezone.now())
            return self._shown_once(request, changed, secret)
        question = "For 24 hours everything is signed with the secret of now and with a new one, which you see next."
        return self._ask(
            request, object_id, keeping.rotate_secret, title="Change its secret", question=question, button="Change it", done="Changed."
        )

    @admin.display(description="state")
    def state(self, row: WebhookEndpoint) -> SafeString:
        if not row.is_active:
            return badge(row.get_disabled_reason_display(), "bad" if row.disabled_reason != "by_hand" else "info")
        return badge("fails", "warn") if row.failing_since else badge("works", "good")

    @admin.display(description="deliveries")
    def deliveries_link(self, row: WebhookEndpoint) -> SafeString:
        return format_html(
            '<a href="{}?endpoint__id__exact={}">All of them</a>', reverse("admin:platform_webhookdelivery_changelist"), row.pk
        )


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    """Deliveries: what is owed to webhooks, what was taken, what was given up and why; any of them can be posted again."""

    may_view = ADMINS
    list_display = ["occurred_at", "endpoint", "type", "state_shown", "tries", "last_status", "last_error"]
    list_select_related = ["endpoint"]
    list_filter = ["state", "endpoint", ("occurred_at", RangeDateTimeFilter)]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = [
        "endpoint", "type", "webhook_id", "state_shown", "occurred_at", "owed_at", "due_at", "settled_at", "tries", "last_status", "last_took_ms",
        "last_error", "attempts",
    ]  # fmt: skip
    actions_detail = ["post_again"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[WebhookDelivery]:
        return super().get_queryset(request).select_related("endpoint")

    def has_post_again_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_view_permission(request)

    @action(description="Post again", icon="replay", permissions=["post_again"])
    def post_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then owe it anew."""
        row = self.get_object(request, object_id)
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return confirmed(
            self,
            request,
            row,
            title="Post again",
            question=f"It is posted to {row.endpoint} again, with the same id as before.",
            button="Post again",
            act=lambda: keeping.replay(row.pk, by=who(request), now=timezone.now()),
            done="It is posted in a moment.",
        )

    @admin.display(description="state")
    def state_shown(self, delivery: WebhookDelivery) -> SafeString:
        return state_of(delivery)
