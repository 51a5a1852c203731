"""Numbers as contacts have them: one row for a number in the whole system, shared by whoever has it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as replace_fields
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef

from config.platform import upkeep
from config.platform.errors import Refusal
from config.platform.models import User
from crm.models import Contact, ContactPhone, PhoneNumber
from crm.phone_numbers import ParsedNumber, parse, reversed_digits, time_zones


class NumberIsInternal(Refusal):
    """An internal extension is not a customer's number. Give the whole number."""

    code = "phone_number_internal"
    status = 400
    advice = "Send the customer's whole number with its country code, not an extension or a line of your own."


@dataclass(frozen=True)
class Link:
    """A number on its way to a contact."""

    parsed: ParsedNumber
    label: str
    extension: str
    is_primary: bool

    @property
    def e164(self) -> str:
        return self.parsed.e164


def read(phones: Sequence[Mapping[str, Any]], *, region: str = "") -> list[Link]:
    """Numbers as people wrote them, read; the same number given twice is taken once, and one is the primary.

    Raises:
        NumberInvalid: one cannot be read.
        NumberIsInternal: one is an extension of our own house.
    """
    links: dict[tuple[str, str], Link] = {}
    primary = next((index for index, phone in enumerate(phones) if phone.get("is_primary")), 0)
    is_primary: tuple[str, str] | None = None
    for index, phone in enumerate(phones):
        parsed = parse(phone["number"], region=region or settings.DEFAULT_PHONE_REGION)
        if parsed.is_internal:
            raise NumberIsInternal(f"'{phone['number'][:40]}' looks like an internal extension: give the whole number.")
        extension = phone.get("extension") or parsed.extension
        label = phone.get("label") or ("mobile" if parsed.line_type == "mobile" else "other")
        links.setdefault((parsed.e164, extension), Link(parsed, label, extension, is_primary=False))
        if index == primary:
            is_primary = parsed.e164, extension
    return [replace_fields(link, is_primary=key == is_primary) for key, link in links.items()]


def numbers_of(parsed: Iterable[ParsedNumber]) -> dict[str, PhoneNumber]:
    """The rows of these numbers by E.164, made where they are missing. Safe when two do it at once."""
    wanted = {one.e164: one for one in parsed}
    rows = {row.e164: row for row in PhoneNumber.objects.filter(e164__in=wanted)}
    missing = [one for e164, one in sorted(wanted.items()) if e164 not in rows]
    if missing:
        PhoneNumber.objects.bulk_create([made_of(one) for one in missing], ignore_conflicts=True)
        rows.update({row.e164: row for row in PhoneNumber.objects.filter(e164__in=[one.e164 for one in missing])})
    return rows


def mark(number: str, *, by: User | None, now: datetime, **fields: Any) -> PhoneNumber:
    """Say something of a number, whoever has it or nobody: ``is_blocked``, ``validity``.

    Raises:
        NumberInvalid, NumberIsInternal
    """
    return alter(row_of(number).pk, by=by, now=now, **fields)


def row_of(number: str) -> PhoneNumber:
    """The row of one number, made when it is new to us.

    Raises:
        NumberInvalid, NumberIsInternal
    """
    (link,) = read([{"number": number}])
    return numbers_of([link.parsed])[link.e164]


def alter(phone_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime, **fields: Any) -> PhoneNumber:
    """Change what is known of a number; with its ``validity`` the moment it was said, unless ``validity_at`` is given too.

    Raises:
        VersionConflict
    """
    if "validity" in fields:
        fields.setdefault("validity_at", now)
    return upkeep.alter(PhoneNumber, phone_id, if_version=if_version, by=by, now=now, **fields)


def is_blocked(e164: str) -> bool:
    """Whether calls from this number are not to be put through."""
    return bool(e164) and PhoneNumber.objects.filter(e164=e164, is_blocked=True).exists()


def made_of(parsed: ParsedNumber) -> PhoneNumber:
    """An unsaved row for a number."""
    return PhoneNumber(
        e164=parsed.e164,
        reversed=reversed_digits(parsed.e164),
        raw_first_seen=parsed.raw[:200],
        line_type=parsed.line_type,
        region=parsed.region,
        time_zone=only_zone([parsed.e164]),
    )


def attach(contact: Contact, links: Sequence[Link]) -> list[str]:
    """Give the contact these numbers; answers those it did not have."""
    rows = numbers_of(link.parsed for link in links)
    ContactPhone.objects.bulk_create(
        ContactPhone(
            contact=contact,
            phone=rows[link.e164],
            label=link.label,
            extension=link.extension,
            is_primary=link.is_primary,
            order=order,
        )
        for order, link in enumerate(links)
    )
    return [link.e164 for link in links]


def replace(contact: Contact, links: Sequence[Link]) -> list[str]:
    """Give the contact these numbers instead of those it has; answers the new ones."""
    had = set(contact.contact_phones.values_list("phone__e164", flat=True))
    contact.contact_phones.all().delete()
    return [e164 for e164 in attach(contact, links) if e164 not in had]


def own_numbers(contact_id: UUID) -> list[str]:
    """The contact's numbers that nobody else has."""
    links = ContactPhone.objects.filter(contact=contact_id)
    others = ContactPhone.objects.filter(phone=OuterRef("phone")).exclude(contact=contact_id)
    return sorted(set(links.filter(~Exists(others)).values_list("phone__e164", flat=True)))


def only_zone(e164s: Sequence[str]) -> str:
    """The time zone that these numbers tell, when they tell exactly one; else empty."""
    zones = {zone for e164 in e164s for zone in time_zones(e164)}
    return zones.pop() if len(zones) == 1 else ""
