"""Callbacks and the rest of the house: calls that settle them, suppressions that end them, merges, the timeline, look-ups, erasure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from calls import callback_feed, callbacks
from calls.consequences import Change
from calls.models import Call, Callback
from config.platform import forgetting, outbox, statements
from config.platform.models import User
from config.platform.moves import transition
from crm import permission, phone_book
from crm.models import Channel, ContactPhone
from crm.suppression import Asked, Stop
from crm.timeline import Happening, Position, older

ERASED = "(erased)"
OPEN = """
SELECT id, status AS state, at, to_char(local_date + local_time, 'YYYY-MM-DD"T"HH24:MI:SS') AS local_time, time_zone, recipient, agent_id AS agent,
    team_id AS team, note FROM calls_callback
WHERE status IN ('scheduled', 'due', 'taken', 'missed')
    AND (contact_id = ANY(%(contacts)s::uuid[]) OR (contact_id IS NULL AND e164 = %(e164)s AND e164 <> '')) ORDER BY at, id LIMIT 10
"""
#: What audit events of callbacks may go on telling.
TELLING = frozenset(
    {
        "status", "contact_id", "purpose", "queue", "at", "local_date", "local_time", "time_zone", "recipient", "agent_id", "team_id", "by_id",
        "asked_at", "asked_by", "taken_by_id", "lease_until", "call_id", "call", "ended_at", "ended_by_id", "missed_at", "passed_on", "step_at",
        "flexibility_s", "grace_s", "reassign_after_s", "fold",
    }
)  # fmt: skip


def settle(change: Change) -> None:
    """Registered with ``calls.consequences``: whoever was spoken with needs no callback that was promised before.

    The one that a call settled is over, so the same call, told or computed again, finds nothing to settle. A call that began before the
    promise was made settles nothing: mostly it is the one on which it was made.
    """
    call, before, after = change.call, change.before, change.after
    same = (after.outcome, after.contact_id, after.customer_e164) == (before.outcome, before.contact_id, before.customer_e164)
    if after.outcome != Call.Outcome.ANSWERED or same or call.direction == Call.Direction.INTERNAL:
        return
    is_inbound = call.direction == Call.Direction.INBOUND
    theirs = callbacks.open_of([after.contact_id] if after.contact_id else [], after.customer_e164)
    if not is_inbound and after.contact_id is None:  # of several who share the number, it was this one whom we called
        theirs |= Q(e164=after.customer_e164) & ~Q(e164="")
    owed = Callback.objects.open().filter(theirs, asked_at__lte=call.answered_at or call.started_at)
    verb = "fulfil" if is_inbound else "reach"
    for callback_id in owed.exclude(origin_kind="call", origin_id=call.pk).order_by("pk").select_for_update().values_list("pk", flat=True):
        with transition(Callback, callback_id, verb, by=None, now=change.now, call=call.pk) as row:
            callback_feed.tell_of(row, "callback.settled", now=change.now, besides=[row.taken_by_id])
            callbacks.end(row, by=call.agent, now=change.now)
            row.call = call


def let_go(stops: Sequence[Stop]) -> None:
    """Registered with ``crm.suppression.told``: callbacks that may not be made any more, at the time they were promised for, are called off."""
    now = timezone.now()
    contacts = [stop.contact_id for stop in stops if stop.contact_id]
    numbers = [stop.e164 for stop in stops if stop.e164]
    shared = ContactPhone.objects.filter(contact__in=contacts).values("phone__e164")
    on = Q(contact__in=contacts) | Q(e164__in=numbers) | (Q(contact=None, e164__in=shared) & ~Q(e164=""))
    for row in Callback.objects.open().filter(on).order_by("pk").select_for_update(of=("self",)):
        about = [Asked(row.e164, row.contact_id)]
        (verdict,) = permission.check(about, purpose=row.purpose, channel=Channel.CALL, at=max(row.at, now))
        if not verdict.allowed:
            callbacks.cancel(row.pk, reason="They may not be called any more.", by=None, now=now)


GAINED = """
UPDATE calls_callback b SET contact_id = g.contact, version = version + 1, updated_at = now()
FROM unnest(%s::uuid[], %s::text[]) AS g(contact, e164)
WHERE b.e164 = g.e164 AND b.contact_id IS NULL AND b.e164 <> ''
    AND (SELECT count(DISTINCT l.contact_id) FROM crm_contactphone l JOIN crm_phonenumber p ON p.id = l.phone_id WHERE p.e164 = g.e164) = 1
    AND NOT (b.ended_at IS NULL AND EXISTS (SELECT 1 FROM calls_callback o WHERE o.contact_id = g.contact AND o.ended_at IS NULL))
"""


def relink(gained: Sequence[tuple[UUID, str]]) -> None:
    """Registered with ``crm.contacts.numbers_gained``: what was promised to a number is promised to the contact that alone has it now."""
    if gained:
        statements.rows(GAINED, [[contact_id for contact_id, _ in gained], [e164 for _, e164 in gained]])


# --- merging
def joined(survivor: UUID, loser: UUID, by: User | None, now: datetime) -> dict[str, Any]:
    """Registered with ``crm.merging.joined``: of two open callbacks the earlier one stays."""
    owed = list(Callback.objects.open().filter(contact__in=[survivor, loser]).order_by("at", "pk").select_for_update(of=("self",)))
    if len(owed) < 2:
        return {"called_off": []}
    callbacks.cancel(owed[1].pk, reason="Merged: the other contact has an earlier one.", by=None, now=now)
    return {"called_off": [str(owed[1].pk)]}


def parted(survivor: UUID, loser: UUID, remembered: Mapping[str, Any], by: User | None, now: datetime) -> None:
    """Registered with ``crm.merging.parted``: what was called off for the merge is promised again, unless something else is by now."""
    for callback_id in remembered["called_off"]:
        row = Callback.objects.select_for_update(of=("self",)).get(pk=callback_id)
        others = Callback.objects.open().filter(contact=row.contact_id)
        if row.status == Callback.Status.CANCELLED and not others.exists():
            with transition(Callback, row.pk, "revive", by=by, now=now, reason="The contacts were parted.") as held:
                held.ended_at = held.ended_by = None
                held.result = ""
                held.step_at = held.at - timedelta(seconds=held.flexibility_s)


# --- the timeline, look-ups, erasure
def of_contact(contact_id: UUID, before: Position, limit: int) -> list[Happening]:
    """Registered with ``crm.timeline.sources``."""
    rows = (
        Callback.objects.filter(older("created_at", before), contact=contact_id)
        .select_related("by", "agent", "team", "ended_by")
        .order_by("-created_at", "-id")[:limit]
    )
    return [
        Happening(
            row.created_at,
            "callback",
            row.pk,
            {
                "state": row.status,
                "at": row.at,
                "local_time": row.wall.isoformat(),
                "time_zone": row.time_zone,
                "recipient": row.recipient,
                "agent": str(row.agent) if row.agent else None,
                "team": str(row.team) if row.team else None,
                "note": row.note,
                "result": row.result,
                "call": str(row.call_id) if row.call_id else None,
            },
            by=str(row.by) if row.by else None,
            resource="callbacks",
        )
        for row in rows
    ]


def open_matters() -> str:
    """Registered with ``crm.lookup.open_matters``: what was promised to these contacts, or to a number that is nobody's."""
    return OPEN


def _of(contact_id: UUID) -> Q:
    return Q(contact=contact_id) | (Q(contact=None, e164__in=phone_book.own_numbers(contact_id)) & ~Q(e164=""))


def personal_data(contact_id: UUID) -> list[dict[str, Any]]:
    """What callbacks say about a contact."""
    names = ("e164", "at", "local_date", "local_time", "time_zone", "purpose", "status", "note", "result", "forced_reason", "created_at")
    return list(Callback.objects.filter(_of(contact_id)).order_by("id").values(*names))


@transaction.atomic
def pseudonymise(contact_id: UUID) -> int:
    """Call off what is open, take words and numbers out; that there were callbacks stays. Answers how many."""
    now, rows = timezone.now(), Callback.objects.filter(_of(contact_id))
    ids = list(rows.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
    for callback_id in rows.open().values_list("pk", flat=True):
        callbacks.cancel(callback_id, reason="Erased.", by=None, now=now)
    found = Callback.objects.filter(pk__in=ids)
    for name in ("note", "result", "forced_reason"):
        found.exclude(**{name: ""}).update(**{name: ERASED})
    found.update(e164="")
    outbox.forget_subjects(ids)
    forgetting.forget_changes(ids, telling=TELLING)
    return len(ids)
