"""What of a contact a script may ask for and write down."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from config.platform.errors import Refusal
from config.platform.models import User
from crm import contacts, custom_fields
from crm.models import Contact, CustomField

PLAIN = ("surname", "name", "patronymic", "company_name")


class AnswerInvalid(Refusal):
    """The answer does not fit the step: it is none of its choices, or not what the field holds. `detail` says what does."""

    code = "answer_invalid"
    status = 400
    advice = "Send one of the step's choices, or a value of the type that `detail` names."


def writable() -> set[str]:
    """The names that a step of kind `field` may have: `surname`, `email`, `custom.KEY` …"""
    return {*PLAIN, "email", *(f"custom.{key}" for key in CustomField.objects.of("contact").values_list("key", flat=True))}


def checked(field: str, answer: Any) -> Any:
    """The answer in the form of the field.

    Raises:
        AnswerInvalid
    """
    if field.startswith("custom."):
        found = CustomField.objects.of("contact").filter(key=field.removeprefix("custom.")).first()
        if found is None:
            raise AnswerInvalid(f"There is no field '{field}' any more.")
        try:
            return custom_fields.typed(found, answer)
        except (ValueError, Refusal) as error:
            raise AnswerInvalid(str(error)) from None
    if not isinstance(answer, str) or not answer.strip():
        raise AnswerInvalid("Give a text.")
    text = answer.strip()
    try:
        if field == "email":
            validate_email(text)
            return text.lower()
        return Contact._meta.get_field(field).clean(text, None)  # type: ignore[union-attr]
    except ValidationError as error:
        raise AnswerInvalid(" ".join(error.messages)) from None


@transaction.atomic
def write(contact_id: UUID, field: str, value: Any, *, by: User | None, now: datetime) -> None:
    """Write a ``checked`` answer to the contact; an e-mail address is added to those it has. The same value changes nothing.

    Raises:
        CustomFieldInvalid: another field of the contact is needed and is not there.
    """
    contact = Contact.objects.select_for_update().get(pk=contact_id)
    if field == "email":
        had = [{"email": mail.email, "label": mail.label, "is_primary": mail.is_primary} for mail in contact.emails.all()]
        if value not in {mail["email"] for mail in had}:
            contacts.alter(contact_id, emails=[*had, {"email": value}], by=by, now=now)
    elif field.startswith("custom."):
        key = field.removeprefix("custom.")
        if contact.custom_fields.get(key) != value:
            contacts.alter(contact_id, custom_fields={key: value}, by=by, now=now)
    elif getattr(contact, field) != value:
        contacts.alter(contact_id, by=by, now=now, **{field: value})
