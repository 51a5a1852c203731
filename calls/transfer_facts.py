"""What transfers keep about people, and how it is taken out of them."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from calls.erasure import calls_of
from calls.models import CallTransfer
from config.platform import forgetting
from crm import traces
from crm.erasure import Holder
from crm.models.consent import ERASED

#: What audit events of transfers may go on telling: it tells of nobody.
TELLING = frozenset(
    {
        "status", "kind", "at", "call_id", "from_agent_id", "to_agent_id", "to_queue", "to_department_id", "asked_by_id", "asked_at",
        "answered_by_id", "answered_at", "told_at",
    }
)  # fmt: skip


def of_person(contact_id: UUID) -> QuerySet[CallTransfer]:
    """The transfers of a contact's calls. Asked for before the calls themselves are blanked: their holder's name comes later."""
    return CallTransfer.objects.filter(call__in=calls_of(contact_id))


def personal_data(contact_id: UUID) -> list[dict[str, Any]]:
    """Every transfer of the contact's calls, with what was handed on."""
    names = ("at", "status", "kind", "from_raw", "to_queue", "to_number", "to_raw", "note", "context", "decline_reason", "asked_at")
    return list(of_person(contact_id).order_by("at", "id").values(*names))


def pseudonymise(contact_id: UUID) -> int:
    """The words go, and what tells of the person in what the phone system said. Answers how many."""
    known = traces.of(contact_id)
    rows = list(of_person(contact_id))
    for row in rows:
        row.note, row.decline_reason = (ERASED if text else "" for text in (row.note, row.decline_reason))
        row.context, row.to_raw, row.told_key = known.wiped(row.context), known.wiped(row.to_raw), known.wiped(row.told_key)
        row.to_number = "" if known.are_in(row.to_number) and row.asked_at is None else row.to_number
    CallTransfer.objects.bulk_update(rows, ["note", "decline_reason", "context", "to_raw", "told_key", "to_number"], batch_size=500)
    forgetting.forget_changes([row.pk for row in rows], telling=TELLING)
    return len(rows)


HOLDER = Holder(personal_data, pseudonymise)
