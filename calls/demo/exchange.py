"""The demo's exchange answers a click: it takes what was asked for and plays the call, event by event, as time goes on.

Nothing is remembered: what happens when follows from the request alone, and what was told already is not told again. So a tick may be
lost, doubled or late.
"""

from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from calls import commands, intake
from calls.demo.house import SYSTEM
from calls.models import CallEvent, CallRequest, PhoneCommand, PhoneSystem
from config.platform.errors import Refusal

PREFIX = "demo-click-"
#: A call is over by then.
LONGEST = timedelta(minutes=5)


def tick(*, now: datetime) -> int:
    """Take what waits, and tell what has happened by now; answers how many events were told."""
    system = PhoneSystem.objects.filter(slug=SYSTEM, is_active=True, takes_commands=PhoneSystem.TakesCommands.POLL).first()
    if system is None:
        return 0
    for command in commands.waiting(system, now=now):
        try:
            commands.accept(UUID(command["id"]), call_id=f"{PREFIX}{command['id']}", by=None, now=now)
        except Refusal:
            continue  # another tick has it
    going = list(
        CallRequest.objects.filter(phone_system=system, status__in=["accepted", "linked"], asked_at__gt=now - LONGEST)
        .filter(external_id__startswith=PREFIX)
        .exclude(call__state="ended")
    )
    taken = PhoneCommand.objects.in_bulk([request.pk for request in going])
    events = [event for request in going for event in play(request, taken[request.pk].settled_at or now)]
    due = [event for event in events if datetime.fromisoformat(event["occurred_at"]) <= now]
    known = set(
        CallEvent.objects.filter(phone_system=system, event_id__in=[event["event_id"] for event in due]).values_list("event_id", flat=True)
    )
    new = [event for event in due if event["event_id"] not in known]
    for event in new:
        intake.receive(system, event, now=now)
    return len(new)


def play(request: CallRequest, since: datetime) -> list[dict[str, Any]]:
    """The whole call that comes of a click: the operator picks up, the number rings, and is mostly answered. The same request, the same call."""
    random = Random(str(request.pk))
    key, number = request.external_id, request.number
    told: list[dict[str, Any]] = []

    def tell(kind: str, after_s: float, **rest: Any) -> None:
        at = (since + timedelta(seconds=after_s)).isoformat()
        told.append({"event_id": f"{key}-{len(told)}", "type": kind, "call_id": key, "occurred_at": at, **rest})

    far = {"leg_id": f"{key}/far", "party": "customer", "to": number}
    ends = {"direction": "outbound", "from": request.extension, "to": number, "agent": request.extension}
    tell("call.initiated", 0, call_request_id=str(request.pk), **ends)
    tell("leg.answered", 2, leg_id=f"{key}/desk", agent=request.extension)
    tell("leg.ringing", 3, **far)
    outcome = random.choices(("answered", "busy", "no_answer"), weights=(8, 1, 1))[0]
    end = {"answered": random.uniform(30, 90), "busy": 5.0, "no_answer": 25.0}[outcome]
    if outcome == "answered":
        tell("leg.answered", random.uniform(6, 12), **far)
    cause = {"answered": 16, "busy": 17, "no_answer": 19}[outcome]
    tell("leg.ended", end, **far, cause=cause)
    tell("leg.ended", end, leg_id=f"{key}/desk", agent=request.extension)
    tell("call.ended", end, cause=cause, hangup_by="caller" if outcome == "answered" else "system")
    return told
