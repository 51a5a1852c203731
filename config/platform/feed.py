"""The live feed: what one person must see on their screen now. Written in the transaction that causes it, read by ``/stream/``.

The message is a row, so it is neither lost nor told of a change that was taken back; ``NOTIFY`` only wakes whoever holds that person's
connection, at commit. Messages are addressed: nobody gets what is another's.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

CHANNEL = "switchboard_feed"


@dataclass(frozen=True)
class Kind:
    """A kind of message: what it tells, and an example of its ``data``."""

    name: str
    tells: str
    example: Mapping[str, Any]


#: Every kind there is, by its name. An app declares its own in ``AppConfig.ready``; the documentation is made from these.
kinds: dict[str, Kind] = {}


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
