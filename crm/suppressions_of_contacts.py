"""The suppressions of a contact and of its numbers: for its page and its timeline."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from crm.models import ContactPhone, Suppression
from crm.number_keys import keys_of
from crm.timeline import Happening, Position, older


def in_force(contact_id: UUID, *, at: datetime, numbers: Sequence[str] | None = None) -> list[Suppression]:
    """All that is in force for a contact or one of its numbers, newest first."""
    if numbers is None:
        numbers = list(ContactPhone.objects.filter(contact=contact_id).values_list("phone__e164", flat=True))
    hashes = [key for e164 in numbers for key in keys_of(e164)]
    on = Q(contact=contact_id) | Q(e164__in=numbers) | Q(number_hash__in=hashes)
    return list(Suppression.objects.active(at).filter(on).select_related("by").order_by("-id"))


def happenings(contact_id: UUID, before: Position, limit: int) -> list[Happening]:
    """Registered with ``crm.timeline.sources``: what was asked for this contact or for one of its numbers."""
    numbers = ContactPhone.objects.filter(contact=contact_id).values("phone__e164")
    of_numbers = Suppression.objects.filter(e164__in=numbers).exclude(e164="").values("pk")
    rows = Suppression.objects.filter(
        older("created_at", before), pk__in=Suppression.objects.filter(contact=contact_id).values("pk").union(of_numbers)
    )
    shown = rows.select_related("by").order_by("-created_at", "-id")[:limit]
    return [
        Happening(
            row.created_at,
            "suppression",
            row.pk,
            {
                "phone": row.e164 or None,
                "scope": row.scope,
                "purpose": row.purpose,
                "channel": row.channel,
                "source": row.source,
                "list": row.list_code,
                "reason": row.reason,
                "starts_at": row.starts_at,
                "expires_at": row.expires_at,
                "lifted_at": row.lifted_at,
                "origin": row.origin,
                "by": str(row.by) if row.by else None,
            },
            by=str(row.by) if row.by else None,
            resource="suppressions",
        )
        for row in shown
    ]
