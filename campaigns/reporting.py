"""What operators and diallers say of an attempt: call now; and it came out so. Whatever is said goes the way of calls, their write-ups and effects."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from calls import by_hand, call_requests, disposition_lock, wrap_up
from calls.errands import Errand
from calls.models import Call, CallRequest, Disposition, PhoneSystem
from campaigns import gates, leases, outcomes, standing
from campaigns.models import Attempt
from config.platform.errors import Refusal
from config.platform.history import record, snapshot
from config.platform.models import LEADERS, Role, User
from crm.models import Topic

State, Closing = Attempt.State, Attempt.Closing


class OutcomeNeeded(Refusal):
    """Give `outcome`, or for a conversation `disposition`: how did it come out?"""

    code = "outcome_needed"
    status = 400
    advice = "Send `disposition` when you spoke with somebody, else `outcome` (no answer, busy and so on)."


class OutcomeContradicts(Refusal):
    """It cannot have come out so: nobody answered, as `told` says, or somebody was spoken with, as `disposition` says. Correct that one."""

    code = "outcome_contradicts"
    advice = "Send what the line and the write-up allow, or correct the write-up first and then report again."


class AlreadyDialled(Refusal):
    """They are being called, or were: say how it came out."""

    code = "already_dialled"
    advice = "Report how the call came out with `POST /attempts/{id}/report/`: an attempt that was dialled cannot be given back."


def dial(
    attempt_id: UUID, token: UUID, *, phone_system: PhoneSystem | None = None, extension: str = "", by: User, now: datetime
) -> CallRequest:
    """Be put through to the contact that one has in hand. The gate is asked again.

    When it says no, ``taking_back.after_a_refused_dial`` takes the contact out of one's hands once what was asked for is rolled back.

    Raises:
        LeaseLost, AlreadyDialled
        calls.call_requests.MayNotCall, CallRequestOpen, ExtensionNeeded, CannotDial, NotOurLine
    """
    with transaction.atomic():
        attempt = leases.in_hand(attempt_id, token)
    if attempt.state != State.LEASED:
        raise AlreadyDialled("They are being called already.", state=attempt.state)
    return call_requests.ask(
        phone=attempt.e164, contact=attempt.contact, reason=CallRequest.Reason.TARGET, purpose=attempt.campaign.purpose,
        origin={"kind": "attempt", "id": attempt.pk}, phone_system=phone_system, extension=extension, line=attempt.campaign.line,
        by=by, now=now,
        )  # fmt: skip


def context_of(attempt_id: UUID) -> Mapping[str, Any]:
    """Registered with ``calls.call_requests.contexts``: what the gate is told of a call for an attempt."""
    attempt = Attempt.objects.select_related("target__campaign").filter(pk=attempt_id).first()
    return {"target": attempt.target, "attempt": attempt.pk} if attempt else {}


def errand_of(kind: str, row_id: UUID) -> Errand | None:
    """Registered with ``calls.errands.errands``: a call out that was made for an attempt has the purpose and the dispositions of its campaign."""
    if kind not in ("attempt", "call"):
        return None
    mine = Q(pk=row_id) if kind == "attempt" else Q(call=row_id, call__direction=Call.Direction.OUTBOUND)
    attempt = Attempt.objects.filter(mine).select_related("campaign").order_by("leased_at", "id").first()
    if attempt is None:
        return None
    allowed = frozenset(attempt.campaign.dispositions.filter(is_active=True).values_list("code", flat=True))
    return Errand(attempt.campaign.purpose, allowed or None)


def exists(attempt_id: UUID) -> bool:
    """Registered with ``origins.kinds``."""
    return Attempt.objects.filter(pk=attempt_id).exists()


@transaction.atomic
def report(
    attempt_id: UUID,
    token: UUID,
    *,
    outcome: str = "",
    disposition: Disposition | None = None,
    topics: Sequence[Topic] = (),
    note: str = "",
    callback: Mapping[str, Any] | None = None,
    started_at: datetime | None = None,
    ended_at: datetime | None = None,
    agent: User | None = None,
    by: User,
    now: datetime,
) -> Attempt:
    """Say how an attempt came out. Without a call that a phone system told of, one is written down by hand; the same again changes nothing.

    What is said of a call that a phone system tells of counts before what the line shows, whichever comes first. ``agent`` is who talked,
    when a dialler reports for somebody. A result that comes when the contact was lost is kept, and marked late.

    Raises:
        LeaseLost: it is another lease's token.
        OutcomeNeeded, OutcomeContradicts, TimesDisagree
        whatever ``calls.wrap_up.wrap_up`` refuses.
    """
    gates.report_in_turn(attempt_id)
    attempt = Attempt.objects.select_related("campaign", "contact", "call").get(pk=attempt_id)
    if attempt.lease_token != token:
        raise leases.LeaseLost("This token is not that of the lease.", state=attempt.state, closing=attempt.closing)
    speaker = agent or attempt.agent or by
    actor = by if by.role in LEADERS else speaker  # whoever leads writes for others; a dialler lends its voice to who talked
    call = attempt.call
    if call is not None and by.role == Role.INTEGRATION:  # it lends its voice to who talked, and no rights of theirs
        if call.agent_id not in (None, speaker.pk):
            raise wrap_up.NotYourCall("Another operator had this call.")
        disposition_lock.refuse_locked(call, by=by, now=now)
    written = disposition or (call.disposition if call else None)
    if call is None and not outcome and disposition is None:
        raise OutcomeNeeded("Say how it came out: give `outcome` or `disposition`.")
    if outcome == Call.Outcome.ANSWERED and written is None and agent is None and by.role != Role.INTEGRATION:
        raise OutcomeNeeded("You spoke with somebody: say in `disposition` how it came out.")
    _refuse_contradiction(outcome, call, written)
    if call is None:
        call = _written_down(attempt, outcome, speaker, started_at, ended_at, actor, now)
    else:
        call = _put_right(call, outcome, actor, now)
        _say(attempt, call, outcome, agent, actor, now)
    if disposition is not None:
        wrap_up.wrap_up(call.pk, disposition=disposition, topics=topics, note=note, callback=callback, by=actor, now=now)
    elif call.wrap_up_state == Call.WrapUp.PENDING and (outcome or call.outcome) != Call.Outcome.ANSWERED:
        wrap_up.skip(call.pk, reason="Nobody was spoken with.", by=actor, now=now)
    return Attempt.objects.select_related("campaign").get(pk=attempt_id)


def _refuse_contradiction(outcome: str, call: Call | None, written: Disposition | None) -> None:
    """What is said must agree with the write-up that counts, and with what the line shows for certain."""
    told = call.outcome if call is not None and call.source != Call.Source.MANUAL else ""
    if outcome and not standing.may_be(outcome, told, written):
        raise OutcomeContradicts(
            f"It cannot have come out as {outcome}.", outcome=outcome, told=told, disposition=written.code if written else None
        )


def _refuse_others(call: Call, by: User, now: datetime) -> None:
    if call.agent_id not in (None, by.pk) and by.role not in LEADERS:
        raise wrap_up.NotYourCall("Another operator had this call.")
    disposition_lock.refuse_locked(call, by=by, now=now)


def _put_right(call: Call, outcome: str, by: User, now: datetime) -> Call:
    """A call by hand may have come out otherwise than was said first."""
    if call.source != Call.Source.MANUAL or outcome in ("", call.outcome):
        return call
    _refuse_others(call, by, now)
    return by_hand.correct(call.pk, outcome=outcome, by=by, now=now)


def _say(attempt: Attempt, call: Call, outcome: str, agent: User | None, by: User, now: datetime) -> None:
    """Keep who talked, and what is said of the call, also while it goes on; how it came out is reckoned from it and from what the line tells."""
    call = Call.objects.select_for_update(of=("self",)).get(pk=call.pk)
    held = Attempt.objects.select_for_update(of=("self",)).get(pk=attempt.pk)
    before, was = snapshot(held), (held.said_outcome, held.agent_id)
    held.said_outcome = outcome or held.said_outcome
    held.agent = held.agent or agent
    if was == (held.said_outcome, held.agent_id):
        return
    _refuse_others(call, by, now)
    held.version += 1
    held.save(update_fields=["said_outcome", "agent", "version", "updated_at"])
    record(held, "report", by=by, now=now, before=before)
    outcomes.become(held, call, now=now)


def _written_down(
    attempt: Attempt, outcome: str, speaker: User, started_at: datetime | None, ended_at: datetime | None, by: User, now: datetime
) -> Call:
    """A call by hand for an attempt that no phone system told of yet; should it tell later, ``outcomes.meets`` makes both one."""
    begun = max(started_at, attempt.leased_at) if started_at else min(max(attempt.leased_at, ended_at or now), now)
    call = by_hand.begin(
        direction="outbound",
        phone=attempt.e164,
        contact=attempt.contact,
        started_at=begun,
        talks=speaker.role != Role.INTEGRATION,
        agent=speaker,
        by=by,
        now=now,
    )
    held = Attempt.objects.select_for_update(of=("self",)).get(pk=attempt.pk)
    if held.call_id is None:
        held.call, held.dialled_at, held.said_outcome = call, call.started_at, outcome
        held.version += 1
        held.save(update_fields=["call", "dialled_at", "said_outcome", "version", "updated_at"])
    return by_hand.finish(call.pk, outcome=outcome or Call.Outcome.ANSWERED, ended_at=ended_at, by=by, now=now)
