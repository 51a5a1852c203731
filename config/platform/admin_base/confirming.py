"""Verbs with a question before them: a link opens the question, only its form (POST, with the CSRF token) does it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.admin.options import ModelAdmin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from config.platform.errors import Refusal


def confirmed(
    page: ModelAdmin,
    request: HttpRequest,
    row: Model,
    *,
    title: str,
    question: str,
    button: str,
    act: Callable[[], Any],
    done: str,
    asks_why: bool = False,
) -> HttpResponse:
    """Ask ``question``; when it is answered, ``act`` and go back to the row's page.

    With ``asks_why`` there is a line for the reason; ``act`` finds it in ``request.POST["reason"]``.
    """
    options = row._meta
    back = reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[row.pk])
    if request.method == "POST":
        try:
            act()
            messages.success(request, done)
        except Refusal as refusal:
            messages.error(request, refusal.detail)
        return HttpResponseRedirect(back)
    context = {
        **page.admin_site.each_context(request),
        "title": title,
        "question": question,
        "button": button,
        "asks_why": asks_why,
        "back": back,
        "opts": options,
        "original": row,
    }
    return TemplateResponse(request, "admin/confirm.html", context)
