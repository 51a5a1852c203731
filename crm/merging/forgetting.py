"""What merges keep about people, and how it is forgotten when somebody is erased. A merge that was forgotten is not undone any more."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from crm import old_ids
from crm.models import Contact, MergeRecord

PSEUDONYM = "Erased"


def _records(contact_id: UUID) -> QuerySet[MergeRecord]:
    ids = [contact_id, *old_ids.within(contact_id)]
    return MergeRecord.objects.filter(Q(survivor__in=ids) | Q(loser__in=ids))


def personal_data(contact_id: UUID) -> list[dict[str, Any]]:
    """The merges of a contact, with what both were before."""
    return [
        {
            "merged_at": row.merged_at,
            "by": str(row.by) if row.by else None,
            "reason": row.reason,
            "before": row.before,
            "status": row.status,
        }
        for row in _records(contact_id).select_related("by").order_by("id")
    ]


def pseudonymise(contact_id: UUID) -> int:
    """Take the person out of the contacts that were merged into this one, and out of the images that merges keep."""
    now: datetime = timezone.now()
    changed = _records(contact_id).update(before={}, after={}, remembered={}, conflicts=[], choices={}, reason="")
    for loser in Contact.objects.filter(pk__in=old_ids.within(contact_id), anonymised_at=None):
        loser.surname, loser.company_name = ("", PSEUDONYM) if loser.kind == Contact.Kind.COMPANY else (PSEUDONYM, "")
        loser.name = loser.patronymic = loser.external_id = loser.search_key = ""
        loser.tags, loser.custom_fields, loser.employer, loser.anonymised_at = [], {}, None, now
        loser.version += 1
        loser.save()
        changed += 1
    return changed
