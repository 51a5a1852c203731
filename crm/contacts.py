"""Add and change contacts: the people and companies we speak with."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from config.platform import origins
from config.platform.errors import Refusal
from config.platform.history import entry, record, record_many, snapshot
from config.platform.models import User
from config.platform.moves import check_version
from config.platform.registry import Registry
from crm import custom_fields, duplicates, lifecycle, news, phone_book
from crm.models import Contact, ContactAddress, ContactEmail, Note
from crm.names import search_words
from crm.old_ids import refuse_merged
from crm.searching import key_of, remember_words

NAMES = ("surname", "name", "patronymic", "company_name")

#: Told, in the same transaction, that contacts gained numbers: pairs of a contact's id and an E.164 number.
numbers_gained: Registry[Callable[[Sequence[tuple[UUID, str]]], None]] = Registry("told when a contact gains phone numbers")


class DuplicateFound(Refusal):
    """Somebody in the base may be the same; `candidates` lists them with scores. Use one of them, or send `force` with a `reason`."""

    code = "duplicate_contact"
    advice = "Show `candidates` and use one of them. If it is another person for certain, send `force: true` with a `reason`."


class ReasonNeeded(Refusal):
    """`force` needs a `reason`: say why this is another contact."""

    code = "reason_needed"
    status = 400
    advice = "Send `reason` along with `force`: how do you know that it is somebody else?"


class NothingKnown(Refusal):
    """A contact needs a name, a company name, a phone or an e-mail."""

    code = "nothing_known"
    status = 400
    advice = "Send at least one of a name, a company name, a phone or an e-mail."


class EmployerInCircle(Refusal):
    """The employer is employed, in the end, by this contact itself."""

    code = "employer_in_circle"
    advice = "Choose another employer, or take the employer off the other contact first."


class ContactErased(Refusal):
    """Everything personal was taken out of this contact; nothing is written on it any more. Add a new one."""

    code = "contact_erased"
    advice = "Add a new contact if they come back. Nothing of the old one can be read or restored."


@transaction.atomic
def add(
    *,
    phones: Sequence[Mapping[str, Any]] = (),
    emails: Sequence[Mapping[str, Any]] = (),
    addresses: Sequence[Mapping[str, Any]] = (),
    notes: str = "",
    force: bool = False,
    reason: str = "",
    by: User | None,
    now: datetime,
    **fields: Any,
) -> Contact:
    """Add a contact, unless somebody in the base is likely to be the same.

    ``phones`` are ``{number, label, extension, is_primary}`` with the number as people write it. Two requests with one
    number at the same time are taken one after the other, so the second sees the first.

    Raises:
        DuplicateFound: and ``force`` is not set.
        ReasonNeeded, NothingKnown
        NumberInvalid: a phone cannot be read.
        CustomFieldInvalid
    """
    if force and not reason.strip():
        raise ReasonNeeded("Say in `reason` why this is another contact.")
    links = phone_book.read(phones)
    fields["custom_fields"] = custom_fields.checked("contact", fields.get("custom_fields") or {})
    contact = Contact(**fields)
    mails = _emails(contact, emails)
    if not any(getattr(contact, name) for name in NAMES) and not links and not mails:
        raise NothingKnown("Give at least a name, a company name, a phone or an e-mail.")
    _prepare(contact, [link.e164 for link in links])
    queue_for([*(link.e164 for link in links), *(mail.email for mail in mails)])
    found = duplicates.candidates(
        kind=contact.kind,
        surname=contact.surname,
        name=contact.name,
        patronymic=contact.patronymic,
        company_name=contact.company_name,
        e164s=[link.e164 for link in links],
        emails=[mail.email for mail in mails],
        source=contact.source,
        external_id=contact.external_id,
        custom=contact.custom_fields,
    )
    likely = [one for one in found if one.score >= duplicates.LIKELY]
    if likely and not force:
        raise DuplicateFound(
            "Somebody in the base may be the same. Use one of `candidates`, or send `force: true` with a `reason`.",
            candidates=[{"contact": str(one.contact_id), "score": one.score, "reasons": sorted(one.reasons)} for one in likely],
        )
    contact.save(force_insert=True)
    ContactEmail.objects.bulk_create(mails)
    ContactAddress.objects.bulk_create(ContactAddress(contact=contact, **address) for address in addresses)
    gained = phone_book.attach(contact, links)
    if notes.strip():
        Note.objects.create(contact=contact, text=notes.strip(), by=by)
    facts = {"duplicates_overruled": [str(one.contact_id) for one in likely]} if likely else {}
    record(contact, "add", by=by, now=now, before={}, reason=reason, phones=[link.e164 for link in links], **facts)
    for _, tell in numbers_gained:
        tell([(contact.pk, e164) for e164 in gained])
    return contact


@transaction.atomic
def alter(
    contact_id: UUID,
    *,
    phones: Sequence[Mapping[str, Any]] | None = None,
    emails: Sequence[Mapping[str, Any]] | None = None,
    addresses: Sequence[Mapping[str, Any]] | None = None,
    lifecycle_reason: str = "",
    if_version: int | None = None,
    by: User | None,
    now: datetime,
    **fields: Any,
) -> Contact:
    """Change a contact. A list that is given (phones, e-mails, addresses) replaces the whole list; another stage is a move of its own.

    Raises:
        VersionConflict, NothingKnown, NumberInvalid, CustomFieldInvalid, EmployerInCircle, ContactMerged, ContactErased
        TransitionNotAllowed, StageReasonNeeded: as ``crm.lifecycle.move``.
    """
    contact = Contact.objects.select_for_update().get(pk=contact_id)
    refuse_merged(contact)
    check_version(contact, if_version)
    _not_erased(contact)
    stage = fields.pop("lifecycle", contact.lifecycle)
    if stage != contact.lifecycle:
        contact = lifecycle.move(contact_id, stage, reason=lifecycle_reason, by=by, now=now)
        if not fields and phones is None and emails is None and addresses is None:
            return contact
    before = snapshot(contact)
    if "custom_fields" in fields:
        fields["custom_fields"] = custom_fields.checked("contact", fields["custom_fields"] or {}, had=contact.custom_fields)
    for name, value in fields.items():
        setattr(contact, name, value)
    if fields.get("employer"):
        _no_circle(contact)
    gained: list[str] = []
    facts: dict[str, Any] = {}
    if phones is not None:
        facts["phones_before"] = list(contact.contact_phones.values_list("phone__e164", flat=True))
        links = phone_book.read(phones)
        queue_for([link.e164 for link in links])
        gained = phone_book.replace(contact, links)
        facts["phones_after"] = [link.e164 for link in links]
        if contact.time_zone_source == Contact.TimeZoneSource.NUMBER and "time_zone" not in fields:
            contact.time_zone = ""
    if emails is not None:
        facts["emails_before"] = list(contact.emails.values_list("email", flat=True))
        contact.emails.all().delete()
        mails = ContactEmail.objects.bulk_create(_emails(contact, emails))
        facts["emails_after"] = [mail.email for mail in mails]
    if addresses is not None:
        facts["addresses_changed"] = True
        contact.addresses.all().delete()
        ContactAddress.objects.bulk_create(ContactAddress(contact=contact, **address) for address in addresses)
    if not any(getattr(contact, name) for name in NAMES) and not contact.contact_phones.exists() and not contact.emails.exists():
        raise NothingKnown("A contact needs at least a name, a company name, a phone or an e-mail.")
    e164s = [] if contact.time_zone else list(contact.contact_phones.values_list("phone__e164", flat=True))
    if "time_zone" in fields:
        contact.time_zone_source = Contact.TimeZoneSource.EXPLICIT if contact.time_zone else Contact.TimeZoneSource.UNKNOWN
    _prepare(contact, e164s)
    contact.version += 1
    contact.save()
    record(contact, "alter", by=by, now=now, before=before, **facts)
    for _, tell in numbers_gained:
        tell([(contact.pk, e164) for e164 in gained])
    return contact


@transaction.atomic
def remove(contact_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> None:
    """Take a contact out of the base, when nothing happened with it yet. Whoever has calls stays (409 `still_in_use`).

    Raises:
        VersionConflict, ContactMerged
        ProtectedError: calls or other records point at it.
    """
    contact = Contact.objects.select_for_update().get(pk=contact_id)
    refuse_merged(contact)
    check_version(contact, if_version)
    refuse_merged(contact)
    before = snapshot(contact)
    phones = list(contact.contact_phones.values_list("phone__e164", flat=True))
    gone = entry(contact, "remove", by=by, now=now, before=before, phones=phones)
    gone.changes = {name: [value, None] for name, value in before.items() if value not in ("", None, [], {})}
    news.CONTACTS(contact, gone)
    contact.delete()
    record_many([gone])


@transaction.atomic
def write_note(
    contact_id: UUID, *, text: str, is_pinned: bool = False, origin: Mapping[str, Any] | None = None, by: User | None, now: datetime
) -> Note:
    """Write down something about a contact, learned perhaps on a call.

    Raises:
        OriginUnknown, ContactMerged, ContactErased
    """
    contact = Contact.objects.select_for_update(no_key=True).get(pk=contact_id)
    refuse_merged(contact)
    _not_erased(contact)
    note = Note.objects.create(contact=contact, text=text, is_pinned=is_pinned, by=by, **origins.columns(origin))
    record(note, "write", by=by, now=now, before={}, contact=contact_id)
    return note


def _not_erased(contact: Contact) -> None:
    if contact.anonymised_at is not None:
        raise ContactErased("This contact was erased: add a new one.")


def _prepare(contact: Contact, e164s: Sequence[str]) -> None:
    """What follows from the other columns: the search key, its words, the time zone that the number tells."""
    contact.search_key = key_of(contact.surname, contact.name, contact.patronymic, contact.company_name)
    contact.tags = sorted({tag.strip() for tag in contact.tags if tag.strip()})
    if contact.time_zone and contact.time_zone_source == Contact.TimeZoneSource.UNKNOWN:
        contact.time_zone_source = Contact.TimeZoneSource.EXPLICIT
    if not contact.time_zone:
        zone = phone_book.only_zone(e164s)
        contact.time_zone = zone
        contact.time_zone_source = Contact.TimeZoneSource.NUMBER if zone else Contact.TimeZoneSource.UNKNOWN
    remember_words(search_words(contact.search_key))


def _emails(contact: Contact, emails: Sequence[Mapping[str, Any]]) -> list[ContactEmail]:
    made: dict[str, ContactEmail] = {}
    primary = next((index for index, mail in enumerate(emails) if mail.get("is_primary")), 0)
    for index, mail in enumerate(emails):
        address = mail["email"].strip().lower()
        one = made.setdefault(address, ContactEmail(contact=contact, email=address, label=mail.get("label", "")))
        one.is_primary = one.is_primary or index == primary
    return list(made.values())


def _no_circle(contact: Contact) -> None:
    seen, employer = {contact.pk}, contact.employer
    while employer is not None:
        if employer.pk in seen:
            raise EmployerInCircle("The employer is employed, in the end, by this contact itself.")
        seen.add(employer.pk)
        employer = employer.employer


def queue_for(keys: Sequence[str]) -> None:
    """Let those who write the same numbers or addresses pass one after the other, until the transaction ends.

    An advisory lock, since there may be no row yet to lock; in order, so that nobody waits in a ring.
    """
    if keys:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(key, 0)) FROM unnest(%s::text[]) AS key", [sorted(set(keys))])
