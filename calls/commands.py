"""What phone systems are to do, as rows: owed until one took it, refused it, or its time is over.

A phone system learns of a command in one of two ways: it is posted to (``command_posting``), or it asks what waits for it and says what
became of it. What a command is about (a call request, a transfer) lives elsewhere: each kind says what is told and hears what came of it.
Its id is that of what it is about. Whoever locks several of them does it in the order call, command, what it is about.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from calls.models import Call, CallKey, PhoneCommand, PhoneSystem
from config.platform.errors import Refusal
from config.platform.models import User
from config.platform.moves import TransitionNotAllowed, transition
from config.platform.queue import later
from config.platform.registry import Registry

MOST = 50


class CommandOver(Refusal):
    """The time of this command is over: do not carry it out any more."""

    code = "command_over"
    advice = "Drop the command and do not dial. Ask `GET /phone-systems/{id}/commands/` for those that still hold."


@dataclass(frozen=True)
class Kind:
    """One kind of command: what is told of those (by their ids) that are still wanted, and who hears what became of one."""

    told: Callable[[Sequence[UUID]], dict[UUID, dict[str, Any]]]
    sending: Callable[[UUID, datetime], None]
    accepted: Callable[[UUID, str, User | None, datetime], None]  # with the phone system's id of the call, if it said one
    refused: Callable[[UUID, str, User | None, datetime], None]  # with its reason
    failed: Callable[[UUID, str, datetime], None]  # it cannot be told at all: why
    unheard: Callable[[UUID, str, datetime], None]  # its time is over: what went wrong last, if anything

    def __call__(self, ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
        return self.told(ids)


kinds: Registry[Kind] = Registry("kinds of commands to phone systems")


def owe(kind: str, subject_id: UUID, *, system: PhoneSystem, expires_at: datetime, now: datetime) -> PhoneCommand:
    """Let a phone system do something, in the transaction that wants it."""
    command = PhoneCommand.objects.create(
        pk=subject_id, kind=kind, phone_system=system, way=system.takes_commands, asked_at=now, expires_at=expires_at, run_after=now
    )
    if command.way == PhoneSystem.TakesCommands.POST:
        later("calls.send_commands")
    return command


def waiting(system: PhoneSystem, *, now: datetime) -> list[dict[str, Any]]:
    """What this phone system may take now, the eldest first, as it is told; of a phone system that is posted to nothing."""
    rows = PhoneCommand.objects.waiting(now).filter(phone_system=system, way=PhoneSystem.TakesCommands.POLL)
    return told(list(rows.order_by("asked_at", "id")[:MOST]), system)


def told(rows: Sequence[PhoneCommand], system: PhoneSystem) -> list[dict[str, Any]]:
    """Commands of one phone system as they are told; those that nobody wants any more are left out."""
    data: dict[UUID, dict[str, Any]] = {}
    for kind in sorted({row.kind for row in rows}):
        data |= kinds[kind].told([row.pk for row in rows if row.kind == kind])
    return [
        {
            "id": str(row.pk),
            "kind": row.kind,
            "phone_system": system.slug,
            "asked_at": row.asked_at.isoformat(),
            "expires_at": row.expires_at.isoformat(),
            row.kind: data[row.pk],
        }
        for row in rows
        if row.pk in data
    ]


@transaction.atomic
def accept(
    command_id: UUID, *, call_id: str = "", is_late_too: bool = False, if_version: int | None = None, by: User | None, now: datetime
) -> PhoneCommand:
    """The phone system carries it out, and may say under which id it will tell of the call. Only one may take a command.

    ``is_late_too``: it says so of what it does already, in time or not.

    Raises:
        VersionConflict, CommandOver
        TransitionNotAllowed: it was taken, refused or dropped before, or nobody wants it any more.
    """
    system_id, expires_at = PhoneCommand.objects.values_list("phone_system", "expires_at").get(pk=command_id)
    if expires_at <= now and not is_late_too:
        raise CommandOver("The time of this command is over.")
    if call_id:
        hold_call(system_id, call_id)
    with transition(PhoneCommand, command_id, "accept", by=by, now=now, if_version=if_version) as command:
        if not is_late_too and command_id not in kinds[command.kind].told([command_id]):
            raise TransitionNotAllowed("Nobody wants this any more: do not carry it out.", current="dropped", allowed=[])
        command.settled_at, command.problem = now, ""
    kinds[command.kind].accepted(command_id, call_id, by, now)
    return command


@transaction.atomic
def refuse(command_id: UUID, *, reason: str, if_version: int | None = None, by: User | None, now: datetime) -> PhoneCommand:
    """The phone system does not, or after all could not, carry it out.

    Raises:
        VersionConflict, TransitionNotAllowed
    """
    with transition(PhoneCommand, command_id, "refuse", by=by, now=now, reason=reason[:500], if_version=if_version) as command:
        command.settled_at, command.problem = now, reason[:500]
    kinds[command.kind].refused(command_id, reason[:500], by, now)
    return command


@transaction.atomic
def give_up(command_id: UUID, *, problem: str, now: datetime) -> None:
    """It cannot be told at all, and trying again is idle.

    Raises:
        TransitionNotAllowed
    """
    with transition(PhoneCommand, command_id, "fail", by=None, now=now, reason=problem[:500]) as command:
        command.settled_at, command.problem = now, problem[:500]
    kinds[command.kind].failed(command_id, problem[:500], now)


def drop(command_id: UUID, *, now: datetime) -> None:
    """Nobody wants it any more."""
    with transition(PhoneCommand, command_id, "drop", by=None, now=now) as command:
        command.settled_at = now


def expire_due(*, now: datetime, limit: int = 200, only: UUID | None = None) -> int:
    """End what no phone system took in time; answers how many. Safe in any number of workers: what another holds is passed over."""
    due = PhoneCommand.objects.filter(status=PhoneCommand.Status.WAITING, expires_at__lte=now)
    due = due.filter(pk=only) if only else due
    ids = list(due.order_by("expires_at").values_list("pk", flat=True)[:limit])
    for command_id in ids:
        with transaction.atomic():
            if not PhoneCommand.objects.select_for_update(skip_locked=True).filter(pk=command_id, status="waiting").exists():
                continue
            with transition(PhoneCommand, command_id, "expire", by=None, now=now) as command:
                command.settled_at = now
            kinds[command.kind].unheard(command_id, command.problem, now)
    return len(ids)


def hold_call(system_id: UUID, key: str) -> Call | None:
    """The call that the phone system names so, held until the transaction ends; None while there is none."""
    known = CallKey.objects.filter(phone_system=system_id, key=key[:200]).values("call")
    return Call.objects.select_for_update().filter(pk__in=known).first()
