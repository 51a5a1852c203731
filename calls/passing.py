"""How a call was passed around: its stays in queues, its transfers, and the recordings made on the way. Pure."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from calls.events import Event
from calls.facts import LegFacts, QueueStay


def queue_stays(live: list[Event], legs: tuple[LegFacts, ...], ended_at: datetime | None) -> tuple[QueueStay, ...]:
    """Each stay in a queue: from entering it until it was left, an operator answered, the next queue, or the end of the call.

    To be queued again in the same queue without having left it (nobody answered, or a new place) is the same stay. A leaving
    without an entering is a stay of unknown beginning. A stay that only the end of the call ended has no reason.
    """
    answers = sorted(leg.answered_at for leg in legs if leg.answered_at and leg.party in ("agent", "external", "unknown"))
    stays: list[QueueStay] = []
    open_stay: QueueStay | None = None
    for event in live:
        if event.type not in ("call.queued", "call.left_queue"):
            continue
        at, place = event.occurred_at, event.queue_position
        if open_stay and (answer := _first_from(answers, open_stay.entered_at)) and answer <= at:
            stays.append(replace(open_stay, left_at=answer, reason="answered"))
            open_stay = None
            if event.type == "call.left_queue":
                continue  # it tells of the same answer
        if open_stay and event.type == "call.queued" and event.queue in ("", open_stay.queue):
            open_stay = open_stay if place is None else replace(open_stay, position=place)
        elif event.type == "call.queued":
            if open_stay:
                stays.append(replace(open_stay, left_at=at, reason="moved"))
            open_stay = QueueStay(event.queue, at, None, "", place)
        elif open_stay:
            place = open_stay.position if place is None else place
            stays.append(QueueStay(open_stay.queue or event.queue, open_stay.entered_at, at, event.reason or "left", place))
            open_stay = None
        elif not (stays and stays[-1].reason == "answered" and event.queue in ("", stays[-1].queue)):
            stays.append(QueueStay(event.queue, None, at, event.reason or "left", place))
    if open_stay:
        answer = _first_from(answers, open_stay.entered_at)
        stays.append(replace(open_stay, left_at=answer or ended_at, reason="answered" if answer else ""))
    return tuple(stays)


def _first_from(moments: list[datetime], since: datetime | None) -> datetime | None:
    return next((one for one in moments if since is None or one >= since), None)


def shown(stay: QueueStay, started_at: datetime) -> dict[str, Any]:
    """For JSON. A stay of unknown beginning is shown from the beginning of the call."""
    return {
        "queue": stay.queue,
        "entered_at": (stay.entered_at or started_at).isoformat(),
        "left_at": stay.left_at.isoformat() if stay.left_at else None,
        "reason": stay.reason,
        "position": stay.position,
    }


def transfers(
    passed: list[Event], from_legs: list[str], legs: tuple[LegFacts, ...], ended_at: datetime | None
) -> tuple[dict[str, Any], ...]:
    """What became of each transfer: the sender's word, or else what the legs show."""
    found = []
    for event, from_leg in zip(passed, from_legs, strict=True):
        told = event.transfer or {}
        leg = next((one for one in legs if one.key == from_leg), None)
        found.append(
            {
                "at": event.occurred_at.isoformat(),
                "kind": told.get("kind", "blind"),
                "from": leg.extension or leg.key if leg else event.agent_extension or from_leg,
                "to": told.get("to", {}),
                "result": told.get("result") or _result(event, from_leg, legs, ended_at),
            }
        )
    return tuple(found)


def _result(event: Event, from_leg: str, legs: tuple[LegFacts, ...], ended_at: datetime | None) -> str:
    """Completed when the target talked after it. A target that never answered: the call came back, was given up, or failed."""
    to, at = (event.transfer or {}).get("to", {}), event.occurred_at
    others = [leg for leg in legs if leg.key != from_leg and (leg.ended_at is None or leg.ended_at >= at)]
    if to.get("queue"):
        targets = [leg for leg in others if leg.party == "agent" and leg.started_at >= at]
    else:
        names = {to.get("extension"), to.get("number")} - {None, ""}
        targets = [leg for leg in others if leg.extension in names or leg.number_raw in names]
    if any(leg.answered_at and (leg.ended_at is None or leg.ended_at > at or leg.answered_at >= at) for leg in targets):
        return "completed"
    over = max((leg.ended_at for leg in targets if leg.ended_at), default=None)
    if over and all(leg.ended_at for leg in targets):
        back = [leg for leg in legs if leg.answered_at and leg not in targets and leg.party == "agent"]
        if any(leg.ended_at is None or leg.ended_at > over or (leg.answered_at and leg.answered_at >= over) for leg in back):
            return "returned"
        return "abandoned" if ended_at and over >= ended_at else "failed"
    if to.get("queue") and ended_at and not targets:
        return "abandoned"
    return "unknown"


def recordings(known: list[Event]) -> tuple[dict[str, Any], ...]:
    """Each recording once, by its id or address; later news of it fills what was missing, and of two addresses the later is alive."""
    found: dict[str, dict[str, Any]] = {}
    for event in known:
        if event.recording:
            name = str(event.recording.get("id") or event.recording.get("url") or event.dedupe_key)
            new = {**event.recording, "leg": event.leg_key, "at": event.occurred_at.isoformat()}
            fresh = {"url": new["url"]} if new.get("url") else {}
            found[name] = {**new, **{key: value for key, value in found.get(name, {}).items() if value}, **fresh}
    return tuple(found.values())
