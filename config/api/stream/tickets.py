"""Tickets: a browser's EventSource cannot send a token, so it is let in once by something that is worthless a moment later.

Kept in the cache by their hash. A ticket that is lost is asked for again.
"""

import hashlib
import secrets
from typing import Any

import orjson
import redis

from config.api import throttling
from config.platform.errors import Refusal

LIFETIME_S = 30
PREFIX = "swt_"


class TicketsAway(Refusal):
    """The store of tickets is away for a moment. Try again, or read the stream with `Authorization`."""

    code = "tickets_away"
    status = 503
    retry_after_s = 2
    advice = "Ask for a ticket again after `Retry-After`, or read the stream with the header `Authorization` instead of a ticket."


def _key(ticket: str) -> str:
    return "swb:ticket:" + hashlib.sha256(ticket.encode("utf-8", "surrogatepass")).hexdigest()


def issue(user_id: str, token_id: str | None) -> str:
    """A ticket for this person; its stream ends when the token does.

    Raises:
        TicketsAway
    """
    ticket = PREFIX + secrets.token_urlsafe(32)
    try:
        throttling.store().set(_key(ticket), orjson.dumps([user_id, token_id]), ex=LIFETIME_S)
    except redis.RedisError as error:
        raise TicketsAway("Tickets cannot be kept just now.") from error
    return ticket


def use(ticket: str) -> tuple[str, str | None] | None:
    """Whose ticket it is, once: it is gone with this. None when it never was, is used, or is older than half a minute.

    Raises:
        TicketsAway
    """
    try:
        kept: Any = throttling.store().getdel(_key(ticket))
    except redis.RedisError as error:
        raise TicketsAway("Tickets cannot be looked at just now.") from error
    if not kept:
        return None
    user_id, token_id = orjson.loads(kept)
    return user_id, token_id
