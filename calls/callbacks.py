"""Callbacks: promised for a time that the customer chose, taken by one, and kept."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from calls import callback_feed, callback_gate, callback_times, errands
from calls.callback_times import Meant
from calls.models import Callback
from config.platform import origins
from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import User
from config.platform.moves import TransitionNotAllowed, transition
from crm import calling_whom, phone_book
from crm.calling_whom import Subject, Whom
from crm.models import Contact, Team

Recipient, Status = Callback.Recipient, Callback.Status
MOST_LOOKED_AT = 50
A_MOMENT = timedelta(minutes=1)


class WhomToCall(Refusal):
    """Name a `contact`, a `phone`, or both: who is to be called back?"""

    code = "whom_to_call"
    status = 400
    advice = "Send a `contact` id, a `phone`, or both."


class WhenToCall(Refusal):
    """Give either `at` or `local_time`, for a time to come that is not too far away."""

    code = "when_to_call"
    status = 400
    advice = "Send either `at` (an instant with its offset) or `local_time` (their own clock), not both, and in the future."


class AlreadyScheduled(Refusal):
    """They have an open callback already: `callback` is its id. Reschedule that one."""

    code = "callback_already_scheduled"
    advice = "Open the callback whose id is in `callback`, and change its time with `POST /callbacks/{id}/reschedule/`."


class TooManyCallbacks(Refusal):
    """This operator has as many open callbacks as one may have. Give it to a team, or to anyone."""

    code = "too_many_callbacks"
    advice = (
        "Send it with `recipient` `team` or `anyone`, or complete some of the operator's callbacks first. "
        "`most` in the answer is the limit."
    )


class NotYourCallback(Refusal):
    """It is another operator's: they, or a supervisor, may do this."""

    code = "not_your_callback"
    status = 403
    advice = "Leave it to its operator, or ask a supervisor to reassign it to you (`POST /callbacks/{id}/reassign/`)."


@transaction.atomic
def schedule(
    *,
    contact: Contact | None = None,
    phone: str = "",
    at: datetime | None = None,
    local_time: datetime | None = None,
    time_zone: str = "",
    recipient: str = "",
    agent: User | None = None,
    team: Team | None = None,
    origin: Mapping[str, Any] | None = None,
    force: bool = False,
    reason: str = "",
    by: User | None,
    now: datetime,
    **fields: Any,
) -> Callback:
    """Promise to call somebody back: at an instant, or at a wall time of theirs. The zone is theirs when none is named.

    ``fields`` are ``purpose``, ``queue``, ``note``, ``asked_by``, ``flexibility_s``, ``grace_s`` and ``reassign_after_s``. Without a
    purpose it is that of the call in which it was promised. Without a recipient it is the named operator's or team's, else anyone's; a
    team named besides an operator takes it when they do not.

    Raises:
        WhomToCall, WhenToCall, NumberInvalid, NumberIsInternal, OriginUnknown
        AlreadyScheduled: there is an open one for this contact, or this number.
        TooManyCallbacks: the operator has enough.
        MayNotCall: they may not be called then, and it is not forced, or cannot be.
        ForceNotAllowed
    """
    if contact is None and not phone.strip():
        raise WhomToCall("Name `contact`, `phone`, or both.")
    e164 = phone_book.read([{"number": phone}])[0].e164 if phone.strip() else ""
    (subject,) = calling_whom.found([Whom(e164, contact.pk if contact else None)])
    meant = _meant(at, local_time, time_zone, subject, now)
    if origin and "purpose" not in fields and (errand := errands.of(origin["kind"], origin["id"])) is not None:
        fields["purpose"] = errand.purpose
    row = Callback(
        contact_id=subject.contact_id, e164=subject.e164, agent=agent, team=team, recipient=recipient or _usual_recipient(agent, team),
        asked_at=now, by=by, **fields, **origins.columns(origin),
    )  # fmt: skip
    _set_time(row, meant)
    _pass_one_by_one(subject, row.agent_id)
    _refuse_second(subject)
    _refuse_too_many(row)
    row.forced_reason = callback_gate.ask(row, force=force, reason=reason, by=by, now=now)
    row.save(force_insert=True)
    record(row, "schedule", by=by, now=now, before={}, reason=row.forced_reason)
    return row


def take(callback_id: UUID, *, if_version: int | None = None, by: User, now: datetime) -> Callback:
    """Take a callback in hand, to call now. It is yours until ``lease_until``; then it is given back.

    Raises:
        NotYourCallback, MayNotCall, TransitionNotAllowed, VersionConflict
    """
    with transition(Callback, callback_id, "take", by=by, now=now, if_version=if_version) as row:
        _refuse_anothers(row, by)
        callback_gate.now_about([row], by=by, now=now)[0].require(forced=bool(row.forced_reason))
        _lease(row, by, now)
    return row


def next_for(*, by: User, now: datetime) -> Callback | None:
    """The next callback that is due for somebody and may be called now, taken in hand; None when there is none.

    Whoever has one in hand that may be called gets the same again: an answer may be lost. However many ask at once, nobody gets another's.
    What may not be called yet waits for its time.
    """
    in_hand = list(Callback.objects.filter(status=Status.TAKEN, taken_by=by, lease_until__gt=now).order_by("at", "id")[:MOST_LOOKED_AT])
    for row, asked in zip(in_hand, callback_gate.now_about(in_hand, by=by, now=now) if in_hand else (), strict=True):
        if asked.allows(forced=bool(row.forced_reason)):
            return row
    tried: set[UUID] = set()
    while True:
        rows = Callback.objects.callable().for_whom(by).exclude(pk__in=tried).order_by("at", "id")[:MOST_LOOKED_AT]
        seen = list(rows)
        if not seen:
            return None
        for row, asked in zip(seen, callback_gate.now_about(seen, by=by, now=now), strict=True):
            tried.add(row.pk)
            if asked.allows(forced=bool(row.forced_reason)) and _won(row.pk, by, now):
                return Callback.objects.get(pk=row.pk)


def release(callback_id: UUID, *, reason: str = "", if_version: int | None = None, by: User, now: datetime) -> Callback:
    """Give it back without having called.

    Raises:
        NotYourCallback, TransitionNotAllowed, VersionConflict
    """
    with transition(Callback, callback_id, "release", by=by, now=now, reason=reason, if_version=if_version) as row:
        _refuse_anothers_lease(row, by)
        put_back(row, now)
    return row


def complete(callback_id: UUID, *, result: str = "", if_version: int | None = None, by: User, now: datetime) -> Callback:
    """Say that they were called, and what came of it. Of one that an answered call has settled, only what came of it.

    Raises:
        NotYourCallback, TransitionNotAllowed, VersionConflict
    """
    with transition(Callback, callback_id, "complete", by=by, now=now, if_version=if_version) as row:
        if row.status == Status.DONE and row.result:
            raise TransitionNotAllowed("It was written up already.", current=row.status, allowed=row.open_moves())
        if row.status == Status.TAKEN:
            _refuse_anothers_lease(row, by)
            end(row, by=by, now=now)
        row.result = result
    return row


def reschedule(
    callback_id: UUID,
    *,
    at: datetime | None = None,
    local_time: datetime | None = None,
    time_zone: str = "",
    force: bool = False,
    reason: str = "",
    if_version: int | None = None,
    by: User | None,
    now: datetime,
) -> Callback:
    """Promise another time. It stays the same callback; a missed one is no longer missed.

    Raises:
        WhenToCall, MayNotCall, ForceNotAllowed, NotYourCallback, TransitionNotAllowed, VersionConflict
    """
    with transition(Callback, callback_id, "reschedule", by=by, now=now, reason=reason, if_version=if_version) as row:
        _refuse_anothers_lease(row, by)
        (subject,) = calling_whom.found([Whom(row.e164, row.contact_id)])
        _set_time(row, _meant(at, local_time, time_zone or row.time_zone, subject, now))
        row.forced_reason = callback_gate.ask(row, force=force, reason=reason, by=by, now=now)
        row.taken_by = row.lease_until = None
    return row


def reassign(
    callback_id: UUID,
    *,
    recipient: str = "",
    agent: User | None = None,
    team: Team | None = None,
    reason: str = "",
    if_version: int | None = None,
    by: User | None,
    now: datetime,
) -> Callback:
    """Give it to another operator, to a team, or to anyone; whoever gets it is told when it is due.

    Raises:
        NotYourCallback: it is one operator's, and not yours.
        TooManyCallbacks, TransitionNotAllowed, VersionConflict
    """
    with transition(Callback, callback_id, "reassign", by=by, now=now, reason=reason, if_version=if_version) as row:
        _refuse_anothers(row, by)
        row.agent, row.team = agent, team or row.team  # a team that it had takes it when the operator does not
        row.recipient = recipient or _usual_recipient(agent, team)
        _pass_one_by_one(None, row.agent_id)
        _refuse_too_many(row)
        if row.status == Status.DUE:
            row.step_at = now + timedelta(seconds=row.grace_s)
        callback_feed.tell_of(row, "callback.due" if row.status == Status.DUE else "callback.assigned", now=now)
    return row


def cancel(callback_id: UUID, *, reason: str, if_version: int | None = None, by: User | None, now: datetime) -> Callback:
    """Say that they need not be called back any more, and why.

    Raises:
        NotYourCallback, TransitionNotAllowed, VersionConflict
    """
    with transition(Callback, callback_id, "cancel", by=by, now=now, reason=reason, if_version=if_version) as row:
        _refuse_anothers_lease(row, by)
        callback_feed.tell_of(row, "callback.settled", now=now, besides=[row.taken_by_id])
        row.result = reason
        end(row, by=by, now=now)
    return row


def end(row: Callback, *, by: User | None, now: datetime) -> None:
    """Nothing more happens with it; the caller writes it."""
    row.ended_at, row.ended_by = now, by
    row.step_at = row.taken_by = row.lease_until = None


def put_back(row: Callback, now: datetime) -> None:
    """Nobody has it in hand any more; the caller writes it."""
    row.taken_by = row.lease_until = None
    row.step_at = max(row.at + timedelta(seconds=row.flexibility_s), now) + timedelta(seconds=row.grace_s)


def open_of(contacts: Iterable[UUID], e164: str) -> Q:
    """Which callbacks are of these contacts, or of a number that is nobody's."""
    return Q(contact__in=list(contacts)) | (Q(contact=None, e164=e164) & ~Q(e164=""))


# --- time
def _meant(at: datetime | None, local_time: datetime | None, time_zone: str, subject: Subject, now: datetime) -> Meant:
    if (at is None) == (local_time is None):
        raise WhenToCall("Give either `at` or `local_time`.")
    zone = time_zone or subject.clocks.main or settings.CALLING_TIME_ZONE
    meant = callback_times.by_instant(at.replace(microsecond=0), zone) if at else callback_times.by_wall(local_time, zone)  # type: ignore[arg-type]
    if meant.at < now - A_MOMENT:
        raise WhenToCall("This time has passed.", at=meant.at.isoformat())
    if settings.CALLBACK_DAYS_AHEAD and meant.at > now + timedelta(days=settings.CALLBACK_DAYS_AHEAD):
        raise WhenToCall(f"At most {settings.CALLBACK_DAYS_AHEAD} days ahead.", at=meant.at.isoformat())
    return meant


def _set_time(row: Callback, meant: Meant) -> None:
    row.at, row.time_zone, row.fold = meant.at, meant.time_zone, meant.fold
    row.local_date, row.local_time = meant.wall.date(), meant.wall.time()
    row.step_at = row.at - timedelta(seconds=row.flexibility_s)


# --- who
def _usual_recipient(agent: User | None, team: Team | None) -> str:
    return Recipient.AGENT if agent else Recipient.TEAM if team else Recipient.ANYONE


def _refuse_anothers(row: Callback, by: User | None) -> None:
    if not callback_gate.leads(by) and not Callback.objects.for_whom(by).filter(pk=row.pk).exists():  # type: ignore[arg-type]
        raise NotYourCallback("This callback is another operator's.")


def _refuse_anothers_lease(row: Callback, by: User | None) -> None:
    if row.taken_by_id and not callback_gate.leads(by) and row.taken_by_id != by.pk:  # type: ignore[union-attr]
        raise NotYourCallback("Another operator has it in hand.")


def _refuse_second(subject: Subject) -> None:
    contacts = [subject.contact_id] if subject.contact_id else []
    there = Callback.objects.open().filter(open_of(contacts, subject.e164)).first()
    if there is not None:
        raise AlreadyScheduled("They have an open callback already.", callback=str(there.pk), at=there.at.isoformat())


def _refuse_too_many(row: Callback) -> None:
    most = settings.CALLBACKS_PER_AGENT
    if row.recipient == Recipient.AGENT and row.agent_id and most:
        has = Callback.objects.open().filter(recipient=Recipient.AGENT, agent=row.agent_id).exclude(pk=row.pk)[:most].count()
        if has >= most:
            raise TooManyCallbacks(f"This operator has {has} open callbacks, which is the most.", most=most)


def _pass_one_by_one(subject: Subject | None, agent_id: UUID | None) -> None:
    """Two who promise the same customer a call, or give the same operator one, pass one after the other."""
    ids = [subject.e164, subject.contact_id, agent_id] if subject else [agent_id]
    keys = sorted(f"callback:{one}" for one in ids if one)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(key, 11)) FROM unnest(%s::text[]) AS key", [keys])


# --- the lease
def _lease(row: Callback, by: User, now: datetime) -> None:
    row.taken_by, row.lease_until = by, now + settings.CALLBACK_LEASE
    row.step_at = row.lease_until


@transaction.atomic
def _won(callback_id: UUID, by: User, now: datetime) -> bool:
    """Take it, unless somebody else has it in hand at this moment."""
    free = Callback.objects.callable().for_whom(by).filter(pk=callback_id)
    if not free.select_for_update(skip_locked=True, of=("self",)).exists():
        return False
    with transition(Callback, callback_id, "take", by=by, now=now) as row:
        _lease(row, by, now)
    return True
