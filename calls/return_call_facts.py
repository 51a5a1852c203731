"""What return calls tell the rest of the house, and what they are told by it: whose they are, who may not be called, what is open."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from calls import return_call_settling as settling
from calls.models import ReturnCall
from config.platform import forgetting, outbox, statements
from config.platform.models import User
from crm import traces
from crm.erasure import Holder
from crm.models import ContactPhone
from crm.models.consent import ERASED
from crm.suppression import Stop
from crm.timeline import Happening, Position, older

Because = ReturnCall.Because
OPEN = """
SELECT id, status AS state, reason, queue, times_called, due_at, assignee_id AS assignee FROM calls_returncall
WHERE status IN ('open', 'assigned', 'in_progress') AND ((e164 = %(e164)s AND e164 <> '') OR contact_id = ANY(%(contacts)s::uuid[]))
ORDER BY due_at, id LIMIT 10
"""
#: Return calls of these numbers that were nobody's become those of the only contact that has the number.
CLAIM = """
UPDATE calls_returncall r SET contact_id = o.contact, version = r.version + 1, updated_at = now() FROM (
    SELECT p.e164, min(l.contact_id::text)::uuid AS contact FROM crm_phonenumber p JOIN crm_contactphone l ON l.phone_id = p.id
    WHERE p.e164 = ANY(%s) GROUP BY p.e164 HAVING count(DISTINCT l.contact_id) = 1) o
WHERE r.e164 = o.e164 AND r.contact_id IS NULL RETURNING r.e164
"""
#: What audit events of return calls may go on telling: it tells of nobody.
TELLING = frozenset(
    {
        "status", "queue", "department_id", "reason", "first_call_id", "last_call_id", "first_call_at", "last_call_at", "times_called",
        "due_at", "place_kept_from", "urgent_at", "assignee_id", "taken_at", "overdue_told_at", "closed_at", "closed_by_id",
        "closed_by_call_id", "settled_at", "response_s", "cancelled_because", "contact_id", "calls", "told",
    }
)  # fmt: skip


def open_matters() -> str:
    """Registered with ``crm.lookup.open_matters``: the calls that we owe this number or these contacts, the most urgent first."""
    return OPEN


def of_contact(contact_id: UUID, before: Position, limit: int) -> list[Happening]:
    """Registered with ``crm.timeline.sources``."""
    rows = (
        ReturnCall.objects.filter(older("first_call_at", before), contact=contact_id)
        .select_related("assignee", "closed_by")
        .order_by("-first_call_at", "-id")[:limit]
    )
    return [
        Happening(
            row.first_call_at,
            "return_call",
            row.pk,
            {
                "state": row.status,
                "reason": row.reason,
                "queue": row.queue,
                "times_called": row.times_called,
                "due_at": row.due_at,
                "assignee": str(row.assignee) if row.assignee else None,
                "result": row.result,
                "response_s": row.response_s,
            },
            by=str(row.closed_by) if row.closed_by else None,
            resource="return-calls",
        )
        for row in rows
    ]


def gained(links: Sequence[tuple[UUID, str]]) -> None:
    """Registered with ``crm.contacts.numbers_gained``: return calls of these numbers become the contact's, and what was said with the
    contact by other numbers meanwhile settles them."""
    gained_ones = {e164 for _, e164 in links}
    numbers = sorted(set(ReturnCall.objects.filter(e164__in=gained_ones, contact=None).values_list("e164", flat=True)))
    if not numbers:
        return
    settling.hold(numbers)  # before the rows, as whoever settles them does
    claimed = {row[0] for row in statements.rows(CLAIM, [numbers])}
    if claimed:
        owed = set(ReturnCall.objects.owed().filter(e164__in=claimed).values_list("e164", flat=True))
        settling.settle(owed, now=timezone.now())


def stop(stops: Sequence[Stop]) -> None:
    """Registered with ``crm.suppression.told``: who is not to be called at all any more is not called back either.

    A suppression for one purpose leaves the return of their own call as it is.
    """
    meant = [one for one in stops if one.kind == "suppression" and not one.purpose and one.channel in ("", "call")]
    contacts, numbers = {one.contact_id for one in meant if one.contact_id}, {one.e164 for one in meant if one.e164}
    if not contacts and not numbers:
        return
    numbers |= set(ContactPhone.objects.filter(contact__in=contacts).values_list("phone__e164", flat=True))
    now = timezone.now()
    for row in ReturnCall.objects.owed().filter(Q(contact__in=contacts) | Q(e164__in=numbers)).order_by("id"):
        if settling.suppressed(row.e164, row.contact_id, now):
            settling.cancel(row.pk, because=Because.SUPPRESSED, now=now)


NOBODYS = """
SELECT r.id FROM calls_returncall r WHERE r.contact_id IS NULL AND r.e164 IN (
    SELECT p.e164 FROM crm_contactphone l JOIN crm_phonenumber p ON p.id = l.phone_id WHERE l.contact_id = ANY(%s))
"""


def joined(survivor: UUID, loser: UUID, by: User | None, now: datetime) -> dict[str, Any]:
    """Registered with ``crm.merging.joined``: remembers the return calls that were nobody's because both have the number."""
    settling.hold(ReturnCall.objects.filter(contact__in=[survivor, loser]).values_list("e164", flat=True))  # before a merge moves the rows
    return {"waited": [str(row[0]) for row in statements.rows(NOBODYS, [[survivor, loser]])]}


def parted(survivor: UUID, loser: UUID, remembered: dict[str, Any], by: User | None, now: datetime) -> None:
    """Registered with ``crm.merging.parted``: those are nobody's again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE calls_returncall SET contact_id = NULL, version = version + 1, updated_at = now() "
            "WHERE id = ANY(%s::uuid[]) AND contact_id = %s",
            [remembered["waited"], survivor],
        )


def of_person(contact_id: UUID) -> QuerySet[ReturnCall]:
    """A contact's return calls, and those of a number that only this contact has and that nobody was named for."""
    return ReturnCall.objects.filter(Q(contact=contact_id) | Q(contact=None, e164__in=traces.own_numbers(contact_id)))


def personal_data(contact_id: UUID) -> list[dict[str, Any]]:
    """All that return calls say about a contact."""
    names = (
        "e164", "status", "reason", "queue", "first_call_at", "last_call_at", "times_called", "due_at", "note", "result", "closed_at",
        "response_s", "created_at",
    )  # fmt: skip
    return list(of_person(contact_id).order_by("first_call_at", "id").values(*names))


def pseudonymise(contact_id: UUID) -> int:
    """The number becomes a token, words go; what is owed is called off. Answers how many."""
    now, tokens = timezone.now(), dict[str, str]()
    rows = list(of_person(contact_id).order_by("id"))
    for row in rows:
        if row.is_owed:
            settling.cancel(row.pk, because=Because.ERASED, now=now)
        token = tokens.setdefault(row.e164, f"erased-{secrets.token_hex(5)}")
        words = {name: ERASED for name in ("note", "result") if getattr(row, name)}
        ReturnCall.objects.filter(pk=row.pk).update(e164=token, **words, updated_at=now)
    outbox.forget_subjects([row.pk for row in rows])
    forgetting.forget_changes([row.pk for row in rows], telling=TELLING)
    return len(rows)


HOLDER = Holder(personal_data, pseudonymise)
