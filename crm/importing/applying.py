"""Bring judged rows into the base, some hundred in a transaction. The base may have changed since: each row is matched anew."""

import logging
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from uuid_utils.compat import uuid7

from config.platform.history import entry, record_many, snapshot
from config.platform.models import AuditEvent
from config.platform.moves import transition
from crm.contacts import numbers_gained, queue_for
from crm.importing import additions
from crm.importing.matching import Candidate, Known, handles, name_key
from crm.models import Contact, ContactAddress, ContactEmail, ContactPhone, Import, ImportRow, Note, PhoneNumber
from crm.phone_book import only_zone
from crm.phone_numbers import reversed_digits
from crm.searching import remember_words

logger = logging.getLogger(__name__)
CHUNK = 500
OWED = (ImportRow.Verdict.CREATE, ImportRow.Verdict.UPDATE)


def apply(batch: Import, *, until: float) -> bool:
    """Bring in rows until none is owed (True) or the turn is over (False). A row that cannot be brought in is told, and passed over."""
    while True:
        lines = list(_owed(batch).values_list("line", flat=True)[:CHUNK])
        if not lines:
            with transition(Import, batch.pk, "finish", by=None, now=timezone.now()) as done:
                done.finished_at = timezone.now()
            return True
        try:
            alive = _apply_lines(batch, lines)
        except Exception:
            logger.exception("import_chunk_failed")
            alive = all(_apply_alone(batch, line) for line in lines)
        if not alive:
            return True
        if time.monotonic() > until:
            return False


def _owed(batch: Import) -> Any:
    return ImportRow.objects.filter(batch=batch, applied_at=None, verdict__in=OWED).order_by("line")


def _apply_alone(batch: Import, line: int) -> bool:
    """One row by itself, so that a bad one does not stop the others."""
    try:
        return _apply_lines(batch, [line])
    except Exception as error:
        problem = {"field": "", "code": "failed", "detail": f"This row could not be brought in ({type(error).__name__})."}
        with transaction.atomic():
            ImportRow.objects.filter(batch=batch, line=line).update(verdict=ImportRow.Verdict.INVALID, problems=[problem])
            Import.objects.filter(pk=batch.pk).update(applied=F("applied") + 1)
        return True


@transaction.atomic
def _apply_lines(batch: Import, lines: Sequence[int]) -> bool:
    """False when the import was cancelled in the meantime; nothing is written then."""
    status = Import.objects.select_for_update().values_list("status", flat=True).get(pk=batch.pk)
    if status != Import.Status.RUNNING:
        return False
    found = list(_owed(batch).filter(line__in=lines).select_for_update(skip_locked=True))
    candidates = [row.candidate for row in found]
    queue_for([handle.partition(":")[2] for one in candidates for handle in handles(one)])
    known = Known.of(candidates, source=batch.source)
    work = _Work(batch)
    for row in found:
        contact_id = known.match(row.candidate)
        if contact_id is None:
            contact_id = work.create(row.candidate)
        else:
            work.add_to(contact_id, row.candidate)
        known.add(row.candidate, contact_id)
        row.contact_id, row.applied_at = contact_id, work.now
    work.write()
    ImportRow.objects.bulk_update(found, ["contact", "applied_at"])
    Import.objects.filter(pk=batch.pk).update(applied=F("applied") + len(found), updated_at=work.now)
    return True


class _Work:
    """Collects what a chunk of rows changes, and writes it in a few statements."""

    def __init__(self, batch: Import) -> None:
        self.batch, self.now = batch, timezone.now()
        self.made: dict[UUID, Candidate] = {}
        self.contacts: list[Contact] = []
        self.added: dict[UUID, list[Candidate]] = {}

    def create(self, candidate: Candidate) -> UUID:
        contact = Contact(
            id=uuid7(),
            **{name: candidate.get(name, "") for name in ("surname", "name", "patronymic", "company_name", "language", "external_id")},
            kind=candidate.get("kind", Contact.Kind.PERSON),
            tags=candidate.get("tags", []),
            time_zone=candidate.get("time_zone", "") or only_zone([phone["e164"] for phone in candidate["phones"]]),
            source=self.batch.source,
            search_key=name_key(candidate),
        )
        if contact.time_zone:
            said = bool(candidate.get("time_zone"))
            contact.time_zone_source = Contact.TimeZoneSource.EXPLICIT if said else Contact.TimeZoneSource.NUMBER
        self.contacts.append(contact)
        self.made[contact.pk] = candidate
        return contact.pk

    def add_to(self, contact_id: UUID, candidate: Candidate) -> None:
        if contact_id in self.made:
            self._fold(self.made[contact_id], candidate, contact_id)
        else:
            self.added.setdefault(contact_id, []).append(candidate)

    def _fold(self, first: Candidate, more: Candidate, contact_id: UUID) -> None:
        """Two rows of this chunk mean the same new contact."""
        contact = next(one for one in self.contacts if one.pk == contact_id)
        for name in additions.FILLED:
            if more.get(name) and not getattr(contact, name):
                setattr(contact, name, more[name])
                first[name] = more[name]
        contact.tags = sorted({*contact.tags, *more.get("tags", [])})
        has = {phone["e164"] for phone in first["phones"]}
        first["phones"] += [phone for phone in more["phones"] if phone["e164"] not in has]
        first["emails"] += [email for email in more["emails"] if email not in first["emails"]]
        contact.search_key = name_key(first)

    def write(self) -> None:
        existing = (
            Contact.objects.filter(pk__in=self.added)
            .select_for_update(of=("self",))
            .order_by("pk")
            .prefetch_related("contact_phones__phone", "emails")
            .in_bulk()
        )
        audit: list[AuditEvent] = []
        phones: list[tuple[Contact, dict[str, Any], bool]] = []
        emails: list[ContactEmail] = []
        for contact_id, candidates in self.added.items():
            self._extend(existing[contact_id], candidates, phones, emails, audit)
        for contact in self.contacts:
            candidate = self.made[contact.pk]
            phones += [(contact, phone, index == 0) for index, phone in enumerate(candidate["phones"])]
            emails += [ContactEmail(contact=contact, email=email, is_primary=i == 0) for i, email in enumerate(candidate["emails"])]
        self._employers()
        Contact.objects.bulk_create(self.contacts)
        remember_words([word for contact in [*self.contacts, *existing.values()] for word in contact.search_key.split()])
        self._phones(phones)
        ContactEmail.objects.bulk_create(emails, ignore_conflicts=True)
        made = [(contact, self.made[contact.pk]) for contact in self.contacts]
        ContactAddress.objects.bulk_create(ContactAddress(contact=c, text=one["address"][:500]) for c, one in made if one.get("address"))
        Note.objects.bulk_create(Note(contact=c, text=one["notes"], by=self.batch.by) for c, one in made if one.get("notes"))
        audit += [entry(c, "add", by=self.batch.by, now=self.now, before={}, batch=self.batch.pk) for c in self.contacts]
        record_many(audit)
        pairs = [(contact.pk, phone["e164"]) for contact, phone, _ in phones]
        for _, tell in numbers_gained:
            tell(pairs)

    def _extend(
        self, contact: Contact, candidates: Sequence[Candidate], phones: list[Any], emails: list[Any], audit: list[AuditEvent]
    ) -> None:
        before = snapshot(contact)
        given: set[str] = set()
        for candidate in candidates:
            addition = additions.to_contact(contact, candidate)
            for name, value in addition.fields.items():
                setattr(contact, name, value)
            has_any = bool(contact.contact_phones.all()) or bool(given)
            for phone in addition.phones:
                if phone["e164"] not in given:
                    phones.append((contact, phone, not has_any))
                    given.add(phone["e164"])
                    has_any = True
            has_mail = bool(contact.emails.all())
            emails += [
                ContactEmail(contact=contact, email=email, is_primary=not has_mail and not i) for i, email in enumerate(addition.emails)
            ]
            if not addition:
                continue
            contact.search_key = name_key({name: getattr(contact, name) for name in additions.FILLED})
            if "time_zone" in addition.fields:
                contact.time_zone_source = Contact.TimeZoneSource.EXPLICIT
        if before != snapshot(contact) or given:
            contact.version += 1
            contact.save()
            audit.append(
                entry(contact, "alter", by=self.batch.by, now=self.now, before=before, batch=self.batch.pk, phones_added=sorted(given))
            )

    def _employers(self) -> None:
        """A row may name an employer: the company we have under that name, or a new one."""
        named = {contact.pk: one["employer"] for contact in self.contacts if (one := self.made[contact.pk]).get("employer")}
        if not named:
            return
        keys = {name: name_key({"company_name": name}) for name in set(named.values())}
        companies = {
            key: company
            for company in Contact.objects.living().filter(kind=Contact.Kind.COMPANY, search_key__in=keys.values())
            for key in [company.search_key]
        }
        companies |= {one.search_key: one for one in self.contacts if one.kind == Contact.Kind.COMPANY}
        for name, key in sorted(keys.items()):
            if key and key not in companies:
                company = Contact(id=uuid7(), kind=Contact.Kind.COMPANY, company_name=name[:200], source=self.batch.source, search_key=key)
                companies[key] = company
                self.contacts.insert(0, company)
                self.made[company.pk] = {"kind": "company", "company_name": name[:200], "phones": [], "emails": []}
        for contact in self.contacts:
            employer = companies.get(keys.get(named.get(contact.pk, ""), ""))
            if employer and employer.pk != contact.pk:
                contact.employer = employer
        self.contacts.sort(key=lambda one: one.employer_id is not None)

    def _phones(self, links: list[tuple[Contact, dict[str, Any], bool]]) -> None:
        wanted = {phone["e164"]: phone for _, phone, _ in links}
        PhoneNumber.objects.bulk_create(
            [
                PhoneNumber(
                    e164=e164,
                    reversed=reversed_digits(e164),
                    raw_first_seen=phone.get("raw", "")[:200],
                    line_type=phone.get("line_type", "unknown"),
                    region=phone.get("region", ""),
                    time_zone=only_zone([e164]),
                )
                for e164, phone in sorted(wanted.items())
            ],
            ignore_conflicts=True,
        )
        rows = {row.e164: row for row in PhoneNumber.objects.filter(e164__in=wanted)}
        order: dict[UUID, int] = {}
        made = []
        for contact, phone, is_primary in links:
            order[contact.pk] = order.get(contact.pk, -1) + 1
            label = "mobile" if phone.get("line_type") == "mobile" else "other"
            made.append(
                ContactPhone(
                    contact=contact,
                    phone=rows[phone["e164"]],
                    label=label,
                    extension=phone.get("extension", ""),
                    is_primary=is_primary,
                    order=order[contact.pk],
                )
            )
        ContactPhone.objects.bulk_create(made, ignore_conflicts=True)
