"""What screens and other systems are told when a promise is about to be broken, is broken, or is escalated."""

from datetime import datetime
from typing import Any
from uuid import UUID

from complaints import telling
from complaints.models import Clock, Complaint, EscalationStep
from config.platform import feed, outbox
from config.platform.history import Done, record_by_copy
from config.platform.models import User

PROMISE: dict[str, Any] = {"metric": "resolve", "cycle": 1, "promised_at": "2026-11-30T15:00:00Z"}
STEP: dict[str, Any] = PROMISE | {"escalation": "0199a1b2-eeee-7000-8000-293a4b5c6d7e", "level": 2, "round": 0}
KINDS = {
    "complaint.due_soon": (
        "A promise is soon due: `metric` says which, `promised_at` when. For whoever has the complaint, else for those on duty.",
        PROMISE,
    ),
    "complaint.breached": (
        "A promise was broken. For whoever has the complaint, else for those on duty; for those who lead its department; for who watches it.",
        PROMISE,
    ),
    "complaint.escalated": (
        "A level of the escalation policy was reached, and it names you. Take it on by `/escalations/{escalation}/acknowledge/`.",
        STEP,
    ),
    "complaint.escalation_acknowledged": (
        "Somebody took an escalation on of which you were told: nothing more of it comes.",
        STEP | {"by": "0199a1b2-0000-7000-8000-293a4b5c6d7e"},
    ),
}
TYPES = {
    "complaint.breached": ("A promise to a customer was broken. Told once for each promise.", PROMISE),
    "complaint.escalated": (
        "A level of an escalation policy that tells other systems was reached: `level` and `round` say which, `told` whom.",
        STEP | {"told": ["0199a1b2-0000-7000-8000-293a4b5c6d7e"]},
    ),
}
SHOWN_AT_FIRST = 50


def declare() -> None:
    """Add these kinds of messages and types of news."""
    for kind, (tells, more) in KINDS.items():
        feed.declare(kind, tells, telling.EXAMPLE | more)
    for type_, (tells, more) in TYPES.items():
        outbox.declare(type_, tells, telling.EXAMPLE | more, may_be_null=telling.MAY_BE_NULL)


def of_clock(clock: Clock, now: datetime) -> dict[str, Any]:
    """A promise, with the complaint that it is of."""
    return telling.brief(clock.complaint, now) | _promise(clock)


def _promise(clock: Clock) -> dict[str, Any]:
    return {"metric": clock.metric, "cycle": clock.cycle, "promised_at": clock.due_at or clock.breached_at}


def tell_broken(complaint: Complaint, clock: Clock, *, is_new: bool, now: datetime) -> None:
    """Tell of a promise that was broken and stopped before a sweep could tell of it, as the sweep does. It is told before it is saved."""
    data = telling.brief(complaint, now) | _promise(clock)
    told = [*telling.recipients(complaint), *telling.leaders(complaint)]
    feed.tell(told, "complaint.breached", data, about=complaint.pk, contact=complaint.contact_id, now=now)
    subject = outbox.Subject("complaint", complaint.pk, complaint.version + (0 if is_new else 1))
    outbox.tell("complaint.breached", subject, data, contact=complaint.contact_id, now=now)
    record_by_copy("complaint", [breach(complaint.pk, clock)], by=None, now=now)


def breach(complaint_id: UUID, clock: Clock) -> Done:
    """A broken promise, for the history of its complaint."""
    due_at = clock.breached_at and clock.breached_at.isoformat()
    return Done(complaint_id, "breach", {}, {"metric": clock.metric, "cycle": clock.cycle, "due_at": due_at})


def of_step(step: EscalationStep, clock: Clock, now: datetime) -> dict[str, Any]:
    """A step of escalation, with its promise and its complaint."""
    return of_clock(clock, now) | {"escalation": str(step.pk), "level": step.number, "round": step.round}


def open_for(user: User, now: datetime) -> list[dict[str, Any]]:
    """Escalations that somebody was told of and nobody has taken on, the newest first: their screen begins with them."""
    steps = EscalationStep.objects.open().filter(told__contains=[user.pk]).select_related("complaint", "clock").order_by("-id")
    shown = []
    for step in steps[:SHOWN_AT_FIRST]:
        step.clock.complaint = step.complaint
        shown.append(of_step(step, step.clock, now))
    return shown
