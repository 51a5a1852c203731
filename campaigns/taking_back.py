"""Contacts that leave the hands that had them though nobody gave them back: a supervisor takes them, or the gate refused the dial."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from calls.models import Call
from campaigns import handout, outcomes
from campaigns.models import Attempt
from config.platform.errors import Refusal
from config.platform.history import record, snapshot
from config.platform.models import User
from config.platform.moves import check_version

State, Closing = Attempt.State, Attempt.Closing


class ContactOnTheLine(Refusal):
    """They are being talked with: take the contact back when the call is over."""

    code = "contact_on_the_line"
    advice = "Wait until `call.ended`, then take the contact back. If the call does not end, look at its phone system."


class AttemptOver(Refusal):
    """Nobody has the contact in hand by this attempt any more; `closing` says how it ended."""

    code = "attempt_over"
    advice = "There is nothing to take back. Look at the target to see whether they wait again."


@transaction.atomic
def take_back(attempt_id: UUID, *, reason: str, if_version: int | None = None, by: User, now: datetime) -> Attempt:
    """Take a contact out of somebody's hands: it waits again, the holder is told, and what they report later is late.

    One whose call is over and was not written up is closed as the line told it; the write-up may still come.

    Raises:
        AttemptOver, ContactOnTheLine, VersionConflict
    """
    called = Attempt.objects.values_list("call", flat=True).get(pk=attempt_id)
    call = Call.objects.select_for_update(of=("self",)).filter(pk=called).first()  # before the attempt, as whoever follows a call does
    attempt = Attempt.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=attempt_id)
    check_version(attempt, if_version)
    if attempt.state == State.CLOSED:
        raise AttemptOver("Nobody has this contact in hand any more.", closing=attempt.closing)
    goes_on = attempt.call_id != called if call is None else call.state != Call.State.ENDED
    if goes_on or (attempt.e164 and Call.objects.open().filter(customer_e164=attempt.e164).exists()):
        raise ContactOnTheLine("They are being talked with.")
    before = snapshot(attempt)
    attempt.reason = reason[:300]
    if call is None:
        handout.close(attempt, Closing.TAKEN, again_at=now, now=now)
    else:
        attempt.state, attempt.closing, attempt.closed_at = State.CLOSED, Closing.RESULT, now
        outcomes.become(attempt, call, now=now)
    record(attempt, "take_back", by=by, now=now, reason=reason, before=before)
    handout.tell_lost([attempt], Closing.TAKEN, now=now)
    return attempt


@transaction.atomic
def after_a_refused_dial(attempt_id: UUID, *, now: datetime) -> None:
    """Take a contact that may not be called now out of hand, also when all that the request did was rolled back. Done already, it does nothing."""
    attempt = Attempt.objects.select_for_update(of=("self",)).get(pk=attempt_id)
    if attempt.state == State.LEASED:
        attempt.reason = "They may not be called now."
        handout.close(attempt, Closing.REVOKED, again_at=now, now=now)
