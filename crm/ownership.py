"""Whose contacts they are: handing over many at once."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from config.platform.history import entry, record_many, snapshot
from config.platform.models import User
from crm import news
from crm.models import Contact

ASSIGNED, UNCHANGED, NOT_FOUND = "assigned", "unchanged", "not_found"


@transaction.atomic
def assign(contact_ids: Sequence[UUID], *, owner: User | None, by: User | None, now: datetime) -> list[str]:
    """Give contacts to somebody, or to nobody; answers a verdict for each, in their order. Seven statements for however many."""
    held = Contact.objects.select_for_update(of=("self",)).filter(pk__in=set(contact_ids)).order_by("pk").in_bulk()
    new_owner = owner.pk if owner else None
    changed, events = [], []
    for contact in held.values():
        if contact.owner_id != new_owner:
            before = snapshot(contact)
            contact.owner, contact.updated_at = owner, now
            contact.version += 1
            changed.append(contact)
            events.append(entry(contact, "assign", by=by, now=now, before=before))
    Contact.objects.bulk_update(changed, ["owner", "version", "updated_at"])
    record_many(events)
    news.tell_of_many(changed, events, now=now)
    moved = {contact.pk for contact in changed}
    return [ASSIGNED if pk in moved else UNCHANGED if pk in held else NOT_FOUND for pk in contact_ids]
