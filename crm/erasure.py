"""Take a person out of the base: what tells who it was goes, what happened and how often stays.

Every app that keeps something about a contact registers a holder: what it knows, and how it takes the person out of that. One
transaction does it all, or nothing; whoever is erased already is not erased again.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, ProtectedError

from config.platform import forgetting, outbox
from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import User
from config.platform.moves import check_version
from config.platform.registry import Registry
from crm import contact_rows, traces
from crm.exporting import jobs as exports
from crm.models import Contact, NameWord, PhoneNumber
from crm.old_ids import refuse_merged, within


@dataclass(frozen=True)
class Holder:
    """Something that keeps data about people.

    ``personal_data(contact_id)`` is all of it, JSON-able; ``pseudonymise(contact_id)`` takes the person out of it and answers
    how many rows it changed. Both run before the contact itself is changed, so names and numbers can still be looked up.
    """

    personal_data: Callable[[UUID], list[dict[str, Any]]]
    pseudonymise: Callable[[UUID], int]

    def __call__(self, contact_id: UUID) -> list[dict[str, Any]]:
        return self.personal_data(contact_id)


holders: Registry[Holder] = Registry("what is kept about people, and how they are taken out of it")
#: Reasons, as sentences, why a contact may not be erased now; none when it may.
vetoes: Registry[Callable[[UUID], list[str]]] = Registry("reasons why a contact may not be erased now")


class ErasureVetoed(Refusal):
    """Something open or kept by law stands against it; `reasons` says what. Bring it to an end first."""

    code = "erasure_vetoed"
    advice = "Bring to an end what `reasons` lists, then erase. A dry run shows the reasons without erasing."


class ConfirmationWrong(Refusal):
    """`confirm` must be the contact's `display_name`, letter for letter: an erasure cannot be undone."""

    code = "confirmation_wrong"
    status = 400
    advice = "Read the contact, show its `display_name`, and send exactly that as `confirm`."


@dataclass
class Erased:
    """What an erasure did, or in a dry run would do: rows by holder, and the reasons that stand against it."""

    contact_id: UUID
    anonymised_at: datetime | None = None
    is_dry_run: bool = False
    counts: dict[str, int] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)


def reasons_against(contact_id: UUID) -> list[str]:
    """Why a contact may not be erased now, from every app that has a say."""
    return [reason for _, veto in vetoes for reason in veto(contact_id)]


def erase(
    contact_id: UUID,
    *,
    reason: str,
    confirm: str | None = None,
    is_dry_run: bool = False,
    with_answers: bool = True,
    if_version: int | None = None,
    by: User | None,
    now: datetime,
) -> Erased:
    """Take everything personal out of a contact and out of all that is kept about it.

    A dry run does the same and takes it back, so its counts are those of the real one. ``with_answers`` False leaves the kept
    answers of requests to whoever erases many and goes through them once.

    Raises:
        ErasureVetoed: and it is not a dry run.
        ConfirmationWrong: ``confirm`` is given and is not the display name.
        VersionConflict, ContactMerged
    """
    with transaction.atomic():
        contact = Contact.objects.select_for_update().get(pk=contact_id)
        refuse_merged(contact)
        check_version(contact, if_version)
        if contact.anonymised_at is not None:
            return Erased(contact_id, contact.anonymised_at, is_dry_run)
        if confirm is not None and confirm != contact_rows.show([contact_id])[0]["display_name"]:
            raise ConfirmationWrong("`confirm` is not the display name of this contact.")
        reasons = reasons_against(contact_id)
        if reasons and not is_dry_run:
            raise ErasureVetoed("It may not be erased now: " + " ".join(reasons), reasons=reasons)
        counts = _take_out(contact, with_answers=with_answers, by=by, now=now)
        if is_dry_run:
            transaction.set_rollback(True)
            return Erased(contact_id, None, True, counts, reasons)
        record(contact, "erase", by=by, now=now, reason=reason, counts=counts)
    return Erased(contact_id, now, False, counts)


def _take_out(contact: Contact, *, with_answers: bool, by: User | None, now: datetime) -> dict[str, int]:
    numbers = traces.own_numbers(contact.pk)
    words = " ".join(Contact.objects.filter(pk__in=[contact.pk, *within(contact.pk)]).values_list("search_key", flat=True)).split()
    counts = {"export_files": exports.withdraw_all_with(contact.pk, by=by, now=now)}
    for name, holder in holders:
        counts[name] = holder.pseudonymise(contact.pk)
    outbox.forget_contacts([contact.pk, *within(contact.pk)])  # what the holders themselves told when they called something off
    if with_answers:
        counts["answers"] = forget_answers([*traces.subjects(contact.pk), *numbers])
    counts["emails"] = contact.emails.all().delete()[0]
    counts["addresses"] = contact.addresses.all().delete()[0]
    counts["phones"] = _give_up_numbers(contact, numbers)
    _rename(contact, now)
    _forget_words(words)
    return counts


def forget_answers(known_by: Iterable[UUID | str]) -> int:
    """Empty the kept answers to requests that tell of these ids (of contacts, of their notes) or numbers."""
    known = [str(one) for one in known_by]
    return forgetting.forget_answers(lambda body: any(one in body for one in known))


def _rename(contact: Contact, now: datetime) -> None:
    """A pseudonym for the name; nothing finds it by the old one."""
    pseudonym = f"Erased {contact.pk.hex[-6:]}"
    is_company = contact.kind == Contact.Kind.COMPANY
    contact.surname, contact.company_name = ("", pseudonym) if is_company else (pseudonym, "")
    contact.name = contact.patronymic = contact.external_id = contact.search_key = ""
    contact.tags, contact.custom_fields, contact.employer = [], {}, None
    contact.anonymised_at = now
    contact.version += 1
    contact.save()


def _give_up_numbers(contact: Contact, own: list[str]) -> int:
    """Numbers that others have too stay theirs; those of this contact alone go, unless somebody else's records need the row."""
    shared = contact.contact_phones.exclude(phone__e164__in=own).values("phone")
    PhoneNumber.objects.filter(pk__in=shared).update(raw_first_seen=F("e164"))
    given_up = contact.contact_phones.all().delete()[0]
    for phone in PhoneNumber.objects.filter(e164__in=own):
        try:
            with transaction.atomic():
                phone.delete()
        except ProtectedError:
            PhoneNumber.objects.filter(pk=phone.pk).update(raw_first_seen="")
    return given_up


def _forget_words(words: list[str]) -> None:
    """Words that no other name holds: a mistyped search must not offer them any more."""
    for word in words:
        if not Contact.objects.filter(search_key__contains=f" {word} ").exists():
            NameWord.objects.filter(pk=word[:100]).delete()
