"""The form in which a complaint is decided, or decided and resolved at once."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from complaints.deciding import RULINGS
from complaints.models import Complaint, RootCause
from complaints.models.complaints import Channel
from config.platform.errors import Refusal
from crm.models.catalogue import MONEY

NOT_TOLD = [("", "Not told yet"), *Channel.choices]


class Ruling(forms.Form):
    """What is decided; read as strictly as by the API."""

    decision = forms.ChoiceField(choices=RULINGS)
    decision_text = forms.CharField(label="Why, as the customer is told", widget=forms.Textarea({"rows": 4}), max_length=20_000)
    redress = forms.ChoiceField(choices=Complaint.Redress.choices)
    redress_amount = forms.DecimalField(label="Amount", required=False, min_value=0, **MONEY)
    currency = forms.RegexField(r"^[A-Z]{3}\Z", required=False, help_text="ISO 4217; left out: the one it has, else its order's.")
    root_cause = forms.ModelChoiceField(RootCause.objects.filter(is_active=True), required=False)
    corrective_action = forms.CharField(
        label="What is changed so that it does not happen again", required=False, widget=forms.Textarea({"rows": 2}), max_length=20_000
    )


class Solution(Ruling):
    """The same, and how the customer was told."""

    communicated_via = forms.ChoiceField(label="The customer was told", choices=NOT_TOLD, required=False)


class Telling(forms.Form):
    """How the customer was told the decision."""

    via = forms.ChoiceField(label="The customer was told", choices=Channel.choices)


def page(
    site: ModelAdmin, request: HttpRequest, complaint: Complaint, *, title: str, form_class: type[forms.Form], act: Callable[..., Any]
) -> HttpResponse:
    """Show the form; POST gives ``act`` what was written and goes back to the complaint. What is refused is told above the form."""
    back = reverse("admin:complaints_complaint_change", args=[complaint.pk])
    form = form_class(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                act(**form.cleaned_data)
            messages.success(request, "Done.")
            return HttpResponseRedirect(back)
        except Refusal as refusal:
            form.add_error(None, refusal.detail)
        except IntegrityError:
            form.add_error(None, "An amount needs its currency, and belongs to a refund, a replacement, a repair or the like.")
    context = {
        **site.admin_site.each_context(request), "title": title, "opts": site.opts, "original": complaint, "form": form, "back": back,
    }  # fmt: skip
    return TemplateResponse(request, "admin/complaint_ruling.html", context)
