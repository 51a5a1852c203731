"""What left the house about a contact: e-mails, and news for other systems. Whoever is erased is taken out of what is kept of it."""

from typing import Any
from uuid import UUID

from django.utils import timezone

from config.platform import mailing, outbox
from crm import old_ids
from crm.erasure import Holder
from crm.models import ContactEmail


def _ids(contact_id: UUID) -> list[UUID]:
    """The contact, and those that were merged into it: what was told of them then bears their ids."""
    return [contact_id, *old_ids.within(contact_id)]


def _addresses(contact_id: UUID) -> list[str]:
    return list(ContactEmail.objects.filter(contact=contact_id).values_list("email", flat=True))


def _letters(contact_id: UUID) -> list[dict[str, Any]]:
    found = mailing.of_contacts(_ids(contact_id), _addresses(contact_id)).order_by("owed_at", "id")
    return [dict(one) for one in found.values("id", "to", "subject", "text", "owed_at", "sent_at")]


def _forget_letters(contact_id: UUID) -> int:
    return mailing.forget_contacts(_ids(contact_id), _addresses(contact_id), now=timezone.now())


def _news(contact_id: UUID) -> list[dict[str, Any]]:
    found = outbox.about(_ids(contact_id)).order_by("occurred_at", "id")
    return [dict(one) for one in found.values("id", "type", "subject_kind", "subject_id", "occurred_at", "data")]


def _forget_news(contact_id: UUID) -> int:
    return outbox.forget_contacts(_ids(contact_id))


#: Registered with ``crm.erasure.holders``.
LETTERS = Holder(_letters, _forget_letters)
NEWS = Holder(_news, _forget_news)
