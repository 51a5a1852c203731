"""Working on a complaint: acknowledged, given to somebody, begun, waited with, changed. ``deciding`` brings it to an end.

Every verb holds the complaint, asks who may (``held``), sets its facts, and then brings clocks, screens and other systems up to date
(``done``), in one transaction. It sets the new status itself: the clocks read it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from complaints import amounts, clocks, priorities, similar, telling, transfers
from complaints.models import Complaint
from complaints.models.complaints import Status
from complaints.ownership import require_may_handle
from config.platform.errors import Refusal
from config.platform.models import PEOPLE, User
from config.platform.moves import transition
from crm import phone_book

#: Somebody has it in hand.
HELD = frozenset({Status.ASSIGNED, Status.IN_PROGRESS, Status.WAITING_CUSTOMER, Status.WAITING_THIRD_PARTY})
#: What decides which promise holds.
PROMISED_BY = frozenset({"kind", "severity", "impact", "priority", "contact"})
WORDS = frozenset({"summary", "description", "remedy_sought"})


class AlreadyAcknowledged(Refusal):
    """The customer was told already that it came in: `acknowledged_at` says when."""

    code = "already_acknowledged"
    advice = "Nothing is left to do: read the row again to see when, and by whom, it was acknowledged."


class AlreadyTheirs(Refusal):
    """They have it in hand already."""

    code = "already_theirs"
    advice = "Nothing is left to do: they have it. Read the complaint again."


class WhoComplains(Refusal):
    """Name a `contact`, a `phone`, or an `order`: whose complaint is it?"""

    code = "who_complains"
    status = 400
    advice = "Send a `contact`, a `phone`, or an `order`; one is enough."


class NobodyToTakeIt(Refusal):
    """A program cannot take a complaint in hand: name an `assignee`."""

    code = "nobody_to_take_it"
    status = 400
    advice = "Send `assignee` with the id of a person: a token of an integration stands for nobody."


def acknowledge(complaint_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> Complaint:
    """Say that the customer was told that it came in. Anybody may who tells them.

    Raises:
        AlreadyAcknowledged, TransitionNotAllowed, VersionConflict
    """
    with transition(Complaint, complaint_id, "acknowledge", by=by, now=now, if_version=if_version) as complaint:
        if complaint.acknowledged_at is not None:
            raise AlreadyAcknowledged("It was acknowledged already.", acknowledged_at=complaint.acknowledged_at.isoformat())
        complaint.acknowledged_at = now
        if complaint.status == Status.RECEIVED:
            complaint.status = Status.ACKNOWLEDGED
        done(complaint, "acknowledge", informed=True, by=by, now=now)
    return complaint


def assign(
    complaint_id: UUID, *, assignee: User | None = None, reason: str = "", if_version: int | None = None, by: User | None, now: datetime
) -> Complaint:
    """Give it to somebody; with nobody named whoever asks takes it. One that waits goes on waiting, and its clocks go on resting.

    Raises:
        NobodyToTakeIt, AlreadyTheirs, NotYourComplaint, TransitionNotAllowed, VersionConflict
    """
    with held(complaint_id, "assign", reason=reason, if_version=if_version, by=by, now=now) as complaint:
        whose, had = assignee or person(by), complaint.assignee_id
        if whose is None:
            raise NobodyToTakeIt("Name an `assignee`.")
        if had == whose.pk and complaint.status in HELD:
            raise AlreadyTheirs("They have it already.")
        complaint.assignee = whose
        if complaint.status not in (Status.WAITING_CUSTOMER, Status.WAITING_THIRD_PARTY):
            complaint.status = Status.ASSIGNED
        transfers.taken(complaint, by=by, now=now)
        done(complaint, "assign", by=by, now=now, had=had)
    return complaint


def take(complaint_id: UUID, *, if_version: int | None = None, by: User, now: datetime) -> Complaint:
    """Take it in hand oneself: ``assign`` to whoever asks."""
    return assign(complaint_id, assignee=by, if_version=if_version, by=by, now=now)


def start(complaint_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> Complaint:
    """Begin to work on it. Whoever begins has it, when nobody had.

    Raises:
        NotYourComplaint, TransitionNotAllowed, VersionConflict
    """
    with held(complaint_id, "start", if_version=if_version, by=by, now=now) as complaint:
        complaint.status = Status.IN_PROGRESS
        complaint.assignee = complaint.assignee or person(by)
        transfers.taken(complaint, by=by, now=now)
        done(complaint, "start", by=by, now=now)
    return complaint


def wait_for_customer(complaint_id: UUID, *, reason: str, if_version: int | None = None, by: User | None, now: datetime) -> Complaint:
    """Say that it cannot go on before the customer answers, and what is asked. Clocks rest where the policy says so.

    Raises:
        NotYourComplaint, TransitionNotAllowed, VersionConflict
    """
    with held(complaint_id, "wait_for_customer", reason=reason, if_version=if_version, by=by, now=now) as complaint:
        complaint.status = Status.WAITING_CUSTOMER
        done(complaint, "wait_for_customer", by=by, now=now)
    return complaint


def wait_for_third_party(complaint_id: UUID, *, reason: str, if_version: int | None = None, by: User | None, now: datetime) -> Complaint:
    """Say that it cannot go on before somebody else has done something: a supplier, a carrier. Clocks rest where the policy says so.

    Raises:
        NotYourComplaint, TransitionNotAllowed, VersionConflict
    """
    with held(complaint_id, "wait_for_third_party", reason=reason, if_version=if_version, by=by, now=now) as complaint:
        complaint.status = Status.WAITING_THIRD_PARTY
        done(complaint, "wait_for_third_party", by=by, now=now)
    return complaint


def carry_on(complaint_id: UUID, *, reason: str = "", if_version: int | None = None, by: User | None, now: datetime) -> Complaint:
    """Say that the wait is over. Clocks go on.

    Raises:
        NotYourComplaint, TransitionNotAllowed, VersionConflict
    """
    with held(complaint_id, "carry_on", reason=reason, if_version=if_version, by=by, now=now) as complaint:
        complaint.status = Status.IN_PROGRESS
        done(complaint, "carry_on", by=by, now=now)
    return complaint


@transaction.atomic
def alter(
    complaint_id: UUID, *, phone: str | None = None, if_version: int | None = None, by: User | None, now: datetime, **fields: Any
) -> Complaint:
    """Change what is known of it. ``fields`` are columns that people fill in, as for ``intake.receive``.

    A priority that follows from severity and impact follows them still. Another promise moves the clocks that go on: the history says
    from when to when, and whoever has it is told.

    Raises:
        WhoComplains: neither a contact nor a number would be left.
        CurrenciesDiffer, CurrencyUnknown, CurrencyNotKept, NumberInvalid, NumberIsInternal
        NotYourComplaint, TransitionNotAllowed, VersionConflict
    """
    moved: dict[str, Any] = {}
    with held(complaint_id, "alter", if_version=if_version, by=by, now=now, clocks=moved) as complaint:
        follows = complaint.priority == priorities.usual(complaint.severity, complaint.impact)
        currency = fields.pop("currency", "")
        for name, value in fields.items():
            setattr(complaint, name, value)
        if follows and "priority" not in fields:
            complaint.priority = priorities.usual(complaint.severity, complaint.impact)
        if phone is not None:
            complaint.e164 = phone_book.read([{"number": phone}])[0].e164 if phone.strip() else ""
        if (phone is not None or "contact" in fields) and not complaint.e164 and complaint.contact_id is None:
            raise WhoComplains("Leave it a contact or a number.")
        if currency and complaint.redress_amount is not None and currency != complaint.currency:
            raise amounts.CurrenciesDiffer(f"What was decided is in {complaint.currency}.", currency=complaint.currency)
        if currency or complaint.amount_claimed is not None:
            amounts.set_currency(complaint, currency)
        if not PROMISED_BY.isdisjoint(fields):
            moved.update(clocks.rematch(complaint, now=now))
        done(complaint, "alter", by=by, now=now)
        if moved:
            telling.tell_of(complaint, "complaint.clocks_moved", to=[complaint.assignee_id], but=by, now=now, clocks=moved)
    if not WORDS.isdisjoint(fields):
        similar.index(complaint)
    return complaint


def person(by: User | None) -> User | None:
    """``by``, when it is somebody who can have a complaint in hand; programs cannot."""
    return by if by is not None and by.role in PEOPLE else None


@contextmanager
def held(
    complaint_id: UUID, verb: str, *, reason: str = "", if_version: int | None, by: User | None, now: datetime, **facts: Any
) -> Iterator[Complaint]:
    """Hold it for whoever may handle it."""
    with transition(Complaint, complaint_id, verb, by=by, now=now, reason=reason, if_version=if_version, **facts) as complaint:
        require_may_handle(complaint, by)
        yield complaint


def done(complaint: Complaint, verb: str, *, informed: bool = False, by: User | None, now: datetime, had: UUID | None = None) -> None:
    """Bring clocks, screens and other systems up to date with what was just set. ``had``: whoever had it before."""
    clocks.follow(complaint, now=now, informed=informed)
    if verb == "assign":
        telling.tell_of(complaint, "complaint.assigned", to=[complaint.assignee_id], but=by, now=now)
    others = [one for one in [*telling.recipients(complaint), had] if verb != "assign" or one != complaint.assignee_id]
    telling.tell_of(complaint, "complaint.changed", to=others, but=by, now=now, verb=verb)
    telling.news(complaint, telling.NEWS_OF.get(verb, "complaint.changed"), verb=verb, now=now)
