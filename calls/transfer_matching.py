"""What became of transfers, from the events of the call: those that operators asked for and those that the phone system told of are one list.

Computed anew from the whole call whenever it changed, under the call's lock: the order of events and their doubles cannot matter. Rows that
only follow from events are derived like legs, and come and go with what is told; what an operator asked for stays.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings

from calls import transfer_notices
from calls.consequences import Change
from calls.models import AgentExtension, Call, CallLeg, CallTransfer, Queue
from config.platform.moves import transition
from crm.models import Department
from crm.phone_numbers import NumberInvalid, parse

Status = CallTransfer.Status
#: A transfer that is told of belongs to what was asked for at most so long before it; clocks may differ a little.
WINDOW, SKEW = timedelta(minutes=15), timedelta(minutes=1)
RESULTS = {"completed", "returned", "failed", "abandoned"}


@dataclass(frozen=True, slots=True)
class Told:
    """A transfer as the phone system tells it, and whom it means."""

    key: str
    at: datetime
    kind: str
    from_raw: str
    to: dict[str, Any]
    result: str
    agent: UUID | None
    queue: str
    number: str
    departments: frozenset[UUID]
    from_agent: UUID | None


def follow(change: Change) -> None:
    """Registered with ``calls.consequences``: leaves at once unless the call was passed on, or somebody else talks, or it ended."""
    before, after = change.before, change.after
    if not after.transfers and not before.transfers and change.call.answered_at is None:
        return
    if any(
        getattr(before, name) != getattr(after, name)
        for name in ("transfers", "transfer_results", "state", "talking", "ringing", "agent_id")
    ):
        settle(change.call, change.legs, now=change.now)


def settle(call: Call, legs: Sequence[CallLeg], *, now: datetime) -> None:
    """Bring the transfers of a call that the caller holds to what its events say."""
    rows = list(CallTransfer.objects.filter(call=call).order_by("at", "id"))
    if not rows and not call.transfers:
        return
    told = _told(call)
    pairs = _pairs(told, [row for row in rows if row.asked_at])
    alone = {one.key: one for one in told if one.key not in {match.key for match in pairs.values()}}
    derived = {row.told_key: row for row in rows if row.asked_at is None}
    CallTransfer.objects.filter(pk__in=[row.pk for key, row in derived.items() if key not in alone]).delete()
    # a told one that changes hands is let go first: of its key there is one row
    for row in rows:
        if row.asked_at and row.told_key and (row.pk not in pairs or pairs[row.pk].key != row.told_key):
            CallTransfer.objects.filter(pk=row.pk).update(told_key=f"{row.told_key}#{row.pk}"[:300])
    for row in rows:
        if row.asked_at:
            _bring(row, pairs.get(row.pk), call, legs, now)
    for key, one in alone.items():
        _derive(derived.get(key), one, call)


def _told(call: Call) -> list[Told]:
    """The transfers in the call's facts, in order of time, each with a key of its own."""
    found, seen = [], dict[str, int]()
    extensions = {str(one.get("to", {}).get("extension") or "") for one in call.transfers} | {
        str(one.get("from", "")) for one in call.transfers
    }
    people: dict[str, UUID] = {}
    if call.phone_system_id and extensions - {""}:
        known = AgentExtension.objects.filter(phone_system=call.phone_system_id, extension__in=extensions - {""}, is_active=True)
        people = dict(known.values_list("extension", "user_id"))
    for one in sorted(call.transfers, key=lambda one: (one["at"], orjson.dumps(one, option=orjson.OPT_SORT_KEYS))):
        to = one.get("to") or {}
        name = f"{one['at']}|{one.get('from', '')}|{to.get('extension') or to.get('queue') or to.get('number') or ''}"[:280]
        seen[name] = seen.get(name, 0) + 1
        agent, queue = people.get(str(to.get("extension") or "")), str(to.get("queue") or "")
        found.append(
            Told(
                key=f"{name}|{seen[name]}",
                at=datetime.fromisoformat(one["at"]),
                kind=one.get("kind") if one.get("kind") in CallTransfer.Kind.values else "blind",
                from_raw=str(one.get("from") or "")[:200],
                to=to,
                result=str(one.get("result") or "unknown"),
                agent=agent,
                queue=queue[:100],
                number=_e164(str(to.get("number") or ""), call),
                departments=_departments(agent, queue),
                from_agent=people.get(str(one.get("from", ""))),
            )
        )
    return found


def _departments(agent: UUID | None, queue: str) -> frozenset[UUID]:
    """Whose queue, or whose member it is."""
    found: set[UUID] = set()
    if queue:
        found |= {one for one in Queue.objects.filter(slug=queue).values_list("department_id", flat=True) if one}
    if agent:
        found |= set(Department.objects.filter(members=agent).values_list("pk", flat=True))
        found |= set(Department.objects.filter(teams__members=agent).values_list("pk", flat=True))
    return frozenset(found)


def _e164(raw: str, call: Call) -> str:
    if not raw:
        return ""
    region = call.phone_system.default_region if call.phone_system else settings.DEFAULT_PHONE_REGION
    try:
        return parse(raw, region=region).e164
    except NumberInvalid:
        return ""


def _pairs(told: Iterable[Told], asked: Sequence[CallTransfer]) -> dict[UUID, Told]:
    """Which told transfer is which that was asked for: the same target, and the latest asked before it that is still free."""
    pairs: dict[UUID, Told] = {}
    for one in told:
        for row in sorted(asked, key=lambda row: (row.asked_at, row.pk), reverse=True):
            if row.pk not in pairs and row.asked_at and row.asked_at - SKEW <= one.at <= row.asked_at + WINDOW and _is_to(row, one):
                pairs[row.pk] = one
                break
    return pairs


def _is_to(row: CallTransfer, one: Told) -> bool:
    if row.to_agent_id:
        return row.to_agent_id == one.agent
    if row.to_queue:
        return row.to_queue == one.queue
    if row.to_number:
        return row.to_number == one.number
    return row.to_department_id in one.departments


def _bring(row: CallTransfer, one: Told | None, call: Call, legs: Sequence[CallLeg], now: datetime) -> None:
    """Bring what was asked for to what was told of it, or to what the legs show."""
    if one is not None:
        status = _status(one.result, call)
    elif row.status not in (Status.DECLINED, Status.CANCELLED) and _talks(row, legs):
        status = Status.COMPLETED
    elif row.status in (*RESULTS, Status.UNDER_WAY, Status.UNKNOWN) or (row.is_pending and call.state == Call.State.ENDED):
        status = Status.EXPIRED
    else:
        return
    key, at = (one.key, one.at) if one else ("", None)
    if (row.status, row.told_key, row.told_at) == (status, key, at):
        return
    if row.status == status:
        CallTransfer.objects.filter(pk=row.pk).update(told_key=key, told_at=at)
        return
    verb = "expire" if status == Status.EXPIRED else status
    with transition(CallTransfer, row.pk, verb, by=None, now=now) as held:
        held.told_key, held.told_at = key, at
    if status != Status.UNDER_WAY:
        transfer_notices.ended(held, now=now)


def _status(result: str, call: Call) -> str:
    if result in RESULTS:
        return result
    return Status.UNKNOWN if call.state == Call.State.ENDED else Status.UNDER_WAY


def _talks(row: CallTransfer, legs: Sequence[CallLeg]) -> bool:
    """Whether whom it was to go to answered after it was asked for, though no transfer was told of."""
    return any(
        row.to_agent_id and leg.agent_id == row.to_agent_id and leg.answered_at and row.asked_at and leg.answered_at >= row.asked_at - SKEW
        for leg in legs
    )


def _derive(row: CallTransfer | None, one: Told, call: Call) -> None:
    """Write a transfer that nobody asked for here, as the events tell it."""
    row = row or CallTransfer(call=call, told_key=one.key)
    columns: dict[str, Any] = {
        "status": _status(one.result, call),
        "kind": one.kind,
        "at": one.at,
        "told_at": one.at,
        "from_raw": one.from_raw,
        "from_agent_id": one.from_agent,
        "to_raw": one.to,
        "to_agent_id": one.agent,
        "to_queue": one.queue,
        "to_number": one.number,
    }
    if not row._state.adding and all(getattr(row, name) == value for name, value in columns.items()):
        return
    for name, value in columns.items():
        setattr(row, name, value)
    row.version += 0 if row._state.adding else 1
    row.save()


def move(call: Call, other: Call, *, now: datetime) -> None:
    """Let the transfers of ``other``, which proved to be the same call, be those of ``call``; the caller computes the call afterwards."""
    CallTransfer.objects.filter(call=other, asked_at=None).delete()
    if CallTransfer.objects.pending().filter(call=call).exists():
        for row in CallTransfer.objects.pending().filter(call=other):
            with transition(CallTransfer, row.pk, "expire", by=None, now=now):
                pass
    for row in CallTransfer.objects.filter(call=other):
        row.told_key = f"{row.told_key}#{row.pk}"[:300] if row.told_key else ""
        row.call = call
        row.save()
