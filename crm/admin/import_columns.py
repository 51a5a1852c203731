"""The page where people say what the columns of a file mean."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget

from config.platform.admin_base import who
from config.platform.errors import Refusal
from crm.importing import jobs, looking
from crm.importing.encodings import ENCODINGS
from crm.models import Import

FIELDS = [("", "— left out —"), *((name, name.replace("_", " ")) for name in looking.FIELDS)]
DELIMITERS = [(";", "semicolon"), (",", "comma"), ("\t", "tab"), ("|", "bar")]
WHY = {"header": "by its title", "cells": "by its cells", "you": "as somebody said"}


class ColumnsForm(forms.Form):
    """How the file is read, and a choice for each column."""

    has_header = forms.BooleanField(required=False, label="A row names the columns")

    def __init__(self, batch: Import, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.batch = batch
        self.fields["has_header"].initial = bool(batch.dialect.get("header"))
        if batch.dialect.get("kind") == "csv":
            self._choice("encoding", [(name, name) for name in ENCODINGS], batch.dialect["encoding"])
            self._choice("delimiter", DELIMITERS, batch.dialect["delimiter"])
        for column in batch.preview:
            self._choice(f"column_{column['index']}", FIELDS, column["field"])

    def _choice(self, name: str, choices: list[tuple[str, str]], initial: str) -> None:
        known = choices if initial in dict(choices) else [(initial, initial), *choices]
        self.fields[name] = forms.ChoiceField(choices=known, initial=initial, required=False, widget=UnfoldAdminSelectWidget)

    def columns(self) -> list[tuple[Mapping[str, Any], str, forms.BoundField]]:
        """Each column, why it was taken for what it is, and its choice."""
        return [(column, WHY.get(column["guessed_by"], ""), self[f"column_{column['index']}"]) for column in self.batch.preview]

    def how(self) -> dict[str, Any]:
        """What is said about the file otherwise than it was read; the delimiter and the like stay when they were not touched."""
        return {name: self.cleaned_data[name] for name in ("encoding", "delimiter", "has_header") if name in self.changed_data}

    def mapping(self) -> dict[str, list[int]] | None:
        """None when no column was touched: they are then guessed anew if the file is read otherwise."""
        if not any(name.startswith("column_") for name in self.changed_data):
            return None
        found: dict[str, list[int]] = {}
        for column in self.batch.preview:
            name = self.cleaned_data[f"column_{column['index']}"]
            if name:
                found.setdefault(name, []).append(column["index"])
        return found


def page(admin: ModelAdmin, request: HttpRequest, batch: Import) -> HttpResponse:
    """Show the columns with samples; on POST read the file as it was said, and go back to the import."""
    form = ColumnsForm(batch, request.POST if request.method == "POST" else None)
    back = reverse("admin:crm_import_change", args=[batch.pk])
    if request.method == "POST" and form.is_valid():
        try:
            jobs.correct(batch.pk, mapping=form.mapping(), how=form.how(), if_version=batch.version, by=who(request), now=timezone.now())
            messages.success(request, "Every row is being checked anew.")
            return HttpResponseRedirect(back)
        except Refusal as refusal:
            messages.error(request, refusal.detail)
    context = {
        **admin.admin_site.each_context(request),
        "title": f"Columns of {batch}",
        "form": form,
        "back": back,
        "opts": batch._meta,
        "original": batch,
    }
    return TemplateResponse(request, "admin/import_columns.html", context)
