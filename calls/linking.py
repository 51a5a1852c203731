"""Which call a call request became: by the id that its events carry, by the call's id as the phone system said it, or else by who called whom when.

Whatever comes first, the event or the phone system's answer, and however late: what happened on the line is stronger than what was
thought of it, so a request that had expired is linked all the same.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from calls import consequences, requests_told
from calls.models import Call, CallRequest
from config.platform import statements
from config.platform.models import User
from config.platform.moves import TransitionNotAllowed, transition
from config.platform.registry import Registry

#: What a call that is being folded was made for, as higher apps know: ``(call, told, people, now)``. ``told`` is the id that its events
#: carry; the call is held, what they learn they write on the object. Answers the contact whom it was for, if it was for one.
made_for: Registry[Callable[[Call, str, Iterable[UUID], datetime], UUID | None]] = Registry("what a call was made for")

#: Clocks differ, and the phone system may hear of a click before our transaction has its time.
SKEW_S = 5
#: Its id first, then the call's, then the agent's call to that number while it was waited for; the youngest of several.
FIND = f"""
SELECT id, contact_id FROM (
    SELECT id, contact_id, asked_at, 1 AS rank FROM calls_callrequest
        WHERE id = %(told)s AND phone_system_id = %(system)s AND status <> 'linked' AND (verdict->>'allowed')::boolean
    UNION ALL
    SELECT id, contact_id, asked_at, 2 FROM calls_callrequest
        WHERE phone_system_id = %(system)s AND external_id <> '' AND external_id = ANY(%(keys)s) AND status <> 'linked'
    UNION ALL
    SELECT id, contact_id, asked_at, 3 FROM calls_callrequest
        WHERE number = %(number)s AND number <> '' AND asked_at <= %(started_at)s + interval '{SKEW_S} seconds' AND expires_at >= %(started_at)s
        AND phone_system_id = %(system)s AND status IN ('requested', 'sent', 'accepted', 'expired', 'failed')
        AND (verdict->>'allowed')::boolean AND (agent_id = ANY(%(people)s::uuid[]) OR extension = %(caller)s)
        AND NOT EXISTS (SELECT 1 FROM calls_callrequest other WHERE other.call_id = %(call)s)
) found ORDER BY rank, asked_at DESC LIMIT 1
"""  # noqa: S608 (a number of this module)


def find_and_link(call: Call, *, told: str, people: Iterable[UUID], now: datetime) -> None:
    """Link the request that this call came of, if there is one, and let the call know what the request knew.

    For whoever folds the call: it is held, its facts are on the object, and it is saved afterwards.
    """
    is_new = call.version <= 2  # made a moment ago, and this is its first fold
    if not told and not is_new and call.direction == Call.Direction.INBOUND:
        return
    outbound, people = call.direction == Call.Direction.OUTBOUND, list(people)
    values = {
        "told": _uuid(told),
        "system": call.phone_system_id,
        "keys": [call.external_id, *call.linked_ids],
        "number": call.customer_e164 if outbound else "",
        "caller": call.from_raw,
        "started_at": call.started_at,
        "people": [str(one) for one in people],
        "call": call.pk,
    }
    for request_id, contact_id in statements.rows(FIND, values):
        if _link(request_id, call, now=now):
            _tell_whose(call, contact_id)
    for _, ask in made_for:
        _tell_whose(call, ask(call, told, people, now))


def link_known(request: CallRequest, call: Call, *, by: User | None, now: datetime) -> None:
    """Link a request with a call that is there already; the call is held."""
    if not _link(request.pk, call, by=by, now=now):
        return
    before, legs = consequences.as_stored(call)
    if _tell_whose(call, request.contact_id):
        call.version += 1
        call.save(update_fields=["contact", "match_quality", "version", "updated_at"])
        consequences.follow(call, before, legs, happened_at=call.last_event_at or call.started_at, now=now)


def _link(request_id: UUID, call: Call, *, by: User | None = None, now: datetime) -> bool:
    try:
        with transition(CallRequest, request_id, "link", by=by, now=now, call=call.pk) as request:
            request.call, request.ended_at, request.problem = call, now, ""
    except TransitionNotAllowed:
        return False  # another call of its was quicker
    requests_told.tell(request, now=now)
    return True


def _tell_whose(call: Call, contact_id: UUID | None) -> bool:
    """The call is with the contact that was asked for, unless a person said otherwise; answers whether that changed it."""
    if contact_id is None or call.match_quality == Call.MatchQuality.IDENTIFIED:
        return False
    call.contact_id, call.match_quality = contact_id, Call.MatchQuality.IDENTIFIED
    return True


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
