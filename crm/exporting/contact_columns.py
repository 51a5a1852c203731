"""Contacts as lines of a table. The names are those that an import understands, so that a file comes back as it went out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from config.platform.models import User
from crm import contact_rows, saved_filters
from crm.exporting.entities import Cell, Entity, Row
from crm.models import CustomField

#: What an import reads back, and what people look for first.
USUAL = [
    "kind", "surname", "name", "patronymic", "company_name", "employer", "phones", "emails", "address", "language", "time_zone",
    "lifecycle", "tags", "source", "external_id", "created_at",
]  # fmt: skip
APART = "; "


def choose(query: Mapping[str, Any], saved_query: Mapping[str, Any], by: User | None, now: datetime) -> QuerySet[Any]:
    """The contacts of both queries."""
    return saved_filters.chosen("contacts", query=query, saved_query=saved_query, by=by, now=now)


def columns() -> dict[str, Cell]:
    """Every column that a table of contacts may have; custom fields as ``cf_<key>``."""
    plain: dict[str, Cell] = {
        name: partial(_plain, name)
        for name in (
            "id", "kind", "surname", "name", "patronymic", "company_name", "display_name", "lifecycle", "language", "time_zone",
            "source", "external_id",
        )
    }  # fmt: skip
    told: dict[str, Cell] = {
        "employer": lambda row: row["employer_name"],
        "owner": lambda row: str(row["owner"] or ""),
        "phones": lambda row: APART.join(map(_phone, row["phones"])),
        "emails": lambda row: APART.join(mail["email"] for mail in row["emails"]),
        "address": lambda row: APART.join(filter(None, map(_address, row["addresses"]))),
        "tags": lambda row: APART.join(row["tags"]),
        "created_at": lambda row: row["created_at"].isoformat(timespec="seconds"),
        "updated_at": lambda row: row["updated_at"].isoformat(timespec="seconds"),
    }
    own: dict[str, Cell] = {f"cf_{field.key}": partial(_custom, field.key) for field in CustomField.objects.of("contact")}
    return {**plain, **told, **own}


def usual() -> list[str]:
    """The columns of an export that names none: the usual ones and every custom field in use."""
    return [*USUAL, *(f"cf_{field.key}" for field in CustomField.objects.of("contact"))]


def of_person(contact_id: UUID) -> list[UUID]:
    """A contact is in a file by its own id."""
    return [contact_id]


def _plain(name: str, row: Row) -> str:
    return str(row[name])


def _phone(phone: Mapping[str, Any]) -> str:
    return f"{phone['display']} ext. {phone['extension']}" if phone["extension"] else phone["display"]


def _address(address: Mapping[str, Any]) -> str:
    parts: Sequence[str] = [address[name] for name in ("postal_code", "country", "region", "city", "street")]
    return address["text"] or ", ".join(filter(None, parts))


def _custom(key: str, row: Row) -> Any:
    value = row["custom_fields"].get(key, "")
    if isinstance(value, bool):
        return "true" if value else "false"
    return APART.join(map(str, value)) if isinstance(value, list) else value


CONTACTS = Entity(choose, contact_rows.show, columns, usual, of_person)
