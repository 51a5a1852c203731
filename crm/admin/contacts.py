from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Func, UUIDField, Value
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from config.platform.admin_base import badge, who
from crm import consent, contacts, searching, suppressions_of_contacts, timeline
from crm.admin.contact_form import CUSTOM, AddressForm, ContactForm, EmailForm, PhoneForm, with_custom_fields
from crm.admin.merging import merge_with
from crm.admin.personal_data import PersonalDataPage
from crm.admin.stages import StageActions
from crm.models import Contact, ContactAddress, ContactEmail, ContactPhone, CustomField
from crm.old_ids import survivor_of
from crm.phone_numbers import display as shown

LIFECYCLE_TONES = {"lead": "info", "qualified": "warn", "client": "good", "dormant": "plain", "disqualified": "bad"}

STANDING_TONES = {"granted": "good", "refused": "bad", "withdrawn": "bad", "expired": "warn", "none": "plain"}


class _PartInline(TabularInline):
    extra = 0
    hide_title = True
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
    verbose_name, verbose_name_plural = "phone", "Phones"

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[ContactPhone]:
        return super().get_queryset(request).select_related("phone")


class EmailInline(_PartInline):
    model = ContactEmail
    form = EmailForm
    verbose_name, verbose_name_plural = "e-mail", "E-mails"


class AddressInline(_PartInline):
    model = ContactAddress
    form = AddressForm
    verbose_name, verbose_name_plural = "address", "Addresses"


@admin.register(Contact)
class ContactAdmin(StageActions, PersonalDataPage):
    """People and companies. Everything is written through crm.contacts, so its rules hold here too."""

    list_display = ["name_shown", "phones", "lifecycle_badge", "tags_shown", "owner", "language", "changed_at"]
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
    actions_detail = [*StageActions.actions_detail, "merge", *PersonalDataPage.actions_detail]
    change_form_outer_after_template = "admin/contact_timeline.html"
    formfield_overrides = {ArrayField: {"widget": UnfoldAdminTextInputWidget(attrs={"placeholder": "vip, wholesale"})}}

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Contact]:
        """Lists and look-ups know only those that are left; the page of another one leads on to them."""
        rows = super().get_queryset(request).prefetch_related("contact_phones__phone")
        is_about_one = "object_id" in getattr(request.resolver_match, "kwargs", {})
        return rows if is_about_one else rows.living()

    def found(self, request: HttpRequest, queryset: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
        """By crm.searching; best first unless a column was chosen."""
        ids = searching.find(text)
        queryset = queryset.filter(pk__in=ids)
        if not ids or request.GET.get("o"):
            return queryset
        place = Func(Value(ids, output_field=ArrayField(UUIDField())), "pk", function="array_position", output_field=models.IntegerField())
        return queryset.order_by(place, "pk")

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[str]:
        """The stage is chosen once; from then on it is moved by the buttons."""
        return [*self.readonly_fields, "lifecycle"] if obj else list(self.readonly_fields)

    def get_form(self, request: HttpRequest, obj: models.Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        self.form = with_custom_fields(self._definitions(request))
        return super().get_form(request, obj, change=change, **kwargs)

    def _definitions(self, request: HttpRequest) -> list[CustomField]:
        if not hasattr(request, "custom_fields"):
            request.custom_fields = list(CustomField.objects.of("contact"))  # type: ignore[attr-defined]
        return request.custom_fields  # type: ignore[attr-defined]

    def get_fieldsets(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        custom = [CUSTOM + field.key for field in self._definitions(request)]
        pairs: list[Any] = [tuple(custom[start : start + 2]) for start in range(0, len(custom), 2)]
        fieldsets: list[Any] = [
            (
                None,
                {
                    "fields": [
                        ("kind", "lifecycle"),
                        ("surname", "name"),
                        ("patronymic", "company_name"),
                        ("employer", "owner"),
                        "tags",
                        "new_note",
                    ]
                },
            ),
            ("Language and time", {"fields": [("language", "time_zone")], "classes": ["tab"]}),
        ]
        if pairs:
            fieldsets.append(("Custom fields", {"fields": pairs, "classes": ["tab"]}))
        origin: list[Any] = [("source", "external_id")]
        if obj:
            origin += [("created_at", "updated_at", "time_zone_source"), "seen_version"]
        else:
            fieldsets[0][1]["fields"].append("reason")
        fieldsets.append(("Where it came from", {"fields": origin, "classes": ["tab"]}))
        return fieldsets

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        contact = self.get_object(request, object_id)
        if contact and contact.merged_into_id:
            messages.info(request, f"{contact} was merged into this contact.")
            return HttpResponseRedirect(reverse("admin:crm_contact_change", args=[survivor_of(contact)]))
        extra = dict(extra_context or {})
        if contact and request.method == "GET":
            now = timezone.now()
            numbers = [link.phone.e164 for link in contact.contact_phones.all()]
            standings = consent.current(contact.pk, at=now)
            extra |= {
                "timeline": timeline.visible_to(who(request), timeline.of(contact.pk, before=None, limit=25)),
                "standings": [(one.statement, one.state, STANDING_TONES[one.state]) for one in standings.values() if one.statement],
                "stops": suppressions_of_contacts.in_force(contact.pk, at=now, numbers=numbers),
            }
        return super().change_view(request, object_id, form_url, extra)

    def has_merge_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self.has_change_permission(request)

    @action(description="Merge with …", icon="merge", permissions=["merge"])
    def merge(self, request: HttpRequest, object_id: str) -> HttpResponse:
        contact = self.get_object(request, object_id)
        if contact is None or contact.merged_into_id:
            return HttpResponseRedirect(reverse("admin:crm_contact_change", args=[object_id]))
        return merge_with(self, request, contact)

    def save_model(self, request: HttpRequest, obj: models.Model, form: forms.ModelForm, change: bool) -> None:
        """Everything is written at once, with its parts, in ``save_related``."""

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: list[Any], change: bool) -> None:
        by, now, contact = who(request), timezone.now(), form.instance
        parts: dict[str, Any] = {_name(formset): _lines(formset) for formset in formsets if not change or formset.has_changed()}
        if not change:
            fields = {name: form.cleaned_data[name] for name in ContactForm.Meta.fields}
            reason = form.cleaned_data["reason"]
            custom = {key: value for key, value in form.custom_values().items() if value is not None}  # type: ignore[attr-defined]
            try:
                made = contacts.add(
                    custom_fields=custom, notes=form.cleaned_data["new_note"], force=bool(reason), reason=reason, by=by, now=now, **parts, **fields
                )  # fmt: skip
            except contacts.DuplicateFound as refusal:
                raise _in_words(refusal) from None
            contact.pk = made.pk
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
        contacts.remove(obj.pk, by=who(request), now=timezone.now())

    @display(description="contact", header=True)
    def name_shown(self, contact: Contact) -> list[str]:
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


def _in_words(refusal: contacts.DuplicateFound) -> contacts.DuplicateFound:
    """The same refusal for somebody who looks at a form."""
    candidates = list(refusal.facts["candidates"])  # type: ignore[call-overload]
    names = Contact.objects.in_bulk([UUID(one["contact"]) for one in candidates])
    said = "; ".join(f"{names[UUID(one['contact'])]} ({', '.join(one['reasons'])})" for one in candidates if UUID(one["contact"]) in names)
    return contacts.DuplicateFound(
        f"Somebody in the base may be the same: {said}. If this is another one, say why under “Another contact all the same”."
    )


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
