"""Calls on the operators' screens: what rings at their desk with who is calling, what becomes of it, and what else shows at first.

Told in the transaction that changes the call, to those who have a part in it and to nobody else. What is told long after it happened is
nothing for a screen.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from calls import receipts
from calls.consequences import Change, Standing
from calls.erasure import calls_of
from calls.models import Call, CallLeg
from config.platform import feed
from config.platform.models import FeedMessage, User
from crm.models import ContactPhone

MOST_MATCHES = 5
MOST_AT_FIRST = 5
TO_WRITE_UP = timedelta(hours=24)


def tell(change: Change) -> None:
    """Registered with ``calls.consequences.consequences``."""
    if change.is_late:
        return
    call, before, after = change.call, change.before, change.after
    here = after.ringing | after.talking
    if change.has_ended:
        _say(before.ringing | before.talking | here | {before.agent_id, after.agent_id}, "call.ended", call, _ended(call), change.now)
        return
    new = after.ringing - before.ringing
    if new:
        _say(new, "call.ringing", call, ringing(call), change.now)
    by = after.talking - before.talking
    taken = before.ringing - after.talking if by else frozenset()
    if taken:
        _say(taken, "call.taken", call, {"call": str(call.pk), "by": _names(by)}, change.now)
    rang_out = {one for one in before.ringing - here - taken if not _was_taken_from(one, change.legs)}
    if rang_out:
        _say(rang_out, "call.rang_out", call, {"call": str(call.pk)}, change.now)
    what = _what_changed(before, after)
    if what:
        _say((here | {after.agent_id}) - new - taken, "call.updated", call, {"call": brief(call), "changed": what}, change.now)


def _was_taken_from(user_id: UUID, legs: Sequence[CallLeg]) -> bool:
    """Whether somebody else answered while it rang here: that was told then, often before the phone system stopped this ringing."""
    began = [leg.ring_at for leg in legs if leg.agent_id == user_id and leg.ring_at]
    return bool(began) and any(leg.answered_at and leg.agent_id not in (None, user_id) and leg.answered_at >= began[-1] for leg in legs)


def _say(people: Any, kind: str, call: Call, data: dict[str, Any], now: datetime) -> None:
    contact = call.contact_id or (data.get("screen_pop") or {}).get("contact")
    feed.tell(people, kind, data, about=call.pk, contact=contact, now=now)


def _what_changed(before: Standing, after: Standing) -> list[str]:
    """The differences that a screen shows, in words of the trade."""
    found = {
        "answered": bool(after.talking - before.talking),
        "held": bool(after.held - before.held),
        "resumed": bool((before.held & after.talking) - after.held),
        "transferred": after.transfers != before.transfers,
        "identified": after.contact_id is not None and after.contact_id != before.contact_id and before.state != "",
        "written_up": after.wrap_up_state == Call.WrapUp.DONE and before.wrap_up_state != Call.WrapUp.DONE,
    }
    return [name for name, happened in found.items() if happened]


def brief(call: Call) -> dict[str, Any]:
    """A call as messages carry it; ``GET /calls/{id}/`` tells the rest."""
    return {
        "id": str(call.pk),
        "direction": call.direction,
        "state": call.state,
        "queue": call.queue,
        "from": {"raw": call.from_raw, "e164": call.from_e164 or None, "name": call.from_name},
        "to": {"raw": call.to_raw, "e164": call.to_e164 or None, "name": call.to_name},
        "contact": str(call.contact_id) if call.contact_id else None,
        "started_at": call.started_at,
        "answered_at": call.answered_at,
    }


def ringing(call: Call) -> dict[str, Any]:
    """The call with the screen pop: who is calling and what is open for them, as the phone system gets it in its answer."""
    raw = call.to_raw if call.direction == Call.Direction.OUTBOUND else call.from_raw
    found = receipts.who_calls(raw, call.customer_e164, call.contact_id)
    contact = call.contact_id or found.best
    return {
        "call": brief(call),
        "matches": found.matches[:MOST_MATCHES],
        "open": receipts.besides(found.open, call.pk),
        "screen_pop": {"contact": str(contact) if contact else None, "url": receipts.pop_url(call.pk, contact)},
    }


def _ended(call: Call) -> dict[str, Any]:
    return {
        "call": str(call.pk),
        "outcome": call.outcome,
        "talk_s": call.talk_s,
        "wrap_up": call.wrap_up_state,
        "agent": str(call.agent_id) if call.agent_id else None,
    }


def _names(people: frozenset[UUID]) -> list[str]:
    return [str(user) for user in User.objects.filter(pk__in=people).order_by("pk")]


def at_first(user: User, now: datetime) -> dict[str, Any]:
    """Registered with ``config.platform.feed.at_first``: calls that ring or go on at this desk, and those that wait to be written up."""
    parts = CallLeg.objects.filter(agent=user, state__in=["ringing", "answered"]).values("call")
    mine = Call.objects.open().filter(Q(pk__in=parts) | Q(agent=user)).order_by("-started_at", "-id")[:MOST_AT_FIRST]
    rings = set(CallLeg.objects.filter(agent=user, state="ringing", call__in=[call.pk for call in mine]).values_list("call", flat=True))
    waiting = Call.objects.filter(agent=user, wrap_up_state=Call.WrapUp.PENDING, started_at__gt=now - TO_WRITE_UP)
    return {
        "ringing": [ringing(call) for call in mine if call.pk in rings],
        "talking": [ringing(call) for call in mine if call.pk not in rings],
        "to_write_up": [
            brief(call) | {"outcome": call.outcome, "talk_s": call.talk_s}
            for call in waiting.order_by("-started_at", "-id")[:MOST_AT_FIRST]
        ],
    }


# --- erasure
def _of(contact_id: UUID) -> Any:
    """Messages about a contact: by name, and about calls of any of their numbers, for those name everybody who has the number."""
    oldest = FeedMessage.objects.order_by("at").values_list("at", flat=True).first()
    if oldest is None:
        return FeedMessage.objects.none()
    numbers = ContactPhone.objects.filter(contact=contact_id).values("phone__e164")
    told_of = Q(started_at__gte=oldest - TO_WRITE_UP) & (Q(customer_e164__in=numbers) | Q(pk__in=calls_of(contact_id).values("pk")))
    return feed.about(contact_id, Call.objects.filter(told_of).values_list("pk", flat=True))


def personal_data(contact_id: UUID) -> list[dict[str, Any]]:
    """What operators' screens were told of a contact of late."""
    return list(_of(contact_id).order_by("id").values("kind", "at", "data"))


def pseudonymise(contact_id: UUID) -> int:
    """Nobody who comes back to their screen is told of the contact any more; answers how many messages went."""
    return int(_of(contact_id).delete()[0])


# --- the kinds, with examples
CALL = "0199a1b2-5555-7000-8000-293a4b5c6d7e"
CONTACT = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"
BRIEF = {
    "id": CALL,
    "direction": "inbound",
    "state": "ringing",
    "queue": "support",
    "from": {"raw": "+79161234567", "e164": "+79161234567", "name": ""},
    "to": {"raw": "+78001234567", "e164": "+78001234567", "name": ""},
    "contact": CONTACT,
    "started_at": "2026-11-23T07:00:00Z",
    "answered_at": None,
}
RINGING = {
    "call": BRIEF,
    "matches": [{"contact": {"id": CONTACT, "display_name": "Петрова Мария Ивановна"}, "quality": "exact", "score": 1.0}],
    "open": {"tasks": [], "orders": [], "calls": []},
    "screen_pop": {"contact": CONTACT, "url": None},
}


def declare() -> None:
    """The kinds of messages that are told from here."""
    talks = BRIEF | {"state": "in_progress", "answered_at": "2026-11-23T07:00:08Z"}
    ended = {"call": CALL, "outcome": "answered", "talk_s": 93.0, "wrap_up": "pending", "agent": "0199a1b2-0000-7000-8000-293a4b5c6d7e"}
    feed.declare(
        "call.ringing",
        "A call rings at your desk. `matches` are the contacts of the number, best first, as `GET /contacts/{id}/` shows them; `open` is what is open for them.",
        RINGING,
    )
    feed.declare(
        "call.updated",
        "A call of yours changed; `changed` says what: `answered`, `held`, `resumed`, `transferred`, `identified`, `written_up`.",
        {"call": talks, "changed": ["answered"]},
    )
    feed.declare("call.taken", "Somebody else took the call that rang at your desk.", {"call": CALL, "by": ["Зайцев Павел Ильич"]})
    feed.declare("call.rang_out", "The call rings at your desk no more, and nobody has answered it yet.", {"call": CALL})
    feed.declare("call.ended", "A call of yours is over. With `wrap_up` `pending` and you as its `agent` you write it up.", ended)
