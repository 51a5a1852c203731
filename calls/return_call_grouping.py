"""Which calls that nobody answered belong to one return call, and what settled it. Pure: the same facts, told in any order, group alike.

The rule. A call that nobody answered is settled by the first conversation after it, or by what somebody of us decided after it (a *wall*: the
return call was done, or cancelled). Calls of one department that are settled by the same are one return call; those that nothing settled
are the one that is owed.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Item:
    """A call that nobody answered, or a promise. ``row`` is the return call in which it stands now."""

    key: UUID
    at: datetime
    department: UUID | None
    row: UUID | None


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation: ``at`` is when it was answered."""

    call: UUID
    at: datetime
    agent: UUID | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A return call as it stands. ``is_wall``: people or time closed it, so its items stay in it."""

    id: UUID
    department: UUID | None
    is_owed: bool
    is_wall: bool
    settled_at: datetime | None
    closed_by_call: UUID | None


@dataclass(slots=True)
class Group:
    """Items of one return call: of ``row``, or of a new one. ``talk`` settled it; without a talk it is owed, or ``row`` is a wall."""

    department: UUID | None
    talk: Talk | None
    row: UUID | None = None
    is_wall: bool = False
    items: list[Item] = field(default_factory=list)


def group(items: Iterable[Item], talks: Iterable[Talk], rows: Sequence[Standing]) -> list[Group]:
    """The return calls that these facts make, each with the row that keeps it. Rows that no group keeps have nothing left to do."""
    talks = sorted(talks, key=lambda one: (one.at, one.call))
    by_id = {row.id: row for row in rows}
    walls = sorted((row for row in rows if row.is_wall and row.settled_at), key=lambda row: (row.settled_at, row.id))
    found: dict[tuple[UUID | None, UUID | None, UUID | None], Group] = {}
    for item in sorted(items, key=lambda one: (one.at, one.key)):
        own = by_id.get(item.row) if item.row else None
        if own is not None and own.is_wall:
            settled: tuple[Standing | None, Talk | None] = own, None
        else:
            settled = _settled(item, talks, walls)
        wall, talk = settled
        key = (item.department, talk.call if talk else None, wall.id if wall else None)
        if key not in found:
            found[key] = Group(item.department, talk, row=wall.id if wall else None, is_wall=wall is not None)
        found[key].items.append(item)
    groups = list(found.values())
    _keep_rows(groups, rows)
    return groups


def _settled(item: Item, talks: Sequence[Talk], walls: Sequence[Standing]) -> tuple[Standing | None, Talk | None]:
    """What came first after the item: a wall of its department, or a conversation."""
    talk = next((one for one in talks if one.at > item.at), None)
    wall = next((one for one in walls if one.department == item.department and one.settled_at and one.settled_at > item.at), None)
    if wall and wall.settled_at and (talk is None or wall.settled_at <= talk.at):
        return wall, None
    return None, talk


def _keep_rows(groups: Sequence[Group], rows: Sequence[Standing]) -> None:
    """Say which row each group goes on with.

    The owed one first, so that whoever has it in hand keeps it; then those settled by a conversation, the latest first: a row goes on with
    the conversation that closed it, else with items that stand in it.
    """
    free: dict[UUID, Standing] = {row.id: row for row in rows if not row.is_wall}

    def keep(wanted: Group, fits: Callable[[Standing], bool]) -> None:
        row = next((row for row in free.values() if row.department == wanted.department and fits(row)), None)
        if row is not None and wanted.row is None:
            wanted.row = free.pop(row.id).id

    owed = [one for one in groups if one.talk is None and not one.is_wall]
    settled = [(one.talk, one) for one in groups if one.talk is not None]
    settled.sort(key=lambda pair: (pair[0].at, pair[0].call), reverse=True)
    for one in owed:
        keep(one, lambda row: row.is_owed)
    for talk, one in settled:
        keep(one, lambda row, call=talk.call: row.closed_by_call == call)  # type: ignore[misc]
    for one in [*owed, *(one for _, one in settled)]:
        for item in reversed(one.items):
            keep(one, lambda row, had=item.row: row.id == had)  # type: ignore[misc]
