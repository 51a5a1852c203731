"""The live feed: what one person must see on their screen now. Written in the transaction that causes it, read by ``/stream/``.

The message is a row, so it is neither lost nor told of a change that was taken back; ``NOTIFY`` only wakes whoever holds that person's
connection, at commit. Messages are addressed: nobody gets what is another's.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.db.models import Q, QuerySet

from config.platform.models import FeedMessage, User
from config.platform.registry import Registry

CHANNEL = "switchboard_feed"
SLACK = timedelta(hours=1)  # a message is kept longer than a place in the feed is good for: its transaction may have begun long before
MANY = 2000


@dataclass(frozen=True)
class Kind:
    """A kind of message: what it tells, and an example of its ``data``."""

    name: str
    tells: str
    example: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """One message among many, see ``tell_many``; what each part is, ``tell`` says."""

    recipients: Iterable[UUID | None]
    kind: str
    data: Mapping[str, Any]
    about: UUID | None = None
    contact: UUID | None = None


#: Every kind there is, by its name. An app declares its own in ``AppConfig.ready``; the documentation is made from these.
kinds: dict[str, Kind] = {}

#: What a screen shows when it begins, before anything is told: each entry gives its part as JSON values. Whoever tells of something that
#: lasts (a call, a state, what is owed) adds it here too.
at_first: Registry[Callable[[User, datetime], Any]] = Registry("what an operator's screen shows at first")


def declare(name: str, tells: str, example: Mapping[str, Any]) -> None:
    """Add a kind of message.

    Raises:
        ValueError: the name is taken.
    """
    if name in kinds:
        raise ValueError(f"The live feed has a kind '{name}' already.")
    kinds[name] = Kind(name, tells, example)


WRITE = """
WITH told AS (
    INSERT INTO platform_feedmessage (recipient_id, kind, about, contact, data, at)
    SELECT DISTINCT r, %(kind)s, %(about)s::uuid, %(contact)s::uuid, %(data)s::jsonb, %(at)s FROM unnest(%(recipients)s::uuid[]) AS r
    JOIN platform_user u ON u.id = r AND u.is_active
    RETURNING recipient_id)
SELECT pg_notify(%(channel)s, recipient_id::text) FROM told
"""


def tell(
    recipients: Iterable[UUID | None],
    kind: str,
    data: Mapping[str, Any],
    *,
    about: UUID | None = None,
    contact: UUID | None = None,
    now: datetime,
) -> None:
    """Put a message into the live feed of each of ``recipients`` (ids of users; None and doubles are passed over). One statement.

    ``data`` is what a screen needs at once, as JSON values; the rest it asks for by ids. ``contact`` is the id of the contact that it
    speaks of, if any: name nobody in ``data`` without it, or an erasure will not find it.

    Raises:
        KeyError: nobody declared ``kind``.
    """
    wanted = sorted({str(one) for one in recipients if one is not None})
    kinds[kind]
    if not wanted:
        return
    values = {
        "recipients": wanted,
        "kind": kind,
        "about": str(about) if about else None,
        "contact": str(contact) if contact else None,
        "data": json.dumps(data, cls=DjangoJSONEncoder),
        "at": now,
        "channel": CHANNEL,
    }
    with connection.cursor() as cursor:
        cursor.execute(WRITE, values)


WRITE_MANY = """
WITH message AS (
    SELECT * FROM unnest(%(kinds)s::text[], %(abouts)s::uuid[], %(contacts)s::uuid[], %(data)s::jsonb[])
        WITH ORDINALITY AS m(kind, about, contact, data, number)),
told AS (
    INSERT INTO platform_feedmessage (recipient_id, kind, about, contact, data, at)
    SELECT r.id, m.kind, m.about, m.contact, m.data, %(at)s FROM unnest(%(recipients)s::uuid[], %(numbers)s::bigint[]) AS r(id, number)
    JOIN message m USING (number) JOIN platform_user u ON u.id = r.id AND u.is_active ORDER BY m.number
    RETURNING recipient_id)
SELECT pg_notify(%(channel)s, recipient_id::text) FROM (SELECT DISTINCT recipient_id FROM told) one
"""


def tell_many(messages: Iterable[Message], *, now: datetime) -> None:
    """As ``tell``, for hundreds of messages at a time. One statement.

    Raises:
        KeyError: nobody declared one of the kinds.
    """
    given = list(messages)
    unknown = {one.kind for one in given} - kinds.keys()
    if unknown:
        raise KeyError(*sorted(unknown))
    pairs = sorted({(number, str(to)) for number, one in enumerate(given, 1) for to in one.recipients if to is not None})
    if not pairs:
        return
    values: dict[str, Any] = {
        "kinds": [one.kind for one in given],
        "abouts": [str(one.about) if one.about else None for one in given],
        "contacts": [str(one.contact) if one.contact else None for one in given],
        "data": [json.dumps(one.data, cls=DjangoJSONEncoder) for one in given],
        "recipients": [to for _, to in pairs],
        "numbers": [number for number, _ in pairs],
        "at": now,
        "channel": CHANNEL,
    }
    with connection.cursor() as cursor:
        cursor.execute(WRITE_MANY, values)


def screen(user: User, now: datetime) -> dict[str, Any]:
    """All that the screen of ``user`` shows at first, by the names of its parts."""
    return {name: part(user, now) for name, part in at_first}


def about(contact_id: UUID, matters: Iterable[UUID]) -> QuerySet[FeedMessage]:
    """What was told of a contact, and of these matters of theirs (calls, callbacks …)."""
    return FeedMessage.objects.filter(Q(contact=contact_id) | Q(about__in=list(matters)))


def forget(now: datetime) -> int:
    """Delete what nobody can come back for any more, some thousand at a time; answers how many. Twice at once: each row goes once."""
    too_old = FeedMessage.objects.filter(at__lt=now - settings.FEED_KEPT - SLACK).order_by("at")
    gone = 0
    while some := list(too_old.values_list("pk", flat=True)[:MANY]):
        gone += FeedMessage.objects.filter(pk__in=some).delete()[0]
    return gone
