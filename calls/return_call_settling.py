"""What calls make of return calls: opened, counted, closed, opened again. The one door for all that follows from calls.

``settle`` computes the return calls of a number anew from its calls, under a lock of the number. So the order in which events are told,
their doubles and a rebuilding cannot matter: what a late event changes is put right, nothing is done twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Q

from calls import queues, return_call_notices
from calls.consequences import Change, Standing
from calls.identifying import is_our_line
from calls.models import Call, Queue, ReturnCall, ReturnCallCall
from calls.models.return_calls import OWED
from calls.return_call_grouping import Group, Item, Talk, group
from calls.return_call_grouping import Standing as Row
from config.platform import statements
from config.platform.history import record
from config.platform.moves import change as changing
from config.platform.moves import transition
from crm import business_time, phone_book, suppression
from crm.models.consent import Channel, Purpose

Outcome, Reason = Call.Outcome, ReturnCall.Reason
REASONS: dict[str, str] = {
    Outcome.MISSED: Reason.MISSED,
    Outcome.ABANDONED: Reason.ABANDONED,
    Outcome.VOICEMAIL: Reason.VOICEMAIL,
    Outcome.OVERFLOW: Reason.OVERFLOW,
    Outcome.AFTER_HOURS: Reason.AFTER_HOURS,
    Outcome.CALLBACK_REQUESTED: Reason.QUEUE_CALLBACK,
}
#: Of the reasons of one return call the one that obliges us most; of the others, that of the last call.
WEIGHTY = (Reason.QUEUE_CALLBACK, Reason.PROMISED)
#: How long before a call somebody may have begun to wait whose conversation is yet later than it.
LONGEST_WAIT = timedelta(days=1)
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(key, 11)) FROM unnest(%s::text[]) AS key"
#: The SQL of ``talked``.
TALKS = """
SELECT c.id, COALESCE(c.answered_at, c.started_at), c.agent_id FROM calls_call c
WHERE (c.customer_e164 = %(number)s OR c.contact_id = ANY(%(contacts)s::uuid[])) AND c.started_at >= %(since)s
    AND (c.outcome = 'answered' OR (c.answered_at IS NOT NULL AND (c.outcome = 'unknown' OR (c.outcome = '' AND c.direction = 'inbound'))))
"""


def follow(change: Change) -> None:
    """Registered with ``calls.consequences``: leaves at once unless a call that nobody answered, or a conversation, is new or other now."""
    before, after = _sign(change.before), _sign(change.after)
    if before == after:
        return
    call = change.call
    numbers = {number for number in (change.before.customer_e164, call.customer_e164) if number.startswith("+")}
    contacts = {one for one in (change.before.contact_id, call.contact_id) if one} if _talked(change.before, change.after) else set()
    if numbers or contacts:
        settle(numbers, contacts, call=call, now=change.now)


def _sign(stood: Standing) -> tuple[Any, ...] | None:
    """What of a call concerns return calls; None when nothing does."""
    if talked(stood):
        return "talk", stood.customer_e164, stood.contact_id, stood.started_at, stood.answered_at
    if stood.direction == Call.Direction.INBOUND and stood.outcome in REASONS:
        return (
            stood.outcome, stood.customer_e164, stood.contact_id, stood.queue, stood.started_at, stood.queued_at, stood.wait_s,
        )  # fmt: skip
    return None


def talked(call: Call | Standing) -> bool:
    """Whether somebody talked with the far side. Who calls in is spoken with from the answer on; whom we call only when it is over, for
    until then it may have been a machine."""
    if call.outcome == Outcome.ANSWERED:
        return True
    return call.answered_at is not None and (
        call.outcome == Outcome.UNKNOWN or (call.outcome == "" and call.direction == Call.Direction.INBOUND)
    )


def _talked(*stood: Standing) -> bool:
    return any(talked(one) for one in stood)


def settle(
    numbers: Iterable[str], contacts: Iterable[UUID] = (), *, call: Call | None = None, row: UUID | None = None, now: datetime
) -> None:
    """Compute the return calls of these numbers anew, and those owed to these contacts under other numbers.

    ``call`` is what changed, ``row`` a return call that lost one; without either it is those that are owed.

    The caller is in a transaction; numbers and contacts are held until it ends.
    """
    own, people = set(numbers), {str(one) for one in contacts}
    others = _numbers_of(people, call) - own
    hold([*own, *others, *people])
    others |= _numbers_of(people, call) - own
    last = call.customer_e164 if call is not None else ""
    for number in sorted(own | others, key=lambda one: (one == last, one)):  # a call leaves its old number before it comes to the new one
        _settle(number, call, row, now)


def hold(keys: Iterable[str]) -> None:
    """Let whoever changes the return calls of these numbers or contacts pass one after the other; until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [sorted(set(keys))])


def _numbers_of(contacts: set[str], call: Call | None) -> set[str]:
    if not contacts:
        return set()
    touched = Q(status__in=OWED, contact__in=contacts)
    if call is not None:
        touched |= Q(closed_by_call=call)
    return set(ReturnCall.objects.filter(touched).values_list("e164", flat=True).distinct())


def _settle(number: str, call: Call | None, row_id: UUID | None, now: datetime) -> None:
    rows = {row.pk: row for row in _touched(number, call, row_id)}
    links = list(ReturnCallCall.objects.filter(return_call__in=rows)) if rows else []
    departments: dict[UUID, UUID | None] = {link.pk: rows[link.return_call_id].department_id for link in links}
    if call is not None:
        _note(call, number, links, departments, now)
    if not rows and not links:
        return
    counting = [link for link in links if link.counts]
    contact_of = dict(Call.objects.filter(pk__in=[link.call_id for link in counting]).values_list("pk", "contact_id"))
    people = {row.contact_id for row in rows.values()} | set(contact_of.values())
    since = min((link.at for link in counting), default=now)
    named = {"number": number, "contacts": [str(one) for one in people if one], "since": since - LONGEST_WAIT}
    talks = [Talk(*row) for row in statements.rows(TALKS, named)] if counting else []
    items = [Item(link.pk, link.at, departments[link.pk], link.return_call_id) for link in counting]
    groups = group(items, talks, [_standing(row) for row in rows.values()])
    by_key = {link.pk: link for link in links}
    kept = {one.row for one in groups}
    # what is closed first: of a number and department one may be owed
    for one in sorted(groups, key=lambda one: one.talk is None):
        mine = [by_key[item.key] for item in one.items]
        if one.row is None:
            one.row = _open(number, one, mine, contact_of, now)
        else:
            _move(one.row, mine)
            _bring(rows[one.row], one, mine, contact_of, now)
    for link in links:
        if not link.counts:
            link.save()
    for row in rows.values():
        if row.pk not in kept and not _is_wall(row) and row.status != ReturnCall.Status.CANCELLED:
            _take_back(row, now)


def _touched(number: str, call: Call | None, row_id: UUID | None) -> list[ReturnCall]:
    """The return calls of a number that a change of this call may change; held, for people may be about to move them."""
    which = Q(status__in=OWED) | Q(pk=row_id)
    if call is not None:
        mine = ReturnCallCall.objects.filter(call=call).values("return_call")
        which |= Q(settled_at__gte=call.started_at) | Q(closed_by_call=call) | Q(pk__in=mine)
    return list(ReturnCall.objects.filter(which, e164=number).select_for_update(of=("self",)).order_by("id"))


def _standing(row: ReturnCall) -> Row:
    return Row(row.pk, row.department_id, row.is_owed, _is_wall(row), row.settled_at, row.closed_by_call_id)


def _is_wall(row: ReturnCall) -> bool:
    """Whether people or time closed it."""
    if row.status == ReturnCall.Status.CANCELLED:
        return row.cancelled_because != ReturnCall.Because.WAS_ANSWERED
    return row.status in (ReturnCall.Status.DONE, ReturnCall.Status.EXPIRED)


def _note(call: Call, number: str, links: list[ReturnCallCall], departments: dict[UUID, UUID | None], now: datetime) -> None:
    """Put what the call says now among the links of its number."""
    link = next((one for one in links if one.call_id == call.pk), None)
    if call.customer_e164 != number:
        if link is not None:
            links.remove(link)
            link.delete()
        return
    queue = owed(call, is_known=link is not None, now=now)
    if queue is None:
        if link is not None:
            link.counts = False
        return
    if link is None:
        link = ReturnCallCall(call=call)
        links.append(link)
    link.counts, link.at, link.queue, link.reason = True, call.started_at, call.queue, REASONS[call.outcome]
    link.due_at = term(queue, call.started_at)
    link.place_kept_from = (call.queued_at or call.started_at) if link.reason == Reason.QUEUE_CALLBACK else None
    departments[link.pk] = queue.department_id


def owed(call: Call, *, is_known: bool, now: datetime) -> Queue | None:
    """The queue by whose rules we owe a call for this one; None when we owe none.

    One that ``is_known`` as owed stays so whatever its age and whatever the queue's switch says by now.
    """
    if call.direction != Call.Direction.INBOUND or call.state != Call.State.ENDED or call.outcome not in REASONS or talked(call):
        return None
    queue = queues.usual(call.queue)
    if call.outcome == Outcome.ABANDONED and call.wait_s is not None and call.wait_s < queue.short_abandon_s:
        return None
    if is_known:
        return queue
    if now - call.started_at > settings.RETURN_CALL_MAX_AGE or not queue.return_calls:
        return None
    return None if is_our_line(call.customer_e164) or phone_book.is_blocked(call.customer_e164) else queue


def term(queue: Queue, since: datetime) -> datetime:
    """Until when somebody who was not answered at ``since`` is called back: ``return_within_s`` of the queue's opening hours later."""
    hours = queues.hours_of(queue)
    if hours is not None:
        try:
            return business_time.add_seconds(hours, since, queue.return_within_s)
        except business_time.NeverOpen:
            pass  # a calendar without hours promises nothing: then time goes round the clock
    return since + timedelta(seconds=queue.return_within_s)


def added_up(links: Sequence[ReturnCallCall], contact_of: Mapping[UUID, UUID | None], row: ReturnCall | None = None) -> dict[str, Any]:
    """The columns of a return call that follow from its calls."""
    ordered = sorted(links, key=lambda one: (one.at, one.pk))
    called = [one for one in ordered if one.call_id]
    last, reasons = ordered[-1], {one.reason for one in ordered}
    places = [one.place_kept_from for one in ordered if one.place_kept_from]
    known = [contact_of[one.call_id] for one in called if one.call_id and contact_of.get(one.call_id)]
    due_at, place = min(one.due_at for one in ordered), min(places, default=None)
    return {
        "reason": next((one for one in WEIGHTY if one in reasons), last.reason),
        "queue": last.queue,
        "first_call_id": called[0].call_id if called else None,
        "last_call_id": called[-1].call_id if called else None,
        "first_call_at": ordered[0].at,
        "last_call_at": last.at,
        "times_called": len(called),
        "due_at": due_at,
        "place_kept_from": place,
        "urgent_at": place or due_at,
        "contact_id": known[-1] if known else row.contact_id if row is not None else None,
    }


def _open(number: str, one: Group, links: Sequence[ReturnCallCall], contact_of: Mapping[UUID, UUID | None], now: datetime) -> UUID:
    """A new return call; one that was settled before we heard of it is closed as it is made."""
    row = ReturnCall(e164=number, department_id=one.department, **added_up(links, contact_of))
    if one.talk is not None:
        row.status = ReturnCall.Status.AUTO_CLOSED
        _close_by(row, one.talk, now)
    elif suppressed(number, row.contact_id, now):
        row.status, row.cancelled_because = ReturnCall.Status.CANCELLED, ReturnCall.Because.SUPPRESSED
        row.closed_at = row.settled_at = now
    row.save(force_insert=True)
    record(row, "open", by=None, now=now, before={}, calls=[link.call_id for link in links])
    _move(row.pk, links)
    return row.pk


def _move(row_id: UUID, links: Iterable[ReturnCallCall]) -> None:
    for link in links:
        link.return_call_id = row_id
        link.save()


def _bring(row: ReturnCall, one: Group, links: Sequence[ReturnCallCall], contact_of: Mapping[UUID, UUID | None], now: datetime) -> None:
    """Bring a return call to what its group says."""
    columns = added_up(links, contact_of, row)
    if columns["due_at"] != row.due_at and columns["due_at"] > now:
        columns["overdue_told_at"] = None
    is_other = any(getattr(row, name) != value for name, value in columns.items())
    if one.is_wall or (one.talk is None and row.is_owed):
        if is_other:
            with changing(ReturnCall, row.pk, "count", by=None, now=now) as held:
                _set(held, columns)
                if held.response_s is not None and held.settled_at is not None:
                    held.response_s = _response(held, held.settled_at)
        return
    if one.talk is None:
        with transition(ReturnCall, row.pk, "give_back" if row.assignee_id else "reopen", by=None, now=now) as held:
            _set(held, columns)
            held.closed_at = held.settled_at = held.closed_by_call = held.closed_by = held.response_s = None
            held.cancelled_because = ""
        if suppressed(row.e164, columns["contact_id"], now):
            cancel(row.pk, because=ReturnCall.Because.SUPPRESSED, now=now)
        elif held.assignee_id:
            return_call_notices.assigned(held, now=now)
        return
    is_same = row.status == ReturnCall.Status.AUTO_CLOSED and (row.closed_by_call_id, row.settled_at) == (one.talk.call, one.talk.at)
    if is_same and not is_other:
        return
    with transition(ReturnCall, row.pk, "auto_close", by=None, now=now) as held:
        _set(held, columns)
        _close_by(held, one.talk, now)
    if row.is_owed:
        return_call_notices.closed(held, now=now)


def _set(row: ReturnCall, columns: dict[str, Any]) -> None:
    for name, value in columns.items():
        setattr(row, name, value)


def _close_by(row: ReturnCall, talk: Talk, now: datetime) -> None:
    row.closed_at, row.settled_at, row.cancelled_because = row.closed_at or now, talk.at, ""
    row.closed_by_call_id, row.closed_by_id = talk.call, talk.agent
    row.response_s = _response(row, talk.at)


def _response(row: ReturnCall, settled_at: datetime) -> float:
    return max(0.0, round((settled_at - row.first_call_at).total_seconds(), 3))


def _take_back(row: ReturnCall, now: datetime) -> None:
    """There is nothing to return: its calls were answered after all, or are another number's."""
    with transition(ReturnCall, row.pk, "take_back", by=None, now=now) as held:
        held.closed_at, held.settled_at = held.closed_at or now, held.last_call_at
        held.closed_by_call = held.closed_by = held.response_s = None
        held.cancelled_because, held.times_called = ReturnCall.Because.WAS_ANSWERED, 0
    if row.is_owed:
        return_call_notices.closed(held, now=now)


def cancel(row_id: UUID, *, because: str, now: datetime) -> ReturnCall:
    """Call an owed one off without a person's word."""
    with transition(ReturnCall, row_id, "cancel", by=None, now=now, reason=because) as held:
        held.closed_at = held.settled_at = now
        held.cancelled_because = because
    return_call_notices.closed(held, now=now)
    return held


def suppressed(e164: str, contact_id: UUID | None, now: datetime) -> bool:
    """Whether this number, or contact, is not to be called at all. A suppression for one purpose does not forbid to return their own call."""
    found = suppression.why(e164=e164, contact_id=contact_id, purpose=Purpose.SERVICE, channel=Channel.CALL, at=now)
    return any(not one.purpose for one in found)
