"""Passing a call on with what is known of it: an operator asks, whoever is asked accepts or declines, the events tell what became of it
(``calls.transfer_matching``)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from calls import queues, transfer_notices
from calls.by_hand import CallOver
from calls.models import Call, CallLeg, CallTransfer, Queue, ScriptRun
from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import LEADERS, Role, User
from config.platform.moves import transition
from config.platform.registry import Registry
from crm import duty, lookup
from crm.models import Department
from crm.phone_book import NumberIsInternal
from crm.phone_numbers import parse

#: Told, in the transaction, that an operator asks for a transfer: whoever can have the phone system perform it.
asked: Registry[Callable[[CallTransfer], None]] = Registry("told when an operator asks for a transfer")


class TransferTargetUnclear(Refusal):
    """Name exactly one of `agent`, `queue`, `department` and `number`: where does the call go?"""

    code = "transfer_target_unclear"
    status = 400
    advice = "Send exactly one of `agent`, `queue`, `department`, `number`."


class TransferToYourself(Refusal):
    """The call would go to whoever has it."""

    code = "transfer_to_yourself"
    status = 400
    advice = "Choose somebody else. If you want to keep the call, do nothing."


class TransferPending(Refusal):
    """A transfer of this call was asked for and is still open: `transfer` is its id. Call it off first."""

    code = "transfer_pending"
    advice = "Wait for its answer, or cancel it (`POST /call-transfers/{id}/cancel/`) with the id in `transfer`, then ask again."


class NotYourCallToPassOn(Refusal):
    """Another operator has this call; they or a supervisor pass it on."""

    code = "not_your_call_to_pass_on"
    status = 403
    advice = "Let the operator who has the call pass it on, or ask a supervisor."


class NotAskedOfYou(Refusal):
    """This transfer is not to you, your queue or your department, and not yours to call off."""

    code = "transfer_not_yours"
    status = 403
    advice = "Leave it to those it is addressed to. Only who asked for it, or a supervisor, calls it off."


@transaction.atomic
def ask(
    call_id: UUID,
    *,
    kind: str,
    agent: User | None = None,
    queue: Queue | None = None,
    department: Department | None = None,
    number: str = "",
    note: str = "",
    by: User,
    now: datetime,
) -> CallTransfer:
    """Ask for a call to be passed on. What is known of it goes to the recipients' screens, before the call does.

    Raises:
        TransferTargetUnclear, TransferToYourself, NumberInvalid, NumberIsInternal, CallOver, NotYourCallToPassOn, TransferPending
    """
    given = {"to_agent": agent, "to_queue": queue.slug if queue else "", "to_department": department, "to_number": _number(number)}
    if sum(1 for value in given.values() if value) != 1:
        raise TransferTargetUnclear("Name exactly one of `agent`, `queue`, `department` and `number`.")
    call = Call.objects.select_for_update(of=("self",)).select_related("contact", "disposition").get(pk=call_id)
    if call.state == Call.State.ENDED:
        raise CallOver("The call has ended: there is nothing to pass on.")
    _refuse_others(call, by)
    has_it = by.pk if by.role == Role.AGENT else call.agent_id
    if agent is not None and agent.pk in (has_it, by.pk):
        raise TransferToYourself("The call would go to whoever has it.")
    pending = CallTransfer.objects.pending().filter(call=call).first()
    if pending is not None:
        raise TransferPending("A transfer of this call was asked for and is still open.", transfer=str(pending.pk))
    row = CallTransfer(
        call=call, kind=kind, at=now, asked_at=now, asked_by=by, from_agent_id=has_it, note=note.strip(), context=context_of(call), **given
    )
    row.save(force_insert=True)
    record(row, "ask", by=by, now=now, before={})
    transfer_notices.offered(row, recipients(row, queue), now=now)
    for _, tell in asked:
        tell(row)
    return row


def _number(number: str) -> str:
    if not number.strip():
        return ""
    found = parse(number, region=settings.DEFAULT_PHONE_REGION)
    if found.is_internal:
        raise NumberIsInternal("This looks like an internal extension: name the `agent` or the `queue`.")
    return found.e164


def _refuse_others(call: Call, by: User) -> None:
    if by.role in (*LEADERS, Role.INTEGRATION) or call.agent_id in (None, by.pk):
        return
    if not CallLeg.objects.filter(call=call, agent=by, ended_at=None).exists():
        raise NotYourCallToPassOn("Another operator has this call: they or a supervisor pass it on.")


def context_of(call: Call) -> dict[str, Any]:
    """What is known of a call, for whoever takes it: ids, codes and counts; the rest is asked for by them."""
    run = ScriptRun.objects.filter(call=call).select_related("script_version__script").order_by("-started_at", "-id").first()
    matches: list[dict[str, Any]] = [{"contact": {"id": call.contact_id}}] if call.contact_id else []
    found = lookup.with_open(lookup.Found(raw="", e164=call.customer_e164, matches=matches))
    return {
        "call": {
            "direction": call.direction,
            "queue": call.queue,
            "started_at": call.started_at.isoformat(),
            "wait_s": call.wait_s,
        },
        "contact": str(call.contact_id) if call.contact_id else None,
        "topics": sorted(call.topics.values_list("code", flat=True)),
        "disposition": call.disposition.code if call.disposition else None,
        "script": {
            "run": str(run.pk),
            "name": run.script_version.script.name,
            "version": run.script_version.number,
            "passed": run.passed,
            "due": run.due,
        }
        if run
        else None,
        "open": {name: len(matters) for name, matters in sorted(found.open.items())},
    }


def recipients(row: CallTransfer, queue: Queue | None = None) -> list[UUID]:
    """Who is asked: the operator; who serves the queue; who works in the department, else those who lead it. Nobody for a number."""
    if row.to_agent_id:
        return [row.to_agent_id]
    if row.to_queue:
        return queues.people_of(queue or queues.usual(row.to_queue))
    if row.to_department is not None:
        members = list(row.to_department.members.filter(is_active=True).values_list("pk", flat=True))
        return members or duty.leaders_of(row.to_department)
    return []


def accept(transfer_id: UUID, *, if_version: int | None = None, by: User, now: datetime) -> CallTransfer:
    """Say that you take the call; of several who are asked the first one does.

    Raises:
        NotAskedOfYou, TransitionNotAllowed, VersionConflict
    """
    with transition(CallTransfer, transfer_id, "accept", by=by, now=now, if_version=if_version) as row:
        _refuse_strangers(row, by)
        row.answered_by, row.answered_at = by, now
    transfer_notices.answered(row, now=now)
    return row


def decline(transfer_id: UUID, *, reason: str = "", if_version: int | None = None, by: User, now: datetime) -> CallTransfer:
    """Say that you do not take the call, and why: whoever asked must look for another way.

    Raises:
        NotAskedOfYou: a queue or a department declines by whoever leads; one of many leaves it to the others.
        TransitionNotAllowed, VersionConflict
    """
    with transition(CallTransfer, transfer_id, "decline", by=by, now=now, reason=reason, if_version=if_version) as row:
        if row.to_agent_id != by.pk and row.answered_by_id != by.pk and by.role not in LEADERS:
            raise NotAskedOfYou("Leave it to the others who were asked; a supervisor declines for all.")
        row.answered_by, row.answered_at, row.decline_reason = by, now, reason.strip()
    transfer_notices.answered(row, now=now)
    return row


def cancel(transfer_id: UUID, *, if_version: int | None = None, by: User, now: datetime) -> CallTransfer:
    """Call off what was asked for.

    Raises:
        NotAskedOfYou, TransitionNotAllowed, VersionConflict
    """
    with transition(CallTransfer, transfer_id, "cancel", by=by, now=now, if_version=if_version) as row:
        if row.asked_by_id != by.pk and by.role not in LEADERS:
            raise NotAskedOfYou("Another operator asked for it: they or a supervisor call it off.")
    return row


def _refuse_strangers(row: CallTransfer, by: User) -> None:
    if by.role not in LEADERS and by.pk not in recipients(row):
        raise NotAskedOfYou("This transfer is not to you, your queue or your department.")


@transaction.atomic
def expire(*, now: datetime, limit: int = 200) -> int:
    """End what was asked for and nothing came of within ``TRANSFER_PENDING``; answers how many. Safe in any number of workers.

    An event that tells of it later still brings it to its result.
    """
    old = CallTransfer.objects.pending().filter(asked_at__lt=now - settings.TRANSFER_PENDING)
    held = list(old.select_for_update(skip_locked=True, of=("self",)).order_by("asked_at")[:limit])
    for one in held:
        with transition(CallTransfer, one.pk, "expire", by=None, now=now) as row:
            pass
        transfer_notices.ended(row, now=now)
    return len(held)


def handed_on(call_id: UUID) -> dict[str, Any] | None:
    """What was handed on with the latest transfer of a call, for the screen of whoever it rings at; None when there was none."""
    row = CallTransfer.objects.filter(call=call_id).exclude(asked_at=None).order_by("-at", "-id").first()
    if row is None or row.status in ("declined", "cancelled"):
        return None
    return {"id": row.pk, "kind": row.kind, "from_agent": row.from_agent_id, "note": row.note, "context": row.context}
