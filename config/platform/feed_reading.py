"""Reading the live feed from where somebody was: nothing is left out, nothing comes twice.

A message's id is given when it is written, not when it is committed, so ``id > last`` would leave out what a slower transaction writes under
a lower id. A place in the feed is therefore a picture of the database (``pg_snapshot``): the transactions that were over at that moment.
What was told is what that picture shows; what is to be told is what it does not show and the present one does. Within such a step, which
never changes any more, messages go by their ids, so a reader may break off after any of them.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings

from config.platform import statements

LARGEST = 2**62
MOST_OPEN = 300  # transactions under way that a place spells out; with more it says less, and a resumption may repeat
MOST_LETTERS = 4096

#: Each reader at its own place, all in one statement. ``pg_current_snapshot`` is the picture by which this very statement sees rows.
#: ``id + 0``: by the primary key, which the planner likes for its order, it would go through everybody's messages.
#: A transaction number from before a restore by dump lies in the future of the new database: it is shown by no picture, and so never told.
READ = """
SELECT a.n, s.now, m.id, m.kind, m.about, m.contact, m.at, m.data
FROM (SELECT pg_current_snapshot() AS now) s
CROSS JOIN unnest(%(n)s::int[], %(who)s::uuid[], %(told)s::text[], %(until)s::text[], %(after)s::bigint[], %(least)s::bigint[])
    AS a(n, who, told, until, after, least)
LEFT JOIN LATERAL (
    SELECT f.id, f.kind, f.about, f.contact, f.at, f.data::text AS data FROM platform_feedmessage f
    WHERE f.recipient_id = a.who AND f.transaction >= a.least AND f.id + 0 > a.after
        AND NOT pg_visible_in_snapshot(f.transaction::text::xid8, a.told::pg_snapshot)
        AND pg_visible_in_snapshot(f.transaction::text::xid8, COALESCE(a.until::pg_snapshot, s.now))
    ORDER BY f.id + 0 LIMIT %(most)s) m ON true
ORDER BY a.n, m.id
"""


class PlaceLost(Exception):
    """What came after this place may have been forgotten, or it is no place of this database: begin anew with what is there now."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the feed. ``told``: all that this picture shows was told. Amid a step, ``until`` is the picture it goes up to and ``after``
    the last message told of it; else they are empty. ``minute`` (since 1970) tells how old it is."""

    told: str
    until: str = ""
    after: int = 0
    minute: int = 0

    @property
    def least(self) -> int:
        """The eldest transaction that may have something to tell."""
        return int(self.told.partition(":")[0])


@dataclass(frozen=True, slots=True)
class Message:
    """One message, and the place right after it. ``data`` is JSON text as the database gives it."""

    id: int
    kind: str
    about: UUID | None
    contact: UUID | None
    at: datetime
    data: str
    place: Place

    def as_json(self) -> bytes:
        """As clients get it; one line."""
        head = {"id": self.id, "kind": self.kind, "at": self.at, "about": self.about, "contact": self.contact}
        return orjson.dumps(head, option=orjson.OPT_UTC_Z)[:-1] + b',"data":' + self.data.encode() + b"}"


@dataclass(frozen=True, slots=True)
class Read:
    """What a reader gets: messages in their order, the place after them, and whether more wait."""

    messages: list[Message]
    place: Place
    has_more: bool


def here(now: datetime) -> Place:
    """The present place: all that is committed counts as told."""
    return Place(str(statements.rows("SELECT pg_current_snapshot()::text", [])[0][0]), minute=_minute(now))


def read(readers: Sequence[tuple[UUID, Place]], *, most: int, now: datetime) -> list[Read]:
    """For each reader (a user's id and a place) what is told since, ``most`` at a time. One statement for all."""
    if not readers:
        return []
    places = [place for _, place in readers]
    values: dict[str, Any] = {
        "n": list(range(len(readers))),
        "who": [str(who) for who, _ in readers],
        "told": [place.told for place in places],
        "until": [place.until or None for place in places],
        "after": [place.after for place in places],
        "least": [place.least for place in places],
        "most": most + 1,
    }
    found: list[list[tuple[Any, ...]]] = [[] for _ in readers]
    picture = ""
    for n, picture, *columns in statements.rows(READ, values):  # noqa: B007 (the same in every row)
        if columns[0] is not None:
            found[n].append(tuple(columns))
    return [_step(place, rows, picture, most, _minute(now)) for place, rows in zip(places, found, strict=True)]


def _step(place: Place, rows: list[tuple[Any, ...]], picture: str, most: int, minute: int) -> Read:
    until = place.until or picture
    over = Place(until, minute=minute)
    has_more = len(rows) > most
    rows = rows[:most]
    messages = []
    for number, (id_, kind, about, contact, at, data) in enumerate(rows, 1):
        is_last = number == len(rows) and not has_more
        after = over if is_last else Place(place.told, until, id_, place.minute)
        messages.append(Message(id_, kind, about, contact, at, data, after))
    return Read(messages, messages[-1].place if messages else over, has_more or bool(place.until))


# --- places as text, for whoever goes away and comes back
def encode(place: Place) -> str:
    """The place as letters for a header: short, and bounded whatever the database is doing."""
    told, until = _numbers(place.told), _numbers(place.until) if place.until else None
    if max(len(told), len(until or ())) > MOST_OPEN + 2:  # say less: all that is not surely told counts as not told
        told, until, place = [told[0], told[0]], None, replace(place, after=0)
    out = bytearray()
    for number in (1, place.minute, len(told), *_deltas(told), place.after if until else 0):
        _write(out, number)
    if until:
        for number in (len(until), *_deltas(until)):
            _write(out, number)
    return base64.urlsafe_b64encode(bytes(out)).decode().rstrip("=")


def decode(text: str, *, now: datetime) -> Place:
    """The place that ``encode`` wrote.

    Raises:
        PlaceLost: it is none of ours, or so old that messages since may be forgotten.
    """
    try:
        if not 0 < len(text) <= MOST_LETTERS or not text.isascii():
            raise ValueError
        numbers = _read(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        version, minute, length = (next(numbers) for _ in range(3))
        if version != 1:
            raise ValueError
        told = _picture(numbers, length)
        after = next(numbers)
        rest = next(numbers, 0)
        until = _picture(numbers, rest) if rest else ""
        if next(numbers, None) is not None:
            raise ValueError
    except (ValueError, StopIteration, RuntimeError) as error:
        raise PlaceLost from error
    if not timedelta(minutes=-5) <= timedelta(minutes=_minute(now) - minute) <= settings.FEED_KEPT:
        raise PlaceLost
    return Place(told, until, after if until else 0, minute)


def check(place: Place) -> None:
    """Make sure that the place is of this database and not of one that was since put back.

    Raises:
        PlaceLost
    """
    newest = int(statements.rows("SELECT pg_snapshot_xmax(pg_current_snapshot())::text", [])[0][0])
    if max(_numbers(place.told)[1], _numbers(place.until)[1] if place.until else 0) > newest:
        raise PlaceLost


def _minute(now: datetime) -> int:
    return int(now.timestamp() // 60)


def _numbers(picture: str) -> list[int]:
    """xmin, xmax and the transactions between them that were under way."""
    least, end, between = picture.split(":")
    return [int(least), int(end), *(int(one) for one in between.split(",") if one)]


def _deltas(numbers: list[int]) -> list[int]:
    """xmin, then the way to xmax, then the steps from xmin through those under way."""
    least, end, *between = numbers
    steps = [one - before for before, one in zip([least, *between], between, strict=False)]
    return [least, end - least, *steps]


def _picture(numbers: Any, length: int) -> str:
    if not 2 <= length <= MOST_OPEN + 2:
        raise ValueError
    least = next(numbers)
    end = least + next(numbers)
    between, at = [], least
    for _ in range(length - 2):
        at += next(numbers)
        between.append(at)
    if least == 0 or end > LARGEST or any(not least <= one < end for one in between):
        raise ValueError
    return f"{least}:{end}:{','.join(map(str, between))}"


def _write(out: bytearray, number: int) -> None:
    while number > 0x7F:
        out.append(0x80 | number & 0x7F)
        number >>= 7
    out.append(number)


def _read(data: bytes) -> Any:
    """The numbers that are written there.

    Raises:
        ValueError: one has no end or is too large.
    """
    number = shift = 0
    for byte in data:
        number |= (byte & 0x7F) << shift
        shift += 7
        if number > LARGEST or shift > 70:
            raise ValueError
        if not byte & 0x80:
            yield number
            number = shift = 0
    if shift:
        raise ValueError
