"""Everything about a call follows from what phone systems told: it can be read anew and computed anew, and comes out the same.

What people wrote on calls (contact, wrap-up) and which events belong together stays.
"""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.db import transaction

from calls import ingesting, intake
from calls.events import Event
from calls.models import Call, CallEvent, PhoneSystem
from calls.phone_systems import native
from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import User

State = CallEvent.State


class StillUnreadable(Refusal):
    """The event cannot be read as one of a call today either; it stays aside."""

    code = "still_unreadable"
    advice = "Read the event and compare it with the page of its adapter. Have the phone system send it again in the right form."


class StillContradicts(Refusal):
    """Another event with this id has other content; the first one counts. It stays aside."""

    code = "still_contradicts"
    advice = "Compare the two events. If the second one is true, have the phone system send it under a new event id."


def replay(event_id: UUID, *, by: User | None, now: datetime) -> UUID:
    """Read an event anew, with what we know of its phone system today, and compute its call anew; answers the call.

    One that was set aside because it could not be read becomes what it should have been, if it can be read now.

    Raises:
        StillUnreadable, StillContradicts
    """
    row = CallEvent.objects.select_related("phone_system").get(pk=event_id)
    if row.phone_system is None:
        raise StillUnreadable("It belongs to no phone system.")
    if row.state != State.QUARANTINED:
        with transaction.atomic():
            _reread(row, row.phone_system)
            if row.call_id is not None:
                refold(row.call_id, row.phone_system, now=now)
                record(Call.objects.get(pk=row.call_id), "replay", by=by, now=now, before={}, event=str(row.pk))
        return row.call_id or _folded(row, now=now)
    if row.call_key:
        raise StillContradicts("Another event with this id has other content, and the first one counts.")
    return _take_again(row, row.phone_system, by=by, now=now)


def _folded(row: CallEvent, *, now: datetime) -> UUID:
    call = intake.fold_key(row.phone_system, row.call_key, now=now)  # type: ignore[arg-type]
    if call is None:
        raise StillUnreadable("It could not be made a part of a call.")
    return call


def _take_again(row: CallEvent, system: PhoneSystem, *, by: User | None, now: datetime) -> UUID:
    bodies, problem = ingesting.read(system, row.raw)
    call = None
    with transaction.atomic():
        held = CallEvent.objects.select_for_update().get(pk=row.pk)
        if held.state == State.QUARANTINED:
            for body in bodies:
                raw = body.pop("raw", row.raw)
                try:
                    call = intake.receive(system, body, now=row.received_at, raw=raw).call_id or call
                except native.EventUnreadable as refusal:
                    problem = refusal.detail
        if call is None:
            raise StillUnreadable(problem or "Nothing in it tells of a call.")
        CallEvent.objects.filter(pk=row.pk).update(state=State.REPLAYED, call=call, error="")
        record(Call.objects.get(pk=call), "replay", by=by, now=now, before={}, event=str(row.pk))
    return call


def _reread(row: CallEvent, system: PhoneSystem) -> None:
    """What the event means today. Its keys stay: they say which call it belongs to and what it is a double of."""
    for body in ingesting.read(system, row.raw)[0]:
        try:
            event = native.parse(
                {name: value for name, value in body.items() if name != "raw"},
                received_at=row.received_at,
                naive_time_zone=system.naive_time_zone,
            )
        except (native.EventUnreadable, AttributeError):
            continue
        if event.dedupe_key == row.dedupe_key and event.call_key == row.call_key:
            _write(row, event, system)
            return


def _write(row: CallEvent, event: Event, system: PhoneSystem) -> None:
    row.normalised, row.type, row.occurred_at = event.to_json(), event.type, event.occurred_at
    if row.state in (State.PROJECTED, State.IGNORED):
        row.state = intake.state_of(system, event)
    row.save(update_fields=["normalised", "type", "occurred_at", "state"])


def refold(call_id: UUID, system: PhoneSystem, *, now: datetime) -> None:
    """Compute one call from its events, under its lock."""
    with transaction.atomic():
        call = Call.objects.select_for_update(of=("self",), no_key=True).get(pk=call_id)
        intake.refold(call, system=system, now=now)


def rebuild(system: PhoneSystem, *, since: datetime | None = None, now: datetime, size: int = 200) -> Iterator[int]:
    """Read and compute anew every call of a phone system (that began ``since`` then), eldest first; tells how many are done.

    A call at a time is locked, so that work goes on meanwhile; stopped and begun again it does the same.
    """
    calls = Call.objects.filter(phone_system=system, source=Call.Source.EVENT).order_by("started_at", "id")
    if since is not None:
        calls = calls.filter(started_at__gte=since)
    done = 0
    for call_id in list(calls.values_list("pk", flat=True)):
        with transaction.atomic():
            if Call.objects.select_for_update(of=("self",), no_key=True).filter(pk=call_id).exists():
                for row in CallEvent.objects.counting().filter(call=call_id):
                    _reread(row, system)
                refold(call_id, system, now=now)
        done += 1
        if done % size == 0:
            yield done
    yield done
