"""Who is calling: contacts of a number, best first, and what is open for them."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection

from config.platform.registry import Registry
from crm import contact_rows
from crm.phone_numbers import NumberInvalid, parse, reversed_digits

#: What is open for a caller, under the name of its resource: each entry gives one SELECT over the parameters ``%(contacts)s`` (ids) and
#: ``%(e164)s``, ten rows at most. They are asked as one statement, so that a look-up costs the same however many there are.
open_matters: Registry[Callable[[], str]] = Registry("what is open for a caller")

#: Whether an E.164 number is a line of our own, which makes it nobody's.
own_lines: Registry[Callable[[str], bool]] = Registry("tells our own lines")

EXACT, SUFFIX = "exact", "suffix"
LEAST_SUFFIX = 5
MOST = 10


@dataclass
class Found:
    """The answer: the number as we read it, the contacts that fit, and what is open for them."""

    raw: str
    e164: str = ""
    is_internal: bool = False
    matches: list[dict[str, Any]] = field(default_factory=list)
    open: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def best(self) -> UUID | None:
        """The contact, when there is no doubt: one exact match."""
        exact = [match for match in self.matches if match["quality"] == EXACT]
        return exact[0]["contact"]["id"] if len(exact) == 1 else None

    def shown(self) -> dict[str, Any]:
        """As the API says it."""
        return {
            "phone": {
                "raw": self.raw,
                "e164": self.e164 or None,
                "display": contact_rows.shown_number(self.e164) if self.e164 else "",
            },
            "is_internal": self.is_internal,
            "matches": self.matches,
            "open": self.open,
        }


def who_is(raw: str, *, region: str) -> Found:
    """Look a number up as a phone system or a person gives it. Unreadable input finds nobody; it is never an error.

    An exact match comes first. A local number that cannot be completed matches by its last digits, with less certainty.
    Internal extensions and our own lines are nobody's.
    """
    try:
        parsed = parse(raw, region=region)
    except NumberInvalid:
        return with_open(_by_last_digits(Found(raw=raw)))
    found = Found(raw=raw, e164=parsed.e164, is_internal=parsed.is_internal)
    found.is_internal = found.is_internal or any(is_ours(found.e164) for _, is_ours in own_lines)
    return found if found.is_internal else with_open(by_number(found))


def by_number(found: Found) -> Found:
    """The contacts that have exactly this number: those whose primary number it is first."""
    ids = _ids(
        "SELECT l.contact_id FROM crm_phonenumber p JOIN crm_contactphone l ON l.phone_id = p.id WHERE p.e164 = %s "
        "ORDER BY l.is_primary DESC, l.contact_id LIMIT %s",
        [found.e164, MOST],
    )
    score = 1.0 if len(ids) == 1 else 0.9
    found.matches = [{"contact": contact, "quality": EXACT, "score": score} for contact in contact_rows.show(ids)]
    return found


def _by_last_digits(found: Found) -> Found:
    digits = re.sub(r"\D", "", found.raw)
    if len(digits) < LEAST_SUFFIX:
        return found
    ids = _ids(
        "SELECT DISTINCT contact_id FROM (SELECT l.contact_id FROM crm_phonenumber p JOIN crm_contactphone l ON l.phone_id = p.id "
        "WHERE p.reversed LIKE %s LIMIT %s) hits",
        [reversed_digits(digits[-15:]) + "%", MOST],
    )
    score = round(0.5 / max(1, len(ids)), 2)
    found.matches = [{"contact": contact, "quality": SUFFIX, "score": score} for contact in contact_rows.show(ids)]
    return found


def with_open(found: Found) -> Found:
    """What each app has open for the caller; one statement."""
    contacts = [match["contact"]["id"] for match in found.matches]
    if (contacts or found.e164) and (sql := _open_sql()):
        with connection.cursor() as cursor:
            cursor.execute(sql, {"contacts": contacts, "e164": found.e164})
            found.open = {name: matters or [] for name, matters in cursor.fetchall()}
    return found


@cache
def _open_sql() -> str:
    """The statements of the registry as one; made at the first look-up, when every app has added its own."""
    parts = [f"SELECT '{name}' AS name, (SELECT json_agg(m) FROM ({select()}) m) AS matters" for name, select in open_matters]  # noqa: S608 (our own texts)
    return " UNION ALL ".join(parts)


def _ids(sql: str, values: list[Any]) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(dict.fromkeys(row[0] for row in cursor.fetchall()))
