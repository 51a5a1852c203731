"""What a row adds to a contact we have: numbers, addresses and tags it lacks, and fields that were empty. Nothing is overwritten."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from config.platform.statements import rows
from crm.importing.matching import Candidate
from crm.models import Contact

FILLED = ("surname", "name", "patronymic", "company_name", "language", "time_zone")
_OF_PEOPLE = ("surname", "name", "patronymic")
_COLUMNS = (
    "id", "kind", "surname", "name", "patronymic", "company_name", "language", "time_zone", "time_zone_source", "tags", "source",
    "external_id", "version", "created_at",
)  # fmt: skip
_READ = f"""
    SELECT {", ".join(f"c.{name}" for name in _COLUMNS)},
           ARRAY(SELECT p.e164 || ' ' || l.extension FROM crm_contactphone l JOIN crm_phonenumber p ON p.id = l.phone_id
                 WHERE l.contact_id = c.id),
           ARRAY(SELECT m.email FROM crm_contactemail m WHERE m.contact_id = c.id)
    FROM unnest(%s::uuid[]) AS wanted(id) JOIN crm_contact c ON c.id = wanted.id
"""  # noqa: S608 (column names are constants of this module)


@dataclass(slots=True)
class Had:
    """A contact as far as a row can add to it, read by the thousand."""

    id: UUID
    kind: str
    surname: str
    name: str
    patronymic: str
    company_name: str
    language: str
    time_zone: str
    time_zone_source: str
    tags: list[str]
    source: str
    external_id: str
    version: int
    created_at: datetime
    phones: set[tuple[str, str]] = field(default_factory=set)
    emails: set[str] = field(default_factory=set)


def read(contact_ids: Iterable[UUID], *, lock: bool = False) -> dict[UUID, Had]:
    """These contacts; with ``lock`` nobody else changes them until the transaction ends. Whoever is gone is left out."""
    ids = sorted({str(contact_id) for contact_id in contact_ids})
    if not ids:
        return {}
    if lock:  # before reading, so that what a writer before us added is seen
        rows("SELECT 1 FROM crm_contact WHERE id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE", [ids])
    found = {}
    for *columns, phones, emails in rows(_READ, [ids]):
        links = {(e164, extension) for e164, _, extension in (link.partition(" ") for link in phones)}
        had = Had(*columns)
        had.phones, had.emails = links, set(emails)
        found[had.id] = had
    return found


@dataclass(slots=True)
class Addition:
    """What is to be written; empty when the row tells nothing new."""

    fields: dict[str, Any] = field(default_factory=dict)
    phones: list[dict[str, Any]] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.fields or self.phones or self.emails)


def to_contact(had: Had, candidate: Candidate) -> Addition:
    """Compare a row with the contact it means."""
    numbers = {e164 for e164, _ in had.phones}
    added = Addition(
        fields={name: candidate[name] for name in FILLED if candidate.get(name) and not getattr(had, name) and _fits(had, name)},
        phones=[
            phone
            for phone in candidate.get("phones", ())
            if phone["e164"] not in numbers or (phone["extension"] and (phone["e164"], phone["extension"]) not in had.phones)
        ],
        emails=[email for email in candidate.get("emails", ()) if email not in had.emails],
    )
    tags = [tag for tag in candidate.get("tags", ()) if tag not in had.tags]
    if tags:
        added.fields["tags"] = tags
    if candidate.get("external_id") and not had.external_id and not had.source:
        added.fields["external_id"] = candidate["external_id"]
    return added


def _fits(had: Had, name: str) -> bool:
    """A person's row does not name a company we have, nor the other way round."""
    return name not in _OF_PEOPLE or had.kind == Contact.Kind.PERSON


def put(had: Had, added: Addition) -> None:
    """Make the contact, as we hold it, have what was added."""
    for name, value in added.fields.items():
        setattr(had, name, sorted({*had.tags, *value}) if name == "tags" else value)
    if "time_zone" in added.fields:
        had.time_zone_source = Contact.TimeZoneSource.EXPLICIT
    had.phones |= {(phone["e164"], phone["extension"]) for phone in added.phones}
    had.emails |= set(added.emails)
