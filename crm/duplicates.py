"""Who might be the same: candidates with a score and the reasons for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from crm.models import Contact, ContactEmail, ContactPhone
from crm.searching import key_of

# How much each reason speaks for it; reasons join as chances do: 1 - (1 - a)(1 - b).
WEIGHTS = {"phone": 0.7, "email": 0.7, "company_name": 0.6, "full_name": 0.6, "name": 0.4, "external_id": 0.99}
LIKELY = 0.6
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
    besides: UUID | None = None,
) -> list[Candidate]:
    """Contacts that may be this one, likeliest first, at most ten. Four queries at most, each by an index."""
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
        for contact_id in Contact.objects.filter(source=source, external_id=external_id).values_list("id", flat=True):
            note(contact_id, "external_id")
    key = key_of(company_name) if kind == Contact.Kind.COMPANY else key_of(surname, name, patronymic)
    words = key.split()
    if kind == Contact.Kind.COMPANY and words:
        for contact_id in Contact.objects.filter(search_key=key, kind=kind).values_list("id", flat=True)[:50]:
            note(contact_id, "company_name")
    elif len(words) > 1:
        reason = "full_name" if surname and name and patronymic else "name"
        for contact_id in Contact.objects.filter(search_key=key, kind=kind).values_list("id", flat=True)[:50]:
            note(contact_id, reason)
    return sorted(found.values(), key=lambda one: (-one.score, str(one.contact_id)))[:MOST]
