"""Calls without a phone system: written down by a person, and then like any other call."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from calls import consequences
from calls.models import Call
from config.platform.errors import Refusal
from config.platform.history import record, snapshot
from config.platform.models import User
from config.platform.moves import check_version
from crm import lookup
from crm.models import Contact
from crm.phone_book import NumberIsInternal
from crm.phone_numbers import parse


class CallOver(Refusal):
    """The call has ended already."""

    code = "call_over"
    advice = "Read the call again. A call that has ended is written up with `POST /calls/{id}/wrap-up/`."


class NotByHand(Refusal):
    """A phone system tells of this call; only its events change it."""

    code = "not_by_hand"
    advice = "Leave the call to its phone system. What it did not tell, it can send as an event to `POST /calls/events/`."


class TimesDisagree(Refusal):
    """A call begins, is answered, and ends, in this order, and not in the future."""

    code = "times_disagree"
    status = 400
    advice = (
        "Put the times in order (`started_at`, `answered_at`, `ended_at`), none of them in the future, and send them again. "
        "Check the clock of the sender."
    )


@transaction.atomic
def begin(
    *,
    direction: str,
    phone: str = "",
    contact: Contact | None = None,
    started_at: datetime | None = None,
    talks: bool = True,
    agent: User | None = None,
    by: User,
    now: datetime,
) -> Call:
    """Write down a call that begins, or that began at ``started_at``. The caller is looked up as for any call.

    ``agent`` is who talks, by default who writes it down; ``talks`` False: nobody of ours, a machine dialled.

    Raises:
        NumberInvalid, NumberIsInternal
        TimesDisagree: ``started_at`` is in the future.
    """
    e164 = ""
    if phone.strip():
        number = parse(phone, region=settings.DEFAULT_PHONE_REGION)
        if number.is_internal:
            raise NumberIsInternal("This looks like an internal extension: give the whole number.")
        e164 = number.e164
    if started_at and started_at > now:
        raise TimesDisagree("`started_at` is in the future.")
    quality = Call.MatchQuality.IDENTIFIED if contact else ""
    contact_id = contact.pk if contact else None
    if contact is None and e164:
        contact_id = lookup.by_number(lookup.Found(raw=phone, e164=e164)).best
        quality = Call.MatchQuality.EXACT if contact_id else ""
    far = "from" if direction == Call.Direction.INBOUND else "to"
    call = Call(
        source=Call.Source.MANUAL,
        direction=direction,
        state=Call.State.IN_PROGRESS,
        customer_e164=e164,
        contact_id=contact_id,
        match_quality=quality,
        agent=(agent or by) if talks else None,
        started_at=started_at or now,
        answered_at=started_at or now,
        **{f"{far}_raw": phone.strip()[:200], f"{far}_e164": e164},
    )
    call.save(force_insert=True)
    record(call, "begin", by=by, now=now, before={})
    consequences.follow(call, consequences.NOTHING, [], happened_at=call.started_at, now=now)
    return call


@transaction.atomic
def finish(
    call_id: UUID, *, outcome: str, ended_at: datetime | None = None, if_version: int | None = None, by: User, now: datetime
) -> Call:
    """End a call made by hand.

    Raises:
        VersionConflict, NotByHand, CallOver, TimesDisagree
    """
    call = Call.objects.select_for_update().get(pk=call_id)
    check_version(call, if_version)
    if call.source != Call.Source.MANUAL:
        raise NotByHand("A phone system tells of this call: only its events change it.")
    if call.state == Call.State.ENDED:
        raise CallOver("The call has ended already.")
    end = ended_at or now
    if end < call.started_at or end > now:
        raise TimesDisagree("`ended_at` must be after the beginning and not in the future.")
    before = snapshot(call)
    stood, legs = consequences.as_stored(call)
    call.state, call.ended_at = Call.State.ENDED, end
    _came_out(call, outcome)
    call.wait_s, call.hold_s = 0.0, 0.0
    call.wrap_up_state = Call.WrapUp.PENDING if call.wrap_up_state == Call.WrapUp.NONE else call.wrap_up_state
    call.version += 1
    call.save()
    record(call, "finish", by=by, now=now, before=before)
    consequences.follow(call, stood, legs, happened_at=end, now=now)
    return call


@transaction.atomic
def correct(call_id: UUID, *, outcome: str, by: User, now: datetime) -> Call:
    """Say of a call made by hand, which is over, how it came out after all. The same again changes nothing.

    Raises:
        NotByHand
    """
    call = Call.objects.select_for_update().get(pk=call_id)
    if call.source != Call.Source.MANUAL:
        raise NotByHand("A phone system tells of this call: only its events change it.")
    if call.outcome == outcome:
        return call
    before = snapshot(call)
    stood, legs = consequences.as_stored(call)
    _came_out(call, outcome)
    call.version += 1
    call.save()
    record(call, "correct_outcome", by=by, now=now, before=before)
    consequences.follow(call, stood, legs, happened_at=now, now=now)
    return call


def _came_out(call: Call, outcome: str) -> None:
    talked = outcome == Call.Outcome.ANSWERED
    call.outcome, call.answered_at = outcome, call.started_at if talked else None
    call.talk_s = (call.ended_at - call.started_at).total_seconds() if talked and call.ended_at else 0.0
