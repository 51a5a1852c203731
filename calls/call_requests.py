"""Click-to-call: an operator asks to be put through to a number. The gate is asked, the phone system is told, a call comes of it or not."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from calls import commands, linking, requests_told
from calls.models import AgentExtension, Call, CallRequest, PhoneSystem
from config.platform import origins
from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import Role, User
from config.platform.moves import TransitionNotAllowed, transition
from config.platform.registry import Registry
from crm import calling
from crm.models import Contact
from crm.phone_book import NumberIsInternal
from crm.phone_numbers import parse

#: A request that its command forgot to end is ended this much later.
AFTER_ITS_COMMAND = timedelta(seconds=15)
#: A call of theirs may be returned for so long whatever the hour (see ``crm.calling``: ``is_return``).
RETURNED_WITHIN = timedelta(days=14)
OPEN_FOR_AGENT, OPEN_FOR_NUMBER = "one_open_call_request_per_agent", "one_open_call_request_per_number"


#: What the gate is told of a request that came of such an origin: ``(origin id) -> context``. The name is the kind of origin.
contexts: Registry[Callable[[UUID], Mapping[str, Any]]] = Registry("what the gate is told of a call that is asked for")


class MayNotCall(Refusal):
    """The gate says no: `reasons` says why, `next_at` from when it would say yes (null: not by itself). That it was asked is kept."""

    code = "may_not_call"
    advice = "Do not dial. Call at `next_at` if it is given, else look in `reasons` at what stands against it."

    def __init__(self, detail: str, *, request: CallRequest, **facts: object) -> None:
        super().__init__(detail, call_request=str(request.pk), **facts)
        self.request = request


class CallRequestOpen(Refusal):
    """You asked for a call a moment ago: wait for it, or call it off (`POST /call-requests/{id}/cancel/` with `call_request`)."""

    code = "call_request_open"
    advice = "Wait for the call that was asked for, or cancel it first; `call_request` in the answer is its id."


class ExtensionNeeded(Refusal):
    """It is not clear which phone is to ring: `extensions` are those there are. Name one, and the phone system."""

    code = "extension_needed"
    advice = (
        "Send `extension` and `phone_system`, chosen from `extensions` in the answer. An administrator can leave you one extension only."
    )


class CannotDial(Refusal):
    """The phone system is not set up to call somebody for us (`takes_commands`): dial by hand."""

    code = "phone_system_cannot_dial"
    advice = (
        "Let the operator dial on the phone. To have calls placed from here, an administrator sets `takes_commands` of the phone system."
    )


class NobodyToCall(Refusal):
    """Give `phone`, or a `contact` that has a number."""

    code = "nobody_to_call"
    status = 400
    advice = "Send `phone`, or a `contact` with at least one number. Add a number to the contact first if it has none."


class NotOurLine(Refusal):
    """`line` is none of the phone system's `own_lines`."""

    code = "not_our_line"
    status = 400
    advice = "Leave `line` out, or send one of `own_lines` of the phone system. An administrator adds lines there."


def ask(
    *,
    phone: str = "",
    contact: Contact | None = None,
    reason: str = CallRequest.Reason.MANUAL,
    purpose: str = "service",
    origin: Mapping[str, Any] | None = None,
    phone_system: PhoneSystem | None = None,
    extension: str = "",
    line: str = "",
    by: User,
    now: datetime,
) -> CallRequest:
    """Ask for a call to ``phone``, or to the contact's first number, at the phone where the operator sits.

    Nothing is written when it is refused; ``keep_refused`` writes down that it was asked.

    Raises:
        MayNotCall, CallRequestOpen, ExtensionNeeded, CannotDial, NobodyToCall, NotOurLine
        NumberInvalid, NumberIsInternal, OriginUnknown
    """
    seat = _seat(by, phone_system, extension)
    system = seat.phone_system
    if line and line not in system.own_lines:
        raise NotOurLine("This line is none of the phone system's own lines.", own_lines=system.own_lines)
    number = _number(phone, contact, region=system.default_region)
    request = CallRequest(
        agent=seat.user, by=by, phone_system=system, extension=seat.extension, number=number, line=line, contact=contact, reason=reason,
        purpose=purpose, asked_at=now, expires_at=now + timedelta(seconds=settings.CALL_REQUEST_SECONDS), **origins.columns(origin),
    )  # fmt: skip
    _end_overdue(Q(agent=seat.user) | Q(number=number), now=now)
    _refuse_second(seat.user)
    while True:
        verdict = _verdict(request, now=now)
        request.verdict = _kept(verdict)
        if not verdict.allowed:
            raise MayNotCall("This number may not be called now.", request=request, **verdict.as_facts())
        try:
            _write(request, by=by, now=now)
            return request
        except IntegrityError as error:
            broken = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "")
            if broken == OPEN_FOR_AGENT:
                _refuse_second(seat.user)
            elif broken != OPEN_FOR_NUMBER:
                raise
        # somebody else was quicker: now the gate, or the agent's own open request, says so


@transaction.atomic
def _write(request: CallRequest, *, by: User, now: datetime) -> None:
    request.save(force_insert=True)
    record(request, "request", by=by, now=now, before={})
    commands.owe("dial", request.pk, system=request.phone_system, expires_at=request.expires_at, now=now)
    requests_told.tell(request, now=now)


def _refuse_second(agent: User) -> None:
    if open_id := CallRequest.objects.open().filter(agent=agent).values_list("pk", flat=True).first():
        raise CallRequestOpen("There is a call that was asked for already: wait for it, or call it off.", call_request=str(open_id))


@transaction.atomic
def keep_refused(request: CallRequest, *, by: User, now: datetime) -> None:
    """Write down that a call was asked for which the gate refused. To be called when what was refused is rolled back."""
    request.status, request.ended_at = CallRequest.Status.REFUSED, now
    request.problem = "; ".join(str(one["detail"]) for one in request.verdict["reasons"])[:500]
    request.save(force_insert=True)
    record(request, "refuse", by=by, now=now, before={})
    requests_told.tell(request, now=now)


def cancel(request_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> CallRequest:
    """Call it off. A phone system that has taken it already may ring all the same.

    Raises:
        TransitionNotAllowed, VersionConflict
    """
    with transition(CallRequest, request_id, "cancel", by=by, now=now, if_version=if_version) as request:
        request.ended_at = now
    requests_told.tell(request, now=now)
    return request


def _verdict(request: CallRequest, *, now: datetime) -> calling.Verdict:
    """What the gate says of it."""
    return calling.may_call(
        e164=request.number,
        contact_id=request.contact_id,
        purpose=request.purpose,
        agent=request.agent,
        is_manual=request.reason != CallRequest.Reason.TARGET,
        is_return=request.reason == CallRequest.Reason.RETURN_CALL and _called_us(request, now),
        context=contexts[request.origin_kind](request.origin_id) if request.origin_id and request.origin_kind in contexts else None,
        now=now,
    )


def _called_us(request: CallRequest, now: datetime) -> bool:
    """Whether they did call us lately: a word alone does not open the gate for a call that is returned."""
    whose = Q(customer_e164=request.number) | (Q(contact=request.contact_id) if request.contact_id else Q())
    return Call.objects.filter(whose, direction=Call.Direction.INBOUND, started_at__gt=now - RETURNED_WITHIN, started_at__lte=now).exists()


def _kept(verdict: calling.Verdict) -> dict[str, Any]:
    """A verdict as a request keeps it."""
    warnings = [calling.shown(one) for one in verdict.warnings]
    return {"allowed": verdict.allowed, "warnings": warnings, **verdict.as_facts()}


def _seat(by: User, system: PhoneSystem | None, extension: str) -> AgentExtension:
    """Which phone rings: the caller's own, or for those who lead and for integrations the one they name."""
    seats = AgentExtension.objects.filter(is_active=True, user__is_active=True, phone_system__is_active=True)
    may_name = bool(extension) and by.role in (Role.SUPERVISOR, Role.ADMIN, Role.INTEGRATION)
    seats = seats if may_name else seats.filter(user=by)
    if extension:
        seats = seats.filter(extension=extension)
    if system:
        seats = seats.filter(phone_system=system)
    found = list(seats.select_related("phone_system", "user").order_by("phone_system__slug", "extension")[:20])
    can = [seat for seat in found if seat.phone_system.takes_commands]
    if len(can) == 1:
        return can[0]
    if found and not can:
        raise CannotDial("The phone system is not set up to call somebody for us: dial by hand.")
    known = [{"phone_system": seat.phone_system.slug, "extension": seat.extension} for seat in can if seat.user_id == by.pk]
    detail = (
        "You have several phones: say which." if can else "Nobody is known to sit at such a phone: a supervisor adds it under Extensions."
    )
    raise ExtensionNeeded(detail, extensions=known)


def _number(phone: str, contact: Contact | None, *, region: str) -> str:
    """The number to call, E.164."""
    if phone.strip():
        number = parse(phone, region=region)
        if number.is_internal:
            raise NumberIsInternal("This looks like an internal extension: give the whole number.")
        return number.e164
    links = contact.contact_phones.select_related("phone").order_by("-is_primary", "order", "id") if contact else []
    links = [link for link in links if link.phone.validity != "invalid"] or list(links)
    if not links:
        raise NobodyToCall("Give the phone, or a contact that has a number.")
    return str(links[0].phone.e164)


def _end_overdue(whose: Q, *, now: datetime) -> None:
    """What the sweep has not ended yet must not stand in the way."""
    for request_id in list(CallRequest.objects.open().filter(whose, expires_at__lte=now).values_list("pk", flat=True)):
        commands.expire_due(now=now, only=request_id)
        _expire(request_id, "", now)


# --- what the phone system says of it: the functions of commands.Kind


def told(ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """What a phone system is told, of those that still wait for their call."""
    rows = CallRequest.objects.open().filter(pk__in=ids).exclude(number="").select_related("agent", "contact")
    return {
        row.pk: {
            "call_request_id": str(row.pk),
            "extension": row.extension,
            "agent": {"id": str(row.agent_id), "name": row.agent.get_full_name()},
            "number": row.number,
            "display_name": str(row.contact) if row.contact else "",
            "line": row.line,
        }
        for row in rows
    }


def sending(request_id: UUID, now: datetime) -> None:
    """The phone system is being told."""
    _move(request_id, "send", now)


def accepted(request_id: UUID, call_id: str, by: User | None, now: datetime) -> None:
    """The phone system calls, and may have said under which id. The call of that id, if there is one, is held by ``commands.accept``."""
    request = CallRequest.objects.get(pk=request_id)
    call = commands.hold_call(request.phone_system_id, call_id) if call_id else None
    if call_id:
        CallRequest.objects.filter(pk=request_id).update(external_id=call_id[:200])
    if call is not None:
        linking.link_known(request, call, by=by, now=now)
    else:
        _move(request_id, "accept", now, by=by)


def refused(request_id: UUID, reason: str, by: User | None, now: datetime) -> None:
    """The phone system does not call."""
    _move(request_id, "refuse", now, problem=reason, by=by)


def failed(request_id: UUID, problem: str, now: datetime) -> None:
    """The phone system cannot be told."""
    _move(request_id, "fail", now, problem=problem)


def unheard(request_id: UUID, problem: str, now: datetime) -> None:
    """The phone system did not take it in time: with a problem it could not be told, without it never asked."""
    if problem:
        _move(request_id, "fail", now, problem=problem)
    else:
        _expire(request_id, "The phone system did not take it in time.", now)


DIAL = commands.Kind(told, sending, accepted, refused, failed, unheard)


def expire_due(*, now: datetime, limit: int = 200) -> int:
    """End requests that were taken and of which no call came in time; answers how many. Safe in any number of workers."""
    over = Q(status=CallRequest.Status.ACCEPTED, expires_at__lte=now) | Q(expires_at__lte=now - AFTER_ITS_COMMAND)
    due = list(CallRequest.objects.open().filter(over).order_by("expires_at").values_list("pk", flat=True)[:limit])
    for request_id in due:
        _expire(request_id, "The phone system took it, but told of no call.", now)
    return len(due)


def _expire(request_id: UUID, problem: str, now: datetime) -> None:
    _move(request_id, "expire", now, problem=problem)


def _move(request_id: UUID, verb: str, now: datetime, *, problem: str = "", by: User | None = None) -> None:
    """Move a request that may have become a call, or been called off, meanwhile: then nothing is to be done."""
    try:
        with transaction.atomic():
            with transition(CallRequest, request_id, verb, by=by, now=now, reason=problem) as request:
                request.problem = problem[:500]
                request.ended_at = now if verb in ("refuse", "fail", "expire") else None
            requests_told.tell(request, now=now)
    except TransitionNotAllowed:
        return
