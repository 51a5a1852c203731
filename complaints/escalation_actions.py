"""What a step of escalation does beside telling people: letters, another assignee, a higher priority, another department.

Each is a savepoint of its own. What cannot be done is logged and written on the step as ``failed``; it stops nothing else, and a step is
never tried again: whoever was told sees what was not done.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from complaints import clocks, telling, transfers
from complaints.models import Clock, Complaint, EscalationLevel, EscalationStep
from complaints.models.complaints import UNDECIDED, WAITING, Priority, Status
from config.platform import mailing
from config.platform.models import PEOPLE, User
from config.platform.moves import transition
from config.platform.viewer import zone_of

logger = logging.getLogger(__name__)
REASON = "Escalated"
NOTIFIED, EMAILED, REASSIGNED, RAISED = "notified", "emailed", "reassigned", "priority_raised"
TRANSFERRED, SYSTEMS_TOLD, FAILED = "transferred", "systems_told", "failed"
PRIORITIES = list(Priority)


@dataclass(frozen=True)
class Order:
    """A step that was written, and what is to be done for it. ``to``: to whom the complaint would be given."""

    step: EscalationStep
    clock: Clock
    level: EscalationLevel
    people: Collection[UUID]
    to: UUID | None


def does_more(level: EscalationLevel) -> bool:
    """Whether a level does something that cannot be done for hundreds in one statement."""
    return level.emails or level.reassigns or level.raises_priority or level.transfers_to_id is not None


def carry_out(order: Order, *, now: datetime) -> list[str]:
    """Do what the level says; answers what was done, in the words of ``EscalationStep.did``."""
    level = order.level
    asked: list[tuple[bool, Callable[[Order, datetime], list[str]]]] = [
        (level.emails, _write_letters),
        (level.transfers_to_id is not None, _transfer),
        (level.raises_priority or level.reassigns, _move),
    ]
    did: list[str] = []
    for is_asked, action in asked:
        if not is_asked:
            continue
        try:
            with transaction.atomic():
                did += action(order, now)
        except Exception:
            logger.exception("escalation_not_carried_out", extra={"step": str(order.step.pk), "action": action.__name__.strip("_")})
            did.append(FAILED)
    return list(dict.fromkeys(did))


def _write_letters(order: Order, now: datetime) -> list[str]:
    complaint, clock = order.clock.complaint, order.clock
    promise = f"{clock.get_metric_display()}: promised for"
    owed = []
    for person in User.objects.filter(pk__in=order.people, is_active=True).order_by("pk"):
        zone = zone_of(person.time_zone)
        due = (clock.due_at or clock.breached_at or now).astimezone(zone)
        is_late = due <= now
        lines = [
            f"{complaint.number}: {complaint.summary}",
            "",
            f"{promise} {due:%Y-%m-%d %H:%M} ({zone.key}), {'which is over' if is_late else 'which is soon'}.",
            f"Department: {complaint.department or 'none'}. Status: {complaint.get_status_display().lower()}. "
            f"Priority: {complaint.get_priority_display().lower()}.",
            f"This is level {order.step.number} of the escalation. Take it on in Switchboard, and nothing more of it comes.",
        ]
        letter = mailing.owe(
            to=person,
            subject=f"{complaint.number} {'is overdue' if is_late else 'is soon due'}: {clock.get_metric_display().lower()}",
            text="\n".join(lines) + "\n",
            key=f"escalation:{order.step.pk}:{person.pk}",
            about=complaint.pk,
            contact=complaint.contact_id,
            now=now,
        )
        owed.append(letter is not None)
    return [EMAILED] if any(owed) else []


def _as_it_is(order: Order) -> Complaint:
    """Its complaint as it is now: of several promises of one complaint, the steps of another may have moved it in this sweep."""
    return Complaint.objects.only("status", "priority", "department", "assignee").get(pk=order.clock.complaint_id)


def _transfer(order: Order, now: datetime) -> list[str]:
    complaint, department = _as_it_is(order), order.level.transfers_to
    if department is None or complaint.department_id == department.pk or complaint.status not in UNDECIDED:
        return []
    transfers.transfer(complaint.pk, department=department, reason=REASON, by=None, now=now)
    return [TRANSFERRED]


def _move(order: Order, now: datetime) -> list[str]:
    """Another priority, another assignee: one move. After a transfer, whoever is to have it is found by the other department."""
    level, seen, had = order.level, order.clock.complaint, _as_it_is(order)
    raises = level.raises_priority and had.priority != PRIORITIES[-1]
    gives = level.reassigns and order.to not in (None, had.assignee_id) and had.department_id == seen.department_id
    if gives and not User.objects.filter(pk=order.to, role__in=PEOPLE).exists():  # a program cannot have it in hand
        gives = False
    if not raises and not gives:
        return []
    did: list[str] = []
    moved: dict[str, Any] = {}
    facts: dict[str, Any] = {"level": order.step.number, "round": order.step.round, "metric": order.clock.metric, "clocks": moved}
    with transition(Complaint, seen.pk, "escalate", by=None, now=now, reason=REASON, **facts) as complaint:
        if raises:
            complaint.priority = PRIORITIES[PRIORITIES.index(Priority(complaint.priority)) + 1]
            moved.update(clocks.rematch(complaint, now=now))
            did.append(RAISED)
        if gives:
            complaint.assignee_id = order.to
            if complaint.status not in {Status.DECIDED, *WAITING}:
                complaint.status = Status.ASSIGNED
            transfers.taken(complaint, by=None, now=now)
            did.append(REASSIGNED)
        clocks.follow(complaint, now=now)
        telling.news(complaint, "complaint.assigned" if gives else "complaint.changed", now=now, verb="escalate")
        if gives:
            telling.tell_of(complaint, "complaint.assigned", to=[order.to], now=now)
        others = [one for one in [*telling.recipients(complaint), had.assignee_id] if not gives or one != order.to]
        telling.tell_of(complaint, "complaint.changed", to=others, now=now, verb="escalate")
        if moved:
            telling.tell_of(complaint, "complaint.clocks_moved", to=[complaint.assignee_id], now=now, clocks=moved)
    return did
