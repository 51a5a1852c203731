"""What people do with return calls: promise one, take it, pass it to somebody, do it, call it off. What calls make of them is another room:
``calls.return_call_settling``."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from calls import queues, return_call_notices
from calls import return_call_settling as settling
from calls.models import Call, ReturnCall, ReturnCallCall
from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import LEADERS, User
from config.platform.moves import change, transition
from config.platform.registry import Registry
from crm import lookup
from crm.models import Contact, Department
from crm.phone_book import NumberIsInternal
from crm.phone_numbers import parse

Because = ReturnCall.Because

#: Whether a return call may be made now (the customer's own hours, how often they were called): asked before one is handed out by
#: ``next_one``. Each answers yes or no for one return call; one no is enough.
gates: Registry[Callable[[ReturnCall, User, datetime], bool]] = Registry("whether a return call may be made now")
MOST_PASSED_OVER = 20


class NotYourReturnCall(Refusal):
    """Another operator has this return call; they or a supervisor decide about it."""

    code = "not_your_return_call"
    status = 403
    advice = "Take another one (`POST /return-calls/next/`), or ask a supervisor to assign this one to you."


class CallOfSomebodyElse(Refusal):
    """The call that you name was with another number and another contact."""

    code = "call_of_somebody_else"
    status = 400
    advice = "Name a call with the same number or the same contact as the return call, or complete it without a `call`."


class NobodyToReturnTo(Refusal):
    """Give a `phone`, or a `call` whose number is known: whom is the call owed to?"""

    code = "nobody_to_return_to"
    status = 400
    advice = "Send `phone`. A `call` is enough only when its number is known: withheld numbers cannot be returned."


class DoNotCallAtAll(Refusal):
    """This number, or this contact, is not to be called at all: nothing can be promised."""

    code = "do_not_call_at_all"
    advice = "Promise no call. If the customer wants one all the same, have the suppression lifted first (`POST /suppressions/{id}/lift/`)."


@transaction.atomic
def promise(
    *,
    phone: str = "",
    call: Call | None = None,
    contact: Contact | None = None,
    queue: str = "",
    department: Department | None = None,
    note: str = "",
    by: User,
    now: datetime,
) -> tuple[ReturnCall, bool]:
    """Promise a call back to a number, or to whoever is in ``call``. Answers the return call, and whether it is new.

    Where one is owed already, the promise is added to it. The term is that of the queue: the one named, else the call's.

    Raises:
        NumberInvalid, NumberIsInternal, NobodyToReturnTo, DoNotCallAtAll
    """
    e164 = _number(phone, call)
    meant = queues.usual(queue or (call.queue if call else ""))
    department_id = department.pk if department else meant.department_id
    if contact is None and call is not None:
        contact = call.contact
    contact_id = contact.pk if contact else lookup.by_number(lookup.Found(raw=e164, e164=e164)).best
    settling.hold([e164])
    if settling.suppressed(e164, contact_id, now):
        raise DoNotCallAtAll("This number is not to be called at all: nothing can be promised.")
    link = ReturnCallCall(at=now, queue=meant.slug, reason=ReturnCall.Reason.PROMISED, due_at=settling.term(meant, now))
    row = ReturnCall.objects.owed().filter(e164=e164, department=department_id).first()
    if row is None:
        row = ReturnCall(e164=e164, department_id=department_id, contact_id=contact_id, note=note.strip())
        _add_up(row, [link])
        row.save(force_insert=True)
        record(row, "promise", by=by, now=now, before={})
        link.return_call = row
        link.save(force_insert=True)
        return row, True
    with change(ReturnCall, row.pk, "promise", by=by, now=now) as held:
        held.note = f"{held.note}\n{note}".strip()
        held.contact_id = held.contact_id or contact_id
        link.return_call = held
        link.save(force_insert=True)
        _add_up(held, list(ReturnCallCall.objects.counted_in([held.pk])))
    return held, False


def _number(phone: str, call: Call | None) -> str:
    if phone.strip():
        number = parse(phone, region=settings.DEFAULT_PHONE_REGION)
        if number.is_internal or settling.is_our_line(number.e164):
            raise NumberIsInternal("This is a number of our own: give the customer's.")
        return number.e164
    if call is None or not call.customer_e164.startswith("+"):
        raise NobodyToReturnTo("Give a `phone`, or a `call` whose number is known.")
    return call.customer_e164


def _add_up(row: ReturnCall, links: list[ReturnCallCall]) -> None:
    for name, value in settling.added_up(links, {}, row).items():
        setattr(row, name, value)


def take(return_call_id: UUID, *, if_version: int | None = None, by: User, now: datetime) -> ReturnCall:
    """Begin with one: it is yours from now on.

    Raises:
        NotYourReturnCall: it was given to another operator.
        TransitionNotAllowed, VersionConflict
    """
    with transition(ReturnCall, return_call_id, "take", by=by, now=now, if_version=if_version) as row:
        _refuse_others(row, by)
        row.assignee, row.taken_at = by, now
    return row


def assign(return_call_id: UUID, *, assignee: User, if_version: int | None = None, by: User | None, now: datetime) -> ReturnCall:
    """Give one to somebody. They are told.

    Raises:
        TransitionNotAllowed, VersionConflict
    """
    with transition(ReturnCall, return_call_id, "assign", by=by, now=now, if_version=if_version) as row:
        row.assignee, row.taken_at = assignee, None
        return_call_notices.assigned(row, now=now)
    return row


def release(return_call_id: UUID, *, if_version: int | None = None, by: User, now: datetime) -> ReturnCall:
    """Give one back, for whoever comes next.

    Raises:
        NotYourReturnCall, TransitionNotAllowed, VersionConflict
    """
    with transition(ReturnCall, return_call_id, "release", by=by, now=now, if_version=if_version) as row:
        _refuse_others(row, by)
        row.assignee = row.taken_at = None
    return row


def complete(
    return_call_id: UUID, *, result: str = "", call: Call | None = None, if_version: int | None = None, by: User, now: datetime
) -> ReturnCall:
    """Say that it is done, what came of it, and by which call. Also for one that a call closed by itself.

    Raises:
        NotYourReturnCall, CallOfSomebodyElse, TransitionNotAllowed, VersionConflict
    """
    with transition(ReturnCall, return_call_id, "complete", by=by, now=now, if_version=if_version) as row:
        _refuse_others(row, by)
        if call is not None and not _is_theirs(call, row):
            raise CallOfSomebodyElse("The call that you name was with another number and another contact.")
        if row.is_owed:
            row.closed_at = row.settled_at = now
            spoken_at = now if call is None else (call.answered_at or call.started_at) if settling.talked(call) else None
            row.response_s = None if spoken_at is None else max(0.0, round((spoken_at - row.first_call_at).total_seconds(), 3))
        row.closed_by, row.result = by, result.strip()
        row.closed_by_call_id = call.pk if call is not None else row.closed_by_call_id
    return row


def cancel(return_call_id: UUID, *, reason: str, if_version: int | None = None, by: User, now: datetime) -> ReturnCall:
    """Say that nobody will be called back, and why.

    Raises:
        NotYourReturnCall, TransitionNotAllowed, VersionConflict
    """
    with transition(ReturnCall, return_call_id, "cancel", by=by, now=now, reason=reason, if_version=if_version) as row:
        _refuse_others(row, by)
        row.closed_at = row.settled_at = now
        row.closed_by, row.result, row.cancelled_because = by, reason, Because.BY_PERSON
    return row


def _refuse_others(row: ReturnCall, by: User) -> None:
    if row.assignee_id not in (None, by.pk) and row.closed_by_id != by.pk and by.role not in LEADERS:
        raise NotYourReturnCall("Another operator has this return call: they or a supervisor decide about it.")


def _is_theirs(call: Call, row: ReturnCall) -> bool:
    return call.customer_e164 == row.e164 or (call.contact_id is not None and call.contact_id == row.contact_id)


OWN = """
SELECT r.id FROM calls_returncall r
WHERE r.status IN ('assigned', 'in_progress') AND r.assignee_id = %(me)s AND NOT r.id = ANY(%(passed)s::uuid[])
ORDER BY r.status = 'in_progress' DESC, r.urgent_at, r.id LIMIT 1 FOR UPDATE OF r SKIP LOCKED
"""
#: Whoever asked in the queue to be called back keeps the place in its line: their turn has come when nobody waits there who came earlier.
POOL = """
WITH my_teams AS (
    SELECT m.team_id AS id FROM crm_team_members m JOIN crm_team t ON t.id = m.team_id AND t.is_active WHERE m.user_id = %(me)s)
SELECT r.id FROM calls_returncall r
WHERE r.status = 'open' AND NOT r.id = ANY(%(passed)s::uuid[]) AND (%(all)s
    OR r.queue IN (SELECT q.slug FROM calls_queue q JOIN calls_queue_teams s ON s.queue_id = q.id WHERE s.team_id IN (SELECT id FROM my_teams))
    OR r.department_id IN (SELECT department_id FROM crm_department_members WHERE user_id = %(me)s
        UNION SELECT department_id FROM crm_team WHERE id IN (SELECT id FROM my_teams) AND department_id IS NOT NULL)
    OR (r.department_id IS NULL
        AND NOT EXISTS (SELECT 1 FROM calls_queue q JOIN calls_queue_teams s ON s.queue_id = q.id WHERE q.slug = r.queue)))
    AND (r.place_kept_from IS NULL OR NOT EXISTS (
        SELECT 1 FROM calls_call c WHERE c.state = 'queued' AND c.queue = r.queue AND c.queued_at < r.place_kept_from))
ORDER BY r.urgent_at, r.id LIMIT 1 FOR UPDATE OF r SKIP LOCKED
"""


@transaction.atomic
def next_one(*, by: User, now: datetime) -> ReturnCall | None:
    """Hand out the most urgent one: one you have in hand already, of those given to you, of your queues and departments; None: there is none.

    No two people get the same, however many ask at once. Those that may not be called now are passed over.
    """
    passed: list[UUID] = []
    while len(passed) < MOST_PASSED_OVER:
        wanted: dict[str, Any] = {"me": by.pk, "all": by.role in LEADERS, "passed": [str(one) for one in passed]}
        found = settling.statements.rows(OWN, wanted) or settling.statements.rows(POOL, wanted)
        if not found:
            return None
        row = ReturnCall.objects.get(pk=found[0][0])
        if settling.suppressed(row.e164, row.contact_id, now):
            settling.cancel(row.pk, because=Because.SUPPRESSED, now=now)
        elif all(may(row, by, now) for _, may in gates):
            return row if row.status == ReturnCall.Status.IN_PROGRESS else take(row.pk, by=by, now=now)
        passed.append(row.pk)
    return None
