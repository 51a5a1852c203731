"""Which contact a row of a file means: the same rule when it is judged and when it is brought in."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from config.platform.statements import rows
from crm.models import Contact
from crm.old_ids import who_is_left
from crm.searching import key_of

Candidate = dict[str, Any]
NAMES = ("surname", "name", "patronymic", "company_name")
_BY_PHONE = """
    SELECT p.e164, l.contact_id, c.search_key FROM unnest(%s::text[]) AS wanted(e164) JOIN crm_phonenumber p ON p.e164 = wanted.e164
    JOIN crm_contactphone l ON l.phone_id = p.id JOIN crm_contact c ON c.id = l.contact_id ORDER BY l.contact_id
"""
_BY_EMAIL = """
    SELECT m.email, m.contact_id, c.search_key FROM unnest(%s::text[]) AS wanted(email) JOIN crm_contactemail m ON m.email = wanted.email
    JOIN crm_contact c ON c.id = m.contact_id ORDER BY m.contact_id
"""
_BY_ID = """
    SELECT c.external_id, c.id, c.search_key FROM unnest(%s::text[]) AS wanted(id)
    JOIN crm_contact c ON c.external_id = wanted.id AND c.source = %s AND c.external_id <> ''
"""
_BY_NAME = """
    SELECT c.kind || c.search_key, c.id, c.search_key FROM unnest(%s::text[]) AS wanted(name)
    JOIN crm_contact c ON c.search_key = wanted.name AND c.search_key <> ''
    WHERE c.merged_into_id IS NULL AND NOT EXISTS (SELECT 1 FROM crm_contactphone l WHERE l.contact_id = c.id)
      AND NOT EXISTS (SELECT 1 FROM crm_contactemail m WHERE m.contact_id = c.id) ORDER BY c.id
"""


def name_key(candidate: Candidate) -> str:
    """The folded name; empty for a nameless lead."""
    return _key(tuple([candidate.get(name, "") for name in NAMES]))


@lru_cache(20_000)
def _key(names: tuple[str, ...]) -> str:
    """A row is asked for its name several times."""
    return key_of(*names)


def handles(candidate: Candidate) -> list[str]:
    """By what the row can be found again: its numbers, its addresses, its id at the source.

    A row with none of them means a contact that has nothing but the same name: namesakes are not one person.
    """
    found = [f"tel:{phone['e164']}" for phone in candidate.get("phones", ())]
    found += [f"mail:{email}" for email in candidate.get("emails", ())]
    if candidate.get("external_id"):
        found.append(f"id:{candidate['external_id']}")
    return found or [f"name:{candidate.get('kind', '')}{name_key(candidate)}"]


def _left(found: Sequence[tuple[str, UUID, str]]) -> list[tuple[str, UUID, str]]:
    """The same with whoever is left in the place of those that were merged away."""
    left = who_is_left(contact_id for _, contact_id, _ in found)
    moved = [to for contact_id, to in left.items() if contact_id != to]
    keys = dict(Contact.objects.filter(pk__in=moved).values_list("pk", "search_key")) if moved else {}
    return [(value, left[contact_id], keys.get(left[contact_id], key)) for value, contact_id, key in found]


class Known:
    """The contacts that share a handle with some rows: their ids by handle, eldest first, and the folded name of each."""

    def __init__(self) -> None:
        self.by_handle: dict[str, list[UUID]] = {}
        self.names: dict[UUID, str] = {}

    @classmethod
    def of(cls, candidates: Sequence[Candidate], *, source: str) -> "Known":
        """Four queries at most, whatever the number of rows."""
        known = cls()
        e164s = {phone["e164"] for one in candidates for phone in one.get("phones", ())}
        emails = {email for one in candidates for email in one.get("emails", ())}
        ids = {one["external_id"] for one in candidates if one.get("external_id")}
        names = {name_key(one) for one in candidates if not one.get("phones") and not one.get("emails") and not one.get("external_id")}
        if e164s:
            known._add("tel:", rows(_BY_PHONE, [list(e164s)]))
        if emails:
            known._add("mail:", rows(_BY_EMAIL, [list(emails)]))
        if ids:
            known._add("id:", _left(rows(_BY_ID, [list(ids), source])))
        if names:
            known._add("name:", rows(_BY_NAME, [list(names)]))
        return known

    def _add(self, prefix: str, found: Iterable[tuple[Any, ...]]) -> None:
        for value, contact_id, key in found:
            self._point(prefix + value, contact_id)
            self.names[contact_id] = key

    def _point(self, handle: str, contact_id: UUID) -> None:
        entries = self.by_handle.setdefault(handle, [])
        if contact_id not in entries:
            entries.append(contact_id)

    def add(self, candidate: Candidate, contact_id: UUID) -> None:
        """Remember that a row became, or added to, this contact: for the rows after it. A nameless lead takes the row's name."""
        self.names[contact_id] = self.names.get(contact_id) or name_key(candidate)
        for handle in handles(candidate):
            self._point(handle, contact_id)

    def match(self, candidate: Candidate) -> UUID | None:
        """The contact that the row means.

        Its id at the source says so alone. A number or an address says so when the names agree or one of the two has
        none: a number that people share stays shared.
        """
        key = name_key(candidate)
        found = [(handle, contact_id) for handle in handles(candidate) for contact_id in self.by_handle.get(handle, [])]
        by_id = [contact_id for handle, contact_id in found if handle.startswith("id:")]
        same = [contact_id for _, contact_id in found if self.names[contact_id] == key]
        loose = [contact_id for _, contact_id in found if not self.names[contact_id] or not key]
        return next(iter([*by_id, *same, *loose]), None)
