"""The funnel as a page, and the steps of contacts to look at."""

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode

from config.platform.admin_base import ReadOnlyAdmin
from config.platform.models import User
from crm import funnel
from crm.admin.contacts import LIFECYCLE_TONES
from crm.models import Contact, LifecycleChange

NEWEST = 8


class FunnelForm(forms.Form):
    """Whose contacts, from where, and which days, in the viewer's time zone."""

    owner = forms.ModelChoiceField(User.objects.filter(owned_contacts__isnull=False).distinct(), required=False, empty_label="Everybody")
    source = forms.CharField(max_length=50, required=False)
    since = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}), label="From")
    until = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}), label="To, including")

    def clean(self) -> dict[str, Any]:
        super().clean()
        known = self.cleaned_data
        if known.get("since") and known.get("until") and known["since"] > known["until"]:
            self.add_error("until", "It ends before it begins.")
        return known


@admin.register(LifecycleChange)
class LifecycleChangeAdmin(ReadOnlyAdmin):
    """Steps of contacts from stage to stage. They are made on the contact's page."""

    list_display = ["at", "contact", "from_stage", "to_stage", "by", "reason", "source"]
    list_select_related = ["contact", "by"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = [("contact", "from_stage", "to_stage"), ("since", "at", "by"), "reason", ("owner", "source", "origin_kind", "origin_id")]
    readonly_fields = ["origin_kind", "origin_id"]

    def get_urls(self) -> list[Any]:
        return [path("funnel/", self.admin_site.admin_view(self.funnel), name="crm_funnel"), *super().get_urls()]

    def funnel(self, request: HttpRequest) -> HttpResponse:
        """The board: a column for each stage."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = FunnelForm(request.GET or None)
        asked = _asked(form.cleaned_data) if form.is_bound and form.is_valid() else {}
        board = funnel.board(**asked, newest=NEWEST, now=timezone.now())
        ids = [pk for stage in board["stages"] for pk in stage["newest"]]
        contacts = {
            one.pk: one for one in Contact.objects.filter(pk__in=ids).select_related("owner").prefetch_related("contact_phones__phone")
        }
        context = {
            **self.admin_site.each_context(request),
            "title": "Funnel",
            "form": form,
            "board": board,
            "stages": [_column(stage, board["stages"], contacts) for stage in board["stages"]],
            "sources": _bars(board["conversions_by_source"][:10]),
            "origins": _bars(board["conversions_by_origin"]),
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/funnel.html", context)


def _asked(given: dict[str, Any]) -> dict[str, Any]:
    """The form as ``crm.funnel.board`` takes it: whole days of the viewer."""
    zone = timezone.get_current_timezone()
    asked: dict[str, Any] = {}
    if given["owner"]:
        asked["owner"] = given["owner"].pk
    if given["source"]:
        asked["source"] = given["source"]
    if given["since"]:
        asked["since"] = datetime.combine(given["since"], time(), zone)
    if given["until"] and given["until"].year < 9999:
        asked["until"] = datetime.combine(given["until"] + timedelta(days=1), time(), zone)
    return asked


def _column(stage: dict[str, Any], stages: list[dict[str, Any]], contacts: dict[UUID, Contact]) -> dict[str, Any]:
    most = max(one["count"] for one in stages) or 1
    return stage | {
        "label": Contact.Lifecycle(stage["stage"]).label,
        "tone": LIFECYCLE_TONES[stage["stage"]],
        "percent": round(100 * stage["count"] / most),
        "rate_said": f"{stage['rate']:.0%}" if stage["rate"] is not None else "–",
        "newest": [contacts[pk] for pk in stage["newest"] if pk in contacts],
        "all": f"{reverse('admin:crm_contact_changelist')}?{urlencode({'lifecycle__exact': stage['stage']})}",
    }


def _bars(credits: list[dict[str, Any]]) -> list[dict[str, Any]]:
    most = max((one["count"] for one in credits), default=1)
    return [one | {"name": one["name"] or "unknown", "percent": round(100 * one["count"] / most)} for one in credits]
