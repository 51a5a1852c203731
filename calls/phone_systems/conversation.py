"""Legs of one conversation understood together, for phone systems that number legs and conversations and tell nothing of who is who.

A leg is ``incoming`` or ``outgoing`` as seen from the exchange: of a call that came in, the incoming leg is the caller's and the outgoing ones are those
that were dialled for them; of a call that we make every leg is outgoing, or an operator's own telephone came in. Which it is nobody can tell from one
event. A room keeps its events under its own prefix, with the words below, and what it knows of the leg in ``leg``: ``direction``, ``hangup_cause``,
``hangup_source``, ``result``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from calls.events import Event
from calls.phone_systems.adapters import Setting

INCOMING = "incoming"
#: What tells of one leg by itself, whoever's it is.
PLAIN = {"call.hold": "leg.held", "call.unhold": "leg.resumed", "call.enqueued": "call.queued", "call.dequeued": "call.left_queue"}
OF_LEG = {"call.initiated": "leg.ringing", "call.ringing": "leg.ringing", "call.answered": "leg.answered", "call.hangup": "leg.ended"}
WORDS = (
    *OF_LEG, *PLAIN, "call.bridged", "call.recording.saved", "call.machine.detection.ended", "call.machine.premium.detection.ended",
)  # fmt: skip
NORMAL = ("normal_clearing", "completed", "disconnected", "")


def desk(address: str) -> str:
    """The operator's name at ``client:anna``, or the extension at ``sip:201@example.sip.twilio.com``; empty for a number."""
    kind, _, rest = address.partition(":")
    return rest.partition("@")[0] if kind in ("client", "sip") and rest else ""


def _said(event: Event, name: str) -> str:
    told = (event.extra or {}).get("leg")
    return str(told.get(name, "")) if isinstance(told, dict) else ""


@dataclass(frozen=True)
class Conversation:
    """The room's prefix, with which its types begin."""

    prefix: str

    @property
    def own_types(self) -> frozenset[str]:
        """The types that are understood."""
        return frozenset(f"{self.prefix}{word}" for word in WORDS)

    def interpret(self, events: Sequence[Event], _setting: Setting) -> Iterable[Event]:
        """The legs of one conversation as a call."""
        mine = sorted((event for event in events if event.type.startswith(self.prefix)), key=lambda event: event.order)
        others = [event for event in events if not event.type.startswith(self.prefix)]
        told = [replace(event, type=event.type.removeprefix(self.prefix)) for event in mine]
        legs: dict[str, list[Event]] = {}
        for event in told:
            if event.type in OF_LEG:
                legs.setdefault(event.leg_key, []).append(event)
        incoming = [key for key, those in legs.items() if any(_said(one, "direction") == INCOMING for one in those)]
        found = _came_in(legs, incoming[0]) if incoming else _made_by_us(legs) if legs else []
        plain = [one for event in told for one in _plain(event)]
        return [*others, *found, *plain] or mine


def _plain(event: Event) -> list[Event]:
    kind = event.type
    if kind in PLAIN:
        return [
            replace(event, type=PLAIN[kind], from_raw="", to_raw="", leg_key=event.leg_key if kind in ("call.hold", "call.unhold") else "")
        ]
    if kind == "call.recording.saved":
        return [replace(event, type="recording.available", from_raw="", to_raw="")]
    if kind.endswith("detection.ended") and _said(event, "result").startswith("machine"):
        return [replace(event, type="machine.detected", from_raw="", to_raw="", leg_key="")]
    return []


def _came_in(legs: dict[str, list[Event]], caller: str) -> list[Event]:
    """The caller's leg is the call; what was dialled for them are its legs. That the exchange answered the caller is nobody's answer.

    When an operator's telephone is the caller, the operator calls out.
    """
    found = []
    operator = next((desk(event.from_raw) for event in legs[caller] if desk(event.from_raw)), "")
    direction, party = ("outbound", "customer") if operator else ("inbound", "external")
    ours: dict[str, Any] = {"agent_extension": operator, "from_raw": operator} if operator else {}
    for event in legs[caller]:
        if event.type == "call.initiated":
            found.append(replace(event, type="call.initiated", direction=direction, leg_key="", **ours))
        elif event.type == "call.hangup":
            found.append(_ended(event, direction))
    for key, told in legs.items():
        if key != caller:
            found += [leg for event in told for leg in _leg(event, party=party)]
    return found


def _made_by_us(legs: dict[str, list[Event]]) -> list[Event]:
    """Every leg was dialled: operators at SIP addresses, the customer at a number. It is over when all have hung up."""
    found = [leg for told in legs.values() for event in told for leg in _leg(event, party="customer")]
    called = [event for told in legs.values() for event in told if event.to_raw and not desk(event.to_raw)]
    begins = [event for told in legs.values() for event in told if event.type == "call.initiated"]
    if begins:
        first, to = min(begins, key=lambda event: event.order), min(called, key=lambda event: event.order, default=None)
        found.append(
            replace(
                first, type="call.initiated", direction="outbound", leg_key="", to_raw=to.to_raw if to else first.to_raw,
                from_raw=to.from_raw if to else first.from_raw, dedupe_key=f"{first.dedupe_key}#call",
            )
        )  # fmt: skip
    ends = [next((event for event in reversed(told) if event.type == "call.hangup"), None) for told in legs.values()]
    over = [end for end in ends if end is not None]
    if over and len(over) == len(ends):
        last = max(over, key=lambda event: event.order)
        why = next((end for end in over if end.to_raw and not desk(end.to_raw)), last)
        found.append(replace(_ended(why, "outbound"), occurred_at=last.occurred_at, dedupe_key=f"{last.dedupe_key}#call"))
    return found


def _leg(event: Event, *, party: str) -> list[Event]:
    """An event of a leg that was dialled: an operator's at a SIP address, else of the party that it is then."""
    kind = OF_LEG[event.type]
    operator = desk(event.to_raw)
    whose: dict[str, Any] = {"agent_extension": operator, "to_raw": ""} if operator else {"party": party if event.to_raw else ""}
    cause = _said(event, "hangup_cause") if kind == "leg.ended" else ""
    return [replace(event, type=kind, from_raw="", from_name="", cause_text=cause, **whose)]


def _ended(event: Event, direction: str) -> Event:
    """The end of the call. ``caller`` is whoever the leg came from: the customer of a call that came in, ourselves of one that we make."""
    source, cause = _said(event, "hangup_source"), _said(event, "hangup_cause")
    far, ours = ("caller", "callee") if direction == "inbound" else ("callee", "caller")
    by = {far: "caller", ours: "agent"}.get(source, "")
    return replace(
        event,
        type="call.ended",
        direction=direction,
        leg_key="",
        hangup_by=by,
        cause_text="" if cause in NORMAL else cause,
        from_raw="",
        to_raw="",
    )
