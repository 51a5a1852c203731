"""Lists of contacts, put together by hand, from a filter or from an import."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from campaigns.models import ContactList, ContactListMember
from config.platform import upkeep
from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import User
from crm import contact_filters
from crm.models import Contact, ContactPhone
from crm.old_ids import who_is_left

MOST = 10_000


class TooManyMembers(Refusal):
    """At most 10,000 contacts in one request: send them in several."""

    code = "too_many_members"
    status = 400
    advice = "Send the contacts in parts of at most 10,000."


def add(*, name: str, about: str = "", query: Mapping[str, Any] | None = None, by: User | None, now: datetime) -> ContactList:
    """Make a list; with ``query`` of the contacts that fit it now.

    Raises:
        IntegrityError: the name is taken.
        FilterInvalid, SearchTooShort
    """
    with transaction.atomic():
        row = upkeep.add(ContactList, name=name, about=about, by=by, now=now) if by is None else _owned(name, about, by, now)
        if query:
            found = contact_filters.select(query, now=now).order_by("pk").values_list("pk", flat=True)
            made = (ContactListMember(contact_list=row, contact_id=one, added_at=now, by=by) for one in found.iterator(chunk_size=2000))
            ContactListMember.objects.bulk_create(made, batch_size=2000)
    return row


def _owned(name: str, about: str, by: User, now: datetime) -> ContactList:
    row = ContactList.objects.create(name=name, about=about, by=by)
    record(row, "add", by=by, now=now, before={})
    return row


@transaction.atomic
def add_members(
    list_id: UUID, *, contacts: Sequence[UUID] = (), phones: Sequence[str] = (), by: User | None, now: datetime
) -> dict[str, int]:
    """Put contacts on a list, by their ids or by E.164 numbers (all who have the number). Answers what became of them.

    Raises:
        TooManyMembers
    """
    row = ContactList.objects.select_for_update().get(pk=list_id)
    wanted, unknown = _meant(contacts, phones)
    made = [ContactListMember(contact_list=row, contact_id=one, added_at=now, by=by) for one in sorted(wanted)]
    before = row.members.count()
    ContactListMember.objects.bulk_create(made, ignore_conflicts=True, batch_size=2000)
    added = row.members.count() - before
    if added:
        record(row, "add_members", by=by, now=now, before={}, added=added)
    return {"added": added, "already": len(wanted) - added, "unknown": unknown}


@transaction.atomic
def remove_members(
    list_id: UUID, *, contacts: Sequence[UUID] = (), phones: Sequence[str] = (), by: User | None, now: datetime
) -> dict[str, int]:
    """Take contacts off a list.

    Raises:
        TooManyMembers
    """
    row = ContactList.objects.select_for_update().get(pk=list_id)
    wanted, unknown = _meant(contacts, phones)
    removed, _ = row.members.filter(contact__in=wanted).delete()
    if removed:
        record(row, "remove_members", by=by, now=now, before={}, removed=removed)
    return {"removed": removed, "not_on_it": len(wanted) - removed, "unknown": unknown}


def _meant(contacts: Sequence[UUID], phones: Sequence[str]) -> tuple[set[UUID], int]:
    """The contacts that are there, and how many of those that were named are not."""
    if len(contacts) + len(phones) > MOST:
        raise TooManyMembers(f"You sent {len(contacts) + len(phones)}; at most {MOST} at a time.")
    left = who_is_left(set(contacts))
    ids = {left.get(one, one) for one in contacts}
    found = set(Contact.objects.living().filter(pk__in=ids).values_list("pk", flat=True))
    numbers = set(phones)
    of_numbers = list(
        ContactPhone.objects.filter(phone__e164__in=numbers, contact__merged_into=None).values_list("phone__e164", "contact_id")
    )
    unknown = len(ids - found) + len(numbers - {e164 for e164, _ in of_numbers})
    return found | {contact_id for _, contact_id in of_numbers}, unknown
