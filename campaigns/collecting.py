"""Building the base: a contact that somebody found in a campaign for it comes in once, whoever finds them and however often."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from campaigns.models import Campaign, Collected
from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import User
from crm import contacts, lookup, phone_book
from crm.contacts import NothingKnown
from crm.models import Contact


class NotCollecting(Refusal):
    """No contacts are collected in this campaign now: `kind` and `campaign_status` say why."""

    code = "not_collecting"
    advice = "Start the campaign if `campaign_status` is not `running`. Only one whose `kind` is `collection` takes contacts."


@transaction.atomic
def collect(
    campaign_id: UUID,
    *,
    contact: Contact | None = None,
    phones: Sequence[Mapping[str, Any]] = (),
    emails: Sequence[Mapping[str, Any]] = (),
    force: bool = False,
    reason: str = "",
    by: User,
    now: datetime,
    **fields: Any,
) -> Collected:
    """Bring somebody into the base, or find them there by one of their numbers. The same again changes nothing.

    ``contact`` is somebody who is known; else ``phones``, ``emails``, ``fields`` and ``force`` are those of ``crm.contacts.add``.

    Raises:
        NotCollecting, and as ``crm.contacts.add``
    """
    campaign = Campaign.objects.get(pk=campaign_id)
    if campaign.kind != Campaign.Kind.COLLECTION or campaign.status != Campaign.Status.RUNNING:
        raise NotCollecting("No contacts are collected in this campaign now.", kind=campaign.kind, campaign_status=campaign.status)
    if contact is None and not phones and not emails:
        raise NothingKnown("Give a phone or an e-mail, or the contact.")
    known = contact.pk if contact else _known(phones)
    if known is None:
        known = contacts.add(phones=phones, emails=emails, force=force, reason=reason, by=by, now=now, **fields).pk
        is_new = True
    else:
        is_new = False
    row, is_first = Collected.objects.get_or_create(campaign=campaign, contact_id=known, defaults={"is_new": is_new, "by": by, "at": now})
    if is_first:
        record(row, "collect", by=by, now=now, before={})
    return row


def _known(phones: Sequence[Mapping[str, Any]]) -> UUID | None:
    """Whose one of these numbers is. Who asks at once for the same number passes one after the other."""
    numbers = [one.e164 for one in phone_book.read(phones) if one.e164]
    contacts.queue_for(numbers)
    for e164 in numbers:
        if (best := lookup.by_number(lookup.Found(raw=e164, e164=e164)).best) is not None:
            return best
    return None
