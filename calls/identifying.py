"""Whose call it is: by the number at first, by a person's word when the number does not tell."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from calls import consequences
from calls.models import Call
from config.platform import statements
from config.platform.errors import Refusal
from config.platform.history import record, snapshot
from config.platform.models import User
from config.platform.moves import check_version
from crm import contacts, phone_book
from crm.models import Contact, ContactPhone


class NothingToIdentify(Refusal):
    """Give either `contact` (one we have) or `new_contact` (its fields)."""

    code = "nothing_to_identify"
    status = 400
    advice = "Send exactly one: `contact` with the id of a known contact, or `new_contact` with the fields of a new one."


@transaction.atomic
def identify(
    call_id: UUID,
    *,
    contact: Contact | None = None,
    new_contact: dict[str, Any] | None = None,
    if_version: int | None = None,
    by: User | None,
    now: datetime,
) -> Call:
    """Say who it was. The number becomes theirs, and earlier calls of that number that were nobody's become theirs too.

    Raises:
        NothingToIdentify, VersionConflict
        DuplicateFound and what else ``crm.contacts.add`` refuses.
    """
    if (contact is None) == (new_contact is None):
        raise NothingToIdentify("Give either `contact` or `new_contact`.")
    call = Call.objects.select_for_update().get(pk=call_id)
    check_version(call, if_version)
    before = snapshot(call)
    stood, legs = consequences.as_stored(call)
    if new_contact is not None:
        given = list(new_contact.pop("phones", []))
        if call.customer_e164 and not given:
            given = [{"number": call.customer_e164, "is_primary": True}]
        contact = contacts.add(**new_contact, phones=given, by=by, now=now)
    elif contact is not None and call.customer_e164 and not contact.contact_phones.filter(phone__e164=call.customer_e164).exists():
        _give_number(contact, call.customer_e164, by=by, now=now)
    call.contact, call.match_quality = contact, Call.MatchQuality.IDENTIFIED
    call.version += 1
    call.save(update_fields=["contact", "match_quality", "version", "updated_at"])
    record(call, "identify", by=by, now=now, before=before)
    if contact is not None and call.customer_e164:
        relink([(contact.pk, call.customer_e164)])
    consequences.follow(call, stood, legs, happened_at=now, now=now)
    return call


def _give_number(contact: Contact, e164: str, *, by: User | None, now: datetime) -> None:
    """Add one number behind those the contact has."""
    had = list(contact.contact_phones.order_by("order").values_list("phone__e164", flat=True))
    phone = phone_book.numbers_of([phone_book.read([{"number": e164}])[0].parsed])[e164]
    ContactPhone.objects.create(contact=contact, phone=phone, is_primary=not had, order=len(had))
    Contact.objects.filter(pk=contact.pk).update(version=F("version") + 1, updated_at=timezone.now())
    contact.refresh_from_db(fields=["version"])
    record(contact, "alter", by=by, now=now, phones_before=had, phones_after=[*had, e164])


def is_our_line(e164: str) -> bool:
    """Registered with ``crm.lookup.own_lines``: whether a phone system in use has this line."""
    return bool(statements.rows("SELECT 1 FROM calls_phonesystem WHERE is_active AND %s = ANY(own_lines) LIMIT 1", [e164]))


def relink(gained: Sequence[tuple[UUID, str]]) -> None:
    """Registered with ``crm.contacts.numbers_gained``: calls of these numbers that were nobody's become the contact's.

    A number that several contacts share tells nothing, so its calls wait for a person's word.
    """
    owners: dict[str, set[UUID]] = {}
    for contact_id, e164 in ContactPhone.objects.filter(phone__e164__in={e164 for _, e164 in gained}).values_list(
        "contact_id", "phone__e164"
    ):
        owners.setdefault(e164, set()).add(contact_id)
    _claim([(contact_id, e164) for contact_id, e164 in gained if owners.get(e164) == {contact_id}])


def _claim(gained: Sequence[tuple[UUID, str]]) -> None:
    """One statement, whatever the number of contacts."""
    if not gained:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE calls_call c SET contact_id = g.contact, match_quality = %s, version = version + 1, updated_at = now() "
            "FROM unnest(%s::uuid[], %s::text[]) AS g(contact, e164) WHERE c.customer_e164 = g.e164 AND c.contact_id IS NULL",
            [Call.MatchQuality.EXACT, [str(contact_id) for contact_id, _ in gained], [e164 for _, e164 in gained]],
        )


WAITING = """
SELECT c.id FROM calls_call c WHERE c.contact_id IS NULL AND c.customer_e164 IN (
    SELECT p.e164 FROM crm_contactphone l JOIN crm_phonenumber p ON p.id = l.phone_id WHERE l.contact_id = ANY(%s)
    AND NOT EXISTS (SELECT 1 FROM crm_contactphone o WHERE o.phone_id = l.phone_id AND NOT o.contact_id = ANY(%s)))
"""


def joined(survivor: UUID, loser: UUID, by: User | None, now: datetime) -> dict[str, Any]:
    """Registered with ``crm.merging.joined``: remembers the calls that wait because both have the number. They find their contact now."""
    both = [survivor, loser]
    return {"waited": [str(row[0]) for row in statements.rows(WAITING, [both, both])]}


def parted(survivor: UUID, loser: UUID, remembered: dict[str, Any], by: User | None, now: datetime) -> None:
    """Registered with ``crm.merging.parted``: those calls wait again, unless somebody said since who it was."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE calls_call SET contact_id = NULL, match_quality = '', version = version + 1, updated_at = now() "
            "WHERE id = ANY(%s::uuid[]) AND contact_id = %s AND match_quality = %s",
            [remembered["waited"], survivor, Call.MatchQuality.EXACT],
        )
