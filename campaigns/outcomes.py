"""How attempts come out: calls meet the attempts that they were made for, and what becomes of the call becomes of the attempt.

A call's facts, its write-up and every correction of it come here as consequences of the call, in its transaction. The target's course is
reckoned anew each time, so a late, doubled or corrected result leads where it would have led at once.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F, Max, Q

from calls import joining
from calls.consequences import Change
from calls.models import Call, Callback, CallRequest
from campaigns import gates, handout, settling, standing
from campaigns.models import Attempt, Target
from config.platform.models import User

State, Closing = Attempt.State, Attempt.Closing
#: Clocks differ: a call may seem to have begun so much before it was handed out.
SKEW = timedelta(seconds=5)
#: What is not written up for so long is closed as the line told it; it can still be written up.
WRITE_UP_WITHIN = timedelta(hours=1)


def meets(call: Call, told: str, people: Iterable[UUID], now: datetime) -> UUID | None:
    """Registered with ``calls.linking.made_for``: the attempt that a call was made for has its call from now on; answers its contact.

    What was reported before the phone system told of anything had been written down as a call by hand: that was this one, and becomes it.
    """
    if Attempt.objects.filter(call=call).exists():
        return None
    attempt_id = _meant(call, told, set(people))
    if attempt_id is None:
        return None
    gates.report_in_turn(attempt_id)
    by_hand = {"source": Call.Source.MANUAL, "direction": Call.Direction.OUTBOUND}
    written = Call.objects.select_for_update(of=("self",)).filter(attempts=attempt_id, **by_hand).first()
    attempt = Attempt.objects.select_for_update(of=("self",)).get(pk=attempt_id)
    if attempt.call_id is not None:
        if written is None or attempt.call_id != written.pk or not _was(written, call):
            return None
        joining.join(call, written, now=now)
    _link(attempt, call)
    return attempt.contact_id


def _meant(call: Call, told: str, people: set[UUID]) -> UUID | None:
    """The id that its events carry, the click-to-call that it came of, else whoever has its number in hand, or reported a moment ago."""
    by_hand = Q(call__source=Call.Source.MANUAL, call__direction=Call.Direction.OUTBOUND)
    free = Attempt.objects.filter(Q(call=None) | by_hand)
    if (told_id := _uuid(told)) and free.filter(pk=told_id).exists():
        return told_id
    asked = CallRequest.objects.filter(call=call, origin_kind="attempt").order_by("-asked_at").values_list("origin_id", flat=True).first()
    if asked and free.filter(pk=asked).exists():
        return asked
    if call.direction != Call.Direction.OUTBOUND or not call.customer_e164:
        return None
    mine = Q(agent__in=people) | Q(is_batch=True)
    theirs = Attempt.objects.filter(mine, e164=call.customer_e164, leased_at__lte=call.started_at + SKEW)
    reported = by_hand & Q(call__ended_at__gte=call.started_at - SKEW)
    found = theirs.filter(Q(call=None) & ~Q(state=State.CLOSED) | reported)
    return found.order_by("-leased_at").values_list("pk", flat=True).first()


def _was(written: Call, call: Call) -> bool:
    """Whether a call by hand is this one of the line: it had begun when that was written down as over."""
    return call.direction == Call.Direction.OUTBOUND and written.ended_at is not None and call.started_at <= written.ended_at + SKEW


def _link(attempt: Attempt, call: Call) -> None:
    attempt.call, attempt.dialled_at = call, call.started_at
    attempt.version += 1
    attempt.save(update_fields=["call", "dialled_at", "version", "updated_at"])


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def follow(change: Change) -> None:
    """A consequence of calls: the attempt goes the way of its call, and whoever waited for a promise that is kept waits no longer."""
    if change.after.direction == Call.Direction.OUTBOUND or change.before.direction == Call.Direction.OUTBOUND:
        _go_with(change.call, change.now)
    if change.call.contact_id and (change.has_ended or change.after.wrapped_up_at != change.before.wrapped_up_at):
        settle_promises(change.call.contact_id, now=change.now)


def _go_with(call: Call, now: datetime) -> None:
    attempts = list(Attempt.objects.filter(call=call).select_for_update(of=("self",)).order_by("target_id"))
    for attempt in attempts:
        become(attempt, call, now=now)


def become(attempt: Attempt, call: Call, *, now: datetime) -> None:
    """Write on an attempt, which the caller holds, what is known of its call, and reckon how its target stands."""
    was = _known(attempt)
    attempt.dialled_at, attempt.answered_at = call.started_at, call.answered_at
    # A dialler rings one operator after another: theirs it is who has the call. Of whom somebody has in hand it stays theirs.
    attempt.agent_id = (attempt.agent_id or call.agent_id) if not attempt.is_batch else (call.agent_id or attempt.agent_id)
    if call.state != Call.State.ENDED:
        attempt.state = State.IN_CALL if attempt.state == State.LEASED else attempt.state
        attempt.heard_at = max(attempt.heard_at, now)
    else:
        _end(attempt, call, now)
    if was == _known(attempt):
        return
    attempt.version += 1
    attempt.save()
    if attempt.state == State.CLOSED:
        handout.give_promise_back(attempt, now)
    settling.settle(attempt.target_id, now=now)


def _known(attempt: Attempt) -> tuple[Any, ...]:
    return (
        attempt.state, attempt.outcome, attempt.disposition_id, attempt.answered_at, attempt.agent_id, attempt.counted, attempt.is_drop
    )  # fmt: skip


def _end(attempt: Attempt, call: Call, now: datetime) -> None:
    attempt.disposition = call.disposition
    attempt.outcome = standing.outcome_of(call.outcome, attempt.said_outcome, call.disposition)
    somebody = call.agent_id or attempt.agent_id  # else they heard nobody, and nobody will write it up
    is_told = bool(attempt.said_outcome) and attempt.outcome != Call.Outcome.ANSWERED  # nobody was spoken with: nothing to write up
    if somebody and call.wrap_up_state == Call.WrapUp.PENDING and attempt.state != State.CLOSED and not is_told:
        attempt.state, attempt.heard_at = State.WRAP, max(attempt.heard_at, now)
        return
    if attempt.closing not in ("", Closing.RESULT):
        held = Target.objects.filter(pk=attempt.target_id).select_for_update(of=("self",))  # somebody may be taking it at this moment
        fence = held.values_list("fence", flat=True).get()
        attempt.is_late = fence != attempt.fence
    attempt.state, attempt.closing, attempt.closed_at = State.CLOSED, Closing.RESULT, attempt.closed_at or now
    attempt.counted = standing.counted_as(attempt.outcome, call.disposition)
    by_the_line = call.answered_at is not None and attempt.outcome == call.outcome not in ("machine", "voicemail")
    answered = by_the_line or attempt.outcome in (Call.Outcome.ANSWERED, Call.Outcome.ABANDONED)
    attempt.is_drop = answered and attempt.agent_id is None and call.disposition is None
    if attempt.is_drop and attempt.answered_at is None:
        attempt.answered_at = call.ended_at


def settle_promises(contact_id: UUID, *, now: datetime) -> None:
    """Whoever waits for a promise that is kept, or was called off, goes on; the call that kept it counts as an attempt."""
    over = Target.objects.filter(contact=contact_id, state=Target.State.CALLBACK_WAIT).exclude(callback__status__in=Callback.OWED)
    for target in over.select_for_update(of=("self",)).select_related("callback").order_by("id"):
        _promise_is_over(target, now)


def tend(*, now: datetime, limit: int = 200) -> int:
    """What events did not bring about: promises that ended otherwise, and write-ups that nobody wrote; answers how many. Safe in any number of workers."""
    with transaction.atomic():
        over = Target.objects.filter(state=Target.State.CALLBACK_WAIT).filter(_is_not_as_promised())
        targets = list(over.select_for_update(skip_locked=True, of=("self",)).select_related("callback").order_by("id")[:limit])
        for target in targets:
            _promise_is_over(target, now)
    return len(targets) + _close_unwritten(now, limit)


def _is_not_as_promised() -> Q:
    """The promise is over; or the desk of callbacks moved it, or gave it to somebody else."""
    owed, mine = Q(callback__status__in=Callback.OWED), Q(callback__recipient=Callback.Recipient.AGENT)
    moved = Q(callback__status=Callback.Status.SCHEDULED) & ~Q(next_attempt_at=F("callback__at"))
    anothers = (mine & (Q(only_agent=None) | ~Q(only_agent=F("callback__agent")))) | (~mine & Q(only_agent__isnull=False))
    return Q(callback=None) | ~owed | moved | anothers


def _close_unwritten(now: datetime, limit: int) -> int:
    silent = Attempt.objects.filter(state__in=[State.WRAP, State.IN_CALL], heard_at__lte=now - WRITE_UP_WITHIN)
    done = 0
    for attempt_id, call_id in list(silent.order_by("heard_at").values_list("pk", "call_id")[:limit]):
        with transaction.atomic():
            call = Call.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=call_id).first()
            attempt = (
                Attempt.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=attempt_id).exclude(state=State.CLOSED).first()
            )
            if attempt is None:
                continue
            if call is None or call.state != Call.State.ENDED:
                if call is None and call_id is None:
                    handout.close(attempt, Closing.EXPIRED, again_at=now, now=now)
                else:  # it goes on, or somebody writes on it: later
                    Attempt.objects.filter(pk=attempt_id).update(heard_at=now)
                continue
            attempt.closing, attempt.state, attempt.closed_at = Closing.RESULT, State.CLOSED, now
            become(attempt, call, now=now)
            done += 1
    return done


def _promise_is_over(target: Target, now: datetime) -> None:
    promise = target.callback
    kept = promise.call_id if promise and promise.status in (Callback.Status.DONE, Callback.Status.FULFILLED) else None
    if kept and not Attempt.objects.filter(target=target, call=kept).exists():
        _write_kept(target, Call.objects.get(pk=kept), now)
    settling.settle(target.pk, now=now)


def _write_kept(target: Target, call: Call, now: datetime) -> None:
    """The call that kept a promise outside the campaign is an attempt of it, over as soon as it is written."""
    before = Attempt.objects.filter(target=target).order_by("-number").first()
    by: User | None = call.agent or (before.leased_by if before else None)
    if by is None or call.state != Call.State.ENDED:
        return
    number = (Attempt.objects.filter(target=target).aggregate(last=Max("number"))["last"] or 0) + 1
    counted = standing.counted_as(call.outcome, call.disposition)
    Attempt.objects.create(
        campaign_id=target.campaign_id, target=target, contact_id=target.contact_id, number=number, fence=target.fence,
        e164=call.customer_e164, state=State.CLOSED, agent=call.agent, leased_by=by, lease_token=uuid4(), leased_at=call.started_at,
        lease_until=now, heard_at=now, call=call, callback=target.callback, dialled_at=call.started_at, answered_at=call.answered_at,
        closed_at=now, closing=Closing.RESULT, outcome=call.outcome, disposition=call.disposition, counted=counted,
    )  # fmt: skip


def of_call(call_ids: Sequence[UUID]) -> dict[UUID, list[Attempt]]:
    """The attempts of calls. One statement."""
    found: dict[UUID, list[Attempt]] = {}
    for attempt in Attempt.objects.filter(call__in=call_ids).order_by(F("leased_at")):
        if attempt.call_id:
            found.setdefault(attempt.call_id, []).append(attempt)
    return found
