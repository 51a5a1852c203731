from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Func, UUIDField, Value
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from config.platform.admin_base import AuditedAdmin, badge
from crm import contacts, searching, timeline
from crm.admin.contact_form import CUSTOM, AddressForm, ContactForm, EmailForm, PhoneForm, with_custom_fields
from crm.models import Contact, ContactAddress, ContactEmail, ContactPhone, CustomField
from crm.phone_numbers import display as shown

LIFECYCLE_TONES = {"lead": "info", "qualified": "warn", "client": "good", "dormant": "plain", "disqualified": "bad"}


class _PartInline(TabularInline):
    extra = 0
    show_change_link = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    has_add_permission = has_view_permission
    has_change_permission = has_view_permission
    has_delete_permission = has_view_permission


class PhoneInline(_PartInline):
    model = ContactPhone
    form = PhoneForm
    fields = ["number", "label", "extension", "is_primary"]
    verbose_name_plural = "Phones"

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[ContactPhone]:
        return super().get_queryset(request).select_related("phone")


class EmailInline(_PartInline):
    model = ContactEmail
    form = EmailForm
    verbose_name_plural = "E-mails"


class AddressInline(_PartInline):
    model = ContactAddress
    form = AddressForm
    verbose_name_plural = "Addresses"


@admin.register(Contact)
class ContactAdmin(AuditedAdmin):
    """People and companies. Everything is written through crm.contacts, so its rules hold here too."""

    list_display = ["who", "phones", "lifecycle_badge", "tags_shown", "owner", "language", "changed_at"]
    list_select_related = ["employer", "owner"]
    list_filter = ["kind", "lifecycle", ("owner", AutocompleteSelectFilter)]
    search_fields = ["surname"]
    search_help_text = "By name in any order and spelling, company, last digits of a phone, e-mail"
    ordering = ["-id"]
    sortable_by = ["changed_at"]
    autocomplete_fields = ["employer", "owner"]
    readonly_fields = ["created_at", "updated_at", "time_zone_source"]
    inlines = [PhoneInline, EmailInline, AddressInline]
    actions = None
    change_form_outer_after_template = "admin/contact_timeline.html"
    formfield_overrides = {ArrayField: {"widget": UnfoldAdminTextInputWidget(attrs={"placeholder": "vip, wholesale"})}}

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Contact]:
        return super().get_queryset(request).prefetch_related("contact_phones__phone")

    def found(self, request: HttpRequest, queryset: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
        """By crm.searching; best first unless a column was chosen."""
        ids = searching.find(text)
        queryset = queryset.filter(pk__in=ids)
        if not ids or request.GET.get("o"):
            return queryset
        place = Func(Value(ids, output_field=ArrayField(UUIDField())), "pk", function="array_position", output_field=models.IntegerField())
        return queryset.order_by(place, "pk")

    def get_form(self, request: HttpRequest, obj: models.Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        self.form = with_custom_fields(self._definitions(request))
        return super().get_form(request, obj, change=change, **kwargs)

    def _definitions(self, request: HttpRequest) -> list[CustomField]:
        if not hasattr(request, "custom_fields"):
            request.custom_fields = list(CustomField.objects.of("contact"))  # type: ignore[attr-defined]
        return request.custom_fields  # type: ignore[attr-defined,no-any-return]

    def get_fieldsets(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        custom = [CUSTOM + field.key for field in self._definitions(request)]
        pairs: list[Any] = [tuple(custom[start : start + 3]) for start in range(0, len(custom), 3)]
        rest: list[Any] = [("source", "external_id")]
        fieldsets: list[Any] = [
            (None, {"fields": [("kind", "lifecycle", "owner"), ("surname", "name", "patronymic"), ("company_name", "employer"), "tags"]}),
            ("Language and time", {"fields": [("language", "time_zone")]}),
        ]
        if pairs:
            fieldsets.append(("Custom fields", {"fields": pairs}))
        fieldsets.append(("Note", {"fields": ["new_note"]}))
        if obj:
            fieldsets.append(("Where it came from", {"fields": [*rest, ("created_at", "updated_at", "time_zone_source"), "seen_version"]}))
        else:
            fieldsets.append(("Where it came from", {"fields": [*rest, "reason"]}))
        return fieldsets

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        contact = self.get_object(request, object_id)
        happenings = timeline.of(contact.pk, before=None, limit=25) if contact and request.method == "GET" else []
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "timeline": happenings})

    def save_model(self, request: HttpRequest, obj: models.Model, form: forms.ModelForm, change: bool) -> None:
        """Everything is written at once, with its parts, in ``save_related``."""

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: list[Any], change: bool) -> None:
        by, now, contact = request.user, timezone.now(), form.instance
        parts = {_name(formset): _lines(formset) for formset in formsets if not change or formset.has_changed()}
        if not change:
            fields = {name: form.cleaned_data[name] for name in ContactForm.Meta.fields}
            reason = form.cleaned_data["reason"]
            custom = {key: value for key, value in form.custom_values().items() if value is not None}  # type: ignore[attr-defined]
            contacts.add(
                id=contact.pk, custom_fields=custom, notes=form.cleaned_data["new_note"], force=bool(reason), reason=reason,
                by=by, now=now, **parts, **fields,
            )  # fmt: skip
            return
        fields = {name: form.cleaned_data[name] for name in form.changed_data if name in ContactForm.Meta.fields}
        if any(name.startswith(CUSTOM) for name in form.changed_data):
            fields["custom_fields"] = form.custom_values()  # type: ignore[attr-defined]
        if fields or parts:
            contacts.alter(contact.pk, if_version=form.cleaned_data.get("seen_version"), by=by, now=now, **parts, **fields)
        if form.cleaned_data["new_note"].strip():
            contacts.write_note(contact.pk, text=form.cleaned_data["new_note"].strip(), by=by, now=now)

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> list[Any]:
        return []

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        contacts.remove(obj.pk, by=request.user, now=timezone.now())

    @display(description="contact", header=True)
    def who(self, contact: Contact) -> list[str]:
        name = contact.display_name or str(contact)
        if contact.kind == Contact.Kind.COMPANY:
            return [name, "Company", "🏢"]
        below = str(contact.employer) if contact.employer else ""
        return [name, below, "".join(part[:1] for part in (contact.surname, contact.name)) or "?"]

    @admin.display(description="phones")
    def phones(self, contact: Contact) -> str:
        return ", ".join(shown(link.phone.e164) for link in list(contact.contact_phones.all())[:2])

    @admin.display(description="lifecycle")
    def lifecycle_badge(self, contact: Contact) -> SafeString:
        return badge(contact.get_lifecycle_display(), LIFECYCLE_TONES[contact.lifecycle])

    @admin.display(description="tags")
    def tags_shown(self, contact: Contact) -> str:
        return ", ".join(contact.tags[:3])

    @admin.display(description="changed", ordering="updated_at")
    def changed_at(self, contact: Contact) -> Any:
        return contact.updated_at


def _name(formset: Any) -> str:
    return {ContactPhone: "phones", ContactEmail: "emails", ContactAddress: "addresses"}[formset.model]


def _lines(formset: Any) -> list[dict[str, Any]]:
    """What the lines say, as crm.contacts takes it; those taken away and the empty ones left out."""
    said = []
    for form in formset.forms:
        values = form.cleaned_data if hasattr(form, "cleaned_data") else {}
        if values and not values.get("DELETE") and (form.instance.pk or form.has_changed()):
            line = {name: value for name, value in values.items() if name in form._meta.fields}
            if any(value for name, value in line.items() if name not in ("label", "is_primary")):
                said.append(line)
    return said
