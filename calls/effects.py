"""What a disposition does, each thing as a row: so a correction takes back exactly what the earlier write-up did, and no more.

A kind of effect says what a disposition asks of it for a call (``wants``), does it (``apply``) and takes it back (``reverse``). Whoever
adds a kind registers it here. What stands then is a function of the last write-ups alone, whatever was corrected before: the kinds see
to it where calls meet, in the do-not-call of one customer or the validity of one number.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from calls.models import Call, CallDisposition, Disposition, DispositionEffect
from config.platform.models import User
from config.platform.registry import Registry

State = DispositionEffect.State


@dataclass(frozen=True)
class Done:
    """What an effect made or changed, and what taking it back needs to know."""

    subject_kind: str
    subject_id: UUID
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    """One kind of effect.

    ``wants(call, disposition, given)`` is what is asked for, as JSON without names and numbers of people, or None for nothing; it changes
    nothing. The same answer means the same effect. ``given`` is what the operator gave with the disposition, ``callback`` for instance.
    ``apply(call, parameters, by, now)`` does it; a text says why it cannot be done, a refusal stops the whole write-up.
    ``reverse(effect, by, now)`` takes it back; a text says why it stays.
    """

    wants: Callable[[Call, Disposition, Mapping[str, Any]], dict[str, Any] | None]
    apply: Callable[[Call, Mapping[str, Any], User | None, datetime], Done | str]
    reverse: Callable[[DispositionEffect, User | None, datetime], str]

    def __call__(self, call: Call, disposition: Disposition, given: Mapping[str, Any]) -> dict[str, Any] | None:
        return self.wants(call, disposition, given)


kinds: Registry[Kind] = Registry("what a disposition does")


def in_force(call: Call) -> QuerySet[DispositionEffect]:
    """What the write-ups of a call did that stands."""
    return DispositionEffect.objects.filter(revision__call=call, state=State.APPLIED).select_related("revision").order_by("kind", "id")


def follow(revision: CallDisposition, call: Call, given: Mapping[str, Any], *, by: User | None, now: datetime) -> dict[str, list[str]]:
    """Let follow from ``revision``, the latest of ``call``, what it asks for; take back what it does not ask for any more.

    What stands with the same parameters is carried over untouched. Answers the kinds: what was carried over, taken back, kept, done,
    not done. The caller holds the call.
    """
    disposition = revision.disposition
    wanted = {name: asked for name, kind in kinds if (asked := kind.wants(call, disposition, given)) is not None}
    standing = list(in_force(call))
    told: dict[str, list[str]] = {}
    over = []
    for effect in standing:
        if effect.kind in wanted and wanted[effect.kind] == effect.parameters:
            del wanted[effect.kind]
            told.setdefault("carried_over", []).append(effect.kind)
        else:
            over.append(effect)
    _pass_one_by_one([effect.parameters for effect in over] + list(wanted.values()))
    for effect in over:
        take_back(effect, ended_by=revision, by=by, now=now)
        told.setdefault(effect.state, []).append(effect.kind)
    for name, asked in wanted.items():
        effect = _do(name, asked, revision, call, by=by, now=now)
        told.setdefault(effect.state, []).append(name)
    return told


def stands(name: str, call: Call, disposition: Disposition, given: Mapping[str, Any]) -> bool:
    """Whether what is asked for of this kind is in force already."""
    asked = kinds[name].wants(call, disposition, given) if name in kinds else None
    return asked is not None and in_force(call).filter(kind=name, parameters=asked).exists()


def take_back_all(standing: Iterable[DispositionEffect], *, ended_by: CallDisposition, by: User | None, now: datetime) -> None:
    """Take these effects back: their write-up counts no longer."""
    over = list(standing)
    _pass_one_by_one([effect.parameters for effect in over])
    for effect in over:
        take_back(effect, ended_by=ended_by, by=by, now=now)


def take_back(effect: DispositionEffect, *, ended_by: CallDisposition, by: User | None, now: datetime) -> None:
    """Take one effect back, or write down why it stays."""
    why = kinds[effect.kind].reverse(effect, by, now) if effect.kind in kinds else "Nobody here knows any more how to take it back."
    effect.state, effect.reason = (State.KEPT, why[:300]) if why else (State.REVERSED, "")
    effect.reversed_at, effect.ended_by = now, ended_by
    effect.version += 1
    effect.save(update_fields=["state", "reason", "reversed_at", "ended_by", "version", "updated_at"])


def subject_of(effect: DispositionEffect) -> UUID:
    """The id of what an effect that was done made or changed: such a row always has one."""
    return cast(UUID, effect.subject_id)


def of_others(effect: DispositionEffect) -> list[DispositionEffect]:
    """The effects of other write-ups that stand on the same subject."""
    same = DispositionEffect.objects.filter(kind=effect.kind, subject_id=effect.subject_id, state=State.APPLIED)
    return list(same.exclude(pk=effect.pk).select_related("revision").order_by("id"))


def _do(name: str, asked: dict[str, Any], revision: CallDisposition, call: Call, *, by: User | None, now: datetime) -> DispositionEffect:
    done = kinds[name].apply(call, asked, by, now)
    effect = DispositionEffect(revision=revision, kind=name, parameters=asked)
    if isinstance(done, str):
        effect.state, effect.reason = State.NOT_APPLIED, done[:300]
    else:
        effect.subject_kind, effect.subject_id, effect.details, effect.applied_at = (
            done.subject_kind,
            done.subject_id,
            dict(done.details),
            now,
        )
    effect.save(force_insert=True)
    return effect


def _pass_one_by_one(asked: Iterable[Mapping[str, Any]]) -> None:
    """Write-ups of several calls may be about one customer: whom an effect is about (``on``) is held, in one order for everybody."""
    with connection.cursor() as cursor:
        for subject in sorted({str(one["on"]) for one in asked if one.get("on")}):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"effects of dispositions {subject}"])
