"""What a call is made for, as far as higher apps know: for which purpose, and how it may come out."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from config.platform.registry import Registry


@dataclass(frozen=True)
class Errand:
    """``purpose`` is that by which the gate judges; ``dispositions`` are the codes that its calls may be written up with, None: any."""

    purpose: str
    dispositions: frozenset[str] | None = None


#: Asked with the kind and the id of an origin (``call``, and what higher apps know); answers None when it has nothing to do with it.
errands: Registry[Callable[[str, UUID], Errand | None]] = Registry("what a call is made for: its purpose, and how it may come out")


def of(kind: str, row_id: UUID) -> Errand | None:
    """What this call, or whatever else it is, is made for; None when nobody knows of a purpose."""
    return next((found for _, ask in errands if (found := ask(kind, row_id)) is not None), None)
