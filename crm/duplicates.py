"""Who might be the same: candidates with a score and the reasons for it."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from crm.models import Contact, ContactEmail, ContactPhone, CustomField
from crm.old_ids import who_is_left
from crm.searching import key_of

# How much each reason speaks for it; reasons join as chances do: 1 - (1 - a)(1 - b).
WEIGHTS = {"phone": 0.7, "email": 0.7, "company_name": 0.6, "full_name": 0.6, "name": 0.4, "external_id": 0.99, "custom_field": 0.9}
LIKELY = 0.6
NOBODY = UUID(int=0)
MOST = 10


@dataclass
class Candidate:
    """A contact that may be the one at hand. ``score`` is from 0 to 1."""

    contact_id: UUID
    reasons: set[str] = field(default_factory=set)

    @property
    def score(self) -> float:
        against = 1.0
        for reason in self.reasons:
            against *= 1 - WEIGHTS[reason]
        return round(1 - against, 2)


def candidates(
    *,
    kind: str = "person",
    surname: str = "",
    name: str = "",
    patronymic: str = "",
    company_name: str = "",
    e164s: Sequence[str] = (),
    emails: Sequence[str] = (),
    source: str = "",
    external_id: str = "",
    custom: Mapping[str, Any] | None = None,
    besides: UUID | None = None,
) -> list[Candidate]:
    """Contacts that may be this one, likeliest first, at most ten. A fixed number of queries, each by an index.

    ``custom`` are its custom fields.
    """
    found: dict[UUID, Candidate] = {}

    def note(contact_id: UUID, reason: str) -> None:
        if contact_id != besides:
            found.setdefault(contact_id, Candidate(contact_id)).reasons.add(reason)

    if e164s:
        for contact_id in ContactPhone.objects.filter(phone__e164__in=e164s).values_list("contact_id", flat=True)[:50]:
            note(contact_id, "phone")
    if emails:
        for contact_id in ContactEmail.objects.filter(email__in=emails).values_list("contact_id", flat=True)[:50]:
            note(contact_id, "email")
    if external_id:
        of_source = Contact.objects.filter(source=source, external_id=external_id).values_list("id", flat=True)
        for contact_id in who_is_left(of_source).values():
            note(contact_id, "external_id")
    said = {column: value for column, value in (custom or {}).items() if value not in (None, "", [])}
    for column in CustomField.objects.identifying() if said else []:
        if column in said:
            same = Contact.objects.living().filter(custom_fields__contains={column: said[column]})
            for contact_id in same.values_list("id", flat=True)[:50]:
                note(contact_id, "custom_field")
    key = key_of(company_name) if kind == Contact.Kind.COMPANY else key_of(surname, name, patronymic)
    reason = name_reason(kind, key, surname, name, patronymic)
    if reason:
        for contact_id in Contact.objects.living().filter(search_key=key, kind=kind).values_list("id", flat=True)[:50]:
            note(contact_id, reason)
    me = Compared(NOBODY, kind, (surname, name, patronymic), key)
    for row in Contact.objects.filter(pk__in=found).values_list("id", "kind", "surname", "name", "patronymic", "search_key"):
        if me.is_one_shorter(Compared(row[0], row[1], row[2:5], row[5])):
            note(row[0], "name")
    return sorted(found.values(), key=lambda one: (-one.score, str(one.contact_id)))[:MOST]


def name_reason(kind: str, key: str, *names: str) -> str:
    """How much it says that two have this folded name: a company's, a whole name, a name; empty when it says nothing."""
    words = key.split()
    if kind == Contact.Kind.COMPANY:
        return "company_name" if words else ""
    if len(words) < 2:
        return ""
    return "full_name" if all(names) else "name"


@dataclass
class Compared:
    """What is compared of a contact."""

    contact_id: UUID
    kind: str
    names: tuple[str, str, str]
    key: str
    e164s: set[str] = field(default_factory=set)
    emails: set[str] = field(default_factory=set)
    custom: set[str] = field(default_factory=set)

    def against(self, other: "Compared") -> Candidate:
        """The other as a candidate for this one: by the same reasons and weights as at entry."""
        found = Candidate(other.contact_id)
        if self.e164s & other.e164s:
            found.reasons.add("phone")
        if self.emails & other.emails:
            found.reasons.add("email")
        if self.custom & other.custom:
            found.reasons.add("custom_field")
        if self.kind == other.kind and self.key == other.key:
            reason = name_reason(self.kind, self.key, *self.names, *other.names)
            found.reasons |= {reason} - {""}
        elif self.is_one_shorter(other):
            found.reasons.add("name")
        return found

    def is_one_shorter(self, other: "Compared") -> bool:
        """Whether two people have the same surname and name, and one of them is written without the patronymic."""
        if not self.kind == other.kind == Contact.Kind.PERSON or not all((*self.names[:2], *other.names[:2])):
            return False
        is_one_short = bool(self.names[2]) != bool(other.names[2])
        return is_one_short and key_of(*self.names[:2]) == key_of(*other.names[:2])

    def fingerprint(self, other: "Compared") -> str:
        """Stands for all that was compared of the two: it differs as soon as anything of it changed."""
        told = sorted(
            [str(one.contact_id), one.kind, one.key, sorted(one.e164s), sorted(one.emails), sorted(one.custom)] for one in (self, other)
        )
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def compared(ids: Iterable[UUID]) -> dict[UUID, Compared]:
    """What is compared of these contacts; those that were merged away are left out. Four queries."""
    identifying = CustomField.objects.identifying()
    rows = Contact.objects.living().filter(pk__in=list(ids))
    found = {
        row[0]: Compared(
            row[0],
            row[1],
            (row[2], row[3], row[4]),
            row[5],
            custom={json.dumps([key, row[6][key]]) for key in identifying if row[6].get(key) not in (None, "")},
        )
        for row in rows.values_list("id", "kind", "surname", "name", "patronymic", "search_key", "custom_fields")
    }
    for contact_id, e164 in ContactPhone.objects.filter(contact__in=list(found)).values_list("contact_id", "phone__e164"):
        found[contact_id].e164s.add(e164)
    for contact_id, email in ContactEmail.objects.filter(contact__in=list(found)).values_list("contact_id", "email"):
        found[contact_id].emails.add(email)
    return found
