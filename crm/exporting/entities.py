"""What can be exported. Each app registers its own; this module knows none of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from config.platform.models import User
from config.platform.registry import Registry

Row = Mapping[str, Any]
Cell = Callable[[Row], Any]


@dataclass(frozen=True)
class Entity:
    """A kind of rows that can be exported.

    ``choose(query, saved_query, by, now)`` are the rows; ``read(ids)`` is how each looks in JSON, in the order of the ids,
    those that are gone left out; ``columns()`` are the cells of a table by name, text or number; ``of_person(contact_id)`` the
    ids of the rows that tell of somebody, so that an erasure finds the files they are in.
    """

    choose: Callable[[Mapping[str, Any], Mapping[str, Any], User | None, datetime], QuerySet[Any]]
    read: Callable[[Sequence[UUID]], list[dict[str, Any]]]
    columns: Callable[[], dict[str, Cell]]
    usual: Callable[[], list[str]]
    of_person: Callable[[UUID], list[UUID]]

    def __call__(self, ids: Sequence[UUID]) -> list[dict[str, Any]]:
        return self.read(ids)


entities: Registry[Entity] = Registry("what can be exported")
