"""What a phone system's room offers: how its deliveries are read, and what it is answered.

A room (a module or package beside this one) has one ``ADAPTER``. It turns a body into events of our own format (see ``native``) and
gives each an ``event_id``, the sender's own or the natural key by which a repetition is known. It knows nothing of the database.

Some phone systems tell things from which nothing follows until one has seen the others (channel events, records of single
legs). Their rooms also have ``interpret``: their events are kept under types of their own, and each time a call is folded all that
are known of it are interpreted together, in whatever order they came.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import import_module
from typing import Any

from calls.events import Event
from calls.phone_systems.deliveries import Delivery


@dataclass(frozen=True)
class Setting:
    """What a room needs to know of the phone system that is set up: for numbers, lines and times without a zone."""

    region: str = ""
    time_zone: str = "UTC"
    own_lines: tuple[str, ...] = ()


#: A body, as ``Delivery.value`` made it, into bodies of our own format. What cannot be an event of a call gives none.
Read = Callable[[Any, Setting], list[dict[str, Any]]]
#: All events of one call into those that the fold understands. Pure; the order of what it is given does not matter.
Interpret = Callable[[Sequence[Event], Setting], Iterable[Event]]


def nothing_to_check(delivery: Delivery) -> None:
    """Most phone systems do not ask whether the address is ours."""
    return


@dataclass(frozen=True)
class Adapter:
    """One kind of phone system.

    ``auth_modes``: how it can prove who it is, the usual one first. ``sample``: a delivery of a call that begins at that time, for
    the test of a set-up. ``value``: how the body is parsed, when it is neither plain JSON nor a plain form. ``hints``: the
    answer to one event in the phone system's own words, from ``{display_name, route_to, block}``. ``echo``: the answer to a
    GET by which the phone system checks the address.
    """

    name: str
    label: str
    auth_modes: tuple[str, ...]
    read: Read
    sample: Callable[[datetime], Delivery]
    value: Callable[[Delivery], Any] = Delivery.value
    interpret: Interpret | None = None
    own_types: frozenset[str] = frozenset()
    hints: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None
    echo: Callable[[Delivery], str | None] = nothing_to_check
    secret_fields: frozenset[str] = frozenset({"token"})

    def is_known(self, event: Event) -> bool:
        """Whether the event counts: the fold knows its type, or this room makes something of it."""
        return event.is_known or event.type in self.own_types


ROOMS = (
    "native",
    "aircall",
    "asterisk_cdr",
    "asterisk_cel",
    "freeswitch",
    "generic",
    "mango",
    "telnyx",
    "twilio",
    "vonage",
    "zadarma",
)


@cache
def every() -> dict[str, Adapter]:
    """All adapters by name."""
    found = [import_module(f"calls.phone_systems.{room}").ADAPTER for room in ROOMS]
    return {adapter.name: adapter for adapter in found}


def named(name: str) -> Adapter:
    """The adapter of that name.

    Raises:
        KeyError
    """
    return every()[name]


def choices() -> list[tuple[str, str]]:
    """Names and labels, for forms."""
    return [(adapter.name, adapter.label) for adapter in every().values()]
