"""Effect ``callback``: somebody promised to call back. It is a task for whoever shall call; taken back while nobody has touched it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from calls import effects
from calls.models import Call, Disposition, DispositionEffect
from config.platform.errors import Refusal
from config.platform.models import User
from crm import follow_ups
from crm.models import Task

KIND = "callback"
FURTHEST = timedelta(days=366)


class CallbackUnclear(Refusal):
    """Give `at`, or `local_time` with `time_zone`: a time to come, within a year."""

    code = "callback_unclear"
    status = 400


def wants(call: Call, disposition: Disposition, given: Mapping[str, Any]) -> dict[str, Any] | None:
    """What was given with the disposition, or, when a correction gives nothing, what was promised before."""
    if "standing_callback" in given:
        return dict(given["standing_callback"])
    if "callback" not in given:
        return None
    promised = given["callback"]
    local, recipient = promised.get("local_time"), promised.get("recipient")
    return {
        "at": _instant(promised).isoformat(),
        "local_time": local.isoformat() if local else "",
        "time_zone": promised.get("time_zone", ""),
        "recipient": str(recipient.pk) if recipient else "",
        "note": promised.get("note", "").strip(),
    }


def apply(call: Call, asked: Mapping[str, Any], by: User | None, now: datetime) -> effects.Done | str:
    """A task for the recipient, else for whoever writes the call up.

    Raises:
        CallbackUnclear: it is not to come, or too far away.
    """
    at = datetime.fromisoformat(asked["at"])
    if not now < at <= now + FURTHEST:
        raise CallbackUnclear("A callback is promised for a time to come, within a year.")
    task = follow_ups.add(
        title="Call back", text=asked["note"], contact=call.contact, due_at=at, origin={"kind": "call", "id": call.pk},
        assignee=User.objects.get(pk=UUID(asked["recipient"])) if asked["recipient"] else by, by=by, now=now,
    )  # fmt: skip
    return effects.Done("task", task.pk)


def reverse(effect: DispositionEffect, by: User | None, now: datetime) -> str:
    """Call it off, unless it was done or changed since."""
    task = Task.objects.select_for_update().get(pk=effect.subject_id)
    if task.status != Task.Status.OPEN or task.version > 1:
        return "Somebody has done or changed it since."
    follow_ups.cancel(task.pk, reason="The disposition of the call was corrected.", by=by, now=now)
    return ""


def _instant(promised: Mapping[str, Any]) -> datetime:
    local, zone = promised.get("local_time"), promised.get("time_zone", "")
    try:
        if promised.get("at"):
            return promised["at"].astimezone(UTC)
        if local and zone:
            return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except OverflowError:
        pass
    raise CallbackUnclear("Give `at`, or `local_time` with `time_zone`.")


CALLBACK = effects.Kind(wants, apply, reverse)
