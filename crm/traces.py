"""By what a person is known: to find them in texts that other rows keep, and to replace them there."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q

from crm import old_ids
from crm.models import Consent, Contact, ContactPhone, LifecycleChange, MergeRecord, Note, Order, Suppression, Task

ERASED = "[erased]"
TELLING_DIGITS = 7  # fewer digits of a number tell nobody


@dataclass(frozen=True)
class Traces:
    """A contact's id, words of its names, e-mails, and numbers (digits, the country's included)."""

    contact_id: UUID
    words: tuple[str, ...]
    numbers: tuple[str, ...]

    def are_in(self, text: str) -> bool:
        """Whether a text names the person: a word of the name, an e-mail, or a number however it is written."""
        folded = text.casefold()
        if any(word in folded for word in self.words):
            return True
        digits = re.sub(r"\D", "", text)
        return any(number[-10:] in digits for number in self.numbers)

    def wiped(self, value: Any) -> Any:
        """A JSON value in which each text that names the person is replaced."""
        if isinstance(value, str):
            return ERASED if self.are_in(value) else value
        if isinstance(value, list):
            return [self.wiped(item) for item in value]
        if isinstance(value, dict):
            return {key: self.wiped(item) for key, item in value.items()}
        return ERASED if isinstance(value, int) and not isinstance(value, bool) and self.are_in(str(value)) else value


def of(contact_id: UUID) -> Traces:
    """What a contact is known by now; nothing of it is there any more once it was erased."""
    contact = Contact.objects.get(pk=contact_id)
    known = Contact.objects.filter(pk__in=[contact_id, *old_ids.within(contact_id)])
    names = " ".join(" ".join([one.surname, one.name, one.patronymic, one.company_name]) for one in known)
    words = {word.casefold() for word in re.findall(r"[^\W\d_]{3,}", names)}
    words |= {email.casefold() for email in contact.emails.values_list("email", flat=True)}
    numbers = [e164.lstrip("+") for e164 in contact.contact_phones.values_list("phone__e164", flat=True)]
    return Traces(contact_id, tuple(sorted(words)), tuple(number for number in numbers if len(number) >= TELLING_DIGITS))


def own_numbers(contact_id: UUID) -> list[str]:
    """The contact's numbers (E.164) that nobody else has."""
    mine = ContactPhone.objects.filter(contact=contact_id)
    shared = ContactPhone.objects.filter(phone__in=mine.values("phone")).exclude(contact=contact_id).values("phone")
    return list(mine.exclude(phone__in=shared).order_by("phone__e164").values_list("phone__e164", flat=True).distinct())


def subjects(contact_id: UUID) -> list[UUID]:
    """Whose audit events tell of a contact: its own, those of contacts merged into it, and those of what hangs on it."""
    found = [contact_id, *old_ids.within(contact_id)]
    for model in (Consent, LifecycleChange, Note, Order, Suppression, Task):
        found += model._default_manager.filter(contact=contact_id).values_list("pk", flat=True)
    for model in (Consent, Suppression):
        found += model._default_manager.filter(e164__in=own_numbers(contact_id)).values_list("pk", flat=True)
    return found + list(MergeRecord.objects.filter(Q(survivor__in=found) | Q(loser__in=found)).values_list("pk", flat=True))
