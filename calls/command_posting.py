"""Commands posted to phone systems: signed by Standard Webhooks, the same id on every try, until one answers or the time is over.

Two workers never post one command at once: whoever does holds it by a lock that goes with the connection. A worker that is killed after
the post and before the answer is written down leaves a command that is posted again, with the same id: phone systems tell doubles by it.
"""

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db.models import F
from django.utils import timezone
from standardwebhooks import Webhook

from calls import commands
from calls.models import PhoneCommand, PhoneSystem
from calls.phone_systems.reading import key_of
from config.platform import outgoing
from config.platform.holding import held
from config.platform.moves import TransitionNotAllowed

logger = logging.getLogger(__name__)
#: A click is worth seconds: who does not answer in this time is asked again.
CONNECT_S, READ_S, WHOLE_S = 2.0, 4.0, 5.0
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 8.0
#: Answers that ask to try again, though they are of the kind that refuses.
NOT_NOW = frozenset({408, 425, 429})
REASONS = ("reason", "detail", "message", "error")


def send_due(*, limit: int = 20) -> float | None:
    """Post what is due. Answers in how many seconds something of that is to be tried again, None when nothing is. Safe in any number of workers."""
    now, tried = timezone.now(), []
    due = _waiting(now).filter(run_after__lte=now).order_by("run_after").values_list("pk", "phone_system", "attempts")
    for command_id, system_id, attempts in list(due[:limit]):
        # Only one worker at a time waits for a phone system that did not answer: the others have clicks of other systems to tell.
        with held(command_id) as is_mine, held(system_id if attempts else command_id) as is_free:
            if is_mine and is_free:
                tried.append(command_id)
                _tell(command_id)
    again = (
        _waiting(timezone.now()).filter(pk__in=tried).order_by("run_after").values_list("run_after", flat=True).first() if tried else None
    )
    return max(0.0, (again - timezone.now()).total_seconds()) if again else None


def _waiting(now: datetime) -> Any:
    return PhoneCommand.objects.waiting(now).filter(way=PhoneSystem.TakesCommands.POST)


def _tell(command_id: UUID) -> None:
    now = timezone.now()
    command = _waiting(now).filter(pk=command_id, run_after__lte=now).select_related("phone_system").first()
    if command is None:
        return None  # another worker was here meanwhile
    system = command.phone_system
    bodies = commands.told([command], system)
    try:
        if not bodies:
            return commands.drop(command_id, now=now)
        if not (system.is_active and system.dial_url and system.dial_secret):
            return commands.give_up(command_id, problem="The phone system is not set up to be told any more.", now=now)
        wait = timedelta(seconds=min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**command.attempts))
        pause = timedelta(seconds=WHOLE_S) + wait
        PhoneCommand.objects.filter(pk=command_id).update(attempts=F("attempts") + 1, run_after=now + pause)
        commands.kinds[command.kind].sending(command_id, now)
        _heard(command, _post(system, command_id, orjson.dumps(bodies[0]), now), wait)
    except TransitionNotAllowed:
        pass  # it was settled meanwhile, by its call or by the phone system itself


def _post(system: PhoneSystem, command_id: UUID, body: bytes, now: datetime) -> outgoing.Answer | outgoing.OutgoingRefused:
    identity = f"cmd_{command_id}"
    try:
        signature = Webhook(system.dial_secret).sign(identity, now, body.decode())
        headers = {
            "content-type": "application/json",
            "webhook-id": identity,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signature,
        }
        return outgoing.post(system.dial_url, body, headers, connect_s=CONNECT_S, read_s=READ_S, whole_s=WHOLE_S)
    except outgoing.OutgoingRefused as refusal:
        return refusal


def _heard(command: PhoneCommand, answer: outgoing.Answer | outgoing.OutgoingRefused, wait: timedelta) -> None:
    now = timezone.now()
    if isinstance(answer, outgoing.OutgoingRefused):
        problem, is_lasting = answer.detail, answer.lasting
    elif answer.ok:
        commands.accept(command.pk, call_id=_call_id(answer.body), is_late_too=True, by=None, now=now)
        return
    elif 400 <= answer.status < 500 and answer.status not in NOT_NOW:
        commands.refuse(command.pk, reason=_reason(answer), by=None, now=now)
        return
    else:
        is_lasting = 300 <= answer.status < 400
        problem = f"The phone system answers {answer.status}" + (", and redirects are not followed." if is_lasting else ".")
    logger.warning("command_not_told", extra={"command": str(command.pk), "problem": problem[:200]})
    if is_lasting:
        commands.give_up(command.pk, problem=problem, now=now)
        return
    PhoneCommand.objects.filter(pk=command.pk, status="waiting").update(problem=problem[:500], run_after=now + wait)


def _call_id(body: bytes) -> str:
    """The id that the phone system gives the call, when its answer says one."""
    value = _object(body).get("call_id")
    return key_of(value) if value not in (None, "") else ""


def _reason(answer: outgoing.Answer) -> str:
    """Why it refuses, in its own words where it says them."""
    said = next((text for name in REASONS if isinstance(text := _object(answer.body).get(name), str) and text.strip()), "")
    said = "".join(letter for letter in said.strip()[:300] if letter.isprintable())
    return f"The phone system refuses: {said}" if said else f"The phone system refuses ({answer.status})."


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
