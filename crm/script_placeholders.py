"""What a script may speak of: the names in braces, read by the standard library, and where their values come from.

A text is read by ``string.Formatter().parse`` and never given to ``str.format``: a name is looked up in a table, so there is no
attribute, index, conversion or format of any object to reach. ``{contact.name|friend}`` says "friend" when there is no name.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from string import Formatter
from typing import Any, Literal
from uuid import UUID

from config.platform.errors import Refusal
from config.platform.models import User
from config.platform.registry import Registry

Kind = Literal["text", "number", "money", "date", "time", "datetime", "list", "code", "yes_no"]
#: Kinds that a sentence cannot hold; conditions may ask about them.
UNSPEAKABLE = frozenset({"yes_no", "code"})


@dataclass(frozen=True)
class About:
    """For whom and what a script is rendered. ``ids`` by the name of their parameter: contact, call, order …"""

    language: str
    by: User | None
    now: datetime
    ids: Mapping[str, UUID] = field(default_factory=dict)


@dataclass(frozen=True)
class Money:
    """A sum in a currency (ISO 4217)."""

    amount: Any
    currency: str


@dataclass(frozen=True)
class Namespace:
    """A family of placeholders, ``order.number`` and its like, and how to read them.

    ``names`` tells the kind of each name after the dot; ``read`` gives their values (str, number, Money, date, datetime, list or
    None) for what is asked about, in a fixed number of queries. ``parameter`` is the query parameter that takes the id of what
    it reads; ``leads_to`` tells the ids that follow from it, as a call leads to its contact.
    """

    names: Callable[[], Mapping[str, Kind]]
    read: Callable[[About], Mapping[str, Any]]
    parameter: str = ""
    leads_to: Callable[[UUID], Mapping[str, UUID | None]] | None = None

    def __call__(self, about: About) -> Mapping[str, Any]:
        return self.read(about)


#: Families of placeholders by the word before the dot.
namespaces: Registry[Namespace] = Registry("families of placeholders in scripts")


class SubjectUnknown(Refusal):
    """There is no contact, call or order with the id that was given to render for."""

    code = "script_subject_unknown"
    status = 400
    advice = "Check the ids of `contact`, `call` and `order`, or leave out the one that you do not have."


@dataclass(frozen=True)
class Piece:
    """A part of a text: ``literal``, then the placeholder ``name`` (or none) with what to say when nothing is known."""

    literal: str
    name: str | None = None
    otherwise: str = ""


def pieces(text: str) -> Iterator[Piece]:
    """Take a text apart.

    Raises:
        ValueError: with a sentence for people; the braces do not pair, or a placeholder has tricks in it.
    """
    try:
        parsed = list(Formatter().parse(text))
    except ValueError:
        raise ValueError("The braces do not pair: write {{ and }} for braces that are spoken, and no ! or : inside.") from None
    for literal, name, form, conversion in parsed:
        if name is None:
            yield Piece(literal)
            continue
        if form or conversion:
            raise ValueError(f"{{{name[:40]}}}: a placeholder has no format and no conversion (no ! or : inside).")
        name, _, otherwise = name.partition("|")
        yield Piece(literal, name, otherwise)


def known() -> dict[str, Kind]:
    """The kind of every placeholder that scripts may use."""
    return {f"{word}.{name}": kind for word, space in namespaces for name, kind in space.names().items()}


def parameters() -> list[str]:
    """The query parameters that name what a script is rendered for."""
    return [space.parameter for _, space in namespaces if space.parameter]


def followed(ids: Mapping[str, UUID]) -> dict[str, UUID]:
    """The ids with those that follow from them; what was given stands."""
    found = dict(ids)
    for _, space in namespaces:
        if space.leads_to and space.parameter in ids:
            for name, row_id in space.leads_to(ids[space.parameter]).items():
                if row_id is not None:
                    found.setdefault(name, row_id)
    return found


def values(about: About, words: set[str] | frozenset[str]) -> dict[str, Any]:
    """The values of all placeholders of these families; those of a family that has nothing to read are missing."""
    return {f"{word}.{name}": value for word, space in namespaces if word in words for name, value in space(about).items()}
