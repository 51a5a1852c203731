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
    act: Callable[..., Any],
    done: str,
    ask: str = "",
    agreed: str = "",
) -> HttpResponse:
    """Ask ``question``; when it is answered, ``act`` and go back to the row's page.

    With ``ask``, the label of a field, ``act`` is given what was written there; an empty answer is asked for again.
    ``agreed`` is what the question told, for instance a price: it comes back with the answer as ``agreed`` of the request.
    """
    options = row._meta
    back = reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[row.pk])
    if request.method == "POST":
        said = [request.POST.get("said", "").replace("\0", "").strip()[:500]] if ask else []
        if said == [""]:
            messages.error(request, f"{ask}: it must be said.")
            return HttpResponseRedirect(request.path)
        try:
            act(*said)
            messages.success(request, done)
        except Refusal as refusal:
            messages.error(request, refusal.detail)
        return HttpResponseRedirect(back)
    context = {
        **page.admin_site.each_context(request),
        "title": title,
        "question": question,
        "button": button,
        "ask": ask,
        "agreed": agreed,
        "back": back,
        "opts": options,
        "original": row,
    }
    return TemplateResponse(request, "admin/confirm.html", context)
