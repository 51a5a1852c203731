"""The door of every event: store it, tell doubles apart, fold the call anew. What was stored is answered 2xx.

One event is folded in the transaction that stores it, so that the answer carries the call. Should folding fail, for a bug
or because somebody holds the call too long, the event is kept as ``accepted`` and the sweep folds it later: the phone
system must not learn of our troubles, for many of them drop an event, or the whole address, after an error.
"""

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import zip_longest
from typing import Any
from uuid import UUID

import orjson
from django.db import Error, connection, transaction
from django.db.models import F, Q

from calls import consequences, folding, joining
from calls.events import Event
from calls.facts import CallFacts
from calls.models import Call, CallEvent, CallKey, CallLeg, PhoneSystem
from calls.phone_systems import adapters, native
from config.platform import statements
from config.platform.queue import later
from crm.phone_numbers import NumberInvalid, is_withheld, parse

logger = logging.getLogger(__name__)
ACCEPTED, DUPLICATE, QUARANTINED, REJECTED = "accepted", "duplicate", "quarantined", "rejected"
SEEN_EVERY = timedelta(seconds=10)
RETRY = (timedelta(seconds=10), timedelta(hours=1))


EVENTS = "SELECT normalised::text, received_at FROM calls_callevent WHERE call_id = %s AND state IN ('accepted', 'projected', 'ignored')"
OWNERS = "SELECT DISTINCT l.contact_id FROM crm_contactphone l JOIN crm_phonenumber p ON p.id = l.phone_id WHERE p.e164 = %s LIMIT 2"
STANDING = (
    "SELECT agent_id, state, is_held FROM calls_callleg WHERE call_id = %s AND agent_id IS NOT NULL AND state IN ('ringing', 'answered')"
)
PEOPLE = "SELECT extension, user_id FROM calls_agentextension WHERE phone_system_id = %s AND extension = ANY(%s) AND is_active"


@cache
def _call_columns() -> statements.Columns[Call]:
    return statements.Columns(Call, "c")


@dataclass
class Receipt:
    """What became of one event. ``call_id`` is empty while the call still waits to be folded."""

    status: str
    event_id: UUID | None = None
    call_id: UUID | None = None


class _Contradicts(Exception):
    """An event with this id but other content is there already: what was begun for this one must not stay."""


def receive(system: PhoneSystem, body: Any, *, now: datetime, raw: Any = None) -> Receipt:
    """Take one event of a phone system; ``raw`` is what it was made of, when that is not the body itself.

    Raises:
        EventUnreadable: it has no usable ``type`` or ``call_id``; nothing is stored.
    """
    event = native.parse(body, received_at=now, naive_time_zone=system.naive_time_zone)
    _note_life(system, now)
    try:
        with transaction.atomic():
            return _project(system, event, body if raw is None else raw, now)
    except _Contradicts:
        pass
    except Error as error:
        if connection.closed_in_transaction or not connection.is_usable():
            raise
        logger.warning("event_not_folded", extra={"error": type(error).__name__})
    except Exception:
        logger.exception("event_not_folded")
    receipt = store(system, [body], now=now, raws=[raw])[0]
    if isinstance(receipt, native.EventUnreadable):
        raise receipt
    return receipt


def store(system: PhoneSystem, bodies: Sequence[Any], *, now: datetime, raws: Sequence[Any] = ()) -> list[Receipt | native.EventUnreadable]:
    """Take many events at once: all that can be read are stored in one transaction; folding is owed, see ``fold_waiting``.

    The receipts are in the order of the bodies. A double, or the same id with other content, is found as in ``receive``.
    """
    receipts: list[Receipt | native.EventUnreadable] = []
    rows: list[CallEvent] = []
    for body, raw in zip_longest(bodies, raws):
        try:
            event = native.parse(body, received_at=now, naive_time_zone=system.naive_time_zone)
        except native.EventUnreadable as refusal:
            receipts.append(refusal)
            continue
        row = _row(system, event, body if raw is None else raw, now, state=CallEvent.State.ACCEPTED, run_after=now)
        rows.append(row)
        receipts.append(Receipt(ACCEPTED, row.pk))
    _note_life(system, now)
    with transaction.atomic():
        wanted = {row.dedupe_key: row for row in reversed(rows)}
        CallEvent.objects.bulk_create(sorted(wanted.values(), key=lambda row: row.dedupe_key), ignore_conflicts=True, batch_size=500)
        kept = {
            row.dedupe_key: row
            for row in CallEvent.objects.filter(phone_system=system, dedupe_key__in=wanted).only("dedupe_key", "content_hash", "call_id")
        }
        conflicts = []
        given = iter(rows)
        for receipt in receipts:
            if isinstance(receipt, Receipt):
                row = next(given)
                first = kept[row.dedupe_key]
                if first.pk != row.pk:
                    same = first.content_hash == row.content_hash
                    receipt.status, receipt.event_id, receipt.call_id = (DUPLICATE if same else QUARANTINED), first.pk, first.call_id
                    if not same:
                        conflicts.append(_set_aside(row))
        CallEvent.objects.bulk_create(conflicts, ignore_conflicts=True)
        if any(isinstance(receipt, Receipt) and receipt.status == ACCEPTED for receipt in receipts):
            later("calls.fold_waiting_events")
    return receipts


def _project(system: PhoneSystem, event: Event, body: Any, now: datetime) -> Receipt:
    """Store the event as a part of its call, and fold the call."""
    call = _call_of(system, {event.call_key, *event.linked_keys}, event, now)
    row = _row(system, event, body, now, state=state_of(system, event), call=call)
    if not statements.insert_new(row, unique="phone_system_id, dedupe_key"):
        first = CallEvent.objects.only("content_hash", "call_id").get(phone_system=system, dedupe_key=row.dedupe_key)
        if first.content_hash != row.content_hash:
            raise _Contradicts
        # one that came in a batch may still wait
        return Receipt(DUPLICATE, first.pk, first.call_id or fold_key(system, event.call_key, now=now))
    refold(call, system=system, now=now)
    return Receipt(ACCEPTED, row.pk, call.pk)


def fold_waiting(*, now: datetime, limit: int = 500) -> int:
    """Fold the calls of events that were only stored; answers how many events were seen. Safe in any number of workers.

    A call whose folding fails is set aside for a while, longer each time, and does not stop the others.
    """
    waiting = (
        CallEvent.objects.filter(Q(run_after=None) | Q(run_after__lte=now), state=CallEvent.State.ACCEPTED)
        .order_by("run_after", "id")
        .values_list("phone_system_id", "call_key")[:limit]
    )
    seen = list(waiting)
    systems = PhoneSystem.objects.in_bulk({system_id for system_id, _ in seen})
    for system_id, key in dict.fromkeys(seen):
        try:
            fold_key(systems[system_id], key, now=now)
        except Exception as error:
            logger.exception("call_not_folded")
            owed = CallEvent.objects.filter(phone_system=system_id, call_key=key, state=CallEvent.State.ACCEPTED)
            attempts = owed.values_list("attempts", flat=True).first() or 0
            wait = min(RETRY[1], RETRY[0] * 2 ** min(attempts, 10))
            owed.update(attempts=F("attempts") + 1, run_after=now + wait, error=type(error).__name__)
    return len(seen)


@transaction.atomic
def fold_key(system: PhoneSystem, key: str, *, now: datetime) -> UUID | None:
    """Fold the call that this key names, with all its events that wait; None when none does any more."""
    waiting = CallEvent.objects.filter(phone_system=system, call_key=key, state=CallEvent.State.ACCEPTED).order_by("id")
    events = {row.pk: Event.from_json(row.normalised) for row in waiting.only("normalised")}
    if not events:
        return None
    keys = {name for event in events.values() for name in (event.call_key, *event.linked_keys)}
    call = _call_of(system, keys, next(iter(events.values())), now)
    _claim(system, call, events)
    refold(call, system=system, now=now)
    return call.pk


def state_of(system: PhoneSystem, event: Event) -> str:
    """The state of an event that is a part of its call: whether it counts."""
    return CallEvent.State.PROJECTED if adapters.named(system.adapter).is_known(event) else CallEvent.State.IGNORED


def _claim(system: PhoneSystem, call: Call, events: Mapping[UUID, Event]) -> None:
    """Make waiting events a part of their call: only those whose keys, their own and the linked ones, the call has been given."""
    for state in (CallEvent.State.PROJECTED, CallEvent.State.IGNORED):
        ids = [event_id for event_id, event in events.items() if state_of(system, event) == state]
        if ids:
            owed = CallEvent.objects.filter(pk__in=ids, state=CallEvent.State.ACCEPTED)
            owed.update(call=call, state=state, error="", run_after=None)


def _call_of(system: PhoneSystem, keys: set[str], event: Event, now: datetime) -> Call:
    """The one call that these keys name, held until the transaction ends; made if it is new, joined if it was two.

    The keys are held because there may be no call yet; the call's row because it has other keys, and people who write it up.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(key, 7)) FROM unnest(%s::text[]) AS key",
            [sorted(f"{system.pk}:{key}" for key in keys)],
        )
    columns = _call_columns()
    linked = "SELECT {} FROM calls_callkey WHERE phone_system_id = %s AND key = ANY(%s)"
    held = f"SELECT {columns.sql} FROM calls_call c WHERE c.id IN ({linked.format('call_id')}) ORDER BY c.id FOR NO KEY UPDATE"  # noqa: S608
    named = [system.pk, list(keys)]
    while True:  # whoever held a call may have joined it to another meanwhile
        calls = [columns.make(row) for row in statements.rows(held, named)]
        known: dict[str, UUID] = dict(statements.rows(linked.format("key, call_id"), named))
        if set(known.values()) == {call.pk for call in calls}:
            break
    if calls:
        call = calls[0]
        for other in calls[1:]:
            joining.join(call, other, now=now)
    else:
        call = Call(phone_system=system, external_id=event.call_key, started_at=event.occurred_at, last_event_at=now)
        statements.insert(call)
    for key in sorted(keys - known.keys()):
        statements.insert(CallKey(phone_system=system, key=key, call=call))
    return call


def refold(call: Call, *, system: PhoneSystem, now: datetime) -> None:
    """Compute the call from all its events and write what they say. What people wrote (contact, wrap-up) stays."""
    rows = statements.rows(EVENTS, [call.pk])
    told = [(Event.from_json(orjson.loads(normalised)), received_at) for normalised, received_at in rows]
    facts = folding.fold(_understood(system, [event for event, _ in told]), is_ours=lambda raw: _is_ours(raw, system))
    first = min((event for event, _ in told), key=lambda event: event.order)
    people = _people(system, {facts.extension, *(leg.extension for leg in facts.legs)})
    number, before = call.customer_e164, _standing(call)
    _write(call, facts, system=system, people=people)
    call.external_id = first.call_key
    call.last_event_at = max(received_at for _, received_at in told)
    call.is_stale_closed = False
    call.version += 1
    if call.wrap_up_state != Call.WrapUp.DONE:
        was_talk = call.state == Call.State.ENDED and call.agent_id and call.outcome == Call.Outcome.ANSWERED
        call.wrap_up_state = Call.WrapUp.PENDING if was_talk else Call.WrapUp.NONE
    if call.customer_e164 != number and call.match_quality == Call.MatchQuality.EXACT:
        call.contact_id, call.match_quality = None, ""
    if call.contact_id is None and call.customer_e164:
        owners = statements.rows(OWNERS, [call.customer_e164])
        if len(owners) == 1:
            call.contact_id, call.match_quality = owners[0][0], Call.MatchQuality.EXACT
    statements.update(call)
    legs = [_leg(call, leg, people) for leg in facts.legs]
    # a leg that a later event explains away, one that only a record proved for instance, is no leg any more
    statements.rows("DELETE FROM calls_callleg WHERE call_id = %s AND NOT key = ANY(%s)", [call.pk, [leg.key for leg in legs]])
    statements.upsert(legs, unique="call_id, key")
    consequences.follow(call, before, legs, happened_at=facts.last_event_at, now=now)


def _standing(call: Call) -> consequences.Standing:
    """The call as it is in the table."""
    if call.version == 1:  # made a moment ago, for its first event
        return consequences.NOTHING
    people = statements.rows(STANDING, [call.pk])
    return consequences.standing(call, [CallLeg(agent_id=who, state=state, is_held=held) for who, state, held in people])


def _understood(system: PhoneSystem, events: list[Event]) -> Iterable[Event]:
    """What the events say in the words of the fold: the phone system's room interprets those of its own types together."""
    interpret = adapters.named(system.adapter).interpret
    return events if interpret is None else [*interpret(events, system.setting)] or events


def _write(call: Call, facts: CallFacts, *, system: PhoneSystem, people: dict[str, UUID]) -> None:
    for name in (
        "direction", "state", "outcome", "from_raw", "from_name", "to_raw", "to_name", "line", "queue", "queue_position",
        "answered_by_raw", "answered_by_name", "started_at", "queued_at", "first_ring_at", "answered_at", "ended_at",
        "wait_s", "ring_s", "talk_s", "hold_s", "reported_talk_s", "hangup_by", "cause", "cause_text", "is_partial",
    ):  # fmt: skip
        setattr(call, name, getattr(facts, name))
    call.transfers, call.queue_stays, call.recordings = list(facts.transfers), list(facts.queue_stays), list(facts.recordings)
    call.linked_ids, call.flags = list(facts.linked_keys), list(facts.flags)
    call.agent_id = people.get(facts.extension)
    call.from_e164, call.to_e164 = _e164(facts.from_raw, system), _e164(facts.to_raw, system)
    far = {"inbound": call.from_e164, "outbound": call.to_e164}.get(facts.direction, "")
    call.customer_e164 = "" if far in system.own_lines else far


def _leg(call: Call, leg: Any, people: dict[str, UUID]) -> CallLeg:
    return CallLeg(
        call=call,
        key=leg.key,
        party=leg.party,
        agent_id=people.get(leg.extension),
        extension=leg.extension,
        number_raw=leg.number_raw,
        name=leg.name,
        state=leg.state,
        started_at=leg.started_at,
        ring_at=leg.ring_at,
        answered_at=leg.answered_at,
        ended_at=leg.ended_at,
        hold_s=leg.hold_s,
        is_held=any(end is None for _, end in leg.holds),
        cause=leg.cause,
        end_reason=leg.end_reason,
    )


def _people(system: PhoneSystem, extensions: set[str]) -> dict[str, UUID]:
    wanted = extensions - {""}
    if not wanted:
        return {}
    return dict(statements.rows(PEOPLE, [system.pk, list(wanted)]))


def _e164(raw: str, system: PhoneSystem) -> str:
    """The number in E.164; empty for an extension, a withheld number and what cannot be read."""
    if is_withheld(raw):
        return ""
    try:
        return parse(raw, region=system.default_region).e164
    except NumberInvalid:
        return ""


def _is_ours(raw: str, system: PhoneSystem) -> bool:
    if not raw or is_withheld(raw):
        return False
    try:
        number = parse(raw, region=system.default_region)
    except NumberInvalid:
        return False
    return number.is_internal or number.e164 in system.own_lines


def _row(system: PhoneSystem, event: Event, body: Any, now: datetime, **fields: Any) -> CallEvent:
    return CallEvent(
        phone_system=system,
        call_key=event.call_key,
        event_id=event.event_id,
        dedupe_key=event.dedupe_key,
        content_hash=event.content_hash,
        type=event.type,
        occurred_at=event.occurred_at,
        received_at=now,
        normalised=event.to_json(),
        raw=body,
        **fields,
    )


def _set_aside(row: CallEvent) -> CallEvent:
    """The same id with other content is kept where people see it; nobody's call is changed by it."""
    row.state, row.call, row.run_after = CallEvent.State.QUARANTINED, None, None
    row.dedupe_key = f"{row.dedupe_key}#{row.content_hash[:16]}"
    row.error = "Another event with this id has other content."
    return row


def keep_unreadable(system: PhoneSystem, raw: Any, *, reason: str, now: datetime) -> UUID:
    """Keep what came genuinely and could not be read as an event, where people see it and can have it read anew. The same once."""
    raw = {"body": None} if raw is None else raw
    content = hashlib.sha256(orjson.dumps(raw, option=orjson.OPT_SORT_KEYS, default=str)).hexdigest()
    _note_life(system, now)
    row = CallEvent(
        phone_system=system, call_key="", dedupe_key=f"unreadable:{content}", content_hash=content, type="unreadable", occurred_at=now,
        received_at=now, normalised={}, raw=raw, state=CallEvent.State.QUARANTINED, error=reason[:500],
    )  # fmt: skip
    CallEvent.objects.bulk_create([row], ignore_conflicts=True)
    return CallEvent.objects.values_list("pk", flat=True).get(phone_system=system, dedupe_key=row.dedupe_key)


def _note_life(system: PhoneSystem, now: datetime) -> None:
    """When the system was last heard: not at every event, or all of them would wait for this one row."""
    if system.last_event_at is None or now - system.last_event_at > SEEN_EVERY:
        PhoneSystem.objects.filter(pk=system.pk).update(last_event_at=now)
