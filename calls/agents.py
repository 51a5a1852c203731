"""What agents say of themselves: signed in, available, paused, gone. And what others say of them: a supervisor, the phone system.

One agent has one state, whatever the number of their screens: the newest sign-in counts, the screen before it is told so.
"""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from calls import observing, presence
from calls.models import AgentPresence, PauseCode
from calls.models.agents import Source, State
from config.platform import feed
from config.platform.errors import Refusal
from config.platform.history import record, snapshot
from config.platform.models import LEADERS, User
from config.platform.moves import check_version
from crm import duty


class NotSignedIn(Refusal):
    """Nobody is at the screen: sign in first."""

    code = "not_signed_in"
    advice = (
        "Sign in first with `POST /agents/me/sign-in/`. "
        "Nobody else can do it for you, and a supervisor cannot set the state of who is not there."
    )


class SignedInElsewhere(Refusal):
    """Another screen of yours signed in after this one, and counts now."""

    code = "signed_in_elsewhere"
    advice = (
        "Stop sending heartbeats from this screen and say so to whoever sits there. "
        "To work here again, sign in with `POST /agents/me/sign-in/`."
    )


class NothingAsked(Refusal):
    """This agent waits for nobody's yes: they took it back, or it was answered."""

    code = "nothing_asked"
    advice = "Read the agent again (`GET /agents/{id}/`) and show the state that they have now: there is nothing left to answer."


class PauseCodeNeeded(Refusal):
    """Say which pause it is."""

    code = "pause_code_needed"
    status = 400
    advice = "Send `pause_code`: `GET /pause-codes/` lists those there are."


@transaction.atomic
def sign_in(*, device: str = "", by: User, now: datetime) -> AgentPresence:
    """Begin to work at this screen: its ``session`` is what heartbeats carry. Who was offline is available.

    Who is signed in at another screen stays as they are, a pause goes on; the other screen is told that it counts no more.
    """
    row, was, before = _held(by.pk)
    if row.session and row.declared != State.OFFLINE:
        told = {"session": row.session, "device": device}
        feed.tell([by.pk], "agent.signed_in_elsewhere", told, about=by.pk, now=now)
    row.session, row.device, row.signed_in_at = uuid4(), device[:100], now
    row.last_heartbeat_at = presence.now_by_database()
    if row.declared == State.OFFLINE:
        presence.declare(row, State.AVAILABLE, at=now, source=Source.AGENT, by=by)
        row.check_break_at = row.break_due_at = row.break_told_at = None
    elif row.lagged_at:
        presence.come_back(row, at=now)
    return _kept(row, "sign_in", was, before, by=by, now=now)


@transaction.atomic
def available(*, by: User, now: datetime) -> AgentPresence:
    """Take calls: a pause ends; one that was asked for, or waits for the end of a call, is taken back.

    Raises:
        NotSignedIn
    """
    row, was, before = _signed_in(by.pk, now)
    _take_back(row)
    if row.declared != State.AVAILABLE:
        presence.declare(row, State.AVAILABLE, at=now, source=Source.AGENT, by=by)
    return _kept(row, "available", was, before, by=by, now=now)


@transaction.atomic
def pause(code: PauseCode, *, at_once: bool = False, by: User, now: datetime) -> AgentPresence:
    """Take a pause. During a call, and while it is written up, the pause waits for their end, unless ``at_once``.

    A code that requires a yes is asked for first: those who lead the agent are told.

    Raises:
        NotSignedIn
    """
    row, was, before = _signed_in(by.pk, now)
    _take_back(row)
    if code.requires_approval and by.role not in LEADERS:
        row.asked_pause, row.asked_at = code, now
        told = {"agent": by.pk, "name": str(by), "pause_code": code.code, "pause_name": code.name, "asked_at": now}
        feed.tell(duty.leads_of([by.pk]), "agent.pause_asked", told, about=by.pk, now=now)
    else:
        _pause(row, code, at_once=at_once, source=Source.AGENT, by=by, now=now)
    return _kept(row, "pause", was, before, by=by, now=now)


@transaction.atomic
def sign_out(*, by: User, now: datetime) -> AgentPresence:
    """Go home. Doing it again changes nothing."""
    row, was, before = _held(by.pk)
    if row.declared != State.OFFLINE:
        leave(row, at=now, source=Source.AGENT, by=by)
    return _kept(row, "sign_out", was, before, by=by, now=now)


@transaction.atomic
def force(
    agent: User, *, state: str, pause_code: PauseCode | None = None, reason: str, if_version: int | None = None, by: User, now: datetime
) -> AgentPresence:
    """Set somebody's state, as one who leads; they are told who did it and why, and it stays in the audit trail.

    Raises:
        VersionConflict, PauseCodeNeeded
        NotSignedIn: they are offline; nobody but themselves can sign them in.
    """
    row, was, before = _held(agent.pk)
    check_version(row, if_version)
    if state == State.PAUSED and pause_code is None:
        raise PauseCodeNeeded("Say which pause it is: `pause_code`.")
    if row.declared == State.OFFLINE and state != State.OFFLINE:
        raise NotSignedIn(f"{agent} is not signed in: only they can do that.")
    _take_back(row)
    if state == State.OFFLINE:
        if row.declared != State.OFFLINE:
            leave(row, at=now, source=Source.SUPERVISOR, by=by, note=reason)
    else:
        code = pause_code if state == State.PAUSED else None
        presence.declare(row, state, at=now, source=Source.SUPERVISOR, code=code, by=by, note=reason)
    return _kept(row, "force", was, before, by=by, now=now, reason=reason)


@transaction.atomic
def answer_asked(agent: User, *, agree: bool, reason: str = "", if_version: int | None = None, by: User, now: datetime) -> AgentPresence:
    """Say yes or no to the pause that an agent asked for. A yes begins it, after the call if there is one.

    Raises:
        VersionConflict, NothingAsked
    """
    row, was, before = _held(agent.pk)
    check_version(row, if_version)
    code = row.asked_pause
    if code is None:
        raise NothingAsked(f"{agent} waits for nobody's yes.")
    _take_back(row)
    if agree:
        _pause(row, code, at_once=False, source=Source.SUPERVISOR, by=by, now=now, note=reason)
    told = {"agreed": agree, "pause_code": code.code, "by": str(by), "reason": reason}
    feed.tell([agent.pk], "agent.pause_answered", told, about=agent.pk, now=now)
    return _kept(row, "agree_to_pause" if agree else "decline_pause", was, before, by=by, now=now, reason=reason)


@transaction.atomic
def phone_says(user: User, *, state: str, at: datetime, by: User, now: datetime) -> AgentPresence:
    """Note what a phone system says of an agent apart from calls: paused, busy (reserved) or offline there; available: nothing of these.

    What is told of an earlier time than is known already changes nothing.
    """
    row, _, before = _held(user.pk)
    if row.phone_state_at is None or at > row.phone_state_at:
        row.phone_state, row.phone_state_at = ("" if state == State.AVAILABLE else state), min(at, now)
        row.save(update_fields=["phone_state", "phone_state_at"])
        record(row, "phone_says", by=by, now=now, before=before)
        observing.look_again([user.pk], at=at, now=now)
    return row


def leave(row: AgentPresence, *, at: datetime, source: str, by: User | None = None, note: str = "") -> None:
    """Make somebody offline; the caller holds the row and saves it."""
    presence.declare(row, State.OFFLINE, at=at, source=source, by=by, note=note)
    _take_back(row)
    row.session, row.device = None, ""
    row.check_break_at = row.break_due_at = row.break_told_at = None
    row.break_reason = ""


def _held(agent_id: UUID) -> tuple[AgentPresence, tuple[str, ...], dict[str, Any]]:
    row = presence.hold([agent_id])[agent_id]
    return row, presence.seen(row), snapshot(row)


def _signed_in(agent_id: UUID, now: datetime) -> tuple[AgentPresence, tuple[str, ...], dict[str, Any]]:
    """Whoever presses a button is at their screen: it counts as a heartbeat."""
    row, was, before = _held(agent_id)
    if row.declared == State.OFFLINE:
        raise NotSignedIn("You are not signed in: POST /agents/me/sign-in/ first.")
    row.last_heartbeat_at = presence.now_by_database()
    if row.lagged_at:
        presence.come_back(row, at=now)
    return row, was, before


def _pause(row: AgentPresence, code: PauseCode, *, at_once: bool, source: str, by: User, now: datetime, note: str = "") -> None:
    if observing.is_engaged(row) and not at_once:
        row.pending_pause = code
    elif row.declared != State.PAUSED or row.pause_code_id != code.pk:
        presence.declare(row, State.PAUSED, at=now, source=source, code=code, by=by, note=note)


def _take_back(row: AgentPresence) -> None:
    row.pending_pause = row.pending_limit_s = row.asked_pause = row.asked_at = None


def _kept(
    row: AgentPresence, verb: str, was: tuple[str, ...], before: dict[str, Any], *, by: User, now: datetime, reason: str = ""
) -> AgentPresence:
    presence.save(row, was, now=now, by=by, reason=reason)
    record(row, verb, by=by, now=now, before=before, reason=reason)
    return row
