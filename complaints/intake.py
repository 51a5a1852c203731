"""Receiving a complaint: it has a number, a department, its promises, and whoever must know knows. One transaction."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from complaints import amounts, clocks, deciding, handling, priorities, routing, similar, telling
from complaints.handling import WhoComplains
from complaints.models import Complaint
from complaints.models.complaints import Channel, Status
from config.platform import numbers, origins
from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import User
from crm import calling_whom, phone_book
from crm.calling_whom import Whom
from crm.models import Contact, Department

LETTER = "C"
#: Whoever is spoken with knows at once that we heard them.
SPOKEN = frozenset({Channel.CALL, Channel.VISIT, Channel.CHAT})
LONG_AGO, A_MOMENT = timedelta(days=366), timedelta(minutes=1)


class ReceivedWhen(Refusal):
    """`received_at` is not to come, and at most a year ago."""

    code = "received_when"
    status = 400
    advice = "Send a `received_at` within the last year and not in the future, or leave it out for now."


@transaction.atomic
def receive(
    *,
    summary: str,
    contact: Contact | None = None,
    phone: str = "",
    department: Department | None = None,
    assignee: User | None = None,
    origin: Mapping[str, Any] | None = None,
    received_at: datetime | None = None,
    solve: Mapping[str, Any] | None = None,
    follows: Complaint | None = None,
    by: User | None,
    now: datetime,
    **fields: Any,
) -> Complaint:
    """Take a complaint in: find whose it is, send it where it belongs, start its clocks, tell whoever must know.

    ``fields`` are columns that people fill in (``kind``, ``channel``, ``topic``, ``severity`` …). ``solve`` holds the arguments of
    ``deciding.solve``: it was solved in the moment in which it was told. A letter of the day before yesterday is received then, and its
    promises run since then.

    Raises:
        WhoComplains, ReceivedWhen, NumberInvalid, NumberIsInternal, OriginUnknown, CurrencyUnknown, CurrencyNotKept
    """
    at = _when(received_at, now)
    complaint = Complaint(
        number=numbers.next_number(LETTER, now=now), summary=summary, department=department, assignee=assignee, follows=follows,
        received_at=at, by=by, **fields, **origins.columns(origin),
    )  # fmt: skip
    _whose(complaint, contact, phone)
    complaint.priority = fields.get("priority") or priorities.usual(complaint.severity, complaint.impact)
    if complaint.amount_claimed is not None:
        amounts.set_currency(complaint)
    if complaint.channel in SPOKEN:
        complaint.status, complaint.acknowledged_at = Status.ACKNOWLEDGED, at
    if solve is not None and complaint.assignee_id is None:
        complaint.assignee = handling.person(by)  # whoever solves it has it: it is nobody's turn
    routing.route(complaint, now=now)
    complaint.save(force_insert=True)
    _promise(complaint, now)
    complaint.save(update_fields=["policy", "due_at", "breached_at"])
    record(complaint, "receive", by=by, now=now, before={})
    similar.index(complaint)
    telling.news(complaint, "complaint.received", verb="receive", is_saved=True, now=now)
    if solve is not None:
        return deciding.solve(complaint.pk, **solve, on_call=True, by=by, now=now)
    _tell(complaint, by, now)
    return complaint


def _when(received_at: datetime | None, now: datetime) -> datetime:
    at = received_at or now
    if not now - LONG_AGO <= at <= now + A_MOMENT:
        raise ReceivedWhen("It was received at most a year ago, and not in the time to come.")
    return min(at, now)


def _whose(complaint: Complaint, contact: Contact | None, phone: str) -> None:
    """The contact and the number: either finds the other when there is one only; else an order says whose it is."""
    if contact is None and not phone.strip():
        contact = complaint.order.contact if complaint.order is not None else None
    if contact is None and not phone.strip():
        raise WhoComplains("Name `contact`, `phone`, or `order`.")
    e164 = phone_book.read([{"number": phone}])[0].e164 if phone.strip() else ""
    (subject,) = calling_whom.found([Whom(e164, contact.pk if contact else None)])
    complaint.e164 = subject.e164
    complaint.contact = Contact.objects.get(pk=subject.contact_id) if subject.contact_id else None
    if complaint.contact is None and complaint.order is not None:  # they ring from a number that is nobody's, or of several
        complaint.contact = complaint.order.contact
    if not complaint.language and complaint.contact is not None:
        complaint.language = complaint.contact.language


def _promise(complaint: Complaint, now: datetime) -> None:
    """Start the clocks at the receipt; whoever it was given to has it since now only."""
    person, complaint.assignee = complaint.assignee, None
    clocks.begin(complaint, now=complaint.received_at)
    complaint.assignee = person
    clocks.follow(complaint, now=now, is_new=True)


def _tell(complaint: Complaint, by: User | None, now: datetime) -> None:
    if complaint.assignee_id is not None:
        telling.tell_of(complaint, "complaint.assigned", to=[complaint.assignee_id], but=by, now=now)
    else:
        telling.tell_of(complaint, "complaint.received", to=telling.leaders(complaint), but=by, now=now)
