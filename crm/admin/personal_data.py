"""What may be asked on a contact's page about the person: everything that is known, and to be forgotten."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action

from config.platform.admin_base import AuditedAdmin, confirmed, who
from crm import erasure, personal_data


class PersonalDataPage(AuditedAdmin):
    """Actions of a contact's page."""

    actions_detail = ["tell_everything", "erase"]

    def has_erase_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_change_permission(request)

    @action(description="Everything that is known", icon="folder_shared", permissions=["erase"])
    def tell_everything(self, request: HttpRequest, object_id: str) -> HttpResponse:
        contact = self.get_object(request, object_id)
        if contact is None:
            return HttpResponseRedirect(reverse("admin:crm_contact_changelist"))
        if request.method != "POST":
            return confirmed(
                self, request, contact, title=f"Everything about {contact}", button="Order the file", act=lambda: None, done="",
                question="A file is written with all that is kept about this person. Whoever orders it may read it; both are remembered.",
            )  # fmt: skip
        export = personal_data.order(contact.pk, by=who(request), now=timezone.now())
        messages.success(request, "The file is being written.")
        return HttpResponseRedirect(reverse("admin:crm_export_change", args=[export.pk]))

    @action(description="Erase", icon="person_remove", permissions=["erase"])
    def erase(self, request: HttpRequest, object_id: str) -> HttpResponse:
        contact = self.get_object(request, object_id)
        if contact is None:
            return HttpResponseRedirect(reverse("admin:crm_contact_changelist"))
        by, now = who(request), timezone.now()
        question = "" if request.method == "POST" else _what_goes(erasure.erase(contact.pk, reason="", is_dry_run=True, by=by, now=now))
        return confirmed(
            self,
            request,
            contact,
            title=f"Erase {contact}",
            question=question,
            button="Erase for ever",
            act=lambda: erasure.erase(contact.pk, reason="Asked for on the contact's page.", by=by, now=now),
            done="It is erased.",
        )


def _what_goes(told: erasure.Erased) -> str:
    """The question, with what a dry run found."""
    found = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in told.counts.items() if count) or "nothing but the name"
    against = f" It would be refused now: {' '.join(told.reasons)}" if told.reasons else ""
    return f"Everything that tells who this is goes, for ever: {found}. What happened and how often stays.{against}"
