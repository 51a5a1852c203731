"""Two contacts side by side, and the form that makes them one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from config.platform.admin_base import RoleAdmin, who
from config.platform.errors import Refusal
from crm import contact_rows, merging
from crm.merging.fields import BOTH, CUSTOM, choosable
from crm.models import Contact

LISTS = ("phones", "emails", "addresses")


@dataclass
class Line:
    """A field of both contacts, and which of the two values is ticked: `first`, `second`, `both`, or none."""

    name: str
    label: str
    first: str
    second: str
    ticked: str = ""
    may_be_both: bool = False


def compared(first: Contact, second: Contact) -> tuple[list[Line], dict[str, int]]:
    """The fields in which the two differ, and what would move if the first were left."""
    prospect = merging.preview(first.pk, second.pk)
    lines = []
    for one in prospect.differences:
        ticked = {"survivor": "first", "loser": "second"}.get(one.choice, one.choice)
        is_custom = one.field.startswith(CUSTOM)
        label = " and ".join([one.field.removeprefix(CUSTOM), *choosable().get(one.field, ())[1:]]).replace("_", " ")
        said = [_said(contact, one.field, value, is_custom) for contact, value in ((first, one.survivor), (second, one.loser))]
        lines.append(Line(one.field, label, said[0], said[1], ticked, may_be_both=one.choice == BOTH))
    return lines, prospect.moves


def page(
    site: RoleAdmin,
    request: HttpRequest,
    first: Contact,
    second: Contact,
    *,
    act: Callable[..., Any] = merging.merge,
    extra: dict[str, Any] | None = None,
) -> HttpResponse:
    """The comparison; POST merges, by ``act(survivor, loser, choices=…, reason=…)``, and goes on to whoever is left."""
    if request.method == "POST":
        survivor, loser = (second, first) if request.POST.get("left") == "second" else (first, second)
        try:
            act(survivor.pk, loser.pk, choices=_choices(request, survivor is second), reason=request.POST.get("reason", "")[:500],
                by=who(request), now=timezone.now())  # fmt: skip
        except Refusal as refusal:
            messages.error(request, refusal.detail)
            return HttpResponseRedirect(request.get_full_path())
        messages.success(request, f"{loser} is now part of {survivor}. Undo it under Merges if that was wrong.")
        return HttpResponseRedirect(reverse("admin:crm_contact_change", args=[survivor.pk]))
    return TemplateResponse(request, "admin/merge.html", context(site, request, first, second) | (extra or {}))


def context(site: RoleAdmin, request: HttpRequest, first: Contact, second: Contact) -> dict[str, Any]:
    """What the comparison shows."""
    lines, moves = compared(first, second)
    rows = {row["id"]: row for row in contact_rows.show([first.pk, second.pk])}
    return {
        **site.admin_site.each_context(request),
        "title": f"{first} and {second}",
        "opts": site.opts,
        "original": first,
        "first": rows[first.pk],
        "second": rows[second.pk],
        "lines": lines,
        "lists": [(name, _list(rows[first.pk][name]), _list(rows[second.pk][name])) for name in LISTS],
        "moves": [(label.split(".")[1], count) for label, count in moves.items()],
    }


def _choices(request: HttpRequest, is_second_left: bool) -> dict[str, str]:
    """What was ticked, as the rules take it."""
    meaning = {"first": "loser", "second": "survivor"} if is_second_left else {"first": "survivor", "second": "loser"}
    chosen = {name.removeprefix("field-"): str(value) for name, value in request.POST.items() if name.startswith("field-")}
    return {name: meaning.get(value, value) for name, value in chosen.items()}


def _said(contact: Contact, name: str, value: Any, is_custom: bool) -> str:
    if is_custom or isinstance(value, list | dict):
        return ", ".join(map(str, value)) if isinstance(value, list) else str("" if value is None else value)
    display = getattr(contact, f"get_{name}_display", None)
    told = display() if display else getattr(contact, name)
    with_it = [str(getattr(contact, column)) for column in choosable().get(name, ())[1:]]
    return ", ".join(filter(None, ["" if told is None else str(told), *with_it]))


def _list(entries: list[dict[str, Any]]) -> list[str]:
    return [
        entry.get("display") or entry.get("email") or entry.get("text") or ", ".join(filter(None, map(str, entry.values())))
        for entry in entries
    ]


def other(text: str) -> Contact | None:
    """The contact with this id, as it was clicked on."""
    try:
        return Contact.objects.living().filter(pk=UUID(text)).first()
    except ValueError:
        return None
