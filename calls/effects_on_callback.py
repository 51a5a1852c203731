"""Effect ``callback``: somebody promised to call back. Taken back, it is called off, unless somebody has done something with it since."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from calls import callbacks, effects
from calls.effect_subjects import number_of
from calls.models import Call, Callback, Disposition, DispositionEffect
from config.platform.errors import Refusal
from config.platform.models import User
from crm.models import Team

KIND = "callback"
PLAIN = ("time_zone", "recipient", "note", "flexibility_s", "purpose")


class CallbackNeeded(Refusal):
    """With this disposition goes a promise to call back: give `callback`."""

    code = "callback_needed"
    status = 400
    advice = "Ask the customer when to call, and send `callback` with the disposition; or choose a disposition that promises no call."


def given(call: Call, disposition: Disposition, callback: Mapping[str, Any] | None) -> dict[str, Any]:
    """What goes to the effect: the promise that is given, the one of the write-up before, or one that was made while the call went on.

    Raises:
        CallbackNeeded: the disposition needs one, and there is none.
    """
    if callback is not None:
        return {"callback": _as_parameters(callback)}
    if not disposition.callback:
        return {}
    standing = effects.in_force(call).filter(kind=KIND).first()
    if standing is not None:
        return {"callback": standing.parameters}
    promised = Callback.objects.open().filter(origin_kind="call", origin_id=call.pk).order_by("at", "id").first()
    if promised is None:
        raise CallbackNeeded(f"'{disposition.name}' is a promise to call back: say when in `callback`.")
    return {"callback": {"callback": str(promised.pk)}}


def wants(call: Call, disposition: Disposition, said: Mapping[str, Any]) -> dict[str, Any] | None:
    return said.get("callback")


def apply(call: Call, asked: Mapping[str, Any], by: User | None, now: datetime) -> effects.Done | str:
    """Promise it, with the call as its origin. Who has an open one already gets no second one: theirs is moved to the new time.

    Raises:
        WhomToCall, WhenToCall, TooManyCallbacks, MayNotCall
    """
    if "callback" in asked:
        return effects.Done("callback", UUID(asked["callback"]), {"was_there": True})
    when: dict[str, Any] = {"time_zone": asked.get("time_zone", "")}
    when |= {name: datetime.fromisoformat(asked[name]) for name in ("at", "local_time") if name in asked}
    number = number_of(call)
    theirs = Callback.objects.open().filter(callbacks.open_of([call.contact_id] if call.contact_id else [], number)).first()
    if theirs is not None:
        if theirs.taken_by_id is None:
            callbacks.reschedule(theirs.pk, **when, by=by, now=now)
        return effects.Done("callback", theirs.pk, {"was_there": True})
    people: dict[str, Any] = {
        "agent": User.objects.filter(pk__in=_ids(asked, "agent")).first(),
        "team": Team.objects.filter(pk__in=_ids(asked, "team")).first(),
    }
    others = {name: asked[name] for name in PLAIN if name in asked and name != "time_zone"}
    made = callbacks.schedule(
        contact=call.contact,
        phone=number,
        **when,
        **people,
        **others,
        queue=call.queue,
        origin={"kind": "call", "id": call.pk},
        by=by,
        now=now,
    )
    return effects.Done("callback", made.pk, {"at": made.at.isoformat()})


def reverse(effect: DispositionEffect, by: User | None, now: datetime) -> str:
    """Call it off while it is still as it was promised."""
    row = Callback.objects.select_for_update(of=("self",)).get(pk=effects.subject_of(effect))
    if row.status not in Callback.OWED:
        return "It is over already."
    if effect.details.get("was_there"):
        return "It was promised apart from the disposition."
    if row.taken_by_id is not None:
        return "Somebody has it in hand."
    if row.at.isoformat() != effect.details["at"]:
        return "Another time was agreed since."
    callbacks.cancel(row.pk, reason="The disposition of the call was corrected.", by=by, now=now)
    return ""


def _as_parameters(callback: Mapping[str, Any]) -> dict[str, Any]:
    """What was said, as JSON."""
    told = {name: callback[name] for name in PLAIN if callback.get(name)}
    told |= {name: callback[name].isoformat() for name in ("at", "local_time") if callback.get(name)}
    return told | {name: str(callback[name].pk) for name in ("agent", "team") if callback.get(name)}


def _ids(asked: Mapping[str, Any], name: str) -> list[str]:
    return [asked[name]] if name in asked else []


CALLBACK = effects.Kind(wants, apply, reverse)
