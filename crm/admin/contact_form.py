"""The form of a contact, with its phones, e-mails, addresses and custom fields; saved through crm.contacts."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminSelect2Widget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from crm.models import Contact, ContactAddress, ContactEmail, ContactPhone, CustomField
from crm.phone_numbers import NumberInvalid, display, parse

ZONES = [("", "From the phone number"), *((name, name.replace("_", " ")) for name in sorted(available_timezones()))]
CUSTOM = "cf_"


class ContactForm(forms.ModelForm):
    """Fields of a contact. Custom fields are added by ``with_custom_fields``."""

    time_zone = forms.ChoiceField(choices=ZONES, required=False, widget=UnfoldAdminSelect2Widget)
    new_note = forms.CharField(required=False, label="Write a note", widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}))
    reason = forms.CharField(
        required=False,
        label="Another contact all the same",
        widget=UnfoldAdminTextInputWidget,
        help_text="Only when told that somebody in the base may be the same: say why this is another one.",
    )
    seen_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Contact
        fields = [
            "kind", "surname", "name", "patronymic", "company_name", "employer", "lifecycle", "owner", "language", "time_zone", "tags",
            "source", "external_id",
        ]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.version and "seen_version" in self.fields:
            self.initial["seen_version"] = self.instance.version
        for name in self.fields:
            if name.startswith(CUSTOM):
                self.initial[name] = self.instance.custom_fields.get(name.removeprefix(CUSTOM))

    def clean(self) -> dict[str, Any]:
        super().clean()
        known = self.cleaned_data
        if known.get("kind") == Contact.Kind.PERSON and known.get("employer") == self.instance:
            self.add_error("employer", "A contact cannot be its own employer.")
        return known

    def custom_values(self) -> dict[str, Any]:
        """The custom fields as the API takes them; None for what was emptied."""
        values = {}
        for name, value in self.cleaned_data.items():
            if name.startswith(CUSTOM):
                plain = value.isoformat() if hasattr(value, "isoformat") else value
                values[name.removeprefix(CUSTOM)] = None if plain in ("", [], None) else _number(plain)
        return values


def with_custom_fields(definitions: list[CustomField]) -> type[ContactForm]:
    """The form with a field for each definition."""
    added = {CUSTOM + field.key: _form_field(field) for field in definitions}
    return type("ContactForm", (ContactForm,), added)


def _form_field(field: CustomField) -> forms.Field:
    common: dict[str, Any] = {"label": field.label, "required": field.is_required}
    match field.type:
        case CustomField.Type.NUMBER:
            return forms.FloatField(widget=UnfoldAdminTextInputWidget, **common)
        case CustomField.Type.BOOL:
            choices = [("", "–"), (True, "Yes"), (False, "No")]
            return forms.TypedChoiceField(
                choices=choices, coerce=lambda value: value == "True", empty_value=None, widget=UnfoldAdminSelectWidget, **common
            )
        case CustomField.Type.DATE:
            return forms.DateField(widget=UnfoldAdminSingleDateWidget, **common)
        case CustomField.Type.DATETIME:
            return forms.SplitDateTimeField(widget=UnfoldAdminSplitDateTimeWidget, **common)
        case CustomField.Type.CHOICE:
            return forms.ChoiceField(choices=[("", "–"), *((c, c) for c in field.choices)], widget=UnfoldAdminSelectWidget, **common)
        case CustomField.Type.MULTI:
            return forms.MultipleChoiceField(
                choices=[(c, c) for c in field.choices], widget=UnfoldAdminCheckboxSelectMultipleWidget, **common
            )
    return forms.CharField(max_length=2000, widget=UnfoldAdminTextInputWidget, **common)


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


class _Part(forms.ModelForm):
    """A line under a contact. Whether lines agree with each other is decided when all of them are written together."""

    def validate_unique(self) -> None:
        return

    def validate_constraints(self) -> None:
        return


class PhoneForm(_Part):
    number = forms.CharField(
        max_length=200, widget=UnfoldAdminTextInputWidget, help_text="As people write it: 8 (495) 123-45-67 доб. 12, +49 30 23125 000."
    )

    class Meta:
        model = ContactPhone
        fields = ["number", "label", "extension", "is_primary"]
        labels = {"is_primary": "Primary"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.phone_id:
            self.initial["number"] = display(self.instance.phone.e164)

    def clean_number(self) -> str:
        text = self.cleaned_data["number"]
        try:
            number = parse(text, region=settings.DEFAULT_PHONE_REGION)
        except NumberInvalid as refusal:
            raise forms.ValidationError(refusal.detail) from None
        if number.is_internal:
            raise forms.ValidationError("This looks like an internal extension: give the whole number.")
        return text


class EmailForm(_Part):
    class Meta:
        model = ContactEmail
        fields = ["email", "label", "is_primary"]
        labels = {"is_primary": "Primary"}
        widgets = {"email": UnfoldAdminEmailInputWidget}


class AddressForm(_Part):
    class Meta:
        model = ContactAddress
        fields = ["label", "text", "street", "city", "region", "postal_code", "country"]
