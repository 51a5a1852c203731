"""Which request, from where, is being served: for audit rows and log lines, without passing it through every function."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asked:
    """The request that the present work answers. Empty in tasks and commands."""

    request_id: str = ""
    ip: str | None = None


NOTHING = Asked()
asked: ContextVar[Asked] = ContextVar("asked", default=NOTHING)
