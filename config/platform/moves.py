"""The only way a status changes: lock, check, let the caller write, save, remember. One transaction."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from django.db import models, transaction

from config.platform.errors import Refusal
from config.platform.history import record, snapshot
from config.platform.models import Row, User


@dataclass(frozen=True)
class Move:
    """A verb, the statuses it may start from, and where it leads.

    Without ``to`` the status stays, unless ``either`` names where else it may lead: then whoever holds the row sets its status.
    """

    start: frozenset[str]
    to: str | None = None
    either: frozenset[str] = frozenset()

    def leads(self, status: str, chosen: str) -> str:
        """Where a row that was ``status`` is after this move, when ``chosen`` was set while it was held."""
        return chosen if chosen in self.either else self.to or status


class TransitionNotAllowed(Refusal):
    """The status does not allow this verb; `allowed` lists those it does."""

    code = "invalid_transition"
    advice = "Read the row again and offer only the verbs in `allowed`: somebody may have moved it since you read it."


class VersionConflict(Refusal):
    """Somebody changed the row after you read it. Read it again, and repeat your change on what is there now."""

    code = "version_conflict"
    status = 412
    advice = "Read the row again, look at what changed, and repeat your change with the new `ETag` in `If-Match`."


class Movable(Row):
    """A row with a status and a table of moves. ``STATUS_FIELD`` names the column when it is called otherwise."""

    MOVES: ClassVar[Mapping[str, Move]]
    STATUS_FIELD: ClassVar[str] = "status"
    #: Rows that many others point to are held so that these can be written meanwhile (``FOR NO KEY UPDATE``).
    MAY_BE_POINTED_AT: ClassVar[bool] = False

    class Meta:
        abstract = True

    def open_moves(self) -> list[str]:
        """The verbs that this row would accept now, for screens and for the 409 answer."""
        return self.moves_open_from(getattr(self, self.STATUS_FIELD))

    @classmethod
    def moves_open_from(cls, status: str) -> list[str]:
        return sorted(verb for verb, move in cls.MOVES.items() if status in move.start)


R = TypeVar("R", bound=models.Model)
M = TypeVar("M", bound=Movable)


@contextmanager
def change(
    model: type[R], pk: UUID, verb: str, *, by: User | None, now: datetime, if_version: int | None = None, **facts: Any
) -> Iterator[R]:
    """Hold a row, let the caller change it, save it with the next version and write down what changed.

    For rows without a status; nothing is written if the block raises.

    Raises:
        VersionConflict: ``if_version`` is not the row's version.
        model.DoesNotExist: no such row.
    """
    with transaction.atomic():
        row = model._default_manager.select_for_update(of=("self",)).get(pk=pk)
        check_version(row, if_version)
        before = row.was = snapshot(row)  # type: ignore[attr-defined]
        yield row
        row.version += 1  # type: ignore[attr-defined]
        row.save()
        record(row, verb, by=by, now=now, before=before, **facts)


@contextmanager
def transition(
    model: type[M],
    pk: UUID,
    verb: str,
    *,
    by: User | None,
    now: datetime,
    reason: str = "",
    if_version: int | None = None,
    **facts: Any,
) -> Iterator[M]:
    """Hold the row, let the caller change it, then move it and write down that it moved.

    Nothing is written if the block raises. The audit event is in the same transaction as the change.

    Raises:
        VersionConflict: ``if_version`` is not the row's version.
        TransitionNotAllowed: the row's status is not among the verb's starts; ``facts`` carry the verbs that are.
        model.DoesNotExist: no such row.
    """
    with transaction.atomic():
        row = model._default_manager.select_for_update(of=("self",), no_key=model.MAY_BE_POINTED_AT).get(pk=pk)
        check_version(row, if_version)
        move, status = model.MOVES[verb], getattr(row, model.STATUS_FIELD)
        if status not in move.start:
            raise TransitionNotAllowed(
                f"A {model._meta.verbose_name} that is {status} cannot be moved by '{verb}'.",
                current=status,
                allowed=row.open_moves(),
            )
        before = row.was = snapshot(row)
        yield row
        setattr(row, model.STATUS_FIELD, move.leads(status, getattr(row, model.STATUS_FIELD)))
        row.version += 1
        row.save()
        record(row, verb, by=by, now=now, reason=reason, before=before, status_before=status, **facts)


def check_version(row: models.Model, if_version: int | None) -> None:
    """Refuse a change that was decided on an older state of the row."""
    current: int = row.version  # type: ignore[attr-defined]
    if if_version is not None and if_version != current:
        raise VersionConflict(f"You saw version {if_version}; it is {current} now. Read it again, then change it.", current=current)
