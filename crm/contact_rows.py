"""Contacts as the API shows them, read in one statement whatever their number: lists, look-ups and screen pops are hot."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection

from crm.phone_numbers import display

COLUMNS = (
    "id", "kind", "surname", "name", "patronymic", "company_name", "lifecycle", "language", "time_zone", "time_zone_source",
    "tags", "source", "external_id", "anonymised_at", "created_at", "updated_at", "version",
)  # fmt: skip
SQL = f"""
SELECT {", ".join("c." + column for column in COLUMNS)}, c.custom_fields::json AS custom_fields, c.employer_id AS employer, c.owner_id AS owner,
    (SELECT e.company_name FROM crm_contact e WHERE e.id = c.employer_id) AS employer_name,
    (SELECT json_agg(json_build_object('number', p.e164, 'label', l.label, 'extension', l.extension, 'is_primary', l.is_primary,
            'line_type', p.line_type, 'validity', p.validity) ORDER BY l.is_primary DESC, l."order", l.id)
        FROM crm_contactphone l JOIN crm_phonenumber p ON p.id = l.phone_id WHERE l.contact_id = c.id) AS phones,
    (SELECT json_agg(json_build_object('email', m.email, 'label', m.label, 'is_primary', m.is_primary) ORDER BY m.is_primary DESC, m.id)
        FROM crm_contactemail m WHERE m.contact_id = c.id) AS emails,
    (SELECT json_agg(json_build_object('label', a.label, 'text', a.text, 'street', a.street, 'city', a.city, 'region', a.region,
            'postal_code', a.postal_code, 'country', a.country) ORDER BY a.id)
        FROM crm_contactaddress a WHERE a.contact_id = c.id) AS addresses
FROM crm_contact c WHERE c.id = ANY(%s)
"""  # noqa: S608 (column names are constants of this module)


def show(ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """The contacts with these ids, in this order; those that do not exist are left out. One query; none for no ids."""
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(SQL, [list(ids)])
        names = [column.name for column in cursor.description]
        rows = {row[0]: _shown(dict(zip(names, row, strict=True))) for row in cursor.fetchall()}
    return [rows[contact_id] for contact_id in ids if contact_id in rows]


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    phones = row["phones"] or []
    for phone in phones:
        phone["display"] = shown_number(phone["number"])
    named = " ".join(part for part in (row["surname"], row["name"], row["patronymic"]) if part)
    is_company = row["company_name"] and (row["kind"] == "company" or not named)
    row["display_name"] = row["company_name"] if is_company else named or (phones[0]["display"] if phones else "")
    row["phones"], row["emails"], row["addresses"] = phones, row["emails"] or [], row["addresses"] or []
    row["employer_name"] = row["employer_name"] or ""
    row["merged_from"] = None
    return row


@lru_cache(maxsize=100_000)
def shown_number(e164: str) -> str:
    """A number for people to read; remembered, since formatting costs more than the rest of the row."""
    return display(e164)
