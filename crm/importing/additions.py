"""What a row adds to a contact we have: numbers, addresses and tags it lacks, and fields that were empty. Nothing is overwritten."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from crm.models import Contact, ImportRow

FILLED = ("surname", "name", "patronymic", "company_name", "language", "time_zone")


@dataclass
class Addition:
    """What is to be written; empty when the row tells nothing new."""

    fields: dict[str, Any] = field(default_factory=dict)
    phones: list[dict[str, Any]] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.fields or self.phones or self.emails)


def to_contact(contact: Contact, candidate: dict[str, Any]) -> Addition:
    """Compare a row with the contact; ``contact_phones__phone`` and ``emails`` should be prefetched."""
    has_phones = {(link.phone.e164, link.extension) for link in contact.contact_phones.all()}
    has_numbers = {e164 for e164, _ in has_phones}
    has_emails = {mail.email for mail in contact.emails.all()}
    added = Addition(
        fields={name: candidate[name] for name in FILLED if candidate.get(name) and not getattr(contact, name) and _fits(contact, name)},
        phones=[
            phone
            for phone in candidate.get("phones", [])
            if phone["e164"] not in has_numbers or (phone["extension"] and (phone["e164"], phone["extension"]) not in has_phones)
        ],
        emails=[email for email in candidate.get("emails", []) if email not in has_emails],
    )
    tags = sorted({*contact.tags, *candidate.get("tags", [])})
    if tags != sorted(contact.tags):
        added.fields["tags"] = tags
    if candidate.get("external_id") and not contact.external_id and not contact.source:
        added.fields["external_id"] = candidate["external_id"]
    return added


def _fits(contact: Contact, name: str) -> bool:
    """A person's row does not name a company we have, nor the other way round."""
    return name not in ("surname", "name", "patronymic") or contact.kind == Contact.Kind.PERSON


def nothing_new(found: Sequence[ImportRow]) -> set[int]:
    """The lines among these that add nothing to the contacts they mean. Three queries."""
    contacts = (
        Contact.objects.filter(pk__in={row.contact_id for row in found}).prefetch_related("contact_phones__phone", "emails").in_bulk()
    )
    return {row.line for row in found if row.contact_id in contacts and not to_contact(contacts[row.contact_id], row.candidate)}
