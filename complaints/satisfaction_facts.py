"""What customers said of the outcome, where a person is to be shown all that is kept of them, or taken out of it."""

from typing import Any
from uuid import UUID

from complaints.models import Satisfaction
from config.platform import forgetting
from crm.erasure import Holder

ERASED = "(erased)"
#: What audit events of answers may go on telling.
TELLING = frozenset(
    {
        "state", "complaint_id", "cycle", "department_id", "topic_id", "agent_id", "asked_at", "asked_via", "expires_at", "answered_at",
        "answered_via", "score", "is_solved", "call_id", "by_id", "digest",
    }
)  # fmt: skip


def personal_data(contact_id: UUID) -> list[dict[str, Any]]:
    """Every question about the contact's complaints, with what they answered."""
    names = ("complaint__number", "cycle", "state", "asked_at", "asked_via", "answered_at", "answered_via", "score", "is_solved", "comment")
    return list(Satisfaction.objects.filter(complaint__contact=contact_id).order_by("id").values(*names))


def pseudonymise(contact_id: UUID) -> int:
    """Their words go, and a link that is out is good no more; the scores stay. Answers how many."""
    rows = list(Satisfaction.objects.filter(complaint__contact=contact_id))
    for row in rows:
        row.comment, row.digest = ERASED if row.comment else "", None
    Satisfaction.objects.bulk_update(rows, ["comment", "digest"], batch_size=500)
    forgetting.forget_changes([row.pk for row in rows], telling=TELLING)
    return len(rows)


HOLDER = Holder(personal_data, pseudonymise)
