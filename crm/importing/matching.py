"""Which contact a row of a file means: the same rule when it is judged and when it is brought in."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from crm.models import Contact, ContactEmail, ContactPhone
from crm.old_ids import who_is_left
from crm.searching import key_of

Candidate = dict[str, Any]
NAMES = ("surname", "name", "patronymic", "company_name")


def name_key(candidate: Candidate) -> str:
    """The folded name; empty for a nameless lead."""
    return key_of(*(candidate.get(name, "") for name in NAMES))


def handles(candidate: Candidate) -> list[str]:
    """By what the row can be found again: its numbers, its addresses, its id at the source.

    A row with none of them means a contact that has nothing but the same name: namesakes are not one person.
    """
    found = [f"tel:{phone['e164']}" for phone in candidate.get("phones", [])]
    found += [f"mail:{email}" for email in candidate.get("emails", [])]
    if candidate.get("external_id"):
        found.append(f"id:{candidate['external_id']}")
    return found or [f"name:{candidate.get('kind', '')}{name_key(candidate)}"]


def _left(rows: Iterable[tuple[str, UUID, str]]) -> list[tuple[str, UUID, str]]:
    """The same with whoever is left in the place of those that were merged away."""
    found = list(rows)
    left = who_is_left(contact_id for _, contact_id, _ in found)
    keys = dict(Contact.objects.filter(pk__in=left.values()).values_list("pk", "search_key")) if found else {}
    return [(value, left[contact_id], keys[left[contact_id]]) for value, contact_id, _ in found]


class Known:
    """The contacts that share a handle with some rows: their ids by handle, eldest first, and the folded name of each."""

    def __init__(self) -> None:
        self.by_handle: dict[str, list[UUID]] = {}
        self.names: dict[UUID, str] = {}

    @classmethod
    def of(cls, candidates: Sequence[Candidate], *, source: str) -> "Known":
        """Four queries at most, whatever the number of rows."""
        known = cls()
        e164s = {phone["e164"] for one in candidates for phone in one.get("phones", [])}
        emails = {email for one in candidates for email in one.get("emails", [])}
        ids = {one["external_id"] for one in candidates if one.get("external_id")}
        nameless = [one for one in candidates if handles(one)[0].startswith("name:")]
        if e164s:
            rows = ContactPhone.objects.filter(phone__e164__in=e164s).values_list("phone__e164", "contact_id", "contact__search_key")
            known._add("tel:", rows.order_by("contact_id"))
        if emails:
            mails = ContactEmail.objects.filter(email__in=emails).values_list("email", "contact_id", "contact__search_key")
            known._add("mail:", mails.order_by("contact_id"))
        if ids:
            of_source = Contact.objects.filter(source=source, external_id__in=ids)
            known._add("id:", _left(of_source.values_list("external_id", "pk", "search_key")))
        if nameless:
            keys = {name_key(one) for one in nameless}
            named = (
                Contact.objects.living()
                .filter(search_key__in=keys, contact_phones=None, emails=None)
                .order_by("pk")
                .values_list("kind", "pk", "search_key")
            )
            known._add("name:", [(kind + key, contact_id, key) for kind, contact_id, key in named])
        return known

    def _add(self, prefix: str, rows: Iterable[tuple[str, UUID, str]]) -> None:
        for value, contact_id, key in rows:
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
