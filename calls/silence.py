"""Calls of which nothing more is heard are closed, so that nobody talks for five days on a screen."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from calls import consequences, presence
from calls.models import Call

ONLY_RINGING = timedelta(minutes=30)


def close_silent(*, now: datetime, limit: int = 500) -> int:
    """End the open calls of phone systems that have been silent too long; answers how many.

    Too long is the system's ``stale_after_s``, or half an hour for a call that nobody answered. Their outcome is unknown; a
    late event folds them anew. Safe in any number of workers: rows in another's hands are passed over.
    """
    quiet = Q(last_event_at__lt=now - ONLY_RINGING, answered_at=None) | Q(
        last_event_at__lt=now - F("phone_system__stale_after_s") * timedelta(seconds=1)
    )
    with transaction.atomic():
        calls = Call.objects.open().filter(quiet, source=Call.Source.EVENT, last_event_at__lt=now - timedelta(minutes=1))
        held = list(calls.select_for_update(skip_locked=True, of=("self",)).order_by("last_event_at")[:limit])
        stood = [consequences.as_stored(call) for call in held] if held else []
        for call in held:
            call.state, call.outcome, call.ended_at = Call.State.ENDED, Call.Outcome.UNKNOWN, call.last_event_at
            call.is_stale_closed, call.version, call.updated_at = True, call.version + 1, now
        Call.objects.bulk_update(held, ["state", "outcome", "ended_at", "is_stale_closed", "version", "updated_at"])
        # one after another below: all who may be concerned are held at once, in order, or two sweeps could wait for one another
        people = {leg.agent_id for _, legs in stood for leg in legs if leg.state != "ended"} | {call.agent_id for call in held}
        presence.hold(one for one in people if one is not None)
        for call, (before, legs) in zip(held, stood, strict=True):
            consequences.follow(call, before, legs, happened_at=call.last_event_at or call.started_at, now=now)
    return len(held)
