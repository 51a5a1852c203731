"""What a phone system is told about its events: stored or not, whose call it is, who is calling, what is open for them."""

import time
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings

from calls import call_rows, hints, intake, transfers
from calls.models import CallEvent, PhoneSystem
from calls.phone_systems.native import EventUnreadable
from config.platform import statements
from config.platform.errors import Refusal
from crm import contact_rows, lookup

MOST = 500


class PhoneSystemNeeded(Refusal):
    """Say which phone system tells this: `?phone_system=<slug>`, the header `X-Phone-System`, or `phone_system` in the body."""

    code = "phone_system_needed"
    status = 400
    advice = "Name the phone system in the query, the header or the body. `GET /phone-systems/` lists the slugs."


class TooManyEvents(Refusal):
    """At most 500 events in one request."""

    code = "too_many_events"
    status = 413
    advice = "Split the batch into parts of at most 500 events and send them one after another. None of these was stored."


def system_named(slug: str, body: Any) -> PhoneSystem:
    """The active phone system of that name; without a name, the only one there is.

    Raises:
        PhoneSystemNeeded: no name and several systems, or an unknown name.
    """
    if not slug and isinstance(body, dict) and isinstance(body.get("phone_system"), str):
        slug = body["phone_system"]
    columns = _columns()
    by_name = f"SELECT {columns.sql} FROM calls_phonesystem s WHERE s.is_active AND s.slug = %s LIMIT 1"  # noqa: S608 (names of models)
    the_only = f"SELECT {columns.sql} FROM calls_phonesystem s WHERE s.is_active LIMIT 2"  # noqa: S608 (names of models)
    name = slug[:50].replace("\0", "")
    found = [columns.make(row) for row in (statements.rows(by_name, [name]) if slug else statements.rows(the_only, []))]
    if len(found) != 1:
        raise PhoneSystemNeeded(
            "There is no active phone system of that name." if slug else "Say which phone system tells this: ?phone_system=<slug>."
        )
    return found[0]


@cache
def _columns() -> statements.Columns[PhoneSystem]:
    """Without the secrets: nobody here needs them, and unsealing costs time."""
    return statements.Columns(PhoneSystem, "s", without=("secret", "old_secret"))


def one(system: PhoneSystem, body: Any, *, now: datetime, raw: Any = None) -> dict[str, Any]:
    """Take one event and say all that helps whoever answers the phone; ``raw`` is what it was made of, if not the body itself.

    Raises:
        EventUnreadable
    """
    receipt = intake.receive(system, body, now=now, raw=raw)
    shown = call_rows.show([receipt.call_id])[0] if receipt.call_id else None
    found = _found(shown)
    return {
        "status": receipt.status,
        "duplicate": receipt.status == intake.DUPLICATE,
        "event": receipt.event_id,
        "call": shown,
        "matches": found.matches,
        "open": besides(found.open, receipt.call_id),
        "screen_pop": _screen_pop(shown, found),
        "hints": hints.of(system, shown, found),
    }


def many(system: PhoneSystem, bodies: Sequence[Any], *, now: datetime, raws: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """Take many events: one verdict for each, in their order. Calls are folded here as long as the sender's patience allows.

    Raises:
        TooManyEvents
    """
    if len(bodies) > MOST:
        raise TooManyEvents(f"At most {MOST} events in one request: send the rest in another.")
    receipts = intake.store(system, bodies, now=now, raws=raws)
    stored = [receipt.event_id for receipt in receipts if isinstance(receipt, intake.Receipt) and receipt.event_id]
    _fold_while_patient(system, stored, now)
    calls: dict[Any, UUID | None] = dict(CallEvent.objects.filter(pk__in=stored).values_list("pk", "call_id"))
    return [_verdict(index, receipt, calls) for index, receipt in enumerate(receipts)]


def _fold_while_patient(system: PhoneSystem, stored: Sequence[UUID], now: datetime) -> None:
    """Fold inline for a moment; what is left is owed already and comes by the queue."""
    until = time.monotonic() + settings.BATCH_PATIENCE_S
    waiting = CallEvent.objects.filter(pk__in=stored, state=CallEvent.State.ACCEPTED)
    for key in dict.fromkeys(waiting.order_by("id").values_list("call_key", flat=True)):
        if time.monotonic() > until:
            return
        try:
            intake.fold_key(system, key, now=now)
        except Exception:
            intake.logger.exception("call_not_folded")


def _verdict(index: int, receipt: intake.Receipt | EventUnreadable, calls: dict[Any, UUID | None]) -> dict[str, Any]:
    if isinstance(receipt, EventUnreadable):
        problem = {"code": receipt.code, "detail": receipt.detail, **receipt.facts}
        return {"index": index, "status": intake.REJECTED, "event": None, "call": None, "problem": problem}
    call = receipt.call_id or calls.get(receipt.event_id)
    return {"index": index, "status": receipt.status, "event": receipt.event_id, "call": call, "problem": None}


def _found(shown: dict[str, Any] | None) -> lookup.Found:
    """Who is calling. When a person said who it is, that contact comes first and without doubt."""
    if shown is None:
        return lookup.Found(raw="")
    far = shown["to"] if shown["direction"] == "outbound" else shown["from"]
    return who_calls(far["raw"], shown["customer_e164"], shown["contact"])


def who_calls(raw: str, e164: str, contact: UUID | None) -> lookup.Found:
    """The contacts of a number, best first, and what is open for them. ``contact`` is who it is, when somebody or the base said so."""
    found = lookup.Found(raw=raw, e164=e164)
    if e164:
        found = lookup.by_number(found)
    if contact and contact != found.best:
        others = [match for match in found.matches if match["contact"]["id"] != contact]
        found.matches = [{"contact": row, "quality": lookup.EXACT, "score": 1.0} for row in contact_rows.show([contact])] + others
    return lookup.with_open(found)


def besides(open_matters: dict[str, list[dict[str, Any]]], call_id: UUID | None) -> dict[str, list[dict[str, Any]]]:
    """What is open apart from this very call."""
    return {name: [matter for matter in matters if matter.get("id") != str(call_id)] for name, matters in open_matters.items()}


def _screen_pop(shown: dict[str, Any] | None, found: lookup.Found) -> dict[str, Any]:
    if shown is None:
        return {"agent": None, "contact": None, "url": None, "transfer": None}
    ringing = next((leg["agent"] for leg in shown["legs"] if leg["state"] in ("ringing", "answered") and leg["agent"]), None)
    contact = shown["contact"] or found.best
    # only a call that somebody had before can be passed on
    transfer = transfers.handed_on(shown["id"]) if shown["answered_at"] and shown["state"] != "ended" else None
    return {"agent": ringing or shown["agent"], "contact": contact, "url": pop_url(shown["id"], contact), "transfer": transfer}


def pop_url(call_id: UUID, contact_id: UUID | None) -> str | None:
    """What a screen opens for this call, when the setting says so."""
    url = settings.SCREEN_POP_URL.replace("{call}", str(call_id)).replace("{contact}", str(contact_id or ""))
    return url or None
