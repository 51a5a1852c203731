"""What attempts brought: clients, orders, promises. Credited to the attempt, its operator and its campaign, and taken back when it falls through.

An order, or a step to being a client, is credited to the attempt that it names as its origin, else to the attempt of the call that it names;
else to the attempt that whoever wrote it down has, or had a moment ago, with the same person. A write-up that says no takes the credit back
(``campaigns.effects_on_conversions``); what was ordered stays ordered until somebody calls it off.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from campaigns.models import Attempt, Conversion
from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import LEADERS, User
from config.platform.moves import change
from crm.models import LifecycleChange, Order
from crm.models.contacts import Contact

Kind = Conversion.Kind
#: What is written down so long after the conversation is still a fruit of it.
A_MOMENT_AGO = timedelta(minutes=30)


class AlreadyPromised(Refusal):
    """This attempt has brought a promise already: `conversion` is its id. Withdraw that one first."""

    code = "already_promised"
    advice = "Take back the conversion whose id is in `conversion`, then write the new promise. For the same promise do nothing."


class NothingWasSaid(Refusal):
    """Nobody was spoken with in this attempt: it was given back, lost or taken away."""

    code = "nothing_was_said"
    advice = "Write promises only on attempts in which somebody was spoken with."


class PromiseEmpty(Refusal):
    """Give `amount` with `currency`, `due_on`, or a `note`; a day to come, and no amount without its currency."""

    code = "promise_empty"
    status = 400
    advice = "Send at least one of `amount` (with its `currency`), `due_on` (a day to come) and `note`."


class AlreadyTakenBack(Refusal):
    """It was taken back already."""

    code = "already_taken_back"
    advice = "Nothing is left to do: read the conversion to see who took it back, and why."


class NotYourConversion(Refusal):
    """An operator withdraws their own promises; a supervisor takes back anything."""

    code = "not_your_conversion"
    status = 403
    advice = "Ask a supervisor to take it back (`POST /conversions/{id}/take-back/`), with the reason."


class WhyNeeded(Refusal):
    """Say in `reason` why."""

    code = "conversion_reason_needed"
    status = 400
    advice = "Send `reason` with a few words that others understand later."


@transaction.atomic
def promise(
    attempt_id: UUID,
    *,
    amount: Decimal | None = None,
    currency: str = "",
    due_on: date | None = None,
    note: str = "",
    by: User,
    now: datetime,
) -> Conversion:
    """Write down what they promised in a conversation: to pay, to come, to send something. The same again changes nothing.

    Raises:
        PromiseEmpty, NothingWasSaid, AlreadyPromised
    """
    attempt = Attempt.objects.select_for_update(of=("self",)).get(pk=attempt_id)
    said = {"amount": amount, "currency": currency.strip().upper(), "due_on": due_on, "note": note.strip()}
    if (
        (amount is None) != (not said["currency"])
        or (amount is not None and amount < 0)
        or not (amount is not None or due_on or said["note"])
    ):
        raise PromiseEmpty("Give an amount with its currency, a day, or a note.")
    if due_on and due_on < (now - timedelta(days=1)).date():
        raise PromiseEmpty("The day has passed.", due_on=due_on.isoformat())
    had = Conversion.objects.standing().filter(attempt=attempt, kind=Kind.PROMISE).first()
    if had is not None:
        if all(getattr(had, name) == value for name, value in said.items()):
            return had
        raise AlreadyPromised("This attempt has brought a promise already.", conversion=str(had.pk))
    if attempt.state == Attempt.State.CLOSED and attempt.call_id is None:
        raise NothingWasSaid("Nobody was spoken with in this attempt.", closing=attempt.closing)
    return _write(attempt, Kind.PROMISE, by=by, now=now, **said)


def take_back(conversion_id: UUID, *, reason: str, if_version: int | None = None, by: User | None, now: datetime) -> Conversion:
    """Say that nothing came of it, and why: it counts no longer.

    Raises:
        WhyNeeded, NotYourConversion, AlreadyTakenBack, VersionConflict
    """
    if not reason.strip():
        raise WhyNeeded("Say in `reason` why.")
    with change(Conversion, conversion_id, "take_back", by=by, now=now, if_version=if_version) as row:
        if by is not None and by.role not in LEADERS and (row.agent_id != by.pk or row.kind != Kind.PROMISE):
            raise NotYourConversion("An operator withdraws their own promises.")
        if row.reversed_at is not None:
            raise AlreadyTakenBack("It was taken back already.", reversed_because=row.reversed_because)
        row.reversed_at, row.reversed_because = now, reason.strip()[:300]
    return row


# --- what others tell
def order_placed(order: Order) -> None:
    """Registered with ``crm.ordering.placed``."""
    now = order.placed_at or order.updated_at
    attempt = credited(order.origin, order.contact_id, order.placed_by or order.created_by, now)
    if attempt is None or Conversion.objects.standing().filter(order=order).exists():
        return
    _write(attempt, Kind.ORDER, order=order, amount=order.total, currency=order.currency, by=order.placed_by, now=now)


def order_called_off(order: Order, by: User | None, now: datetime) -> None:
    """Registered with ``crm.ordering.called_off``: what it brought, it has not brought."""
    for conversion_id in Conversion.objects.standing().filter(order=order).values_list("pk", flat=True):
        with change(Conversion, conversion_id, "take_back", by=by, now=now) as row:
            row.reversed_at, row.reversed_because = now, f"Order {order.number} was cancelled."[:300]


def came_to(step: LifecycleChange) -> None:
    """Registered with ``crm.lifecycle.stepped``: whoever becomes a client is credited to what made them one."""
    if step.to_stage != Contact.Lifecycle.CLIENT:
        return
    attempt = credited(step.origin, step.contact_id, step.by, step.at)
    if attempt is not None and not Conversion.objects.standing().filter(attempt=attempt, kind=Kind.CLIENT).exists():
        _write(attempt, Kind.CLIENT, by=step.by, now=step.at)


def credited(origin: Mapping[str, Any] | None, contact_id: UUID, by: User | None, now: datetime) -> Attempt | None:
    """The attempt that something is credited to, held; None when no campaign has to do with it."""
    attempts = Attempt.objects.select_for_update(of=("self",))
    kind, row_id = (origin["kind"], origin["id"]) if origin else ("", None)
    if row_id is not None and kind == "attempt":
        return attempts.filter(pk=row_id).first()
    if kind == "call":
        return attempts.filter(call=row_id).first()
    if kind == "order":
        return attempts.filter(conversions__order=row_id, conversions__reversed_at=None).first()
    if kind or by is None:
        return None
    lately = ~Q(state=Attempt.State.CLOSED) | Q(closed_at__gt=now - A_MOMENT_AGO, call__isnull=False)
    return attempts.filter(lately, agent=by, contact=contact_id, leased_at__lte=now).order_by("-leased_at", "-id").first()


def _write(attempt: Attempt, kind: str, *, by: User | None, now: datetime, **said: Any) -> Conversion:
    row = Conversion(
        attempt=attempt, campaign_id=attempt.campaign_id, contact_id=attempt.contact_id, agent_id=attempt.agent_id, kind=kind, at=now,
        by=by, **said,
    )  # fmt: skip
    row.save(force_insert=True)
    record(row, "credit", by=by, now=now, before={})
    return row
