"""Numbers, notes, and what hangs on contacts: to look at. They are written on the contact's page."""

import re
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils import timezone

from config.platform.admin_base import AuditedAdmin, ReadOnlyAdmin
from config.platform.admin_base.pages import NOBODY
from crm import searching
from crm.models import ContactAddress, ContactEmail, ContactPhone, NameWord, Note, PhoneNumber
from crm.phone_numbers import display, reversed_digits


@admin.register(PhoneNumber)
class PhoneNumberAdmin(AuditedAdmin):
    """Every number once. Whether it can be reached may be corrected; the number itself never changes."""

    may_add = may_delete = NOBODY
    actions = None
    list_display = ["shown", "contacts", "line_type", "region", "time_zone", "validity", "is_blocked"]
    list_filter = ["validity", "is_blocked"]
    search_fields = ["e164"]
    search_help_text = "By the beginning (+7495…) or by the last digits"
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = [("e164", "raw_first_seen"), ("line_type", "region", "time_zone"), ("validity", "validity_at", "is_blocked"), "contacts"]
    readonly_fields = ["e164", "raw_first_seen", "region", "time_zone", "contacts"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if "validity" in form.changed_data and "validity_at" not in form.changed_data:
            obj.validity_at = timezone.now()
        super().save_model(request, obj, form, change)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[PhoneNumber]:
        return super().get_queryset(request).prefetch_related("contact_phones__contact")

    def found(self, request: HttpRequest, queryset: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
        digits = re.sub(r"[^0-9]", "", text)
        if not digits:
            return queryset.none()
        if text.startswith("+"):
            return queryset.filter(e164__startswith=f"+{digits}")
        return queryset.filter(reversed__startswith=reversed_digits(digits))

    @admin.display(description="number")
    def shown(self, phone: PhoneNumber) -> str:
        return display(phone.e164)

    @admin.display(description="contacts")
    def contacts(self, phone: PhoneNumber) -> str:
        return ", ".join(str(link.contact) for link in list(phone.contact_phones.all())[:3]) or "–"


class OfContactAdmin(ReadOnlyAdmin):
    """Something that hangs on a contact, found by the contact."""

    list_select_related = ["contact"]
    search_fields = ["contact__surname"]
    search_help_text = "By the contact: name, phone, e-mail"
    ordering = ["-id"]
    sortable_by: list[str] = []

    def found(self, request: HttpRequest, queryset: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
        return queryset.filter(contact__in=searching.find(text))


@admin.register(Note)
class NoteAdmin(OfContactAdmin):
    list_display = ["created_at", "contact", "text_short", "by", "is_pinned"]
    list_select_related = ["contact", "by"]
    fields = [("contact", "by", "created_at"), "text", "is_pinned"]

    @admin.display(description="text")
    def text_short(self, note: Note) -> str:
        return note.text if len(note.text) < 90 else f"{note.text[:87]}…"


@admin.register(ContactPhone)
class ContactPhoneAdmin(OfContactAdmin):
    list_display = ["phone", "contact", "label", "extension", "is_primary"]
    list_select_related = ["contact", "phone"]


@admin.register(ContactEmail)
class ContactEmailAdmin(OfContactAdmin):
    list_display = ["email", "contact", "label", "is_primary"]


@admin.register(ContactAddress)
class ContactAddressAdmin(OfContactAdmin):
    list_display = ["__str__", "contact", "label", "country"]


@admin.register(NameWord)
class NameWordAdmin(ReadOnlyAdmin):
    """Words of names, as the search knows them."""

    list_display = ["word"]
    search_fields = ["word"]
    search_help_text = "By the beginning of the word"
    ordering = ["word"]

    def found(self, request: HttpRequest, queryset: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
        return queryset.filter(word__startswith=" ".join(searching.search_words(text)))
