"""What comes of a complaint: decided, told to the customer, done, closed; or rejected, or taken back."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from calls.models import Call
from complaints import amounts, satisfaction, transfers
from complaints.handling import done, held, person
from complaints.models import Complaint, RootCause
from complaints.models.complaints import Channel, Status
from complaints.ownership import require_may_handle
from config.platform.errors import Refusal
from config.platform.models import User
from config.platform.moves import transition

Decision, Redress = Complaint.Decision, Complaint.Redress
#: What may be decided; that a customer takes it back is not decided by us.
RULINGS = [one for one in Decision.choices if one[0] != Decision.WITHDRAWN]
#: Whoever just heard of it may solve it, whoever has it.
NEW = frozenset({Status.RECEIVED, Status.ACKNOWLEDGED})
A_MOMENT = timedelta(minutes=1)


class AlreadyCommunicated(Refusal):
    """The customer was told the decision already: `communicated_at` says when."""

    code = "already_communicated"
    advice = "Nothing is left to do: `communicated_at` says when it was told. If the decision changed, write the customer a message."


class CommunicatedWhen(Refusal):
    """The decision is told after it was made, and not in the time to come."""

    code = "communicated_when"
    status = 400
    advice = "Send a `communicated_at` after `decided_at` and not in the future, or leave it out for now."


def decide(complaint_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime, **ruling: Any) -> Complaint:
    """Decide whether they are right, and what they get. ``ruling`` is as for ``_rule``.

    Raises:
        CurrenciesDiffer, CurrencyUnknown, CurrencyNotKept, NotYourComplaint, TransitionNotAllowed, VersionConflict
        IntegrityError: an amount without a currency, or of nothing.
    """
    with held(complaint_id, "decide", if_version=if_version, by=by, now=now) as complaint:
        _rule(complaint, by=by, now=now, **ruling)
        complaint.status = Status.DECIDED
        transfers.settle(complaint, now=now)
        done(complaint, "decide", by=by, now=now)
    return complaint


def communicate(
    complaint_id: UUID,
    *,
    via: str = "",
    call: Call | None = None,
    at: datetime | None = None,
    if_version: int | None = None,
    by: User | None,
    now: datetime,
) -> Complaint:
    """Say that the customer was told the decision, how, and when. Of a call the way is known.

    Raises:
        AlreadyCommunicated, CommunicatedWhen, NotYourComplaint, TransitionNotAllowed, VersionConflict
    """
    with held(complaint_id, "communicate", if_version=if_version, by=by, now=now) as complaint:
        if complaint.communicated_at is not None:
            raise AlreadyCommunicated("They know already.", communicated_at=complaint.communicated_at.isoformat())
        when = at or now
        if when > now + A_MOMENT or (complaint.decided_at is not None and when < complaint.decided_at.replace(second=0, microsecond=0)):
            raise CommunicatedWhen("It was told after it was decided, and not in the time to come.")
        _communicate(complaint, via or Channel.CALL, call, min(when, now))
        done(complaint, "communicate", informed=True, by=by, now=now)
    return complaint


def resolve(
    complaint_id: UUID,
    *,
    root_cause: RootCause | None = None,
    corrective_action: str = "",
    if_version: int | None = None,
    by: User | None,
    now: datetime,
) -> Complaint:
    """Say that what was decided is done.

    Raises:
        NotYourComplaint, TransitionNotAllowed, VersionConflict
    """
    with held(complaint_id, "resolve", if_version=if_version, by=by, now=now) as complaint:
        _learn(complaint, root_cause, corrective_action)
        complaint.resolved_at = now
        _end(complaint, Status.RESOLVED, now)
        done(complaint, "resolve", by=by, now=now)
    return complaint


def solve(
    complaint_id: UUID,
    *,
    communicated_via: str = "",
    call: Call | None = None,
    on_call: bool = False,
    if_version: int | None = None,
    by: User | None,
    now: datetime,
    **ruling: Any,
) -> Complaint:
    """Decide and resolve in one; with ``communicated_via`` or ``call`` the customer knows it too. Anybody may who just received it.

    ``on_call``: it was solved in the moment in which it was told, so the customer knows by the way in which they told it, and whoever told
    it may, whomever they gave it to.

    Raises:
        as ``decide``
    """
    with transition(Complaint, complaint_id, "solve", by=by, now=now, if_version=if_version) as complaint:
        if complaint.status not in NEW and not on_call:
            require_may_handle(complaint, by)
        _rule(complaint, by=by, now=now, **ruling)
        complaint.assignee = complaint.assignee or person(by)
        complaint.resolved_at, complaint.solved_on_call = now, on_call
        complaint.acknowledged_at = complaint.acknowledged_at or now
        via = communicated_via or (Channel.CALL if call is not None else complaint.channel if on_call else "")
        if via:
            _communicate(complaint, via, call, now)
        _end(complaint, Status.RESOLVED, now)
        done(complaint, "solve", informed=bool(via), by=by, now=now)
    return complaint


def close(
    complaint_id: UUID,
    *,
    root_cause: RootCause | None = None,
    corrective_action: str = "",
    if_version: int | None = None,
    by: User | None,
    now: datetime,
) -> Complaint:
    """Put it away. From now on the question is owed whether the customer is content.

    Raises:
        NotYourComplaint, TransitionNotAllowed, VersionConflict
    """
    with held(complaint_id, "close", if_version=if_version, by=by, now=now) as complaint:
        _learn(complaint, root_cause, corrective_action)
        complaint.status = Status.CLOSED
        satisfaction.owe(complaint, by=by, now=now)
        done(complaint, "close", by=by, now=now)
    return complaint


def reject(complaint_id: UUID, *, reason: str, if_version: int | None = None, by: User | None, now: datetime) -> Complaint:
    """Refuse to look into it, and say why: what was told is no complaint, or cannot be one of ours.

    Raises:
        NotYourComplaint, TransitionNotAllowed, VersionConflict
    """
    with held(complaint_id, "reject", reason=reason, if_version=if_version, by=by, now=now) as complaint:
        complaint.reject_reason = reason
        _end(complaint, Status.REJECTED, now)
        done(complaint, "reject", by=by, now=now)
    return complaint


def withdraw(complaint_id: UUID, *, reason: str = "", if_version: int | None = None, by: User | None, now: datetime) -> Complaint:
    """Say that the customer takes it back. What was decided by then stays decided.

    Raises:
        NotYourComplaint, TransitionNotAllowed, VersionConflict
    """
    with held(complaint_id, "withdraw", reason=reason, if_version=if_version, by=by, now=now) as complaint:
        if not complaint.decision:  # nor what was decided before it was reopened
            complaint.decision, complaint.decided_at, complaint.decided_by = Decision.WITHDRAWN, now, by
        _end(complaint, Status.WITHDRAWN, now)
        done(complaint, "withdraw", by=by, now=now)
    return complaint


def _rule(
    complaint: Complaint,
    *,
    decision: str,
    decision_text: str,
    redress: str = Redress.NONE,
    redress_amount: Decimal | None = None,
    currency: str = "",
    root_cause: RootCause | None = None,
    corrective_action: str = "",
    by: User | None,
    now: datetime,
) -> None:
    """Write down what is decided; what was told of a former decision is told no longer."""
    complaint.decision, complaint.decision_text, complaint.decided_at, complaint.decided_by = decision, decision_text, now, by
    complaint.redress, complaint.redress_amount = redress, redress_amount
    complaint.communicated_at, complaint.communicated_via, complaint.communicated_call = None, "", None
    if redress_amount is not None:
        amounts.set_currency(complaint, currency)
    _learn(complaint, root_cause, corrective_action)


def _learn(complaint: Complaint, root_cause: RootCause | None, corrective_action: str) -> None:
    complaint.root_cause = root_cause or complaint.root_cause
    complaint.corrective_action = corrective_action or complaint.corrective_action


def _communicate(complaint: Complaint, via: str, call: Call | None, at: datetime) -> None:
    complaint.communicated_at, complaint.communicated_via, complaint.communicated_call = at, via, call
    complaint.first_response_at = complaint.first_response_at or at


def _end(complaint: Complaint, status: Status, now: datetime) -> None:
    complaint.status, complaint.ended_at = status, now
    transfers.settle(complaint, now=now)
